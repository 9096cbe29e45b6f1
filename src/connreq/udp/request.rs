//! A connection request over UDP, read from bytes that nobody vouches for (TR-069 §G.2.2.3).
//!
//! Senders differ in what they write: the standard's example ends with the request line, freeacs has
//! `/` for a path, Orange's server leaves out scheme and host. What they agree in is taken from all of
//! them; what would give a datagram two meanings is refused.

use super::denial::UdpDenial;
use crate::base::hmac::HMAC_SHA1_LEN;

/// The most bytes that a request may take: a user name of 256 characters may stand in it with nine
/// bytes each. Those that there are have about 200.
pub const MAX_REQUEST: usize = 4096;

/// Digits of the largest number that is taken: 2⁶⁴ − 1.
const MAX_DIGITS: usize = 20;

/// The names of the fields, in the order in which they are signed, and the signature.
const NAMES: [&[u8]; 5] = [b"ts", b"id", b"un", b"cn", b"sig"];

/// What a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpRequest<'a> {
    /// When it was made: in seconds since 1970, or, of some ACSs, in milliseconds.
    pub ts: Numeral<'a>,
    /// The same in all copies of a request.
    pub id: Numeral<'a>,
    /// The user name, coded as in a form (`application/x-www-form-urlencoded`).
    pub un: &'a [u8],
    /// Whatever the sender chose, coded likewise.
    pub cn: &'a [u8],
    /// The signature.
    pub sig: [u8; HMAC_SHA1_LEN],
}

/// A number as it is written, and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeral<'a> {
    /// The digits: they are what is signed.
    pub digits: &'a [u8],
    /// Their value.
    pub value: u64,
}

impl<'a> UdpRequest<'a> {
    /// Reads a datagram, without taking any memory.
    ///
    /// # Errors
    /// Why it is no request.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, UdpDenial> {
        if datagram.len() > MAX_REQUEST {
            return Err(UdpDenial::TooLong);
        }
        // Those of a sender in C may have come along.
        let end = datagram.iter().rposition(|byte| *byte != 0);
        let text = datagram.get(..=end.unwrap_or_default()).unwrap_or_default();
        let (line, headers) = split_line(text);
        let target = line
            .strip_prefix(b"GET ")
            .and_then(|rest| rest.strip_suffix(b" HTTP/1.1"))
            .filter(|target| !target.iter().any(u8::is_ascii_control))
            .ok_or(UdpDenial::NoRequest)?;
        let query = query_of(target).ok_or(UdpDenial::WrongTarget)?;
        look_at(headers)?;
        Self::of_query(query).ok_or(UdpDenial::BadQuery)
    }

    fn of_query(query: &'a [u8]) -> Option<Self> {
        let mut fields = [None; NAMES.len()];
        for pair in query.split(|byte| *byte == b'&') {
            let (name, value) = split_at_byte(pair, b'=').unwrap_or_default();
            let mut named = NAMES.iter().zip(&mut fields);
            if let Some((_, field)) = named.find(|(known, _)| **known == name) {
                if field.replace(value).is_some() {
                    return None;
                }
            }
        }
        let [ts, id, un, cn, sig] = fields;
        Some(Self {
            ts: Numeral::parse(ts?)?,
            id: Numeral::parse(id?)?,
            un: un?,
            cn: cn?,
            sig: signature(sig?)?,
        })
    }
}

impl<'a> Numeral<'a> {
    fn parse(digits: &'a [u8]) -> Option<Self> {
        if !(1..=MAX_DIGITS).contains(&digits.len()) {
            return None;
        }
        let value = digits.iter().try_fold(0_u64, |value, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            value.checked_mul(10)?.checked_add(u64::from(digit))
        });
        value.map(|value| Self { digits, value })
    }
}

/// The query of a target that is `http://HOST:PORT?QUERY`, with or without the `/` of a path, or has no
/// scheme and host. Which host it names does not matter: a NAT may have had a hand in that.
fn query_of(target: &[u8]) -> Option<&[u8]> {
    const SCHEME: usize = "http://".len();
    let rest = match target.split_at_checked(SCHEME) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"http://") => {
            let end = rest.iter().position(|byte| b"/?".contains(byte))?;
            rest.get(end..)?
        }
        _ => target,
    };
    rest.strip_prefix(b"/").unwrap_or(rest).strip_prefix(b"?")
}

