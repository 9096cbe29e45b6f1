//! UCI files as they are found on a box, each with what `uci show` says of it (`NAME.show`).

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::PathBuf;

use cwmpd::device::uci::{Document, Value};

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
