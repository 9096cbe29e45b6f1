//! STUN messages: `cargo +nightly fuzz run --fuzz-dir tests/fuzz stun`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::stun(bytes));
