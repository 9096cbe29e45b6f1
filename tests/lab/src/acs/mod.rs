//! An ACS that plays a script, written as the conversation it is:
//!
//! ```no_run
//! # use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
//! let acs = ScriptedAcs::start(AcsOptions::default());
//! acs.session(|s| {
//!     let inform = s.inform();
//!     let values = s.get(&["Device.DeviceInfo."]);
//!     s.end();
//! });
//! ```
//!
//! The script runs in the thread of the test; the HTTP server hands it one POST after the other
//! and waits for the answer. What the box sends is held against the rules of a session (TR-069
//! §3.4, §3.7), against the official schemas where they are at hand, and recorded. What breaks a
//! rule, and what is not what the script says, panics with both.

mod auth;
mod calls;
mod check;
mod connection_request;
mod over_udp;
mod over_xmpp;
mod session;
mod transcript;

pub use crate::http::Auth;
pub use calls::{UNKNOWN_TIME, download, set_parameter_values, upload};
pub use check::validate;
pub use connection_request::{CallAnswer, Caller, connect_from, loopback, request_connection};
pub use over_udp::beside;
pub use over_xmpp::XmppAcs;
pub use session::{Received, Session};
pub use transcript::{Entry, Side};

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cwmpd::base::clock;
use cwmpd::soap::CwmpVersion;

use crate::http::{Reply, Server, ServerTls};
use auth::Gate;

/// How long the script waits for the box, and the box for the script.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// The user the ACS knows by default, and its password.
pub const USER: (&str, &str) = ("FFFFFF-home-000001", "acs \"secret\" \\1");

/// What the ACS logs in with at a box for a connection request.
pub const CALLER: (&str, &str) = ("caller", "call me");

/// Told of each entry of the transcript when it is made.
pub type Observer = Box<dyn FnMut(&Entry) + Send>;

/// What kind of ACS it is.
pub struct AcsOptions {
    /// Where it listens; port 0 for a free one.
    pub address: String,
    /// `None`: plain HTTP.
    pub tls: Option<ServerTls>,
    /// Default: Digest.
    pub auth: Auth,
    /// Name and password of the box.
    pub user: (String, String),
    /// The newest version it speaks. Default 1.4: it answers `SupportedCWMPVersions`.
    pub version: CwmpVersion,
    /// Whether messages are checked against the schemas and kept in the transcript. Default yes;
    /// measurements do without.
    pub strict: bool,
    /// How many seconds its clock, which its answers tell, is ahead of that of this machine; `None`:
    /// they tell no time.
    pub clock: Option<i64>,
    /// Sees the conversation live.
    pub observer: Option<Observer>,
}

impl Default for AcsOptions {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:0".into(),
            tls: None,
            auth: Auth::Digest,
            user: (USER.0.into(), USER.1.into()),
            version: CwmpVersion::V1_4,
            strict: true,
            clock: None,
            observer: None,
        }
    }
}

/// One POST of the box that waits for its answer.
struct Post {
    request: crate::http::Request,
    connection: usize,
    answer: Sender<Reply>,
}

/// The ACS; stops when dropped.
pub struct ScriptedAcs {
    // Dropped before the server, so that nothing there waits for an answer any more.
    posts: Receiver<Post>,
    server: Server,
    version: CwmpVersion,
    strict: bool,
    clock: Option<i64>,
    sessions: Cell<usize>,
    record: Arc<Record>,
}

/// What server and script both write into.
#[derive(Default)]
struct Record {
    transcript: Mutex<Vec<Entry>>,
    observer: Mutex<Option<Observer>>,
    broken: Mutex<Vec<String>>,
}

impl Record {
    fn add(&self, entry: Entry, keep: bool) {
        let lock = |e: PoisonError<_>| e.into_inner();
        if let Some(observer) = self.observer.lock().unwrap_or_else(lock).as_mut() {
            observer(&entry);
        }
        if keep {
            let transcript = &self.transcript;
            transcript
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(entry);
        }
    }

