//! Puts the agent together.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::changes::BoxChanges;
use super::clocks::{self, Clocks};
use super::control::Server;
use super::diagnostics::DiagnosticEnd;
use super::discovery::Discovery;
use super::error::AgentError;
use super::identity;
use super::jobs::{Conditions, Jobs};
use super::logger;
use super::luup::LuupEnd;
use super::own_config::{self, Complaints};
use super::patience::{self, Patience};
use super::poll_loop::Agent;
use super::run_dir::{Kept, Live, RunDir, Spare};
use super::settings::CONFIG_PAUSES;
use super::signals::Signals;
use super::software::SoftwareEnd;
use super::source::{AgentSource, Facts, Shared, VERSION};
use super::timers::{LoopTimer, Timers};
use super::transfers::{TransferFiles, Transfers};
use super::ubus::UbusPart;
use super::watch::Watch;
use super::ways::{self, AcsPlace, GatewayEnd, SERVED_RECORD, UdpWay, Ways, XmppWay};
use crate::base::config::Config;
use crate::connreq::{Listener, Quota};
use crate::cwmp::{self, Boot, Engine, EngineOptions};
use crate::datamodel::model::{Model, OpenError};
use crate::datamodel::source::Sources;
use crate::device::sources::file::FileSource;
use crate::device::sources::network::NetSource;
use crate::device::sources::procfs::ProcSource;
use crate::device::sources::stub::StubSource;
use crate::device::sources::uci::UciSource;
use crate::device::uci;
use crate::http::KeptTls;

/// The kind of the source of what people configure.
pub(super) const UCI: &str = "uci";

/// The folders of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The model's csv files and its state (`-p`).
    pub model_dir: PathBuf,
    /// The UCI configuration (`-c`).
    pub config_dir: PathBuf,
    /// Lock, boot mark and control socket (`-r`).
    pub run_dir: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self {
            model_dir: PathBuf::from("/etc/cwmpd"),
            config_dir: PathBuf::from(uci::CONFIG_DIR),
            run_dir: PathBuf::from("/var/run/cwmpd"),
        }
    }
}

/// The agent's own ends of the sources that it feeds.
pub(super) struct SourceSet {
    facts: Rc<RefCell<Facts>>,
    clocks: Rc<RefCell<Clocks>>,
    pub(super) luup: LuupEnd,
    diagnostics: DiagnosticEnd,
    software: SoftwareEnd,
    ubus: UbusPart,
    xmpp: XmppWay,
    pub(super) uci: Rc<RefCell<UciSource>>,
}

impl SourceSet {
    /// These, and all sources.
    pub(super) fn new(folders: &Folders, config: &Config, mut uci: UciSource) -> (Self, Sources) {
        uci.look_at(ways::NETWORK);
        uci.look_at(clocks::SYSTEM);
        let interface = ways::device_of(&uci, config.rows_interface());
        let mut facts = Facts::default();
        facts.reach.methods = ways::methods(config);
        let facts = Rc::new(RefCell::new(facts));
        let clocks = Rc::new(RefCell::new(Clocks::new(
            Path::new("/etc"),
            &folders.run_dir,
            &uci,
        )));
        let (luup, luup_sources) = LuupEnd::new(&folders.model_dir, config);
        let (diagnostics, diagnostic_sources) = DiagnosticEnd::new();
        let (software, software_source) = SoftwareEnd::new(config);
        let ubus = UbusPart::new(config, clocks::uptime());
        let (xmpp, xmpp_source) = XmppWay::new();
        let uci = Rc::new(RefCell::new(uci));
        let agent = AgentSource {
            facts: Rc::clone(&facts),
            clocks: Rc::clone(&clocks),
            uci: Rc::clone(&uci),
            tables: Default::default(),
        };
        let mut sources: Sources = vec![
            (UCI, Box::new(Shared(Rc::clone(&uci)))),
            ("file", Box::new(FileSource::new())),
            ("stub", Box::new(StubSource::new(&folders.model_dir))),
            ("proc", Box::new(ProcSource::new("/proc"))),
            ("net", Box::new(NetSource::new(interface))),
            ("software", software_source),
            ("ubus", ubus.source()),
            ("xmpp", xmpp_source),
            ("agent", Box::new(agent)),
        ];
        sources.extend(diagnostic_sources);
        sources.extend(luup_sources);
        let ends = Self {
            facts,
            clocks,
            luup,
            diagnostics,
            software,
            ubus,
            xmpp,
            uci,
        };
        (ends, sources)
    }
}

