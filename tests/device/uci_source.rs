//! The source `uci`: values, and changes of several packages at once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::source::{
    Declaration, Instance, Noticed, Reading, Slot, Source, SourceError,
};
use cwmpd::datamodel::types::ParamType;
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;

use crate::uci_corpus;

const STRING: ParamType = ParamType::of(XsdType::String);

/// The configuration of a box, and the source that serves it.
pub struct Served {
    pub folder: Folder,
    pub source: UciSource,
}

impl Served {
    /// A copy of the corpus.
    pub fn new(test: &str) -> Self {
        let folder = Folder::new(test);
        for package in uci_corpus::PACKAGES {
            folder.file(package, uci_corpus::text(package));
        }
        Self::of(folder)
    }

    pub fn of(folder: Folder) -> Self {
        let source = UciSource::new(folder.path());
        Self { folder, source }
    }

    /// Forgets all that was read, as at a start of the agent.
    pub fn restart(&mut self) {
        self.source = UciSource::new(self.folder.path());
    }

    pub fn text(&self, package: &str) -> String {
        fs::read_to_string(self.folder.join(package)).unwrap()
    }

    pub fn write(&self, package: &str, text: &str) {
        fs::write(self.folder.join(package), text).unwrap();
    }

    pub fn row(&mut self, key: &str) -> Slot {
        declare(&mut self.source, key, &STRING).unwrap()
    }

    pub fn table(&mut self, key: &str) -> Slot {
        self.table_below(key, 0)
    }

    /// A table in another one.
    pub fn table_in(&mut self, key: &str) -> Slot {
        self.table_below(key, 1)
    }

    fn table_below(&mut self, key: &str, tables: usize) -> Slot {
        let row = Declaration {
            kind: None,
            filtered: false,
            tables,
            writable: true,
        };
        self.source.declare(&row, key).unwrap()
    }

    pub fn get(&mut self, key: &str) -> Reading<'static> {
        self.get_of(key, "")
    }

    /// The value of a row in a table, of the instance that is called so.
    pub fn get_of(&mut self, key: &str, identity: &str) -> Reading<'static> {
        let slot = self.row(key);
        self.source.get(slot, &[called(identity)]).into_owned()
    }

    pub fn stage(&mut self, key: &str, value: &str) -> Result<(), SourceError> {
        self.stage_of(key, "", value)
    }

    pub fn stage_of(&mut self, key: &str, identity: &str, value: &str) -> Result<(), SourceError> {
        let slot = self.row(key);
        self.source.stage(slot, &[called(identity)], value)
    }

    /// The identities of a table, and what those were before that have changed.
    pub fn list(&mut self, table: &str, known: &[&str]) -> Option<Vec<(String, Option<String>)>> {
        let slot = self.table(table);
        let listed = self.source.list(slot, &[], known)?.into_iter();
        let pair = listed.map(|listed| (listed.identity.into(), listed.was.map(String::from)));
        Some(pair.collect())
    }

    pub fn identities(&mut self, table: &str) -> Vec<String> {
        let listed = self.list(table, &[]).unwrap().into_iter();
        listed.map(|(identity, _)| identity).collect()
    }

    pub fn remove(&mut self, table: &str, identity: &str) -> Result<(), SourceError> {
        let slot = self.table(table);
        self.source.stage_remove(slot, &[called(identity)])
    }
}

pub fn called(identity: &str) -> Instance<'_> {
    Instance {
        number: 1,
        identity: Some(identity),
    }
}

pub fn declare(source: &mut UciSource, key: &str, kind: &ParamType) -> Result<Slot, String> {
    let row = Declaration {
        kind: Some(kind),
        filtered: false,
        tables: 1,
        writable: true,
    };
    source.declare(&row, key)
}

pub fn value(text: &str) -> Reading<'static> {
    Reading::Value(text.to_owned().into())
}

