//! Instructions, as valgrind counts them: the same on every machine, however busy it is.

use std::fs;
use std::path::Path;

use cwmpd_lab::Folder;
use cwmpd_lab::acs::Auth;
use cwmpd_lab::tools::works;

use crate::figures::nothing;
use crate::rig::Rig;

/// Sessions to warm up, and those that are counted behind them.
const SESSIONS: [usize; 2] = [3, 10];

/// Instructions of a session without payload, and those of a start with its first session; `None` where
/// valgrind is not installed.
pub fn inform_only(program: &Path) -> Option<(f64, f64)> {
    if !works(&["valgrind", "--version"]) {
        return None;
    }
    let [few, more] = SESSIONS;
    let start = until_stopped(program, 0);
    let warm = until_stopped(program, few);
    let all = until_stopped(program, few + more);
    Some(((all - warm) / more as f64, start))
}

/// Instructions of a whole life with so many sessions behind the first.
fn until_stopped(program: &Path, sessions: usize) -> f64 {
    let folder = Folder::new("instructions");
    let counts = folder.path().join("counts");
    let file = format!("--callgrind-out-file={}", counts.display());
    let rig = Rig::new(program, 200, Auth::Open);
    let (running, _) = rig.start_under(&["valgrind", "-q", "--tool=callgrind", &file]);
    for _ in 0..sessions {
        running.session(nothing);
    }
    running.stop();
    let counts = fs::read_to_string(&counts).expect("what valgrind counted");
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.parse().ok()).expect("a total")
}
