//! Security never falls open: whatever is wrong with what the box was told of TLS, an impostor whose
//! root the system trusts gets nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use cwmpd::base::stamp::Stamp;
use cwmpd_lab::acs::{AcsOptions, Auth, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::http::{Authority, Identity, Leaf, Reply, Server, ServerTls};
use cwmpd_lab::{Folder, Openings};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cwmpd");

/// A stranger with a certificate of a root that the system trusts, who asks for the password itself.
struct Impostor {
    server: Server,
    folder: Folder,
    /// The true ACS's authority.
    authority: Authority,
}

impl Impostor {
    fn new() -> Self {
        let stranger = Authority::new("A root of the system");
        let identity = stranger.issue(&Leaf::localhost());
        let server = Server::start_tls(ServerTls::new(&identity), |_, _| {
            Reply::new(401).header("WWW-Authenticate", "Basic realm=\"acs\"")
        });
        let folder = Folder::new("impostor");
        folder.file("system.pem", stranger.pem());
        let authority = Authority::new("The operator's root");
        folder.file("ca.pem", authority.pem());
        let own = authority.issue(&Leaf::localhost());
        folder.file("cert.pem", own.cert_pem());
        folder.file("key.pem", own.key_pem());
        let other = Identity::self_signed(&Leaf::localhost());
        folder.file("other.key", other.key_pem());
        folder.file("empty.pem", "");
        folder.file("text.pem", "no certificate\n");
        fs::create_dir(folder.join("none")).unwrap();
        Self {
            server,
            folder,
            authority,
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A box whose system trusts the impostor's root.
    fn victim(&self) -> Home {
        let program = self.program();
        let home = Home::new(program);
        home.set_acs(&self.server.url("/"));
        home.set_uci("acs", "retry_min_wait_interval", "1");
        home.set_uci("acs", "retry_interval_multiplier", "1000");
        home
    }

    fn program(&self) -> PathBuf {
        let script = format!(
            "#!/bin/sh\nSSL_CERT_FILE='{}' exec {PROGRAM} \"$@\"\n",
            self.file("system.pem")
        );
        let path = self.folder.file("cwmpd", script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn has_password(&self) -> bool {
        let requests = self.server.requests();
        requests.iter().any(|r| r.header("authorization").is_some())
    }

    /// The session fails for a reason that has `words` in it, and the impostor hears nothing.
    fn assert_gets_nothing(&self, agent: &Daemon<'_>, words: &str) {
        wait_for(words, || {
            let status = agent.status();
            let failed = status.contains("failure: ") && status.contains(words);
            failed.then_some(())
        });
        assert_eq!(self.server.requests().len(), 0, "{words}");
    }
}

fn add(home: &Home, lines: &str) {
    let path = home.config_dir().join("cwmpd");
    let text = fs::read_to_string(&path).unwrap();
    let acs = "config acs 'acs'\n";
    assert!(text.contains(acs));
    fs::write(path, text.replace(acs, &format!("{acs}{lines}"))).unwrap();
}

#[test]
fn s02_without_any_option_the_roots_of_the_system_are_trusted() {
    let impostor = Impostor::new();
    let home = impostor.victim();
    let _agent = home.start();
    wait_for("the password", || impostor.has_password().then_some(()));
}

#[test]
fn s02_what_is_set_and_cannot_be_used_is_no_session() {
    let impostor = Impostor::new();
    let file = |name: &str| impostor.file(name);
    let cases = [
        ("option ssl_cacert 'ca.pem'", "ssl_cacert", ""),
        ("option ssl_cacert '{/absent.pem}'", "ssl_cacert", ""),
        ("option ssl_cacert '{/empty.pem}'", "no PEM certificate", ""),
        ("option ssl_cacert '{/text.pem}'", "no PEM certificate", ""),
        ("option ssl_cacert '{/none}'", "ssl_cacert", ""),
        ("option ssl_capath '{/none}'", "no PEM certificate", ""),
        ("option ssl_capath '{/absent}'", "ssl_capath", ""),
        ("option ssl_ca_cert '{/ca.pem}'", "ssl_ca_cert", ""),
        ("option cacert '{/ca.pem}'", "cacert", ""),
        (
            "list ssl_cacert '{/ca.pem}'",
            "list",
            "list ssl_cacert '{/text.pem}'",
        ),
        ("option ssl_cert '{/cert.pem}'", "ssl_key is not", ""),
        ("option ssl_key '{/key.pem}'", "ssl_cert is not", ""),
        (
            "option ssl_cert '{/cert.pem}'",
            "does not belong",
            "option ssl_key '{/other.key}'",
        ),
        (
            "option ssl_cert '{/cert.pem}'",
            "ssl_key",
            "option ssl_key '{/absent.pem}'",
        ),
        (
            "option ssl_cert '{/cert.pem}'",
            "no PEM private key",
            "option ssl_key '{/ca.pem}'",
        ),
        ("option ssl_cacert '{/ca.pem}", "cannot be read", ""),
        ("optionssl_cacert '{/ca.pem}'", "cannot be read", ""),
        ("\u{1}\u{2}garbage", "cannot be read", ""),
    ];
    for (line, words, second) in cases {
        let home = impostor.victim();
        let lines = [line, second].map(|line| match line.split_once("{/") {
            Some((before, rest)) => {
                let (name, after) = rest.split_once('}').unwrap();
                format!("\t{before}{}{after}\n", file(name))
            }
            None => format!("\t{line}\n"),
        });
        add(&home, &lines.concat());
        let agent = home.start();
        impostor.assert_gets_nothing(&agent, words);
        assert!(home.log().contains(words), "{line}");
    }
}

#[test]
fn s02_the_authority_stays_while_the_file_is_damaged_or_locked() {
    let impostor = Impostor::new();
    let home = impostor.victim();
    home.set_uci("acs", "ssl_cacert", &impostor.file("ca.pem"));
    let mut agent = home.start();
    impostor.assert_gets_nothing(&agent, "not signed by a known authority");
    let path = home.config_dir().join("cwmpd");
    let good = fs::read_to_string(&path).unwrap();
    let cut = good.find("\toption ssl_cacert").unwrap();
    for text in [
        good.replace("ssl_cacert", "ssl_cacert x"),
        good[..cut].to_owned(),
        String::new(),
    ] {
        fs::write(&path, text).unwrap();
        wait_for("the damage", || {
            agent.status().contains("configuration:").then_some(())
        });
        agent.inform();
        impostor.assert_gets_nothing(&agent, "not signed by a known authority");
        agent.kill();
        home.power_cycle();
        agent = home.start();
        impostor.assert_gets_nothing(&agent, "not signed by a known authority");
    }
}

#[test]
fn s02_a_flag_that_nobody_understands_weakens_nothing() {
    let impostor = Impostor::new();
    let home = impostor.victim();
    home.set_uci("acs", "ssl_cacert", &impostor.file("ca.pem"));
    home.set_uci("acs", "insecure_enable", "maybe");
    let agent = home.start();
    impostor.assert_gets_nothing(&agent, "not signed by a known authority");
    // Nor does the other one: Basic without TLS stays refused.
    let plain = ScriptedAcs::start(AcsOptions {
        auth: Auth::Basic,
        ..AcsOptions::default()
    });
    home.set_uci("acs", "basic_over_http", "maybe");
    home.set_uci("acs", "url", &plain.url());
    wait_for("the refusal", || {
        agent.status().contains("in the clear").then_some(())
    });
}

#[test]
fn s02_the_session_comes_when_the_file_does() {
    let impostor = Impostor::new();
    let acs = ScriptedAcs::start(AcsOptions {
        tls: Some(ServerTls::new(
            &impostor.authority.issue(&Leaf::localhost()),
        )),
        ..AcsOptions::default()
    });
    let home = impostor.victim();
    home.set_uci("acs", "url", &acs.url());
    let late = impostor.file("late.pem");
    home.set_uci("acs", "ssl_cacert", &late);
    let agent = home.start();
    wait_for("the failure", || {
        agent.status().contains(&late).then_some(())
    });
    fs::copy(impostor.file("ca.pem"), &late).unwrap();
    acs.session(|s| {
        assert_eq!(s.inform().event[0].event_code, "0 BOOTSTRAP");
        s.end();
    });
}

#[test]
fn b25_the_roots_are_read_once_for_all_sessions_and_again_when_their_file_is_another() {
    let folder = Folder::new("kept-roots");
    let authority = Authority::new("The operator's root");
    let identity = authority.issue(&Leaf::localhost());
    let acs = ScriptedAcs::start(AcsOptions {
        tls: Some(ServerTls::new(&identity)),
        ..AcsOptions::default()
    });
    let roots = folder.file("ca.pem", authority.pem());
    let home = Home::new(PROGRAM);
    home.set_acs(&acs.url());
    home.set_uci("acs", "ssl_cacert", &roots.display().to_string());
    home.set_uci("acs", "retry_min_wait_interval", "1");
    // One that was just written might change again unnoticed, and is not kept.
    wait_for("the clock of the file system to go on", || {
        let stamp = Stamp::of(&roots)?;
        stamp.is_settled(SystemTime::now()).then_some(())
    });
    let openings = Openings::of([&*roots]);
    let agent = home.start();
    let session = || {
        acs.quiet_session();
        agent.until_idle();
    };
    session();
    for _ in 0..5 {
        agent.inform();
        session();
    }
    assert_eq!(openings.count(), 1);
    // The root of a stranger in its place.
    let new = folder.file("new.pem", Authority::new("The operator's new").pem());
    fs::rename(new, &roots).unwrap();
    let connections = acs.http().connections();
    agent.inform();
    agent.wait_for_log("not signed by a known authority");
    assert!(acs.http().connections() > connections);
    fs::write(&roots, authority.pem()).unwrap();
    agent.inform();
    acs.quiet_session();
}
