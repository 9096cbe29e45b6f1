//! Envelopes of an ACS: `cargo +nightly fuzz run --fuzz-dir tests/fuzz soap`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::soap(bytes));
