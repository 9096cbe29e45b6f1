//! Connection requests of strangers: `cargo +nightly fuzz run --fuzz-dir tests/fuzz request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::request(bytes));
