//! Answers to `id=user_data` of a Luup engine: `cargo +nightly fuzz run --fuzz-dir tests/fuzz luup_user_data`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::luup_user_data(bytes));
