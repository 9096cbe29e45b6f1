//! An engine that is not on the box: at a path, over TLS, or leading elsewhere.

use std::time::Duration;

use cwmpd::base::config::{LuupConfig, TlsConfig};
use cwmpd::luup::{FetchScope, LuupAccess, LuupError, fetch};
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Identity, Leaf, Reply, Server, ServerTls};

const HOME: &str = r#"{"devices":[{"id":7,"status":-1}],"LoadTime":1}"#;

fn says_home() -> Reply {
    Reply::new(200).body(HOME)
}

fn over_tls(identity: &Identity) -> Server {
    Server::start_tls(ServerTls::new(identity), |_, _| says_home())
}

fn access(url: String, tls: TlsConfig) -> LuupAccess {
    LuupAccess::new(LuupConfig {
        url,
        tls,
        timeout: Duration::from_secs(20),
        ..LuupConfig::default()
    })
}

fn devices(access: &LuupAccess) -> Result<usize, LuupError> {
    fetch(access, FetchScope::Status).map(|home| home.devices().count())
}

fn usual() -> TlsConfig {
    LuupConfig::default().tls
}

#[test]
fn z48_an_engine_is_asked_at_its_path() {
    for (path, folder) in [
        ("", ""),
        ("/", ""),
        ("/port_3480", "/port_3480"),
        ("/a/b%20c/", "/a/b%20c"),
    ] {
        let engine = Server::start(|_, _| says_home());
        assert_eq!(devices(&access(engine.url(path), usual())), Ok(1), "{path}");
        let asked = &engine.requests()[0].target;
        assert!(
            asked.starts_with(&format!("{folder}/data_request?id=status&")),
            "{path}: {asked}"
        );
    }
}

#[test]
fn z48_an_engine_over_tls_has_to_be_the_one_that_is_trusted() {
    let folder = Folder::new("luup-tls");
    let (ours, theirs) = (Authority::new("Ours"), Authority::new("Theirs"));
    let trusts = |name, pem| TlsConfig {
        ca_file: Some(folder.file(name, pem)),
        ..usual()
    };
    let engine = over_tls(&ours.issue(&Leaf::localhost()));
    let met = |engine: &Server, tls| devices(&access(engine.url(""), tls));
    assert_eq!(met(&engine, trusts("ours.pem", ours.pem())), Ok(1));
    let insecure = TlsConfig {
        insecure: true,
        ..usual()
    };
    assert_eq!(met(&engine, insecure), Ok(1));
    for tls in [usual(), trusts("theirs.pem", theirs.pem())] {
        let refused = met(&engine, tls).unwrap_err().to_string();
        assert!(refused.contains("luup.ssl_cacert"), "{refused}");
    }
    // Its own certificate, as an engine at home has it, pinned.
    let own = Identity::self_signed(&Leaf::localhost());
    let alone = over_tls(&own);
    assert_eq!(met(&alone, trusts("own.pem", own.cert_pem())), Ok(1));
    let other = over_tls(&ours.issue(&Leaf::wrong_host()));
    let refused = met(&other, trusts("ours.pem", ours.pem())).unwrap_err();
    assert!(refused.to_string().contains("another host"), "{refused}");
    assert!(other.requests().is_empty(), "nothing was sent");
}

#[test]
fn z48_what_is_wrong_with_tls_names_the_option_of_luup() {
    let tls = TlsConfig {
        ca_file: Some("/nonexistent/ca.pem".into()),
        ..usual()
    };
    let refused = devices(&access("https://127.0.0.1:1".into(), tls)).unwrap_err();
    assert!(refused.to_string().contains("luup.ssl_cacert"), "{refused}");
}

#[test]
fn z48_an_engine_that_leads_elsewhere_is_not_followed() {
    let other = Server::start(|_, _| says_home());
    let target = other.url("/data_request?id=status");
    let engine = Server::start(move |_, _| Reply::new(302).header("Location", &target));
    let refused = devices(&access(engine.url(""), usual()));
    assert_eq!(refused, Err(LuupError::Status(302)));
    assert_eq!(other.connections(), 0);
}

#[test]
fn z48_a_password_in_the_address_is_refused_and_not_shown() {
    for url in ["http://user:TELLTALE@127.0.0.1:1", "http://TELLTALE@h/"] {
        let refused = devices(&access(url.to_owned(), usual())).unwrap_err();
        assert!(matches!(refused, LuupError::BadUrl(_)), "{refused}");
        assert!(!refused.to_string().contains("TELLTALE"), "{refused}");
    }
}
