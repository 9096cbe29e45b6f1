//! Requests over UDP of strangers.

use cwmpd::connreq::udp::request::{MAX_REQUEST, UdpRequest};

/// No datagram panics; of one that is a request, all that is signed stands in it, and its numbers are
/// what their digits say; another field does not matter, and one that is there twice does.
pub fn udp_request(bytes: &[u8]) {
    let Ok(request) = UdpRequest::parse(bytes) else {
        return;
    };
    assert!(bytes.len() <= MAX_REQUEST && bytes.starts_with(b"GET "));
    let UdpRequest { ts, id, un, cn, .. } = request;
    for (name, value) in [("ts", ts.digits), ("id", id.digits), ("un", un), ("cn", cn)] {
        let field = [name.as_bytes(), b"=", value].concat();
        let number = bytes.windows(field.len()).filter(|at| *at == field).count();
        assert!(number >= 1, "{name}");
        assert!(!value.contains(&b'&') && !value.iter().any(u8::is_ascii_control));
    }
    for number in [ts, id] {
        let digits = std::str::from_utf8(number.digits).expect("digits");
        assert_eq!(digits.parse(), Ok(number.value));
    }
    // The query begins behind the first question mark, and may begin with anything else as well.
    let query = bytes
        .iter()
        .position(|byte| *byte == b'?')
        .expect("a query");
    let with = |more: &[u8]| [&bytes[..=query], more, b"&", &bytes[query + 1..]].concat();
    if bytes.len() + 8 <= MAX_REQUEST {
        assert_eq!(UdpRequest::parse(&with(b"x=y")), Ok(request));
        assert!(UdpRequest::parse(&with(b"id=7")).is_err());
    }
}
