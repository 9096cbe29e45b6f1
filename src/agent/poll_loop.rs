//! The loop: it owns all state, waits for whatever comes first, and never waits anywhere else.
//!
//! It is made of parts (see [`Part`]). Each names its descriptors and its deadline; when one has
//! work, [`Agent::work`] lets it do it and takes the events that come of it, and [`Agent::on`]
//! decides on each. A new way into the agent is a field, a line in [`Agent::parts`] and in
//! [`Agent::work`], and an event.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::by_hand::Caller;
use super::changes::BoxChanges;
use super::clocks::Clocks;
use super::control::{Request, Server};
use super::diagnostics::DiagnosticEnd;
use super::discovery::Discovery;
use super::error::AgentError;
use super::jobs::{JobId, Jobs};
use super::luup::{LuupEnd, LuupReport};
use super::orders::{Order, Ran};
use super::own_config::{self, Complaints};
use super::parts::{self, Part};
use super::run_dir::Kept;
use super::session::{NoReply, SessionStage};
use super::signals::{Signals, Wish};
use super::software::{SoftwareEnd, SoftwareReport};
use super::source::Facts;
use super::start::Folders;
use super::timers::{LoopTimer, Timers};
use super::transfers::{Came, Step, Transfers};
use super::trouble::Trouble;
use super::ubus::{UbusEvent, UbusPart};
use super::watch::{BoxChange, Watch};
use super::ways::{Found, GatewayReport, Ways, XmppReport};
use crate::acs::Reply;
use crate::base::backoff::Backoff;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::cwmp::{Engine, Input, Intent};
use crate::datamodel::model::Model;
use crate::device::sources::uci::UciSource;
use crate::diagnostics::task::DiagnosticOutcome;
use crate::http::KeptTls;

/// How long a running session, and the gateway, may take after SIGTERM. procd kills after 5 s.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// Until what did not work is tried again.
const TROUBLE_PAUSE: Duration = Duration::from_secs(10);

/// The parts that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PartName {
    Signals,
    Watch,
    Jobs,
    Control,
    Listener,
    Udp,
    Ubus,
    Timers,
}

/// What the parts bring.
pub(super) enum LoopEvent {
    Wished(Wish),
    Changed(Vec<BoxChange>),
    Reported(JobId, Done),
    /// The user of the box asks; the number is that of his connection.
    Asked(u32, Request),
    /// Something came over ubus.
    Told(UbusEvent),
    /// The ACS asks to be called.
    ConnectionRequested,
    /// A port for connection requests could be taken, or was lost, or others see another one.
    PortChanged,
    Due(LoopTimer),
}

/// What a job reports.
pub(super) enum Done {
    Luup(LuupReport),
    Software(SoftwareReport),
    /// What came of the last message to the ACS.
    Answered {
        reply: Result<Reply, NoReply>,
        /// Where the ACS is, if it replied.
        met_at: Option<IpAddr>,
    },
    /// What was ordered ran, or did not.
    Ran(Intent, Ran),
    /// A step of a transfer was done, or not.
    Stepped(Step, Came),
    /// Of the connection by XMPP.
    Xmpp(XmppReport),
    /// What the gateway did of what was wanted.
    Gateway(GatewayReport),
    /// The name of the STUN server was looked up.
    Found(Found),
    /// How a diagnostic ended, by the path of its state.
    Diagnosed(String, DiagnosticOutcome),
}

/// The running agent.
pub(super) struct Agent {
    pub folders: Folders,
    pub config: Config,
    /// What is wrong with the file of `config`.
    pub complaints: Complaints,
    /// Where a file of the configuration cannot be read.
    pub config_backoff: Backoff,
    pub clocks: Rc<RefCell<Clocks>>,
    pub facts: Rc<RefCell<Facts>>,
    pub luup: LuupEnd,
    pub software: SoftwareEnd,
    pub uci: Rc<RefCell<UciSource>>,
    pub model: Model,
    pub engine: Engine,
    pub kept: Kept,
    pub signals: Signals,
    pub watch: Watch,
    pub control: Server,
    pub diagnostics: DiagnosticEnd,
    pub discovery: Discovery,
    pub ways: Ways,
    pub ubus: UbusPart,
    pub jobs: Jobs<Done>,
    pub timers: Timers,
    pub changes: BoxChanges,
    pub session: Option<SessionStage>,
    /// What sessions leave of TLS for the next one.
    pub kept_tls: KeptTls,
    /// What is to be carried out when its timer is due.
    pub orders: Vec<Order>,
    pub transfers: Transfers,
    /// Who waits for an answer of the ACS.
    pub callers: Vec<Caller>,
    /// SIGTERM came: no session is opened any more.
    pub stopping: bool,
}

