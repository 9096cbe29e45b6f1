//! What a gateway says of itself: `cargo +nightly fuzz run --fuzz-dir tests/fuzz igd`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::igd(bytes));
