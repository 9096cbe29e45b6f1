//! See the entry: `cargo +nightly fuzz run luup`.

#![no_main]

#[path = "../entry/luup.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::luup(bytes));
