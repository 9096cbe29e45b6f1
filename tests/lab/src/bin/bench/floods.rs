//! What attackers of the connection-request port cost, and whether the ACS notices.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{Auth, loopback};
use cwmpd_lab::attack::{Attack, AttackKind};

use crate::Effort;
use crate::figures::print;
use crate::rig::{Rig, Running, median};

/// How long an attack goes on before it is measured: until what is polite is used up.
const RUN_UP: Duration = Duration::from_millis(300);

/// Who attack at once.
const ATTACKERS: usize = 32;

/// Measures and prints.
pub fn floods(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 200, Auth::Open);
    let (running, _) = rig.start();
    let all: Vec<IpAddr> = (2..=254).map(loopback).collect();
    let kinds = [
        AttackKind::Connects,
        AttackKind::WrongPath,
        AttackKind::RightPath,
        AttackKind::WrongDigests,
    ];
    let costs = kinds.map(|kind| {
        let attacks = (0..ATTACKERS).map(|_| start(&running, kind, &[loopback(2)]));
        let attacks: Vec<_> = attacks.collect();
        let connections = || attacks.iter().map(Attack::connections).sum::<usize>();
        sleep(RUN_UP);
        let (cpu, before) = (running.process.cpu_ms(), connections());
        sleep(effort.flood);
        (running.process.cpu_ms() - cpu) * 1e3 / (connections() - before) as f64
    });
    let worst = costs.into_iter().fold(0.0, f64::max);
    print("connection_request_refused_cpu_us", worst, "us");
    running.process.forget_peak();
    let before = running.process.rss_kb() as f64;
    let mut repeated = 0;
    let waits = [
        AttackKind::Idlers,
        AttackKind::SlowHeads,
        AttackKind::RightPath,
    ]
    .map(|kind| {
        let _attack = start(&running, kind, &all);
        sleep(RUN_UP);
        let called = (0..effort.repeats).map(|_| {
            let start = Instant::now();
            repeated += running.call();
            start.elapsed().as_secs_f64() * 1e3
        });
        median(called.collect())
    });
    let worst = waits.into_iter().fold(0.0, f64::max);
    print("connection_request_under_flood_ms", worst, "ms");
    if repeated > 0 {
        println!("# {repeated} connection requests had to be repeated, which is in the times");
    }
    let growth = running.process.peak_kb() as f64 - before;
    print("flood_memory_kb", growth, "kB");
}

fn start(running: &Running<'_>, kind: AttackKind, sources: &[IpAddr]) -> Attack {
    let url = running.connection_request_url();
    let rest = url.strip_prefix("http://").expect("a URL");
    let (host, path) = rest.split_at(rest.find('/').expect("a path"));
    let target: SocketAddr = host.parse().expect("an address");
    Attack::start(kind, target, path, sources.to_vec(), Duration::ZERO)
}
