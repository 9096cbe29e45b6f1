//! The fuzzed properties on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn mutated_rows_keep_the_fuzzed_property() {
    try_mutants("rows", Vec::new(), properties::rows);
}

#[test]
fn mutated_expressions_keep_the_fuzzed_property() {
    try_mutants("expr", Vec::new(), properties::expr);
}

#[test]
fn mutated_journals_keep_the_fuzzed_property() {
    try_mutants("journal", Vec::new(), properties::journal);
}
