//! The source `uci`: values, and changes of several packages at once.

use std::fs;

use cwmpd::datamodel::source::{Source, SourceError};
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;

/// The configuration of a box.
struct Configuration(Folder);

impl Configuration {
    /// A copy of the corpus.
    fn new(test: &str) -> Self {
        let folder = Folder::new(test);
        for package in crate::uci_corpus::PACKAGES {
            folder.file(package, crate::uci_corpus::text(package));
        }
        Self(folder)
    }

    fn source(&self) -> UciSource {
        UciSource::new(self.0.path())
    }

    fn text(&self, package: &str) -> String {
        fs::read_to_string(self.0.join(package)).unwrap()
    }
}

fn get(source: &mut UciSource, key: &str) -> Option<String> {
    source.get(key, &[]).map(|value| value.into_owned())
}

#[test]
fn values_are_read_by_name_by_index_and_by_instance() {
    let folder = Configuration::new("read");
    let source = &mut folder.source();
    assert_eq!(
        get(source, "network.lan.ipaddr").as_deref(),
        Some("192.168.1.1")
    );
    assert_eq!(
        get(source, "system.@system[0].hostname").as_deref(),
        Some("OpenWrt")
    );
    assert_eq!(
        source
            .get("network.@switch_vlan[{i}].ports", &[7, 1])
            .as_deref(),
        Some("0 6t")
    );
    assert_eq!(
        get(source, "network.lan.dns").as_deref(),
        Some("192.168.1.53,2001:db8::53")
    );
    assert_eq!(
        get(source, "dhcp.lan.dhcp_option").as_deref(),
        Some("6%2C192.168.1.53,option:ntp-server%2C192.168.1.1")
    );
    for absent in [
        "network.lan.none",
        "network.none.ipaddr",
        "none.lan.ipaddr",
        "nonsense",
    ] {
        assert_eq!(get(source, absent), None, "{absent}");
    }
    assert!(!source.volatile("network.lan.ipaddr"));
}

#[test]
fn keys_are_checked_when_they_are_declared() {
    let mut source = UciSource::new("/nowhere");
    for good in [
        "a.b.c",
        "a-b.c.d",
        "a.@b-c[0].d",
        "a.@b[{i}].c",
        "a.@[-1].c",
        "a.b{i}.c",
    ] {
        assert_eq!(source.declare(good, false), Ok(()), "{good}");
    }
    for bad in [
        "",
        "a",
        "a.b",
        "a.b.c.d",
        "../a.b.c",
        "a.@b.c",
        "a.@b[x].c",
        "a.b.c-d",
        ".b.c",
    ] {
        assert!(source.declare(bad, false).is_err(), "{bad}");
    }
}

#[test]
fn nothing_is_written_before_commit_and_all_of_it_then() {
    let folder = Configuration::new("commit");
    let source = &mut folder.source();
    source.stage("network.lan.ipaddr", &[], "10.0.0.1").unwrap();
    source
        .stage("system.@system[0].hostname", &[], "it's ours")
        .unwrap();
    assert_eq!(
        folder.text("network").as_bytes(),
        crate::uci_corpus::text("network")
    );
    assert_eq!(
        get(source, "network.lan.ipaddr").as_deref(),
        Some("192.168.1.1")
    );
    source.commit().unwrap();
    assert_eq!(
        get(source, "network.lan.ipaddr").as_deref(),
        Some("10.0.0.1")
    );
    assert_eq!(
        get(source, "system.@system[0].hostname").as_deref(),
        Some("it's ours")
    );
    let network = String::from_utf8(crate::uci_corpus::text("network")).unwrap();
    assert_eq!(
        folder.text("network"),
        network.replace("'192.168.1.1'", "'10.0.0.1'")
    );
    assert_eq!(source.touched(), ["network", "system"]);
    assert_eq!(source.touched(), Vec::<String>::new());
}

#[test]
fn rollback_forgets_and_undo_takes_back() {
    let folder = Configuration::new("undo");
    let source = &mut folder.source();
    source.stage("network.lan.ipaddr", &[], "10.0.0.1").unwrap();
    source.rollback();
    source.commit().unwrap();
    assert_eq!(
        folder.text("network").as_bytes(),
        crate::uci_corpus::text("network")
    );
    source.stage("network.lan.ipaddr", &[], "10.0.0.1").unwrap();
    source.stage("system.ntp.enabled", &[], "0").unwrap();
    source.commit().unwrap();
    source.undo().unwrap();
    for package in ["network", "system"] {
        assert_eq!(
            folder.text(package).as_bytes(),
            crate::uci_corpus::text(package)
        );
    }
    assert_eq!(get(source, "system.ntp.enabled").as_deref(), Some("1"));
    assert_eq!(source.touched(), Vec::<String>::new());
    source.undo().unwrap();
}

