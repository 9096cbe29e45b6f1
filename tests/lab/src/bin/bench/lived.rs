//! What the agent costs where it lives: called by its ACS now and then, so that nothing is warm, over
//! TLS with a system's many roots, with the rows that are shipped.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use cwmpd_lab::acs::{Auth, Session};
use cwmpd_lab::http::{Authority, Leaf, ServerTls};

use crate::Effort;
use crate::figures::{nothing, print};
use crate::rig::{Rig, Running};

/// Between two sessions: what else a box does meanwhile has the caches.
const GAP: Duration = Duration::from_millis(500);

/// Roots in the bundle of OpenWrt.
const ROOTS: usize = 145;

/// Measures and prints.
pub fn figures(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 0, Auth::Digest);
    let (running, _) = rig.start();
    print("inform_only_cold_cpu_ms", cold(&running, effort), "ms");
    drop(running);
    shipped_values(program, effort);
    over_tls(program, effort);
}

/// CPU of the mean session that a connection request asked for, the request included, in ms.
fn cold(running: &Running<'_>, effort: &Effort) -> f64 {
    let mut cpu = 0.0;
    for _ in 0..effort.cold_sessions {
        sleep(GAP);
        let before = running.process.cpu_ms();
        running.connection_request();
        cpu += running.process.cpu_ms() - before;
    }
    cpu / effort.cold_sessions as f64
}

/// CPU for one value of the rows that are shipped, which come from UCI, the system and expressions.
fn shipped_values(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 0, Auth::Open);
    let (running, _) = rig.start();
    let mut count = 0;
    let mut read = |s: &mut Session| count = s.get(&["Device."]).len();
    running.cost(5, &mut read);
    let (with, _) = running.cost(effort.sessions / 4, &mut read);
    let (without, _) = running.cost(effort.sessions / 4, nothing);
    print(
        "shipped_value_us",
        (with - without) * 1e3 / count as f64,
        "us",
    );
}

/// A session with an ACS whose authority is one of many.
fn over_tls(program: &Path, effort: &Effort) {
    let authority = Authority::new("The operator's root");
    let tls = ServerTls::new(&authority.issue(&Leaf::localhost()));
    let rig = Rig::over_tls(program, tls);
    let mut bundle = authority.pem();
    for number in 1..ROOTS {
        bundle.extend(Authority::new(&format!("Root {number}")).pem());
    }
    let path = rig.home.config_dir().join("roots.pem");
    std::fs::write(&path, bundle).expect("a bundle");
    rig.home
        .set_uci("acs", "ssl_cacert", &path.to_string_lossy());
    let (running, _) = rig.start();
    running.cost(5, nothing);
    let (cpu, _) = running.cost(effort.sessions / 4, nothing);
    print("tls_bundle_session_cpu_ms", cpu, "ms");
    let (_, dirty) = running.process.private_kb();
    print("tls_bundle_private_dirty_kb", dirty as f64, "kB");
}
