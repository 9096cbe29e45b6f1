//! How a session proves who the box is (TR-069 §3.4.4). The proofs themselves are those of the
//! HTTP client, and tested there.

use cwmpd::acs::{Link, LinkError};
use cwmpd::http::{Credentials, HttpError, KeptTls};
use cwmpd_lab::http::{Identity, Leaf, Reply, Request, Server, ServerTls};

use crate::{config, credentials, empty, inform, link, post_to, response};

fn challenge(value: &str) -> Reply {
    Reply::new(401).header("WWW-Authenticate", value)
}

/// Lets everybody in who has answered the challenge somehow.
fn door(value: &'static str) -> impl FnMut(&Request, &cwmpd_lab::http::ConnInfo) -> Reply + Send {
    move |request, _| match request.header("Authorization") {
        Some(_) => Reply::new(204),
        None => challenge(value),
    }
}

#[test]
fn the_message_after_401_is_the_same_and_all_that_follow_bring_the_proof() {
    let server = Server::start(door("Digest realm=\"r\", nonce=\"n\", qop=\"auth\""));
    let mut link = link(&server.url("/"));
    for post in [inform(), response(), empty()] {
        assert_eq!(link.post(&post).unwrap().status, 204);
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[0].body, requests[1].body);
    for name in ["SOAPAction", "Content-Type"] {
        assert_eq!(requests[0].header(name), requests[1].header(name));
    }
    for (count, request) in requests[1..].iter().enumerate() {
        let proof = request.header("Authorization").unwrap();
        assert!(proof.contains(&format!("nc={:08x}", count + 1)), "{proof}");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn basic_without_tls_needs_the_option() {
    let server = Server::start(door("Basic realm=\"r\""));
    let error = link(&server.url("/")).post(&inform()).unwrap_err();
    assert!(
        matches!(error, LinkError::Http(HttpError::BasicRefused(_))),
        "{error}"
    );
    assert!(error.to_string().contains("acs.basic_over_http"), "{error}");
    assert_eq!(server.requests().len(), 1);
    let mut config = config();
    config.basic_over_http = true;
    assert_eq!(post_to(&server.url("/"), &config).unwrap().status, 204);
}

#[test]
fn basic_over_tls_is_answered() {
    let identity = Identity::self_signed(&Leaf::localhost());
    let tls = ServerTls::new(&identity);
    let server = Server::start_tls(tls, door("Basic realm=\"r\""));
    let mut config = config();
    config.tls.insecure = true;
    assert_eq!(post_to(&server.url("/"), &config).unwrap().status, 204);
}

/// The error of a session with these credentials at an ACS that wants and refuses some.
fn refusal(credentials: Credentials) -> String {
    let server = Server::start(|_, _| challenge("Digest realm=\"r\", nonce=\"n\""));
    let mut link = Link::open(
        &server.url("/"),
        credentials,
        &config(),
        true,
        KeptTls::default(),
    )
    .unwrap();
    link.post(&inform()).unwrap_err().to_string()
}

#[test]
fn an_error_of_the_credentials_says_which_to_look_at() {
    let mut smuggling = credentials();
    smuggling.username = "me\r\nX-Evil: 1".into();
    for (credentials, told) in [
        (Credentials::default(), "none are set"),
        (credentials(), "refuses the credentials"),
        (smuggling, "control character"),
    ] {
        let sentence = refusal(credentials);
        for part in [told, "ManagementServer.Username", "acs.userid"] {
            assert!(sentence.contains(part), "{sentence}");
        }
    }
}

#[test]
fn a_proxy_that_wants_credentials_is_an_error() {
    let server =
        Server::start(|_, _| Reply::new(407).header("Proxy-Authenticate", "Basic realm=\"p\""));
    let error = link(&server.url("/")).post(&inform()).unwrap_err();
    assert!(matches!(error, LinkError::ProxyAuth(_)), "{error}");
}
