//! The table of what sensors and actuators say: `cargo +nightly fuzz run --fuzz-dir tests/fuzz luup_services`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::luup_services(bytes));
