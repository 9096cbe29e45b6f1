//! An ACS behind a real nginx that ends TLS, as operators run them.

use cwmpd::acs::Link;
use cwmpd::http::KeptTls;
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Leaf, Reply, Server};
use cwmpd_lab::peers::Nginx;

use crate::{config, credentials, empty, inform, response};

#[test]
fn a_session_passes_a_real_nginx_with_tls_and_chunks() {
    let acs = Server::start(|request, _| match request.header("Authorization") {
        None => Reply::new(401).header("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\""),
        Some(_) if request.body.is_empty() => Reply::new(204),
        Some(_) => Reply::xml("<answer/>".repeat(5000)).chunked(&[1, 10, 20_000]),
    });
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    let folder = Folder::new("nginx");
    folder.file("cert.pem", identity.cert_pem());
    folder.file("key.pem", identity.key_pem());
    let ca = folder.file("ca.pem", authority.pem());
    let server = format!(
        "ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; keepalive_requests 3;
         location / {{ proxy_pass {}; proxy_http_version 1.1; }}",
        acs.url("")
    );
    let Some(nginx) = Nginx::start(&folder, &server) else {
        return;
    };
    let mut config = config();
    config.tls.ca_file = Some(ca);
    let url = format!("https://localhost:{}/acs", nginx.port());
    let mut link = Link::open(&url, credentials(), &config, true, KeptTls::default()).unwrap();
    // nginx closes every connection after three requests; the session goes on.
    for _ in 0..3 {
        assert_eq!(link.post(&inform()).unwrap().body.len(), 45_000);
        assert_eq!(link.post(&response()).unwrap().status, 200);
        assert_eq!(link.post(&empty()).unwrap().status, 204);
    }
    assert_eq!(acs.requests().len(), 10);
}
