//! Connection requests by XMPP, with a server that is honest or lies, and with prosody.

mod fuzzed;
mod lies;
mod line;
mod login;
mod prosody;
mod requests;
mod servers;

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cwmpd::base::config::TlsConfig;
use cwmpd::connreq::xmpp::{
    RequestToken, RequestVerdict, XmppAskers, XmppEnd, XmppEvent, XmppLine, XmppServer,
    XmppServers, XmppSettings, run,
};
use cwmpd::http::{KeptTls, LinkTls};
use cwmpd_lab::Folder;
use cwmpd_lab::http::Authority;
use cwmpd_lab::xmpp::{FakeXmpp, XmppPeer};

/// Longer than anything here takes on a machine that has a lot to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to the server at this address, without TLS.
fn settings(server: SocketAddr) -> XmppSettings {
    XmppSettings {
        username: "box".into(),
        password: "secret".into(),
        domain: "localhost".into(),
        resource: "cwmp".into(),
        use_tls: false,
        keep_alive: None,
        servers: XmppServers::Table(vec![server_at(&server.ip().to_string(), server.port())]),
        tls: LinkTls {
            config: TlsConfig::default(),
            kept: KeptTls::default(),
            check_dates: true,
        },
    }
}

/// The same with TLS, trusting this authority alone.
fn tls_settings(server: SocketAddr, folder: &Folder, authority: &Authority) -> XmppSettings {
    let mut settings = settings(server);
    settings.use_tls = true;
    settings.tls.config.ca_file = Some(folder.file("ca.pem", authority.pem()));
    settings
}

fn server_at(host: &str, port: u16) -> XmppServer {
    XmppServer {
        priority: 1,
        weight: 0,
        host: host.into(),
        port,
    }
}

/// Who may ask: `acs@localhost` with the password `call`.
fn askers() -> XmppAskers {
    XmppAskers {
        allowed: vec!["acs@localhost".into()],
        username: "acs".into(),
        password: "call".into(),
    }
}

/// A connection on a thread of its own.
struct Connection {
    line: XmppLine,
    events: Receiver<XmppEvent>,
    thread: JoinHandle<XmppEnd>,
}

impl Connection {
    fn begin(settings: XmppSettings) -> Self {
        let line = XmppLine::new(askers()).unwrap();
        let (tell, events) = mpsc::channel();
        let its = line.clone();
        let work = move || run(&settings, &its, &mut |event| drop(tell.send(event)));
        Self {
            line,
            events,
            thread: thread::spawn(work),
        }
    }

    /// Waits until it stands: its Jabber ID, and whether it has TLS.
    fn bound(&self) -> (String, bool) {
        match self.events.recv_timeout(PATIENCE) {
            Ok(XmppEvent::Bound { jid, is_secure, .. }) => (jid, is_secure),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a request.
    fn asked(&self) -> RequestToken {
        match self.events.recv_timeout(PATIENCE) {
            Ok(XmppEvent::Asked(token)) => token,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a request, and lets it in.
    fn accept(&self) {
        self.line.answer(self.asked(), RequestVerdict::Accepted);
    }

    /// Waits for its end.
    fn end(self) -> XmppEnd {
        self.thread.join().unwrap()
    }
}

/// Waits until something holds.
fn wait_until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it never holds");
        thread::sleep(Duration::from_millis(5));
    }
}

/// How a connection to the server with this script ends.
fn end_of(
    script: impl Fn(&mut XmppPeer) -> std::io::Result<()> + Send + Sync + 'static,
) -> XmppEnd {
    let server = FakeXmpp::start(script);
    Connection::begin(settings(server.address())).end()
}
