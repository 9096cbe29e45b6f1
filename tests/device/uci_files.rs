//! Reading and editing UCI files, without libuci at hand; `uci_oracle.rs` compares with it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use cwmpd::base::stamp::Stamp;
use cwmpd::device::uci::{Document, Edit, UciError, Value, load, mend, restore, salvage, update};
use cwmpd_lab::Folder;
use cwmpd_lab::home::wait_for;
use proptest::prelude::*;

use crate::uci_corpus::{
    PACKAGES, add_list, add_section, delete, delete_section, document, folder, set, set_list, show,
    text,
};

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
        edited(before, |d| set(d, "x", "one", "uno")),
        before.replace("   1 #", "   'uno' #")
    );
    assert_eq!(
        edited(before, |d| set(d, "x", "two", "it's")),
        before.replace("\"2\"", "'it'\\''s'")
    );
    assert_eq!(edited(before, |d| set(d, "x", "one", "1")), before);
    assert_eq!(
        edited(before, |d| set(d, "x", "three", "3")),
        before.replace("\"2\"\n", "\"2\"\n\toption three '3'\n")
    );
}

#[test]
fn an_empty_value_unsets_the_option_and_keeps_its_line() {
    let before = "config a 'x'\n\toption one '1' # why\n";
    let after = edited(before, |d| set(d, "x", "one", ""));
    assert_eq!(after, before.replace("'1'", "''"));
    assert_eq!(parse(&after).unwrap().get("x", "one"), None);
    assert_eq!(
        edited(&after, |d| set(d, "x", "one", "2")),
        before.replace('1', "2")
    );
    assert_eq!(edited(before, |d| set(d, "x", "two", "")), before);
    let twice = "config a 'x'\n\toption one '1'\n\toption one '2'\n";
    assert_eq!(
        edited(twice, |d| set(d, "x", "one", "")),
        "config a 'x'\n\toption one ''\n"
    );
    let bare = "config a 'x'\n\toption one\n";
    assert_eq!(
        edited(bare, |d| set(d, "x", "one", "1")),
        "config a 'x'\n\toption one '1'\n"
    );
}

#[test]
fn lists_grow_and_shrink_in_place() {
    let before = "config a 'x'\n\tlist l '1'\n\toption o 'p'\n\tlist l '2' # two\n";
    assert_eq!(
        edited(before, |d| add_list(d, "x", "l", "3")),
        format!("{before}\tlist l '3'\n")
    );
    assert_eq!(
        edited(before, |d| set_list(d, "x", "l", &["1", "zwei"])),
        before.replace("'2'", "'zwei'")
    );
    assert_eq!(
        edited(before, |d| set_list(d, "x", "l", &["2"])),
        "config a 'x'\n\tlist l '2'\n\toption o 'p'\n\t # two\n"
    );
    assert_eq!(
        edited(before, |d| set_list(d, "x", "l", &[])),
        "config a 'x'\n\toption o 'p'\n\t # two\n"
    );
    assert_eq!(
        edited(before, |d| add_list(d, "x", "o", "q")),
        before.replace("option o 'p'\n", "list o 'p'\n\tlist o 'q'\n")
    );
    assert_eq!(
        edited(before, |d| delete(d, "x", "o")),
        before.replace("\toption o 'p'\n", "")
    );
}

#[test]
fn statements_that_share_a_line_are_parted_when_one_changes() {
    let before = "config a 'x' ; option one '1' ; option two '2' # both\nconfig b 'y'\n";
    assert_eq!(
        edited(before, |d| set(d, "x", "one", "uno")),
        "config a 'x'\n\toption one 'uno'\n\toption two '2' # both\nconfig b 'y'\n"
    );
    let swallowing = "config a 'x'\n\toption one 1;option two 2\n";
    let after = edited(swallowing, |d| set(d, "x", "one", "uno"));
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
        let after = parse(&edited(&before, |d| set(d, "x", "two", "2"))).unwrap();
        assert_eq!(after.get("x", "one").cloned(), one, "{tail:?}");
        assert_eq!(
            after.get("x", "two"),
            Some(&Value::One("2".into())),
            "{tail:?}"
        );
        let more = parse(&edited(&before, |d| add_section(d, "b", "y"))).unwrap();
        assert_eq!(more.sections().len(), 2, "{tail:?}");
    }
}

#[test]
fn sections_come_and_go_without_a_trace() {
    for package in PACKAGES.iter().filter(|p| **p != "odd") {
        let mut changed = document(package);
        add_section(&mut changed, "new", "added").unwrap();
        set(&mut changed, "added", "a", "1").unwrap();
        assert_eq!(changed.get("added", "a"), Some(&Value::One("1".into())));
        assert!(add_section(&mut changed, "new", "added").is_err());
        delete_section(&mut changed, "added").unwrap();
        assert_eq!(changed.bytes(), text(package));
    }
    let mut odd = document("odd");
    delete_section(&mut odd, "one").unwrap();
    assert!(odd.section("one").is_none());
    assert!(odd.section("@b[0]").is_some());
}

