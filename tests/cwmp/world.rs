//! A box without wires for the tests of the engine: a data model in a folder of its own, a clock that
//! the test moves, and an ACS that says what the test says.

#![allow(dead_code, reason = "each test file uses its part of the world")]

use std::path::PathBuf;
use std::time::Duration;

use cwmpd::base::clock::Now;
use cwmpd::base::config::Config;
use cwmpd::base::xsd::XsdType;
use cwmpd::cwmp::{
    Action, Boot, Contact, Engine, EngineOptions, Host, Input, Intent, Outcome, Output, Post,
    PostKind, Step, TransferOrder,
};
use cwmpd::datamodel::model::{Model, NewValue, Requester, SetError};
use cwmpd::soap::{
    CwmpVersion, Envelope, Fault, Header, Inform, Message, ParameterValue, SetParameterAttributes,
    TransferFault,
};
use cwmpd_lab::Folder;

use crate::values::{Live, sources};

/// The ACS that the box knows from the factory.
pub const URL: &str = "http://a.example/";

/// 2026-01-02T03:04:05Z, a minute after boot.
pub const START: Now = Now {
    uptime: Duration::from_secs(60),
    unix: 1_767_323_045,
    utc_offset: 3600,
    confirmed: false,
};

const ROWS: &str = include_str!("world.csv");

/// What the box can do, and what of it was touched.
#[derive(Default)]
pub struct FakeHost {
    /// The sentence with which it refuses to do anything.
    pub missing: Option<String>,
    pub touched: Vec<String>,
    /// Why it cannot install software.
    pub no_packages: Option<String>,
    /// The fault with which it refuses transfers.
    pub refusal: Option<TransferFault>,
    /// Somebody uses the box.
    pub busy: bool,
}

impl Host for FakeHost {
    fn can(&self, _intent: &Intent) -> Result<(), String> {
        self.missing.clone().map_or(Ok(()), Err)
    }

    fn can_change_units(&self) -> Result<(), String> {
        self.no_packages.clone().map_or(Ok(()), Err)
    }

    fn touched(&mut self) -> Vec<String> {
        std::mem::take(&mut self.touched)
    }

    fn accepts(&self, _order: &TransferOrder, _model: &mut Model) -> Result<(), TransferFault> {
        self.refusal.clone().map_or(Ok(()), Err)
    }

    fn is_idle(&self) -> bool {
        !self.busy
    }
}

/// The box.
pub struct World {
    pub dir: Folder,
    pub model: Model,
    pub engine: Engine,
    pub now: Now,
    pub live: Live,
    pub host: FakeHost,
    pub options: EngineOptions,
    pub seed: u64,
    boots: u32,
    /// What the agent was told to do for transfers and software, and has not begun.
    pub todo: Vec<Action>,
    /// What the agent keeps in RAM for a restart of the program.
    kept: Option<String>,
}

impl World {
    /// A box from the factory, just booted.
    pub fn fresh() -> Self {
        Self::fresh_with(1, "")
    }

    /// The same with a seed of its own and more rows; a row with the name of another replaces it.
    pub fn fresh_with(seed: u64, rows: &str) -> Self {
        let dir = Folder::new("cwmp");
        let name = |row: &str| row.split(';').next().unwrap_or_default().to_owned();
        let replaced = |row: &&str| !rows.lines().any(|other| name(other) == name(row));
        let kept: Vec<&str> = ROWS.lines().filter(replaced).chain(rows.lines()).collect();
        dir.file("parameters.csv", kept.join("\n") + "\n");
        let live = Live::default();
        live.set("version", "1.0");
        live.set("sensor", "closed");
        live.set("serial", "42");
        let options = EngineOptions {
            session_timeout: Duration::from_secs(60),
            boot_delay: Duration::ZERO,
            periodic_spread: Duration::ZERO,
            ask_acs_methods: false,
            link: Config::default().link,
            identity: Config::default().identity,
        };
        let mut model = open(&dir, &live);
        let boot = boot(0, false, None);
        let engine = Engine::new(&mut model, options.clone(), boot, seed, START);
        Self {
            dir,
            model,
            engine,
            now: START,
            live,
            host: FakeHost::default(),
            options,
            seed,
            boots: 0,
            todo: Vec::new(),
            kept: None,
        }
    }

    /// A box whose ACS knows it: BOOTSTRAP and BOOT are delivered.
    pub fn known() -> Self {
        Self::known_with(1, "")
    }

