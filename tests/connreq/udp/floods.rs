//! A hundred thousand datagrams of others, and the true ACS among them.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};
use std::{env, fs};

use cwmpd::base::secret::Secret;
use cwmpd::connreq::Quota;
use cwmpd_lab::acs::CALLER;
use cwmpd_lab::datagrams::{self, MakeDatagram, nearly_right, noise};
use cwmpd_lab::{CountingAllocator, logged};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};

use super::{NOW, Open, caller, open, peer, request};
use crate::served::access;

const DATAGRAMS: u32 = 100_000;

/// By how much the process may grow.
const MOST_GROWTH_KB: u64 = 256;

/// Until the true ACS is served.
const PATIENCE: Duration = Duration::from_secs(1);

/// Memory and threads are counted by the process: each flood gets one of its own.
fn alone(name: &str, flood: impl FnOnce()) {
    const ALONE: &str = "CWMPD_TEST_ALONE";
    if env::var_os(ALONE).is_some() {
        return flood();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    let name = format!("udp::floods::{name}");
    let command = command.args(["--exact", &name, "--nocapture"]);
    let ended = command.env(ALONE, "1").output().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    let wrong = String::from_utf8_lossy(&ended.stderr);
    assert!(
        ended.status.success() && told.contains("1 passed"),
        "{told}{wrong}"
    );
    let figures = told.lines().find(|line| line.contains(" µs ")).unwrap();
    println!("{figures}");
}

/// A number of this process, in a file of its folder in /proc.
fn number(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
    number.unwrap().parse().unwrap()
}

/// The memory that it has for itself, in kB: exact, which `VmRSS` is not.
fn memory() -> u64 {
    number("smaps_rollup", "Anonymous:")
}

fn threads() -> u64 {
    number("status", "Threads:")
}

/// Waits as the agent's loop does, and works; says how many requests were accepted.
fn turn(open: &mut Open, start: Instant) -> usize {
    let now = || NOW + start.elapsed();
    let wait = open.port.deadline().map(|at| at.saturating_sub(now()));
    let wait = wait.unwrap_or(Duration::MAX).min(Duration::from_millis(20));
    let wait = PollTimeout::try_from(wait + Duration::from_micros(999)).unwrap();
    let fds = open.port.descriptors();
    let mut fds: Vec<_> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    poll(&mut fds, wait).unwrap();
    let rules = access(CALLER.0, &open.password);
    open.port
        .work(now(), &rules, &mut open.quota, &mut |_, _| {})
}

/// Sends all, once all are there.
fn attack(to: SocketAddr, make: MakeDatagram, begin: Arc<Barrier>) -> JoinHandle<()> {
    spawn(move || {
        let _ = make(0);
        begin.wait();
        datagrams::flood(to, DATAGRAMS, make, || true).unwrap();
    })
}

/// Asks for one session after the other, and says how long the slowest took.
fn ask(
    to: SocketAddr,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    begin: Arc<Barrier>,
) -> JoinHandle<(usize, Duration)> {
    spawn(move || {
        let socket = peer();
        begin.wait();
        let (mut asked, mut slowest) = (0, Duration::ZERO);
        while !stop.load(Ordering::Relaxed) {
            let (before, since) = (accepted.load(Ordering::Relaxed), Instant::now());
            while accepted.load(Ordering::Relaxed) == before && since.elapsed() < 3 * PATIENCE {
                caller().call_over_udp(&socket, to).unwrap();
                for _ in 0..100 {
                    if accepted.load(Ordering::Relaxed) != before {
                        break;
                    }
                    sleep(Duration::from_millis(1));
                }
            }
            slowest = slowest.max(since.elapsed());
            asked += 1;
            sleep(Duration::from_millis(50));
        }
        (asked, slowest)
    })
}

fn flood(what: &str, make: MakeDatagram) {
    let start = Instant::now();
    let mut open = open();
    let (begin, stop) = (Arc::new(Barrier::new(3)), Arc::new(AtomicBool::new(false)));
    let accepted = Arc::new(AtomicUsize::new(0));
    let to = open.address();
    let attacker = attack(to, make, Arc::clone(&begin));
    let acs = ask(
        to,
        Arc::clone(&accepted),
        Arc::clone(&stop),
        Arc::clone(&begin),
    );
    open.take(&make(0));
    open.take(&request());
    let cpu = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let (before, at_first, spent) = (memory(), threads(), cpu());
    begin.wait();
    let taken = CountingAllocator::count(|| {
        while !attacker.is_finished() {
            accepted.fetch_add(turn(&mut open, start), Ordering::Relaxed);
        }
    });
    let (grown, spent) = (memory().saturating_sub(before), cpu() - spent);
    assert!(threads() <= at_first, "a thread");
    stop.store(true, Ordering::Relaxed);
    while !acs.is_finished() {
        accepted.fetch_add(turn(&mut open, start), Ordering::Relaxed);
    }
    let (asked, slowest) = acs.join().unwrap();
    let tally = open.port.tally().to_string();
    let counted = |word: &str| -> u32 {
        let before = tally.split(word).next().unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let came = counted(" refused") + counted(" copies") + counted(" accepted");
    let each = spent.as_secs_f64() * 1e6 / f64::from(came.max(1));
    println!(
        "{DATAGRAMS} datagrams of {what}: {came} were looked at, {each:.2} µs of CPU each; {asked} true \
         requests, the slowest served after {} ms; {grown} kB more memory",
        slowest.as_millis()
    );
    assert!(slowest < PATIENCE, "{slowest:?}: {tally}");
    assert!(grown < MOST_GROWTH_KB, "{grown} kB");
    // That of the test's own loop, and nothing for each.
    assert!(taken < u64::from(DATAGRAMS) / 10, "{taken} times");
    assert!(asked > 0 && came > DATAGRAMS / 100, "{tally}");
}

#[test]
fn r16_the_acs_is_served_among_100_000_datagrams_of_noise() {
    let name = "r16_the_acs_is_served_among_100_000_datagrams_of_noise";
    alone(name, || flood("noise", noise));
}

#[test]
fn r17_the_acs_is_served_among_100_000_requests_that_are_nearly_right() {
    let name = "r17_the_acs_is_served_among_100_000_requests_that_are_nearly_right";
    alone(name, || flood("nearly right requests", nearly_right));
}

#[test]
fn r16_a_flood_is_looked_at_only_now_and_then_and_no_more_than_so_many_at_once() {
    let mut open = open();
    let peer = peer();
    let send = |count: u32, open: &mut Open| {
        for n in 0..count {
            peer.send_to(&noise(2 * n + 1)[..1], open.address())
                .unwrap();
        }
        open.work();
        (open.port.descriptors().count(), open.port.deadline())
    };
    assert_eq!(send(20, &mut open).0, 1);
    let (descriptors, rests_until) = send(200, &mut open);
    assert_eq!(descriptors, 0);
    assert!(rests_until.unwrap() <= NOW + Duration::from_millis(50));
    // Once rested, what came meanwhile is taken.
    peer.send_to(&request(), open.address()).unwrap();
    assert_eq!(open.work(), 1);
}

#[test]
fn r16_a_flood_fills_no_log() {
    let mut open = open();
    let peer = peer();
    let lines = logged(|| {
        for n in 0..5000 {
            peer.send_to(&nearly_right(n), open.address()).unwrap();
            open.work();
        }
        let password = Secret::new(CALLER.1);
        let rules = access(CALLER.0, &password);
        let minute = NOW + Duration::from_secs(60);
        open.port
            .work(minute, &rules, &mut Quota::default(), &mut |_, _| {});
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("127.0.0.1 refused"), "{lines:?}");
    assert!(
        lines[1].contains("4999 more datagrams refused"),
        "{lines:?}"
    );
    assert!(lines[1].contains("wrong signature 3749"), "{lines:?}");
}
