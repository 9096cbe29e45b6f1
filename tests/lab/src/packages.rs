//! A package manager in place of that of the box: opkg or apk, with their words, lists and exit codes,
//! over a folder. It installs text files, and writes down how it was run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const PROGRAM: &str = include_str!("packages.sh");

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packager {
    /// OpenWrt 14.07 to 24.10.
    Opkg,
    /// Since 25.12.
    Apk,
}

/// A box with a package manager, below a folder that stands for `/`, and for `cpe.command_dir`.
pub struct PackageBox {
    root: PathBuf,
    packager: Packager,
}

/// The text of a package file. `more` is any of `Depends: a, b`, `Service: name`, `Fault: words` (with
/// which it fails), `Removes: name` and `Stops: pid`, a line each.
pub fn package_file(name: &str, version: &str, more: &str) -> String {
    format!("Package: {name}\nVersion: {version}\n{more}\n")
}

impl PackageBox {
    /// A box on which the agent and the C library are installed, and nothing else.
    pub fn new(root: &Path, packager: Packager) -> Self {
        let made = Self {
            root: root.to_owned(),
            packager,
        };
        let (program, files): (_, &[(&str, &str)]) = match packager {
            Packager::Opkg => (
                "opkg",
                &[(
                    "usr/lib/opkg/status",
                    "Package: libc\nVersion: 1\nStatus: install ok installed\n\n\
                     Package: cwmpd\nVersion: 2\nDepends: libc, libssl\n\
                     Status: install ok installed\n\n\
                     Package: libssl\nVersion: 3\nStatus: install ok installed\n\n",
                )],
            ),
            Packager::Apk => (
                "apk",
                &[
                    (
                        "lib/apk/db/installed",
                        "P:libc\nV:1\n\nP:cwmpd\nV:2\nD:libc libssl\n\nP:libssl\nV:3\n\n",
                    ),
                    ("etc/apk/world", "busybox\n"),
                ],
            ),
        };
        for (file, text) in files {
            made.write(file, text);
        }
        let program = made.write(program, PROGRAM);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        made
    }

    /// The feeds of the box have this package.
    pub fn feed(&self, name: &str, version: &str, more: &str) {
        self.write(&format!("feed/{name}"), &package_file(name, version, more));
    }

    /// How it was run, a line each.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root.join("log")).unwrap_or_default()
    }

    /// The list of what is installed.
    pub fn list(&self) -> String {
        let list = match self.packager {
            Packager::Opkg => "usr/lib/opkg/status",
            Packager::Apk => "lib/apk/db/installed",
        };
        fs::read_to_string(self.root.join(list)).unwrap()
    }

    /// Whether a package of this name and version is installed.
    pub fn has(&self, name: &str, version: &str) -> bool {
        let (name, version) = match self.packager {
            Packager::Opkg => (
                format!("Package: {name}\n"),
                format!("Version: {version}\n"),
            ),
            Packager::Apk => (format!("P:{name}\n"), format!("V:{version}\n")),
        };
        let list = self.list();
        let mut paragraphs = list.split_inclusive("\n\n");
        paragraphs.any(|text| text.starts_with(&name) && text.contains(&version))
    }

    /// Writes a file of the box.
    pub fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}
