//! The configuration parameters of a node, as Luup has it: `cargo +nightly fuzz run --fuzz-dir tests/fuzz variables_set`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::variables_set(bytes));
