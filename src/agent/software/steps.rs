//! One operation of a ChangeDUState as steps, one for each unit that it concerns, and what may come of
//! each.

use std::path::Path;

use crate::base::secret::Secret;
use crate::base::uuid::Uuid;
use crate::cwmp::{DuKind, DuTask};
use crate::device::software::{PackageWish, PlannedChange, Prospect, SoftwareUnit};
use crate::device::sources::software::SoftwareSource;
use crate::soap::TransferFault;

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
            return Err(fault(
                9003,
                format!("the file is the package {name}, not {wanted}"),
            ));
        }
        match (self.kind, prospect.change) {
            (DuKind::Uninstall, _) | (DuKind::Update, Comes) => Ok(true),
            (DuKind::Install, Comes) if !is_unit => Ok(true),
            (DuKind::Install, _) => {
                let why = format!("{name} {before} is installed already: an update changes it");
                Err(fault(9026, why))
            }
            (DuKind::Update, Stays) if self.is_one_of_all => Ok(false),
            (DuKind::Update, Stays) => {
                let why = format!("{name} {version} is installed, and there is no newer one");
                Err(fault(9032, why))
            }
            (DuKind::Update, IsNewer | GoesBack | Goes) => Err(fault(
                9030,
                format!("{name} {before} is newer than what there is"),
            )),
        }
    }
}

/// A fault with a sentence.
pub(super) fn fault(code: u32, string: impl Into<String>) -> TransferFault {
    TransferFault {
        code,
        string: string.into(),
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
    let units = source.inventory().units();
    let of = |uuid: &Uuid| {
        units
            .iter()
            .find(|unit| source.uuid(&unit.package.name) == *uuid)
    };
    let unknown = || {
        fault(
            9028,
            "no package that was installed beyond the firmware is this unit",
        )
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
            if let Some(unit) = uuid.as_ref().and_then(of) {
                let why = format!("the unit of this UUID is installed: {}", unit.package.name);
                return Err(fault(9026, why));
            }
            Ok(vec![UnitStep {
                kind: DuKind::Install,
                is_one_of_all: false,
                name: None,
                uuid: uuid.clone(),
                url: url.clone(),
                username: username.clone(),
                password: password.clone(),
                prospect: None,
            }])
        }
        DuTask::Update {
            uuid,
            version,
            url,
            username,
            password,
        } => {
            let chosen: Vec<&SoftwareUnit> = match (uuid, url.is_empty()) {
                (Some(uuid), _) => vec![of(uuid).ok_or_else(unknown)?],
                (None, false) => {
                    let came = |unit: &&SoftwareUnit| {
                        let note = source.notes.of(&unit.package.name);
                        note.is_some_and(|note| note.url == *url)
                    };
                    vec![units.iter().find(came).ok_or_else(unknown)?]
                }
                (None, true) => units.iter().collect(),
            };
            let is_one_of_all = uuid.is_none() && url.is_empty();
            for unit in &chosen {
                check_version(unit, version)?;
            }
            let step = |unit: &SoftwareUnit| {
                let note = source.notes.of(&unit.package.name);
                let stored = note.map(|note| note.url.clone()).unwrap_or_default();
                UnitStep {
                    kind: DuKind::Update,
                    is_one_of_all,
                    name: Some(unit.package.name.to_string()),
                    uuid: None,
                    url: if url.is_empty() { stored } else { url.clone() },
                    username: username.clone(),
                    password: password.clone(),
                    prospect: None,
                }
            };
            Ok(chosen.into_iter().map(step).collect())
        }
        DuTask::Uninstall {
            uuid,
            version,
            environment: wanted,
        } => {
            check_environment(wanted, environment)?;
            let unit = of(uuid).ok_or_else(unknown)?;
            check_version(unit, version)?;
            if unit.is_of_firmware {
                let why = format!("{} belongs to the firmware of the box", unit.package.name);
                return Err(fault(9001, why));
            }
            Ok(vec![UnitStep {
                kind: DuKind::Uninstall,
                is_one_of_all: false,
                name: Some(unit.package.name.to_string()),
                uuid: None,
                url: String::new(),
                username: String::new(),
                password: Secret::default(),
                prospect: None,
            }])
        }
    }
}

fn check_environment(wanted: &str, there: &str) -> Result<(), TransferFault> {
    let is_there = wanted.is_empty() || wanted.trim_end_matches('.') == there;
    is_there
        .then_some(())
        .ok_or_else(|| fault(9023, format!("the one of this box is {there}")))
}

fn check_version(unit: &SoftwareUnit, wanted: &str) -> Result<(), TransferFault> {
    let package = &unit.package;
    let is_there = wanted.is_empty() || *package.version == *wanted;
    is_there.then_some(()).ok_or_else(|| {
        let why = format!(
            "{} is installed in version {}",
            package.name, package.version
        );
        fault(9028, why)
    })
}
