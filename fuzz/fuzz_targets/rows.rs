//! See the entry: `cargo +nightly fuzz run rows`.

#![no_main]

#[path = "../entry/rows.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::rows(bytes));
