//! A type name means one thing, a doc says more than the name below it, and what is logged is words.

use std::collections::BTreeMap;

use crate::rust_text::{self, RustText};
use crate::tree::{self, TextFile, assert_none, one};

/// An error in the form that Rust has for programmers.
const DEBUGGED: [&str; 4] = ["{e:?}", "{err:?}", "{error:?}", "{why:?}"];

/// Words that say nothing in a doc.
const EMPTY_WORDS: [&str; 13] = [
    "a", "an", "as", "by", "for", "in", "is", "it", "its", "of", "the", "this", "to",
];

/// Words before the name of an item.
const KEYWORDS: [&str; 11] = [
    "pub", "crate", "super", "in", "const", "fn", "struct", "enum", "trait", "type", "mod",
];

/// Type names that two rooms of `src/` share.
fn shared_names(files: &[TextFile]) -> Vec<String> {
    let mut homes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        let code = rust_text::parse(&file.text).code;
        for line in code.lines() {
            let line = line.trim_start();
            let line = match line.strip_prefix("pub") {
                Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
                None => line,
            };
            let Some((kind, rest)) = line.split_once(' ') else {
                continue;
            };
            let name = rest.split(|c: char| !c.is_alphanumeric()).next();
            if let ("struct" | "enum" | "trait", Some(name)) = (kind, name) {
                homes.entry(name.to_owned()).or_default().push(&file.path);
            }
        }
    }
    let shared = homes.into_iter().filter(|(_, homes)| homes.len() > 1);
    shared
        .map(|(name, homes)| format!("{name}: {}", homes.join(", ")))
        .collect()
}

/// The words of a text that say something.
fn words(text: &str) -> Vec<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase);
    words
        .filter(|word| !word.is_empty() && !EMPTY_WORDS.contains(&word.as_str()))
        .collect()
}

/// The words of a name: `HostName` and `host_name` have two.
fn words_of_name(name: &str) -> Vec<String> {
    let mut apart = String::new();
    for c in name.chars() {
        if c.is_uppercase() && apart.ends_with(char::is_lowercase) {
            apart.push(' ');
        }
        apart.push(if c == '_' { ' ' } else { c });
    }
    words(&apart)
}

/// The name that a line of code declares: of an item, a field, a variant.
fn declared(line: &str) -> Option<&str> {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find(|word| !word.is_empty() && !KEYWORDS.contains(word))
}

/// Docs of one line that have no word but those of the name below.
fn repeating_docs(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        let lines: Vec<_> = file.text.lines().map(str::trim_start).collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(doc) = line.strip_prefix("/// ") else {
                continue;
            };
            let goes_on = number > 0 && lines[number - 1].starts_with("///");
            let mut below = lines[number + 1..]
                .iter()
                .skip_while(|line| line.starts_with("#["));
            let below = below
                .next()
                .filter(|line| !goes_on && !line.starts_with("///"));
            let name = below.and_then(|line| declared(line)).map(words_of_name);
            let name = name.unwrap_or_default();
            let stem = |word: &str| word.trim_end_matches('s').to_owned();
            let is_in_name = |word: &String| name.iter().any(|of| stem(of) == stem(word));
            if !name.is_empty() && words(doc).iter().all(is_in_name) {
                found.push(format!("{}:{}: {doc}", file.path, number + 1));
            }
        }
    }
    found
}

/// Errors in the form for programmers, and macros of `log` that are not called by their path.
fn odd_messages(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    let macros = ["error", "warn", "info", "debug", "trace"];
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        let source = rust_text::parse(&file.text);
        let shipped = source.shipped_lines();
        let RustText { code, strings, .. } = source;
        for (line, text) in strings.iter().filter(|(line, _)| *line <= shipped) {
            if DEBUGGED.iter().any(|form| text.contains(form)) {
                found.push(format!("{}:{line}: {text}", file.path));
            }
        }
        for (line, path) in rust_text::paths(&code) {
            let name = path.strip_prefix("log::").unwrap_or_default();
            let statement = code.lines().nth(line - 1).unwrap_or_default();
            if macros.contains(&name) && statement.starts_with("use ") {
                found.push(format!(
                    "{}:{line}: to be called as log::{name}!",
                    file.path
                ));
            }
        }
    }
    found
}

#[test]
fn a_type_name_means_one_thing() {
    assert_none("shared names", &shared_names(&tree::files("src")));
}

#[test]
fn a_doc_says_more_than_the_name() {
    let files = [tree::files("src"), tree::files("tests/lab/src")].concat();
    assert_none("docs that repeat a name", &repeating_docs(&files));
}

#[test]
fn messages_are_words() {
    let mut files = tree::files("src");
    files.retain(|file| !file.path.contains("/tests"));
    assert_none("odd messages", &odd_messages(&files));
}

#[test]
fn each_rule_finds_what_breaks_it() {
    let types = [
        one("src/a.rs", "pub struct Key(u8);\nenum Kind {}\n"),
        one("src/b.rs", "pub(crate) enum Key<'a> {}\n// struct Kind\n"),
    ];
    assert_eq!(shared_names(&types), ["Key: src/a.rs, src/b.rs"]);

    let docs = "/// The host names.\npub host_name: String,\n/// The host.\n#[allow(dead_code)]\n\
                Host,\n/// The host, by its address.\nHost,\n/// Host\n/// and guest.\nHost,\n";
    let repeating = repeating_docs(&[one("a.rs", docs)]);
    assert_eq!(repeating, ["a.rs:1: The host names.", "a.rs:3: The host."]);

    let odd = "use log::{Level, warn};\nfn f() { log::warn!(\"it failed: {error:?}\") }\n\
               fn g() { log::info!(\"{text:?} is not {error}\") }\n";
    let expected = [
        "a.rs:2: it failed: {error:?}",
        "a.rs:1: to be called as log::warn!",
    ];
    assert_eq!(odd_messages(&[one("a.rs", odd)]), expected);
}
