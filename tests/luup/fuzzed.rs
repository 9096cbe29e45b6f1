//! The fuzzed property on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn mutated_answers_of_luup_keep_the_fuzzed_property() {
    try_mutants("luup", Vec::new(), properties::luup);
}

#[test]
fn z51_mutated_answers_of_mms_keep_the_fuzzed_property() {
    try_mutants("mms", Vec::new(), properties::mms);
}
