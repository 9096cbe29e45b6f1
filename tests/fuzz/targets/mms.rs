//! Answers of a Luup engine: `cargo +nightly fuzz run --fuzz-dir tests/fuzz mms`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::mms(bytes));
