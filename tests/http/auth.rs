//! Authentication (RFC 7616, RFC 7617; TR-069 §3.4.4). The server's side checks with the pure
//! functions of [`cwmpd::base::digest`], which are held by the examples of the standards.

use cwmpd::base::digest::{self, Algorithm, Proof, Qop};
use cwmpd::http::error::HttpError;
use cwmpd::http::{Credentials, HttpClient, HttpRequest, HttpSettings, Method};
use cwmpd_lab::http::{Identity, Leaf, Reply, Request, Server, ServerTls};

use crate::{Whole, client, credentials, exchange, get, post, settings, url};

fn challenge(value: &str) -> Reply {
    Reply::new(401)
        .header("WWW-Authenticate", value)
        .body("who are you?")
}

/// The `nc` of a request that proves the password for this nonce.
fn proven(request: &Request, nonce: &str) -> Option<u32> {
    let header = digest::parse(request.header("Authorization")?).pop()?;
    let param = |name| header.param(name);
    let algorithm = Algorithm::named(param("algorithm"))?;
    let body = algorithm.hash_body(&mut request.body.as_slice()).ok()?;
    let qop = match param("qop") {
        None => Qop::None,
        Some("auth") => Qop::Auth,
        Some("auth-int") => Qop::AuthInt(&body),
        Some(_) => return None,
    };
    let credentials = credentials();
    let expected = Proof {
        algorithm,
        username: credentials.username.as_bytes(),
        realm: header.octets("realm")?,
        password: credentials.password.reveal().as_bytes(),
        nonce: nonce.as_bytes(),
        cnonce: param("cnonce").unwrap_or_default(),
        nc: param("nc").unwrap_or_default(),
        method: &request.method,
        uri: &request.target,
        qop,
    };
    let good = param("username") == Some(&credentials.username)
        && param("uri") == Some(&request.target)
        && param("nonce") == Some(nonce)
        && param("opaque").is_none_or(|opaque| opaque == "o,p\"aque")
        && param("response") == Some(&expected.response());
    let nc = param("nc").unwrap_or("1");
    good.then(|| u32::from_str_radix(nc, 16).ok())?
}

/// Asks for Digest with these further parameters, and takes only a proof.
fn digest_server(params: &'static str) -> Server {
    Server::start(move |request, _| match proven(request, "n0") {
        Some(_) => Reply::xml("<welcome/>"),
        None => challenge(&format!("Digest realm=\"a, b\", nonce=\"n0\"{params}")),
    })
}

#[test]
fn every_kind_of_digest_is_answered() {
    for params in [
        "",
        ", qop=\"auth\"",
        ", qop=\"auth-int,auth\", algorithm=MD5",
        ", qop=\"auth-int\", opaque=\"o,p\\\"aque\"",
        ", qop=\"auth\", algorithm=MD5-sess",
        ", algorithm=MD5-sess",
        ", qop=\"auth\", algorithm=SHA-256",
        ", qop=\"auth-int\", algorithm=SHA-256",
        ", qop=auth, algorithm=\"SHA-256-sess\", charset=UTF-8, domain=\"/ /x\"",
        ", QOP=\"AUTH\", Algorithm=md5, stale=FALSE",
    ] {
        let server = digest_server(params);
        let (mut client, to) = (client(), server.url("/a?b=c,d"));
        let welcome = |answer: Result<Whole, HttpError>| {
            assert_eq!(answer.unwrap().text(), "<welcome/>", "{params}");
        };
        welcome(post(&mut client, &to, "<inform/>"));
        // Once asked, every later request brings its proof along.
        welcome(post(&mut client, &to, ""));
        welcome(get(&mut client, &to));
        let requests = server.requests();
        assert_eq!(requests.len(), 4, "{params}");
        assert_eq!(requests[0].header("Authorization"), None);
        let counts: Vec<_> = requests[1..]
            .iter()
            .map(|r| proven(r, "n0").unwrap())
            .collect();
        let expected = if params.to_lowercase().contains("qop") {
            [1, 2, 3]
        } else {
            [1, 1, 1]
        };
        assert_eq!(counts, expected, "{params}");
    }
}

