//! What the engine wants sent: one HTTP POST (TR-069 §3.4.1).

/// One POST to the ACS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The envelope; empty for [`PostKind::Empty`].
    pub body: String,
    /// Decides on the `SOAPAction` and `Content-Type` headers.
    pub kind: PostKind,
}

/// What a POST carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostKind {
    /// Nothing: no `SOAPAction`, no `Content-Type`, `Content-Length: 0`.
    Empty,
    /// A request of the CPE, e.g. Inform: `SOAPAction: ""`.
    Request,
    /// A response or a fault: `SOAPAction:` without value and without quotes.
    Response,
}
