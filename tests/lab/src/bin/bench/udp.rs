//! Requests over UDP, and what the datagrams of strangers cost.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{Auth, CALLER, Caller};
use cwmpd_lab::datagrams::{self, MakeDatagram, nearly_right, noise};

use crate::Effort;
use crate::figures::print;
use crate::rig::{Rig, Running, median};

/// Datagrams of each kind.
const DATAGRAMS: u32 = 100_000;

/// How long the agent may take for what is left of them.
const REST: Duration = Duration::from_millis(200);

/// Measures and prints.
pub fn figures(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 200, Auth::Open);
    let (running, _) = rig.start();
    let to = running.udp_address();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    let caller = Caller::new(CALLER.0, CALLER.1);
    let requests = (0..effort.repeats).map(|_| {
        let start = Instant::now();
        caller.call_over_udp(&socket, to).expect("a way there");
        let took = running.asked_session(start);
        took.as_secs_f64() * 1e3
    });
    print("udp_request_to_inform_ms", median(requests.collect()), "ms");
    let costs = [noise, nearly_right].map(|make| cost(&running, to, make));
    let worst = costs.into_iter().fold(0.0, f64::max);
    print("udp_noise_cpu_us", worst, "us");
}

/// CPU for a datagram, in µs: the mean of all that were sent.
fn cost(running: &Running<'_>, to: SocketAddr, make: MakeDatagram) -> f64 {
    let before = running.process.cpu_ms();
    let sent = datagrams::flood(to, DATAGRAMS, make, || true).expect("a socket");
    sleep(REST);
    (running.process.cpu_ms() - before) * 1e3 / f64::from(sent)
}
