//! The real program while strangers send it datagrams.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{AcsOptions, CALLER, Caller, ScriptedAcs};
use cwmpd_lab::datagrams::{self, MakeDatagram, nearly_right, noise};
use cwmpd_lab::home::{Home, wait_for};

use crate::figures::MOST_GROWTH_KB;

const DATAGRAMS: u32 = 100_000;

/// Until the ACS has its Inform. It promises a second; a machine with more to do may take longer.
const SOON: Duration = Duration::from_secs(3);

/// A number in a file of the program's folder in /proc.
fn number(pid: u32, file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
    number.unwrap().parse().unwrap()
}

/// CPU of it so far, in µs.
fn cpu(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap();
    let on_cpu = text.split(' ').next().unwrap();
    on_cpu.parse::<u64>().unwrap() / 1000
}

/// Asks for a session until there is one, and plays it; how long it took to the Inform.
fn call(acs: &ScriptedAcs, to: SocketAddr) -> Duration {
    let start = Instant::now();
    let (told, heard) = std::sync::mpsc::channel::<()>();
    let asking = spawn(move || {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let caller = Caller::new(CALLER.0, CALLER.1);
        // A flood may crowd out a few copies that come at once.
        while heard.try_recv().is_err() {
            caller.call_over_udp(&socket, to).unwrap();
            if heard.recv_timeout(Duration::from_millis(200)).is_ok() {
                break;
            }
        }
    });
    let took = acs.session(|s| {
        assert!(
            s.inform()
                .event
                .iter()
                .any(|e| e.event_code == "6 CONNECTION REQUEST")
        );
        let took = start.elapsed();
        let _ = told.send(());
        s.end();
        took
    });
    asking.join().unwrap();
    took
}

fn under_flood(what: &str, make: MakeDatagram) {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "max_connection_requests", "1000");
    home.set_uci("cpe", "log_severity", "WARNING");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.end();
    });
    let (to, pid) = (agent.udp_address(), agent.pid());
    let settle = || {
        wait_for("the end of the session", || {
            (number(pid, "status", "Threads:") == 1).then_some(())
        });
    };
    for _ in 0..5 {
        call(&acs, to);
        settle();
    }
    let (memory, spent) = (number(pid, "smaps_rollup", "Anonymous:"), cpu(pid));
    let attacker = spawn(move || datagrams::flood(to, DATAGRAMS, make, || true).unwrap());
    let mut waits = Vec::new();
    while !attacker.is_finished() {
        waits.push(call(&acs, to));
        settle();
        sleep(Duration::from_millis(50));
    }
    let slowest = waits.iter().max().unwrap();
    let grown = number(pid, "smaps_rollup", "Anonymous:").saturating_sub(memory);
    let each = (cpu(pid) - spent) as f64 / f64::from(DATAGRAMS);
    println!(
        "{DATAGRAMS} datagrams of {what}: {each:.2} µs of CPU each, with {} sessions, the slowest after \
         {} ms; {grown} kB more memory",
        waits.len(),
        slowest.as_millis()
    );
    assert!(*slowest < SOON, "{slowest:?}");
    assert!(grown < MOST_GROWTH_KB, "{grown} kB");
    assert!(home.log().lines().count() < 20, "{}", home.log());
}

#[test]
fn r16_noise_does_not_keep_the_acs_from_the_program() {
    under_flood("noise", noise);
}

#[test]
fn r17_nor_do_requests_that_are_nearly_right() {
    under_flood("nearly right requests", nearly_right);
}
