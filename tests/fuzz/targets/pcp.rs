//! Responses by PCP: `cargo +nightly fuzz run --fuzz-dir tests/fuzz pcp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::pcp(bytes));
