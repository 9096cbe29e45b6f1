//! Decides on a datagram: what costs least is looked at first, so that who sends a great deal of
//! nonsense costs little, and who does not know the user name never a hash.

use std::net::SocketAddr;

use super::denial::UdpDenial;
use super::request::{MAX_REQUEST, UdpRequest};
use super::served::ServedRequests;
use crate::base::hmac::hmac_sha1;
use crate::base::percent;
use crate::connreq::access::{Access, same};

/// The request in a datagram, if it is one that is to be served (TR-069 §G.2.2.3).
pub(super) fn judge<'a>(
    datagram: &'a [u8],
    from: SocketAddr,
    access: &Access<'_>,
    served: &ServedRequests,
) -> Result<UdpRequest<'a>, UdpDenial> {
    if !datagram.starts_with(b"GET ") {
        return Err(UdpDenial::NoRequest);
    }
    if !access.hears(from.ip()) {
        return Err(UdpDenial::NotAllowed);
    }
    if !access.has_credentials() {
        return Err(UdpDenial::NoCredentialsSet);
    }
    let request = UdpRequest::parse(datagram)?;
    if !is_of_user(&request, access) {
        return Err(UdpDenial::WrongUsername);
    }
    served.admit(&request, access)?;
    match is_signed(&request, access) {
        true => Ok(request),
        false => Err(UdpDenial::WrongSignature),
    }
}

/// Whether `un` is the user name: in any coding of clients, and as in a form or, of an ACS that knows
/// nothing of forms, as it is.
fn is_of_user(request: &UdpRequest<'_>, access: &Access<'_>) -> bool {
    let codings = access.codings().iter();
    let mut names = codings.filter_map(|coding| coding.encode(access.username));
    names.any(|name| {
        request.un == &*name || percent::decode_form(request.un).eq(name.iter().copied())
    })
}

/// Whether the signature is HMAC-SHA1 with the password as its key, over the fields in a row: as they
/// are meant, or as they are written where that is not the same.
fn is_signed(request: &UdpRequest<'_>, access: &Access<'_>) -> bool {
    let UdpRequest { un, cn, .. } = *request;
    let is_coded = |field: &[u8]| field.iter().any(|byte| b"%+".contains(byte));
    let as_written = proves(request, un, cn, access);
    if as_written || !is_coded(un) && !is_coded(cn) {
        return as_written;
    }
    // Both come from one datagram, and become no longer.
    let mut bytes = [0; MAX_REQUEST];
    let (un, rest) = decode(un, &mut bytes);
    let (cn, _) = decode(cn, rest);
    proves(request, un, cn, access)
}

/// Whether the signature is of these fields, with the password in any coding.
fn proves(request: &UdpRequest<'_>, un: &[u8], cn: &[u8], access: &Access<'_>) -> bool {
    let UdpRequest { ts, id, sig, .. } = *request;
    let codings = access.codings().iter();
    let mut keys = codings.filter_map(|coding| coding.encode(access.password.reveal()));
    keys.any(|key| same(hmac_sha1(&key, &[ts.digits, id.digits, un, cn]), sig))
}

