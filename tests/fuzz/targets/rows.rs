//! Model and state files: `cargo +nightly fuzz run --fuzz-dir tests/fuzz rows`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::rows(bytes));
