//! The fuzzed property on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn r42_mutated_streams_keep_the_fuzzed_property() {
    try_mutants("xmpp", Vec::new(), properties::xmpp);
}
