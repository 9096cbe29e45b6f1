//! The connection-request URL while addresses and routes of the box change, in a network of its own.

use std::time::Duration;

use cwmpd_lab::acs::{AcsOptions, Auth, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::network::{add_interface, alone, ip};

const URL: &str = "Device.ManagementServer.ConnectionRequestURL";

/// Long enough for a session that is not to come.
const MOMENT: Duration = Duration::from_millis(700);

fn home(acs: &str, interface: &str) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_uci("acs", "url", acs);
    home.set_uci("cpe", "interface", interface);
    home
}

/// The host of the URL.
fn host(agent: &Daemon<'_>) -> String {
    let url = agent.get(URL);
    let rest = url.strip_prefix("http://").unwrap_or_default();
    let host = rest.rsplit_once(':').map(|(host, _)| host);
    host.unwrap_or_default().to_owned()
}

/// Waits until the URL has this host; nobody but the kernel says that it changed.
fn wait_for_host(agent: &Daemon<'_>, wanted: &str) {
    wait_for(wanted, || (host(agent) == wanted).then_some(()));
}

/// A session that tells of a new URL, with this host.
fn told(acs: &ScriptedAcs, wanted: &str) {
    acs.session(|s| {
        let inform = s.inform();
        let events: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
        assert_eq!(events, ["4 VALUE CHANGE"]);
        let url = inform.parameter_list.iter().find(|p| p.name == URL);
        let url = url.map(|p| p.value.as_str()).unwrap_or_default();
        assert!(url.starts_with(&format!("http://{wanted}:")), "{url}");
        s.end();
    });
}

#[test]
fn s23_the_acs_is_told_when_the_address_changes_and_only_then() {
    alone(|| {
        add_interface("wan0");
        ip("addr add 10.9.0.1/24 dev wan0");
        let acs = ScriptedAcs::start(AcsOptions {
            auth: Auth::Open,
            ..AcsOptions::default()
        });
        let home = home(&acs.url(), "wan0");
        let agent = home.start();
        assert_eq!(host(&agent), "10.9.0.1");
        acs.quiet_session();
        agent.wait_for_log("session ended: success");
        // Others come and go: an alias, one of another interface, one of IPv6.
        add_interface("lan0");
        ip("addr add 10.8.0.1/24 dev wan0");
        ip("addr add 192.168.1.1/24 dev lan0");
        ip("-6 addr add 2001:db8::5/64 dev wan0 nodad");
        assert!(acs.is_left_alone_for(MOMENT));
        assert_eq!(host(&agent), "10.9.0.1");
        ip("addr del 10.9.0.1/24 dev wan0");
        told(&acs, "10.8.0.1");
        ip("addr del 10.8.0.1/24 dev wan0");
        told(&acs, "[2001:db8::5]");
        // None at all is no news: there is nobody whom it could reach.
        ip("-6 addr del 2001:db8::5/64 dev wan0");
        wait_for("the loss", || {
            agent.status().contains("wan0 has no address").then_some(())
        });
        assert!(acs.is_left_alone_for(MOMENT));
        ip("addr add 10.7.0.1/24 dev wan0");
        told(&acs, "10.7.0.1");
    });
}

#[test]
fn s23_without_an_interface_the_address_is_that_on_the_way_to_the_acs() {
    alone(|| {
        add_interface("wan0");
        add_interface("lan0");
        ip("addr add 10.9.0.1/24 dev wan0");
        ip("addr add 10.8.0.2/24 dev wan0");
        ip("addr add 192.168.1.1/24 dev lan0");
        let home = home("http://198.51.100.1:7547/", "");
        let agent = home.start();
        agent.wait_for_log("listening for connection requests");
        assert!(agent.status().contains("no interface leads to the ACS"));
        ip("route add 198.51.100.0/24 dev wan0");
        wait_for_host(&agent, "10.9.0.1");
        ip("route replace 198.51.100.0/24 dev wan0 src 10.8.0.2");
        wait_for_host(&agent, "10.8.0.2");
        ip("route replace 198.51.100.0/24 dev lan0");
        wait_for_host(&agent, "192.168.1.1");
        // Another ACS is another way.
        ip("-6 addr add 2001:db8:1::1/64 dev wan0 nodad");
        agent.set("ManagementServer.URL", "http://[2001:db8:1::9]:7547/");
        wait_for_host(&agent, "[2001:db8:1::1]");
    });
}

