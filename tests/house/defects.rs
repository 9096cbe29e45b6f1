//! The tables of defects in `tests/README.md` and the tests that bear their numbers agree.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust_text;
use crate::tree::{self, TextFile, one};

/// The number that a test's name begins with: `w17_...`, `f03_...`, `z21_...`.
pub fn number(name: &str) -> Option<&str> {
    let (number, _) = name.split_once('_')?;
    let digits = number.strip_prefix(['w', 'f', 's', 'b', 't', 'r', 'z'])?;
    let is_number = digits.len() == 2 && digits.chars().all(|c| c.is_ascii_digit());
    is_number.then_some(number)
}

/// The numbers of all tests in a source text.
pub fn numbers(text: &str) -> BTreeSet<String> {
    let code = rust_text::parse(text).code;
    let names = code
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("fn "));
    names.filter_map(number).map(str::to_owned).collect()
}

/// Each number with the rooms that have tests of it.
fn tested(files: &[TextFile]) -> BTreeMap<String, BTreeSet<String>> {
    let mut tested: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for file in files {
        let room = file.path.split(['/', '.']).nth(1).unwrap_or_default();
        for number in numbers(&file.text) {
            tested.entry(number).or_default().insert(room.to_owned());
        }
    }
    tested
}

/// The rows of the tables: each number with the rooms that hold it, none where the last column does
/// not begin with one.
fn listed(readme: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| "));
    let row = |row: &str| {
        let mut columns = row.split(" | ");
        let number = number(&format!("{}_", columns.next()?))?.to_owned();
        let held_in = columns.nth(1)?;
        let rooms = held_in.split('`').skip(1).step_by(2).map(str::to_owned);
        let is_held = held_in.starts_with('`');
        Some((number, rooms.filter(|_| is_held).collect()))
    };
    rows.filter_map(row).collect()
}

#[test]
fn the_tables_list_each_number_and_where_it_is_tested() {
    let files = tree::files("");
    let readme = files.iter().find(|file| file.path == "tests/README.md");
    let listed = listed(&readme.expect("tests/README.md").text);
    assert!(listed.len() >= 107, "{listed:?}");
    let mut sources = files.clone();
    sources.retain(|file| file.is(&[".rs"]));
    let tested = tested(&sources);
    for (number, rooms) in &tested {
        assert_eq!(
            listed.get(number),
            Some(rooms),
            "the rooms with tests of {number}"
        );
    }
    for (number, rooms) in &listed {
        assert!(
            rooms.is_empty() || tested.contains_key(number),
            "no test of {number}"
        );
    }
}

#[test]
fn numbers_are_found_in_tests_and_tables() {
    let rooms = |rooms: &[&str]| rooms.iter().map(|&room| room.to_owned()).collect();
    let text =
        "#[test]\nfn w17_a() {}\n    fn f03_b() {}\nfn w1_c() {}\nfn wide() {}\n// fn w18_d\n";
    let files = [
        one("src/soap/a.rs", text),
        one("tests/acs/b.rs", "fn w17_e() {}"),
    ];
    let expected: BTreeMap<_, BTreeSet<_>> = BTreeMap::from([
        ("f03".to_owned(), rooms(&["soap"])),
        ("w17".to_owned(), rooms(&["acs", "soap"])),
    ]);
    assert_eq!(tested(&files), expected);
    let table = "| number | what | held in |\n|---|---|---|\n| w01 | a | `x`, `y`; later |\n\
                 | f02 | b | later, `z` |\n";
    let expected: BTreeMap<_, BTreeSet<_>> = BTreeMap::from([
        ("w01".to_owned(), rooms(&["x", "y"])),
        ("f02".to_owned(), rooms(&[])),
    ]);
    assert_eq!(listed(table), expected);
}
