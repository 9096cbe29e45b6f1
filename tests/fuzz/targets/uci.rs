//! UCI files: `cargo +nightly fuzz run --fuzz-dir tests/fuzz uci`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::uci(bytes));
