//! A network namespace for a test: interfaces and addresses that come and go as it says, of which the
//! machine notices nothing.

use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use crate::shared::skip;
use crate::tools::works;

/// Runs a test in a thread that has a network of its own, with the loopback alone, and so has all that
/// it starts. Where that is not permitted, or `ip` is absent, says so and does nothing.
pub fn alone(test: impl FnOnce() + Send) {
    if !works(&["ip", "-V"]) {
        return;
    }
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| match unshare(CloneFlags::CLONE_NEWNET) {
            Ok(()) => {
                ip("link set lo up");
                test();
            }
            Err(e) => skip(&format!("a network of its own takes root ({e})")),
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Runs `ip` with these words in the network of this thread; what it says.
pub fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split(' ')).output();
    let output = output.expect("iproute2, which tests/setup.sh installs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {words}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes an interface that is up, and gets no address but those it is given.
pub fn add_interface(name: &str) {
    ip(&format!("link add {name} type veth peer name {name}-peer"));
    ip(&format!("link set {name} addrgenmode none"));
    ip(&format!("link set {name}-peer addrgenmode none"));
    ip(&format!("link set {name} up"));
    ip(&format!("link set {name}-peer up"));
}
