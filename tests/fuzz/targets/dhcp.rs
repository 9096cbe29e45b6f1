//! What DHCP servers tell: `cargo +nightly fuzz run --fuzz-dir tests/fuzz dhcp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::dhcp(bytes));
