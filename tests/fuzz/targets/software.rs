//! Lists of packages, and what opkg and apk say: `cargo +nightly fuzz run --fuzz-dir tests/fuzz software`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::software(bytes));