impl Agent {
    /// Runs until SIGTERM or SIGINT.
    pub(super) fn run(&mut self) -> Result<(), AgentError> {
        let now = self.now();
        own_config::keep_files(&self.config);
        self.find_address();
        self.follow_ways(now);
        self.tell_rows();
        self.commit();
        if self.model.carry_over() {
            self.apply_touched(now);
        }
        // What a power cut interrupted may have been written to it meanwhile.
        match self.follow_config() {
            true => self.look(now),
            false => self.retry_config(now),
        }
        self.discover(now);
        self.clear_transfers(now);
        self.resume(now);
        self.recall_luup_writes(now);
        self.ask_ubus(now);
        self.recall_units(now);
        self.tell_services(now);
        self.allow_commands();
        self.recall_commands(now);
        self.recall_diagnostics();
        self.follow_commands(now);
        loop {
            let now = self.now();
            // What would be begun now would be cut off.
            if !self.stopping {
                self.proceed(now);
            }
            self.follow_engine(now);
            if self.has_ended() {
                self.end(now);
                return Ok(());
            }
            for name in parts::wait(&self.parts(), || self.now().uptime)? {
                let now = self.now();
                for event in self.work(name, now) {
                    self.on(event, now);
                }
            }
            if self.jobs.is_stuck() {
                self.end(self.now());
                return Err(AgentError::Stuck);
            }
        }
    }

    pub(super) fn now(&self) -> Now {
        self.clocks.borrow().now()
    }

    /// All parts, in the order in which they work: what changed on the box is known before an
    /// answer is made, and what jobs bring before somebody asks for it.
    fn parts(&self) -> [(PartName, &dyn Part); 8] {
        [
            (PartName::Signals, &self.signals),
            (PartName::Watch, &self.watch),
            (PartName::Jobs, &self.jobs),
            (PartName::Control, &self.control),
            (PartName::Listener, &self.ways.listener),
            (PartName::Udp, &self.ways.udp),
            (PartName::Ubus, &self.ubus),
            (PartName::Timers, &self.timers),
        ]
    }

    /// Does what is ready or due in one part, without waiting.
    fn work(&mut self, name: PartName, now: Now) -> Vec<LoopEvent> {
        let uptime = now.uptime;
        match name {
            PartName::Signals => events(self.signals.work(), LoopEvent::Wished),
            PartName::Watch => vec![LoopEvent::Changed(self.watch.work())],
            PartName::Jobs => events(self.jobs.work(uptime), |(job, done)| {
                LoopEvent::Reported(job, done)
            }),
            PartName::Control => events(self.control.work(uptime), |(client, request)| {
                LoopEvent::Asked(client, request)
            }),
            PartName::Listener => self.listen(uptime),
            PartName::Udp => {
                let events = self.listen_on_udp(now);
                self.look_server_up(now);
                events
            }
            PartName::Ubus => events(self.ubus.work(uptime), LoopEvent::Told),
            PartName::Timers => events(self.timers.work(uptime), LoopEvent::Due),
        }
    }

    /// Decides on what a part brought.
    fn on(&mut self, event: LoopEvent, now: Now) {
        match event {
            LoopEvent::Wished(Wish::Reload) => self.changed(vec![BoxChange::Configuration], now),
            LoopEvent::Wished(Wish::Stop) => self.stop(now),
            LoopEvent::Changed(changes) => self.changed(changes, now),
            LoopEvent::Reported(job, done) => self.take(job, done, now),
            LoopEvent::Asked(client, request) => {
                if let Some(answer) = self.answer(client, request, now) {
                    self.control.answer(client, answer, now.uptime);
                }
            }
            LoopEvent::Told(event) => self.on_ubus(event, now),
            LoopEvent::ConnectionRequested => {
                self.record_served(false, now);
                self.engine.connection_request(now);
            }
            LoopEvent::PortChanged => self.look(now),
            LoopEvent::Due(LoopTimer::Config) => self.read_files_again(now),
            LoopEvent::Due(LoopTimer::Order) => self.order_is_due(now),
            LoopEvent::Due(LoopTimer::Changes) => self.act_on_changes(now),
            LoopEvent::Due(LoopTimer::Discovery) => self.discover_anew(now),
            LoopEvent::Due(LoopTimer::Mend) => self.mend(),
            LoopEvent::Due(LoopTimer::Xmpp) => self.open_xmpp(now),
            LoopEvent::Due(LoopTimer::Gateway) => self.ask_gateway(now),
            LoopEvent::Due(LoopTimer::Look) => {
                if self.session.is_none() {
                    self.look_afresh(now);
                }
            }
            LoopEvent::Due(LoopTimer::Follow) => self.follow_luup(now),
            LoopEvent::Due(LoopTimer::Gather) => self.tell_gathered(now),
            LoopEvent::Due(LoopTimer::Fetch) => {
                log::debug!("not all has answered yet: going on with the last values");
                self.go_on(now);
            }
            LoopEvent::Due(LoopTimer::Stop) => {
                self.ways.xmpp.forget();
                self.give_gateway_up();
                self.give_writes_up();
                if self.engine.in_session() {
                    let why = "the agent is stopping".to_owned();
                    self.step(Input::TransportError(why), now);
                }
            }
        }
    }

