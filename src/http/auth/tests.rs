use proptest::prelude::*;
use ureq::http::Method;

use super::{Auth, Credentials};
use crate::http::request::RequestBody;

proptest! {
    /// Whatever a server asks, the answer is made, or refused with a reason.
    #[test]
    fn no_challenge_makes_it_panic(
        challenges in prop::collection::vec(
            "\\PC*|(Digest |Basic |realm=|nonce=|qop=|algorithm=|stale=true|MD5|auth|\"|\\\\|,|[a-z ])*",
            0..4,
        ),
        basic: bool,
        answered in 0_u8..3,
    ) {
        let credentials = Credentials {
            username: "u\"\\ä".into(),
            password: "p".into(),
        };
        let mut auth = Auth::new(credentials);
        auth.answered = answered;
        let answered = auth.answer("server", &challenges, basic);
        let mut body = RequestBody::text("body");
        let proof = auth.authorization(&Method::POST, "/", Some(&mut body));
        prop_assert_eq!(proof.unwrap().is_some(), answered.is_ok());
    }
}
