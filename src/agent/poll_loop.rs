//! The loop: it owns all state, waits for whatever comes first, and never waits anywhere else.

use std::cell::RefCell;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use log::{debug, info};
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signalfd::SignalFd;

use super::changes::setting;
use super::clocks::Clocks;
use super::control::Server;
use super::error::AgentError;
use super::farewell::Farewell;
use super::job::Jobs;
use super::live::Live;
use super::run_dir::RunDir;
use super::session::Session;
use super::source::Facts;
use super::start::Options;
use super::watch::Watch;
use crate::acs::{LinkError, Reply};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::connreq::{Access, Listener};
use crate::cwmp::{Engine, Input};
use crate::datamodel::model::Model;
use crate::device::sources::uci::UciSource;
use crate::device::uci;
use crate::luup::{Home, LuupError, Snapshot};
use crate::base::secret::Secret;

/// How long a running session may go on after SIGTERM. procd kills after 5 s.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// What a job reports.
pub(super) enum Done {
    /// What Luup says of its home.
    Fetched(Result<Snapshot, LuupError>),
    /// What the ACS says, in session `id`.
    Answered {
        id: u32,
        reply: Result<Reply, LinkError>,
    },
    /// The values that Luup took: path and wanted value.
    Written(Vec<(String, String)>),
    /// A command on the box ran, or did not.
    Ran(&'static str, Result<(), String>),
}

/// The running agent.
pub(super) struct Agent {
    pub options: Options,
    pub config: Config,
    /// The state of the file that `config` was read from.
    pub config_stamp: Option<uci::Stamp>,
    pub clocks: Rc<RefCell<Clocks>>,
    pub facts: Rc<RefCell<Facts>>,
    pub home: Rc<RefCell<Home>>,
    pub uci: Rc<RefCell<UciSource>>,
    pub model: Model,
    pub engine: Engine,
    pub live: Live,
    pub run_dir: RunDir,
    pub signals: SignalFd,
    pub watch: Watch,
    pub control: Server,
    pub listener: Listener,
    pub jobs: Jobs<Done>,
    pub timers: Timers,
    pub session: Option<Session>,
}

/// What the loop has to do at some uptime, and what is under way.
#[derive(Default)]
pub(super) struct Timers {
    /// The next look at values that only looking can find changed.
    pub look: Option<Duration>,
    /// What the ACS asked for, to be done after its session.
    pub farewell: Option<(Duration, Farewell)>,
    /// SIGTERM came: the end, at the latest.
    pub stop: Option<Duration>,
    /// The number of the session that runs, or ran last.
    pub session_id: u32,
    /// A job fetches from Luup.
    pub fetching: bool,
    /// A job writes to Luup.
    pub writing: bool,
    /// Something changed during a session, to be looked at after it.
    pub stale: bool,
}

/// Which descriptors are ready.
#[derive(Default)]
struct Ready {
    signals: bool,
    jobs: bool,
    watch: bool,
    control: bool,
    listener: bool,
}

impl Agent {
    /// Runs until SIGTERM or SIGINT.
    pub(super) fn run(&mut self) -> Result<(), AgentError> {
        let now = self.now();
        self.apply_settings(now);
        self.commit();
        loop {
            let now = self.now();
            self.due(now);
            if self.has_ended(now) {
                break;
            }
            let ready = self.wait(now)?;
            self.work(&ready);
        }
        self.end();
        Ok(())
    }

    pub(super) fn now(&self) -> Now {
        self.clocks.borrow().now()
    }

    // ---- waiting -----------------------------------------------------------------------------

    fn wait(&self, now: Now) -> Result<Ready, AgentError> {
        let input = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![input(self.signals.as_fd()), input(self.jobs.descriptor())];
        fds.extend(self.watch.descriptors().map(input));
        let control = fds.len();
        let clients = self.control.descriptors();
        fds.extend(clients.map(|(fd, flags)| PollFd::new(fd, flags)));
        let listener = fds.len();
        fds.extend(self.listener.descriptors().map(input));
        match poll(&mut fds, self.timeout(now)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => {
                return Err(AgentError::System {
                    what: "poll",
                    error: errno.into(),
                });
            }
        }
        let mut ready = Ready::default();
        for (at, fd) in fds.iter().enumerate() {
            if fd.any() != Some(true) {
                continue;
            }
            match at {
                0 => ready.signals = true,
                1 => ready.jobs = true,
                at if at < control => ready.watch = true,
                at if at < listener => ready.control = true,
                _ => ready.listener = true,
            }
        }
        Ok(ready)
    }

