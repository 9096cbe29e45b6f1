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

#[cfg(feature = "igd")]
#[test]
fn r26_mutated_answers_to_a_search_keep_the_fuzzed_property() {
    try_mutants("ssdp", Vec::new(), properties::ssdp);
}

#[cfg(feature = "igd")]
#[test]
fn r27_mutated_words_of_a_gateway_keep_the_fuzzed_property() {
    try_mutants("igd", Vec::new(), properties::igd);
}

#[test]
fn r01_mutated_stun_messages_keep_the_fuzzed_property() {
    try_mutants("stun", Vec::new(), properties::stun);
}
