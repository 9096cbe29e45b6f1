//! The connection-request port of the real program while somebody attacks it.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{AcsOptions, CALLER, Caller, ScriptedAcs, loopback};
use cwmpd_lab::attack::{Attack, AttackKind};
use cwmpd_lab::home::{Daemon, Home, wait_for};

/// How far away the ACS is: between the challenge and the request that answers it.
const DELAYS_MS: [u64; 4] = [0, 20, 50, 150];

/// Beyond the delay. What the kernel has to send again comes after a second, and another three.
const SOON: Duration = Duration::from_secs(3);

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_uci("acs", "url", &acs.url());
    home.set_caller();
    home.set_uci("cpe", "max_connection_requests", "1000");
    home.set_uci("cpe", "log_severity", "INFO");
    home
}

fn port_and_path(agent: &Daemon<'_>) -> (SocketAddr, String) {
    let url = agent.connection_request_url();
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    (host.parse().unwrap(), format!("/{path}"))
}

/// Twelve requests from different distances, each of which has to be answered with 200.
fn twelve_of_twelve(url: &str, from: IpAddr, keeps_connection: bool, what: &str) {
    for turn in 0..12 {
        let caller = Caller {
            delay: Duration::from_millis(DELAYS_MS[turn % DELAYS_MS.len()]),
            keeps_connection,
            from: Some(from),
            ..Caller::new(CALLER.0, CALLER.1)
        };
        let start = Instant::now();
        let answer = caller.call(url).map(|answer| answer.status);
        let took = start.elapsed();
        assert!(
            matches!(answer, Ok(200)) && took < caller.delay + SOON,
            "{what}, request {turn}: {answer:?} after {took:?}"
        );
    }
}

fn under_attack(sources: &[IpAddr], pause: Duration, kinds: &[AttackKind]) {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let url = agent.connection_request_url();
    let (target, path) = port_and_path(&agent);
    for kind in kinds {
        for keeps_connection in [true, false] {
            let attack = Attack::start(*kind, target, &path, sources.to_vec(), pause);
            while attack.connections() < 20 {
                std::thread::yield_now();
            }
            let what = format!("{kind:?} from {}, {keeps_connection}", sources.len());
            twelve_of_twelve(&url, loopback(1), keeps_connection, &what);
        }
    }
}

#[test]
fn s21_connects_from_one_address_do_not_keep_the_acs_out() {
    let pause = Duration::from_millis(5);
    under_attack(
        &[loopback(2)],
        pause,
        &[AttackKind::Connects, AttackKind::Idlers],
    );
}

#[test]
fn s21_no_attack_from_one_address_keeps_the_acs_out() {
    under_attack(&[loopback(2)], Duration::ZERO, &AttackKind::ALL);
}

#[test]
fn s21_no_attack_from_many_addresses_keeps_the_acs_out() {
    let sources: Vec<IpAddr> = (2..=254).map(loopback).collect();
    under_attack(&sources, Duration::ZERO, &AttackKind::ALL);
}

#[test]
fn s22_an_attack_is_a_few_lines_of_log_and_the_status_has_the_reasons() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let url = agent.connection_request_url();
    let (target, path) = port_and_path(&agent);
    for kind in [AttackKind::WrongPath, AttackKind::WrongDigests] {
        let attack = Attack::start(kind, target, &path, vec![loopback(2)], Duration::ZERO);
        while attack.connections() < 300 {
            std::thread::yield_now();
        }
    }
    twelve_of_twelve(&url, loopback(1), true, "after it");
    let status = agent.status();
    assert!(status.contains("12 accepted"), "{status}");
    for reason in [
        "wrong path ",
        "wrong user name ",
        "too many guesses",
        "the last from 127.0.0.2",
    ] {
        assert!(status.contains(reason), "{status}");
    }
    let refused = home.log().matches("127.0.0.2 refused").count();
    assert_eq!(refused, 1, "{}", home.log());
}

#[test]
fn s22_the_acs_sets_how_many_connection_requests_are_accepted() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "max_connection_requests", "2");
    let agent = home.start();
    let url = agent.connection_request_url();
    let call = || Caller::new(CALLER.0, CALLER.1).call(&url).unwrap();
    assert_eq!([call().status, call().status], [200, 200]);
    let answer = call();
    assert_eq!(answer.status, 503);
    let name = "ManagementServer.X_ORANGE-COM_MaxConnectionRequest";
    assert_eq!(agent.get(name), "2");
    agent.set(name, "3");
    assert_eq!(
        home.uci("cpe", "max_connection_requests").as_deref(),
        Some("3")
    );
    // Where a session runs just now, in force after it.
    let accepted = || wait_for("a 200", || (call().status == 200).then_some(()));
    accepted();
    assert_eq!(
        [call().status, call().status, call().status],
        [200, 200, 503]
    );
    agent.set("ManagementServer.X_ORANGE-COM_FreqConnectionRequest", "1");
    accepted();
}

#[test]
fn s22_a_network_that_is_none_keeps_the_port_closed_to_all_but_the_others() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "allow_from", "127.0.0.0/33 127.0.0.9");
    let agent = home.start();
    let url = agent.connection_request_url();
    let call = |from| {
        let from = Some(loopback(from));
        let caller = Caller::new(CALLER.0, CALLER.1);
        Caller { from, ..caller }.call(&url)
    };
    assert!(home.log().contains("cwmpd.cpe.allow_from: '127.0.0.0/33'"));
    assert!(call(1).is_err());
    assert_eq!(call(9).unwrap().status, 200);
    assert!(agent.status().contains("address not allowed 1"));
}
