//! opkg's list of what is installed, `/usr/lib/opkg/status`: paragraphs of `Field: value`, each with
//! an empty line behind it. In 14.07 and in opkg-lede it is the same.

use std::path::Path;

use super::package::{InstalledPackage, is_name, name_of};
use super::{MAX_LIST_BYTES, MAX_PACKAGES};
use crate::base::file;

/// What the list says; what cannot be understood in it is passed over.
pub(super) fn packages(list: &[u8]) -> Vec<InstalledPackage> {
    let text = String::from_utf8_lossy(list);
    let mut packages = Vec::new();
    let mut here = Paragraph::default();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            packages.extend(std::mem::take(&mut here).end());
            if packages.len() >= MAX_PACKAGES {
                break;
            }
        } else if !line.starts_with([' ', '\t']) {
            if let Some((field, value)) = line.split_once(':') {
                here.take(field, value.trim());
            }
        }
    }
    packages
}

/// Whether the list is whole: opkg writes it anew in its place, so that somebody who reads it just
/// then sees the beginning only.
pub(super) fn is_whole(list: &[u8]) -> bool {
    list.ends_with(b"\n\n")
}

/// Adds what opkg keeps of a package in files of its own: the description, and which services it
/// brought.
pub(super) fn complete(package: &mut InstalledPackage, info: &Path) {
    let name = &package.name;
    let read = |ending: &str| {
        let read = file::read(&info.join(format!("{name}.{ending}")), MAX_LIST_BYTES);
        let read = read.unwrap_or_default();
        String::from_utf8_lossy(&read).into_owned()
    };
    let control = read("control");
    let mut described = control
        .lines()
        .filter_map(|l| l.strip_prefix("Description:"));
    let description = described.next().unwrap_or_default().trim().into();
    let list = read("list");
    let services = list
        .lines()
        .filter_map(|l| l.trim().strip_prefix("/etc/init.d/"));
    let services = services.filter(|service| !service.is_empty() && !service.contains('/'));
    let services = services.map(Box::from).collect();
    (package.description, package.services) = (description, services);
}

/// One package while it is read.
#[derive(Default)]
struct Paragraph {
    package: InstalledPackage,
    is_installed: bool,
}

impl Paragraph {
    fn take(&mut self, field: &str, value: &str) {
        let package = &mut self.package;
        match field {
            "Package" => package.name = value.into(),
            "Version" => package.version = value.into(),
            "Depends" | "Pre-Depends" => package.needs.extend(needs(value)),
            "Provides" => {
                let provided = value.split(',').filter_map(name_of);
                package.provides.extend(provided.map(Box::from));
            }
            // Such as `install user installed`: wanted, flags, and how it is.
            "Status" => {
                let mut words = value.split_whitespace().skip(1);
                let flags = words.next().unwrap_or_default();
                package.is_asked_for = flags.split(',').any(|flag| flag == "user");
                self.is_installed = words.next() == Some("installed");
            }
            "Installed-Time" => package.installed = value.parse().ok(),
            _ => {}
        }
    }

    fn end(self) -> Option<InstalledPackage> {
        let Self {
            package,
            is_installed,
        } = self;
        let is_package = is_installed && is_name(&package.name) && !package.version.is_empty();
        is_package.then_some(package)
    }
}

/// `libc, libssl (>= 3), a | b`.
fn needs(value: &str) -> impl Iterator<Item = Vec<Box<str>>> {
    let needs = value.split(',');
    let needs = needs.map(|need| need.split('|').filter_map(name_of).map(Box::from).collect());
    needs.filter(|need: &Vec<Box<str>>| !need.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: libc\nVersion: 1.2.5-r4\nDepends: libgcc1\n\
        Status: install ok installed\nArchitecture: mipsel_24kc\nInstalled-Time: 1700000000\n\n\
        Package: tcpdump\nVersion: 4.99.5-r1\nDepends: libc, libpcap1 (>= 1.10), a | b\n\
        Provides: sniffer\nStatus: install hold,user installed\nConffiles:\n /etc/x 0123\n\
        Installed-Time: 1700000500\n\nPackage: gone\nVersion: 1\n\
        Status: deinstall ok not-installed\n\nVersion: 2\nStatus: install user installed\n\n";

    #[test]
    fn t48_the_list_of_opkg_says_what_is_installed_and_who_wanted_it() {
        let packages = packages(STATUS.as_bytes());
        let [libc, tcpdump] = &packages[..] else {
            panic!("{packages:?}");
        };
        assert_eq!((&*libc.name, libc.is_asked_for), ("libc", false));
        assert!(tcpdump.is_asked_for);
        assert_eq!(&*tcpdump.version, "4.99.5-r1");
        assert_eq!(tcpdump.installed, Some(1_700_000_500));
        let any: Vec<Vec<Box<str>>> = vec![
            vec!["libc".into()],
            vec!["libpcap1".into()],
            vec!["a".into(), "b".into()],
        ];
        assert_eq!(tcpdump.needs, any);
        assert!(tcpdump.fills("sniffer") && tcpdump.fills("tcpdump") && !tcpdump.fills("libc"));
    }

    #[test]
    fn t51_a_list_that_is_being_written_is_known_as_such() {
        assert!(is_whole(STATUS.as_bytes()));
        for cut in [0, 10, STATUS.len() - 1] {
            assert!(!is_whole(&STATUS.as_bytes()[..cut]), "{cut}");
        }
    }
}
