//! What is asked of the model, and what it answers, in its own words: it knows no SOAP.

use crate::base::xsd::XsdType;
use crate::datamodel::source::Slot;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// The ACS, by an RPC: it is not told of its own changes.
    Acs,
    /// Somebody on the box, by the control socket.
    Local,
}

/// A new value: an entry of SetParameterValues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewValue<'a> {
    /// Full path.
    pub name: &'a str,
    /// The value as it was written.
    pub value: &'a str,
    /// The type that the requester takes it for; `None` where it does not say.
    pub xsi_type: Option<XsdType>,
}

/// New attributes: an entry of SetParameterAttributes. What is `None` stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAttributes<'a> {
    /// Full or partial path.
    pub name: &'a str,
    /// 0 to 6.
    pub notification: Option<u32>,
    /// Entities besides the ACS that may write.
    pub access_list: Option<&'a [String]>,
}

/// When a change is in force (`Status` of the responses).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum InForce {
    /// At once: 0.
    #[default]
    Now,
    /// It is committed, and takes effect later: 1.
    Later,
}

/// One entry of GetParameterAttributes.
#[derive(Clone, Copy, Debug)]
pub struct AttributesView<'a> {
    /// 0 to 6.
    pub notification: u8,
    /// Entities besides the ACS that may write.
    pub access_list: &'a [String],
}

/// A wanted value that its source has not taken yet: a job of the agent brings it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingWrite {
    /// Full path, as the request has it; to report it back with
    /// [`Model::settle`](super::Model::settle).
    pub path: String,
    /// Kind of the source, e.g. `luup`.
    pub kind: &'static str,
    /// The key, as the source knows it.
    pub slot: Slot,
    /// What the sources call the instances on the path, outermost first.
    pub at: Vec<Box<str>>,
    /// The wanted value, as the source spells it.
    pub value: String,
    /// The wanted value, as the model spells it: what [`Model::settle`](super::Model::settle)
    /// wants back.
    pub wanted: String,
}
