//! Which root the rows of a folder are for, Device:2 (TR-181) or InternetGatewayDevice:1 (TR-098).
//! Those of the one below the other would be a box of which an ACS knows hardly a name, so rows whose
//! standard is beyond doubt decide, and the difference is told.

use crate::base::config::{DEFAULT_ROOT, IGD_ROOT};
use crate::datamodel::row::Row;

/// What tells a root by its rows.
struct KnownRoot {
    name: &'static str,
    /// Names at the top that the other standard does not have.
    own: &'static [&'static str],
    /// The folder with the rows that are shipped for it.
    folder: &'static str,
}

const ROOTS: [KnownRoot; 2] = [
    KnownRoot {
        name: DEFAULT_ROOT,
        own: &["RootDataModelVersion", "IP", "Ethernet", "WiFi"],
        folder: "/etc/cwmpd",
    },
    KnownRoot {
        name: IGD_ROOT,
        own: &[
            "LANDevice",
            "WANDevice",
            "LANInterfaces",
            "Layer3Forwarding",
        ],
        folder: "/etc/cwmpd-igd",
    },
];

impl KnownRoot {
    /// The first row that is this root's beyond doubt.
    fn first_of(&self, rows: &[Row]) -> Option<usize> {
        let top = |row: &Row| row.name.split('.').next().unwrap_or_default().to_owned();
        rows.iter().position(|row| self.own.contains(&&*top(row)))
    }
}

/// The root of these rows, and what there is to say of one of them, where `wanted` is configured.
pub fn choose<'a>(wanted: &'a str, rows: &[Row]) -> (&'a str, Option<(usize, String)>) {
    let find = |is_wanted: bool| ROOTS.iter().find(|root| (root.name == wanted) == is_wanted);
    let (Some(configured), Some(other)) = (find(true), find(false)) else {
        return (wanted, None);
    };
    let Some(foreign) = other.first_of(rows) else {
        return (wanted, None);
    };
    let name = other.name;
    if configured.first_of(rows).is_some() {
        let why =
            format!("is a row for the root {name}, among those for {wanted}: remove its file");
        return (wanted, Some((foreign, why)));
    }
    let folder = configured.folder;
    let why = format!(
        "is a row for the root {name}, but cpe.root is {wanted}: the root is {name} all the same; set \
         cpe.root to it, or start the agent with -p {folder}, where the rows for {wanted} are"
    );
    (name, Some((foreign, why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wanted: &str, names: &[&str]) -> (String, Option<(usize, String)>) {
        let row = |name: &&str| Row::parse(&format!("{name};ANY")).unwrap();
        let rows: Vec<Row> = names.iter().map(row).collect();
        let (root, said) = choose(wanted, &rows);
        (root.to_owned(), said)
    }

    #[test]
    fn s19_rows_beyond_doubt_decide_on_the_root_and_say_which_folder_is_the_other() {
        let tr181 = ["DeviceInfo.", "IP.", "X_ACME_.IP."];
        let tr098 = ["DeviceInfo.", "LANDevice.", "WANDevice."];
        assert_eq!(chosen(DEFAULT_ROOT, &tr181), (DEFAULT_ROOT.into(), None));
        assert_eq!(chosen(IGD_ROOT, &tr098), (IGD_ROOT.into(), None));
        let (root, said) = chosen(IGD_ROOT, &tr181);
        let (row, why) = said.unwrap();
        assert_eq!((&*root, row), (DEFAULT_ROOT, 1));
        assert!(why.contains("-p /etc/cwmpd-igd,"), "{why}");
        let (root, said) = chosen(DEFAULT_ROOT, &tr098);
        let (row, why) = said.unwrap();
        assert_eq!((&*root, row), (IGD_ROOT, 1));
        assert!(why.contains("-p /etc/cwmpd,"), "{why}");
    }

    #[test]
    fn s19_without_such_rows_or_with_those_of_both_the_option_decides() {
        for wanted in [DEFAULT_ROOT, IGD_ROOT, "X."] {
            let plain = ["DeviceInfo.", "DeviceSummary.", "X_IP."];
            assert_eq!(chosen(wanted, &plain), (wanted.into(), None));
            assert_eq!(chosen(wanted, &[]), (wanted.into(), None));
        }
        let (root, said) = chosen(IGD_ROOT, &["LANDevice.", "IP."]);
        let (row, why) = said.unwrap();
        assert_eq!((&*root, row), (IGD_ROOT, 1));
        assert!(why.contains("remove its file"), "{why}");
    }
}
