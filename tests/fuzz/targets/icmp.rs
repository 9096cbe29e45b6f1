//! What answers echo requests: `cargo +nightly fuzz run --fuzz-dir tests/fuzz icmp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::icmp(bytes));
