//! An XMPP server that does as a test tells it: honest, or lying in any part.

mod proof;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use openssl::base64;

use crate::http::{Identity, ServerTls, TlsStream};
pub use proof::ScramLie;
use proof::ServerProof;

/// How long it waits for a word of the box.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a port of its own. Each connection runs the script on a thread of its own, which ends
/// with the test program at last.
pub struct FakeXmpp {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl FakeXmpp {
    /// Starts it on this machine. What a script returns is of no interest: the box may leave.
    pub fn start(script: impl Fn(&mut XmppPeer) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let (script, counted) = (Arc::new(script), Arc::clone(&connections));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                let script = Arc::clone(&script);
                thread::spawn(move || script(&mut XmppPeer::new(stream)));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it had.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// What a server is like that lets the box log in.
#[derive(Clone)]
pub struct XmppManners {
    /// The domain that it says to be.
    pub domain: &'static str,
    /// Its certificate, if it offers TLS.
    pub identity: Option<Identity>,
    /// Whether it goes on with TLS only.
    pub needs_tls: bool,
    /// The mechanisms that it offers, in this order.
    pub mechanisms: &'static [&'static str],
    /// The password of each account.
    pub password: &'static str,
    /// What it lies about in SCRAM.
    pub lie: ScramLie,
    /// Whether its proof comes in a challenge before it is content.
    pub proves_early: bool,
    /// Whether it wants a session to be begun after binding.
    pub needs_session: bool,
    /// Whether somebody else has the resource that the box asks for.
    pub is_taken: bool,
    /// What it calls the box.
    pub jid: &'static str,
}

impl XmppManners {
    /// An honest server for `localhost`, without TLS.
    pub fn honest() -> Self {
        Self {
            domain: "localhost",
            identity: None,
            needs_tls: false,
            mechanisms: &["SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"],
            password: "secret",
            lie: ScramLie::None,
            proves_early: false,
            needs_session: false,
            is_taken: false,
            jid: "box@localhost/cwmp",
        }
    }

    /// The same with TLS, by this certificate.
    pub fn with_tls(identity: &Identity) -> Self {
        Self {
            identity: Some(identity.clone()),
            ..Self::honest()
        }
    }
}

enum PeerStream {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
}

/// The other side of one connection.
pub struct XmppPeer {
    stream: Option<PeerStream>,
    unread: String,
    /// So many bytes at most leave at once.
    pub piece: usize,
    /// The mechanism that the box chose, once it did.
    pub mechanism: String,
    /// All that the box said.
    pub heard: String,
}

impl XmppPeer {
    fn new(stream: TcpStream) -> Self {
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.set_nodelay(true);
        Self {
            stream: Some(PeerStream::Plain(stream)),
            unread: String::new(),
            piece: usize::MAX,
            mechanism: String::new(),
            heard: String::new(),
        }
    }

    /// Says something, in pieces.
    pub fn say(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        for piece in text.as_ref().chunks(self.piece) {
            match &mut self.stream {
                Some(PeerStream::Plain(stream)) => stream.write_all(piece)?,
                Some(PeerStream::Tls(stream)) => stream.write_all(piece)?,
                None => return Err(io::ErrorKind::NotConnected.into()),
            }
        }
        Ok(())
    }

    /// What the box says until this text, with it.
    pub fn hear(&mut self, end: &str) -> io::Result<String> {
        loop {
            if let Some(at) = self.unread.find(end) {
                let rest = self.unread.split_off(at + end.len());
                return Ok(std::mem::replace(&mut self.unread, rest));
            }
            self.read()?;
        }
    }

    /// Waits until the box goes.
    pub fn wait_for_end(&mut self) -> io::Result<()> {
        loop {
            self.read()?;
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        let length = match &mut self.stream {
            Some(PeerStream::Plain(stream)) => stream.read(&mut chunk)?,
            Some(PeerStream::Tls(stream)) => stream.read(&mut chunk)?,
            None => 0,
        };
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&chunk[..length]);
        self.heard.push_str(&text);
        self.unread.push_str(&text);
        Ok(())
    }

    /// TLS from here on.
    pub fn secure(&mut self, identity: &Identity) -> io::Result<()> {
        if let Some(PeerStream::Plain(stream)) = self.stream.take() {
            let stream = ServerTls::new(identity).accept(stream)?;
            self.stream = Some(PeerStream::Tls(Box::new(stream)));
        }
        Ok(())
    }

