//! The fuzzed property on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn t14_mutated_headers_of_parts_keep_the_fuzzed_property() {
    try_mutants("parts", Vec::new(), properties::parts);
}