/// Everything up to the loop.
///
/// `None` where SIGTERM came before.
pub(super) fn start(folders: Folders, conditions: Conditions) -> Result<Option<Agent>, AgentError> {
    // Before anything is read there, so that no edit is missed.
    let mut watch = Watch::new(&folders.config_dir);
    let uci = own_config::source(&folders);
    let (config, _) = own_config::settings(&uci, &folders.config_dir);
    logger::set_up(&config.log);
    // Blocked before there is a second thread, so that all threads leave them to the loop.
    let signals = Signals::take()?;
    let mut run_dir = RunDir::take(&folders.run_dir)?;
    own_config::close(&folders.config_dir);
    log::info!(
        "cwmpd {VERSION} starts, model in {}",
        folders.model_dir.display()
    );
    let mut control = Server::open(&folders.run_dir);
    let mut uci = Some(uci);
    let found = patience::wait_for(&signals, &mut control, |patience| {
        let uci = uci.take().unwrap_or_else(|| own_config::source(&folders));
        EarlierRun::read(&folders, &config, uci, &mut run_dir, patience)
    })?;
    let Some(EarlierRun {
        mut model,
        set,
        boot,
        spare,
        live,
    }) = found
    else {
        return Ok(None);
    };
    // By now it is known what the rows of the model read.
    let (_, complaints) = own_config::read(&set.uci.borrow(), &folders.config_dir);
    complaints.log(&Complaints::default());
    for finding in set.luup.findings() {
        log::warn!("{finding}");
    }
    let now = set.clocks.borrow().now();
    model.set_time(now);
    if let Some(told) = cwmp::told_identity(&model) {
        identity::compare(&mut model, &set.facts, &told, config.identity);
        set.facts.borrow_mut().identity = Some(told);
    }
    watch.watch_software(&set.software.watched());
    // After a boot the first session looks at everything; after a restart there may be none for long.
    let mut timers = Timers::default();
    if boot.told {
        timers.due_by(LoopTimer::Look, now.uptime);
    }
    let is_after_boot = !boot.told;
    let settings = engine_options(&config);
    let listener = Listener::new(config.port.unwrap_or_default()).map_err(no_random)?;
    Ok(Some(Agent {
        engine: Engine::new(&mut model, settings, boot, seed()?, now),
        watch,
        control,
        jobs: Jobs::new(conditions)?,
        timers,
        changes: BoxChanges::default(),
        session: None,
        kept_tls: KeptTls::default(),
        orders: Vec::new(),
        callers: Vec::new(),
        transfers: Transfers::new(TransferFiles::new(&folders.run_dir)),
        ubus: set.ubus,
        diagnostics: set.diagnostics,
        discovery: Discovery::new(&folders.run_dir),
        ways: Ways {
            listener,
            udp: UdpWay::new(&folders.run_dir, model.record(SERVED_RECORD)),
            xmpp: set.xmpp.after_boot(is_after_boot),
            gateway: GatewayEnd::new(&model),
            quota: Quota::default(),
            acs_place: AcsPlace::default(),
        },
        stopping: false,
        facts: set.facts,
        clocks: set.clocks,
        luup: set.luup,
        software: set.software,
        uci: set.uci,
        kept: Kept::new(run_dir, live, spare),
        folders,
        config,
        complaints,
        config_backoff: CONFIG_PAUSES,
        model,
        signals,
    }))
}

/// What an earlier run left.
struct EarlierRun {
    model: Model,
    set: SourceSet,
    boot: Boot,
    spare: Spare,
    live: Live,
}

impl EarlierRun {
    /// # Errors
    /// `Unreadable`, while patience is left: then nothing was touched. `Model`.
    fn read(
        folders: &Folders,
        config: &Config,
        uci: UciSource,
        run_dir: &mut RunDir,
        patience: Patience,
    ) -> Result<Self, AgentError> {
        let boot = run_dir.boot(patience)?;
        let (set, sources) = SourceSet::new(folders, config, uci);
        let open = match patience {
            Patience::Left => Model::open,
            Patience::Over => Model::open_in_part,
        };
        let opened = open(&folders.model_dir, &config.root, sources);
        let mut model = opened.map_err(|error| match error {
            OpenError::Unreadable(why) => AgentError::Unreadable(why),
            error => AgentError::Model(error.to_string()),
        })?;
        let spare = Spare::restore(&folders.run_dir, &boot.id, &mut model, patience)?;
        let live = Live::restore(&folders.run_dir, &mut model, patience)?;
        Ok(Self {
            model,
            set,
            boot,
            spare,
            live,
        })
    }
}

/// What the engine has to know of the configuration.
pub(super) fn engine_options(config: &Config) -> EngineOptions {
    EngineOptions {
        session_timeout: config.session_timeout,
        boot_delay: config.boot_delay,
        periodic_spread: config.periodic_spread,
        ask_acs_methods: config.ask_acs_methods,
        link: config.link.clone(),
        identity: config.identity,
    }
}

fn seed() -> Result<u64, AgentError> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(no_random)?;
    Ok(u64::from_ne_bytes(seed))
}

fn no_random(error: getrandom::Error) -> AgentError {
    AgentError::System {
        what: "random bytes",
        error: std::io::Error::other(error.to_string()),
    }
}
