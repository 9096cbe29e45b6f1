//! The fuzzed properties on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, ROUNDS, mutate};

#[test]
fn mutated_uci_files_keep_the_fuzzed_property() {
    let path = format!("{}/etc/config/cwmpd", env!("CARGO_MANIFEST_DIR"));
    let seeds = [
        std::fs::read(path).unwrap(),
        b"config interface 'lan'\n\toption ipaddr '192.168.1.1'\n\tlist dns \"8.8\\\"8\"\n"
            .to_vec(),
    ];
    let tokens: [&[u8]; 10] = [
        b"'", b"\"", b"\\", b";", b"\n", b"#", b"config ", b"option ", b"list ", b"\xff",
    ];
    mutate(&seeds, &tokens, ROUNDS, properties::uci);
}
