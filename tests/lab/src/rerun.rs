//! A test in a process of its own.

use std::process::Command;

/// Runs the test `name` of this test program, which is otherwise ignored, by another program:
/// strace(1), or env(1) for another environment.
///
/// # Panics
/// Where the test fails, or the other program is not there (`tests/setup.sh` installs it).
pub fn rerun(by: &mut Command, name: &str) {
    let by = by
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--ignored", "--nocapture"]);
    let output = by.output().unwrap_or_else(|e| panic!("{by:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 passed"), "{by:?}: {said}{wrong}");
}
