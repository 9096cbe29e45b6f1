//! See the entry: `cargo +nightly fuzz run expr`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::expr(bytes));