/// Refuses a body, and lines that are no headers.
fn look_at(mut headers: &[u8]) -> Result<(), UdpDenial> {
    while !headers.is_empty() {
        let (line, rest) = split_line(headers);
        if line.is_empty() {
            return match rest.iter().all(|byte| b"\r\n".contains(byte)) {
                true => Ok(()),
                false => Err(UdpDenial::HasBody),
            };
        }
        let (name, value) = split_at_byte(line, b':').ok_or(UdpDenial::NoRequest)?;
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(UdpDenial::NoRequest);
        }
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        if is("Transfer-Encoding") || is("Content-Length") && value.trim_ascii() != b"0" {
            return Err(UdpDenial::HasBody);
        }
        headers = rest;
    }
    Ok(())
}

/// 40 hex digits.
fn signature(digits: &[u8]) -> Option<[u8; HMAC_SHA1_LEN]> {
    let mut bytes = [0; HMAC_SHA1_LEN];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(value).ok()?;
        }
    }
    Some(bytes)
}

/// The first line, without its end, and what follows it.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = split_at_byte(bytes, b'\n').unwrap_or((bytes, b""));
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn split_at_byte(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| *byte == at)?;
    let (before, rest) = bytes.split_at_checked(position)?;
    Some((before, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIG: &str = "3545F7B5820D76A3DF45A3A509DA8D8C38F13512";
    const QUERY: &str = "ts=1120673700&id=1234&un=CPE57689&cn=XTGRWIPC6D3IPXS3&sig=\
                         3545F7B5820D76A3DF45A3A509DA8D8C38F13512";

    fn refused(datagram: &str) -> UdpDenial {
        let parsed = UdpRequest::parse(datagram.as_bytes());
        parsed.expect_err(datagram)
    }

    #[test]
    fn r13_what_the_acss_that_there_are_send_is_a_request() {
        let example = format!("GET http://10.1.1.1:8080?{QUERY} HTTP/1.1");
        let expected = UdpRequest::parse(example.as_bytes()).unwrap();
        assert_eq!(expected.ts.value, 1_120_673_700);
        assert_eq!(expected.id.digits, b"1234");
        assert_eq!(
            (expected.un, expected.cn),
            (&b"CPE57689"[..], &b"XTGRWIPC6D3IPXS3"[..])
        );
        assert_eq!((expected.sig[0], expected.sig[19]), (0x35, 0x12));
        let small = QUERY.replace(SIG, &SIG.to_lowercase());
        for (target, rest) in [
            // GenieACS.
            (
                format!("http://10.1.1.1:8080?{small}"),
                "\r\nHost: 10.1.1.1:8080\r\n\r\n",
            ),
            // freeacs.
            (format!("http://10.1.1.1:8080/?{QUERY}"), "\r\n\r\n"),
            // Orange's server.
            (
                format!("?{QUERY}"),
                "\r\nHost: 10.1.1.1:8080\r\nContent-Length: 0\r\n\r\n",
            ),
            // Programs in C.
            (format!("http://10.1.1.1:8080?{small}"), "\r\n"),
            (format!("http://10.1.1.1?{QUERY}"), "\r\n\r\n\0\0\0"),
            (format!("HTTP://10.1.1.1:8080?{QUERY}"), "\n\n"),
            (format!("/?{QUERY}"), "\r\n\r\n\r\n"),
            (
                format!("http://[2001:db8::1]:8080?x=1&{QUERY}&ts2=5&y"),
                "\r\nX-A:\r\n\r\n",
            ),
        ] {
            let datagram = format!("GET {target} HTTP/1.1{rest}");
            let parsed = UdpRequest::parse(datagram.as_bytes());
            assert_eq!(parsed, Ok(expected), "{datagram}");
        }
        let mut backwards: Vec<_> = QUERY.split('&').collect();
        backwards.reverse();
        let datagram = format!("GET http://h?{} HTTP/1.1", backwards.join("&"));
        assert_eq!(UdpRequest::parse(datagram.as_bytes()), Ok(expected));
    }

    #[test]
    fn r13_what_is_no_request_says_why() {
        for line in [
            "".to_owned(),
            "GET".to_owned(),
            "GET ".to_owned(),
            format!("get http://h?{QUERY} HTTP/1.1"),
            format!("POST http://h?{QUERY} HTTP/1.1"),
            format!("GET http://h?{QUERY} HTTP/1.0"),
            format!("GET http://h?{QUERY}"),
            format!("GET http://h?{QUERY} HTTP/1.1 "),
            format!("GET http://h?{QUERY}\tHTTP/1.1"),
            format!("GET http://h?\0{QUERY} HTTP/1.1"),
            format!("\r\nGET http://h?{QUERY} HTTP/1.1"),
            format!("GET http://h?{QUERY} HTTP/1.1\r\nHost\r\n\r\n"),
            format!("GET http://h?{QUERY} HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n"),
            format!("GET http://h?{QUERY} HTTP/1.1\r\n: h\r\n\r\n"),
        ] {
            assert_eq!(refused(&line), UdpDenial::NoRequest, "{line}");
        }
        for target in [
            "https://h?",
            "http://h/t0ken?",
            "//?",
            "http://h",
            "ftp:?",
            "*",
            "h?",
            "http://h//?",
        ] {
            let line = format!("GET {target}{QUERY} HTTP/1.1");
            assert_eq!(refused(&line), UdpDenial::WrongTarget, "{line}");
        }
        for headers in [
            "Content-Length: 1\r\n\r\nx",
            "content-length: x\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n",
            "\r\nGET",
            "Content-Length:\r\n",
        ] {
            let line = format!("GET http://h?{QUERY} HTTP/1.1\r\n{headers}");
            assert_eq!(refused(&line), UdpDenial::HasBody, "{line}");
        }
    }

    #[test]
    fn w05_a_field_that_is_missing_twice_or_odd_is_refused() {
        let bad = |query: &str| {
            let line = format!("GET http://h?{query} HTTP/1.1");
            assert_eq!(refused(&line), UdpDenial::BadQuery, "{line}");
        };
        // What kept the agent of 2008 busy for ever: no `&` at all.
        bad("");
        bad("ts=1120673700");
        for pair in QUERY.split('&') {
            let name = pair.split('=').next().unwrap();
            bad(&QUERY.replace(pair, ""));
            bad(&QUERY.replace(pair, name));
            bad(&format!("{QUERY}&{pair}"));
            bad(&format!("{name}=&{QUERY}"));
            bad(&QUERY.replace(&format!("{name}="), &format!("{}=", name.to_uppercase())));
        }
        for (field, values) in [
            (
                "ts=1120673700",
                [
                    "ts=",
                    "ts=-1",
                    "ts=+1",
                    "ts=1.5",
                    "ts=18446744073709551616",
                    "ts=000000000000000000001",
                    "ts=0x1",
                ],
            ),
            (
                "id=1234",
                [
                    "id=",
                    "id=-1",
                    "id=+1",
                    "id=abc",
                    "id=99999999999999999999",
                    "id=%31",
                    "id=1 ",
                ],
            ),
        ] {
            for value in values {
                bad(&QUERY.replace(field, value));
            }
        }
        for sig in [
            &SIG[1..],
            "",
            &format!("{SIG}0"),
            &SIG.replace('F', "G"),
            &SIG.replace('F', "é"),
        ] {
            bad(&QUERY.replace(SIG, sig));
        }
    }

    #[test]
    fn r13_a_request_has_its_bound() {
        let long = |length: usize| {
            let start = format!("GET http://h?{QUERY} HTTP/1.1\r\nX: ");
            let padding = "y".repeat(length - start.len());
            (start + &padding).into_bytes()
        };
        assert!(UdpRequest::parse(&long(MAX_REQUEST)).is_ok());
        let longer = long(MAX_REQUEST + 1);
        assert_eq!(UdpRequest::parse(&longer), Err(UdpDenial::TooLong));
    }
}
