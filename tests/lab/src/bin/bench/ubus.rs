//! What somebody on ubus waits for.

use std::path::Path;
use std::time::Instant;

use cwmpd_lab::acs::Auth;
use cwmpd_lab::home::wait_for;
use cwmpd_lab::ubus::{FakeUbusd, UbusClient};

use crate::Effort;
use crate::figures::print;
use crate::rig::{Rig, median};

/// Of each repetition so many calls are made.
const CALLS: usize = 20;

/// Measures and prints it: the time of `ubus call tr069 status`, with its connection.
pub fn figures(program: &Path, effort: &Effort) {
    let rig = Rig::new(program, 0, Auth::Open);
    let socket = rig.home.model_dir().join("ubus.sock");
    let ubusd = FakeUbusd::start(&socket);
    rig.home
        .set_uci("cpe", "ubus_socket", &socket.to_string_lossy());
    rig.home.set_uci("cpe", "ubus", "1");
    let (_running, _) = rig.start();
    wait_for("the object tr069", || {
        ubusd.objects().contains(&"tr069".to_owned()).then_some(())
    });
    let call = |_| {
        let start = Instant::now();
        let mut client = UbusClient::connect(&socket).expect("the lab's ubusd");
        let status = client.call("tr069", "status", []);
        assert!(status.is_ok(), "{status:?}");
        start.elapsed().as_secs_f64() * 1e3
    };
    let calls = 0..CALLS * effort.repeats;
    print("ubus_status_ms", median(calls.map(call).collect()), "ms");
}
