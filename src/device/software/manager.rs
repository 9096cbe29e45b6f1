//! Installing, updating and removing by opkg or apk. Whatever is asked of them, they first say what
//! they would do, and nothing is done that takes away what must stay.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::files::{ManagerKind, SoftwareFiles};
use super::inventory::protected;
use super::package::InstalledPackage;
use super::plan::{Plan, PlannedChange};
use super::words::fault_of;
use crate::base::file;
use crate::device::commands::{CommandError, Listen, System};
use crate::soap::{TransferFault, code};

/// How long a package manager may take: it fetches lists and what a package needs over a line that
/// may be slow, and writes to flash.
pub const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Programs that one operation may take, one after the other: the lists, the plan before and after,
/// and the deed.
pub const MAX_PROGRAMS: u32 = 4;

/// So much of what a program says is kept, from its beginning; the cause stands before what follows.
const MAX_OUTPUT: usize = 64 * 1024;

/// What is wanted of the package manager.
#[derive(Clone, Copy, Debug)]
pub enum PackageWish<'a> {
    /// The package in this file.
    File(&'a Path),
    /// The newest of this name that the feeds of the box have.
    Newest(&'a str),
    /// That this package goes.
    Gone(&'a str),
}

/// What a wish comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// The package that it is about.
    pub name: String,
    /// The version that will be there; of one that goes, the one that is.
    pub version: String,
    /// The version that is there now.
    pub before: Option<String>,
    /// What happens to it.
    pub change: PlannedChange,
}

/// The package manager of the box.
#[derive(Clone)]
pub struct PackageManager {
    kind: ManagerKind,
    files: SoftwareFiles,
    system: System,
}

impl PackageManager {
    /// The one whose lists there are.
    ///
    /// # Errors
    /// There is none, or its program is missing: a sentence.
    pub fn new(files: &SoftwareFiles, system: &System) -> Result<Self, String> {
        let kind = files
            .kind()
            .ok_or("this box has no package manager, neither opkg nor apk")?;
        let mut system = system.clone();
        system.limit = PATIENCE;
        let manager = Self {
            kind,
            files: files.clone(),
            system,
        };
        let program = manager.system.program(manager.program());
        program.map(|_| manager).map_err(|error| error.to_string())
    }

    /// What would come of a wish; nothing is changed yet.
    ///
    /// # Errors
    /// It cannot be, or must not: what it does to the agent, or to the way to the box, is 9001.
    pub fn look(&self, wish: PackageWish<'_>) -> Result<Prospect, TransferFault> {
        let packages = self.packages()?;
        let plan = match self.plan(wish) {
            // The lists of the feeds are in RAM: after a boot there are none.
            Err(fault)
                if NEEDS_LISTS.contains(&fault.code) && !matches!(wish, PackageWish::Gone(_)) =>
            {
                self.fetch_lists();
                self.plan(wish)?
            }
            plan => plan?,
        };
        guard(&plan, &packages)?;
        self.prospect(wish, &plan, &packages)
    }

    /// Carries the wish out, of which [`PackageManager::look`] gave this. The lists decide whether it
    /// was: opkg says that it succeeded where it did nothing. What it says is in the file `log`
    /// meanwhile: a package may stop the agent, and a pipe would break then, and the package manager
    /// with it.
    ///
    /// # Errors
    /// It was not.
    pub fn carry_out(
        &self,
        wish: PackageWish<'_>,
        prospect: &Prospect,
        log: &Path,
    ) -> Result<(), TransferFault> {
        let said = self.run_into(log, &self.arguments(wish, false));
        let packages = self.packages()?;
        let there = packages
            .iter()
            .find(|package| *package.name == *prospect.name);
        let is_done = match wish {
            PackageWish::Gone(_) => there.is_none(),
            PackageWish::File(_) | PackageWish::Newest(_) => {
                there.is_some_and(|package| *package.version == *prospect.version)
            }
        };
        match said {
            Ok(_) | Err(_) if is_done => Ok(()),
            Ok(output) => Err(fault_of(&output)),
            Err(fault) => Err(fault),
        }
    }

    /// Has the lists of the feeds fetched. Where that fails the old ones serve, or the wish says what
    /// is missing.
    pub fn fetch_lists(&self) {
        if let Err(fault) = self.run(&[OsStr::new("update")]) {
            log::warn!("the lists of the feeds: {}", fault.string);
        }
    }

    fn program(&self) -> &'static str {
        match self.kind {
            ManagerKind::Opkg => "opkg",
            ManagerKind::Apk => "apk",
        }
    }

    fn packages(&self) -> Result<Vec<InstalledPackage>, TransferFault> {
        self.files
            .installed(self.kind)
            .map_err(|error| TransferFault {
                code: code::INVALID_UNIT_STATE,
                string: format!("the list of installed packages: {error}"),
            })
    }

    fn plan(&self, wish: PackageWish<'_>) -> Result<Plan, TransferFault> {
        let said = self.run(&self.arguments(wish, true))?;
        Ok(match self.kind {
            ManagerKind::Opkg => Plan::of_opkg(&said),
            ManagerKind::Apk => Plan::of_apk(&said),
        })
    }

    /// The words for a wish, or for what would come of it. No name begins like an option, and
    /// paths are absolute.
    fn arguments<'w>(&self, wish: PackageWish<'w>, is_trial: bool) -> Vec<&'w OsStr> {
        let (trial, words, what): (_, &[&str], &OsStr) = match (self.kind, wish) {
            (ManagerKind::Opkg, PackageWish::File(file)) => {
                ("--noaction", &["install"], file.as_os_str())
            }
            (ManagerKind::Opkg, PackageWish::Newest(name)) => {
                ("--noaction", &["upgrade"], OsStr::new(name))
            }
            (ManagerKind::Opkg, PackageWish::Gone(name)) => {
                ("--noaction", &["--autoremove", "remove"], OsStr::new(name))
            }
            (ManagerKind::Apk, PackageWish::File(file)) => {
                ("--simulate", &["add"], file.as_os_str())
            }
            (ManagerKind::Apk, PackageWish::Newest(name)) => {
                ("--simulate", &["add", "--upgrade"], OsStr::new(name))
            }
            (ManagerKind::Apk, PackageWish::Gone(name)) => {
                ("--simulate", &["del"], OsStr::new(name))
            }
        };
        let trial = is_trial.then_some(OsStr::new(trial));
        let words = words.iter().map(|word| OsStr::new(*word));
        trial.into_iter().chain(words).chain([what]).collect()
    }

    fn prospect(
        &self,
        wish: PackageWish<'_>,
        plan: &Plan,
        packages: &[InstalledPackage],
    ) -> Result<Prospect, TransferFault> {
        let before = |name: &str| {
            let installed = packages.iter().find(|package| *package.name == *name);
            installed.map(|package| package.version.to_string())
        };
        let named = |name: &str| plan.steps.iter().find(|step| step.package == name);
        let nothing = |name: &str, what: &str| TransferFault {
            code: code::INVALID_UNIT_STATE,
            string: format!("{name}: {what}"),
        };
        let (name, step) = match wish {
            PackageWish::Gone(name) => {
                let step = named(name).filter(|step| step.change == PlannedChange::Goes);
                let step = step.ok_or_else(|| nothing(name, "others need it"))?;
                (name.to_owned(), Some(step))
            }
            PackageWish::Newest(name) => (name.to_owned(), named(name)),
            PackageWish::File(file) => match self.kind {
                // The first that it speaks of; what that needs comes behind.
                ManagerKind::Opkg => {
                    let step = plan.steps.first();
                    let step =
                        step.ok_or_else(|| nothing("the file", "opkg has nothing to say"))?;
                    (step.package.clone(), Some(step))
                }
                ManagerKind::Apk => {
                    let (name, version) = self.inside(file)?;
                    let Some(step) = named(&name) else {
                        return Ok(Prospect {
                            before: before(&name),
                            change: PlannedChange::Stays,
                            name,
                            version,
                        });
                    };
                    (name, Some(step))
                }
            },
        };
        let before = before(&name);
        let version = before.clone().unwrap_or_default();
        Ok(Prospect {
            version: match step.map(|step| (step.change, &step.version)) {
                Some((PlannedChange::Comes | PlannedChange::GoesBack, new)) => new.clone(),
                _ => version,
            },
            change: step.map_or(PlannedChange::Stays, |step| step.change),
            before,
            name,
        })
    }

    /// Name and version of the package in a file of apk.
    fn inside(&self, file: &Path) -> Result<(String, String), TransferFault> {
        let dump = self.run(&[OsStr::new("adbdump"), file.as_os_str()])?;
        let field = |name: &str| {
            let mut lines = dump.lines().map(str::trim);
            let value = lines.find_map(|line| line.strip_prefix(name))?;
            let value = value.trim().trim_matches('"');
            (!value.is_empty()).then(|| value.to_owned())
        };
        field("name:").zip(field("version:")).ok_or_else(|| {
            TransferFault::new(
                code::FILE_CORRUPTED,
                "the file does not say which package it is".to_owned(),
            )
        })
    }

    fn run(&self, arguments: &[&OsStr]) -> Result<String, TransferFault> {
        let mut said = Vec::new();
        let mut take = |piece: &[u8]| {
            let room = MAX_OUTPUT.saturating_sub(said.len());
            said.extend(piece.iter().take(room));
            Ok(())
        };
        let ran = self
            .system
            .run(self.program(), arguments, Listen::All(&mut take));
        outcome(ran, &said)
    }

    fn run_into(&self, log: &Path, arguments: &[&OsStr]) -> Result<String, TransferFault> {
        let _ = fs::remove_file(log);
        let file = File::options().create_new(true).append(true).open(log);
        let file = file.map_err(|error| {
            let why = format!("{}: {error}", log.display());
            TransferFault::new(code::REQUEST_DENIED, why)
        })?;
        let listen = Listen::Into(&file);
        let ran = self.system.run(self.program(), arguments, listen);
        let said = file::read_beginning(log, MAX_OUTPUT).unwrap_or_default();
        let _ = fs::remove_file(log);
        outcome(ran, &said)
    }
}