fn set_change(section: usize, option: &str, value: Value) -> Edit {
    Edit::Set {
        section,
        option: option.to_owned(),
        value,
    }
}

fn one(value: &str) -> Value {
    Value::One(value.to_owned())
}

#[test]
fn changes_of_one_call_mean_the_sections_as_they_were() {
    let before = "config a 'x'\n\toption o '1'\n\nconfig a\n\toption o '2'\n\nconfig b 'y'\n";
    let changes = [
        Edit::Remove { section: 0 },
        set_change(0, "o", one("void")),
        set_change(1, "o", one("first")),
        set_change(1, "n", one("new")),
        set_change(1, "o", one("last")),
        Edit::Add {
            kind: "a".to_owned(),
            name: Some("x".to_owned()),
            options: vec![
                ("l".to_owned(), Value::List(vec!["1".into(), "it's".into()])),
                ("none".to_owned(), one("")),
            ],
        },
        Edit::Remove { section: 0 },
        set_change(2, "o", one("3")),
    ];
    assert_eq!(
        edited(before, |d| d.apply(&changes)),
        "\nconfig a\n\toption o 'last'\n\toption n 'new'\n\nconfig b 'y'\n\toption o '3'\n\n\
         config a 'x'\n\tlist l '1'\n\tlist l 'it'\\''s'\n"
    );
    let twice = [changes[5].clone(), changes[5].clone()];
    for refused in [&changes[5..6], &twice, &[Edit::Remove { section: 3 }]] {
        let mut document = parse(before).unwrap();
        assert!(document.apply(refused).is_err());
        assert_eq!(document.bytes(), before.as_bytes());
    }
}

#[test]
fn many_changes_read_the_text_no_more_often_than_few() {
    let mut text = String::new();
    for section in 0..100 {
        text.push_str(&format!("config a 's{section}'\n"));
        (0..100).for_each(|option| text.push_str(&format!("\toption o{option} '{option}'\n")));
    }
    let mut document = parse(&text).unwrap();
    let places = (0..100).flat_map(|section| (0..100).map(move |option| (section, option)));
    let changes: Vec<Edit> = places
        .map(|(section, option)| set_change(section, &format!("o{option}"), one("x")))
        .collect();
    // Read again for each of them, it would take minutes.
    let start = std::time::Instant::now();
    document.apply(&changes).unwrap();
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert_eq!(document.get("s99", "o99"), Some(&one("x")));
}

