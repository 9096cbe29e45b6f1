//! The shipped `/etc/config/cwmpd` is right, and says what the program does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cwmpd::base::config::{Config, WrittenConfig};
use cwmpd::device::uci::Document;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shipped() -> Document {
    let text = fs::read(root().join("etc/config/cwmpd")).unwrap();
    Document::parse("etc/config/cwmpd", text).unwrap()
}

/// Every `option` line, also those that set nothing.
fn options(document: &Document) -> BTreeSet<String> {
    let text = String::from_utf8(document.bytes().to_vec()).unwrap();
    let mut section = String::new();
    let mut options = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["config", _, name] => section = name.trim_matches('\'').to_owned(),
            ["option", name, _] => {
                options.insert(format!("{section}.{name}"));
            }
            _ => {}
        }
    }
    options
}

/// The options that [`Config`] reads.
fn read_by_config() -> BTreeSet<String> {
    let reading = Config::read(&WrittenConfig::default());
    let names = reading.looked_for.iter();
    names
        .map(|(section, option)| format!("{section}.{option}"))
        .collect()
}

/// The options that rows of the model name, `uci:cwmpd.section.option`.
fn read_by_model() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("etc/cwmpd")).unwrap();
    let mut options = BTreeSet::new();
    for file in files {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for rest in text.split("uci:cwmpd.").skip(1) {
            let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.';
            let named = rest.split(ends).next().unwrap();
            // Sections that a box may have more of have no name.
            if !named.is_empty() {
                options.insert(named.to_owned());
            }
        }
    }
    options
}

#[test]
fn the_shipped_file_sets_the_defaults_and_nothing_odd() {
    let reading = Config::read(&shipped().written());
    assert_eq!(reading.config, Config::default());
    assert_eq!(reading.remarks, Vec::new());
}

#[test]
fn the_shipped_file_has_every_option_and_no_other() {
    let shipped = options(&shipped());
    let config = read_by_config();
    let missing: Vec<_> = config.difference(&shipped).collect();
    assert_eq!(missing, Vec::<&String>::new(), "not in etc/config/cwmpd");
    let model = read_by_model();
    let missing: Vec<_> = model.difference(&shipped).collect();
    assert_eq!(
        missing,
        Vec::<&String>::new(),
        "in a row, not in etc/config/cwmpd"
    );
    let known: BTreeSet<String> = config.union(&model).cloned().collect();
    let unknown: Vec<_> = shipped.difference(&known).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "read by nothing");
}

#[test]
fn every_option_of_the_shipped_file_is_explained() {
    let text = String::from_utf8(shipped().bytes().to_vec()).unwrap();
    let mut explained = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("config") {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else {
            assert!(explained, "{line}");
        }
    }
}
