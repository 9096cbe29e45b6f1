//! Archives of configurations, and what images say of themselves: `cargo +nightly fuzz run --fuzz-dir tests/fuzz archive`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::archive(bytes));
