//! What strace sees a process do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use cwmpd_lab::Folder;

use crate::process::Process;

/// What was written to files below some folders.
#[derive(Default)]
pub struct Written {
    /// How often a file was brought to the medium, whether written whole or added to.
    pub synced: u64,
    /// Bytes handed to the kernel.
    pub bytes: u64,
}

impl Process {
    /// System calls while `work` runs; `None` where strace is not installed or may not look.
    pub fn syscalls(self, work: impl FnOnce()) -> Option<u64> {
        let report = self.trace(&["-f", "-c", "-U", "calls,name"], work)?;
        let total = report
            .lines()
            .find(|line| line.trim_end().ends_with("total"))?;
        total.split_whitespace().next()?.parse().ok()
    }

    /// What is written below the folders while `work` runs; `None` as for [`Self::syscalls`].
    pub fn written(self, folders: &[&Path], work: impl FnOnce()) -> Option<Written> {
        let calls = "trace=write,pwrite64,writev,pwritev,sendfile,fsync,fdatasync";
        let report = self.trace(&["-ff", "-y", "-s", "0", "-e", calls], work)?;
        let mut written = Written::default();
        for line in report.lines() {
            let Some((call, path, result)) = call(line) else {
                continue;
            };
            if !folders.iter().any(|folder| path.starts_with(folder)) || path.is_dir() {
                continue;
            }
            match call {
                "fsync" | "fdatasync" => written.synced += 1,
                _ => written.bytes += result,
            }
        }
        Some(written)
    }

    /// The report of strace on the process while `work` runs.
    fn trace(self, options: &[&str], work: impl FnOnce()) -> Option<String> {
        let folder = Folder::new("strace");
        let mut strace = Command::new("strace")
            .args(options)
            .args(["-p", &self.0.to_string()])
            .arg("-o")
            .arg(folder.join("report"))
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut waited = 0;
        while !self.is_traced() && waited < 200 && strace.try_wait().ok()?.is_none() {
            sleep(Duration::from_millis(10));
            waited += 1;
        }
        if !self.is_traced() {
            return None;
        }
        work();
        Process(strace.id()).interrupt();
        strace.wait().ok()?;
        // With -ff there is a report for each thread.
        let reports = fs::read_dir(&*folder).ok()?.flatten();
        Some(
            reports
                .filter_map(|file| fs::read_to_string(file.path()).ok())
                .collect(),
        )
    }
}

/// `name(NUMBER</path>, ...) = RESULT`, where the result is a number that is no error.
fn call(line: &str) -> Option<(&str, &Path, u64)> {
    let (name, rest) = line.split_once('(')?;
    let path = rest.split_once('<')?.1.split_once('>')?.0;
    let result = line.rsplit_once(" = ")?.1;
    let result = result.split([' ', '<']).next()?.parse().ok()?;
    Some((name, Path::new(path), result))
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