#[test]
fn the_request_after_401_uses_the_same_connection_and_is_the_same() {
    let server = digest_server(", qop=\"auth\"");
    post(&mut client(), &server.url("/"), "<inform/>").unwrap();
    let seen = server.seen();
    assert_eq!((seen[0].0.connection, seen[0].0.request), (1, 1));
    assert_eq!((seen[1].0.connection, seen[1].0.request), (1, 2));
    assert_eq!(seen[0].1.body, seen[1].1.body);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_401_that_closes_is_answered_on_a_new_connection() {
    let server = Server::start(|request, _| match proven(request, "n") {
        Some(_) => Reply::new(204),
        None => challenge("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"").close(),
    });
    get(&mut client(), &server.url("/")).unwrap();
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_second_401_is_not_answered_in_a_loop() {
    for params in ["", ", qop=\"auth\"", ", stale=false"] {
        let value = format!("Digest realm=\"r\", nonce=\"n\"{params}");
        let server = Server::start(move |_, _| challenge(&value));
        let error = get(&mut client(), &server.url("/")).unwrap_err();
        assert!(matches!(error, HttpError::AuthFailed(_)), "{error}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn a_server_that_calls_every_nonce_stale_is_left_soon() {
    let server = Server::start(|_, info| {
        challenge(&format!(
            "Digest realm=\"r\", nonce=\"{}\", stale=true",
            info.request
        ))
    });
    let error = get(&mut client(), &server.url("/")).unwrap_err();
    assert!(matches!(error, HttpError::AuthFailed(_)), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_new_nonce_is_taken_up_at_any_time() {
    // Each nonce is good for two requests; every other change says so by stale=true.
    let server = Server::start(|request, info| {
        let (nonce, stale) = match info.request {
            1..=3 => ("n1", false),
            4..=6 => ("n2", true),
            _ => ("n3", false),
        };
        match proven(request, nonce) {
            Some(_) => Reply::new(204),
            None => challenge(&format!(
                "Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\", stale={stale}"
            )),
        }
    });
    let mut client = client();
    for _ in 0..5 {
        let answer = get(&mut client, &server.url("/"));
        assert_eq!(answer.unwrap().status, 204);
    }
    let counts: Vec<_> = server
        .requests()
        .iter()
        .map(|request| {
            ["n1", "n2", "n3"]
                .iter()
                .find_map(|nonce| proven(request, nonce))
        })
        .collect();
    let n = Some;
    assert_eq!(counts, [None, n(1), n(2), n(3), n(1), n(2), n(3), n(1)]);
}

#[test]
fn digest_is_preferred_over_basic_and_sha256_over_md5_however_they_are_listed() {
    let lists: [&[&str]; 3] = [
        &[
            "Basic realm=\"x, Digest\", Digest realm=\"r\", nonce=\"n\", Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256",
        ],
        &[
            "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"",
            "Digest realm=\"r\", nonce=\"n\"",
            "Basic realm=\"x\"",
        ],
        &[
            "Basic realm=\"x\"",
            "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256, Negotiate abc==",
            "Digest algorithm=\"SHA-256\", nonce=\"n\", realm=\"r\"",
        ],
    ];
    for list in lists {
        let server = Server::start(move |request, _| match proven(request, "n") {
            Some(_) => Reply::new(204),
            None => list.iter().fold(Reply::new(401), |reply, value| {
                reply.header("WWW-Authenticate", value)
            }),
        });
        get(&mut client(), &server.url("/")).unwrap();
        let requests = server.requests();
        let used = requests[1].header("Authorization").unwrap();
        assert!(used.contains("algorithm=SHA-256"), "{used}");
    }
}

fn basic_server(tls: Option<ServerTls>) -> Server {
    let handler = |request: &Request, _: &_| match request.header("Authorization") {
        // 00D09E-Box-1:s3cret "quoted"
        Some("Basic MDBEMDlFLUJveC0xOnMzY3JldCAicXVvdGVkIg==") => Reply::new(204),
        _ => challenge("Basic realm=\"r\""),
    };
    Server::start_on("127.0.0.1:0", tls, Box::new(handler))
}

#[test]
fn basic_is_answered_where_the_caller_says_so_and_then_sent_unasked() {
    let identity = Identity::self_signed(&Leaf::localhost());
    for tls in [None, Some(ServerTls::new(&identity))] {
        let server = basic_server(tls);
        let mut settings = settings();
        settings.tls.insecure = true;
        let mut client = HttpClient::new(settings);
        let to = url(&server.url("/"));
        let request = || HttpRequest::new(Method::GET, &to);
        let refused = exchange(&mut client, request(), false).unwrap_err();
        assert!(matches!(refused, HttpError::BasicRefused(_)), "{refused}");
        assert_eq!(server.requests().len(), 1);
        for _ in 0..2 {
            let answer = exchange(&mut client, request(), true).unwrap();
            assert_eq!(answer.status, 204);
        }
        assert_eq!(server.requests().len(), 4);
    }
}

#[test]
fn s07_a_name_with_a_colon_is_not_sent_by_basic_but_proves_itself_by_digest() {
    let asked = |scheme: &'static str| {
        let server = Server::start(move |request, _| match request.header("Authorization") {
            Some(_) => Reply::new(204),
            None => challenge(scheme),
        });
        let mut settings = settings();
        settings.credentials.username = "00D09E:1".into();
        let mut client = HttpClient::new(settings);
        let to = url(&server.url("/"));
        let answer = exchange(&mut client, HttpRequest::new(Method::GET, &to), true);
        (answer, server.requests().len())
    };
    let (refused, requests) = asked("Basic realm=\"r\"");
    assert!(matches!(refused, Err(HttpError::BasicUser(_))));
    assert_eq!(requests, 1);
    let (answer, _) = asked("Digest realm=\"r\", nonce=\"n\"");
    assert_eq!(answer.unwrap().status, 204);
}

#[test]
fn another_server_gets_no_proof_before_it_asks() {
    let asks = |realm: &'static str| {
        Server::start(move |request, _| match request.header("Authorization") {
            Some(_) => Reply::new(204),
            None => challenge(&format!("Digest realm=\"{realm}\", nonce=\"n\"")),
        })
    };
    let (one, other) = (asks("one"), asks("other"));
    let mut client = client();
    for server in [&one, &other, &one] {
        get(&mut client, &server.url("/")).unwrap();
    }
    for (server, asked) in [(&one, 4), (&other, 2)] {
        let requests = server.requests();
        assert_eq!(requests.len(), asked);
        for pair in requests.chunks(2) {
            assert_eq!(pair[0].header("Authorization"), None);
            assert!(pair[1].header("Authorization").is_some());
        }
    }
    let proof = other.requests().remove(1);
    let proof = proof.header("Authorization").unwrap().to_owned();
    assert!(proof.contains("realm=\"other\""), "{proof}");
}

#[test]
fn a_challenge_that_cannot_be_answered_is_named() {
    for (value, named) in [
        ("Negotiate", "Negotiate"),
        (
            "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
            "Digest (SHA-512-256)",
        ),
        ("Digest realm=\"no nonce\"", "Digest"),
        ("", "no means at all"),
    ] {
        let server = Server::start(move |_, _| challenge(value));
        let error = get(&mut client(), &server.url("/")).unwrap_err();
        assert!(
            matches!(error, HttpError::AuthUnsupported { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(named), "{error}");
    }
}

fn client_of(credentials: Credentials) -> HttpClient {
    HttpClient::new(HttpSettings {
        credentials,
        ..settings()
    })
}

#[test]
fn without_credentials_a_401_is_not_answered() {
    let server = digest_server("");
    let mut client = client_of(Credentials::default());
    let error = get(&mut client, &server.url("/")).unwrap_err();
    assert!(matches!(error, HttpError::NoCredentials(_)), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn credentials_cannot_smuggle_a_header() {
    let mut credentials = credentials();
    credentials.username = "me\r\nX-Evil: 1".into();
    let server = digest_server("");
    let error = get(&mut client_of(credentials), &server.url("/"));
    assert_eq!(error, Err(HttpError::BadCredentials));
    assert_eq!(server.requests().len(), 1);
}
