//! Redirects (TR-069 §3.4.2).

use std::time::{Duration, Instant};

use cwmpd::acs::{Link, LinkError, MAX_REDIRECTS};
use cwmpd::http::{ExchangePhase, HttpError, KeptTls};
use cwmpd_lab::http::{Authority, Identity, Leaf, Reply, Server, ServerTls};

use crate::{config, credentials, empty, inform, link, post_to};

#[test]
fn w17_a_redirect_is_followed_with_the_same_message_and_kept_for_the_session() {
    for status in [301, 302, 307, 308] {
        let new = Server::start(|_, _| Reply::new(204));
        let there = new.url("/new?x=%20");
        let old =
            Server::start(move |_, _| Reply::new(status).header("Location", &there).body("moved"));
        let mut link = link(&old.url("/old"));
        link.post(&inform()).unwrap();
        link.post(&empty()).unwrap();
        assert_eq!(old.requests().len(), 1);
        let requests = new.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].method, "POST");
        assert_eq!(requests[0].target, "/new?x=%20");
        assert_eq!(requests[0].text(), "<inform>ä</inform>");
        assert_eq!(requests[0].header("SOAPAction"), Some("\"\""));
        assert_eq!(requests[1].target, "/new?x=%20");
    }
}

#[test]
fn a_relative_location_is_resolved_and_uses_the_same_connection() {
    let server = Server::start(|request, _| match request.target.as_str() {
        "/a/b?c" => Reply::new(302).header("Location", "../d?e#f"),
        _ => Reply::new(204),
    });
    link(&server.url("/a/b?c")).post(&inform()).unwrap();
    assert_eq!(server.requests()[1].target, "/d?e");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_new_session_begins_at_its_own_url() {
    let server = Server::start(|request, _| match request.target.as_str() {
        "/old" => Reply::new(302).header("Location", "/new"),
        _ => Reply::new(204),
    });
    for _ in 0..2 {
        link(&server.url("/old")).post(&inform()).unwrap();
    }
    let requests = server.requests();
    let targets: Vec<_> = requests
        .iter()
        .map(|request| request.target.as_str())
        .collect();
    assert_eq!(targets, ["/old", "/new", "/old", "/new"]);
}

#[test]
fn five_redirects_are_followed_and_the_sixth_is_not() {
    let hops = |last: usize| {
        Server::start(move |_, info| match info.request {
            hop if hop <= last => Reply::new(302).header("Location", &format!("/{hop}")),
            _ => Reply::new(204),
        })
    };
    let enough = hops(usize::from(MAX_REDIRECTS));
    assert_eq!(link(&enough.url("/")).post(&inform()).unwrap().status, 204);
    let endless = hops(usize::MAX);
    let error = link(&endless.url("/")).post(&inform()).unwrap_err();
    assert!(
        matches!(error, LinkError::TooManyRedirects { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("/6"), "{error}");
    assert_eq!(endless.requests().len(), usize::from(MAX_REDIRECTS) + 1);
}

#[test]
fn the_count_of_redirects_begins_anew_with_every_message() {
    let server = Server::start(|request, _| match request.target.len() {
        length if length % 5 != 4 => {
            Reply::new(307).header("Location", &format!("{}x", request.target))
        }
        _ => Reply::new(204).header("Set-Cookie", "x=1"),
    });
    let mut link = link(&server.url("/"));
    assert_eq!(link.post(&inform()).unwrap().status, 204);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(link.post(&inform()).unwrap().status, 204);
}

#[test]
fn a_redirect_that_leads_nowhere_says_where_it_pointed() {
    for (location, shown) in [
        ("ftp://acs.example/x", "ftp://acs.example/x"),
        ("http://me:hunter2@acs.example/", "acs.example"),
        ("mailto:me", "mailto:me"),
        ("http://", "http://"),
        ("", ""),
    ] {
        let server = Server::start(move |_, _| Reply::new(302).header("Location", location));
        let error = link(&server.url("/")).post(&inform()).unwrap_err();
        assert!(
            matches!(error, LinkError::BadRedirect { .. }),
            "{location}: {error}"
        );
        assert!(error.to_string().contains(shown), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let server = Server::start(|_, _| Reply::new(302));
    let error = link(&server.url("/")).post(&inform()).unwrap_err();
    assert!(matches!(error, LinkError::BadRedirect { .. }), "{error}");
}

#[test]
fn https_is_never_given_up_for_http() {
    let plain = Server::start(|_, _| Reply::new(204));
    let there = plain.url("/");
    let identity = Identity::self_signed(&Leaf::localhost());
    let server = Server::start_tls(ServerTls::new(&identity), move |_, _| {
        Reply::new(302).header("Location", &there)
    });
    let mut config = config();
    config.tls.insecure = true;
    let error = post_to(&server.url("/"), &config).unwrap_err();
    assert!(matches!(error, LinkError::Downgrade { .. }), "{error}");
    assert!(error.to_string().contains(&plain.url("/")), "{error}");
    assert_eq!(plain.connections(), 0);
}

#[test]
fn a_redirect_from_http_to_https_checks_the_new_certificate() {
    let authority = Authority::new("Lab CA");
    let good = Server::start_tls(
        ServerTls::new(&authority.issue(&Leaf::localhost())),
        |_, _| Reply::new(204),
    );
    let there = good.url("/");
    let server = Server::start(move |_, _| Reply::new(302).header("Location", &there));
    let error = post_to(&server.url("/"), &config()).unwrap_err();
    assert!(
        matches!(error, LinkError::Http(HttpError::Certificate { .. })),
        "{error}"
    );
    let folder = cwmpd_lab::Folder::new("redirect");
    let mut config = config();
    config.tls.ca_file = Some(folder.file("ca.pem", authority.pem()));
    assert_eq!(post_to(&server.url("/"), &config).unwrap().status, 204);
}

#[test]
fn another_host_gets_credentials_only_when_it_asks() {
    let new = Server::start(|request, _| match request.header("Authorization") {
        None => Reply::new(401).header("WWW-Authenticate", "Digest realm=\"new\", nonce=\"2\""),
        Some(_) => Reply::new(204),
    });
    let there = new.url("/");
    let old = Server::start(move |request, _| match request.header("Authorization") {
        None => Reply::new(401).header("WWW-Authenticate", "Digest realm=\"old\", nonce=\"1\""),
        Some(_) => Reply::new(302).header("Location", &there),
    });
    assert_eq!(link(&old.url("/")).post(&inform()).unwrap().status, 204);
    let requests = new.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("Authorization"), None);
    assert!(
        requests[1]
            .header("Authorization")
            .unwrap()
            .contains("realm=\"new\"")
    );
}

#[test]
fn another_realm_of_the_same_host_may_ask_anew() {
    let server = Server::start(|request, _| {
        let (realm, nonce) = match request.target.as_str() {
            "/" => ("here", "1"),
            _ => ("there", "2"),
        };
        let proof = request.header("Authorization").unwrap_or_default();
        match (proof.contains(realm), realm) {
            (false, _) => {
                let challenge = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\"");
                Reply::new(401).header("WWW-Authenticate", &challenge)
            }
            (true, "here") => Reply::new(302).header("Location", "/second"),
            (true, _) => Reply::new(204),
        }
    });
    assert_eq!(link(&server.url("/")).post(&inform()).unwrap().status, 204);
    assert_eq!(server.requests().len(), 4);
}

/// Whoever is on the way of a plain connection can redirect it to where he has a certificate.
#[test]
fn a_plain_redirect_does_not_lure_the_password_to_another_host() {
    let identity = Identity::self_signed(&Leaf::localhost());
    let thief = Server::start_tls(ServerTls::new(&identity), |request, _| {
        match request.header("Authorization") {
            None => Reply::new(401).header("WWW-Authenticate", "Basic realm=\"r\""),
            Some(_) => Reply::new(204),
        }
    });
    let there = thief.url("/");
    let acs = Server::start(move |_, _| Reply::new(302).header("Location", &there));
    let mut config = config();
    config.tls.insecure = true;
    let elsewhere = acs.url("/").replace("127.0.0.1", "localhost");
    let error = post_to(&elsewhere, &config).unwrap_err();
    assert!(
        matches!(error, LinkError::Http(HttpError::BasicRefused(_))),
        "{error}"
    );
    assert_eq!(thief.requests().len(), 1);
    // The same host may ask for TLS, and for the password over it.
    assert_eq!(post_to(&acs.url("/"), &config).unwrap().status, 204);
    config.basic_over_http = true;
    assert_eq!(post_to(&elsewhere, &config).unwrap().status, 204);
}

#[test]
fn s34_all_that_one_message_meets_on_its_way_is_within_its_time() {
    const HOP: Duration = Duration::from_millis(400);
    let server = Server::start(|_, _| Reply::new(307).header("Location", "/").wait_before(HOP));
    let mut config = config();
    config.connect_timeout = HOP / 4;
    config.exchange_timeout = 2 * HOP;
    let begun = Instant::now();
    let error = post_to(&server.url("/"), &config).unwrap_err();
    let LinkError::Http(HttpError::Timeout { phase, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!(*phase, ExchangePhase::Deadline);
    assert!(begun.elapsed() < 4 * HOP, "{:?}", begun.elapsed());
    assert!(
        error.to_string().contains("acs.exchange_timeout"),
        "{error}"
    );
    // Each message has its time anew.
    let server = Server::start(|_, _| Reply::new(204).wait_before(HOP));
    let mut link = Link::open(
        &server.url("/"),
        credentials(),
        &config,
        true,
        KeptTls::default(),
    )
    .unwrap();
    for _ in 0..4 {
        assert_eq!(link.post(&inform()).unwrap().status, 204);
    }
}