/// Writes what a field means to the beginning of `bytes`, and gives the rest of them as well.
fn decode<'a>(field: &[u8], bytes: &'a mut [u8]) -> (&'a [u8], &'a mut [u8]) {
    let room = bytes.iter_mut().zip(percent::decode_form(field));
    let length = room.map(|(byte, meant)| *byte = meant).count();
    let (meant, rest) = bytes.split_at_mut(length.min(bytes.len()));
    (meant, rest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::digest::hex;
    use crate::base::prefix::AddressPrefix;
    use crate::base::secret::Secret;

    /// What is signed, as it is meant.
    struct SignedFields<'a> {
        ts: &'a str,
        id: &'a str,
        un: &'a [u8],
        cn: &'a str,
    }

    const FIELDS: SignedFields<'_> = SignedFields {
        ts: "1120673700",
        id: "1234",
        un: b"CPE57689",
        cn: "XTGRWIPC6D3IPXS3",
    };

    impl SignedFields<'_> {
        fn sig(&self, key: &[u8]) -> String {
            let (ts, id, cn) = (self.ts.as_bytes(), self.id.as_bytes(), self.cn.as_bytes());
            hex(&hmac_sha1(key, &[ts, id, self.un, cn]))
        }

        /// A datagram that says this; `un` as it stands there.
        fn datagram(&self, un: &[u8], key: &[u8]) -> Vec<u8> {
            let Self { ts, id, cn, .. } = self;
            let before = format!("GET http://10.1.1.1:8080?ts={ts}&id={id}&un=");
            let after = format!("&cn={cn}&sig={} HTTP/1.1\r\n\r\n", self.sig(key));
            [before.as_bytes(), un, after.as_bytes()].concat()
        }
    }

    fn access<'a>(username: &'a str, password: &'a Secret) -> Access<'a> {
        Access {
            path: "/t0ken",
            username,
            password,
            takes_basic: false,
            allowed: None,
            max_requests: 1,
            period: Duration::from_secs(1),
        }
    }

    fn from() -> SocketAddr {
        ([192, 0, 2, 7], 3478).into()
    }

    fn judge_first(datagram: &[u8], access: &Access<'_>) -> Result<(), UdpDenial> {
        judge(datagram, from(), access, &ServedRequests::default()).map(drop)
    }

    #[test]
    fn r11_what_costs_less_is_looked_at_first() {
        let password = Secret::new("password");
        let right = access("CPE57689", &password);
        let other = Secret::new("another");
        let mut served = ServedRequests::default();
        let good = FIELDS.datagram(FIELDS.un, b"password");
        let before = judge(&good, from(), &right, &served).unwrap();
        served.record(&before, &right);
        // Each has all faults of those below it.
        let forged = FIELDS.datagram(FIELDS.un, b"another");
        let text = String::from_utf8(forged).unwrap();
        let nobody = Secret::default();
        let elsewhere = [AddressPrefix::parse("198.51.100.0/24").unwrap()];
        let shut = Access {
            allowed: Some(&elsewhere),
            password: &nobody,
            ..right
        };
        let unset = Access {
            password: &nobody,
            ..right
        };
        let stranger = access("stranger", &password);
        let later = text.replace("ts=11", "ts=12");
        let cases = [
            (&shut, "POST".to_owned() + &text, UdpDenial::NoRequest),
            (&shut, text.replace("&cn", "&no"), UdpDenial::NotAllowed),
            (
                &unset,
                text.replace("&cn", "&no"),
                UdpDenial::NoCredentialsSet,
            ),
            (
                &stranger,
                text.clone() + &"x".repeat(MAX_REQUEST),
                UdpDenial::TooLong,
            ),
            (
                &stranger,
                text.replace("&cn", "&no") + "x",
                UdpDenial::HasBody,
            ),
            (&stranger, text.replace("&cn", "&no"), UdpDenial::BadQuery),
            (&stranger, text.clone(), UdpDenial::WrongUsername),
            (&right, text.clone(), UdpDenial::Copy),
            (&right, text.replace("ts=11", "ts=10"), UdpDenial::Old),
            (&right, later, UdpDenial::WrongSignature),
        ];
        for (access, text, expected) in cases {
            let judged = judge(text.as_bytes(), from(), access, &served);
            assert_eq!(judged, Err(expected), "{text}");
        }
        // Only the right password makes it right.
        let key = access("CPE57689", &other);
        assert_eq!(judge_first(&good, &key), Err(UdpDenial::WrongSignature));
        assert_eq!(judge_first(&good, &right), Ok(()));
    }

    #[test]
    fn r13_a_name_is_known_as_in_a_form_and_as_it_is() {
        let password = Secret::new("p+ss%41word");
        let key = password.reveal().as_bytes();
        for (name, written) in [
            ("box 17", "box+17"),
            ("box 17", "box%2017"),
            ("box+17", "box%2b17"),
            ("box/17@isp.example", "box%2F17%40isp.example"),
            ("b=c", "b=c"),
            // As GenieACS writes it, which codes nothing.
            ("box 17", "box 17"),
            ("box+17", "box+17"),
            ("100%41", "100%41"),
            ("büro", "büro"),
        ] {
            let access = access(name, &password);
            let meant = SignedFields {
                un: name.as_bytes(),
                ..FIELDS
            };
            let datagram = meant.datagram(written.as_bytes(), key);
            assert_eq!(judge_first(&datagram, &access), Ok(()), "{written}");
            // One that signs what it writes.
            let as_written = SignedFields {
                un: written.as_bytes(),
                ..FIELDS
            };
            let datagram = as_written.datagram(written.as_bytes(), key);
            assert_eq!(judge_first(&datagram, &access), Ok(()), "{written}");
        }
        let spaced = access("box 17", &password);
        for written in [
            "box17",
            "box++17",
            "box%2B17",
            "box%252017",
            "box",
            "",
            "box+17+",
        ] {
            let named = SignedFields {
                un: written.as_bytes(),
                ..FIELDS
            };
            let datagram = named.datagram(written.as_bytes(), key);
            let judged = judge_first(&datagram, &spaced);
            assert_eq!(judged, Err(UdpDenial::WrongUsername), "{written}");
        }
    }

    #[test]
    fn r13_what_the_sender_chose_may_be_coded_as_well() {
        let password = Secret::new("password");
        let access = access("CPE57689", &password);
        let sig = SignedFields {
            cn: "a+b/c=",
            ..FIELDS
        };
        let sig = sig.sig(b"password");
        for (cn, expected) in [
            ("a+b/c=", Ok(())),
            ("a%2Bb%2Fc%3D", Ok(())),
            ("a%2bb/c=", Ok(())),
            ("a b/c=", Err(UdpDenial::WrongSignature)),
        ] {
            let text = format!(
                "GET http://h?ts=1120673700&id=1234&un=CPE57689&cn={cn}&sig={sig} HTTP/1.1"
            );
            assert_eq!(judge_first(text.as_bytes(), &access), expected, "{cn}");
        }
    }

    #[test]
    fn r13_names_and_passwords_beyond_ascii_are_known_in_each_coding() {
        let password = Secret::new("pässword");
        let access = access("büro", &password);
        let names: [&[u8]; 2] = ["büro".as_bytes(), b"b\xfcro"];
        let keys: [&[u8]; 2] = ["pässword".as_bytes(), b"p\xe4ssword"];
        for un in names {
            for key in keys {
                let fields = SignedFields { un, ..FIELDS };
                let datagram = fields.datagram(un, key);
                assert_eq!(judge_first(&datagram, &access), Ok(()));
            }
        }
        let fields = SignedFields {
            un: names[0],
            ..FIELDS
        };
        let datagram = fields.datagram(b"b%C3%BCro", keys[0]);
        assert_eq!(judge_first(&datagram, &access), Ok(()));
        let datagram = fields.datagram(names[0], b"password");
        assert_eq!(
            judge_first(&datagram, &access),
            Err(UdpDenial::WrongSignature)
        );
    }

    #[test]
    fn r11_empty_credentials_admit_nobody() {
        for (user, word) in [("", ""), ("CPE57689", ""), ("", "password")] {
            let password = Secret::new(word);
            let named = SignedFields {
                un: user.as_bytes(),
                ..FIELDS
            };
            let datagram = named.datagram(user.as_bytes(), word.as_bytes());
            let judged = judge_first(&datagram, &access(user, &password));
            assert_eq!(judged, Err(UdpDenial::NoCredentialsSet), "{user}:{word}");
        }
    }

    #[test]
    fn r11_each_digit_of_the_signature_counts() {
        let password = Secret::new("password");
        let access = access("CPE57689", &password);
        let good = FIELDS.datagram(FIELDS.un, b"password");
        let start = good.len() - " HTTP/1.1\r\n\r\n".len() - 40;
        for at in start..start + 40 {
            let mut forged = good.clone();
            forged[at] = if good[at] == b'0' { b'1' } else { b'0' };
            let judged = judge_first(&forged, &access);
            assert_eq!(judged, Err(UdpDenial::WrongSignature), "{at}");
        }
    }
}
