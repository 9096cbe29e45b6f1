//! The figures, in the order they are printed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{Auth, Session};

use crate::floods::floods;
use crate::model::OBJECT;
use crate::process::Process;
use crate::rig::{Rig, median};
use crate::{
    Effort, changes, follow, instructions, lived, luup, model, stun, transfers, ubus, udp,
};

/// What is measured, and how thoroughly.
pub struct Bench<'a> {
    pub program: &'a Path,
    pub floor: &'a Path,
    pub effort: &'a Effort,
}

/// What measures and prints a part, and its name.
type Part = (&'static str, fn(&Bench<'_>));

/// The parts that can be asked for by name, in the order in which they are printed.
pub const PARTS: [Part; 12] = [
    ("box", |b| {
        small_box(b.program, b.effort);
        lived::figures(b.program, b.effort);
    }),
    ("model", |b| {
        large_box(b.program, 2000, b.effort);
        large_box(b.program, 20_000, b.effort);
        changes::on_large_box(b.program);
    }),
    ("floods", |b| floods(b.program, b.effort)),
    ("udp", |b| udp::figures(b.program, b.effort)),
    ("luup", |b| luup::figures(b.program, b.effort)),
    ("follow", |b| follow::figures(b.program, b.effort)),
    ("ubus", |b| ubus::figures(b.program, b.effort)),
    ("transfers", |b| transfers::figures(b.program)),
    ("idle", |b| idleness(b.program, b.floor, b.effort)),
    ("stun", |b| stun::figures(b.program, b.effort)),
    ("soak", |b| soak(b.program, b.effort)),
    ("size", |b| {
        let bytes = std::fs::metadata(b.program).expect("the program").len();
        print("stripped_bytes", bytes as f64, "bytes");
    }),
];

/// Prints a figure.
pub fn print(key: &str, value: f64, unit: &str) {
    let digits = match unit {
        "ms" => 3,
        "us" => 1,
        _ => 0,
    };
    println!("{key} {value:.digits$} {unit}");
}

/// Says that a figure is left out.
pub fn without_strace(key: &str) {
    println!("# {key}: strace is not installed, or may not look");
}

/// A session in which the ACS wants nothing.
pub fn nothing(_: &mut Session) {}

/// Sessions without payload, and what a session costs in system calls and flash.
fn small_box(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 200, Auth::Open);
    let (running, _) = rig.start();
    running.cost(20, nothing);
    let (cpu, wall) = running.cost(effort.sessions, nothing);
    print("inform_only_cpu_ms", cpu, "ms");
    print("inform_only_wall_ms", wall, "ms");
    with_digest(program, effort);
    match instructions::inform_only(program) {
        Some((session, start)) => {
            print("inform_only_instructions", session, "instructions");
            print("start_instructions", start, "instructions");
        }
        None => println!("# inform_only_instructions: valgrind is not installed"),
    }
    match running.process.syscalls(|| {
        running.session(nothing);
    }) {
        Some(calls) => print("session_syscalls", calls as f64, "calls"),
        None => without_strace("session_syscalls"),
    }
    changes::on_small_box(&running, effort);
    let requests = (0..effort.repeats).map(|_| running.connection_request());
    print(
        "connection_request_to_inform_ms",
        median(requests.collect()),
        "ms",
    );
}

/// The same with the challenge of a real ACS.
fn with_digest(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 0, Auth::Digest);
    let (running, _) = rig.start();
    let (cpu, _) = running.cost(effort.sessions / 4, nothing);
    print("inform_only_digest_cpu_ms", cpu, "ms");
}

/// Reading everything of a box with many parameters.
fn large_box(program: &Path, parameters: usize, effort: &Effort) {
    let rig = Rig::new(program, parameters, Auth::Open);
    let sessions = match parameters {
        20_000 => effort.large_sessions,
        _ => effort.large_sessions * 10,
    };
    let (running, _) = rig.start();
    let read = |s: &mut Session| assert_eq!(s.get(&[OBJECT]).len(), parameters);
    running.session(read);
    running.process.forget_peak();
    let (cpu, _) = running.cost(sessions, read);
    print(&format!("gpv_{parameters}_cpu_ms"), cpu, "ms");
    let peak = running.process.peak_kb();
    print(&format!("gpv_{parameters}_peak_kb"), peak as f64, "kB");
    if parameters == 20_000 {
        let (cpu, _) = running.cost(sessions, |s| {
            assert!(s.names(OBJECT, false).len() > parameters);
        });
        print("gpn_20000_cpu_ms", cpu, "ms");
        drop(running);
        let starts = (0..effort.repeats).map(|_| rig.start().1.as_secs_f64() * 1e3);
        print("load_20000_ms", median(starts.collect()), "ms");
    }
}

/// The shipped model, after two sessions, left alone.
fn idleness(program: &Path, floor: &Path, effort: &Effort) {
    let rig = Rig::new(program, 0, Auth::Open);
    let (running, _) = rig.start();
    running.session(nothing);
    sleep(Duration::from_secs(1));
    let process = running.process;
    print("idle_rss_kb", process.rss_kb() as f64, "kB");
    let (private, dirty) = process.private_kb();
    print("idle_private_kb", private as f64, "kB");
    print("idle_private_dirty_kb", dirty as f64, "kB");
    let (private, dirty) = floor_private_kb(floor);
    print("openssl_floor_private_kb", private as f64, "kB");
    print("openssl_floor_private_dirty_kb", dirty as f64, "kB");
    print("idle_threads", process.threads() as f64, "threads");
    let before = process.wakeups();
    sleep(Duration::from_secs(effort.idle_seconds));
    let wakeups = process.wakeups() - before;
    let per_minute = wakeups as f64 * 60.0 / effort.idle_seconds as f64;
    print("idle_wakeups_per_minute", per_minute, "wakeups");
}

/// The private memory of the program that does nothing.
fn floor_private_kb(floor: &Path) -> (u64, u64) {
    let mut child = Command::new(floor)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the floor program");
    sleep(Duration::from_millis(300));
    let private = Process(child.id()).private_kb();
    let _ = child.kill();
    let _ = child.wait();
    private
}

/// Growth over many sessions that read and write, after some to warm up.
fn soak(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 200, Auth::Open);
    let (running, _) = rig.start();
    let mut round = 0;
    let mut play = |s: &mut Session| {
        round += 1;
        s.get(&["Device."]);
        let (path, value) = (model::parameter(1), format!("round {round}"));
        s.set(&[(&path, XsdType::String, &value)], "bench-soak");
    };
    running.cost(effort.soak.min(200), &mut play);
    let before = running.process.rss_kb();
    running.cost(effort.soak, &mut play);
    let growth = running.process.rss_kb() as f64 - before as f64;
    print(
        &format!("rss_growth_{}_sessions_kb", effort.soak),
        growth,
        "kB",
    );
}
