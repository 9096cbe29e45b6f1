//! UCI files as they are found on a box, each with what `uci show` says of it (`NAME.show`).

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::PathBuf;

use cwmpd::device::uci::{Document, Edit, UciError, Value};

pub const PACKAGES: [&str; 5] = ["network", "system", "wireless", "dhcp", "odd"];

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/device/uci_corpus")
}

pub fn text(package: &str) -> Vec<u8> {
    std::fs::read(folder().join(package)).unwrap()
}

pub fn document(package: &str) -> Document {
    Document::parse(package, text(package)).unwrap()
}

/// The document as `uci show` shows it.
pub fn show(package: &str, document: &Document) -> String {
    let quoted = |value: &str| format!("'{}'", value.replace('\'', "'\\''"));
    let mut text = String::new();
    let mut kinds: Vec<&str> = Vec::new();
    for section in document.sections() {
        let index = kinds.iter().filter(|kind| **kind == section.kind).count();
        kinds.push(&section.kind);
        let name = match &section.name {
            Some(name) => name.clone(),
            None => format!("@{}[{index}]", section.kind),
        };
        text.push_str(&format!("{package}.{name}={}\n", section.kind));
        for (option, value) in &section.options {
            let value = match value {
                Value::One(one) => quoted(one),
                Value::List(list) => list
                    .iter()
                    .map(|item| quoted(item))
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            text.push_str(&format!("{package}.{name}.{option}={value}\n"));
        }
    }
    text
}

type Done = Result<(), UciError>;

fn find(document: &Document, selector: &str) -> Result<usize, UciError> {
    let found = document.find(selector);
    found.ok_or_else(|| document.no_section(selector))
}

fn put(document: &mut Document, selector: &str, option: &str, value: Value) -> Done {
    document.apply(&[Edit::Set {
        section: find(document, selector)?,
        option: option.to_owned(),
        value,
    }])
}

/// Sets an option to one value; the empty one unsets it.
pub fn set(document: &mut Document, selector: &str, option: &str, value: &str) -> Done {
    put(document, selector, option, Value::One(value.to_owned()))
}

/// Sets an option to a list.
pub fn set_list(document: &mut Document, selector: &str, option: &str, values: &[&str]) -> Done {
    let values = values.iter().map(|value| (*value).to_owned());
    put(document, selector, option, Value::List(values.collect()))
}

/// Puts a value behind those of an option.
pub fn add_list(document: &mut Document, selector: &str, option: &str, value: &str) -> Done {
    let known = document.get(selector, option);
    let mut values = known
        .map(|known| known.items().to_vec())
        .unwrap_or_default();
    values.push(value.to_owned());
    put(document, selector, option, Value::List(values))
}

/// Removes the lines of an option.
pub fn delete(document: &mut Document, selector: &str, option: &str) -> Done {
    set_list(document, selector, option, &[])
}

/// Adds a section.
pub fn add_section(document: &mut Document, kind: &str, name: &str) -> Done {
    document.apply(&[Edit::Add {
        kind: kind.to_owned(),
        name: Some(name.to_owned()),
        options: Vec::new(),
    }])
}

/// Removes a section.
pub fn delete_section(document: &mut Document, selector: &str) -> Done {
    let section = find(document, selector)?;
    document.apply(&[Edit::Remove { section }])
}
