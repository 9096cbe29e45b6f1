//! See the entry: `cargo +nightly fuzz run expr`.

#![no_main]

#[path = "../entry/expr.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::expr(bytes));
