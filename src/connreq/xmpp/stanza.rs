//! What the server says, and how we say something.

use roxmltree::{Document, Node, ParsingOptions};

use super::splitter::MAX_HEADER_BYTES;

/// Namespaces.
pub(super) mod ns {
    pub const STREAM: &str = "http://etherx.jabber.org/streams";
    pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
    pub const CLIENT: &str = "jabber:client";
    pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
    pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
    pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
    pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
    pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    pub const PING: &str = "urn:xmpp:ping";
    pub const CONNECTION_REQUEST: &str = "urn:broadband-forum-org:cwmp:xmppConnReq-1-0";
}

/// Elements, texts and the like of one stanza.
const MAX_NODES: u32 = 1024;

/// The header of a stream, which all its stanzas stand in: it says what their prefixes mean.
#[derive(Debug)]
pub struct StreamHeader {
    tag: String,
    end: String,
}

impl StreamHeader {
    /// Reads the tag.
    ///
    /// # Errors
    /// What is wrong with it, or with the version (RFC 6120 §4.7.5): one without speaks no SASL.
    pub fn read(tag: Vec<u8>) -> Result<Self, &'static str> {
        debug_assert!(tag.len() <= MAX_HEADER_BYTES);
        let tag = String::from_utf8(tag).map_err(|_| "its header is not in UTF-8")?;
        let name = tag.trim_start_matches('<');
        let is_end = |c: char| c.is_ascii_whitespace() || c == '>';
        let name = name.split(is_end).next().unwrap_or_default();
        let end = format!("</{name}>");
        let whole = format!("{tag}{end}");
        let document = parse(&whole).ok_or("its header is no XML")?;
        let stream = document.root_element();
        if !stream.has_tag_name((ns::STREAM, "stream")) {
            return Err("its header is another one");
        }
        let version = stream.attribute("version").unwrap_or_default();
        let major = version
            .split('.')
            .next()
            .and_then(|major| major.parse().ok());
        match major.unwrap_or(0_u32) {
            0 => Err("it is older than XMPP 1.0"),
            _ => Ok(Self { tag, end }),
        }
    }

    /// A stanza within its stream, for [`parse`]; `None` where it is not in UTF-8.
    pub fn around(&self, stanza: &[u8]) -> Option<String> {
        let stanza = std::str::from_utf8(stanza).ok()?;
        Some([&self.tag, stanza, &self.end].concat())
    }
}

