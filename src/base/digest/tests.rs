use std::io::Read;

use proptest::prelude::*;

use super::{Algorithm, Coding, Proof, Qop, parse, quote};

/// The example of RFC 7616 §3.9.1.
fn rfc7616(algorithm: Algorithm) -> Proof<'static> {
    Proof {
        algorithm,
        username: b"Mufasa",
        realm: b"http-auth@example.org",
        password: b"Circle of Life",
        nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        nc: "00000001",
        method: "GET",
        uri: "/dir/index.html",
        qop: Qop::Auth,
    }
}

/// The example of RFC 2617 §3.5.
fn rfc2617(qop: Qop<'static>) -> Proof<'static> {
    Proof {
        algorithm: Algorithm::Md5,
        username: b"Mufasa",
        realm: b"testrealm@host.com",
        password: b"Circle Of Life",
        nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
        cnonce: "0a4f113b",
        nc: "00000001",
        method: "GET",
        uri: "/dir/index.html",
        qop,
    }
}

#[test]
fn a_body_is_hashed_a_piece_at_a_time() {
    let hash = |algorithm: Algorithm, body: &str| algorithm.hash_body(&mut body.as_bytes());
    // RFC 1321 §A.5, FIPS 180-4's own "abc".
    let md5 = hash(Algorithm::Md5, "abc").unwrap();
    assert_eq!(md5, "900150983cd24fb0d6963f7d28e17f72");
    let sha = hash(Algorithm::Sha256Sess, "abc").unwrap();
    assert!(sha.starts_with("ba7816bf8f01cfea") && sha.len() == 64);
    let long = "0123456789".repeat(10_000);
    let pieces = &mut long.as_bytes()[..7].chain(&long.as_bytes()[7..]);
    assert_eq!(
        Algorithm::Md5.hash_body(pieces).unwrap(),
        hash(Algorithm::Md5, &long).unwrap()
    );
}

#[test]
fn the_examples_of_the_standards_come_out() {
    let md5 = rfc7616(Algorithm::Md5).response();
    assert_eq!(md5, "8ca523f5e9506fed4657c9700eebdbec");
    let sha256 = rfc7616(Algorithm::Sha256).response();
    let expected = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    assert_eq!(sha256, expected);
    let rfc2617_auth = rfc2617(Qop::Auth).response();
    assert_eq!(rfc2617_auth, "6629fae49393a05397450978507c4ef1");
    let without_qop = rfc2617(Qop::None).response();
    assert_eq!(without_qop, "670fd8c2df070c60b045671b8b24ff02");
}

#[test]
fn a_list_of_challenges_in_one_header_is_taken_apart() {
    let header = r#"Newauth realm="apps, \"big\" ones", type=1, ,Digest realm="a,b=c" , qop = "auth,auth-int",nonce=x, stale=TRUE, Basic realm="simple", Negotiate abc=="#;
    let challenges = parse(header);
    let schemes: Vec<_> = challenges.iter().map(|c| c.scheme.as_str()).collect();
    assert_eq!(schemes, ["Newauth", "Digest", "Basic", "Negotiate"]);
    assert_eq!(challenges[0].param("REALM"), Some(r#"apps, "big" ones"#));
    assert_eq!(challenges[0].param("type"), Some("1"));
    assert!(challenges[1].is("DIGEST"));
    assert_eq!(challenges[1].param("realm"), Some("a,b=c"));
    assert_eq!(challenges[1].param("qop"), Some("auth,auth-int"));
    assert_eq!(challenges[1].param("nonce"), Some("x"));
    assert_eq!(challenges[1].param("stale"), Some("TRUE"));
    assert_eq!(challenges[2].param("realm"), Some("simple"));
}

#[test]
fn algorithms_are_known_by_name_and_md5_is_meant_by_none() {
    assert_eq!(Algorithm::named(None), Some(Algorithm::Md5));
    assert_eq!(Algorithm::named(Some("md5-SESS")), Some(Algorithm::Md5Sess));
    assert_eq!(Algorithm::named(Some("SHA-512-256")), None);
}

proptest! {
    #[test]
    fn no_header_makes_the_parser_panic(header in "\\PC*|(Digest |[a-z]+ ?= ?|\"|\\\\|,| )*") {
        parse(&header);
    }

    #[test]
    fn s13_what_is_quoted_is_read_back(realm: Vec<u8>, nonce in "[a-zA-Z0-9+/=]+") {
        let realm: Vec<u8> = realm.into_iter().filter(|byte| !byte.is_ascii_control()).collect();
        let mut header = b"Digest realm=".to_vec();
        header.extend(quote(&realm));
        header.extend(format!(", nonce={nonce}").bytes());
        let challenges = parse(&header);
        prop_assert_eq!(challenges.len(), 1);
        prop_assert_eq!(challenges[0].octets("realm"), Some(realm.as_slice()));
        prop_assert_eq!(challenges[0].param("nonce"), Some(nonce.as_str()));
    }
}

#[test]
fn s13_a_text_is_coded_where_the_coding_has_it() {
    let coded = |coding: Coding, text| coding.encode(text).map(|coded| coded.into_owned());
    assert_eq!(coded(Coding::Utf8, "ü€").unwrap(), "ü€".as_bytes());
    assert_eq!(coded(Coding::Latin1, "aü").unwrap(), b"a\xfc");
    assert_eq!(coded(Coding::Latin1, "€"), None);
}

#[test]
fn s13_white_space_is_ascii_alone() {
    // The second byte of an "à" is a space beyond ASCII.
    let challenges = parse("Digest realm=à, nonce=x");
    assert_eq!(challenges[0].param("realm"), Some("à"));
    assert_eq!(challenges[0].param("nonce"), Some("x"));
    let challenges = parse(b"Digest realm=\"\xe0\", nonce=x");
    assert_eq!(challenges[0].octets("realm"), Some(b"\xe0".as_slice()));
    assert_eq!(challenges[0].param("realm"), None);
}
