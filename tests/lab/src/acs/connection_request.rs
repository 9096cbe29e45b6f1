//! The ACS rings the box (TR-069 §3.2.2).

use std::io::{self, Read, Write};
use std::net::TcpStream;

use cwmpd::base::digest::{self, Algorithm, Proof, Qop};

use super::PATIENCE;

/// Sends a connection request to `url` as an ACS does, first without credentials, and gives the
/// status of the last answer.
pub fn request_connection(url: &str, user: &str, password: &str) -> io::Result<u16> {
    let rest = url.strip_prefix("http://").ok_or(io::ErrorKind::Other)?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let (status, head) = get(host, path, "")?;
    if status != 401 {
        return Ok(status);
    }
    let challenge = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"))
        .and_then(|(_, value)| digest::parse(value).into_iter().next())
        .ok_or_else(|| io::Error::other("401 without a challenge"))?;
    let realm = challenge.param("realm").unwrap_or_default();
    let nonce = challenge.param("nonce").unwrap_or_default();
    let (cnonce, nc) = ("0a4f113b", "00000001");
    let response = Proof {
        algorithm: Algorithm::named(challenge.param("algorithm"))
            .ok_or_else(|| io::Error::other("an algorithm nobody knows"))?,
        username: user,
        realm,
        password,
        nonce,
        cnonce,
        nc,
        method: "GET",
        uri: path,
        qop: Qop::Auth,
    }
    .response();
    let opaque = challenge.param("opaque").map_or(String::new(), |opaque| {
        format!(", opaque={}", digest::quote(opaque))
    });
    let authorization = format!(
        "Authorization: Digest username={}, realm={}, nonce={}, uri=\"{path}\", qop=auth, nc={nc}, \
         cnonce=\"{cnonce}\", response=\"{response}\"{opaque}\r\n",
        digest::quote(user),
        digest::quote(realm),
        digest::quote(nonce),
    );
    Ok(get(host, path, &authorization)?.0)
}

/// The status and the head of the answer.
fn get(host: &str, path: &str, authorization: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no HTTP answer: {answer:?}")))?;
    Ok((status, answer))
}
