//! Answers to `id=status` of a Luup engine: `cargo +nightly fuzz run --fuzz-dir tests/fuzz luup_status`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::luup_status(bytes));