#[test]
fn values_are_read_by_name_by_index_and_by_instance() {
    let mut box_ = Served::new("read");
    assert_eq!(box_.get("network.lan.ipaddr"), value("192.168.1.1"));
    assert_eq!(box_.get("system.@system[0].hostname"), value("OpenWrt"));
    assert_eq!(box_.get_of("network.{i}.proto", "wan"), value("pppoe"));
    assert_eq!(box_.get_of("network.{i}an.proto", "w"), value("pppoe"));
    assert_eq!(
        box_.get_of("network.lan.{i}addr", "ip"),
        value("192.168.1.1")
    );
    // In a table of the agent's own, the number stands in the key as it is.
    let own = Instance {
        number: 1,
        identity: None,
    };
    let slot = box_.row("network.@switch_vlan[{i}].ports");
    assert_eq!(box_.source.get(slot, &[own]), value("0 6t"));
    assert_eq!(
        box_.get("network.lan.dns"),
        value("192.168.1.53,2001:db8::53")
    );
    let options = "6%2C192.168.1.53,option:ntp-server%2C192.168.1.1";
    assert_eq!(box_.get("dhcp.lan.dhcp_option"), value(options));
    for absent in ["network.lan.none", "network.none.ipaddr"] {
        assert_eq!(box_.get(absent), Reading::Absent, "{absent}");
    }
    for odd in [
        "",
        "a b",
        "../x",
        "lan.dns",
        "@",
        "@[",
        "@rule[~zz]",
        "@x[lan]",
    ] {
        assert_eq!(
            box_.get_of("network.{i}.proto", odd),
            Reading::Absent,
            "{odd}"
        );
    }
    let slot = box_.row("network.lan.ipaddr");
    assert_eq!(box_.source.noticed(slot), Noticed::Pushed);
    assert!(box_.source.keeps_reports(slot));
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
        "a.{i}.c",
        "a.b.c_{i}",
        "a.b=t-y.p.c",
        "a.b_{i}=t.c",
        "a.b.c[]",
        "a.{i}.c[]",
    ] {
        declare(&mut source, good, &STRING).unwrap();
    }
    for (bad, why) in [
        ("", "name of a package"),
        ("a", "package.section.option"),
        ("a.b", "package.section.option"),
        ("a.b.c.d", "package.section.option"),
        ("../a.b.c", "name of a package"),
        ("{i}.b.c", "name of a package"),
        ("a.@b.c", "package.section.option"),
        ("a.@b", "package.section.option"),
        ("a.@b[x].c", "package.section.option"),
        ("a.@b[~1234].c", "package.section.option"),
        ("a.b.c-d", "package.section.option"),
        (".b.c", "name of a package"),
        ("a.b=.c", "type of a section"),
        ("a.b=t{i}.c", "type of a section"),
        ("a.=t.c", "package.section.option"),
        ("a.@b[0]=t.c", "package.section.option"),
        ("a.@b=t.c", "package.section.option"),
        ("a.b=t", "package.section.option"),
        ("a.b[].c", "package.section.option"),
        ("a.{i}.b_{i}", "2 {i}"),
    ] {
        let refused = declare(&mut source, bad, &STRING).unwrap_err();
        assert!(refused.contains(why), "{bad}: {refused}");
    }
    let mut table = |key: &str| {
        let row = Declaration {
            kind: None,
            filtered: false,
            tables: 0,
            writable: true,
        };
        source.declare(&row, key)
    };
    table("wireless.@wifi-iface").unwrap();
    for bad in ["a.b.c", "a.@", "a.@b[0]", "a.@b c", "a", "a.b", "a.@{i}"] {
        assert!(table(bad).unwrap_err().contains("package.@type"), "{bad}");
    }
}

#[test]
fn nothing_is_written_before_commit_and_all_of_it_then() {
    let mut box_ = Served::new("commit");
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.stage("system.@system[0].hostname", "it's ours")
        .unwrap();
    let network = String::from_utf8(uci_corpus::text("network")).unwrap();
    assert_eq!(box_.text("network"), network);
    assert_eq!(box_.get("network.lan.ipaddr"), value("192.168.1.1"));
    box_.source.commit().unwrap();
    assert_eq!(box_.get("network.lan.ipaddr"), value("10.0.0.1"));
    assert_eq!(box_.get("system.@system[0].hostname"), value("it's ours"));
    let changed = network.replace("'192.168.1.1'", "'10.0.0.1'");
    assert_eq!(box_.text("network"), changed);
    assert_eq!(box_.source.touched(), ["network", "system"]);
    assert_eq!(box_.source.touched(), Vec::<String>::new());
}

