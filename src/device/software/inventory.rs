//! What the lists say, as it was when they were last read.

use std::collections::BTreeSet;
use std::io;
use std::time::SystemTime;

use super::files::{ManagerKind, SoftwareFiles};
use super::package::{InstalledPackage, SoftwareUnit};
use crate::base::sort::sort_by;
use crate::base::stamp::Stamp;

/// The agent's own package: what begins so is a part of it (`cwmpd-full`, `cwmpd-settings`).
const OWN_PACKAGE: &str = "cwmpd";

/// Besides what the agent needs: without these a box does not start, or nobody reaches it.
const VITAL_PACKAGES: [&str; 12] = [
    "apk-mbedtls",
    "apk-openssl",
    "base-files",
    "busybox",
    "dropbear",
    "fstools",
    "kernel",
    "libc",
    "netifd",
    "opkg",
    "procd",
    "ubus",
];

/// The units of the box.
#[derive(Debug, Default)]
pub struct Inventory {
    kind: Option<ManagerKind>,
    units: Vec<SoftwareUnit>,
    /// The lists were read at least once, or there are none.
    is_known: bool,
    /// The list that was read, where each later change of it shows.
    read: Option<Stamp>,
    /// Why the list was not understood when it was last looked at.
    trouble: Option<String>,
}

impl Inventory {
    /// The package manager that keeps the lists; `None` where there is none.
    pub fn kind(&self) -> Option<ManagerKind> {
        self.kind
    }

    /// The units, by their names.
    pub fn units(&self) -> &[SoftwareUnit] {
        &self.units
    }

    /// The unit of this name.
    pub fn unit(&self, name: &str) -> Option<&SoftwareUnit> {
        self.units.iter().find(|unit| *unit.package.name == *name)
    }

    /// Whether the lists were read at least once, or there are none.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Follows the lists, where they are others than before; whether they say something else.
    /// While they cannot be read, all stays as it was.
    pub fn follow(&mut self, files: &SoftwareFiles) -> bool {
        let kind = files.kind();
        let Some(kind) = kind else {
            let is_news = !self.is_known || self.kind.is_some();
            *self = Self {
                is_known: true,
                ..Self::default()
            };
            return is_news;
        };
        let stamp = Stamp::of(&files.list(kind));
        if self.kind == Some(kind) && stamp.is_some() && stamp == self.read {
            return false;
        }
        let now = SystemTime::now();
        match read(files, kind) {
            Ok(units) => {
                let is_news = !self.is_known || units != self.units;
                *self = Self {
                    kind: Some(kind),
                    units,
                    is_known: true,
                    read: stamp.filter(|stamp| stamp.is_settled(now)),
                    trouble: None,
                };
                is_news
            }
            Err(error) => {
                self.kind = Some(kind);
                let why = error.to_string();
                // Somebody is about to write it: that is no trouble.
                let is_news = error.kind() != io::ErrorKind::WouldBlock
                    && self.trouble.as_ref() != Some(&why);
                if is_news {
                    let list = files.list(kind);
                    log::warn!("{}: {why}; what it said before stays", list.display());
                    self.trouble = Some(why);
                }
                false
            }
        }
    }
}

fn read(files: &SoftwareFiles, kind: ManagerKind) -> io::Result<Vec<SoftwareUnit>> {
    let packages = files.installed(kind)?;
    if packages.is_empty() {
        // Not even the C library: no box is like this.
        let why = "it has no package that can be understood";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    let firmware = files.of_firmware(kind);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for package in &packages {
        names.insert(&package.name);
        names.extend(package.provides.iter().map(|provided| &**provided));
    }
    let mut units: Vec<SoftwareUnit> = Vec::new();
    for package in packages.iter().filter(|package| package.is_asked_for) {
        let shipped = firmware.iter().find(|shipped| shipped.name == package.name);
        if shipped.is_some_and(|shipped| shipped.version == package.version) {
            continue;
        }
        let is_filled = |need: &Vec<Box<str>>| need.iter().any(|name| names.contains(&**name));
        units.push(SoftwareUnit {
            is_resolved: package.needs.iter().all(is_filled),
            is_of_firmware: shipped.is_some(),
            package: package.clone(),
        });
    }
    sort_by(&mut units, |a, b| a.package.name.cmp(&b.package.name));
    units.dedup_by(|a, b| a.package.name == b.package.name);
    for unit in &mut units {
        files.complete(kind, &mut unit.package);
    }
    Ok(units)
}

/// The packages that must neither go nor be set back: the agent, what keeps the box within reach,
/// and all that these need.
pub(super) fn protected(packages: &[InstalledPackage]) -> BTreeSet<&str> {
    let is_own = |name: &str| {
        let rest = name.strip_prefix(OWN_PACKAGE);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let is_first = |package: &&InstalledPackage| {
        let name = &*package.name;
        is_own(name) || VITAL_PACKAGES.contains(&name)
    };
    let mut waiting: Vec<&InstalledPackage> = packages.iter().filter(is_first).collect();
    let mut protected = BTreeSet::new();
    while let Some(package) = waiting.pop() {
        if !protected.insert(&*package.name) {
            continue;
        }
        for need in package.needs.iter().flatten() {
            waiting.extend(packages.iter().filter(|other| other.fills(need)));
        }
    }
    protected
}