    /// The same with a seed of its own and more rows.
    pub fn known_with(seed: u64, rows: &str) -> Self {
        let mut world = Self::fresh_with(seed, rows);
        let talk = world.open();
        talk.serve(&[]);
        world
    }

    /// The power is cut, and comes back `off` later; what was not written is lost.
    pub fn power_cut(&mut self, off: Duration) {
        self.boots += 1;
        self.kept = None;
        self.now = self.now.after(off);
        self.now.uptime = Duration::from_secs(20);
        self.come_up(false);
    }

    /// Only the program restarts, be it killed, after the ACS has heard of the boot.
    pub fn program_restart(&mut self) {
        self.now = self.now.after(Duration::from_secs(1));
        self.come_up(true);
    }

    /// The same before the ACS has heard of it.
    pub fn early_restart(&mut self) {
        self.now = self.now.after(Duration::from_secs(1));
        self.come_up(false);
    }

    fn come_up(&mut self, told: bool) {
        self.todo.clear();
        self.model = open(&self.dir, &self.live);
        self.seed += 1;
        self.engine = Engine::new(
            &mut self.model,
            self.options.clone(),
            boot(self.boots, told, self.kept.clone()),
            self.seed,
            self.now,
        );
        // As the agent does.
        self.model.commit().unwrap();
    }

    /// How the agent fared with what it was to carry out; what it is to do next.
    pub fn ended(&mut self, intent: &Intent, outcome: Result<(), &str>) -> Vec<Action> {
        let outcome = outcome.map_err(str::to_owned);
        self.engine
            .ended(intent, outcome, &mut self.model, self.now)
    }

    /// Identifies the state on disk: differs after every write.
    pub fn disk(&self) -> Vec<(u64, u64, std::time::SystemTime)> {
        use std::os::unix::fs::MetadataExt;
        let files = ["parameters.data", "parameters.journal"].map(|name| self.dir.join(name));
        let stamp = |file: std::fs::Metadata| (file.ino(), file.len(), file.modified().unwrap());
        let files = files.iter().filter_map(|file| std::fs::metadata(file).ok());
        files.map(stamp).collect()
    }

    /// What happens while the disk cannot be written.
    pub fn without_disk<T>(&mut self, happens: impl FnOnce(&mut Self) -> T) -> T {
        let (dir, away) = self.take_disk();
        let outcome = happens(self);
        std::fs::rename(&away, &dir).unwrap();
        outcome
    }

    fn take_disk(&self) -> (PathBuf, PathBuf) {
        let dir = self.dir.to_path_buf();
        let away = dir.with_extension("away");
        std::fs::rename(&dir, &away).unwrap();
        (dir, away)
    }

    /// Somebody on the box sets a parameter (path without root).
    pub fn set(&mut self, path: &str, value: &str) {
        set_here(&mut self.model, Requester::Local, &[value_of(path, value)]).unwrap();
        self.look();
    }

    /// The agent looks for changed values.
    pub fn look(&mut self) {
        self.engine.look(&mut self.model, self.now);
    }

    pub fn value(&mut self, path: &str) -> String {
        self.model.value(path).unwrap()
    }

    /// As the agent does before it waits; what it is to do for transfers and software now.
    pub fn proceed(&mut self) -> Vec<Action> {
        let actions = self.engine.proceed(&mut self.model, &self.host, self.now);
        self.todo.extend(actions);
        std::mem::take(&mut self.todo)
    }

    pub fn poll(&mut self) -> bool {
        self.todo = self.proceed();
        let is_due = self.engine.poll(&mut self.model, self.now);
        self.keep();
        is_due
    }

    /// As the agent does before it waits and before it sends.
    fn keep(&mut self) {
        self.kept = self.engine.line_to_keep().or(self.kept.take());
    }

    /// Time passes, from timer to timer, until a session is due; how long that took. `None` if none
    /// was due in that time.
    pub fn wait(&mut self, at_most: Duration) -> Option<Duration> {
        let from = self.now.uptime;
        loop {
            if self.poll() {
                return Some(self.now.uptime - from);
            }
            let end = from + at_most;
            let next = self.engine.next_wakeup();
            let next = next.filter(|at| *at <= end);
            let Some(next) = next else {
                self.pass(end - self.now.uptime);
                return None;
            };
            assert!(
                next > self.now.uptime,
                "a timer that is due must open a session or move on"
            );
            self.pass(next - self.now.uptime);
        }
    }

