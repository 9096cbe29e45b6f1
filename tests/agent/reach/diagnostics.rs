//! Diagnostics that the ACS asks for (TR-181, `IP.Diagnostics.`): real packets, real routers on the way.

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::Session;
use cwmpd_lab::home::Daemon;
use cwmpd_lab::network::addresses::{ACS, ACS_V6, BOX_V6, CARRIER, GATEWAY};
use cwmpd_lab::network::{Nat, WorldOptions};

use super::Site;

const PING: &str = "Device.IP.Diagnostics.IPPing";
const TRACE: &str = "Device.IP.Diagnostics.TraceRoute";
const COMPLETED: &str = "8 DIAGNOSTICS COMPLETE";

/// Nobody has it, and the gateway answers for nobody.
const NOBODY: &str = "11.0.0.99";

impl Site {
    /// A session that somebody on the box asks for, in which the ACS does this.
    fn session<T>(&self, agent: &Daemon<'_>, act: impl FnOnce(&mut Session<'_>) -> T) -> T {
        agent.inform();
        self.acs.session(|s| {
            s.inform();
            let done = act(s);
            s.end();
            done
        })
    }

    /// The ACS asks for a diagnostic.
    fn request(&self, agent: &Daemon<'_>, object: &str, values: &[(&str, XsdType, &str)]) {
        self.session(agent, |s| {
            let names: Vec<String> = values
                .iter()
                .map(|(name, ..)| format!("{object}.{name}"))
                .collect();
            let mut all: Vec<(&str, XsdType, &str)> = Vec::new();
            for (name, (_, kind, value)) in names.iter().zip(values) {
                all.push((name, *kind, value));
            }
            let state = format!("{object}.DiagnosticsState");
            all.push((&state, XsdType::String, "Requested"));
            s.set(&all, "diagnosis");
        });
    }

    /// The box tells that it is done; how.
    fn done(&self, object: &str) -> (String, Results) {
        self.acs.session(|s| {
            let inform = s.inform();
            let is_told = inform
                .event
                .iter()
                .any(|event| event.event_code == COMPLETED);
            assert!(is_told, "{:?}", inform.event);
            let values = s.get(&[&format!("{object}.")]);
            let values = values
                .into_iter()
                .map(|v| (v.name[object.len() + 1..].to_owned(), v.value));
            let results = Results(values.collect());
            s.end();
            (results.get("DiagnosticsState").to_owned(), results)
        })
    }
}

struct Results(Vec<(String, String)>);

impl Results {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(of, _)| of == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    fn number(&self, name: &str) -> u64 {
        self.get(name).parse().unwrap()
    }
}

fn site(options: WorldOptions) -> Option<Site> {
    Site::new(options)
}

