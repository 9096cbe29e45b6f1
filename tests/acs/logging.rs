//! What the log says, and what it does not.

use cwmpd_lab::http::{Identity, Leaf, Reply, Server, ServerTls};
use cwmpd_lab::logged;

use crate::{config, credentials, empty, inform, link, post_to};

#[test]
fn the_insecure_switch_warns_at_every_session() {
    let identity = Identity::self_signed(&Leaf::localhost());
    let server = Server::start_tls(ServerTls::new(&identity), |_, _| Reply::new(204));
    let mut config = config();
    config.tls.insecure = true;
    for _ in 0..2 {
        let lines = logged(|| {
            post_to(&server.url("/"), &config).unwrap();
        });
        let warns = |line: &&String| line.starts_with("WARN") && line.contains("insecure_enable");
        assert_eq!(lines.iter().filter(warns).count(), 1, "{lines:?}");
    }
}

#[test]
fn no_secret_is_logged() {
    let server = Server::start(|request, _| match request.header("Authorization") {
        None => Reply::new(401)
            .header(
                "WWW-Authenticate",
                "Digest realm=\"r\", nonce=\"nonce-telltale\"",
            )
            .header("Set-Cookie", "sid=cookie-telltale"),
        Some(_) => Reply::new(307)
            .header("Location", "/?token-telltale")
            .body("<x>body-telltale</x>"),
    });
    let lines = logged(|| {
        let mut link = link(&server.url("/acs?query-telltale"));
        let error = link.post(&inform()).unwrap_err();
        log::warn!("{error}");
        let _ = link.post(&empty());
    });
    assert!(!lines.is_empty());
    let secrets = [credentials().password.reveal().to_owned()];
    let others = ["telltale", "response=", "<inform>"].map(str::to_owned);
    for secret in secrets.iter().chain(&others) {
        let told: Vec<_> = lines.iter().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{secret}: {told:?}");
    }
}
