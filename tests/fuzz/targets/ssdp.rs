//! Answers to a search for a gateway: `cargo +nightly fuzz run --fuzz-dir tests/fuzz ssdp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::ssdp(bytes));
