//! Journals of the state file: `cargo +nightly fuzz run --fuzz-dir tests/fuzz journal`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::journal(bytes));
