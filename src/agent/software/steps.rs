//! One operation of a ChangeDUState as steps, one for each unit that it concerns, and what may come of
//! each.

use std::path::Path;

use crate::base::secret::Secret;
use crate::base::uuid::Uuid;
use crate::cwmp::{DuKind, DuTask};
use crate::device::software::{PackageWish, PlannedChange, Prospect, SoftwareUnit};
use crate::device::sources::software::SoftwareSource;
use crate::soap::{TransferFault, code};

/// What is done to one unit.
#[derive(Clone)]
pub(super) struct UnitStep {
    pub kind: DuKind,
    /// It is one of all units, which need not have anything newer.
    pub is_one_of_all: bool,
    /// The package; of an installation known when its file has come.
    pub name: Option<String>,
    pub uuid: Option<Uuid>,
    /// Where the file is; empty where the feeds of the box have it.
    pub url: String,
    pub username: String,
    pub password: Secret,
    /// What the package manager would make of it, once it was asked.
    pub prospect: Option<Prospect>,
}

impl UnitStep {
    fn new(kind: DuKind) -> Self {
        Self {
            kind,
            is_one_of_all: false,
            name: None,
            uuid: None,
            url: String::new(),
            username: String::new(),
            password: Secret::default(),
            prospect: None,
        }
    }

    /// What the package manager is to do; `file` is what came from the URL.
    pub(super) fn wish<'a>(&'a self, file: &'a Path) -> PackageWish<'a> {
        let name = self.name.as_deref().unwrap_or_default();
        match (self.kind, self.url.is_empty()) {
            (DuKind::Uninstall, _) => PackageWish::Gone(name),
            (_, true) => PackageWish::Newest(name),
            (_, false) => PackageWish::File(file),
        }
    }

    /// How the unit stands meanwhile, in a word of `DeploymentUnit.{i}.Status`.
    pub(super) fn status(&self) -> &'static str {
        match self.kind {
            DuKind::Install => "Installing",
            DuKind::Update => "Updating",
            DuKind::Uninstall => "Uninstalling",
        }
    }

    /// Whether that is to be done which the package manager says it would: `false` where it is so
    /// already, and that will do. `is_unit`: the package is one.
    ///
    /// # Errors
    /// It is another package, or not newer.
    pub(super) fn judge(&self, prospect: &Prospect, is_unit: bool) -> Result<bool, TransferFault> {
        use PlannedChange::{Comes, Goes, GoesBack, IsNewer, Stays};
        let Prospect { name, version, .. } = prospect;
        let before = prospect.before.as_deref().unwrap_or_default();
        if self.name.as_ref().is_some_and(|wanted| wanted != name) {
            let wanted = self.name.as_deref().unwrap_or_default();
            return Err(TransferFault::new(
                code::INVALID_ARGUMENTS,
                format!("the file is the package {name}, not {wanted}"),
            ));
        }
        match (self.kind, prospect.change) {
            (DuKind::Uninstall, _) | (DuKind::Update, Comes) => Ok(true),
            (DuKind::Install, Comes) if !is_unit => Ok(true),
            (DuKind::Install, _) => {
                let why = format!("{name} {before} is installed already: an update changes it");
                Err(TransferFault::new(code::DUPLICATE_UNIT, why))
            }
            (DuKind::Update, Stays) if self.is_one_of_all => Ok(false),
            (DuKind::Update, Stays) => {
                let why = format!("{name} {version} is installed, and there is no newer one");
                Err(TransferFault::new(code::VERSION_EXISTS, why))
            }
            (DuKind::Update, IsNewer | GoesBack | Goes) => Err(TransferFault::new(
                code::DOWNGRADE,
                format!("{name} {before} is newer than what there is"),
            )),
        }
    }
}

