//! The fuzzed properties on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn mutated_answers_of_luup_keep_the_fuzzed_properties() {
    try_mutants("luup_status", Vec::new(), properties::luup_status);
    try_mutants("luup_user_data", Vec::new(), properties::luup_user_data);
    try_mutants("luup_delta", Vec::new(), properties::luup_delta);
}

#[test]
fn z51_mutated_answers_of_mms_keep_the_fuzzed_property() {
    try_mutants("mms", Vec::new(), properties::mms);
}

#[test]
fn z17_mutated_capabilities_keep_the_fuzzed_property() {
    try_mutants("capabilities", Vec::new(), properties::capabilities);
}

#[test]
fn z18_mutated_configuration_parameters_keep_the_fuzzed_property() {
    try_mutants("variables_set", Vec::new(), properties::variables_set);
}

#[test]
fn z33_mutated_tables_of_services_keep_the_fuzzed_property() {
    try_mutants("luup_services", Vec::new(), properties::luup_services);
}

#[test]
fn z33_mutated_answers_to_actions_and_jobs_keep_the_fuzzed_property() {
    try_mutants("luup_answer", Vec::new(), properties::luup_answer);
}
