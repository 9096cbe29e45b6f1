//! What the kernel says of a process.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

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

    /// System calls while `work` runs, as strace counts them; `None` where it is not installed or
    /// may not look.
    pub fn syscalls(self, work: impl FnOnce()) -> Option<u64> {
        let report = std::env::temp_dir().join(format!("cwmpd-strace-{}", self.0));
        let mut strace = Command::new("strace")
            .args(["-f", "-c", "-U", "calls,name", "-o"])
            .arg(&report)
            .args(["-p", &self.0.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let traced = |process: Process| process.status("TracerPid") != 0;
        let mut waited = 0;
        while !traced(self) && waited < 200 && strace.try_wait().ok()?.is_none() {
            std::thread::sleep(Duration::from_millis(10));
            waited += 1;
        }
        work();
        let interrupt = nix::sys::signal::Signal::SIGINT;
        let pid = Process(strace.id()).pid();
        let _ = nix::sys::signal::kill(pid, interrupt);
        strace.wait().ok()?;
        let text = fs::read_to_string(&report).ok()?;
        let _ = fs::remove_file(&report);
        let total = text
            .lines()
            .find(|line| line.trim_end().ends_with("total"))?;
        total.split_whitespace().next()?.parse().ok()
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

/// Every file below some folders, with what changes when it is written or replaced.
pub fn files(folders: &[&Path]) -> BTreeMap<PathBuf, (u64, i64, i64, u64)> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|&folder| folder.into()).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(data) = entry.metadata() else { continue };
            if data.is_dir() {
                folders.push(entry.path());
            } else {
                let state = (data.ino(), data.mtime(), data.mtime_nsec(), data.size());
                found.insert(entry.path(), state);
            }
        }
    }
    found
}
