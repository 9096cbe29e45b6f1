//! A listener in a loop of its own, with a port for UDP beside it, and what one says to it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use cwmpd::base::digest::{self, Algorithm, Proof, Qop};
use cwmpd::base::prefix::AddressPrefix;
use cwmpd::base::secret::Secret;
use cwmpd::connreq::{Access, Listener, Quota, UdpPort};

/// A listener that is served. Time runs as fast as the test says.
pub struct Served {
    pub port: u16,
    udp_port: u16,
    /// Locked while the listener works: an answer that is out is counted.
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the listener is asked to hold, and what came of it.
#[derive(Default)]
struct State {
    now: Duration,
    welcome: usize,
    tally: String,
    rules: Rules,
}

/// What a test may change of the rules of access.
#[derive(Clone, Default)]
pub struct Rules {
    pub allowed: Option<Vec<AddressPrefix>>,
    pub takes_basic: bool,
    /// How many requests in an hour; as good as any number where it is none.
    pub max_requests: Option<u32>,
}

/// What a request needs, of somebody with this name.
pub fn access<'a>(username: &'a str, password: &'a Secret) -> Access<'a> {
    Access {
        path: "/t0ken",
        username,
        password,
        takes_basic: false,
        allowed: None,
        max_requests: 1_000_000,
        period: Duration::from_secs(3600),
    }
}

impl Served {
    pub fn start(username: &'static str, password: &'static str) -> Self {
        let mut listener = Listener::new(0).unwrap();
        listener.open(Duration::ZERO);
        let port = listener.port().unwrap();
        let mut udp = UdpPort::new();
        udp.open(0, Duration::ZERO);
        let udp_port = udp.port().unwrap();
        let state = Arc::new(Mutex::new(State {
            now: Duration::from_secs(100),
            ..State::default()
        }));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, end) = (state.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let password = Secret::new(password);
            let mut quota = Quota::default();
            while !end.load(Ordering::SeqCst) {
                let mut state = shared.lock().unwrap();
                let rules = state.rules.clone();
                let access = Access {
                    takes_basic: rules.takes_basic,
                    allowed: rules.allowed.as_deref(),
                    max_requests: rules.max_requests.unwrap_or(1_000_000),
                    ..access(username, &password)
                };
                state.welcome += listener.work(state.now, &access, &mut quota);
                state.welcome += udp.work(state.now, &access, &mut quota, &mut |_, _| {});
                state.tally = listener.tally().to_string();
                drop(state);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Self {
            port,
            udp_port,
            state,
            stop,
            thread: Some(thread),
        }
    }

    /// With other rules from here on.
    pub fn ruled(self, rules: Rules) -> Self {
        self.rule(rules);
        self
    }

    pub fn rule(&self, rules: Rules) {
        self.state.lock().unwrap().rules = rules;
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub fn udp_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.udp_port).into()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    /// Sends a request on a connection of its own and returns the whole answer.
    pub fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        head(&mut stream)
    }

    /// Waits until all who connected before are taken in: the kernel hands them over in their order.
    pub fn settle(&self) {
        assert_eq!(status(&self.ask(&get(""))), "401");
    }

    /// Makes `seconds` pass at once.
    pub fn pass(&self, seconds: u64) {
        self.state.lock().unwrap().now += Duration::from_secs(seconds);
    }

    pub fn welcome(&self) -> usize {
        self.state.lock().unwrap().welcome
    }

    pub fn tally(&self) -> String {
        self.state.lock().unwrap().tally.clone()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Reads one answer; none has a body. What was read so far where the peer resets.
pub fn head(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => answer.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

/// Whether the other side closes within the patience of a read: that it says nothing is no close.
pub fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

pub fn get(authorization: &str) -> String {
    format!("GET /t0ken HTTP/1.1\r\nHost: box:7547\r\n{authorization}\r\n")
}

pub fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("no answer")
}

/// The answer to the challenge in `answer`.
pub fn credentials(answer: &str, password: &str) -> String {
    let challenge = answer
        .lines()
        .find_map(|line| line.strip_prefix("WWW-Authenticate: "))
        .unwrap();
    let challenge = digest::parse(challenge).remove(0);
    let nonce = challenge.param("nonce").unwrap();
    let realm = challenge.param("realm").unwrap();
    let proof = Proof {
        algorithm: Algorithm::Md5,
        username: b"acs",
        realm: realm.as_bytes(),
        password: password.as_bytes(),
        nonce: nonce.as_bytes(),
        cnonce: "0a4f113b",
        nc: "00000001",
        method: "GET",
        uri: "/t0ken",
        qop: Qop::Auth,
    };
    format!(
        "Authorization: Digest username=\"acs\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"/t0ken\", \
         qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"{}\"\r\n",
        proof.response()
    )
}
