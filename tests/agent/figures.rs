//! What attacks cost the running program.

use std::fs;
use std::time::Duration;

/// By how much an attack of 100,000 datagrams, or of as much from a server, may make it grow.
pub const MOST_GROWTH_KB: u64 = 256;

/// What it took so far.
pub struct Figures {
    pub cpu: Duration,
    pub private_kb: u64,
    pub threads: usize,
}

/// Those of a process.
pub fn agent_figures(pid: u32) -> Figures {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let stat = read("stat");
    let fields = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let rollup = read("smaps_rollup");
    let lines = rollup.lines();
    let private = lines.filter(|line| line.starts_with("Private_Dirty"));
    let kb = private.map(|line| {
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    });
    Figures {
        cpu: Duration::from_millis(ticks * 10),
        private_kb: kb.sum(),
        threads: fs::read_dir(format!("/proc/{pid}/task")).unwrap().count(),
    }
}
