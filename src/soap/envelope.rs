//! The envelope around a message: namespaces, header, Body (TR-069 §3.5).

use roxmltree::{Document, Node, ParsingOptions};

use super::body::{self, SOAP_ENVELOPE};
use super::codec::{Content, text};
use super::error::{EnvelopeError, ParseError};
use super::limits::MAX_NODES;
use super::scan;
use super::xml::Writer;
use super::{CwmpVersion, Envelope, Header};

/// The actor every receiver is (SOAP 1.1 §4.2.2).
const ACTOR_NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";

/// Longest text of the XML reader that is kept: it quotes the document.
const MAX_XML_ERROR: usize = 200;

impl Envelope {
    /// Reads what one HTTP message carries. White space and a byte order mark before it are skipped.
    ///
    /// # Errors
    /// See [`ParseError`]: what cannot be answered, what is answered by a `MustUnderstand` fault,
    /// and what is answered by fault 9003. A method that is not known is no error, but
    /// [`super::Message::Unknown`].
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body).map_err(|_| EnvelopeError::Encoding)?;
        let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        scan::check(text)?;
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: MAX_NODES,
            ..ParsingOptions::default()
        };
        let document = Document::parse_with_options(text, options).map_err(xml_error)?;
        read(document.root_element())
    }

    /// Writes the envelope on one line, in the namespace of its version.
    pub fn emit(&self) -> String {
        let mut w = open(self.version, &self.header);
        body::write(&self.body, &mut w);
        close(w)
    }
}

fn xml_error(error: roxmltree::Error) -> EnvelopeError {
    match error {
        roxmltree::Error::NodesLimitReached => EnvelopeError::TooManyNodes,
        roxmltree::Error::DtdDetected => EnvelopeError::DocumentType,
        other => EnvelopeError::Xml(other.to_string().chars().take(MAX_XML_ERROR).collect()),
    }
}

fn read(root: Node) -> Result<Envelope, ParseError> {
    if !root.has_tag_name((SOAP_ENVELOPE, "Envelope")) {
        return Err(EnvelopeError::NotSoap.into());
    }
    let mut methods = root
        .children()
        .find(|node| node.has_tag_name((SOAP_ENVELOPE, "Body")))
        .ok_or(EnvelopeError::Body)?
        .children()
        .filter(Node::is_element);
    let (Some(method), None) = (methods.next(), methods.next()) else {
        return Err(EnvelopeError::Body.into());
    };
    let version = version(method, root);
    let (header, unknown) = read_header(root)?;
    if let Some(element) = unknown {
        return Err(ParseError::MustUnderstand {
            version,
            header: Box::new(header),
            element,
        });
    }
    match body::read(method) {
        Ok(body) => Ok(Envelope {
            version,
            header,
            body,
        }),
        Err(bad) => Err(ParseError::Arguments {
            version,
            header: Box::new(header),
            method: method.tag_name().name().to_owned(),
            bad: *bad,
        }),
    }
}

/// The version of the method's namespace, else (a SOAP fault) of the first element that is CWMP's,
/// else 1.2.
fn version(method: Node, root: Node) -> CwmpVersion {
    std::iter::once(method)
        .chain(root.descendants())
        .find_map(cwmp_version)
        .unwrap_or(CwmpVersion::V1_2)
}

fn cwmp_version(node: Node) -> Option<CwmpVersion> {
    CwmpVersion::from_namespace(node.tag_name().namespace()?)
}

/// The header, and the first element of it that must be understood and is not.
fn read_header(root: Node) -> Result<(Header, Option<String>), EnvelopeError> {
    let mut header = Header::default();
    let mut unknown = None;
    let elements = root
        .children()
        .filter(|node| node.has_tag_name((SOAP_ENVELOPE, "Header")))
        .flat_map(|header| header.children())
        .filter(Node::is_element);
    for node in elements {
        let name = node.tag_name().name();
        match (cwmp_version(node), name) {
            (Some(_), "ID") => header.id = Some(value(node, "ID")?),
            (Some(_), "HoldRequests") => header.hold_requests = value(node, "HoldRequests")?,
            (Some(_), "SessionTimeout") => {
                header.session_timeout = Some(value(node, "SessionTimeout")?);
            }
            (Some(_), "SupportedCWMPVersions") => {
                header.supported_cwmp_versions = versions(node)?;
            }
            (Some(_), "UseCWMPVersion") => {
                header.use_cwmp_version = Some(value(node, "UseCWMPVersion")?);
            }
            // Removed from the standard, and without effect.
            (Some(_), "NoMoreRequests") => {}
            _ if must_understand(node) => {
                unknown.get_or_insert_with(|| name.to_owned());
            }
            _ => {}
        }
    }
    Ok((header, unknown))
}

