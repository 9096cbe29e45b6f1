//! The engine through MMS, which is a script.

use std::net::TcpListener;
use std::time::Duration;

use cwmpd::base::config::{LuupConfig, MmsConfig, TlsConfig, mms_server};
use cwmpd::base::secret::Secret;
use cwmpd::luup::{FetchScope, KeptRelay, LuupAccess, LuupError, LuupOrder, fetch, perform, poll};
use cwmpd_lab::http::{Reply, Server};
use cwmpd_lab::luup::{FakeLuup, Mood};
use cwmpd_lab::mms::{
    FakeMms, MMS_BOX, MMS_OEM, MMS_PASSWORD, MMS_SEED, MMS_USER, MmsRole, MmsScript, PassOn,
};
use cwmpd_lab::{Folder, logged};

/// Servers, and a box that knows the way.
struct Relayed {
    mms: FakeMms,
    access: LuupAccess,
    _folder: Folder,
}

impl Relayed {
    fn new() -> Self {
        let (mms, folder) = (FakeMms::start(), Folder::new("mms"));
        let config = MmsConfig {
            server: mms_server(&mms.server()),
            username: MMS_USER.into(),
            password: Secret::new(MMS_PASSWORD),
            seed: Secret::new(MMS_SEED),
            oem: MMS_OEM.into(),
            tls: TlsConfig {
                ca_file: Some(folder.file("mms.pem", mms.authority())),
                ..TlsConfig::usual("mms")
            },
            ..MmsConfig::default()
        };
        let access = LuupAccess::new(LuupConfig {
            mms: Some(config),
            timeout: Duration::from_secs(20),
            ..LuupConfig::default()
        });
        Self {
            mms,
            access,
            _folder: folder,
        }
    }

    fn with(script: impl FnOnce(&mut MmsScript)) -> Self {
        let relayed = Self::new();
        relayed.mms.script(script);
        relayed
    }

    fn config(&mut self) -> &mut MmsConfig {
        self.access.config.mms.as_mut().unwrap()
    }

    /// How many devices the engine has.
    fn devices(&self) -> Result<usize, LuupError> {
        fetch(&self.access, FetchScope::Status).map(|home| home.devices().count())
    }

    fn fails(&self) -> String {
        self.devices().unwrap_err().to_string()
    }

    /// How often each server was asked since the last call: auth, account, device, relay.
    fn asked(&self) -> [usize; 4] {
        let asked = self.mms.requests();
        let of = |role| asked.iter().filter(|(other, _)| *other == role).count();
        [
            MmsRole::Auth,
            MmsRole::Account,
            MmsRole::Device,
            MmsRole::Relay,
        ]
        .map(of)
    }
}

/// One log-in, a session at each of three servers, one question at each.
const WHOLE: [usize; 4] = [1, 2, 2, 2];

/// One question in a session that is open.
const ONE: [usize; 4] = [0, 0, 0, 1];

const NOTHING: [usize; 4] = [0; 4];

#[test]
fn z49_the_log_in_leads_to_the_engine_step_by_step() {
    let relayed = Relayed::new();
    assert_eq!(relayed.devices(), Ok(1));
    let asked: Vec<(MmsRole, String)> = relayed.mms.requests();
    let roles: Vec<MmsRole> = asked.iter().map(|(role, _)| *role).collect();
    assert_eq!(
        roles,
        [
            MmsRole::Auth,
            MmsRole::Account,
            MmsRole::Account,
            MmsRole::Device,
            MmsRole::Device,
            MmsRole::Relay,
            MmsRole::Relay,
        ]
    );
    let target = &asked[6].1;
    let path = format!("/relay/relay/relay/device/{MMS_BOX}/port_3480/data_request?id=status&");
    assert!(target.starts_with(&path), "{target}");
}

#[test]
fn z49_all_that_is_asked_of_the_engine_goes_the_same_way() {
    let relayed = Relayed::new();
    relayed.mms.script(|script| script.engine = "OK".into());
    let order = LuupOrder::Rename {
        device: 7,
        name: "Porte d'entrée".into(),
        room: "1".into(),
    };
    assert_eq!(perform(&relayed.access, &order), Ok(None));
    let (_, target) = relayed.mms.requests().pop().unwrap();
    assert!(
        target.contains("/data_request?id=device&action=rename&"),
        "{target}"
    );
    assert_eq!(perform(&relayed.access, &order), Ok(None));
    assert_eq!(relayed.asked(), ONE, "in the same session");
}

