//! The fuzzed property on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, try_mutants};

#[test]
fn mutated_uci_files_keep_the_fuzzed_property() {
    try_mutants("uci", Vec::new(), properties::uci);
}

#[test]
fn d10_mutated_answers_to_echo_requests_keep_the_fuzzed_property() {
    try_mutants("icmp", Vec::new(), properties::icmp);
}

#[test]
fn d02_mutated_leases_keep_the_fuzzed_property() {
    try_mutants("dhcp", Vec::new(), properties::dhcp);
}

#[cfg(feature = "software")]
#[test]
fn t51_mutated_lists_of_packages_keep_the_fuzzed_property() {
    try_mutants("software", Vec::new(), properties::software);
}

#[cfg(feature = "ubus")]
#[test]
fn b18_mutated_messages_of_ubus_keep_the_fuzzed_property() {
    try_mutants("ubus", Vec::new(), properties::ubus);
}

#[test]
fn t27_mutated_archives_and_images_keep_the_fuzzed_property() {
    try_mutants("archive", Vec::new(), properties::archive);
}