#[test]
fn r63_where_the_acs_was_met_is_known_to_the_next_run() {
    alone(|| {
        add_interface("wan0");
        ip("addr add 10.9.0.1/24 dev wan0");
        ip("route add default dev wan0");
        let acs = ScriptedAcs::start(AcsOptions {
            auth: Auth::Open,
            ..AcsOptions::default()
        });
        // Another way than that to anywhere leads there, which a name does not tell.
        let home = home(&acs.url_by_name("localhost"), "");
        let agent = home.start();
        assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
        told(&acs, "127.0.0.1");
        agent.until_idle();
        agent.stop();
        let agent = home.start();
        assert_eq!(host(&agent), "127.0.0.1");
        assert!(acs.is_left_alone_for(2 * MOMENT));
        agent.stop();
        // Nothing leads there any more, but maybe to another of its addresses.
        ip("addr flush dev lo");
        ip("route add unreachable 127.0.0.1/32");
        let agent = home.start();
        assert_eq!(host(&agent), "10.9.0.1");
    });
}

#[test]
fn r69_of_the_addresses_of_an_acs_the_one_at_which_it_was_met_leads_to_the_box() {
    alone(|| {
        add_interface("wan0");
        ip("addr add 10.9.0.1/24 dev wan0");
        ip("route add default dev wan0");
        let acs = ScriptedAcs::start(AcsOptions {
            auth: Auth::Open,
            ..AcsOptions::default()
        });
        let home = home(&acs.url_by_name("acs.test"), "");
        // It has one of IPv6 too, which is tried first and where nobody hears.
        let hosts = home.config_dir().join("hosts");
        std::fs::write(&hosts, "::1 acs.test\n127.0.0.1 acs.test\n").unwrap();
        let (hosts, then) = (hosts.display(), "exec \"$0\" \"$@\"");
        let in_place = format!("mount --bind {hosts} /etc/hosts && {then}");
        let _agent = home.start_under(&["unshare", "-m", "sh", "-c", &in_place]);
        assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
        told(&acs, "127.0.0.1");
    });
}

#[test]
fn r71_an_address_that_only_the_first_session_finds_is_told_by_the_next() {
    alone(|| {
        // Nothing leads anywhere but to the ACS, of which a name does not tell.
        let acs = ScriptedAcs::start(AcsOptions {
            auth: Auth::Open,
            ..AcsOptions::default()
        });
        let home = home(&acs.url_by_name("localhost"), "");
        let _agent = home.start();
        assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
        told(&acs, "127.0.0.1");
    });
}

#[test]
fn s23_an_address_that_is_not_sure_yet_is_not_told() {
    alone(|| {
        add_interface("wan0");
        ip("addr add 169.254.7.7/16 dev wan0");
        let home = home("http://198.51.100.1:7547/", "wan0");
        let agent = home.start();
        wait_for_host(&agent, "169.254.7.7");
        ip("addr del 169.254.7.7/16 dev wan0");
        // The kernel asks the link for three seconds whether anybody else has it.
        let _ = std::fs::write("/proc/sys/net/ipv6/conf/wan0/dad_transmits", "3");
        ip("-6 addr add 2001:db8::5/64 dev wan0");
        wait_for_host(&agent, "[2001:db8::5]");
        assert_eq!(ip("-6 addr show dev wan0 tentative"), "");
        ip("-6 addr add 2001:db8::6/64 dev wan0 nodad");
        ip("-6 addr change 2001:db8::5/64 dev wan0 preferred_lft 0");
        wait_for_host(&agent, "[2001:db8::6]");
    });
}
