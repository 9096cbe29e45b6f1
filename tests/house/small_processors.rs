//! What a 32-bit MIPS processor without a floating-point unit does not have, or what goes wrong there.

use crate::rust_text;
use crate::tree::{self, TextFile, assert_none, one};

/// Words of the program that such a processor has no instructions for, or that do not work.
const FORBIDDEN: [(&str, &str); 8] = [
    ("AtomicU64", "64-bit atomics"),
    ("AtomicI64", "64-bit atomics"),
    ("AtomicU128", "128-bit atomics"),
    ("f32", "floats, which take a library call for each step"),
    ("f64", "floats, which take a library call for each step"),
    // std hands the kernel a time of 64 bits where it expects 32: on a big-endian machine with musl
    // all is over at once.
    ("recv_timeout", "std's waits with a limit: poll(2) has one"),
    ("wait_timeout", "std's waits with a limit: poll(2) has one"),
    ("park_timeout", "std's waits with a limit: poll(2) has one"),
];

/// Where a float is what others send; nothing is computed with it.
const FLOATS_OF_OTHERS: &str = "src/device/ubus/value/";

/// Crates that make up for what a processor lacks: whoever needs them uses it.
const STAND_INS: [&str; 3] = ["portable-atomic", "atomic-polyfill", "libm"];

/// Uses of what is forbidden, in what is shipped.
fn uses(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        if file.is(&["/tests.rs"]) {
            continue;
        }
        let parts = rust_text::parse(&file.text);
        let shipped = parts.code.lines().take(parts.shipped_lines()).enumerate();
        for (number, line) in shipped {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            // `1.5f64` and `1_f32` too.
            let bare =
                words.map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_'));
            for word in bare {
                let rule = FORBIDDEN.iter().find(|(forbidden, _)| {
                    word == *forbidden || word.strip_suffix("_while") == Some(*forbidden)
                });
                let is_float = matches!(word, "f32" | "f64");
                if let Some((_, why)) = rule {
                    if !(is_float && file.path.starts_with(FLOATS_OF_OTHERS)) {
                        found.push(format!("{}:{}: {word}: no {why}", file.path, number + 1));
                    }
                }
            }
        }
    }
    found
}

/// Packages of a lock file that stand in for instructions.
fn stand_ins(lock: &str) -> Vec<String> {
    let names = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \""));
    let names = names.map(|name| name.trim_end_matches('"'));
    let found = names.filter(|name| STAND_INS.contains(name));
    found.map(str::to_owned).collect()
}

#[test]
fn b15_the_program_needs_nothing_that_a_mips_box_lacks() {
    let found = uses(&tree::files("src"));
    assert_none("not for every processor:", &found);
    // The lab, which runs elsewhere, may have its own.
    let found = stand_ins(&tree::read("Cargo.lock"));
    assert_none("a crate that makes up for missing instructions:", &found);
}

#[test]
fn b15_what_it_would_need_is_found() {
    let text = "use std::sync::atomic::AtomicU64;\nfn f(x: u32) -> f64 { 1.5f32 }\n\
                // AtomicU64, f64\nlet s = \"f64\"; r.recv_timeout(t); c.wait_timeout_while(g, t, h);\n\
                #[cfg(test)]\nmod tests {\n fn g() -> f64 {}\n}\n";
    let found = uses(&[one("src/a/b.rs", text)]);
    let found: Vec<_> = found
        .iter()
        .map(|line| line.split(": no ").next().unwrap())
        .collect();
    let expected = [
        "src/a/b.rs:1: AtomicU64",
        "src/a/b.rs:2: f64",
        "src/a/b.rs:2: f32",
        "src/a/b.rs:4: recv_timeout",
        "src/a/b.rs:4: wait_timeout_while",
    ];
    assert_eq!(found, expected);
    let found = uses(&[one(
        "src/device/ubus/value/mod.rs",
        "Double(f64), AtomicI64",
    )]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(uses(&[one("src/a/tests.rs", "f64")]), [""; 0]);
    let lock = "[[package]]\nname = \"libm\"\nversion = \"1\"\n\n[[package]]\nname = \"log\"\n";
    assert_eq!(stand_ins(lock), ["libm"]);
}
