//! What is not there yet is made when it is set: options, sections, files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cwmpd::datamodel::source::{Reading, Source};
use cwmpd_lab::Folder;

use crate::uci_source::{Served, called, value};

fn served(test: &str, files: &[(&str, &str)]) -> Served {
    let folder = Folder::new(test);
    for (package, text) in files {
        folder.file(package, text);
    }
    Served::of(folder)
}

/// Sets each, all in one change.
fn set(box_: &mut Served, values: &[(&str, &str)]) {
    for (key, value) in values {
        box_.stage(key, value).unwrap();
    }
    box_.source.commit().unwrap();
}

#[test]
fn s04_a_file_is_made_with_the_sections_that_its_options_need() {
    let mut box_ = served("file", &[]);
    assert_eq!(box_.get("cwmpd.cpe.userid"), Reading::Unknown);
    set(
        &mut box_,
        &[
            ("cwmpd.cpe.userid", "acs"),
            ("cwmpd.acs.url", "http://acs/"),
            ("cwmpd.cpe.passwd", "it's"),
            ("system.@system[0].hostname", "box"),
            ("system.ntp=timeserver.enabled", "1"),
            ("system.@system[0].timezone", "UTC"),
        ],
    );
    assert_eq!(
        box_.text("cwmpd"),
        "\nconfig cpe 'cpe'\n\toption userid 'acs'\n\toption passwd 'it'\\''s'\n\n\
         config acs 'acs'\n\toption url 'http://acs/'\n"
    );
    assert_eq!(
        box_.text("system"),
        "\nconfig system\n\toption hostname 'box'\n\toption timezone 'UTC'\n\n\
         config timeserver 'ntp'\n\toption enabled '1'\n"
    );
    for package in ["cwmpd", "system"] {
        let metadata = fs::metadata(box_.folder.join(package)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{package}");
    }
    assert_eq!(box_.source.touched(), ["cwmpd", "system"]);
    assert_eq!(box_.get("system.ntp=timeserver.enabled"), value("1"));
    assert_eq!(box_.get("system.@system[-1].hostname"), value("box"));
}

#[test]
fn s04_what_is_there_is_used_and_not_made_twice() {
    let files = [
        ("cwmpd", "config acs\n\toption url 'http://a/'\n"),
        ("system", "config system\n\toption hostname 'a'\n"),
    ];
    let mut box_ = served("there", &files);
    assert_eq!(box_.get("cwmpd.acs.url"), value("http://a/"));
    set(
        &mut box_,
        &[
            ("cwmpd.acs.url", "http://b/"),
            ("cwmpd.acs.userid", "box"),
            ("cwmpd.cpe.userid", "acs"),
            ("system.@system[0].hostname", "b"),
            ("system.@system[1].hostname", "c"),
        ],
    );
    assert_eq!(
        box_.text("cwmpd"),
        "config acs\n\toption url 'http://b/'\n\toption userid 'box'\n\n\
         config cpe 'cpe'\n\toption userid 'acs'\n"
    );
    assert_eq!(
        box_.text("system"),
        "config system\n\toption hostname 'b'\n\nconfig system\n\toption hostname 'c'\n"
    );
}

#[test]
fn s04_a_section_of_the_type_is_meant_where_none_has_the_name() {
    let one = "config acs\n\toption url 'a'\n";
    let named = "config acs 'acs'\n\toption url 'b'\n";
    let other = "config acs 'other'\n\toption url 'c'\n";
    for (text, read) in [
        (one.to_owned(), value("a")),
        (format!("{one}{other}"), value("a")),
        (format!("{other}{one}"), value("a")),
        (format!("{one}{named}"), value("b")),
        (format!("{one}{}", one.replace("'a'", "'c'")), value("a")),
        (other.to_owned(), value("c")),
    ] {
        let mut box_ = served("meant", &[("cwmpd", &text)]);
        assert_eq!(box_.get("cwmpd.acs.url"), read, "{text}");
        // Nor is one of another type than its name.
        assert_eq!(box_.get("cwmpd.x=acs.url"), Reading::Absent, "{text}");
        set(&mut box_, &[("cwmpd.acs.url", "d")]);
        assert_eq!(box_.get("cwmpd.acs.url"), value("d"), "{text}");
        let sections = box_.text("cwmpd").matches("config").count();
        assert_eq!(sections, text.matches("config").count(), "{text}");
    }
}

#[test]
fn s04_a_section_in_a_table_of_the_agents_own_is_made_where_the_key_says_its_type() {
    let mut box_ = served("own", &[]);
    let row = box_.row("network.net_{i}=interface.proto");
    box_.source.stage(row, &[called("7")], "dhcp").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(
        box_.text("network"),
        "\nconfig interface 'net_7'\n\toption proto 'dhcp'\n"
    );
    // A section of a table of its own, which is gone, is not made again.
    let row = box_.row("network.{i}.proto");
    let refused = box_
        .source
        .stage(row, &[called("wan")], "dhcp")
        .unwrap_err();
    assert!(
        refused.to_string().contains("no section 'wan'"),
        "{refused}"
    );
}

#[test]
fn s04_nothing_is_made_to_say_nothing() {
    let mut box_ = served("nothing", &[]);
    set(&mut box_, &[("cwmpd.cpe.userid", ""), ("a.b.c[]", " , ")]);
    assert_eq!(fs::read_dir(box_.folder.path()).unwrap().count(), 0);
    assert_eq!(box_.source.touched(), Vec::<String>::new());
}

#[test]
fn s04_what_was_made_goes_again_with_its_change() {
    let mut box_ = served("undo", &[("cwmpd", "# mine\n")]);
    set(
        &mut box_,
        &[("cwmpd.cpe.userid", "acs"), ("system.@system[0].zone", "x")],
    );
    box_.source.undo().unwrap();
    assert_eq!(box_.text("cwmpd"), "# mine\n");
    assert!(!box_.folder.join("system").exists());
    // The last of several files cannot be made.
    fs::create_dir(box_.folder.join("zzz")).unwrap();
    box_.stage("cwmpd.cpe.userid", "acs").unwrap();
    box_.stage("system.@system[0].zone", "x").unwrap();
    box_.source.refresh();
    let refused = box_
        .stage("zzz.a.b", "1")
        .and_then(|()| box_.source.commit());
    assert!(refused.is_err());
    box_.source.rollback();
    assert_eq!(box_.text("cwmpd"), "# mine\n");
    assert!(!box_.folder.join("system").exists());
}

#[test]
fn s04_a_power_cut_is_made_up_for_also_where_nothing_was_there() {
    let keys = [
        ("cwmpd.cpe.userid", "acs"),
        ("system.@system[0].hostname", "box"),
        ("system.@system[0].timezone", "UTC"),
        ("system.ntp=timeserver.enabled", "1"),
    ];
    let mut box_ = served("cut", &[]);
    for (key, value) in keys {
        box_.stage(key, value).unwrap();
    }
    let lines = box_.source.staged();
    box_.source.commit().unwrap();
    let after = [box_.text("cwmpd"), box_.text("system")];
    // Cut before the first, within the first (libuci's empty file), between, and behind the last.
    for written in 0..4 {
        let folder = Folder::new("cut-again");
        match written {
            0 => {}
            1 => drop(folder.file("cwmpd", "")),
            2 => drop(folder.file("cwmpd", &after[0])),
            _ => {
                folder.file("cwmpd", &after[0]);
                folder.file("system", &after[1]);
            }
        }
        let mut again = Served::of(folder);
        for _ in 0..2 {
            for line in &lines {
                again.source.replay(line).unwrap();
            }
            assert_eq!([again.text("cwmpd"), again.text("system")], after);
        }
    }
    // What somebody made in between stays.
    let theirs = "config system\n\toption hostname 'mine'\n";
    let mut again = served("cut-theirs", &[("system", theirs)]);
    for line in &lines {
        again.source.replay(line).unwrap();
    }
    assert_eq!(again.get("system.@system[0].hostname"), value("mine"));
    assert_eq!(again.get("system.@system[0].timezone"), value("UTC"));
    assert_eq!(again.text("system").matches("config system").count(), 1);
}
