//! Puts the agent together.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::address::AcsPlace;
use super::changes::BoxChanges;
use super::clocks::Clocks;
use super::control::Server;
use super::error::AgentError;
use super::identity;
use super::jobs::{Conditions, Jobs};
use super::live::Live;
use super::logger;
use super::memory::Memory;
use super::poll_loop::Agent;
use super::run_dir::RunDir;
use super::signals::Signals;
use super::source::{AgentSource, Facts, Shared, VERSION};
use super::timers::{LoopTimer, Timers};
use super::watch::Watch;
use crate::base::config::{Config, LogConfig};
use crate::base::digest::hex;
use crate::connreq::Listener;
use crate::cwmp::{self, Engine, EngineOptions};
use crate::datamodel::model::{Finding, Model, OpenError, describe};
use crate::datamodel::source::Sources;
use crate::device::sources::file::FileSource;
use crate::device::sources::network::NetSource;
use crate::device::sources::procfs::ProcSource;
use crate::device::sources::stub::StubSource;
use crate::device::sources::uci::UciSource;
use crate::device::uci::{self, Document, Value};
use crate::luup::{Home, LuupSource};

/// The durable record of the path of the connection-request URL: kept, since a new one is a value
/// change; gone with a factory reset (TR-069 §3.2.2).
const PATH_RECORD: &str = "connreq.path";

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

/// The configuration `cwmpd` in `config_dir`; what is odd in it is logged.
pub fn read_config(config_dir: &Path) -> Config {
    let (config, warnings) = read(config_dir);
    for warning in warnings {
        log::warn!("{warning}");
    }
    config
}

/// The same for the agent itself, which logs as the configuration says from here on.
pub(super) fn configure(config_dir: &Path) -> Config {
    let (config, warnings) = read(config_dir);
    logger::set_up(&config.log);
    for warning in warnings {
        log::warn!("{warning}");
    }
    config
}

fn read(config_dir: &Path) -> (Config, Vec<String>) {
    let (document, unreadable) = match uci::load(config_dir, "cwmpd") {
        Ok(loaded) => (loaded.map(|(document, _)| document), None),
        Err(e) => (None, Some(format!("{e}; going on with the defaults"))),
    };
    let (config, mut warnings) =
        Config::from_lookup(&|section, option| option_of(document.as_ref()?, section, option));
    warnings.extend(unreadable);
    (config, warnings)
}

/// An option as one text; a list with spaces between.
pub(super) fn option_of(document: &Document, section: &str, option: &str) -> Option<String> {
    match document.get(section, option)? {
        Value::One(value) => Some(value.clone()),
        Value::List(values) => Some(values.join(" ")),
    }
}

/// Logs to standard error, for what is run by hand.
pub fn log_to_console() {
    logger::set_up(&LogConfig {
        console: true,
        syslog: false,
        level: log::LevelFilter::Warn,
    });
}

/// What there is to say of the rows of the csv files in `model_dir`.
///
/// # Errors
/// The folder cannot be read or describes nothing.
pub fn check_rows(folders: &Folders) -> Result<Vec<Finding>, OpenError> {
    let config = read_config(&folders.config_dir);
    let mut set = SourceSet::new(folders, &config);
    let (_, found) = describe(&folders.model_dir, &config.root, &mut set.sources)?;
    Ok(found)
}

/// The sources, and the agent's own ends of those that it feeds.
struct SourceSet {
    sources: Sources,
    facts: Rc<RefCell<Facts>>,
    clocks: Rc<RefCell<Clocks>>,
    home: Rc<RefCell<Home>>,
    uci: Rc<RefCell<UciSource>>,
}

impl SourceSet {
    fn new(folders: &Folders, config: &Config) -> Self {
        let facts = Rc::new(RefCell::new(Facts::default()));
        let clocks = Rc::new(RefCell::new(Clocks::new(
            Path::new("/etc"),
            &folders.config_dir,
            &folders.run_dir,
        )));
        let home = Rc::new(RefCell::new(Home::default()));
        let uci = Rc::new(RefCell::new(UciSource::new(&folders.config_dir)));
        let agent = AgentSource {
            facts: Rc::clone(&facts),
            clocks: Rc::clone(&clocks),
        };
        let sources: Sources = vec![
            ("uci", Box::new(Shared(Rc::clone(&uci)))),
            ("file", Box::new(FileSource::new())),
            ("stub", Box::new(StubSource::new(&folders.model_dir))),
            ("proc", Box::new(ProcSource::new("/proc"))),
            ("net", Box::new(NetSource::new(config.rows_interface()))),
            ("luup", Box::new(LuupSource(Rc::clone(&home)))),
            ("agent", Box::new(agent)),
        ];
        Self {
            sources,
            facts,
            clocks,
            home,
            uci,
        }
    }
}

/// Everything up to the loop.
pub(super) fn start(folders: Folders, conditions: Conditions) -> Result<Agent, AgentError> {
    let config_stamp = uci::Stamp::of(&folders.config_dir, "cwmpd");
    let config = configure(&folders.config_dir);
    // Blocked before there is a second thread, so that all threads leave them to the loop.
    let signals = Signals::take()?;
    let run_dir = RunDir::take(&folders.run_dir)?;
    log::info!(
        "cwmpd {VERSION} starts, model in {}",
        folders.model_dir.display()
    );
    let set = SourceSet::new(&folders, &config);
    let mut model = Model::open(&folders.model_dir, &config.root, set.sources)
        .map_err(|e| AgentError::Model(e.to_string()))?;
    let now = set.clocks.borrow().now();
    model.set_time(now);
    if let Some(told) = cwmp::told_identity(&model) {
        identity::compare(&mut model, &set.facts, &told, config.identity);
        set.facts.borrow_mut().identity = Some(told);
    }
    let live = Live::restore(&folders.run_dir, &mut model);
    let boot = run_dir.boot();
    let memory = Memory::new(&folders.run_dir, &boot.id);
    // After a boot the first session looks at everything; after a restart there may be none for long.
    let mut timers = Timers::default();
    if boot.told {
        timers.due_by(LoopTimer::Look, now.uptime);
    }
    let settings = engine_options(&config);
    let listener = Listener::new(config.port).map_err(no_random)?;
    Ok(Agent {
        engine: Engine::new(&mut model, settings, boot, seed()?, now),
        watch: Watch::new(&folders.config_dir),
        control: Server::open(&folders.run_dir)?,
        jobs: Jobs::new(conditions)?,
        timers,
        changes: BoxChanges::default(),
        session: None,
        acs_place: AcsPlace::default(),
        orders: Vec::new(),
        stopping: false,
        facts: set.facts,
        clocks: set.clocks,
        home: set.home,
        uci: set.uci,
        folders,
        config,
        config_stamp,
        model,
        live,
        memory,
        run_dir,
        signals,
        listener,
    })
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

/// The path of the connection-request URL: the configured one, or a random one that is kept.
pub(super) fn connection_request_path(config: &Config, model: &mut Model) -> String {
    if let Some(path) = &config.path {
        return path.clone();
    }
    if let Some(path) = model.record(PATH_RECORD) {
        return path.to_owned();
    }
    let mut token = [0; 16];
    if let Err(e) = getrandom::fill(&mut token) {
        log::warn!("no random bytes for the path of the connection-request URL: {e}");
        return String::new();
    }
    let path = format!("/{}", hex(&token));
    model.set_record(PATH_RECORD, Some(&path));
    path
}
