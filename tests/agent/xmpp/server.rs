//! An honest XMPP server whose every step the test takes: STARTTLS, PLAIN, binding, stanzas.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cwmpd_lab::home::PATIENCE;
use cwmpd_lab::http::{Identity, ServerTls, TlsStream};

/// How long one wait for the box may take before it is looked whether all has.
const LOOK: Duration = Duration::from_millis(20);

/// The server of the domain `localhost`.
pub struct XmppServer {
    listener: TcpListener,
    tls: ServerTls,
}

/// A connection of the box that has a Jabber ID.
pub struct BoundBox {
    stream: TlsStream,
    /// What was read and not yet looked at.
    read: String,
    /// The full Jabber ID that it was given.
    pub jid: String,
    /// The resource that it asked for.
    pub resource: String,
}

impl XmppServer {
    pub fn start(identity: &Identity) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            listener,
            tls: ServerTls::new(identity),
        }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Whether the box comes within this time; then it is sent away again.
    pub fn is_called_within(&self, time: Duration) -> bool {
        self.accept(time).is_some()
    }

    fn accept(&self, time: Duration) -> Option<TcpStream> {
        let deadline = Instant::now() + time;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    return Some(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The box comes and logs in as this user, and gets the Jabber ID that it asks for.
    #[track_caller]
    pub fn log_in(&self, user: &str, password: &str) -> BoundBox {
        let (mut line, known) = self.greet();
        assert_eq!(known, format!("\0{user}\0{password}"));
        line.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        line.open("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
        let bind = line.hear("</iq>");
        let resource = between(&bind, "<resource>", "</resource>").unwrap_or_default();
        let id = between(&bind, "id='", "'").unwrap();
        let jid = format!("{user}@localhost/{resource}");
        line.say(&format!(
            "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>{jid}</jid></bind></iq>"
        ));
        line.hear("</presence>");
        BoundBox {
            jid,
            resource,
            ..line
        }
    }

    /// The box comes, and its password is said to be wrong.
    #[track_caller]
    pub fn refuse(&self) {
        let (mut line, _) = self.greet();
        line.say(
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>\
             </stream:stream>",
        );
    }

    /// Up to what the box says for PLAIN.
    #[track_caller]
    fn greet(&self) -> (BoundBox, String) {
        let mut stream = self.accept(PATIENCE).expect("the box comes");
        let mut read = String::new();
        hear(&mut stream, &mut read, "to='localhost'>");
        let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
        stream.write_all(head(starttls).as_bytes()).unwrap();
        hear(&mut stream, &mut read, "/>");
        let proceed = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        stream.write_all(proceed).unwrap();
        let mut line = BoundBox {
            stream: self.tls.accept(stream).expect("TLS"),
            read: String::new(),
            jid: String::new(),
            resource: String::new(),
        };
        line.open(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
             </mechanisms>",
        );
        let auth = line.hear("</auth>");
        let plain = between(&auth, "'PLAIN'>", "</auth>").unwrap();
        let plain = BASE64_STANDARD.decode(plain).unwrap();
        (line, String::from_utf8(plain).unwrap())
    }
}

impl BoundBox {
    /// A request of `from` with these credentials; the answer.
    #[track_caller]
    pub fn request(&mut self, from: &str, user: &str, password: &str) -> String {
        let jid = &self.jid;
        self.say(&format!(
            "<iq type='get' id='cr' from='{from}' to='{jid}'><connectionRequest \
             xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'><username>{user}</username>\
             <password>{password}</password></connectionRequest></iq>"
        ));
        self.hear("<iq ");
        let rest = match self.hear(">") {
            whole if whole.ends_with("/>") => whole,
            begun => begun + &self.hear("</iq>"),
        };
        format!("<iq {rest}")
    }

    /// Waits until the box has closed the connection.
    #[track_caller]
    pub fn ends(mut self) {
        self.hear("</stream:stream>");
    }

    fn open(&mut self, features: &str) {
        self.hear("to='localhost'>");
        self.say(&head(features));
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    #[track_caller]
    fn hear(&mut self, end: &str) -> String {
        hear(&mut self.stream, &mut self.read, end)
    }
}

fn head(features: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams' from='localhost' id='s' version='1.0'>\
         <stream:features>{features}</stream:features>"
    )
}

/// What the box says up to and with this.
#[track_caller]
fn hear(stream: &mut impl Read, read: &mut String, end: &str) -> String {
    loop {
        if let Some(at) = read.find(end) {
            let rest = read.split_off(at + end.len());
            return std::mem::replace(read, rest);
        }
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).expect("what the box says");
        assert_ne!(length, 0, "the box left without {end:?}: {read:?}");
        read.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
    }
}

fn between(text: &str, begin: &str, end: &str) -> Option<String> {
    let (_, rest) = text.split_once(begin)?;
    rest.split_once(end).map(|(found, _)| found.to_owned())
}
