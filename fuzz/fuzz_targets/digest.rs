//! See the entry: `cargo +nightly fuzz run digest`.

#![no_main]

#[path = "../entry/digest.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::digest(bytes));
