//! Requests over UDP of strangers: `cargo +nightly fuzz run --fuzz-dir tests/fuzz udp_request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::udp_request(bytes));
