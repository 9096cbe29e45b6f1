//! What `SECURITY.md` says is tested, is.

use std::collections::BTreeSet;

use crate::defects;
use crate::tree::{self, assert_none};

/// The words in backticks that name a test: a file or folder, a number of `tests/README.md`, or a
/// test itself.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let quoted = quoted.filter_map(|words| words.split_whitespace().next());
    let is_name = |word: &str| {
        let of_a_name = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_');
        let is_function = word.matches('_').count() > 2 && word.chars().all(of_a_name);
        word.starts_with("tests/") || is_number(word) || is_function
    };
    quoted.filter(|word| is_name(word)).collect()
}

fn is_number(word: &str) -> bool {
    defects::number(&format!("{word}_")).is_some()
}

#[test]
fn each_test_that_is_named_exists() {
    let files = tree::files("");
    let security = files.iter().find(|file| file.path == "SECURITY.md");
    let named = named(&security.expect("SECURITY.md").text);
    let mut numbers = BTreeSet::new();
    let mut functions = BTreeSet::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        numbers.extend(defects::numbers(&file.text));
        let lines = file.text.lines();
        let names = lines.filter_map(|line| line.trim().strip_prefix("fn ")?.split('(').next());
        functions.extend(names);
    }
    let exists = |name: &str| match name.strip_prefix("tests/") {
        Some(_) => files.iter().any(|file| file.path.starts_with(name)),
        None => numbers.contains(name) || functions.contains(name),
    };
    let missing = named.iter().filter(|name| !exists(name));
    let missing: Vec<_> = missing.map(|name| (*name).to_owned()).collect();
    assert_none("SECURITY.md names tests that are not there:", &missing);
    assert!(named.len() > 20, "only {named:?}");
}

#[test]
fn names_of_tests_are_told_from_other_words() {
    let text = "`acs.ssl_cacert` is held by `s02`, `w190`, `tests/http/`, `a_b_c_d` and `a_b`.";
    assert_eq!(named(text), ["s02", "tests/http/", "a_b_c_d"]);
}
