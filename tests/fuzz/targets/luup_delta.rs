//! Incremental answers of a Luup engine: `cargo +nightly fuzz run --fuzz-dir tests/fuzz luup_delta`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::luup_delta(bytes));
