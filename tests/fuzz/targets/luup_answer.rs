//! Answers of a Luup engine to actions, writes and questions for jobs: `cargo +nightly fuzz run --fuzz-dir tests/fuzz luup_answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cwmpd_lab::properties::luup_answer(bytes));
