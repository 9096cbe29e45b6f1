//! The tables of defects in `tests/README.md` and the tests that bear their numbers agree.

use std::collections::BTreeSet;

use crate::rust_text;
use crate::tree;

/// The number that a test's name begins with: `w17_...`, `f03_...`.
fn number(name: &str) -> Option<&str> {
    let (number, _) = name.split_once('_')?;
    let digits = number.strip_prefix(['w', 'f'])?;
    let is_number = digits.len() == 2 && digits.chars().all(|c| c.is_ascii_digit());
    is_number.then_some(number)
}

/// The numbers of all tests in a source text.
fn tested(text: &str) -> BTreeSet<String> {
    let code = rust_text::parse(text).code;
    let names = code
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("fn "));
    names.filter_map(number).map(str::to_owned).collect()
}

/// The rows of the tables: each number, and whether tests hold it.
fn listed(readme: &str) -> Vec<(String, bool)> {
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| "));
    let row = |row: &str| {
        let mut columns = row.split(" | ");
        let number = number(&format!("{}_", columns.next()?))?.to_owned();
        let held_in = columns.nth(1)?;
        Some((number, held_in.starts_with('`')))
    };
    rows.filter_map(row).collect()
}

#[test]
fn each_number_has_a_row_and_each_row_a_test() {
    let files = tree::files("");
    let sources = files.iter().filter(|file| file.is(&[".rs"]));
    let sources = sources.filter(|file| !file.path.starts_with("tests/house/"));
    let tested: BTreeSet<_> = sources.flat_map(|file| tested(&file.text)).collect();
    let readme = files.iter().find(|file| file.path == "tests/README.md");
    let listed = listed(&readme.expect("tests/README.md").text);
    assert!(listed.len() >= 25, "{listed:?}");
    for number in &tested {
        assert!(
            listed.iter().any(|(row, _)| row == number),
            "no row for {number}"
        );
    }
    for (number, held) in &listed {
        assert!(!held || tested.contains(number), "no test for {number}");
    }
}

#[test]
fn numbers_are_found_in_tests_and_tables() {
    let text =
        "#[test]\nfn w17_a() {}\n    fn f03_b() {}\nfn w1_c() {}\nfn wide() {}\n// fn w18_d\n";
    assert_eq!(
        tested(text),
        BTreeSet::from(["f03".to_owned(), "w17".to_owned()])
    );
    let table =
        "| number | what | held in |\n|---|---|---|\n| w01 | a | `x` |\n| f02 | b | later |\n";
    let expected = [("w01".to_owned(), true), ("f02".to_owned(), false)];
    assert_eq!(listed(table), expected);
}
