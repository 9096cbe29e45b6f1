//! Ports that the home's gateway opens for the box: by UPnP IGD and PCP, with a real miniupnpd.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use cwmpd_lab::acs::CallAnswer;
use cwmpd_lab::home::{Daemon, wait_for};
use cwmpd_lab::network::addresses::{ACS, ACS_V6, BOX, BOX_V6, PUBLIC};
use cwmpd_lab::network::{Nat, WorldOptions};
use cwmpd_lab::peers::{Miniupnpd, MiniupnpdOptions};
use cwmpd_lab::{Folder, StunServer};

use super::{PORT, Site, caller, value};

const URL: &str = "Device.ManagementServer.ConnectionRequestURL";

/// How long a connection may take that somebody takes.
const SHORT: Duration = Duration::from_secs(1);

impl Site {
    /// A miniupnpd on the home's gateway.
    fn gateway(&self, folder: &Folder, options: &MiniupnpdOptions) -> Option<Miniupnpd> {
        let gateway = &self.world.gateway;
        gateway.run(|| Miniupnpd::start(folder, options))
    }

    /// Plays sessions until the box has told a URL of this host; the URL.
    fn told_url(&self, host: &str) -> String {
        let prefix = format!("http://{host}:");
        loop {
            let url = self.acs.session(|s| {
                let inform = s.inform();
                let url = value(&inform, URL).to_owned();
                s.end();
                url
            });
            if url.starts_with(&prefix) {
                return url;
            }
        }
    }

    /// Whether anybody outside can connect there.
    fn is_open(&self, to: SocketAddr) -> bool {
        let connect = || TcpStream::connect_timeout(&to, SHORT).is_ok();
        self.world.outside.run(connect)
    }

    /// With the agent goes the way that it opened: nobody reaches who has its port afterwards.
    fn closes_behind(&self, agent: Daemon<'_>, way: SocketAddr) {
        assert!(self.is_open(way));
        agent.stop();
        let listen = || TcpListener::bind(("::", PORT)).unwrap();
        let _next = self.world.inside.run(listen);
        assert!(!self.is_open(way), "the way is open still");
    }

    /// The ACS rings the box over HTTP, from outside.
    fn call(&self, url: &str) -> CallAnswer {
        let answer = self.world.outside.run(|| caller().call(url));
        answer.expect("an answer of the box")
    }

    /// The same, and the session that follows.
    fn wake(&self, url: &str) {
        assert_eq!(self.call(url).status, 200);
        self.woken();
    }
}

/// Where a URL leads to.
fn authority(url: &str) -> SocketAddr {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.parse().expect("an address with its port")
}

fn woken_through_a_mapping(options: &MiniupnpdOptions) {
    let Some(site) = Site::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let folder = Folder::new("miniupnpd");
    let Some(_gateway) = site.gateway(&folder, options) else {
        return;
    };
    site.home.set_uci("igd", "enabled", "1");
    let agent = site.start();
    let url = site.told_url(&PUBLIC.to_string());
    site.wake(&url);
    // Whoever does not know the password gets no further through it than from next door.
    let stranger = cwmpd_lab::acs::Caller::new("caller", "a guess");
    let refused = site.world.outside.run(|| stranger.call(&url)).unwrap();
    assert_eq!(refused.status, 401);
    site.closes_behind(agent, authority(&url));
}

#[test]
fn r58_a_port_that_the_gateway_maps_by_igd_1_leads_to_the_box() {
    woken_through_a_mapping(&MiniupnpdOptions {
        is_igd1: true,
        has_pcp: false,
        ..MiniupnpdOptions::USUAL
    });
}

#[test]
fn r58_a_port_that_the_gateway_maps_by_igd_2_leads_to_the_box() {
    woken_through_a_mapping(&MiniupnpdOptions {
        has_pcp: false,
        ..MiniupnpdOptions::USUAL
    });
}

#[test]
fn r58_a_gateway_that_is_behind_a_nat_itself_leaves_the_way_of_stun() {
    let Some(site) = Site::new(WorldOptions {
        has_carrier: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let folder = Folder::new("miniupnpd");
    let Some(_gateway) = site.gateway(&folder, &MiniupnpdOptions::USUAL) else {
        return;
    };
    let stun = site.world.outside.run(|| StunServer::start((ACS, 3478)));
    site.home.set_uci("igd", "enabled", "1");
    let agent = site.start();
    site.enable_stun(stun.address(), &[]);
    let address = site.told();
    assert_eq!(address.ip(), PUBLIC);
    site.wake_by(stun.socket(), address);
    wait_for("word of the two NATs", || {
        let status = agent.status();
        status.contains("behind another NAT").then_some(())
    });
    let url = agent.get("ManagementServer.ConnectionRequestURL");
    assert_eq!(authority(&url), SocketAddr::from((BOX, PORT)));
}

/// A box with a global address, behind a firewall that asks for a pinhole to be made.
/// How it ends is for `end` to look at: its agent, and the way that is open.
fn woken_over_ipv6(options: &MiniupnpdOptions, end: impl FnOnce(&Site, Daemon<'_>, SocketAddr)) {
    let options_of_world = WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    };
    let acs = format!("[{ACS_V6}]:0");
    let Some(site) = Site::with_acs(options_of_world, &acs) else {
        return;
    };
    let at = SocketAddr::from((BOX_V6, PORT));
    let agent = site.start();
    let url = site.told_url(&format!("[{BOX_V6}]"));
    assert_eq!(authority(&url), at);
    assert!(!site.is_open(at), "the firewall lets everybody in");
    let folder = Folder::new("miniupnpd");
    let Some(_gateway) = site.gateway(&folder, options) else {
        return;
    };
    switch_on(&site, &agent);
    wait_for("a pinhole", || site.is_open(at).then_some(()));
    site.wake(&url);
    end(&site, agent, at);
}

fn switch_on(site: &Site, agent: &Daemon<'_>) {
    site.home.set_uci("igd", "enabled", "1");
    agent.signal("HUP");
}

#[test]
fn r60_a_pinhole_by_pcp_lets_the_acs_in_over_ipv6() {
    let options = MiniupnpdOptions {
        has_upnp: false,
        ..MiniupnpdOptions::USUAL
    };
    // A miniupnpd with nftables refuses to end a pinhole that was renewed: its lease ends it then.
    woken_over_ipv6(&options, |site, agent, _| {
        agent.stop();
        let log = site.home.log();
        let ends = ["taken back: a pinhole", "it ends with its lease: a pinhole"];
        assert!(ends.iter().any(|end| log.contains(end)), "{log}");
    });
}

#[test]
fn r60_a_pinhole_by_igd_2_lets_the_acs_in_over_ipv6() {
    let options = MiniupnpdOptions {
        has_pcp: false,
        ..MiniupnpdOptions::USUAL
    };
    woken_over_ipv6(&options, Site::closes_behind);
}