#[test]
fn rollback_forgets_and_undo_takes_back() {
    let mut box_ = Served::new("undo");
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.source.rollback();
    assert_eq!(box_.source.staged(), Vec::<String>::new());
    box_.source.commit().unwrap();
    assert_eq!(box_.text("network").as_bytes(), uci_corpus::text("network"));
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.stage("system.ntp.enabled", "0").unwrap();
    box_.source.commit().unwrap();
    box_.source.undo().unwrap();
    for package in ["network", "system"] {
        assert_eq!(box_.text(package).as_bytes(), uci_corpus::text(package));
    }
    assert_eq!(box_.get("system.ntp.enabled"), value("1"));
    assert_eq!(box_.source.touched(), Vec::<String>::new());
    box_.source.undo().unwrap();
}

#[test]
fn a_package_that_cannot_be_written_takes_the_others_back() {
    let mut box_ = Served::new("atomic");
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.stage("system.ntp.enabled", "0").unwrap();
    let broken = "config system\nnonsense\n";
    box_.write("system", broken);
    let error = box_.source.commit().unwrap_err().to_string();
    assert!(error.contains("system:2: invalid command"), "{error}");
    assert_eq!(box_.text("network").as_bytes(), uci_corpus::text("network"));
    assert_eq!(box_.text("system"), broken);
    assert_eq!(box_.get("network.lan.ipaddr"), value("192.168.1.1"));
    assert_eq!(box_.source.touched(), Vec::<String>::new());
    box_.source.commit().unwrap();
}

#[test]
fn undo_does_not_overwrite_what_another_program_wrote_since() {
    let mut box_ = Served::new("since");
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.source.commit().unwrap();
    let theirs = box_.text("network") + "# theirs\n";
    box_.write("network", &theirs);
    assert!(matches!(box_.source.undo(), Err(SourceError::Failed(_))));
    assert_eq!(box_.text("network"), theirs);
}

#[test]
fn a_change_of_another_program_is_seen_at_refresh_and_kept_by_a_commit() {
    let mut box_ = Served::new("foreign");
    assert_eq!(box_.get("network.lan.netmask"), value("255.255.255.0"));
    let theirs = box_.text("network").replace("255.255.255.0", "255.255.0.0");
    box_.write("network", &theirs);
    assert_eq!(box_.get("network.lan.netmask"), value("255.255.255.0"));
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.source.commit().unwrap();
    assert!(box_.text("network").contains("'255.255.0.0'"));
    assert!(box_.source.refresh(), "the commit itself");
    assert!(!box_.source.refresh());
    box_.write("network", "config interface 'lan'\n\toption netmask x\n");
    assert!(box_.source.refresh());
    assert!(!box_.source.refresh());
    assert_eq!(box_.get("network.lan.netmask"), value("x"));
}

#[test]
fn an_empty_value_unsets_and_a_list_stays_a_list() {
    let mut box_ = Served::new("empty");
    box_.stage("network.wan.username", "").unwrap();
    box_.stage("network.lan.dns", "10.0.0.2, a%2Cb").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(box_.get("network.wan.username"), Reading::Absent);
    assert_eq!(box_.get("network.lan.dns"), value("10.0.0.2,a%2Cb"));
    let text = box_.text("network");
    assert!(text.contains("\toption username ''\n"));
    assert!(text.contains("\tlist dns '10.0.0.2'\n\tlist dns 'a,b'\n"));
    box_.stage("network.lan.dns", "").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(box_.get("network.lan.dns"), Reading::Absent);
    assert!(!box_.text("network").contains("dns"));
}

