//! Messages of ubus: `cargo +nightly fuzz run --fuzz-dir tests/fuzz ubus`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::ubus(bytes));
