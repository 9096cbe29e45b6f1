//! The ACS asks for a session by XMPP (TR-069 Annex K): a client of its own on the operator's server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use openssl::base64;
use openssl::ssl::{SslConnector, SslMethod, SslStream};
use openssl::x509::X509;

use super::{Caller, PATIENCE};

/// The namespace of the request.
const REQUEST: &str = "urn:broadband-forum-org:cwmp:xmppConnReq-1-0";

/// An ACS that is logged in at an XMPP server.
pub struct XmppAcs {
    line: Line<SslStream<TcpStream>>,
    jid: String,
    sent: usize,
}

impl XmppAcs {
    /// Logs in by PLAIN over TLS, in the network of this thread, at the server of this domain, whose
    /// certificate `authority` (PEM) signed.
    pub fn log_in(
        server: SocketAddr,
        domain: &str,
        authority: &[u8],
        (user, password): (&str, &str),
    ) -> io::Result<Self> {
        let open = format!(
            "<stream:stream to='{domain}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>"
        );
        let plain = TcpStream::connect(server)?;
        plain.set_read_timeout(Some(PATIENCE))?;
        let mut line = Line::new(plain);
        line.say(&open)?;
        line.hear("</stream:features>")?;
        line.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")?;
        line.hear("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")?;
        let mut connector = SslConnector::builder(SslMethod::tls())?;
        let store = connector.cert_store_mut();
        store.add_cert(X509::from_pem(authority)?)?;
        let stream = connector.build().connect(domain, line.stream);
        let mut line = Line::new(stream.map_err(io::Error::other)?);
        line.say(&open)?;
        line.hear("</stream:features>")?;
        let secret = base64::encode_block(format!("\0{user}\0{password}").as_bytes());
        line.say(&format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>"
        ))?;
        line.hear("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")?;
        line.say(&open)?;
        line.hear("</stream:features>")?;
        line.say(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <resource>acs</resource></bind></iq>",
        )?;
        let bound = line.hear("</iq>")?;
        let jid = between(&bound, "<jid>", "</jid>");
        let jid = jid.ok_or_else(|| io::Error::other(bound.clone()))?;
        line.say("<presence/>")?;
        Ok(Self {
            jid: jid.to_owned(),
            line,
            sent: 0,
        })
    }

    /// Its own full JID.
    pub fn jid(&self) -> &str {
        &self.jid
    }

    /// Asks the box that is bound to this JID; the stanza that answers it.
    pub fn call(&mut self, box_jid: &str, caller: &Caller) -> io::Result<String> {
        self.sent += 1;
        let id = format!("call-{}", self.sent);
        let (user, password) = (escaped(&caller.user), escaped(&caller.password));
        self.line.say(&format!(
            "<iq type='get' id='{id}' to='{box_jid}'><connectionRequest xmlns='{REQUEST}'>\
             <username>{user}</username><password>{password}</password></connectionRequest></iq>"
        ))?;
        loop {
            self.line.hear("<iq ")?;
            let head = self.line.hear(">")?;
            let rest = match head.ends_with("/>") {
                true => String::new(),
                false => self.line.hear("</iq>")?,
            };
            if head.contains(&id) {
                return Ok(format!("<iq {head}{rest}"));
            }
        }
    }
}

/// What is said and heard.
struct Line<S> {
    stream: S,
    unread: String,
}

impl<S: Read + Write> Line<S> {
    fn new(stream: S) -> Self {
        let unread = String::new();
        Self { stream, unread }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    /// What comes until this text, with it.
    fn hear(&mut self, end: &str) -> io::Result<String> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(at) = self.unread.find(end) {
                let rest = self.unread.split_off(at + end.len());
                return Ok(std::mem::replace(&mut self.unread, rest));
            }
            let length = self.stream.read(&mut chunk)?;
            if length == 0 {
                let said = format!("the server ended, and said {:?}", self.unread);
                return Err(io::Error::other(said));
            }
            let text = String::from_utf8_lossy(&chunk[..length]);
            self.unread.push_str(&text);
        }
    }
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    Some(rest.split_once(end)?.0)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