#[test]
fn a_package_that_cannot_be_written_takes_the_others_back() {
    let folder = Configuration::new("atomic");
    let source = &mut folder.source();
    source.stage("network.lan.ipaddr", &[], "10.0.0.1").unwrap();
    source.stage("system.ntp.enabled", &[], "0").unwrap();
    let broken = "config system\nnonsense\n";
    fs::write(folder.0.join("system"), broken).unwrap();
    let error = source.commit().unwrap_err();
    assert!(
        error.to_string().contains("system:2: invalid command"),
        "{error}"
    );
    assert_eq!(
        folder.text("network").as_bytes(),
        crate::uci_corpus::text("network")
    );
    assert_eq!(folder.text("system"), broken);
    assert_eq!(
        get(source, "network.lan.ipaddr").as_deref(),
        Some("192.168.1.1")
    );
    assert_eq!(source.touched(), Vec::<String>::new());
    source.commit().unwrap();
}

#[test]
fn undo_does_not_overwrite_what_another_program_wrote_since() {
    let folder = Configuration::new("since");
    let source = &mut folder.source();
    source.stage("network.lan.ipaddr", &[], "10.0.0.1").unwrap();
    source.commit().unwrap();
    let theirs = folder.text("network") + "# theirs\n";
    fs::write(folder.0.join("network"), &theirs).unwrap();
    assert!(matches!(source.undo(), Err(SourceError::Failed(_))));
    assert_eq!(folder.text("network"), theirs);
}

#[test]
fn a_change_of_another_program_is_seen_at_refresh_and_kept_by_a_commit() {
    let folder = Configuration::new("foreign");
    let source = &mut folder.source();
    assert_eq!(
        get(source, "network.lan.netmask").as_deref(),
        Some("255.255.255.0")
    );
    let theirs = folder
        .text("network")
        .replace("255.255.255.0", "255.255.0.0");
    fs::write(folder.0.join("network"), theirs).unwrap();
    source.stage("network.lan.ipaddr", &[], "10.0.0.1").unwrap();
    source.commit().unwrap();
    assert!(folder.text("network").contains("'255.255.0.0'"));
    fs::write(
        folder.0.join("network"),
        "config interface 'lan'\n\toption netmask x\n",
    )
    .unwrap();
    source.refresh();
    assert_eq!(get(source, "network.lan.netmask").as_deref(), Some("x"));
    fs::write(folder.0.join("network"), "broken").unwrap();
    source.refresh();
    assert_eq!(get(source, "network.lan.netmask").as_deref(), Some("x"));
    fs::remove_file(folder.0.join("network")).unwrap();
    source.refresh();
    assert_eq!(get(source, "network.lan.netmask"), None);
}

#[test]
fn an_empty_value_unsets_and_a_list_stays_a_list() {
    let folder = Configuration::new("empty");
    let source = &mut folder.source();
    source.stage("network.wan.username", &[], "").unwrap();
    source
        .stage("network.lan.dns", &[], "10.0.0.2, a%2Cb")
        .unwrap();
    source.commit().unwrap();
    assert_eq!(get(source, "network.wan.username"), None);
    assert_eq!(
        get(source, "network.lan.dns").as_deref(),
        Some("10.0.0.2,a%2Cb")
    );
    assert!(folder.text("network").contains("\toption username ''\n"));
    assert!(
        folder
            .text("network")
            .contains("\tlist dns '10.0.0.2'\n\tlist dns 'a,b'\n")
    );
}

#[test]
fn what_cannot_be_written_is_refused_when_it_is_staged() {
    let folder = Configuration::new("refuse");
    let source = &mut folder.source();
    let control = source.stage("network.wan.password", &[], "sesame\u{1}");
    let Err(SourceError::BadValue(why)) = control else {
        unreachable!("{control:?}");
    };
    assert!(!why.contains("sesame"));
    for key in ["network.none.ipaddr", "none.lan.ipaddr", "network.lan"] {
        let refused = source.stage(key, &[], "1");
        assert!(matches!(refused, Err(SourceError::Failed(_))), "{key}");
    }
}
