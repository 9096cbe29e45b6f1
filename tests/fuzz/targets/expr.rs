//! Expressions of computed rows: `cargo +nightly fuzz run --fuzz-dir tests/fuzz expr`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::expr(bytes));