/// The XML of what [`StreamHeader::around`] made; `None` where it is none.
pub fn parse(text: &str) -> Option<Document<'_>> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).ok()
}

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerWord<'a> {
    /// What it offers.
    Features(Features),
    /// TLS may begin.
    Proceed,
    /// TLS may not begin.
    TlsFailure,
    /// SASL: its part of the exchange.
    Challenge(&'a str),
    /// SASL: it is content, with its last part of the exchange.
    Success(&'a str),
    /// SASL: it is not, with the condition.
    Refusal(&'a str),
    /// The stream's end, with condition, and the words or the host that follow it.
    Error(&'a str, &'a str),
    /// A question or an answer.
    Iq(Iq<'a>),
    /// Something else.
    Other,
}

/// What a server offers (RFC 6120 §4.3.2).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// It can begin TLS.
    pub tls: bool,
    /// It goes on with TLS only.
    pub needs_tls: bool,
    /// The names of SASL mechanisms, in its order.
    pub mechanisms: Vec<String>,
    /// A session is to be begun after binding (RFC 3921 §3).
    pub needs_session: bool,
}

/// A question or an answer (RFC 6120 §8.2.3).
#[derive(Debug, PartialEq, Eq)]
pub struct Iq<'a> {
    /// `get`, `set`, `result` or `error`.
    pub kind: &'a str,
    /// What the answer has as well; without it there can be none.
    pub id: &'a str,
    /// Who it is of, as the server says; `None`: the server itself.
    pub from: Option<&'a str>,
    /// Who it is for; `None`: us.
    pub to: Option<&'a str>,
    /// What it is about.
    pub payload: Payload<'a>,
}

/// What an [`Iq`] is about.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Annex K: user and password; an absent one is empty.
    ConnectionRequest(&'a str, &'a str),
    /// XEP-0199.
    Ping,
    /// The Jabber ID that we have now.
    Bound(&'a str),
    /// The condition of an error.
    Error(&'a str),
    /// Something else, or nothing.
    Other,
}

impl<'a> ServerWord<'a> {
    /// Reads what [`parse`] made.
    pub fn read(document: Option<&'a Document<'_>>) -> Self {
        let word = document.and_then(|document| document.root_element().first_element_child());
        let Some(word) = word else {
            return Self::Other;
        };
        let is = |space, name| word.has_tag_name((space, name));
        match word.tag_name().namespace() {
            Some(ns::STREAM) if is(ns::STREAM, "features") => Self::Features(features(word)),
            Some(ns::STREAM) if is(ns::STREAM, "error") => {
                let (condition, text) = error(word, ns::STREAM_ERRORS);
                Self::Error(condition, text)
            }
            Some(ns::TLS) => match word.tag_name().name() {
                "proceed" => Self::Proceed,
                _ => Self::TlsFailure,
            },
            Some(ns::SASL) => match word.tag_name().name() {
                "challenge" => Self::Challenge(text(word)),
                "success" => Self::Success(text(word)),
                _ => Self::Refusal(error(word, ns::SASL).0),
            },
            Some(ns::CLIENT) if is(ns::CLIENT, "iq") => Self::Iq(iq(word)),
            _ => Self::Other,
        }
    }
}

fn features(word: Node<'_, '_>) -> Features {
    let child = |space, name| {
        word.children()
            .find(|node| node.has_tag_name((space, name)))
    };
    let has = |node: Node<'_, '_>, name| node.children().any(|node| node.has_tag_name(name));
    let tls = child(ns::TLS, "starttls");
    let mechanisms = child(ns::SASL, "mechanisms");
    let mechanisms = mechanisms.into_iter().flat_map(|node| node.children());
    let session = child(ns::SESSION, "session");
    Features {
        tls: tls.is_some(),
        needs_tls: tls.is_some_and(|tls| has(tls, (ns::TLS, "required"))),
        mechanisms: mechanisms
            .filter(|node| node.has_tag_name((ns::SASL, "mechanism")))
            .map(|node| text(node).to_owned())
            .collect(),
        needs_session: session.is_some_and(|node| !has(node, (ns::SESSION, "optional"))),
    }
}

/// The condition of an error, and what stands in it or beside it.
fn error<'a>(error: Node<'a, '_>, space: &str) -> (&'a str, &'a str) {
    let mut children = error
        .children()
        .filter(|node| node.tag_name().namespace() == Some(space));
    let is_words = |node: &Node<'_, '_>| node.has_tag_name((space, "text"));
    let words = children.clone().find(is_words).map(text);
    match children.find(|node| !is_words(node)) {
        None => ("undefined-condition", words.unwrap_or_default()),
        Some(condition) => {
            let inside = Some(text(condition)).filter(|text| !text.is_empty());
            let name = condition.tag_name().name();
            (name, inside.or(words).unwrap_or_default())
        }
    }
}

fn iq<'a>(word: Node<'a, '_>) -> Iq<'a> {
    let child = word.first_element_child();
    let payload = child.map_or(Payload::Other, |child| {
        let inside = |space, name| {
            let found = child
                .children()
                .find(|node| node.has_tag_name((space, name)));
            found.map(text).unwrap_or_default()
        };
        if child.has_tag_name((ns::CONNECTION_REQUEST, "connectionRequest")) {
            let inside = |name| inside(ns::CONNECTION_REQUEST, name);
            return Payload::ConnectionRequest(inside("username"), inside("password"));
        }
        if child.has_tag_name((ns::PING, "ping")) {
            return Payload::Ping;
        }
        if child.has_tag_name((ns::BIND, "bind")) {
            return Payload::Bound(inside(ns::BIND, "jid"));
        }
        let mut children = word.children();
        match children.find(|node| node.has_tag_name((ns::CLIENT, "error"))) {
            Some(node) => Payload::Error(error(node, ns::STANZA_ERRORS).0),
            None => Payload::Other,
        }
    });
    Iq {
        kind: word.attribute("type").unwrap_or_default(),
        id: word.attribute("id").unwrap_or_default(),
        from: word.attribute("from"),
        to: word.attribute("to"),
        payload,
    }
}

/// The text that an element begins with.
fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default()
}

/// The text of an attribute or an element in ours: what is no character of XML is replaced.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}

/// Our words: markup as it stands, and texts of others between it, in turns.
pub(super) fn words(parts: &[&str]) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        match at % 2 {
            0 => out.push_str(part),
            _ => escape(part, &mut out),
        }
    }
    out
}
