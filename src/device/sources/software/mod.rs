//! `software:`: the packages and services of the box, as TR-181 has them in `SoftwareModules.`.
//!
//! | key | value |
//! |---|---|
//! | `environments`, `units`, `services` | of a table: the one environment, [`ENVIRONMENT`]; the packages that can come and go; the services of procd |
//! | `environment.FIELD` | of an environment: `name`, `status`, `active` (its running services), `disk_free` (KiB) |
//! | `unit.FIELD` | of a unit: `uuid`, `name`, `status`, `resolved`, `url`, `description`, `version`, `services`, `environment`, `installed`, `updated` (seconds since 1970) |
//! | `service.FIELD` | of a service: `id`, `name`, `status`, `fault`, `fault_text`, `environment`, `version`, `description`; `requested` and `auto_start` can be written |
//!
//! * The lists are read where they changed, and no process is started for it. What they said stays
//!   while they cannot be read.
//! * Which services run procd says, whom the agent asks over ubus ([`SoftwareSource::heard`]); nothing
//!   is known of it before it has answered.
//! * A service is started and stopped by a job of the agent after the session: what was written waits
//!   in the store until then.

mod action;
mod key;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::sys::statvfs::statvfs;

use self::key::{AUTO_START, REQUESTED, SoftwareKey};
use crate::base::excerpt::excerpt;
use crate::base::stamp::Stamp;
use crate::base::uuid::Uuid;
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, Listed, Noticed, Reading, Slot, Source, SourceError,
    Taking,
};
use crate::device::software::{
    InitService, Inventory, ServiceFolder, ServiceState, SoftwareFiles, SoftwareUnit, UnitNotes,
    is_vital,
};

pub use action::ServiceAction;

/// The one environment in which all software of the box runs.
pub const ENVIRONMENT: &str = "OpenWrt";

/// Who stands for packages, where a UUID is made of their names (TR-181 Annex C).
pub const VENDOR: &str = "openwrt.org";

/// Where what is installed goes on a box of squashfs.
const OVERLAY: &str = "/overlay";

/// How many characters TR-181 has room for: of a description, a name, and a version.
const MAX_DESCRIPTION: usize = 256;
const MAX_VERSION: usize = 32;

/// What is being done to a unit or a service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Doing {
    /// The package or service.
    name: String,
    /// A word of its `Status`.
    status: &'static str,
}

/// What a service was told and did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failed {
    name: String,
    /// A word of `ExecutionFaultCode`.
    code: &'static str,
    why: String,
}

/// The software of the box, for the data model and for the agent.
pub struct SoftwareSource {
    files: SoftwareFiles,
    folder: ServiceFolder,
    keys: DeclaredKeys<SoftwareKey>,
    inventory: Inventory,
    services: Vec<InitService>,
    /// The folders of the services as they were last read.
    folders: [Option<Stamp>; 2],
    states: Option<Vec<ServiceState>>,
    doing: Vec<Doing>,
    failed: Vec<Failed>,
    /// What the agent remembers of units.
    pub notes: UnitNotes,
}

impl SoftwareSource {
    /// Of the box, or below `command_dir` (`cpe.command_dir`).
    pub fn new(command_dir: Option<&Path>) -> Self {
        Self {
            files: SoftwareFiles::new(command_dir),
            folder: ServiceFolder::new(command_dir),
            keys: DeclaredKeys::default(),
            inventory: Inventory::default(),
            services: Vec::new(),
            folders: [None; 2],
            states: None,
            doing: Vec::new(),
            failed: Vec::new(),
            notes: UnitNotes::default(),
        }
    }

    /// Whether rows of the model show any of it.
    pub fn is_wanted(&self) -> bool {
        self.keys.iter().next().is_some()
    }

    /// Whether there are services that rows of the model show.
    pub fn has_services(&self) -> bool {
        self.is_wanted() && !self.services.is_empty()
    }

    /// What the lists say.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Where the lists are.
    pub fn files(&self) -> &SoftwareFiles {
        &self.files
    }

    /// The folders in which something changes when packages or services do.
    pub fn watched(&self) -> Vec<PathBuf> {
        let mut watched = self.files.watched();
        watched.extend(self.folder.watched().map(Path::to_owned));
        watched
    }

    /// What a unit is called: by an ACS, else by its name.
    pub fn uuid(&self, unit: &str) -> Uuid {
        let note = self.notes.of(unit);
        let given = note.and_then(|note| Uuid::parse(&note.uuid));
        given.unwrap_or_else(|| Uuid::of_unit(unit, VENDOR))
    }

    /// procd says which services it has.
    pub fn heard(&mut self, states: Vec<ServiceState>) {
        self.states = Some(states);
    }

    /// Something is done to a unit from now on; `None`: it is over.
    pub fn does(&mut self, name: &str, status: Option<&'static str>) {
        self.doing.retain(|doing| doing.name != name);
        self.doing.extend(status.map(|status| Doing {
            name: name.to_owned(),
            status,
        }));
    }