/// What a program said, or the fault that it means.
fn outcome(ran: Result<(), CommandError>, said: &[u8]) -> Result<String, TransferFault> {
    let said = String::from_utf8_lossy(said).into_owned();
    match ran {
        Ok(()) => Ok(said),
        Err(CommandError::Failed(..)) => Err(fault_of(&said)),
        Err(error) => Err(TransferFault::new(code::REQUEST_DENIED, error)),
    }
}

/// Faults that lists of the feeds may help against.
const NEEDS_LISTS: [u32; 2] = [code::INCOMPLETE_DOWNLOAD, code::ENVIRONMENT_MISMATCH];

/// Refuses what would take away, or set back, what must stay.
fn guard(plan: &Plan, packages: &[InstalledPackage]) -> Result<(), TransferFault> {
    let protected = protected(packages);
    let harms = |change| matches!(change, PlannedChange::Goes | PlannedChange::GoesBack);
    let mut steps = plan.steps.iter().filter(|step| harms(step.change));
    let harmed = steps.find(|step| protected.contains(&*step.package));
    match harmed {
        None => Ok(()),
        Some(step) => Err(TransferFault {
            code: code::REQUEST_DENIED,
            string: format!(
                "{} would be taken away or set back by it, and this agent or the way to the box \
                 rests on it",
                step.package
            ),
        }),
    }
}
