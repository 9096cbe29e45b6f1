//! See the entry: `cargo +nightly fuzz run uci`.

#![no_main]

#[path = "../entry/uci.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::uci(bytes));
