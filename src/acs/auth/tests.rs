use super::{Auth, Credentials, Refusal, Target};
use proptest::prelude::*;

proptest! {
    /// Whatever the ACS asks, the answer is made, or refused with a reason.
    #[test]
    fn no_challenge_makes_it_panic(
        challenges in prop::collection::vec(
            "\\PC*|(Digest |Basic |realm=|nonce=|qop=|algorithm=|stale=true|MD5|auth|\"|\\\\|,|[a-z ])*",
            0..4,
        ),
        secure: bool,
        answered in 0_u8..3,
    ) {
        let credentials = Credentials {
            username: "u\"\\ä".into(),
            password: "p".into(),
        };
        let mut auth = Auth::new(credentials, false);
        let refusal = Refusal {
            host: "acs".into(),
            secure,
            challenges: &challenges,
            answered,
        };
        let answered = auth.answer(refusal);
        let target = Target {
            method: "POST",
            uri: "/",
            body: b"",
        };
        prop_assert_eq!(auth.authorization(&target).is_some(), answered.is_ok());
    }
}
