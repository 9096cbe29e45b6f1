//! Reading and editing UCI files, without libuci at hand; `uci_oracle.rs` compares with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cwmpd::device::uci::{Document, UciError, Value, load, restore, update};
use cwmpd_lab::Folder;
use proptest::prelude::*;

use crate::uci_corpus::{PACKAGES, document, folder, show, text};

fn parse(text: &str) -> Result<Document, UciError> {
    Document::parse("test", text.as_bytes().to_vec())
}

fn edited(text: &str, edit: impl Fn(&mut Document) -> Result<(), UciError>) -> String {
    let mut document = parse(text).unwrap();
    edit(&mut document).unwrap();
    String::from_utf8(document.bytes().to_vec()).unwrap()
}

#[test]
fn files_of_a_box_read_as_uci_shows_them() {
    for package in PACKAGES {
        let shown = fs::read_to_string(folder().join(format!("{package}.show"))).unwrap();
        assert_eq!(show(package, &document(package)), shown, "{package}");
    }
}

#[test]
fn sections_are_found_by_name_and_by_type_and_index() {
    let network = document("network");
    let device = |section: &str| network.get(section, "ports").cloned();
    assert_eq!(device("@switch_vlan[1]"), device("@switch_vlan[-1]"));
    assert_eq!(
        device("@switch_vlan[0]"),
        Some(Value::One("1 2 3 4 6t".into()))
    );
    assert_eq!(device("@switch_vlan[-2]"), device("@switch_vlan[0]"));
    assert_eq!(
        network.section("@[0]").unwrap().name.as_deref(),
        Some("loopback")
    );
    assert_eq!(
        network.section("@interface[1]").unwrap().name.as_deref(),
        Some("lan")
    );
    for missing in [
        "nowhere",
        "@switch_vlan[2]",
        "@switch_vlan[-3]",
        "@x",
        "@x[",
        "@switch[z]",
        "",
    ] {
        assert!(network.section(missing).is_none(), "{missing}");
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    for (text, line, why) in [
        ("config\n", 1, "invalid command"),
        ("config ''\n", 1, "insufficient arguments"),
        ("\n\noption a b\n", 3, "before the first section"),
        ("config a\nopt a b\n", 2, "invalid command"),
        ("config a\noption a-b c\n", 2, "invalid character"),
        ("config a\noption a b c\n", 2, "too many arguments"),
        ("config a 'b c'\n", 1, "invalid character"),
        ("config a\noption a 'b\n\n", 3, "unterminated '"),
        ("config a\noption a \"b\\\n", 2, "unterminated \""),
        ("config a x\nconfig b x\n", 2, "different type"),
        ("config a\noption a 'b\0'\n", 2, "NUL"),
        ("config a\noption a b ;\n", 2, "invalid command"),
    ] {
        let error = parse(text).err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("test:{line}: ")),
            "{text:?}: {error}"
        );
        assert!(error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn a_file_without_bounds_is_refused() {
    let large = vec![b'#'; cwmpd::device::uci::MAX_FILE_BYTES + 1];
    assert!(matches!(
        Document::parse("x", large),
        Err(UciError::TooLarge { .. })
    ));
    let many = "c a\n".repeat(cwmpd::device::uci::MAX_STATEMENTS + 1);
    assert!(matches!(parse(&many), Err(UciError::TooLarge { .. })));
}

#[test]
fn setting_an_option_touches_its_value_alone() {
    let before = "# mine\nconfig a 'x'\n  option  one   1 # why\n\toption two\t\"2\"\n\n# end\n";
    assert_eq!(
        edited(before, |d| d.set("x", "one", "uno")),
        before.replace("   1 #", "   'uno' #")
    );
    assert_eq!(
        edited(before, |d| d.set("x", "two", "it's")),
        before.replace("\"2\"", "'it'\\''s'")
    );
    assert_eq!(edited(before, |d| d.set("x", "one", "1")), before);
    assert_eq!(
        edited(before, |d| d.set("x", "three", "3")),
        before.replace("\"2\"\n", "\"2\"\n\toption three '3'\n")
    );
}

#[test]
fn an_empty_value_unsets_the_option_and_keeps_its_line() {
    let before = "config a 'x'\n\toption one '1' # why\n";
    let after = edited(before, |d| d.set("x", "one", ""));
    assert_eq!(after, before.replace("'1'", "''"));
    assert_eq!(parse(&after).unwrap().get("x", "one"), None);
    assert_eq!(
        edited(&after, |d| d.set("x", "one", "2")),
        before.replace('1', "2")
    );
    assert_eq!(edited(before, |d| d.set("x", "two", "")), before);
    let twice = "config a 'x'\n\toption one '1'\n\toption one '2'\n";
    assert_eq!(
        edited(twice, |d| d.set("x", "one", "")),
        "config a 'x'\n\toption one ''\n"
    );
    let bare = "config a 'x'\n\toption one\n";
    assert_eq!(
        edited(bare, |d| d.set("x", "one", "1")),
        "config a 'x'\n\toption one '1'\n"
    );
}

#[test]
fn lists_grow_and_shrink_in_place() {
    let before = "config a 'x'\n\tlist l '1'\n\toption o 'p'\n\tlist l '2' # two\n";
    assert_eq!(
        edited(before, |d| d.set_list("x", "l", &["1", "2", "3"])),
        format!("{before}\tlist l '3'\n")
    );
    assert_eq!(
        edited(before, |d| d.set_list("x", "l", &["1", "zwei"])),
        before.replace("'2'", "'zwei'")
    );
    assert_eq!(
        edited(before, |d| d.set_list("x", "l", &["2"])),
        "config a 'x'\n\tlist l '2'\n\toption o 'p'\n\t # two\n"
    );
    assert_eq!(
        edited(before, |d| d.set_list("x", "l", &[])),
        "config a 'x'\n\toption o 'p'\n\t # two\n"
    );
    assert_eq!(
        edited(before, |d| d.set_list("x", "o", &["p", "q"])),
        before.replace("option o 'p'\n", "list o 'p'\n\tlist o 'q'\n")
    );
    assert_eq!(
        edited(before, |d| d.delete("x", "o")),
        before.replace("\toption o 'p'\n", "")
    );
}

#[test]
fn statements_that_share_a_line_are_parted_when_one_changes() {
    let before = "config a 'x' ; option one '1' ; option two '2' # both\nconfig b 'y'\n";
    assert_eq!(
        edited(before, |d| d.set("x", "one", "uno")),
        "config a 'x'\n\toption one 'uno'\n\toption two '2' # both\nconfig b 'y'\n"
    );
    let swallowing = "config a 'x'\n\toption one 1;option two 2\n";
    let after = edited(swallowing, |d| d.set("x", "one", "uno"));
    assert_eq!(after, "config a 'x'\n\toption one 'uno' #;option two 2\n");
    assert_eq!(parse(&after).unwrap().get("x", "two"), None);
}

#[test]
fn a_line_can_follow_a_last_line_of_any_form() {
    for tail in [
        "", "\n", "\\", "\\\n", "\\\r\n", " \\\n", "\\\\", " # c\\", "# c", "\r\n", ";x", ";",
        " ; ",
    ] {
        let before = format!("config a 'x'\n\toption one b{tail}");
        let one = parse(&before).unwrap().get("x", "one").cloned();
        let after = parse(&edited(&before, |d| d.set("x", "two", "2"))).unwrap();
        assert_eq!(after.get("x", "one").cloned(), one, "{tail:?}");
        assert_eq!(
            after.get("x", "two"),
            Some(&Value::One("2".into())),
            "{tail:?}"
        );
        let more = parse(&edited(&before, |d| d.add_section("b", Some("y")))).unwrap();
        assert_eq!(more.sections().len(), 2, "{tail:?}");
    }
}

#[test]
fn sections_come_and_go_without_a_trace() {
    for package in PACKAGES.iter().filter(|p| **p != "odd") {
        let mut changed = document(package);
        changed.add_section("new", Some("added")).unwrap();
        changed.set("added", "a", "1").unwrap();
        assert_eq!(changed.get("added", "a"), Some(&Value::One("1".into())));
        assert!(changed.add_section("new", Some("added")).is_err());
        changed.delete_section("added").unwrap();
        assert_eq!(changed.bytes(), text(package));
        changed.add_section("new", None).unwrap();
        changed.delete_section("@new[-1]").unwrap();
        assert_eq!(changed.bytes(), text(package));
    }
    let mut odd = document("odd");
    odd.delete_section("one").unwrap();
    assert!(odd.section("one").is_none());
    assert!(odd.section("@b[0]").is_some());
}

#[test]
fn what_uci_does_not_take_is_refused() {
    let mut document = parse("config a 'x'\n").unwrap();
    let before = document.bytes().to_vec();
    assert!(document.set("y", "a", "1").is_err());
    assert!(document.set("x", "a-b", "1").is_err());
    assert!(document.set("x", "a", "\u{7}").is_err());
    assert!(document.add_section("a b", None).is_err());
    assert!(document.add_section("a", Some("b-c")).is_err());
    assert_eq!(document.bytes(), before);
    let error = document.set("x", "passwd", "sesame\u{1}").unwrap_err();
    assert!(!error.to_string().contains("sesame"));
}

#[test]
fn an_update_keeps_mode_and_link_and_leaves_no_other_file() {
    let folder = Folder::new("mode");
    let file = folder.join("real");
    fs::write(&file, "config a 'x'\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real", folder.join("linked")).unwrap();
    fs::write(folder.join(".real.cwmpd-new"), "left by a power cut").unwrap();
    let written = update(&folder, "linked", &mut |d| d.set("x", "a", "1")).unwrap();
    assert_eq!(written.before, b"config a 'x'\n");
    assert_eq!(fs::read(&file).unwrap(), b"config a 'x'\n\toption a '1'\n");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(
        fs::symlink_metadata(folder.join("linked"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let now = written.document.bytes();
    assert!(restore(&folder, "linked", b"other", b"older").is_err());
    restore(&folder, "linked", now, &written.before).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"config a 'x'\n");
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let folder = Folder::new("same");
    fs::write(folder.join("p"), "config a 'x'\n\toption a 1\n").unwrap();
    let (_, stamp) = load(&folder, "p").unwrap().unwrap();
    let written = update(&folder, "p", &mut |d| d.set("x", "a", "1")).unwrap();
    assert_eq!(written.stamp, stamp);
}

#[test]
fn w24_a_file_that_is_locked_for_long_is_reported_as_busy() {
    let folder = Folder::new("busy");
    let path = folder.join("p");
    fs::write(&path, "config a 'x'\n").unwrap();
    let other = nix::fcntl::Flock::lock(
        fs::File::open(&path).unwrap(),
        nix::fcntl::FlockArg::LockExclusive,
    )
    .ok()
    .unwrap();
    assert!(matches!(load(&folder, "p"), Err(UciError::Busy { .. })));
    assert!(matches!(
        update(&folder, "p", &mut |_| Ok(())),
        Err(UciError::Busy { .. })
    ));
    drop(other);
    assert!(load(&folder, "p").unwrap().is_some());
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    let folder = Folder::new("pipe");
    nix::unistd::mkfifo(&folder.join("p"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let (document, _) = load(&folder, "p").unwrap().unwrap();
    assert_eq!(document.bytes(), b"");
}

#[test]
fn names_cannot_lead_out_of_the_folder() {
    let folder = Folder::new("names");
    for name in ["", ".", "..", "../x", "/etc/passwd", "a/b", "a.b"] {
        assert!(
            matches!(load(&folder, name), Err(UciError::BadName { .. })),
            "{name}"
        );
    }
    assert!(load(&folder, "absent").unwrap().is_none());
}

/// Pieces of UCI text, so that random texts are not refused at the first byte.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "config",
        "option",
        "list",
        "package",
        "c",
        "o",
        "l",
        " ",
        " ",
        "\t",
        "\n",
        "\n",
        "\r\n",
        "'",
        "'",
        "\"",
        "\"",
        "\\",
        ";",
        "#",
        "a",
        "b",
        "name",
        "'v'",
        "\"w\"",
        "x y",
        "é",
        "@",
        "-",
        "config a 'x'\n",
        "\toption o 'v'\n",
        "\tlist l 'v'\n",
        "\\\n",
        "''",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Document::parse("x", bytes);
    }

    #[test]
    fn reading_pieces_never_panics(text in pieces()) {
        let _ = parse(&text);
    }

    #[test]
    fn a_set_value_reads_back(value in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]{1,40}", text in pieces()) {
        for package in PACKAGES {
            let mut document = document(package);
            let section = document.sections()[0].clone();
            let selector = section.name.unwrap_or(format!("@{}[0]", section.kind));
            document.set(&selector, "any", &value).unwrap();
            let again = Document::parse("x", document.bytes().to_vec()).unwrap();
            prop_assert_eq!(again.get(&selector, "any"), Some(&Value::One(value.clone())));
        }
        // In a text that is odd all over, too.
        if let Ok(mut document) = parse(&format!("config s 's'\n{text}")) {
            document.set("s", "o", &value).unwrap();
            let again = Document::parse("x", document.bytes().to_vec()).unwrap();
            prop_assert_eq!(again.get("s", "o"), Some(&Value::One(value)));
        }
    }

    #[test]
    fn an_edit_changes_nothing_else(text in pieces(), which in 0..6_u8) {
        if let Ok(mut document) = parse(&format!("config s 's'\n{text}")) {
            let without = |document: &Document| {
                let lines = show("p", document);
                let own = |line: &&str| !line.starts_with("p.s.l=") && !line.starts_with("p.new");
                lines.lines().filter(own).map(str::to_owned).collect::<Vec<_>>()
            };
            let before = without(&document);
            let comments = |d: &Document| d.bytes().split(|c| *c == b'\n')
                .filter(|line| line.trim_ascii_start().starts_with(b"#")).count();
            let commented = comments(&document);
            match which {
                0 => document.set("s", "l", "new value").unwrap(),
                1 => document.set("s", "l", "").unwrap(),
                2 => document.set_list("s", "l", &["new value"]).unwrap(),
                3 => document.set_list("s", "l", &["1", "", "3"]).unwrap(),
                4 => document.delete("s", "l").unwrap(),
                _ => document.add_section("new", Some("new")).unwrap(),
            }
            prop_assert_eq!(without(&document), before);
            prop_assert!(comments(&document) >= commented);
        }
    }
}
