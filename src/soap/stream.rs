//! The two responses that may be as long as the data model, written as the model is walked: no list
//! is built, and a value costs no allocation.

use super::codec::Array;
use super::envelope::{close, open};
use super::structs::{write_info, write_value};
use super::xml::Writer;
use super::{CwmpVersion, Header};
use crate::base::xsd::XsdType;

/// A list inside a response inside an envelope.
struct List {
    w: Writer,
    array: Array,
    response: &'static str,
}

impl List {
    fn start(
        version: CwmpVersion,
        header: &Header,
        response: &'static str,
        member_type: &str,
    ) -> Self {
        let mut w = open(version, header);
        w.start(response);
        let array = Array::start(&mut w, "ParameterList", member_type);
        Self { w, array, response }
    }

    fn finish(mut self) -> String {
        self.array.end(&mut self.w, "ParameterList");
        self.w.end(self.response);
        close(self.w)
    }
}

/// A GetParameterValuesResponse, value by value.
///
/// ```
/// use cwmpd::base::xsd::XsdType;
/// use cwmpd::soap::{CwmpVersion, GetParameterValuesResponseWriter, Header};
/// let mut response = GetParameterValuesResponseWriter::new(CwmpVersion::V1_2, &Header::default());
/// response.push("Device.DeviceInfo.UpTime", XsdType::UnsignedInt, "17");
/// assert!(response.finish().contains("ParameterValueStruct[1]"));
/// ```
pub struct GetParameterValuesResponseWriter(List);

impl GetParameterValuesResponseWriter {
    /// Begins the envelope.
    pub fn new(version: CwmpVersion, header: &Header) -> Self {
        Self(List::start(
            version,
            header,
            "cwmp:GetParameterValuesResponse",
            "cwmp:ParameterValueStruct",
        ))
    }

    /// Writes one value: its full path, its type, its text.
    pub fn push(&mut self, name: &str, xsi_type: XsdType, value: &str) {
        self.0.array.count += 1;
        self.0.w.raw("<ParameterValueStruct>");
        write_value(&mut self.0.w, name, xsi_type, value);
        self.0.w.raw("</ParameterValueStruct>");
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.0.w.len()
    }

    /// Ends the envelope.
    pub fn finish(self) -> String {
        self.0.finish()
    }
}

/// A GetParameterNamesResponse, name by name.
pub struct GetParameterNamesResponseWriter(List);

impl GetParameterNamesResponseWriter {
    /// Begins the envelope.
    pub fn new(version: CwmpVersion, header: &Header) -> Self {
        Self(List::start(
            version,
            header,
            "cwmp:GetParameterNamesResponse",
            "cwmp:ParameterInfoStruct",
        ))
    }

    /// Writes one full or partial path.
    pub fn push(&mut self, name: &str, writable: bool) {
        self.0.array.count += 1;
        self.0.w.raw("<ParameterInfoStruct>");
        write_info(&mut self.0.w, name, writable);
        self.0.w.raw("</ParameterInfoStruct>");
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.0.w.len()
    }

    /// Ends the envelope.
    pub fn finish(self) -> String {
        self.0.finish()
    }
}