    fn take(&mut self, job: JobId, done: Done, now: Now) {
        match done {
            Done::Luup(report) => self.hear_luup(report, now),
            Done::Software(report) => self.hear_software(report, now),
            Done::Answered { reply, met_at } => {
                self.met_acs(met_at, now);
                self.answered(job, reply, now);
            }
            Done::Ran(intent, ran) => self.ran(intent, ran, now),
            Done::Stepped(step, came) => self.stepped(step, came, now),
            Done::Xmpp(report) => self.hear_xmpp(job, report, now),
            Done::Gateway(report) => self.hear_gateway(report, now),
            Done::Diagnosed(path, outcome) => self.diagnosed(&path, outcome, now),
            Done::Found(found) => self.server_found(found, now),
        }
    }

    /// Opens the session that is due, and sets the timer for what the engine waits for.
    fn follow_engine(&mut self, now: Now) {
        let is_due = self.engine.poll(&mut self.model, now);
        if is_due && self.session.is_none() && !self.stopping {
            // A session begins with what is configured now, however soon after another change.
            if self.changes.is_waiting() {
                self.act_on_changes(now);
            }
            self.session = Some(SessionStage::Preparing);
            if !self.fetch(self.is_luup_fresh(now), now) {
                self.open_session();
            }
        }
        self.keep();
        let next = self.engine.next_wakeup();
        self.timers.follow_engine(next);
    }

    /// What the next run of the program must know if this one is killed now.
    pub(super) fn keep(&mut self) {
        self.kept
            .follow(self.engine.line_to_keep().as_deref(), &self.model);
        if self.troubles().next().is_some() {
            let at = self.now().uptime.saturating_add(TROUBLE_PAUSE);
            self.timers.due_by(LoopTimer::Mend, at);
        }
    }

    pub(super) fn commit(&mut self) {
        // Where that fails the model says so, and it is tried again.
        let _ = self.model.commit();
    }

    /// What does not work at present, a sentence each.
    pub(super) fn troubles(&self) -> impl Iterator<Item = &str> {
        let unsaved = self.model.unsaved().map(|unsaved| &*unsaved.why);
        let kept = self.kept.troubles().into_iter();
        let others = kept.chain([&self.control.trouble, &self.ways.udp.served.trouble]);
        unsaved.into_iter().chain(others.filter_map(Trouble::text))
    }

    /// Tries again what did not work.
    fn mend(&mut self) {
        self.model.save_again();
        self.kept.mend(&self.model);
        self.control.mend();
        self.ways.udp.served.mend();
    }

    /// Ends, after the running session if that does not take long.
    pub(super) fn stop(&mut self, now: Now) {
        if !self.stopping {
            log::info!("stopping");
            self.stopping = true;
            let at = now.uptime.saturating_add(STOP_PATIENCE);
            self.timers.due_by(LoopTimer::Stop, at);
            self.ways.xmpp.leave();
            self.leave_gateway(now);
        }
    }

    fn has_ended(&self) -> bool {
        let in_session = !matches!(self.session, None | Some(SessionStage::Preparing));
        let is_waited_for = in_session
            || self.ways.xmpp.is_bound()
            || self.is_leaving_gateway()
            || self.is_writing_to_luup();
        self.stopping && !is_waited_for
    }

    fn end(&mut self, now: Now) {
        self.ways.listener.close();
        self.ways.udp.listen(None, now.uptime);
        self.record_served(true, now);
        self.carry_out_at_end(now);
        // Where that fails the model says so, and the spare has it.
        let _ = self.model.close();
        self.keep();
        self.kept.live.save(&self.model);
        log::info!("stopped");
    }
}

fn events<T>(made: Vec<T>, event: impl FnMut(T) -> LoopEvent) -> Vec<LoopEvent> {
    made.into_iter().map(event).collect()
}
