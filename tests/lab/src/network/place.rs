//! One network namespace.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, setns, unshare};

use crate::shared::skip;
use crate::tools::works;

/// A network with a loopback that is up. It is there as long as this value, or a program or thread
/// that was started in it, is.
pub struct Place {
    namespace: File,
}

impl Place {
    /// A new one. `None` where that is not permitted, or `ip` is absent, which is said.
    pub fn new() -> Option<Self> {
        if !works(&["ip", "-V"]) {
            return None;
        }
        let thread = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            ip("link set lo up");
            Ok::<_, nix::Error>(File::open("/proc/thread-self/ns/net").expect("a namespace"))
        });
        match thread.join().expect("a thread with a network") {
            Ok(namespace) => Some(Self { namespace }),
            Err(e) => {
                skip(&format!("network namespaces take root ({e})"));
                None
            }
        }
    }

    /// Runs something here, in a thread of its own. Sockets that it opens, threads and programs that
    /// it starts stay here for good.
    pub fn run<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                setns(&self.namespace, CloneFlags::CLONE_NEWNET).expect("the namespace");
                run()
            });
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Runs commands of `ip` here, one a line.
    pub fn ip(&self, lines: &str) {
        self.run(|| feed(&["ip", "-batch", "-"], lines));
    }

    /// Loads rules of nftables here.
    pub fn nft(&self, rules: &str) {
        self.run(|| nft(rules));
    }

    /// Sets something of the kernel here: what is below `/proc/sys/net`.
    pub fn sysctl(&self, path: &str, value: &str) {
        self.run(|| {
            let path = format!("/proc/sys/net/{path}");
            fs::write(&path, value).unwrap_or_else(|e| panic!("{path}: {e}"));
        });
    }

    /// What `ip` calls it, as long as this value lives.
    pub(super) fn path(&self) -> String {
        let number = self.namespace.as_raw_fd();
        format!("/proc/{}/fd/{number}", std::process::id())
    }
}

/// Runs `ip` with these words in the network of this thread; what it says.
pub fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split(' ')).output();
    let output = output.expect("iproute2, which tests/setup.sh installs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {words}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Loads rules of nftables in the network of this thread.
pub(crate) fn nft(rules: &str) {
    feed(&["nft", "-f", "-"], rules);
}

/// Runs a command in the network of this thread, with this as its input.
fn feed(command: &[&str], input: &str) {
    let child = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|e| panic!("{}: {e}", command[0]));
    let mut stdin = child.stdin.take().expect("a pipe");
    let written = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the end of a command");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}{input}");
    written.expect("the input of a command");
}