    /// The action that a written value of a service stands for, and the service.
    pub fn action(
        &self,
        slot: Slot,
        at: &[Box<str>],
        value: &str,
    ) -> Option<(String, ServiceAction)> {
        let field = self.keys.get(slot)?.field?;
        let action = match (field, value) {
            (REQUESTED, "Active") => ServiceAction::Start,
            (REQUESTED, _) => ServiceAction::Stop,
            (_, "1") => ServiceAction::Enable,
            _ => ServiceAction::Disable,
        };
        Some((at.last()?.to_string(), action))
    }

    /// A service is about to be told this.
    pub fn begins(&mut self, service: &str, action: ServiceAction) {
        self.does(service, action.status());
    }

    /// It was, or not.
    pub fn ended(&mut self, service: &str, action: ServiceAction, outcome: Result<(), String>) {
        self.does(service, None);
        self.failed.retain(|failed| failed.name != service);
        match outcome {
            Err(why) => self.failed.push(Failed {
                name: service.to_owned(),
                code: action.fault(),
                why,
            }),
            // Until procd is asked again.
            Ok(()) => {
                let mut states = self.states.iter_mut().flatten();
                let state = states.find(|state| state.name == service);
                if let (Some(state), true) = (state, action.status().is_some()) {
                    state.is_active = action == ServiceAction::Start;
                }
            }
        }
    }

    fn state(&self, service: &str) -> Option<&ServiceState> {
        let mut states = self.states.iter().flatten();
        states.find(|state| state.name == service)
    }

    fn doing(&self, name: &str) -> Option<&'static str> {
        let doing = self.doing.iter().find(|doing| doing.name == name);
        doing.map(|doing| doing.status)
    }

    /// How a service stands; `None` before procd has said so.
    fn status(&self, service: &str) -> Option<&'static str> {
        // Where nobody tells how it ends, its beginning would be shown for ever.
        self.states.as_ref()?;
        self.doing(service).or_else(|| {
            let is_active = self.state(service).is_some_and(|state| state.is_active);
            Some(if is_active { "Active" } else { "Idle" })
        })
    }

    fn has_environment(&self) -> bool {
        self.inventory.kind().is_some() || !self.services.is_empty()
    }

    fn of_environment(&self, field: &str) -> Reading<'static> {
        match field {
            "name" => Reading::Value(ENVIRONMENT.into()),
            "status" => Reading::Value("Up".into()),
            "active" => {
                let services = self.services.iter().map(|service| &*service.name);
                let active = services.filter(|name| self.status(name) == Some("Active"));
                let active: Vec<&str> = active.collect();
                match self.states {
                    Some(_) => Reading::Value(active.join(",").into()),
                    None => Reading::Unknown,
                }
            }
            _ => disk_free().map_or(Reading::Unknown, |free| {
                Reading::Value(free.to_string().into())
            }),
        }
    }

    fn of_unit(&self, unit: &SoftwareUnit, field: &str) -> Reading<'static> {
        let package = &unit.package;
        let note = self.notes.of(&package.name);
        let time = |noted: i64| Some(noted).filter(|time| *time > 0);
        let text = match field {
            "uuid" => self.uuid(&package.name).to_string(),
            "name" => package.name.to_string(),
            "status" => self.doing(&package.name).unwrap_or("Installed").to_owned(),
            "resolved" => u8::from(unit.is_resolved).to_string(),
            "url" => note.map(|note| note.url.clone()).unwrap_or_default(),
            "description" => described(unit),
            "version" => shown_version(unit),
            "services" => package.services.join(","),
            "environment" => ENVIRONMENT.to_owned(),
            "installed" => {
                let noted = note.and_then(|note| time(note.installed));
                let installed = noted.or(package.installed).unwrap_or_default();
                installed.to_string()
            }
            _ => note.map_or(0, |note| note.updated).to_string(),
        };
        Reading::Value(text.into())
    }

    fn of_service(&self, service: &InitService, field: &str) -> Reading<'static> {
        let name = &*service.name;
        let failed = self.failed.iter().find(|failed| failed.name == name);
        let crashed = self
            .state(name)
            .filter(|state| !state.is_active && state.exit_code != 0);
        let mut units = self.inventory.units().iter();
        let unit = units.find(|unit| unit.package.services.iter().any(|one| **one == *name));
        let text = match field {
            "id" => format!("{ENVIRONMENT}:{name}"),
            "name" => name.to_owned(),
            "status" => {
                return self
                    .status(name)
                    .map_or(Reading::Unknown, |s| Reading::Value(s.into()));
            }
            "fault" => match (failed, crashed) {
                (Some(failed), _) => failed.code.to_owned(),
                (None, Some(_)) => "FailureWhileActive".to_owned(),
                (None, None) => "NoFault".to_owned(),
            },
            "fault_text" => match (failed, crashed) {
                (Some(failed), _) => excerpt(&failed.why, MAX_DESCRIPTION).into_owned(),
                (None, Some(state)) => format!("its process ended with {}", state.exit_code),
                (None, None) => String::new(),
            },
            "environment" => ENVIRONMENT.to_owned(),
            "version" => unit.map(shown_version).unwrap_or_default(),
            "description" => unit.map(described).unwrap_or_default(),
            AUTO_START => u8::from(service.is_enabled).to_string(),
            // A command reads as nothing (TR-106).
            _ => return Reading::Absent,
        };
        Reading::Value(text.into())
    }

    fn follow_services(&mut self) -> bool {
        let now = SystemTime::now();
        let folders = self.folder.watched().map(Stamp::of);
        if folders == self.folders && folders.iter().any(Option::is_some) {
            return false;
        }
        let services = self.folder.services();
        let is_settled = |stamp: Option<Stamp>| stamp.filter(|stamp| stamp.is_settled(now));
        self.folders = folders.map(is_settled);
        let is_news = services != self.services;
        self.services = services;
        is_news
    }
}

