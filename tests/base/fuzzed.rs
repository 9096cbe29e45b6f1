//! The fuzzed properties on the stable toolchain, with simple mutations, always the same.

use cwmpd_lab::properties::{self, ROUNDS, mutate};

#[test]
fn mutated_challenges_keep_the_fuzzed_property() {
    let seeds = [
        r#"Digest realm="a, b", nonce="x\"y", qop="auth,auth-int", algorithm=MD5, stale=true"#,
        r#"Basic realm="x", Digest username=u,uri="/",response=00,nc=00000001,cnonce="""#,
    ];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    let tokens: [&[u8]; 8] = [b"\"", b",", b"=", b"\\", b" ", b"Digest ", b"\t", b"\xff"];
    mutate(&seeds, &tokens, ROUNDS, properties::digest);
}
