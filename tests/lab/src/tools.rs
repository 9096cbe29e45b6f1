//! Programs that some tests need, and the right to do what they do. A test without says so, and does
//! nothing.

use std::fs;
use std::process::{Command, Stdio};

use nix::unistd::geteuid;

use crate::shared::skip;

/// Some user of the box.
pub const NOBODY: u32 = 65_534;

/// Whether strace may start and follow a program.
pub fn can_trace() -> bool {
    works(&["strace", "-o", "/dev/null", "true"])
}

/// Whether strace may follow a program that it did not start. Some kernels let only root.
pub fn can_trace_others() -> bool {
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    let is_open = scope.map_or(true, |scope| scope.trim() == "0");
    if !is_open && !geteuid().is_root() {
        skip("strace of programs that run already, which needs root here");
        return false;
    }
    can_trace()
}

/// Whether a test may have a view of its own of the file systems.
pub fn can_mount() -> bool {
    works(&["unshare", "-m", "true"])
}

/// Whether a test may do something as another user of the box.
pub fn has_others() -> bool {
    let user = NOBODY.to_string();
    works(&[
        "setpriv",
        "--reuid",
        &user,
        "--regid",
        &user,
        "--clear-groups",
        "true",
    ])
}

/// Whether a command is there and can do its work; says so where not.
pub fn works(words: &[&str]) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let can = command.output().is_ok_and(|output| output.status.success());
    if !can {
        skip(&format!(
            "`{}` does not work here: {program} is absent, or has to be root",
            words.join(" ")
        ));
    }
    can
}
