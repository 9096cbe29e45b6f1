//! Names, passwords and realms beyond ASCII (RFC 7616 §4, RFC 7617 §2.1): headers are bytes, and
//! what they mean is agreed upon, or guessed.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cwmpd::base::digest::{self, Algorithm, Coding, Proof, Qop};
use cwmpd::http::error::HttpError;
use cwmpd::http::{Credentials, HttpClient, HttpRequest, Method, RequestBody};
use cwmpd_lab::Folder;
use cwmpd_lab::peers::Nginx;

use crate::{exchange, settings};

const USER: &str = "Büro";
const PASSWORD: &str = "pässwörd";

/// A client with these credentials.
fn client(username: &str, password: &str) -> HttpClient {
    let mut settings = settings();
    settings.credentials = Credentials {
        username: username.into(),
        password: password.into(),
    };
    HttpClient::new(settings)
}

/// A server of bytes: it challenges with this value until a request proves `good`. Its URL, and the
/// `Authorization` values that came.
fn server(
    challenge: &'static [u8],
    good: impl Fn(&[u8]) -> bool + Send + 'static,
) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (say, hear) = channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = Vec::new();
        loop {
            let mut byte = [0];
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            text.extend(byte);
            // The body of each request is one byte.
            if text.len() < 5 || &text[text.len() - 5..text.len() - 1] != b"\r\n\r\n" {
                continue;
            }
            let name = b"authorization: ";
            let lines = text.split(|byte| *byte == b'\n');
            let value = lines
                .filter(|line| line.len() > name.len())
                .find(|line| line[..name.len()].eq_ignore_ascii_case(name))
                .map(|line| line[name.len()..].trim_ascii().to_owned());
            text.clear();
            let proven = value.as_deref().is_some_and(&good);
            if let Some(value) = value {
                let _ = say.send(value);
            }
            let mut answer = match proven {
                true => b"HTTP/1.1 204 No Content\r\n".to_vec(),
                false => b"HTTP/1.1 401 Who?\r\nContent-Length: 0\r\nWWW-Authenticate: ".to_vec(),
            };
            if !proven {
                answer.extend(challenge);
                answer.extend(b"\r\n");
            }
            answer.extend(b"\r\n");
            stream.write_all(&answer).unwrap();
        }
    });
    (url, hear)
}

/// What comes of a request that is challenged, until it is not any more.
fn ask(client: &mut HttpClient, url: &str) -> Result<u16, HttpError> {
    let url = crate::url(url);
    let request = HttpRequest::new(Method::POST, &url).body(RequestBody::text("x"));
    exchange(client, request, true).map(|answer| answer.status)
}

/// Whether a digest proves the credentials in a coding, with these bytes for a realm.
fn proves(value: &[u8], coding: Coding, realm: &[u8]) -> bool {
    let given = digest::parse(value).remove(0);
    let param = |name| given.param(name).unwrap_or_default();
    let expected = Proof {
        algorithm: Algorithm::Md5,
        username: &coding.encode(USER).unwrap(),
        realm,
        password: &coding.encode(PASSWORD).unwrap(),
        nonce: b"n",
        cnonce: param("cnonce"),
        nc: param("nc"),
        method: "POST",
        uri: "/",
        qop: Qop::Auth,
    };
    given.octets("username") == coding.encode(USER).as_deref()
        && given.octets("realm") == Some(realm)
        && param("response") == expected.response()
}

fn basic(coding: Coding) -> Vec<u8> {
    let pair = format!("{USER}:{PASSWORD}");
    let coded = BASE64_STANDARD.encode(coding.encode(&pair).unwrap());
    format!("Basic {coded}").into_bytes()
}

#[test]
fn s13_a_realm_is_given_back_and_hashed_byte_for_byte() {
    let challenges: [(&[u8], &[u8]); 3] = [
        (
            b"Digest realm=\"B\xfcro\", nonce=\"n\", qop=\"auth\"",
            b"B\xfcro",
        ),
        (
            b"Digest realm=\"B\xc3\xbcro\", nonce=\"n\", qop=\"auth\"",
            "Büro".as_bytes(),
        ),
        (
            b"Digest realm=\"\xe0\xff\\\"\xa0\", nonce=\"n\", qop=\"auth\"",
            b"\xe0\xff\"\xa0",
        ),
    ];
    for (challenge, realm) in challenges {
        let (url, heard) = server(challenge, move |value| proves(value, Coding::Utf8, realm));
        let mut client = client(USER, PASSWORD);
        assert_eq!(ask(&mut client, &url).unwrap(), 204);
        assert_eq!(ask(&mut client, &url).unwrap(), 204, "unasked");
        assert_eq!(heard.try_iter().count(), 2);
    }
}

#[test]
fn s13_a_server_of_the_older_coding_is_met_in_it() {
    let digest = b"Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    let (url, heard) = server(digest, |value| proves(value, Coding::Latin1, b"r"));
    let mut one = client(USER, PASSWORD);
    for _ in 0..2 {
        assert_eq!(ask(&mut one, &url).unwrap(), 204);
    }
    assert_eq!(heard.try_iter().count(), 3, "what works is kept");
    let (url, heard) = server(b"Basic realm=\"r\"", |value| value == basic(Coding::Latin1));
    let mut one = client(USER, PASSWORD);
    for _ in 0..2 {
        assert_eq!(ask(&mut one, &url).unwrap(), 204);
    }
    let sent: Vec<_> = heard.try_iter().collect();
    let expected = [Coding::Utf8, Coding::Latin1, Coding::Latin1].map(basic);
    assert_eq!(sent, expected);
}

#[test]
fn s13_a_refusal_that_no_other_coding_mends_is_final() {
    let cases: [(&[u8], &str, &str, usize); 4] = [
        (b"Basic realm=\"r\"", USER, PASSWORD, 2),
        (b"Basic realm=\"r\", charset=\"UTF-8\"", USER, PASSWORD, 1),
        (b"Basic realm=\"r\"", "plain", "plain", 1),
        (b"Basic realm=\"r\"", "€", PASSWORD, 1),
    ];
    for (challenge, username, password, tried) in cases {
        let (url, heard) = server(challenge, |_| false);
        let error = ask(&mut client(username, password), &url).unwrap_err();
        assert!(matches!(error, HttpError::AuthFailed(_)), "{error}");
        assert_eq!(heard.try_iter().count(), tried, "{username}");
    }
}

#[test]
fn s13_a_real_nginx_lets_a_name_beyond_ascii_in() {
    let folder = Folder::new("umlauts");
    folder.file("users", format!("{USER}:{{PLAIN}}{PASSWORD}\n"));
    let server = "; location / { auth_basic \"Büro\"; auth_basic_user_file users;
                  try_files /none =204; }";
    let Some(nginx) = Nginx::start(&folder, server) else {
        return;
    };
    let url = format!("http://127.0.0.1:{}/", nginx.port());
    let status = |username, password| ask(&mut client(username, password), &url);
    assert_eq!(status(USER, PASSWORD).unwrap(), 204);
    let error = status(USER, "pässword").unwrap_err();
    assert!(matches!(error, HttpError::AuthFailed(_)), "{error}");
}
