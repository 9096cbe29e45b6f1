//! The services of the box: what `/etc/init.d` has for procd to run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::base::file;
use crate::base::sort::sort_by;

/// How many services are shown: a full OpenWrt has 60.
const MAX_SERVICES: usize = 256;

/// The word by which a script says that procd runs its service stands within so many bytes.
const MAX_SCRIPT: usize = 64 * 1024;

/// That word.
const OF_PROCD: &[u8] = b"USE_PROCD=1";

/// Services that are neither stopped nor kept from starting: without them nobody reaches the box any
/// more, least of all its ACS, or everybody does.
const VITAL: [&str; 14] = [
    "boot", "cwmpd", "dnsmasq", "done", "firewall", "fstab", "netifd", "network", "procd", "rpcd",
    "system", "ubus", "ubusd", "wpad",
];

/// Whether the box, or its ACS, rests on this service.
pub fn is_vital(service: &str) -> bool {
    VITAL.contains(&service)
}

/// A service that procd runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitService {
    /// The name of its script, and of the service in procd.
    pub name: Box<str>,
    /// It is started with the box.
    pub is_enabled: bool,
}

/// Where the scripts and their links are.
#[derive(Clone, Debug)]
pub struct ServiceFolder {
    scripts: PathBuf,
    links: PathBuf,
}

impl ServiceFolder {
    /// Those of the box; with `command_dir` (`cpe.command_dir`) `init.d` and `rc.d` in that folder.
    pub fn new(command_dir: Option<&Path>) -> Self {
        let dir = command_dir.unwrap_or(Path::new("/etc"));
        Self {
            scripts: dir.join("init.d"),
            links: dir.join("rc.d"),
        }
    }

    /// The folders whose changes tell of other services.
    pub fn watched(&self) -> [&Path; 2] {
        [&self.scripts, &self.links]
    }

    /// The services, by their names; none where there are no scripts.
    pub fn services(&self) -> Vec<InitService> {
        let names = |dir: &Path| {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().into_string().ok())
        };
        // `S50cron` starts cron.
        let links = names(&self.links);
        let started = links.filter_map(|link| Some(link.strip_prefix('S')?.get(2..)?.to_owned()));
        let started: Vec<String> = started.collect();
        let mut services: Vec<InitService> = names(&self.scripts)
            .filter(|name| self.is_of_procd(name))
            .take(MAX_SERVICES)
            .map(|name| InitService {
                is_enabled: started.contains(&name),
                name: name.into(),
            })
            .collect();
        sort_by(&mut services, |a, b| a.name.cmp(&b.name));
        services
    }

    fn is_of_procd(&self, name: &str) -> bool {
        let path = self.scripts.join(name);
        let is_script = fs::metadata(&path)
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
        is_script
            && file::read_beginning(&path, MAX_SCRIPT)
                .is_ok_and(|script| script.windows(OF_PROCD.len()).any(|part| part == OF_PROCD))
    }
}

#[cfg(test)]
mod tests {
    use cwmpd_lab::Folder;

    use super::*;

    #[test]
    fn t49_services_are_the_scripts_of_procd_and_start_where_a_link_says_so() {
        let dir = Folder::new("services");
        for sub in ["init.d", "rc.d"] {
            fs::create_dir(dir.join(sub)).unwrap();
        }
        for (name, text, mode) in [
            (
                "cron",
                "#!/bin/sh /etc/rc.common\nSTART=50\nUSE_PROCD=1\n",
                0o755,
            ),
            ("boot", "#!/bin/sh /etc/rc.common\nSTART=10\n", 0o755),
            ("sleeper", "USE_PROCD=1\n", 0o755),
            ("notes.txt", "USE_PROCD=1\n", 0o644),
        ] {
            let path = dir.join("init.d").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        for link in ["S50cron", "K20sleeper", "S9", "S\u{e9}\u{e9}x"] {
            fs::write(dir.join("rc.d").join(link), "").unwrap();
        }
        let services = ServiceFolder::new(Some(&dir)).services();
        let services: Vec<(&str, bool)> =
            services.iter().map(|s| (&*s.name, s.is_enabled)).collect();
        assert_eq!(services, [("cron", true), ("sleeper", false)]);
        assert!(
            ServiceFolder::new(Some(Path::new("/nowhere")))
                .services()
                .is_empty()
        );
    }
}
