//! Authentication headers of strangers: `cargo +nightly fuzz run --fuzz-dir tests/fuzz digest`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::digest(bytes));
