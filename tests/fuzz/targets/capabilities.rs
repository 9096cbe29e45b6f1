//! What a node can, as Luup has it: `cargo +nightly fuzz run --fuzz-dir tests/fuzz capabilities`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::capabilities(bytes));