#[test]
fn z49_a_wrong_password_is_tried_once_until_it_is_another() {
    let mut relayed = Relayed::new();
    relayed.config().password = Secret::new("wrong");
    assert!(relayed.fails().contains("mms.password"));
    assert_eq!(relayed.asked(), [1, 0, 0, 0]);
    assert!(relayed.fails().contains("mms.password"), "from memory");
    assert_eq!(relayed.asked(), NOTHING);
    relayed.config().password = Secret::new(MMS_PASSWORD);
    assert_eq!(relayed.devices(), Ok(1));
}

#[test]
fn z50_a_session_is_kept_for_other_jobs_and_renewed_once_when_it_is_over() {
    let relayed = Relayed::new();
    assert_eq!(relayed.devices(), Ok(1));
    assert_eq!(relayed.asked(), WHOLE);
    assert_eq!(relayed.devices(), Ok(1));
    assert_eq!(relayed.asked(), ONE);
    relayed.mms.end_sessions();
    assert_eq!(relayed.devices(), Ok(1));
    assert_eq!(relayed.asked(), [1, 2, 2, 3], "refused, renewed, answered");
    // So soon again it is no renewal but a refusal, and nobody hammers.
    relayed.mms.end_sessions();
    assert_eq!(relayed.devices(), Err(LuupError::Status(401)));
    assert_eq!(relayed.asked(), ONE);
    assert!(relayed.fails().contains("just opened"));
    assert_eq!(relayed.asked(), NOTHING);
}

#[test]
fn z50_a_relay_that_knows_nobody_is_not_asked_again_and_again() {
    let relayed = Relayed::with(|script| script.knows_nobody = true);
    assert_eq!(relayed.devices(), Err(LuupError::Status(401)));
    assert_eq!(relayed.asked(), WHOLE);
    for _ in 0..3 {
        assert!(relayed.fails().contains("just opened"));
    }
    assert_eq!(relayed.asked(), NOTHING);
}

#[test]
fn z50_an_identity_that_has_expired_is_not_used() {
    let relayed = Relayed::with(|script| script.life = Some(0));
    for _ in 0..2 {
        assert_eq!(relayed.devices(), Ok(1));
        assert_eq!(relayed.asked(), WHOLE);
    }
    let relayed = Relayed::with(|script| script.life = None);
    assert_eq!(relayed.devices(), Ok(1));
    assert_eq!(relayed.devices(), Ok(1));
    assert_eq!(relayed.asked(), [1, 2, 2, 3]);
}

#[test]
fn z50_another_configuration_has_another_session() {
    let mut relayed = Relayed::new();
    assert_eq!(relayed.devices(), Ok(1));
    relayed.config().device = Some(MMS_BOX.into());
    relayed.asked();
    assert_eq!(relayed.devices(), Ok(1));
    assert_eq!(relayed.asked(), WHOLE);
}

#[test]
fn z46_z50_a_relay_that_hangs_up_on_who_waits_keeps_the_session() {
    let luup = FakeLuup::start();
    let relayed = Relayed::with(|script| {
        script.behind = Some(PassOn {
            url: luup.url(),
            patience: Duration::from_secs(2),
        });
    });
    let before = fetch(&relayed.access, FetchScope::Status).unwrap();
    assert_eq!(relayed.asked(), WHOLE);
    let hung_up = poll(&relayed.access, &before, Duration::from_secs(60)).unwrap_err();
    assert!(matches!(hung_up, LuupError::Unreachable(_)), "{hung_up}");
    assert_eq!(relayed.devices(), Ok(18));
    assert_eq!(relayed.asked(), [0, 0, 0, 2], "in the same session");
    // Who does not wait for a change is to be answered.
    luup.mood(Mood::Silent);
    assert!(matches!(relayed.devices(), Err(LuupError::Unreachable(_))));
    luup.mood(Mood::Well);
    assert!(relayed.fails().contains("could not be reached"));
    assert_eq!(relayed.asked(), ONE);
}

#[test]
fn z51_the_box_of_an_account_with_several_is_named() {
    let mut relayed = Relayed::with(|script| {
        script.boxes = vec!["1".into(), MMS_BOX.into()];
    });
    let words = relayed.fails();
    assert!(
        words.contains("mms.device") && words.contains(MMS_BOX),
        "{words}"
    );
    relayed.config().device = Some(MMS_BOX.into());
    assert_eq!(relayed.devices(), Ok(1));
}