#[test]
fn d11_a_ping_counts_what_answers_and_how_soon() {
    let Some(site) = site(WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let agent = site.start();
    site.acs.quiet_session();
    let tries = ("NumberOfRepetitions", XsdType::UnsignedInt, "4");
    let timeout = ("Timeout", XsdType::UnsignedInt, "300");
    for host in [ACS.to_string(), ACS_V6.to_string()] {
        let size = ("DataBlockSize", XsdType::UnsignedInt, "1400");
        let dscp = ("DSCP", XsdType::UnsignedInt, "46");
        let host = ("Host", XsdType::String, &*host);
        site.request(&agent, PING, &[host, tries, timeout, size, dscp]);
        let (state, results) = site.done(PING);
        assert_eq!(state, "Complete");
        assert_eq!(results.get("IPAddressUsed"), host.2);
        let counts = ["SuccessCount", "FailureCount"].map(|name| results.number(name));
        assert_eq!(counts, [4, 0]);
        let times = [
            "MinimumResponseTimeDetailed",
            "AverageResponseTimeDetailed",
            "MaximumResponseTimeDetailed",
        ];
        let times = times.map(|name| results.number(name));
        assert!(0 < times[0] && times.is_sorted(), "{times:?}");
        let rounded = results.number("MaximumResponseTime");
        assert_eq!(rounded, (times[2] + 500) / 1000);
    }
    // Nobody answers there; the router on the way says so, later than we wait.
    let host = ("Host", XsdType::String, NOBODY);
    site.request(
        &agent,
        PING,
        &[
            host,
            ("NumberOfRepetitions", XsdType::UnsignedInt, "2"),
            timeout,
        ],
    );
    let (state, results) = site.done(PING);
    assert_eq!((&*state, results.number("FailureCount")), ("Complete", 2));
    assert_eq!(
        results.number("SuccessCount") + results.number("AverageResponseTime"),
        0
    );
}

#[test]
fn d11_what_keeps_a_ping_from_being_sent_is_its_state() {
    let Some(site) = site(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let agent = site.start();
    site.acs.quiet_session();
    let string = |name, value| (name, XsdType::String, value);
    for (values, expected) in [
        (vec![string("Host", "a..b")], "Error_CannotResolveHostName"),
        (vec![string("Host", "")], "Error_Other"),
        (
            vec![
                string("Host", "127.0.0.1"),
                string("ProtocolVersion", "IPv6"),
            ],
            "Error_CannotResolveHostName",
        ),
        (
            vec![
                string("Host", "2001:db8::1"),
                string("ProtocolVersion", "Any"),
            ],
            "Error_NoRouteToHost",
        ),
        (
            vec![
                string("Host", "127.0.0.1"),
                string("Interface", "Device.IP.Interface.9."),
            ],
            "Error_Other",
        ),
    ] {
        site.request(&agent, PING, &values);
        let (state, results) = site.done(PING);
        assert_eq!(state, expected, "{values:?}");
        assert_eq!(results.number("SuccessCount"), 0);
    }
    // By the interface that is there; and what was found out is gone with the program.
    let interface = string("Interface", "Device.IP.Interface.1.");
    site.request(
        &agent,
        PING,
        &[string("Host", &GATEWAY.to_string()), interface],
    );
    assert_eq!(
        site.done(PING).0,
        "Error_Other",
        "br-lan is no device of this box"
    );
    agent.until_idle();
    agent.stop();
    let agent = site.start();
    assert_eq!(agent.get(&format!("{PING}.DiagnosticsState")), "None");
}

#[test]
fn d12_a_route_is_told_hop_by_hop() {
    let Some(site) = site(WorldOptions {
        has_carrier: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let agent = site.start();
    site.acs.quiet_session();
    let host = ("Host", XsdType::String, &*ACS.to_string());
    site.request(&agent, TRACE, &[host]);
    let (state, results) = site.done(TRACE);
    assert_eq!(state, "Complete");
    assert_eq!(results.number("RouteHopsNumberOfEntries"), 3);
    let hops = [GATEWAY, CARRIER, ACS].map(|hop| hop.to_string());
    for (number, hop) in (1..).zip(&hops) {
        assert_eq!(results.get(&format!("RouteHops.{number}.Host")), hop);
        assert_eq!(results.number(&format!("RouteHops.{number}.ErrorCode")), 0);
        let times = results.get(&format!("RouteHops.{number}.RTTimes"));
        assert_eq!(
            times.split(',').filter(|time| *time != "0").count(),
            3,
            "{times}"
        );
    }
    assert!(results.number("ResponseTime") > 0);
    // Not so far.
    site.request(
        &agent,
        TRACE,
        &[host, ("MaxHopCount", XsdType::UnsignedInt, "2")],
    );
    let (state, results) = site.done(TRACE);
    assert_eq!(state, "Error_MaxHopCountExceeded");
    assert_eq!(results.number("RouteHopsNumberOfEntries"), 2);
    assert_eq!(results.number("ResponseTime"), 0);
}

#[test]
fn d13_a_diagnostic_is_called_off_and_one_that_was_cut_short_is_done_again() {
    let Some(site) = site(WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let agent = site.start();
    site.acs.quiet_session();
    let long = [
        ("Host", XsdType::String, NOBODY),
        ("NumberOfRepetitions", XsdType::UnsignedInt, "1000"),
        ("Timeout", XsdType::UnsignedInt, "60000"),
    ];
    let state = format!("{PING}.DiagnosticsState");
    site.request(&agent, PING, &long);
    site.session(&agent, |s| {
        s.set(&[(&state, XsdType::String, "Canceled")], "off")
    });
    agent.until_idle();
    assert_eq!(agent.get(&state), "None");
    site.request(&agent, PING, &long);
    agent.kill();
    let host = BOX_V6.to_string();
    let agent = site.start();
    // What it goes by is another now: so it is done by that.
    agent.until_idle();
    site.request(
        &agent,
        PING,
        &[
            ("Host", XsdType::String, &host),
            ("NumberOfRepetitions", XsdType::UnsignedInt, "1"),
        ],
    );
    let (word, results) = site.done(PING);
    assert_eq!((&*word, results.number("SuccessCount")), ("Complete", 1));
}
