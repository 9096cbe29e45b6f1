//! Headers of file servers: `cargo +nightly fuzz run --fuzz-dir tests/fuzz parts`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::parts(bytes));