#[test]
fn z51_a_server_that_is_out_of_order_is_replaced() {
    // One that answers with 503, one that nobody runs, one that says nothing.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for role in [MmsRole::Account, MmsRole::Device, MmsRole::Relay] {
        let mut relayed = Relayed::new();
        relayed.access.config.timeout = Duration::from_secs(4);
        let broken = relayed.mms.broken_server();
        let named = [broken.address(), nobody, silent.local_addr().unwrap()];
        for address in named.map(|address| address.to_string()) {
            relayed.access.kept_relay = KeptRelay::default();
            relayed.mms.script(|script| {
                script.named = Some((role, address.clone()));
                script.has_alternates = true;
            });
            assert_eq!(relayed.devices(), Ok(1), "{role:?} {address}");
            relayed.access.kept_relay = KeptRelay::default();
            relayed.mms.script(|script| script.has_alternates = false);
            let failed = relayed.devices().unwrap_err();
            relayed.asked();
            assert_eq!(relayed.devices(), Err(failed), "not before a pause");
            assert_eq!(relayed.asked(), NOTHING);
        }
    }
}

#[test]
fn z51_no_answer_leads_to_another_machine() {
    let stranger = Server::start(|_, _| Reply::new(200));
    for role in [MmsRole::Account, MmsRole::Device, MmsRole::Relay] {
        for name in [
            format!("localhost:{}", stranger.port()),
            format!("127.0.0.1:{}/x", stranger.port()),
            format!("u@127.0.0.1:{}", stranger.port()),
            "evil.example".into(),
        ] {
            let relayed = Relayed::with(|script| script.named = Some((role, name.clone())));
            assert!(relayed.fails().contains("mms.domain"), "{role:?} {name}");
        }
    }
    assert_eq!(stranger.connections(), 0);
}

#[test]
fn z51_a_lying_server_costs_one_log_in() {
    let stranger = Server::start(|_, _| Reply::new(200));
    let elsewhere = stranger.url("/");
    let deep = format!(r#"{{"Devices":{}"#, "[".repeat(10_000));
    for role in [MmsRole::Auth, MmsRole::Account, MmsRole::Device] {
        for reply in [
            Reply::new(200),
            Reply::new(200).body("Exiting"),
            Reply::new(200).body("{}"),
            Reply::new(200).body(r#"{"Devices":[]}"#),
            Reply::new(200).body("a b\r\nX: y"),
            Reply::new(200).body(deep.clone()),
            Reply::new(200).body("x".repeat(1 << 20)),
            Reply::new(302).header("Location", &elsewhere),
            Reply::new(401),
            Reply::new(503),
            Reply::close_without_answer(),
        ] {
            let relayed = Relayed::with(|script| script.lie = Some((role, reply)));
            let failed = relayed.devices().unwrap_err();
            relayed.asked();
            assert!(relayed.devices().is_err(), "{role:?}");
            assert_eq!(relayed.asked(), NOTHING, "{role:?} {failed}");
        }
    }
    assert_eq!(stranger.connections(), 0);
}

#[test]
fn z51_a_server_that_hangs_costs_the_timeout() {
    for role in [MmsRole::Auth, MmsRole::Device, MmsRole::Relay] {
        let mut relayed = Relayed::with(|script| script.lie = Some((role, Reply::hang())));
        relayed.access.config.timeout = Duration::from_millis(300);
        assert_eq!(relayed.devices(), Err(LuupError::Timeout), "{role:?}");
    }
}

#[test]
fn z49_servers_have_to_prove_who_they_are() {
    let mut relayed = Relayed::new();
    relayed.config().tls = TlsConfig::usual("mms");
    let words = relayed.fails();
    assert!(words.contains("mms.ssl_cacert"), "{words}");
    assert_eq!(relayed.asked(), NOTHING);
}

#[test]
fn z52_no_secret_is_in_a_message_or_in_the_log() {
    let lines = logged(|| {
        for lie in [None, Some(Reply::new(401)), Some(Reply::new(503))] {
            for role in [MmsRole::Auth, MmsRole::Account, MmsRole::Relay] {
                let lie = lie.clone().map(|reply| (role, reply));
                let relayed = Relayed::with(|script| script.lie = lie);
                for _ in 0..2 {
                    if let Err(failed) = relayed.devices() {
                        assert_secret(&format!("{failed} {failed:?}"));
                    }
                }
                assert_secret(&format!("{:?}", relayed.access));
            }
        }
    });
    let lines = format!("{lines:?}");
    assert!(lines.contains("a session is open"), "{lines}");
    assert_secret(&lines);
}

fn assert_secret(text: &str) {
    for secret in ["TELLTALE", "SHA1Password", "MMSSession", "autha/"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
