//! The fuzz targets on the stable toolchain: the same properties, simple mutations, always the same.
//! (The target for envelopes is in `soap_hostile`.)

#[path = "../fuzz/entry/digest.rs"]
mod digest;
#[path = "../fuzz/entry/expr.rs"]
mod expr;
#[path = "../fuzz/entry/luup.rs"]
mod luup;
#[path = "../fuzz/entry/mutate.rs"]
mod mutate;
#[path = "../fuzz/entry/rows.rs"]
mod rows;
#[path = "../fuzz/entry/uci.rs"]
mod uci;

use mutate::mutate;

const ROUNDS: usize = 20_000;

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
    mutate(&seeds, &tokens, ROUNDS, rows::rows);
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
    mutate(&seeds, &tokens, ROUNDS, expr::expr);
}

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
    mutate(&seeds, &tokens, ROUNDS, uci::uci);
}

#[test]
fn mutated_challenges_keep_the_fuzzed_property() {
    let seeds = [
        r#"Digest realm="a, b", nonce="x\"y", qop="auth,auth-int", algorithm=MD5, stale=true"#,
        r#"Basic realm="x", Digest username=u,uri="/",response=00,nc=00000001,cnonce="""#,
    ];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    let tokens: [&[u8]; 8] = [b"\"", b",", b"=", b"\\", b" ", b"Digest ", b"\t", b"\xff"];
    mutate(&seeds, &tokens, ROUNDS, digest::digest);
}

#[test]
fn mutated_answers_of_luup_keep_the_fuzzed_property() {
    let seeds = [
        r#"{"LoadTime":1,"devices":[{"id":3,"status":-1,"states":[{"id":0,"service":"urn:a:serviceId:ZWaveDevice1","variable":"Capabilities","value":"211,156,0|37,"}]}]}"#,
        r#"{"devices":[{"id":"3","altid":"2","id_parent":1,"name":"\u00e9\/ \t","room":"4"}],"rooms":[]}"#,
    ];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    let tokens: [&[u8]; 12] = [
        b"{", b"}", b"[", b"]", b"\"", b",", b":", b"\\u0000", b"\\", b"1e999", b"null", b"\xff",
    ];
    mutate(&seeds, &tokens, ROUNDS, luup::luup);
}
