//! Any bytes from an ACS: `cargo +nightly fuzz run soap`.

#![no_main]

#[path = "../entry/soap.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|body: &[u8]| entry::soap(body));