#[test]
fn a_file_is_made_only_where_it_may_and_goes_again() {
    let folder = Folder::new("made");
    let add = |d: &mut Document| add_section(d, "a", "x");
    assert!(update(&folder, "p", false, &mut { add }).is_err());
    let written = update(&folder, "p", true, &mut { add }).unwrap();
    assert_eq!(written.before, None);
    let mode = fs::metadata(folder.join("p")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    restore(
        &folder,
        "p",
        written.document.bytes(),
        written.before.as_deref(),
    )
    .unwrap();
    assert!(update(&folder, "p", true, &mut |d| set(d, "none", "a", "1")).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_uci_does_not_take_is_refused() {
    let mut document = parse("config a 'x'\n").unwrap();
    let before = document.bytes().to_vec();
    assert!(set(&mut document, "y", "a", "1").is_err());
    assert!(set(&mut document, "x", "a-b", "1").is_err());
    assert!(set(&mut document, "x", "a", "\u{7}").is_err());
    assert!(add_section(&mut document, "a b", "c").is_err());
    assert!(add_section(&mut document, "a", "b-c").is_err());
    assert_eq!(document.bytes(), before);
    let error = set(&mut document, "x", "passwd", "sesame\u{1}").unwrap_err();
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
    let written = update(&folder, "linked", false, &mut |d| set(d, "x", "a", "1")).unwrap();
    let before = written.before.as_deref();
    assert_eq!(before, Some(&b"config a 'x'\n"[..]));
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
    assert!(restore(&folder, "linked", b"other", Some(b"older")).is_err());
    restore(&folder, "linked", now, before).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"config a 'x'\n");
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let folder = Folder::new("same");
    fs::write(folder.join("p"), "config a 'x'\n\toption a 1\n").unwrap();
    let (_, stamp) = load(&folder, "p").unwrap().unwrap();
    let written = update(&folder, "p", false, &mut |d| set(d, "x", "a", "1")).unwrap();
    assert_eq!(written.stamp, stamp);
}

#[test]
fn s01_what_is_no_file_is_not_waited_for_nor_is_a_file_put_in_its_place() {
    let folder = Folder::new("pipe");
    let pipe = folder.join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink(&pipe, folder.join("link")).unwrap();
    for name in ["pipe", "link"] {
        let errors = [
            load(&folder, name).err(),
            salvage(&folder, name).err(),
            mend(&folder, name, b"config a\n").err(),
            update(&folder, name, true, &mut |_| Ok(())).err(),
        ];
        for error in errors {
            let told = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains("no regular file"), "{name}: {told}");
        }
    }
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn s01_another_text_of_the_same_length_and_time_is_another_state() {
    let folder = Folder::new("times");
    let path = folder.join("p");
    fs::write(&path, "config a 'x'\n").unwrap();
    let (_, before) = load(&folder, "p").unwrap().unwrap();
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    // The clock of the file system stands still for some milliseconds at a time.
    wait_for("another state", || {
        fs::write(&path, "config a 'y'\n").unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        (Stamp::of(&path) != Some(before)).then_some(())
    });
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

/// A change of one of two sections.
fn changes() -> impl Strategy<Value = Edit> {
    let value = prop_oneof![
        "[ab' #;]{0,2}".prop_map(Value::One),
        prop::collection::vec("[ab' #;]{0,2}", 0..4).prop_map(Value::List),
    ];
    let option = prop::sample::select(vec!["l", "o", "new"]);
    prop_oneof![
        4 => (0..2_usize, option, value).prop_map(|(at, option, value)| set_change(at, option, value)),
        1 => (0..2_usize).prop_map(|section| Edit::Remove { section }),
        1 => (0..50_u8).prop_map(|n| Edit::Add {
            kind: "n".to_owned(),
            name: Some(format!("n{n}")),
            options: vec![("o".to_owned(), one("1"))],
        }),
    ]
}

proptest! {
    #[test]
    fn changes_together_say_the_same_as_one_by_one(
        text in pieces(),
        changes in prop::collection::vec(changes(), 0..8),
    ) {
        let text = format!("config s 's'\n{text}\nconfig t\n\toption o '1' ; list l '2'\n");
        let (Ok(mut together), Ok(mut single)) = (parse(&text), parse(&text)) else {
            return Ok(());
        };
        if together.apply(&changes).is_err() {
            return Ok(());
        }
        // One by one the indices would shift.
        let is_remove = |change: &&Edit| matches!(change, Edit::Remove { .. });
        let at = |change: &&Edit| match change {
            Edit::Remove { section } => *section,
            _ => 0,
        };
        let mut removed: Vec<&Edit> = changes.iter().filter(is_remove).collect();
        removed.sort_by_key(at);
        removed.dedup();
        let others = changes.iter().filter(|change| !is_remove(change));
        for change in others.chain(removed.into_iter().rev()) {
            single.apply(std::slice::from_ref(change)).unwrap();
        }
        let sorted = |document: &Document| {
            let shown = show("p", document);
            let mut lines: Vec<String> = shown.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(sorted(&together), sorted(&single));
    }

    #[test]
    fn f26_a_change_says_what_is_wanted_and_all_else_says_what_it_said(
        text in prop_oneof![Just(String::new()), pieces()],
        last in prop::sample::select(vec!["", "\tlist m 'q'; option p 'r'\n"]),
        option in prop::sample::select(vec!["l", "o", "new"]),
        value in prop_oneof![
            "[ab' #;]{1,2}".prop_map(Value::One),
            prop::collection::vec("[ab' #;]{1,2}", 1..4).prop_map(Value::List),
        ],
    ) {
        let text = format!("config s 's'\n\tlist l 'y'\n{text}\n{last}config t\n");
        let (Ok(before), Ok(mut after)) = (parse(&text), parse(&text)) else {
            return Ok(());
        };
        after.apply(&[set_change(0, option, value.clone())]).unwrap();
        let all = |document: &Document| {
            let sections = document.sections().iter().enumerate();
            let options = sections.flat_map(|(at, section)| {
                section.options.iter().map(move |(name, value)| ((at, name.clone()), value.clone()))
            });
            options.collect::<BTreeMap<_, _>>()
        };
        let mut expected = all(&before);
        expected.insert((0, option.to_owned()), value);
        prop_assert_eq!(all(&after), expected);
    }

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
            set(&mut document, &selector, "any", &value).unwrap();
            let again = Document::parse("x", document.bytes().to_vec()).unwrap();
            prop_assert_eq!(again.get(&selector, "any"), Some(&Value::One(value.clone())));
        }
        // In a text that is odd all over, too.
        if let Ok(mut document) = parse(&format!("config s 's'\n{text}")) {
            set(&mut document, "s", "o", &value).unwrap();
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
                0 => set(&mut document, "s", "l", "new value").unwrap(),
                1 => set(&mut document, "s", "l", "").unwrap(),
                2 => add_list(&mut document, "s", "l", "new value").unwrap(),
                3 => set_list(&mut document, "s", "l", &["1", "", "3"]).unwrap(),
                4 => delete(&mut document, "s", "l").unwrap(),
                _ => add_section(&mut document, "new", "new").unwrap(),
            }
            prop_assert_eq!(without(&document), before);
            prop_assert!(comments(&document) >= commented);
        }
    }
}
