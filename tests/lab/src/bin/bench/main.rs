//! Measures the shipped program through real sockets; one line a figure, `key value unit`.
//!
//! `bench [--quick] PROGRAM FLOOR [PART...]`: see `tests/bench.sh`. FLOOR is a program that does nothing but
//! is linked with the same OpenSSL.

mod changes;
mod figures;
mod floods;
mod follow;
mod instructions;
mod lived;
mod luup;
mod model;
mod process;
mod rig;
mod stun;
mod trace;
mod transfers;
mod ubus;
mod udp;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cwmpd_lab::CountingAllocator;

use figures::{Bench, PARTS};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How often things are measured.
pub struct Effort {
    /// Sessions that a CPU figure is the mean of.
    pub sessions: usize,
    /// The same where a session carries 20,000 values.
    pub large_sessions: usize,
    /// Sessions with a pause before each; the box takes 50 connection requests an hour.
    pub cold_sessions: usize,
    /// Sessions of the soak.
    pub soak: usize,
    /// Seconds of idleness in which wake-ups are counted.
    pub idle_seconds: u64,
    /// How long each kind of attack on the connection-request port is measured.
    pub flood: Duration,
    /// Repetitions that a median is taken of.
    pub repeats: usize,
}

const FULL: Effort = Effort {
    sessions: 2000,
    large_sessions: 30,
    cold_sessions: 40,
    soak: 10_000,
    idle_seconds: 60,
    flood: Duration::from_secs(5),
    repeats: 9,
};

const QUICK: Effort = Effort {
    sessions: 200,
    large_sessions: 5,
    cold_sessions: 10,
    soak: 300,
    idle_seconds: 5,
    flood: Duration::from_secs(1),
    repeats: 3,
};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.first().is_some_and(|first| first == "--quick");
    if quick {
        arguments.remove(0);
    }
    let known = |part: &String| PARTS.iter().any(|(name, _)| name == part);
    let [program, floor, wanted @ ..] = arguments.as_slice() else {
        return usage();
    };
    if !wanted.iter().all(known) {
        return usage();
    }
    let bench = Bench {
        program: Path::new(program),
        floor: Path::new(floor),
        effort: if quick { &QUICK } else { &FULL },
    };
    for (name, figures) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            figures(&bench);
        }
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    let parts = PARTS.map(|(name, _)| name).join(" ");
    eprintln!("usage: bench [--quick] PROGRAM FLOOR [PART...]\nparts: {parts}");
    ExitCode::FAILURE
}
