//! What of a program's files is on the medium when it promises something: by its system calls, as
//! strace shows them. A power cut takes all else away.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tools::can_trace;
use crate::{Folder, rerun};

/// A file that is never there. Removing it marks a promise in the trace.
const PROMISE: &str = "/cwmpd-lab-promise";

/// The calls that matter.
const CALLS: &str = "openat,write,pwrite64,writev,ftruncate,fsync,fdatasync,rename,renameat,\
                     renameat2,unlink,unlinkat";

/// Says that all that was written so far has to outlive a power cut.
pub fn promise() {
    let _ = fs::remove_file(PROMISE);
}

/// Runs the test `name` of this test program, which is otherwise ignored, and tells what it promised
/// though a power cut could still undo it, of the files whose paths have `part` in them. That it
/// wrote nothing, or promised nothing, is told too, and that others might read a file from its first
/// moment.
///
/// Without strace nothing is known to be broken.
///
/// # Panics
/// Where the test fails.
pub fn broken_promises(name: &str, part: &str) -> Vec<String> {
    if !can_trace() {
        return Vec::new();
    }
    let folder = Folder::new("trace");
    let log = folder.join("trace");
    let mut strace = Command::new("strace");
    strace
        .args([
            "-f",
            "-y",
            "-qq",
            "-s",
            "0",
            "-e",
            &format!("trace={CALLS}"),
        ])
        .arg("-o")
        .arg(&log);
    rerun(&mut strace, name);
    judge(&fs::read_to_string(&log).expect("a trace"), part)
}

/// The same for a trace.
pub fn judge(trace: &str, part: &str) -> Vec<String> {
    let mut medium = Medium::default();
    for line in trace.lines() {
        // The number of the thread stands first.
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        medium.follow(call, part);
    }
    if medium.written == 0 || medium.promises == 0 {
        let (written, promises) = (medium.written, medium.promises);
        medium
            .broken
            .push(format!("{written} writes and {promises} promises seen"));
    }
    medium.broken
}

#[derive(Default)]
struct Medium {
    /// Files whose content is not on the medium, and folders whose names are not.
    loose: BTreeSet<String>,
    written: u32,
    promises: u32,
    broken: Vec<String>,
}

impl Medium {
    fn follow(&mut self, call: &str, part: &str) {
        let name = call.split('(').next().unwrap_or_default();
        let quoted: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
        if quoted.contains(&PROMISE) {
            self.promises += 1;
            let what = format!("not on the medium at promise {}: ", self.promises);
            let loose = self.loose.iter().map(|path| what.clone() + path);
            self.broken.extend(loose);
            return;
        }
        if call.contains(" = -1 ") {
            return;
        }
        let descriptor = call.split(['<', '>']).nth(1).unwrap_or_default();
        let ours = |path: &str| path.contains(part);
        match name {
            "fsync" | "fdatasync" => {
                self.loose.remove(descriptor);
            }
            "write" | "pwrite64" | "writev" | "ftruncate" if ours(descriptor) => {
                self.written += 1;
                self.loose.insert(descriptor.to_owned());
            }
            "openat" if call.contains("O_CREAT") => {
                if quoted.iter().any(|path| ours(path)) && !call.contains(", 0600)") {
                    self.broken.push(format!("made for others to read: {call}"));
                }
                self.named(&quoted, part);
            }
            "rename" | "renameat" | "renameat2" => {
                if let Some(from) = quoted.first().filter(|from| self.loose.remove(**from)) {
                    self.broken
                        .push(format!("renamed before it is synced: {from}"));
                }
                self.named(&quoted, part);
            }
            "unlink" | "unlinkat" => {
                for path in &quoted {
                    self.loose.remove(*path);
                }
                self.named(&quoted, part);
            }
            _ => {}
        }
    }

    /// Names came or went.
    fn named(&mut self, paths: &[&str], part: &str) {
        for path in paths.iter().filter(|path| path.contains(part)) {
            let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
            self.loose.insert(folder.to_string_lossy().into_owned());
        }
    }
}
