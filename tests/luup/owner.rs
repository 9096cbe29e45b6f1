//! Who may pose as the engine: not any user of the box who takes its port first.

use std::io::Read as _;
use std::net::TcpListener;
use std::thread;

use cwmpd::base::config::LuupConfig;
use cwmpd::luup::{FetchScope, LuupAccess, LuupError, LuupOrder, fetch, perform};
use cwmpd_lab::luup::FakeLuup;
use cwmpd_lab::tools::{NOBODY, has_others};
use nix::unistd::{Uid, setfsuid};

use crate::fetch::access;

/// An engine whose sockets are another user's: the system takes the owner of a socket from the
/// thread that makes it.
fn engine_of_nobody() -> FakeLuup {
    let start = || {
        setfsuid(Uid::from_raw(NOBODY));
        FakeLuup::start()
    };
    thread::spawn(start).join().unwrap()
}

#[test]
fn s31_another_user_who_holds_the_port_is_not_believed() {
    if !has_others() {
        return;
    }
    let luup = engine_of_nobody();
    let mut access = access(&luup);
    let order = LuupOrder::Variable {
        device: 3,
        service: "urn:upnp-org:serviceId:SwitchPower1".into(),
        variable: "Target".into(),
        value: "1".into(),
    };
    for attempt in [
        fetch(&access, FetchScope::All(None)).map(drop),
        perform(&access, &order).map(drop),
    ] {
        let error = attempt.unwrap_err();
        assert!(matches!(error, LuupError::NotItsUser(..)), "{error}");
        let words = error.to_string();
        assert!(
            words.contains("user nobody") && words.contains("luup.user"),
            "{words}"
        );
    }
    assert_eq!(luup.requests().len(), 0, "nothing was sent");
    access.config.user = Some("nobody".to_owned());
    let believed = fetch(&access, FetchScope::All(None)).map(drop);
    assert!(
        !matches!(believed, Err(LuupError::NotItsUser(..))),
        "{believed:?}"
    );
    access.config.user = Some("no such user".to_owned());
    let error = fetch(&access, FetchScope::All(None)).map(drop).unwrap_err();
    assert!(matches!(error, LuupError::UnknownUser(_)), "{error}");
}

/// A connection may be accepted by another than who listens: by a program of root's that was started with
/// the socket of a user.
#[test]
fn s31_who_answers_for_another_user_is_not_believed() {
    if !has_others() {
        return;
    }
    let listen = || {
        setfsuid(Uid::from_raw(NOBODY));
        TcpListener::bind("127.0.0.1:0").unwrap()
    };
    let listener = thread::spawn(listen).join().unwrap();
    let config = LuupConfig {
        url: format!("http://{}", listener.local_addr().unwrap()),
        ..LuupConfig::default()
    };
    let asked = thread::spawn(move || fetch(&LuupAccess::new(config), FetchScope::Status));
    let (mut accepted, _) = listener.accept().unwrap();
    let mut heard = Vec::new();
    accepted.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"", "nothing was sent");
    let error = asked.join().unwrap().map(drop).unwrap_err();
    assert!(error.to_string().contains("user nobody"), "{error}");
}