    /// Time passes without anybody looking.
    pub fn pass(&mut self, time: Duration) {
        let before = self.now.uptime.subsec_nanos();
        self.now = self.now.after(time);
        // `after` adds whole seconds to the wall clock; the fractions add up too.
        let carried = u64::from(before) + u64::from(time.subsec_nanos()) >= 1_000_000_000;
        self.now.unix += i64::from(carried);
    }

    pub fn step(&mut self, input: Input) -> Step {
        let step = self
            .engine
            .handle(input, &mut self.model, &mut self.host, self.now);
        self.keep();
        step
    }

    /// Opens the session that is due.
    #[track_caller]
    pub fn open(&mut self) -> Talk<'_> {
        assert!(self.poll(), "no session is due");
        let step = self.step(Input::Start);
        let Output::Open(contact, post) = step.output else {
            panic!("no Inform");
        };
        assert_eq!(post.kind, PostKind::Request);
        let envelope = Envelope::parse(post.body.as_bytes()).unwrap();
        let Message::Inform(inform) = envelope.body else {
            panic!("not an Inform");
        };
        Talk {
            world: self,
            contact: *contact,
            inform: *inform,
            version: envelope.version,
            header: envelope.header,
            post,
            actions: step.actions,
            calls: 0,
        }
    }

    /// Opens the session that is due, accepts its Inform and ends; its events.
    #[track_caller]
    pub fn events(&mut self) -> Vec<String> {
        let talk = self.open();
        let events = talk.events();
        talk.serve(&[]);
        events
    }

    /// Opens the session that is due; there is no connection.
    #[track_caller]
    pub fn unreachable(&mut self) -> Vec<String> {
        let talk = self.open();
        let events = talk.events();
        talk.breaks();
        events
    }
}

fn boot(number: u32, told: bool, kept: Option<String>) -> Boot {
    let id = format!("boot {number}");
    Boot { id, told, kept }
}

fn open(dir: &std::path::Path, live: &Live) -> Model {
    Model::open(dir, "Device.", sources(live)).unwrap()
}

/// Sets values in the model itself.
pub fn set_here(
    model: &mut Model,
    who: Requester,
    values: &[ParameterValue],
) -> Result<(), Vec<SetError>> {
    let new = values.iter().map(|value| NewValue {
        name: &value.name,
        value: &value.value,
        xsi_type: value.xsi_type,
    });
    let new: Vec<NewValue<'_>> = new.collect();
    model.set_values(who, &new, None).map(drop)
}

/// An entry of SetParameterValues (path without root).
pub fn value_of(path: &str, value: &str) -> ParameterValue {
    ParameterValue {
        name: format!("Device.{path}"),
        value: value.to_owned(),
        xsi_type: Some(type_of(value)),
    }
}

/// The type that an ACS would write for such a value of these rows.
fn type_of(value: &str) -> XsdType {
    match value {
        "true" | "false" => XsdType::Boolean,
        _ if value.ends_with(":00Z") => XsdType::DateTime,
        _ if value.parse::<u32>().is_ok() => XsdType::UnsignedInt,
        _ => XsdType::String,
    }
}

/// SetParameterValues of these (paths without root).
pub fn set_values(values: &[(&str, &str)], key: &str) -> Message {
    Message::SetParameterValues {
        parameter_list: values.iter().map(|(p, v)| value_of(p, v)).collect(),
        parameter_key: key.to_owned(),
    }
}

/// SetParameterAttributes of one parameter (path without root).
pub fn notify(path: &str, notification: u32) -> Message {
    Message::SetParameterAttributes {
        parameter_list: vec![SetParameterAttributes {
            name: format!("Device.{path}"),
            notification: Some(notification),
            access_list: None,
        }],
    }
}

/// A running session, seen from the ACS.
pub struct Talk<'w> {
    pub world: &'w mut World,
    pub contact: Contact,
    pub inform: Inform,
    pub version: CwmpVersion,
    pub header: Header,
    pub post: Post,
    pub actions: Vec<Action>,
    calls: u32,
}

