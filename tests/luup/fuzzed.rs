//! The fuzzed properties on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, ROUNDS, mutate};

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
    mutate(&seeds, &tokens, ROUNDS, properties::luup);
}