/// The steps of an operation. `environment` is the path of the one that there is.
///
/// # Errors
/// What it names is not there, or cannot be changed.
pub(super) fn steps_of(
    task: &DuTask,
    source: &SoftwareSource,
    environment: &str,
) -> Result<Vec<UnitStep>, TransferFault> {
    if source.is_wanted() && !source.inventory().is_known() {
        let why = "the list of installed packages is damaged, or cannot be read";
        return Err(TransferFault::new(code::INVALID_UNIT_STATE, why));
    }
    let units = Units {
        all: source.inventory().units(),
        source,
    };
    match task {
        DuTask::Install {
            url,
            uuid,
            username,
            password,
            environment: wanted,
        } => {
            check_environment(wanted, environment)?;
            if let Some(unit) = uuid.as_ref().and_then(|uuid| units.find(uuid)) {
                let why = format!("the unit of this UUID is installed: {}", unit.package.name);
                return Err(TransferFault::new(code::DUPLICATE_UNIT, why));
            }
            Ok(vec![UnitStep {
                uuid: uuid.clone(),
                url: url.clone(),
                username: username.clone(),
                password: password.clone(),
                ..UnitStep::new(DuKind::Install)
            }])
        }
        DuTask::Update {
            uuid,
            version,
            url,
            username,
            password,
        } => {
            let chosen = units.to_update(uuid.as_ref(), url)?;
            for unit in &chosen {
                check_version(unit, version)?;
            }
            let step = |unit: &SoftwareUnit| UnitStep {
                is_one_of_all: uuid.is_none() && url.is_empty(),
                name: Some(unit.package.name.to_string()),
                url: match &**url {
                    "" => units.url_of(unit).to_owned(),
                    url => url.to_owned(),
                },
                username: username.clone(),
                password: password.clone(),
                ..UnitStep::new(DuKind::Update)
            };
            Ok(chosen.into_iter().map(step).collect())
        }
        DuTask::Uninstall {
            uuid,
            version,
            environment: wanted,
        } => {
            check_environment(wanted, environment)?;
            let unit = units.find(uuid).ok_or_else(unknown)?;
            check_version(unit, version)?;
            if unit.is_of_firmware {
                let why = format!("{} belongs to the firmware of the box", unit.package.name);
                return Err(TransferFault::new(code::REQUEST_DENIED, why));
            }
            Ok(vec![UnitStep {
                name: Some(unit.package.name.to_string()),
                ..UnitStep::new(DuKind::Uninstall)
            }])
        }
    }
}

/// The units that are installed.
struct Units<'a> {
    all: &'a [SoftwareUnit],
    source: &'a SoftwareSource,
}

impl Units<'_> {
    fn find(&self, uuid: &Uuid) -> Option<&SoftwareUnit> {
        let of = |unit: &&SoftwareUnit| self.source.uuid(&unit.package.name) == *uuid;
        self.all.iter().find(of)
    }

    /// Where a unit came from, as far as that is known.
    fn url_of(&self, unit: &SoftwareUnit) -> &str {
        let note = self.source.notes.of(&unit.package.name);
        note.map_or("", |note| &note.url)
    }

    /// What an Update is about: the unit of a UUID, else that of a URL, else all (TR-069 A.4.1.10).
    fn to_update(
        &self,
        uuid: Option<&Uuid>,
        url: &str,
    ) -> Result<Vec<&SoftwareUnit>, TransferFault> {
        let one = match (uuid, url) {
            (None, "") => return Ok(self.all.iter().collect()),
            (None, url) => self.all.iter().find(|unit| self.url_of(unit) == url),
            (Some(uuid), _) => self.find(uuid),
        };
        Ok(vec![one.ok_or_else(unknown)?])
    }
}

fn unknown() -> TransferFault {
    let why = "no package that was installed beyond the firmware is this unit";
    TransferFault::new(code::UNKNOWN_UNIT, why)
}

fn check_environment(wanted: &str, there: &str) -> Result<(), TransferFault> {
    let is_there = wanted.is_empty() || wanted.trim_end_matches('.') == there;
    is_there.then_some(()).ok_or_else(|| {
        TransferFault::new(
            code::UNKNOWN_ENVIRONMENT,
            format!("the one of this box is {there}"),
        )
    })
}

fn check_version(unit: &SoftwareUnit, wanted: &str) -> Result<(), TransferFault> {
    let package = &unit.package;
    let is_there = wanted.is_empty() || *package.version == *wanted;
    is_there.then_some(()).ok_or_else(|| {
        let why = format!(
            "{} is installed in version {}",
            package.name, package.version
        );
        TransferFault::new(code::UNKNOWN_UNIT, why)
    })
}
