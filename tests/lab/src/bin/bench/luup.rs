//! What a Luup engine that is silent or hostile costs.

use std::path::Path;
use std::time::{Duration, Instant};

use cwmpd::agent::control::{Request, ask};
use cwmpd::base::config::LuupConfig;
use cwmpd::luup::limits::{MAX_BYTES, MAX_NAMES};
use cwmpd::luup::{FetchScope, Home, LuupAccess, fetch};
use cwmpd_lab::CountingAllocator;
use cwmpd_lab::acs::Auth;
use cwmpd_lab::luup::hostile::{Hostile, greatest_home, hostile};
use cwmpd_lab::luup::{FakeLuup, Mood, real_home};

use crate::Effort;
use crate::figures::{nothing, print};
use crate::rig::{Rig, Running, median};

/// Nodes of a home as large as Z-Wave allows, but for its controller.
const NODES: u32 = 231;

/// Measures and prints all of it.
pub fn figures(program: &Path, effort: &Effort) {
    whole(program, effort);
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

/// A whole read of a large home: from the user's wish to an Inform that tells a change of it, the heap
/// that reading takes, and the memory that three such reads leave with the agent beyond what it has
/// without a home.
fn whole(program: &Path, effort: &Effort) {
    let luup = FakeLuup::with(real_home(NODES));
    let rig = Rig::new(program, 0, Auth::Open);
    rig.home.set_uci("cpe", "periodic_notify_enable", "0");
    rig.home.set_uci("luup", "enable", "1");
    rig.home.set_uci("luup", "url", &luup.url());
    luup.mood(Mood::Empty);
    let (running, _) = rig.start();
    running.session(nothing);
    let before = running.process.rss_kb() as f64;
    luup.mood(Mood::Well);
    for round in 0..3 {
        luup.configure(1000, |device| device.name = format!("Porte {round}"));
        running.session(nothing);
    }
    let kept = running.process.rss_kb() as f64 - before;
    print("luup_rss_kept_kb", kept, "kB");
    let reads = (0..effort.repeats).map(|round| {
        luup.configure(1000, |device| device.name = format!("Porte {round}"));
        luup.prepare();
        start(&running)
    });
    print("luup_full_ms", median(reads.collect()), "ms");
    print("luup_full_heap_peak_kb", heap_peak(&luup) / 1024.0, "kB");
}

/// The most bytes that a whole fetch has at once, what the rows see of it included: the same code as
/// the program's, in a thread of this one.
fn heap_peak(luup: &FakeLuup) -> f64 {
    let access = LuupAccess::new(LuupConfig {
        url: luup.url(),
        ..LuupConfig::default()
    });
    let peak = CountingAllocator::peak(|| {
        let mut home = Home::default();
        let begun = home.begin_fetch();
        let view = fetch(&access, FetchScope::All(None)).map(|snapshot| begun.view(snapshot));
        home.update(begun, view);
    });
    peak as f64
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