impl Talk<'_> {
    /// The events, e.g. `M Reboot key`.
    pub fn events(&self) -> Vec<String> {
        let text = |e: &cwmpd::soap::EventStruct| format!("{} {}", e.event_code, e.command_key);
        let events = self.inform.event.iter();
        events.map(|e| text(e).trim_end().to_owned()).collect()
    }

    /// A parameter of the Inform (path without root).
    pub fn reported(&self, path: &str) -> Option<&str> {
        let name = format!("Device.{path}");
        let list = &self.inform.parameter_list;
        list.iter()
            .find(|p| p.name == name)
            .map(|p| p.value.as_str())
    }

    /// What the ACS says; what the box answers.
    pub fn says(&mut self, status: u16, body: String) -> Output {
        self.input(Input::Reply { status, body })
    }

    pub fn input(&mut self, input: Input) -> Output {
        let step = self.world.step(input);
        self.actions.extend(step.actions);
        if let Output::Post(post) = &step.output {
            self.post = post.clone();
        }
        step.output
    }

    /// The ACS accepts the Inform.
    #[track_caller]
    pub fn accept(&mut self) {
        let header = Header {
            id: self.header.id.clone(),
            ..Header::default()
        };
        let body = envelope(
            self.version,
            header,
            Message::InformResponse { max_envelopes: 1 },
        );
        match self.says(200, body) {
            Output::Post(_) | Output::Open(..) => {}
            Output::End(outcome) => panic!("ended after InformResponse: {outcome}"),
            Output::Write(_) | Output::TakeBack => panic!("nothing was set"),
        }
    }

    /// The ACS refuses the Inform.
    pub fn refuse(mut self, code: u32) -> Outcome {
        let header = self.header.clone();
        let body = envelope(self.version, header, Message::Fault(Fault::new(code)));
        ended(self.says(200, body))
    }

    /// The ACS calls; the answer of the box.
    #[track_caller]
    pub fn call(&mut self, request: Message) -> Message {
        let output = self.requests(request);
        self.answer(output)
    }

    /// The ACS calls; what the box does.
    pub fn requests(&mut self, request: Message) -> Output {
        self.calls += 1;
        let header = Header {
            id: Some(format!("acs-{}", self.calls)),
            ..Header::default()
        };
        self.says(200, envelope(self.version, header, request))
    }

    /// The answer to the last call.
    #[track_caller]
    pub fn answer(&self, output: Output) -> Message {
        match output {
            Output::Post(post) => {
                assert_eq!(post.kind, PostKind::Response);
                let answer = Envelope::parse(post.body.as_bytes()).unwrap();
                assert_eq!(answer.header.id, Some(format!("acs-{}", self.calls)));
                answer.body
            }
            Output::Open(..) => panic!("another session begins"),
            Output::End(outcome) => panic!("ended instead of an answer: {outcome}"),
            Output::Write(writes) => panic!("waits for {writes:?}"),
            Output::TakeBack => panic!("waits for what is taken back"),
        }
    }

    /// The fault that a call is answered with.
    #[track_caller]
    pub fn fault(&mut self, request: Message) -> Fault {
        match self.call(request) {
            Message::Fault(fault) => fault,
            other => panic!("no fault but {other:?}"),
        }
    }

    /// The fault that a call is answered with while the disk cannot be written.
    #[track_caller]
    pub fn fault_without_disk(&mut self, request: Message) -> Fault {
        let (dir, away) = self.world.take_disk();
        let fault = self.fault(request);
        std::fs::rename(&away, &dir).unwrap();
        fault
    }

    /// The ACS has nothing more to say; the session's success and what the agent is to do.
    #[track_caller]
    pub fn end(mut self) -> Vec<Action> {
        assert_eq!(self.says(204, String::new()), Output::End(Outcome::Success));
        self.actions
    }

    /// A whole session: Inform accepted, these calls answered without fault, the end.
    #[track_caller]
    pub fn serve(mut self, calls: &[Message]) -> Vec<Action> {
        self.accept();
        for call in calls {
            if let Message::Fault(fault) = self.call(call.clone()) {
                panic!("{} is answered with {fault:?}", call.name());
            }
        }
        self.end()
    }

    /// The connection breaks.
    pub fn breaks(mut self) -> Vec<Action> {
        let why = "connection refused".to_owned();
        ended(self.input(Input::TransportError(why)));
        self.actions
    }
}

/// How it ended.
#[track_caller]
pub fn ended(output: Output) -> Outcome {
    match output {
        Output::End(outcome) => outcome,
        Output::Post(post) | Output::Open(_, post) => panic!("still going on: {}", post.body),
        Output::Write(_) | Output::TakeBack => panic!("still going on: values are taken"),
    }
}

/// An envelope of the ACS.
pub fn envelope(version: CwmpVersion, header: Header, body: Message) -> String {
    Envelope {
        version,
        header,
        body,
    }
    .emit()
}
