//! The bounds on what is read. TR-069 §3.4.1 asks for at least 32 kB an envelope and names no upper
//! bound; these keep a hostile or broken server from costing more memory or time than a box has.

/// Bytes of an envelope that is read: a SetParameterValues of 20,000 parameters has 4 MB.
pub const MAX_ENVELOPE_BYTES: usize = 8 << 20;

/// Elements inside each other. The deepest CWMP message has 7 levels.
pub const MAX_DEPTH: usize = 32;

/// Elements, texts and comments together; a SetParameterValues costs nine a parameter when indented.
pub const MAX_NODES: u32 = 1 << 18;

/// `<` and `=` characters, each: the XML reader reserves memory by their number.
pub const MAX_MARKUP: usize = 1 << 19;

/// What a document may cost at most, beside its depth and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct DocumentBounds {
    /// How long its text is.
    pub bytes: usize,
    /// `<` and `=` characters, each.
    pub markup: usize,
    /// Elements, texts and comments together.
    pub nodes: u32,
}

/// Those of an envelope.
pub(super) const ENVELOPE: DocumentBounds = DocumentBounds {
    bytes: MAX_ENVELOPE_BYTES,
    markup: MAX_MARKUP,
    nodes: MAX_NODES,
};

/// Attributes and namespace declarations of an element and all around it together: the XML reader
/// compares each with each.
pub const MAX_ATTRIBUTES: usize = 48;

/// Members of a list for which the schema names no bound.
pub const MAX_LIST: usize = 1 << 16;

/// Events of an Inform (A.3.3.1).
pub const MAX_EVENTS: usize = 64;

/// Members of the list of a GetQueuedTransfersResponse or GetAllQueuedTransfersResponse
/// (A.4.1.1, A.4.1.7).
pub const MAX_TRANSFERS: usize = 16;

/// Windows of a ScheduleDownload (A.4.1.8).
pub const MAX_TIME_WINDOWS: usize = 2;

/// Arguments of a RequestDownload (A.4.2.2).
pub const MAX_FILE_TYPE_ARGS: usize = 16;