    /// Until the first timer; rounded up, so that it is due when the loop wakes.
    fn timeout(&self, now: Now) -> PollTimeout {
        let session = match self.session {
            None if self.timers.stop.is_none() => self.engine.next_wakeup(now),
            _ => None,
        };
        let due = [
            session,
            self.timers.look,
            self.timers.farewell.map(|(at, _)| at),
            self.timers.stop,
            self.control.deadline(),
            self.listener.deadline(),
        ];
        match due.into_iter().flatten().min() {
            None => PollTimeout::NONE,
            Some(due) => {
                let wait = due.saturating_sub(now.uptime) + Duration::from_micros(999);
                PollTimeout::try_from(wait.as_millis()).unwrap_or(PollTimeout::MAX)
            }
        }
    }

    fn work(&mut self, ready: &Ready) {
        let now = self.now();
        if ready.signals {
            self.take_signals(now);
        }
        if ready.watch {
            self.watch.drain();
            if uci::Stamp::of(&self.options.config_dir, "cwmpd") != self.config_stamp {
                self.reload(now);
            }
            self.look_again(now);
        }
        if ready.jobs {
            self.jobs.heard();
            while let Some(done) = self.jobs.next() {
                self.take(done, now);
            }
        }
        if ready.control {
            self.serve_control(now);
        }
        if ready.listener {
            self.serve_listener(now);
        }
    }

    /// Does what is due by the clock.
    fn due(&mut self, now: Now) {
        let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= now.uptime);
        if is_due(self.control.deadline()) {
            self.serve_control(now);
        }
        if is_due(self.listener.deadline()) {
            self.serve_listener(now);
        }
        if is_due(self.timers.farewell.map(|(at, _)| at)) {
            self.farewell();
        }
        if is_due(self.timers.look) {
            self.timers.look = None;
            if self.session.is_none() && !self.fetch() {
                self.compare(now);
            }
        }
        if self.session.is_none()
            && self.timers.stop.is_none()
            && self.engine.poll(&mut self.model, now)
        {
            self.session = Some(Session::Preparing);
            if !self.fetch() {
                self.open_session(now);
            }
        }
    }

    fn serve_control(&mut self, now: Now) {
        for (id, request) in self.control.work(now.uptime) {
            let answer = self.answer(request, now);
            self.control.answer(id, answer, now.uptime);
        }
    }

    fn serve_listener(&mut self, now: Now) {
        let Self {
            listener,
            model,
            facts,
            ..
        } = self;
        let before = listener.port();
        let mut access = || Access {
            path: facts.borrow().path.clone(),
            username: setting(model, "ConnectionRequestUsername"),
            password: Secret::new(setting(model, "ConnectionRequestPassword")),
        };
        if listener.work(now.uptime, &mut access) > 0 {
            self.engine.connection_request(now);
        }
        if self.listener.port() != before {
            self.look_again(now);
        }
    }

    // ---- signals -----------------------------------------------------------------------------

    fn take_signals(&mut self, now: Now) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if i32::try_from(signal.ssi_signo) == Ok(libc::SIGHUP) {
                info!("reloading");
                self.reload(now);
                self.look_again(now);
            } else if self.timers.stop.is_none() {
                info!("stopping");
                self.timers.stop = Some(now.uptime + STOP_PATIENCE);
            }
        }
    }

    fn has_ended(&mut self, now: Now) -> bool {
        match (self.timers.stop, &self.session) {
            (None, _) => return false,
            (Some(_), None | Some(Session::Preparing)) => return true,
            (Some(at), Some(_)) if now.uptime < at => return false,
            _ => {}
        }
        let why = "the agent is stopping".to_owned();
        self.step(Input::TransportError(why), now);
        true
    }

    fn end(&mut self) {
        self.listener.close();
        self.commit();
        self.live.save(&self.model);
        self.farewell_at_end();
        info!("stopped");
    }

    // ---- what jobs bring ---------------------------------------------------------------------

    pub(super) fn take(&mut self, done: Done, now: Now) {
        match done {
            Done::Fetched(fetched) => {
                self.timers.fetching = false;
                self.home.borrow_mut().update(fetched);
                match self.session {
                    Some(Session::Preparing) => self.open_session(now),
                    Some(Session::Talking(_)) => {}
                    None => self.compare(now),
                }
            }
            Done::Answered { id, reply } => {
                let is_of_now = matches!(self.session, Some(Session::Talking(_)));
                if id == self.timers.session_id && is_of_now {
                    let input = match reply {
                        Ok(Reply { status, body }) => Input::Reply { status, body },
                        Err(e @ LinkError::Disconnected(_)) => Input::Dropped(e.to_string()),
                        Err(e) => Input::TransportError(e.to_string()),
                    };
                    self.step(input, now);
                }
            }
            Done::Written(taken) => {
                self.timers.writing = false;
                for (path, wanted) in taken {
                    debug!("luup took {path}");
                    self.model.settle(&path, &wanted);
                }
                self.commit();
                self.compare_later(now);
            }
            Done::Ran(what, result) => self.ran(what, result),
        }
    }
}
