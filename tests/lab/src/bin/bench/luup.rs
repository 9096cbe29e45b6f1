//! What a Luup engine that is silent or hostile costs.

use std::path::Path;
use std::time::{Duration, Instant};

use cwmpd::agent::control::{Request, ask};
use cwmpd::luup::limits::{MAX_BYTES, MAX_NAMES};
use cwmpd_lab::acs::Auth;
use cwmpd_lab::luup::hostile::{Hostile, greatest_home, hostile};
use cwmpd_lab::luup::{FakeLuup, Mood, large_home};

use crate::Effort;
use crate::figures::{nothing, print};
use crate::rig::{Rig, Running, median};

/// Nodes of a home as large as Z-Wave allows, and devices below them.
const NODES: u32 = 371;

/// Measures and prints all of it.
pub fn figures(program: &Path, effort: &Effort) {
    kept(program);
    let luup = FakeLuup::start();
    let rig = Rig::new(program, 0, Auth::Open);
    rig.home.set_uci("cpe", "periodic_notify_enable", "0");
    rig.home.set_uci("luup", "enable", "1");
    rig.home.set_uci("luup", "url", &luup.url());
    rig.home.set_uci("luup", "timeout", "60");
    let (running, _) = rig.start();
    hostile_answers(&luup, &running);
    luup.mood(Mood::Silent);
    let starts = (0..effort.repeats).map(|_| start(&running));
    print(
        "session_start_luup_silent_ms",
        median(starts.collect()),
        "ms",
    );
    luup.mood(Mood::Well);
}

/// The memory that fetching a large home thrice leaves with the agent, the home itself included.
fn kept(program: &Path) {
    let luup = FakeLuup::with(large_home(NODES));
    let rig = Rig::new(program, 0, Auth::Open);
    rig.home.set_uci("cpe", "periodic_notify_enable", "0");
    rig.home.set_uci("luup", "enable", "1");
    rig.home.set_uci("luup", "url", &luup.url());
    luup.mood(Mood::Empty);
    let (running, _) = rig.start();
    running.session(nothing);
    let before = running.process.rss_kb() as f64;
    luup.mood(Mood::Well);
    for _ in 0..3 {
        running.session(nothing);
    }
    let kept = running.process.rss_kb() as f64 - before;
    print("luup_rss_kept_kb", kept, "kB");
}

/// The CPU time and the peak of memory of the worst answer of 8 MiB, the session that asked for it
/// included.
fn hostile_answers(luup: &FakeLuup, running: &Running<'_>) {
    let mut answers = hostile(usize::try_from(MAX_BYTES).expect("a size"));
    answers.push(Hostile {
        what: "the greatest home",
        text: greatest_home(1000, 64_000, MAX_NAMES),
    });
    let (mut worst, mut peak) = (0.0_f64, 0);
    for answer in answers {
        luup.mood(Mood::Says(answer.text));
        running.process.forget_peak();
        let before = running.process.cpu_ms();
        running.session(nothing);
        worst = worst.max(running.process.cpu_ms() - before);
        peak = peak.max(running.process.peak_kb());
    }
    print("luup_hostile_8mib_ms", worst, "ms");
    print("luup_hostile_8mib_peak_kb", peak as f64, "kB");
}

/// From a user's wish to the Inform of a session, in ms. The fetch that hangs goes on.
fn start(running: &Running<'_>) -> f64 {
    let run_dir = running.rig.home.run_dir();
    let start = Instant::now();
    let asked = std::thread::spawn(move || ask(&run_dir, &Request::Inform(None)));
    let took = running.rig.acs.session(|s| {
        s.inform();
        let took = start.elapsed();
        s.end();
        took
    });
    asked
        .join()
        .expect("a thread")
        .expect("the agent's consent");
    // The books of the session are closed, and the next is not the same.
    std::thread::sleep(Duration::from_millis(100));
    took.as_secs_f64() * 1e3
}