    fn breach(&self, rule: String) {
        let broken = &self.broken;
        broken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(rule);
    }
}

impl ScriptedAcs {
    /// Starts listening.
    pub fn start(options: AcsOptions) -> Self {
        let (sender, posts) = channel();
        let record = Arc::new(Record {
            observer: Mutex::new(options.observer),
            ..Record::default()
        });
        let mut gate = Gate::new(options.auth, options.user, Arc::clone(&record));
        let handler = move |request: &crate::http::Request, info: &crate::http::ConnInfo| {
            if let Some(challenge) = gate.admit(request, info.connection) {
                return challenge;
            }
            let (answer, answered) = channel();
            let post = Post {
                request: request.clone(),
                connection: info.connection,
                answer,
            };
            let busy = |_| Reply::new(503);
            match sender.send(post) {
                Ok(()) => answered.recv_timeout(PATIENCE).unwrap_or_else(busy),
                Err(_) => Reply::new(503),
            }
        };
        Self {
            posts,
            server: Server::start_on(&options.address, options.tls, Box::new(handler)),
            version: options.version,
            strict: options.strict,
            clock: options.clock,
            sessions: Cell::new(0),
            record,
        }
    }

    /// The URL to configure the box with.
    pub fn url(&self) -> String {
        self.server.url("/acs")
    }

    /// The same with a name in place of the address, as certificates want it.
    pub fn url_by_name(&self, name: &str) -> String {
        self.url().replace("127.0.0.1", name)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Plays one session of the box from its Inform on.
    pub fn session<T>(&self, play: impl FnOnce(&mut Session) -> T) -> T {
        self.begin(None, play)
    }

    /// Plays a session in which the ACS asks nothing; the codes of its events.
    #[track_caller]
    pub fn quiet_session(&self) -> Vec<String> {
        self.session(|s| {
            let events = s.inform().event;
            s.end();
            events.into_iter().map(|e| e.event_code).collect()
        })
    }

    /// Plays one as [`ScriptedAcs::session`] if the box comes within this time, else `None`.
    pub fn session_within<T>(
        &self,
        time: Duration,
        play: impl FnOnce(&mut Session) -> T,
    ) -> Option<T> {
        let first = self.posts.recv_timeout(time).ok()?;
        Some(self.begin(Some(first), play))
    }

    fn begin<T>(&self, first: Option<Post>, play: impl FnOnce(&mut Session) -> T) -> T {
        self.sessions.set(self.sessions.get() + 1);
        let mut session = Session::new(self, self.sessions.get(), first);
        let result = play(&mut session);
        session.close();
        if !self.strict {
            self.server.forget();
        }
        result
    }

    /// Whether the box says nothing to this ACS for so long.
    pub fn is_left_alone_for(&self, time: Duration) -> bool {
        match self.posts.recv_timeout(time) {
            Ok(post) => {
                let _ = post.answer.send(Reply::new(503));
                false
            }
            Err(_) => true,
        }
    }

    /// What its answers say of the time, as HTTP writes it (RFC 9110 §5.6.7).
    fn date(&self) -> Option<String> {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.expect("a clock").as_secs()).expect("a date");
        let unix = now + self.clock?;
        let utc = clock::utc(unix);
        let day = DAYS[usize::try_from(unix.div_euclid(86_400).rem_euclid(7)).expect("a day")];
        let month = MONTHS[utc[5..7].parse::<usize>().expect("a month") - 1];
        let (year, date, time) = (&utc[..4], &utc[8..10], &utc[11..19]);
        Some(format!("{day}, {date} {month} {year} {time} GMT"))
    }

    /// All that was said so far, both ways.
    pub fn transcript(&self) -> Vec<Entry> {
        let transcript = &self.record.transcript;
        transcript
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The HTTP server beneath: its connections and requests as they came.
    pub fn http(&self) -> &Server {
        &self.server
    }
}

#[cfg(test)]
mod tests;
