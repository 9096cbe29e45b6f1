//! What it costs an idle box to stay reachable through a NAT.

use std::net::Ipv4Addr;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::StunServer;
use cwmpd_lab::acs::Auth;

use crate::Effort;
use crate::figures::print;
use crate::rig::Rig;

/// How often the binding is refreshed while it is counted, in seconds: nobody waits for an hour.
const COUNTED: &str = "1";

/// Refreshes in an hour by the shipped settings, at most: `STUNMinimumKeepAlivePeriod` is 30 s, and
/// where the server helps to find out that the NAT keeps bindings longer it is seldomer.
const AN_HOUR: f64 = 3600.0 / 30.0;

/// How far away the server is: the box sleeps until the answer comes.
const FAR: Duration = Duration::from_millis(20);

/// When a refresh is over, its answer too.
const BEHIND: Duration = Duration::from_millis(300);

/// Measures and prints.
pub fn figures(program: &Path, effort: &Effort) {
    let stun = StunServer::start((Ipv4Addr::LOCALHOST, 0));
    stun.set_delay(FAR);
    let rig = Rig::new(program, 0, Auth::Open);
    let (running, _) = rig.start();
    let (host, port) = (
        stun.address().ip().to_string(),
        stun.address().port().to_string(),
    );
    let path = |name| format!("Device.ManagementServer.{name}");
    let values = [
        (path("STUNServerAddress"), XsdType::String, host.as_str()),
        (path("STUNServerPort"), XsdType::UnsignedInt, &port),
        (
            path("STUNMinimumKeepAlivePeriod"),
            XsdType::UnsignedInt,
            COUNTED,
        ),
        (path("STUNMaximumKeepAlivePeriod"), XsdType::Int, COUNTED),
        (path("STUNEnable"), XsdType::Boolean, "1"),
    ];
    let values = values
        .each_ref()
        .map(|(name, xsi, value)| (name.as_str(), *xsi, *value));
    running.session(|s| {
        s.set(&values, "bench-stun");
    });
    // The news that it is reachable, and whatever else follows.
    while rig
        .acs
        .session_within(Duration::from_secs(3), |s| {
            s.inform();
            s.end();
        })
        .is_some()
    {}
    running.settle();
    // From behind one refresh to behind another, so that whole ones are counted.
    let count = || {
        let known = stun.asked().len();
        while stun.asked().len() == known {
            sleep(Duration::from_millis(1));
        }
        sleep(BEHIND);
        (running.process.wakeups(), stun.asked().len())
    };
    let (wakeups, asked) = count();
    sleep(Duration::from_secs(effort.idle_seconds));
    let now = count();
    let (wakeups, asked) = (now.0 - wakeups, now.1 - asked);
    println!(
        "# {asked} refreshes of a binding woke the box {wakeups} times; at most {AN_HOUR} are in an hour"
    );
    let each = wakeups as f64 / asked.max(1) as f64;
    print("stun_idle_wakeups_per_hour", each * AN_HOUR, "wakeups");
}
