//! What the kernel says of a process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// A running process, by its number.
#[derive(Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    fn pid(self) -> Pid {
        Pid::from_raw(self.0.try_into().expect("a pid_t"))
    }

    /// CPU time of all its threads so far, ended ones included, in ms. The kernel counts ns.
    pub fn cpu_ms(self) -> f64 {
        let pid = self.pid();
        let clock = clock_getcpuclockid(pid).expect("the CPU clock of the agent");
        let time = Duration::from(clock_gettime(clock).expect("its time"));
        time.as_secs_f64() * 1e3
    }

    /// Makes the present memory the peak.
    pub fn forget_peak(self) {
        fs::write(self.file("clear_refs"), "5").expect("a reset of VmHWM");
    }

    /// The peak since the start or [`Self::forget_peak`].
    pub fn peak_kb(self) -> u64 {
        self.status("VmHWM")
    }

    pub fn rss_kb(self) -> u64 {
        self.status("VmRSS")
    }

    pub fn threads(self) -> u64 {
        self.status("Threads")
    }

    /// How often its threads went to sleep by themselves: once for each wake-up.
    pub fn wakeups(self) -> u64 {
        let threads = fs::read_dir(self.file("task")).expect("its threads");
        threads
            .flatten()
            .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok())
            .map(|status| number(&status, "voluntary_ctxt_switches"))
            .sum()
    }

    /// Memory that no other process shares: in all, and the dirty part of it. The rest is pages of
    /// files, the program's own code above all, which the kernel can drop and read again.
    pub fn private_kb(self) -> (u64, u64) {
        let rollup = fs::read_to_string(self.file("smaps_rollup")).expect("smaps_rollup");
        let dirty = number(&rollup, "Private_Dirty");
        (number(&rollup, "Private_Clean") + dirty, dirty)
    }

    fn status(self, key: &str) -> u64 {
        let status = fs::read_to_string(self.file("status")).expect("the status of the agent");
        number(&status, key)
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    /// Whether a tracer is attached.
    pub fn is_traced(self) -> bool {
        self.status("TracerPid") != 0
    }

    /// Sends SIGINT.
    pub fn interrupt(self) {
        let _ = kill(self.pid(), Signal::SIGINT);
    }
}

/// The number behind `key:`.
fn number(text: &str, key: &str) -> u64 {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}