/// KiB that what is installed may take.
#[allow(
    clippy::useless_conversion,
    reason = "these are 32 bits wide on small machines"
)]
fn disk_free() -> Option<i32> {
    let disk = statvfs(OVERLAY).or_else(|_| statvfs("/")).ok()?;
    let (blocks, size) = (
        u64::from(disk.blocks_available()),
        u64::from(disk.fragment_size()),
    );
    let free = blocks.saturating_mul(size) / 1024;
    Some(i32::try_from(free).unwrap_or(i32::MAX))
}

fn described(unit: &SoftwareUnit) -> String {
    excerpt(&unit.package.description, MAX_DESCRIPTION).into_owned()
}

fn shown_version(unit: &SoftwareUnit) -> String {
    excerpt(&unit.package.version, MAX_VERSION).into_owned()
}

impl Source for SoftwareSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let key = SoftwareKey::parse(key)?;
        let can_be_written = matches!(key.field, Some(REQUESTED | AUTO_START));
        match (row.kind.is_some(), key.field.is_some()) {
            (true, false) => Err("it lists instances and is no value".to_owned()),
            (false, true) => Err("it is a value and lists no instances".to_owned()),
            _ if row.writable && !can_be_written => {
                Err("of it only service.requested and service.auto_start can be written".to_owned())
            }
            _ => Ok(self.keys.keep(key)),
        }
    }

    fn refresh(&mut self) -> bool {
        self.is_wanted() && self.inventory.follow(&self.files) | self.follow_services()
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let key = self.keys.get(slot).copied();
        let Some(SoftwareKey {
            table,
            field: Some(field),
        }) = key
        else {
            return Reading::Absent;
        };
        let name = at
            .last()
            .and_then(|instance| instance.identity)
            .unwrap_or_default();
        match table {
            0 => self.of_environment(field),
            1 => match self.inventory.unit(name) {
                Some(unit) => self.of_unit(unit, field),
                None => Reading::Absent,
            },
            _ => match self.services.iter().find(|service| *service.name == *name) {
                Some(service) => self.of_service(service, field),
                None => Reading::Absent,
            },
        }
    }

    fn list(&mut self, slot: Slot, _at: &[Instance<'_>], _known: &[&str]) -> Option<Vec<Listed>> {
        let table = self.keys.get(slot)?.table;
        let names: Vec<Listed> = match table {
            0 if self.has_environment() => vec![Listed::new(ENVIRONMENT)],
            0 => Vec::new(),
            1 if !self.inventory.is_known() => return None,
            1 => {
                let units = self.inventory.units().iter();
                units
                    .map(|unit| Listed::new(unit.package.name.clone()))
                    .collect()
            }
            _ => {
                let services = self.services.iter();
                services
                    .map(|service| Listed::new(service.name.clone()))
                    .collect()
            }
        };
        Some(names)
    }

    /// The files tell of their changes; of what procd does, and of the disk, nobody does.
    fn noticed(&self, slot: Slot) -> Noticed {
        let key = self.keys.get(slot);
        match key.and_then(|key| key.field) {
            Some("status" | "active" | "fault" | "fault_text" | "disk_free") => Noticed::Polled,
            _ => Noticed::Pushed,
        }
    }

    /// What is installed lasts, and is news after a reboot; what runs is not.
    fn keeps_reports(&self, slot: Slot) -> bool {
        self.noticed(slot) == Noticed::Pushed
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        let names: Vec<Box<str>> = at.iter().map(|instance| instance.name().into()).collect();
        let (service, action) = self
            .action(slot, &names, value)
            .ok_or(SourceError::ReadOnly)?;
        let refuse = |why: &str| Err(SourceError::BadValue(format!("{service} {why}")));
        let takes_away = matches!(action, ServiceAction::Stop | ServiceAction::Disable);
        if takes_away && is_vital(&service) {
            return refuse("is what this agent, or the way to the box, rests on");
        }
        if action == ServiceAction::Start && self.doing(&service) == Some("Stopping") {
            return refuse("is being stopped just now: try again when it is Idle");
        }
        Ok(())
    }

    fn taking(&self) -> Taking {
        Taking::Later
    }
}
