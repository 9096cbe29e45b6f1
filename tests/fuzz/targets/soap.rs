//! Any bytes from an ACS: `cargo +nightly fuzz run soap`.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| cwmpd_lab::properties::soap(body));
