//! The fuzzed property on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn mutated_requests_keep_the_fuzzed_property() {
    try_mutants("request", Vec::new(), properties::request);
}

#[cfg(feature = "igd")]
#[test]
fn r36_mutated_responses_by_pcp_keep_the_fuzzed_property() {
    try_mutants("pcp", Vec::new(), properties::pcp);
}

#[test]
fn mutated_requests_over_udp_keep_the_fuzzed_property() {
    try_mutants("udp_request", Vec::new(), properties::udp_request);
}
