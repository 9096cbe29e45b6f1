//! What an XMPP server says: `cargo +nightly fuzz run --fuzz-dir tests/fuzz xmpp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::xmpp(bytes));