#[test]
fn s05_a_row_or_a_key_that_is_a_list_is_written_as_a_list() {
    let mut box_ = Served::new("lists");
    let list = ParamType::parse("STRING[]").unwrap();
    let mut stage = |kind: &ParamType, key: &str, filtered: bool, text: &str| {
        let row = Declaration {
            kind: Some(kind),
            filtered,
            tables: 0,
            writable: true,
        };
        let slot = box_.source.declare(&row, key).unwrap();
        box_.source.stage(slot, &[], text).unwrap();
    };
    stage(&list, "network.lan.fresh", false, "a,b");
    stage(&list, "network.new=interface.fresh", false, "a,b");
    stage(
        &STRING,
        "network.lan.marked[]",
        false,
        " a b , 50%25%2Cc,, ",
    );
    stage(&STRING, "network.lan.text", false, "a,b");
    stage(&list, "network.lan.ipaddr", false, "10.0.0.1");
    stage(&list, "network.lan.netmask", true, "a,b");
    stage(&list, "network.lan.filtered[]", true, "a,b");
    box_.source.commit().unwrap();
    let text = box_.text("network");
    for lines in [
        "\tlist fresh 'a'\n\tlist fresh 'b'\n",
        "config interface 'new'\n\tlist fresh 'a'\n\tlist fresh 'b'\n",
        "\tlist marked 'a b'\n\tlist marked '50%,c'\n",
        "\toption text 'a,b'\n",
        "\tlist ipaddr '10.0.0.1'\n",
        // Behind a filter the text is not the row's, unless the key says so.
        "\toption netmask 'a,b'\n",
        "\tlist filtered 'a'\n\tlist filtered 'b'\n",
    ] {
        assert!(text.contains(lines), "{lines}{text}");
    }
    assert_eq!(box_.get("network.lan.marked[]"), value("a b,50%25%2Cc"));
}

#[test]
fn s05_an_item_without_text_is_none() {
    let mut box_ = Served::new("items");
    box_.write(
        "a",
        "config b 'b'\n\tlist c ''\n\tlist c 'x'\n\tlist c ''\n\tlist d ''\n",
    );
    assert_eq!(box_.get("a.b.c"), value("x"));
    assert_eq!(box_.get("a.b.d"), value(""));
    box_.stage("a.b.c", "x,y").unwrap();
    box_.stage("a.b.d", "").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(box_.text("a"), "config b 'b'\n\tlist c 'x'\n\tlist c 'y'\n");
}

#[test]
fn what_cannot_be_written_is_refused_when_it_is_staged() {
    let mut box_ = Served::new("refuse");
    let control = box_.stage("network.wan.password", "sesame\u{1}");
    let Err(SourceError::BadValue(why)) = control else {
        unreachable!("{control:?}");
    };
    assert!(!why.contains("sesame"));
    for key in ["network.net_{i}.ipaddr", "network.@interface[9].x"] {
        let Err(SourceError::Failed(why)) = box_.stage(key, "1") else {
            unreachable!("{key}");
        };
        assert!(why.contains("there is no section"), "{why}");
    }
    let huge = box_.stage("network.lan.ipaddr", &"x".repeat(1 << 20));
    assert!(matches!(huge, Err(SourceError::Full(_))), "{huge:?}");
    let table = box_.table("network.@interface");
    let read_only = Err(SourceError::ReadOnly);
    assert_eq!(box_.source.stage(table, &[], "1"), read_only);
    let row = box_.row("network.lan.ipaddr");
    assert_eq!(box_.source.stage_remove(row, &[called("lan")]), read_only);
    assert!(box_.source.stage_add(row, &[], 1).is_err());
    assert_eq!(box_.source.staged(), Vec::<String>::new());
}

#[test]
fn s01_another_mode_or_time_of_a_file_is_no_edit() {
    let mut box_ = Served::new("touched");
    box_.write("a", "config b 'b'\n\toption c '1'\n");
    assert!(box_.source.look_at("a"));
    let file = fs::File::open(box_.folder.join("a")).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .unwrap();
    assert!(!box_.source.look_at("a"));
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert!(!box_.source.look_at("a"));
    box_.write("a", "config b 'b'\n\toption c '2'\n");
    assert!(box_.source.look_at("a"));
    assert_eq!(box_.get("a.b.c"), value("2"));
}