    /// Waits for the box to begin a stream, and begins one with these features.
    pub fn open(&mut self, domain: &str, features: &str) -> io::Result<()> {
        self.hear("<stream:stream")?;
        self.hear(">")?;
        self.say(format!(
            "<?xml version='1.0'?><stream:stream from='{domain}' id='1' version='1.0' \
             xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\
             <stream:features>{features}</stream:features>"
        ))
    }

    /// Lets the box log in, up to its presence.
    pub fn log_in(&mut self, manners: &XmppManners) -> io::Result<()> {
        let names = manners.mechanisms.iter();
        let names = names.map(|name| format!("<mechanism>{name}</mechanism>"));
        let mechanisms = format!(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</mechanisms>",
            names.collect::<String>()
        );
        let required = if manners.needs_tls { "<required/>" } else { "" };
        let tls = match &manners.identity {
            Some(_) => {
                format!("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>{required}</starttls>")
            }
            None => String::new(),
        };
        self.open(manners.domain, &format!("{tls}{mechanisms}"))?;
        let first = self.hear(">")?;
        if let (Some(identity), true) = (&manners.identity, first.contains("<starttls")) {
            self.say("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")?;
            self.secure(identity)?;
            self.open(manners.domain, &mechanisms)?;
            let auth = self.hear(">")?;
            self.authenticate(&auth, manners)?;
        } else {
            self.authenticate(&first, manners)?;
        }
        let session = match manners.needs_session {
            true => "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>",
            false => "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>",
        };
        self.open(
            manners.domain,
            &format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{session}"),
        )?;
        let asked = self.hear("</iq>")?;
        if manners.is_taken && asked.contains("<resource>") {
            self.say(
                "<iq type='error' id='bind'><error type='cancel'><conflict \
                 xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            )?;
            self.hear("</iq>")?;
        }
        self.say(format!(
            "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{}</jid>\
             </bind></iq>",
            manners.jid
        ))?;
        if manners.needs_session {
            self.hear("xmpp-session'></session></iq>")?;
            self.say("<iq type='result' id='session'/>")?;
        }
        self.hear("</presence>").map(drop)
    }

    /// SASL, from the box's first word in it.
    fn authenticate(&mut self, auth: &str, manners: &XmppManners) -> io::Result<()> {
        let mechanism = auth.split("mechanism='").nth(1).unwrap_or_default();
        mechanism
            .split('\'')
            .next()
            .unwrap_or_default()
            .clone_into(&mut self.mechanism);
        let first = decoded(&self.hear("</auth>")?);
        if self.mechanism == "PLAIN" {
            let is_right = first.ends_with(&format!("\0{}", manners.password));
            return match is_right {
                true => self.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
                false => self.refuse(),
            };
        }
        let mut proof = ServerProof::new(&self.mechanism, &first, manners.lie);
        self.tell("challenge", &proof.challenge())?;
        self.hear(">")?;
        let last = decoded(&self.hear("</response>")?);
        match proof.check(&last, manners.password) {
            None => self.refuse(),
            Some(signature) if manners.proves_early => {
                self.tell("challenge", &signature)?;
                self.hear("</response>")?;
                self.tell("success", "")
            }
            Some(signature) => self.tell("success", &signature),
        }
    }

    fn tell(&mut self, name: &str, message: &str) -> io::Result<()> {
        let coded = base64::encode_block(message.as_bytes());
        self.say(format!(
            "<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{coded}</{name}>"
        ))
    }

    fn refuse(&mut self) -> io::Result<()> {
        self.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
    }

    /// Sends the box a connection request of this sender, id and password; the user is `acs`.
    pub fn request(&mut self, from: &str, id: &str, password: &str) -> io::Result<()> {
        self.say(format!(
            "<iq type='get' from='{from}' to='box@localhost/cwmp' id='{id}'><connectionRequest \
             xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'><username>acs</username>\
             <password>{password}</password></connectionRequest></iq>"
        ))
    }
}

/// What stands in base64 before a tag.
fn decoded(text: &str) -> String {
    let coded = text.split('<').next().unwrap_or_default();
    let bytes = base64::decode_block(coded).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
