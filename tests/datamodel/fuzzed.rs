//! The fuzzed properties on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, ROUNDS, mutate};

#[test]
fn mutated_rows_keep_the_fuzzed_property() {
    let files = ["deviceinfo", "managementserver", "network", "time", "zwave"];
    let seed = |name: &&str| {
        let path = format!("{}/etc/cwmpd/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#')).take(20);
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    };
    let seeds: Vec<_> = files.iter().map(seed).collect();
    let tokens: [&[u8]; 12] = [
        b";", b":", b"..", b"{i}", b"%41", b"%", b"\n*0\n", b"*", b"|", b"_", b"\xff", b"6:7",
    ];
    mutate(&seeds, &tokens, ROUNDS, properties::rows);
}

#[test]
fn mutated_expressions_keep_the_fuzzed_property() {
    let seeds = [
        "Class(A.B, 5:10:20) ++ \"/\" ++ 'C'",
        "#NAT.PortMapping.",
        "( A + 1 ) * -2 >= 3 & ! B | C != \"x\" ? DiffTime(D, E)",
    ];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    let tokens: [&[u8]; 10] = [
        b"(",
        b")",
        b"\"",
        b"'",
        b" - ",
        b"9223372036854775807",
        b",",
        b":",
        b"++",
        b"\\",
    ];
    mutate(&seeds, &tokens, ROUNDS, properties::expr);
}
