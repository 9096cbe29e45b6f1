//! The envelope around a message: namespaces, header, Body (TR-069 §3.5).

use super::body::{self, SOAP_ENVELOPE};
use super::codec::Content;
use super::document::{self, UNDECLARED};
use super::element::{Element, Oddities};
use super::error::{EnvelopeError, ParseError};
use super::limits::ENVELOPE;
use super::xml::Writer;
use super::{CwmpVersion, Envelope, Header};

/// The actor every receiver is (SOAP 1.1 §4.2.2).
const ACTOR_NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";

impl Envelope {
    /// [`Envelope::read`] for who does not ask what was odd.
    ///
    /// # Errors
    /// Those of [`Envelope::read`].
    #[cfg(feature = "inside")]
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body);
        let text = text.map_err(|error| EnvelopeError::Xml(error.to_string()))?;
        Self::read(text, &Oddities::default())
    }

    /// Reads what one HTTP message carries. White space and a byte order mark before it are skipped,
    /// and what is wrong by the letter but clear in its meaning goes to the `oddities`.
    ///
    /// # Errors
    /// See [`ParseError`]: what cannot be answered, what is answered by a `MustUnderstand` fault,
    /// and what is answered by fault 9003. A method that is not known is no error, but
    /// [`super::Message::Unknown`].
    pub fn read(text: &str, oddities: &Oddities) -> Result<Self, ParseError> {
        let mut envelope = Err(EnvelopeError::NotSoap.into());
        document::read(text, &ENVELOPE, oddities, &mut |root| envelope = read(root))?;
        envelope
    }

    /// Writes the envelope on one line, in the namespace of its version.
    pub fn emit(&self) -> String {
        let mut w = open(self.version, &self.header);
        body::write(&self.body, &mut w);
        close(w)
    }
}

fn is_soap(element: Element, name: &str) -> bool {
    element.namespace() == Some(SOAP_ENVELOPE) && element.name() == name
}

fn read(root: Element) -> Result<Envelope, ParseError> {
    if !is_soap(root, "Envelope") {
        return Err(EnvelopeError::NotSoap.into());
    }
    let mut bodies = root.children().filter(|child| is_soap(*child, "Body"));
    let (Some(body), None) = (bodies.next(), bodies.next()) else {
        return Err(EnvelopeError::Body.into());
    };
    let mut methods = body.children();
    let (Some(method), None) = (methods.next(), methods.next()) else {
        return Err(EnvelopeError::Body.into());
    };
    let version = version(method, root);
    let mut header = Box::<Header>::default();
    if let Some(element) = read_header(root, &mut header)? {
        return Err(ParseError::MustUnderstand {
            version,
            header,
            element,
        });
    }
    match body::read(method) {
        Ok(body) => Ok(Envelope {
            version,
            header: *header,
            body,
        }),
        Err(bad) => Err(ParseError::Arguments {
            version,
            header,
            method: method.name().to_owned(),
            bad,
        }),
    }
}

/// The version of the method's namespace, else (a SOAP fault) of the first element in header or
/// fault that is CWMP's, else 1.2.
fn version(method: Element, root: Element) -> CwmpVersion {
    std::iter::once(method)
        .chain(root.descendants())
        .find_map(cwmp_version)
        .unwrap_or(CwmpVersion::V1_2)
}

fn cwmp_version(element: Element) -> Option<CwmpVersion> {
    let namespace = element.namespace()?;
    let version = CwmpVersion::from_namespace(namespace)?;
    if namespace != version.namespace() {
        let oddity = format!("the namespace {namespace} is read as that of CWMP {version}");
        element.note(oddity);
    }
    Some(version)
}

/// Reads the header, and names the first element of it that must be understood and is not.
fn read_header(root: Element, header: &mut Header) -> Result<Option<String>, EnvelopeError> {
    let mut unknown = None;
    let headers = root.children().filter(|child| is_soap(*child, "Header"));
    for element in headers.flat_map(Element::children) {
        let name = element.name();
        let is_cwmp = element.namespace().is_none() || cwmp_version(element).is_some();
        let is_blank = || {
            element
                .text()
                .is_ok_and(|text| text.trim_ascii().is_empty())
        };
        match name {
            "ID" if is_cwmp => fill(header.id.get_or_insert_default(), element, "ID")?,
            // Without a value it says nothing.
            "HoldRequests" | "UseCWMPVersion" if is_cwmp && is_blank() => {}
            "HoldRequests" if is_cwmp => fill(&mut header.hold_requests, element, "HoldRequests")?,
            "UseCWMPVersion" if is_cwmp => {
                let version = header.use_cwmp_version.get_or_insert_default();
                fill(version, element, "UseCWMPVersion")?;
            }
            // What an ACS has no reason to say does no harm.
            "SessionTimeout" if is_cwmp => header.session_timeout = u32::read(element).ok(),
            "SupportedCWMPVersions" if is_cwmp => {
                header.supported_cwmp_versions = versions(element)?;
            }
            // Removed from the standard, and without effect.
            "NoMoreRequests" if is_cwmp => {}
            _ if must_understand(element) => {
                unknown.get_or_insert_with(|| name.to_owned());
            }
            _ => {}
        }
    }
    Ok(unknown)
}

fn fill(
    value: &mut impl Content,
    element: Element,
    name: &'static str,
) -> Result<(), EnvelopeError> {
    let filled = value.fill(element);
    filled.map_err(|_| EnvelopeError::Header(name))
}

/// Versions that came after 1.4 are left out.
fn versions(element: Element) -> Result<Vec<CwmpVersion>, EnvelopeError> {
    let list = element.text();
    let list = list.map_err(|_| EnvelopeError::Header("SupportedCWMPVersions"))?;
    Ok(list.split(',').filter_map(CwmpVersion::parse).collect())
}

/// Whether the header element is for us, and must be understood (SOAP 1.1 §4.2.2, §4.2.3). Who
/// forgets the prefix of that attribute, or its declaration, means it all the same.
fn must_understand(element: Element) -> bool {
    let is = |attribute: Option<&str>, values: &[&str]| {
        attribute.is_some_and(|value| values.contains(&value.trim_ascii()))
    };
    let actor = element.attribute(|namespace| namespace == Some(SOAP_ENVELOPE), "actor");
    let flag = element.attribute(
        |namespace| {
            namespace.is_none_or(|name| name == SOAP_ENVELOPE || name.starts_with(UNDECLARED))
        },
        "mustUnderstand",
    );
    (actor.is_none() || is(actor, &["", ACTOR_NEXT])) && is(flag, &["1", "true"])
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