fn value<T: Content>(node: Node, name: &'static str) -> Result<T, EnvelopeError> {
    T::read(node).map_err(|_| EnvelopeError::Header(name))
}

/// Versions that came after 1.4 are left out.
fn versions(node: Node) -> Result<Vec<CwmpVersion>, EnvelopeError> {
    let list = text(node).map_err(|_| EnvelopeError::Header("SupportedCWMPVersions"))?;
    Ok(list.split(',').filter_map(CwmpVersion::parse).collect())
}

/// Whether the header element is for us, and must be understood (SOAP 1.1 §4.2.2, §4.2.3).
fn must_understand(node: Node) -> bool {
    let attribute = |name| node.attribute((SOAP_ENVELOPE, name)).map(str::trim);
    matches!(attribute("actor"), None | Some("" | ACTOR_NEXT))
        && matches!(attribute("mustUnderstand"), Some("1" | "true"))
}

/// The SOAP fault that answers [`ParseError::MustUnderstand`] (SOAP 1.1 §4.4.1); it has no CWMP
/// detail, since the Body was not looked at.
pub fn must_understand_fault(version: CwmpVersion, header: &Header) -> String {
    let mut w = open(version, header);
    w.start("soap-env:Fault");
    w.element("faultcode", "soap-env:MustUnderstand");
    w.element("faultstring", "SOAP header element not understood");
    w.end("soap-env:Fault");
    close(w)
}

/// Writes all before the child of the Body.
pub(super) fn open(version: CwmpVersion, header: &Header) -> Writer {
    let mut w = Writer::new(version);
    w.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap-env:Envelope xmlns:soap-env=\"");
    w.raw(SOAP_ENVELOPE);
    w.raw("\" xmlns:soap-enc=\"http://schemas.xmlsoap.org/soap/encoding/\"");
    w.raw(" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"");
    w.raw(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:cwmp=\"");
    w.raw(version.namespace());
    w.raw("\">");
    write_header(&mut w, header);
    w.start("soap-env:Body");
    w
}

/// Writes all after the child of the Body.
pub(super) fn close(mut w: Writer) -> String {
    w.end("soap-env:Body");
    w.end("soap-env:Envelope");
    w.finish()
}

/// Header elements that the version does not have are left out (TR-069 Table 4).
fn write_header(w: &mut Writer, header: &Header) {
    w.start("soap-env:Header");
    if let Some(id) = &header.id {
        header_element(w, "ID", true, id);
    }
    if header.hold_requests {
        header_element(w, "HoldRequests", true, "1");
    }
    if let (true, Some(seconds)) = (w.version() >= CwmpVersion::V1_3, header.session_timeout) {
        header_element(w, "SessionTimeout", false, &seconds.to_string());
    }
    if w.version() >= CwmpVersion::V1_4 {
        if !header.supported_cwmp_versions.is_empty() {
            let versions: Vec<_> = header
                .supported_cwmp_versions
                .iter()
                .map(|version| version.as_str())
                .collect();
            header_element(w, "SupportedCWMPVersions", false, &versions.join(","));
        }
        if let Some(version) = header.use_cwmp_version {
            header_element(w, "UseCWMPVersion", true, version.as_str());
        }
    }
    w.end("soap-env:Header");
}

fn header_element(w: &mut Writer, name: &str, must_understand: bool, text: &str) {
    w.raw("<cwmp:");
    w.raw(name);
    w.raw(if must_understand {
        " soap-env:mustUnderstand=\"1\">"
    } else {
        " soap-env:mustUnderstand=\"0\">"
    });
    w.text(text);
    w.raw("</cwmp:");
    w.raw(name);
    w.raw(">");
}
