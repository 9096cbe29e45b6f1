//! apk's lists: what is installed, `/lib/apk/db/installed`, paragraphs of `X:value` with an empty
//! line behind each; and what somebody asked for, `/etc/apk/world`, a dependency a line. apk renames
//! each new one into its place, so that it is always whole.

use super::MAX_PACKAGES;
use super::package::{InstalledPackage, is_name, name_of};

/// Where services are, as apk writes the folder of a file.
const INIT_DIR: &str = "etc/init.d";

/// What the lists say; what cannot be understood in them is passed over.
pub(super) fn packages(list: &[u8], world: &[u8]) -> Vec<InstalledPackage> {
    let world = String::from_utf8_lossy(world);
    let asked: Vec<&str> = world.split_whitespace().filter_map(name_of).collect();
    let text = String::from_utf8_lossy(list);
    let mut packages = Vec::new();
    let (mut package, mut folder) = (InstalledPackage::default(), "");
    for line in text.lines().chain([""]) {
        let (field, value) = line.split_once(':').unwrap_or_default();
        match field {
            "P" => package.name = value.into(),
            "V" => package.version = value.into(),
            "T" => package.description = value.into(),
            "D" => {
                let needs = value.split_whitespace().filter_map(name_of);
                package.needs.extend(needs.map(|need| vec![need.into()]));
            }
            "p" => {
                let provided = value.split_whitespace().filter_map(name_of);
                package.provides.extend(provided.map(Box::from));
            }
            "F" => folder = value,
            "R" if folder == INIT_DIR && !value.contains('/') => {
                package.services.push(value.into());
            }
            _ => {}
        }
        if line.is_empty() {
            folder = "";
            let mut ended = std::mem::take(&mut package);
            if is_name(&ended.name) && !ended.version.is_empty() {
                ended.is_asked_for = asked.contains(&&*ended.name);
                packages.push(ended);
                if packages.len() >= MAX_PACKAGES {
                    break;
                }
            }
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: &str = "C:Q1abc=\nP:libpcap1\nV:1.10.5-r2\nA:mipsel_24kc\nS:1\nI:2\nT:\n\
        D:libc so:libx.so.1>=2 !old\np:so:libpcap.so.1=1\nF:usr\nF:usr/lib\nR:libpcap.so.1\n\n\
        P:tool\nV:2.0-r1\nT:A tool: it does\nD:libpcap1\nF:etc/init.d\nM:0:0:755\nR:tool\n\
        a:0:0:755\nF:usr/bin\nR:tool\n\nP:nothing\n\n";

    #[test]
    fn t48_the_lists_of_apk_say_what_is_installed_and_who_wanted_it() {
        let world = b"busybox\ntool><Q1x3Yz=\nother@edge~1.2\n";
        let packages = packages(INSTALLED.as_bytes(), world);
        let [library, tool] = &packages[..] else {
            panic!("{packages:?}");
        };
        let needs: Vec<Vec<Box<str>>> = vec![vec!["libc".into()], vec!["so:libx.so.1".into()]];
        assert_eq!((library.is_asked_for, &library.needs), (false, &needs));
        assert!(library.fills("so:libpcap.so.1"));
        assert!(tool.is_asked_for);
        assert_eq!(
            (&*tool.version, &*tool.description),
            ("2.0-r1", "A tool: it does")
        );
        assert_eq!(tool.services, [Box::from("tool")]);
    }
}
