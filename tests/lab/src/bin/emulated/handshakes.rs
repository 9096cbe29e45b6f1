//! Handshakes of all kinds that an ACS may want. A program that carries its own OpenSSL has one that is
//! trimmed: each is gone through by it, on the processor that it is for.

use std::fs;

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home};
use cwmpd_lab::http::{Authority, Identity, KeyKind, Leaf, ServerTls};
use openssl::ssl::SslVersion;

const TLS12: SslVersion = SslVersion::TLS1_2;
const TLS13: SslVersion = SslVersion::TLS1_3;

/// Version and suite, the key of the server, and that of the box where the server wants one.
type Handshake = (SslVersion, &'static str, KeyKind, Option<KeyKind>);

const HANDSHAKES: [Handshake; 11] = [
    (TLS13, "TLS_AES_128_GCM_SHA256", KeyKind::P384, None),
    (TLS13, "TLS_AES_256_GCM_SHA384", KeyKind::Rsa, None),
    (
        TLS13,
        "TLS_CHACHA20_POLY1305_SHA256",
        KeyKind::Ed25519,
        None,
    ),
    (
        TLS13,
        "TLS_AES_128_GCM_SHA256",
        KeyKind::P256,
        Some(KeyKind::P256),
    ),
    (
        TLS13,
        "TLS_AES_128_GCM_SHA256",
        KeyKind::P256,
        Some(KeyKind::Rsa),
    ),
    (TLS12, "ECDHE-ECDSA-AES128-GCM-SHA256", KeyKind::P256, None),
    (TLS12, "ECDHE-ECDSA-CHACHA20-POLY1305", KeyKind::P384, None),
    (TLS12, "ECDHE-RSA-AES256-GCM-SHA384", KeyKind::Rsa, None),
    (TLS12, "ECDHE-RSA-AES128-SHA", KeyKind::Rsa, None),
    (TLS12, "ECDHE-RSA-AES256-SHA384", KeyKind::Rsa, None),
    (TLS12, "AES128-GCM-SHA256", KeyKind::Rsa, Some(KeyKind::Rsa)),
];

/// Goes from ACS to ACS, each with a handshake of its own, and a root of RSA for every second one.
pub fn go_through(home: &Home, daemon: &Daemon<'_>) {
    let file = |name: &str| home.config_dir().join(name);
    for (nth, (version, suite, key, of_box)) in HANDSHAKES.into_iter().enumerate() {
        let root = match nth % 2 {
            0 => Authority::new("Lab CA"),
            _ => Authority::with_key("Lab CA", KeyKind::Rsa),
        };
        let identity = root.issue(&Leaf {
            key,
            ..Leaf::localhost()
        });
        let clients = of_box.is_some().then_some(&root);
        let acs = ScriptedAcs::start(AcsOptions {
            tls: Some(ServerTls::only(&identity, version, suite, clients)),
            ..AcsOptions::default()
        });
        fs::write(file("ca.pem"), root.pem()).expect("a CA file");
        let own = of_box.map(|key| {
            root.issue(&Leaf {
                key,
                name: "box",
                ..Leaf::localhost()
            })
        });
        for (option, name, pem) in [
            ("ssl_cert", "box.pem", own.as_ref().map(Identity::cert_pem)),
            ("ssl_key", "box.key", own.as_ref().map(Identity::key_pem)),
        ] {
            let path = file(name);
            let value = pem.map(|pem| {
                fs::write(&path, pem).expect("a PEM file");
                path.to_string_lossy().into_owned()
            });
            home.set_uci("acs", option, &value.unwrap_or_default());
        }
        home.set_acs(&acs.url_by_name("localhost"));
        daemon.signal("HUP");
        acs.session(|s| {
            let inform = s.inform();
            assert_eq!(inform.event[0].event_code, "0 BOOTSTRAP", "{suite}");
            s.end();
        });
    }
    println!("emulated_handshakes {} kinds", HANDSHAKES.len());
}
