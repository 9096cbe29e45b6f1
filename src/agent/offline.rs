//! What is done by hand, with or without an agent that runs: what is wrong with the files that people
//! write, and what the Luup engine says to each row.
//!
//! All of it reads the configuration in one way ([`Offline`]): which options somebody reads is only
//! known once the rows of the model are.

use super::discovery;
use super::logger;
#[cfg(feature = "luup")]
use super::luup::{self, HomeFrom, HomeMap};
use super::newer;
use super::own_config::{self, Complaints};
use super::start::{Folders, SourceSet};
use crate::base::config::{Config, LogConfig};
use crate::datamodel::model::{Finding, Model, OpenError, describe};
use crate::datamodel::schema::Schema;
use crate::datamodel::source::Sources;
use crate::device::sources::uci::UciSource;
use crate::http;

/// Logs to standard error.
pub fn log_to_console(level: log::LevelFilter) {
    logger::set_up(&LogConfig {
        console: true,
        syslog: false,
        level,
    });
}

/// Configuration and rows, as they are in the files.
struct Offline<'f> {
    folders: &'f Folders,
    config: Config,
    set: SourceSet,
    sources: Sources,
    /// The rows, and what is wrong with them.
    described: Result<(Schema, Vec<Finding>), OpenError>,
}

impl<'f> Offline<'f> {
    /// `uci` is how the agent's own package is read: as it is in force, or as it is in its file.
    fn read(folders: &'f Folders, uci: UciSource) -> Self {
        let (config, _) = own_config::settings(&uci, &folders.config_dir);
        let (set, mut sources) = SourceSet::new(folders, &config, uci);
        let described = describe(&folders.model_dir, &config.root, &mut sources);
        Self {
            folders,
            config,
            set,
            sources,
            described,
        }
    }

    /// What is wrong with the configuration. Where there are no rows, nobody knows which options they
    /// would read.
    fn complaints(&self) -> Complaints {
        let (uci, dir) = (self.set.uci.borrow(), &self.folders.config_dir);
        let read = match &self.described {
            Ok(_) => own_config::read,
            Err(_) => own_config::settings,
        };
        read(&uci, dir).1
    }
}

/// The settings in force; what is wrong with them is logged.
pub fn read_config(folders: &Folders) -> Config {
    let offline = Offline::read(folders, own_config::source(folders));
    offline.complaints().log(&Complaints::default());
    offline.config
}

/// What there is to say of the files that people write.
pub struct Checked {
    /// Of `/etc/config/cwmpd`, and of what rows read of other packages: a line for each thing.
    pub config: Vec<String>,
    /// Of the rows of the csv files in `model_dir`.
    pub rows: Vec<Finding>,
    /// What is worth a note and no mistake: settings that are not there, files of a newer package that
    /// wait beside edited ones, files that the configuration names and no firmware upgrade keeps.
    pub notes: Vec<String>,
}

/// Looks for mistakes in the files that people write.
///
/// # Errors
/// There is no folder of the configuration where somebody named one; that of the model cannot be read or
/// describes nothing.
pub fn check(folders: &Folders) -> Result<Checked, String> {
    let dir = &folders.config_dir;
    // Whoever works on rows elsewhere has no `/etc/config`, and names none.
    if *dir != Folders::default().config_dir && !dir.is_dir() {
        let why = "there is no such folder to read the configuration from (-c)";
        return Err(format!("{}: {why}", dir.display()));
    }
    let offline = Offline::read(folders, own_config::source_without_last_good(folders));
    let complaints = offline.complaints();
    let Offline {
        config,
        set,
        sources,
        described,
        ..
    } = offline;
    let (schema, mut rows) = described.map_err(|error| error.to_string())?;
    rows.extend(set.luup.findings());
    let tls = http::check_tls(&config.link.tls).err();
    let tls = tls.map(|error| own_config::placed_error(&set.uci.borrow(), dir, &error));
    let mut model = Model::from_factory(schema, sources, &folders.model_dir);
    let misfits = model.misfits_of(super::start::UCI);
    let unkept = own_config::keep_list(&config).unkept();
    let unasked = discovery::unasked(&config, &set.uci.borrow());
    let config = complaints.lines.into_iter().chain(tls).chain(misfits);
    let notes = complaints.notes.into_iter().chain(newer::waiting(folders));
    Ok(Checked {
        config: config.collect(),
        rows,
        notes: notes.chain(unkept).chain(unasked).collect(),
    })
}

/// What Luup says to each row of the model.
///
/// # Errors
/// The home, or the folder of the model, cannot be read.
#[cfg(feature = "luup")]
pub fn map_home(folders: &Folders, from: &HomeFrom) -> Result<HomeMap, String> {
    let offline = Offline::read(folders, own_config::source(folders));
    let (schema, _) = offline.described.map_err(|error| error.to_string())?;
    let mut model = Model::from_factory(schema, offline.sources, &folders.model_dir);
    luup::draw(&offline.set.luup, &mut model, &offline.config, from)
}
