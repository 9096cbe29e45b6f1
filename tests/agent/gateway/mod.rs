//! The way in through the gateway of the home: a real miniupnpd, in a world of network namespaces.

mod lies;

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use cwmpd_lab::Folder;
use cwmpd_lab::acs::{AcsOptions, Auth, CALLER, Caller, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::network::{Nat, World, WorldOptions, add_interface, addresses, alone, ip};
use cwmpd_lab::peers::{Miniupnpd, MiniupnpdOptions};

const URL: &str = "Device.ManagementServer.ConnectionRequestURL";

/// Long enough for a session that is not to come.
const MOMENT: Duration = Duration::from_secs(2);

/// procd kills after this time.
const PROCD: Duration = Duration::from_secs(5);

/// A world whose gateway has a port-mapping daemon, with an ACS and a box.
struct Scene {
    world: World,
    folder: Folder,
    acs: ScriptedAcs,
    home: Home,
}

impl Scene {
    fn new(options: WorldOptions) -> Option<Self> {
        let world = World::new(options)?;
        let host = match options.has_ipv6 {
            true => IpAddr::V6(addresses::ACS_V6),
            false => addresses::ACS.into(),
        };
        let acs = world.outside.run(|| {
            ScriptedAcs::start(AcsOptions {
                address: SocketAddr::new(host, 0).to_string(),
                auth: Auth::Open,
                ..AcsOptions::default()
            })
        });
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_uci("acs", "url", &acs.url());
        home.set_uci("cpe", "interface", "");
        home.set_uci("cpe", "port", "7547");
        home.set_uci("igd", "enabled", "1");
        home.set_caller();
        Some(Self {
            world,
            folder: Folder::new("gateway"),
            acs,
            home,
        })
    }

    /// A home behind one NAT.
    fn behind_nat() -> Option<Self> {
        Self::new(WorldOptions::new(Nat::PortRestricted))
    }

    /// A box with a global address behind a firewall.
    fn behind_firewall() -> Option<Self> {
        Self::new(WorldOptions {
            has_ipv6: true,
            ..WorldOptions::new(Nat::None)
        })
    }

    fn daemon(&self, options: &MiniupnpdOptions) -> Option<Miniupnpd> {
        let folder = &self.folder;
        let gateway = &self.world.gateway;
        gateway.run(|| Miniupnpd::start(folder, options))
    }

    fn start(&self) -> Daemon<'_> {
        let home = &self.home;
        self.world.inside.run(|| home.start())
    }

    /// What the ACS gets where it calls the box.
    fn call(&self, url: &str) -> std::io::Result<u16> {
        let caller = Caller::new(CALLER.0, CALLER.1);
        let answer = self.world.outside.run(|| caller.call(url));
        answer.map(|answer| answer.status)
    }

    /// Whether anybody hears outside at the host and port of a URL.
    fn is_open(&self, url: &str) -> bool {
        let authority = url.split('/').nth(2).unwrap();
        let address: SocketAddr = authority.parse().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(500));
        self.world.outside.run(connect).is_ok()
    }

    /// The ACS calls the box, and that comes.
    fn wakes(&self, url: &str) {
        assert_eq!(self.call(url).unwrap(), 200, "{url}");
        self.acs.session(|s| {
            let inform = s.inform();
            let events: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
            assert!(events.contains(&"6 CONNECTION REQUEST"), "{events:?}");
            s.end();
        });
    }

    /// Sessions until the ACS was told of a URL that begins so.
    fn told(&self, wanted: &str) -> String {
        let mut last = String::new();
        for _ in 0..4 {
            self.acs.session(|s| {
                let inform = s.inform();
                let url = inform.parameter_list.iter().find(|p| p.name == URL);
                last = url.map(|p| p.value.clone()).unwrap_or_default();
                s.end();
            });
            if last.starts_with(wanted) {
                return last;
            }
        }
        panic!("the ACS was told of {last}, not of {wanted}");
    }
}

fn says(agent: &Daemon<'_>, text: &str) {
    wait_for(text, || agent.status().contains(text).then_some(()));
}

/// The start of a URL with the external address of the gateway.
fn external() -> String {
    format!("http://{}:", addresses::PUBLIC)
}

fn maps_a_port(options: &MiniupnpdOptions) {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let Some(_daemon) = scene.daemon(options) else {
        return;
    };
    let agent = scene.start();
    let url = scene.told(&external());
    assert!(url.starts_with(&format!("{}7547/", external())), "{url}");
    scene.wakes(&url);
    let mapped = format!(
        "{}: {}:7547 is mapped to {}:7547, since ",
        addresses::GATEWAY,
        addresses::PUBLIC,
        addresses::BOX
    );
    says(&agent, &mapped);
    says(&agent, &format!("call us at:    {url}"));
}

#[test]
fn r32_the_url_shows_the_external_address_and_the_acs_reaches_the_box_there() {
    maps_a_port(&MiniupnpdOptions::USUAL);
}

#[test]
fn r32_the_same_with_a_gateway_of_the_first_version() {
    maps_a_port(&MiniupnpdOptions {
        is_igd1: true,
        has_pcp: false,
        ..MiniupnpdOptions::USUAL
    });
}

#[test]
fn r32_another_port_where_that_of_the_box_is_not_given() {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let Some(_daemon) = scene.daemon(&MiniupnpdOptions {
        ports: (30_000, 30_010),
        ..MiniupnpdOptions::USUAL
    }) else {
        return;
    };
    scene.home.set_uci("igd", "external_port", "30003");
    let _agent = scene.start();
    let url = scene.told(&format!("{}30003/", external()));
    scene.wakes(&url);
    // Another one is wanted: the old one goes, the new one comes, and the ACS is told.
    scene.home.set_uci("igd", "external_port", "30005");
    let new = scene.told(&format!("{}30005/", external()));
    scene.wakes(&new);
    assert!(!scene.is_open(&url), "{url} is open still");
    // Nobody wants it any more.
    scene.home.set_uci("igd", "enabled", "0");
    scene.told(&format!("http://{}:7547/", addresses::BOX));
    wait_for("the end of the mapping", || {
        (!scene.is_open(&new)).then_some(())
    });
}

#[test]
fn r33_behind_two_nats_the_mapping_is_not_told_and_the_user_is() {
    let Some(scene) = Scene::new(WorldOptions {
        has_carrier: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let Some(_daemon) = scene.daemon(&MiniupnpdOptions::USUAL) else {
        return;
    };
    let agent = scene.start();
    scene.told(&format!("http://{}:7547/", addresses::BOX));
    says(&agent, "double NAT");
    assert!(scene.acs.is_left_alone_for(MOMENT));
    assert!(!agent.get(URL).contains("100.64."));
    let rules = scene.world.gateway.run(rules);
    assert!(!rules.contains("7547"), "{rules}");
}

/// What the gateway lets in.
fn rules() -> String {
    let output = std::process::Command::new("nft")
        .args(["list", "ruleset"])
        .output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
}

#[test]
fn r34_a_gateway_that_restarted_and_moved_gets_the_mapping_again_and_nobody_is_told() {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let options = MiniupnpdOptions::USUAL;
    let Some(daemon) = scene.daemon(&options) else {
        return;
    };
    let agent = scene.start();
    let url = scene.told(&external());
    let port = daemon.address().port();
    drop(daemon);
    // It forgets, and its control point is on another port.
    let _ = std::fs::remove_file(scene.folder.join("upnp.leases"));
    scene.world.gateway.nft(
        "flush chain inet nat mapped_prerouting\n\
         flush chain inet filter mapped\n",
    );
    assert!(!scene.is_open(&url), "the mapping is there still");
    let daemon = scene.daemon(&options).unwrap();
    assert_ne!(daemon.address().port(), port);
    agent.signal("HUP");
    wait_for("the mapping", || scene.is_open(&url).then_some(()));
    assert!(scene.acs.is_left_alone_for(MOMENT));
    assert_eq!(agent.get(URL), url);
}

#[test]
fn r35_the_mapping_goes_when_the_agent_ends() {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let Some(_daemon) = scene.daemon(&MiniupnpdOptions::USUAL) else {
        return;
    };
    let agent = scene.start();
    scene.told(&external());
    assert!(scene.world.gateway.run(rules).contains("7547"));
    let start = Instant::now();
    assert!(agent.stop().success());
    assert!(start.elapsed() < PROCD);
    let rules = scene.world.gateway.run(rules);
    assert!(!rules.contains("7547"), "{rules}");
    // The next run has the same, and nothing is news to the ACS.
    let agent = scene.start();
    says(&agent, "is mapped to");
    assert!(scene.acs.is_left_alone_for(MOMENT));
}

#[test]
fn r35_a_gateway_that_hangs_does_not_keep_the_agent_from_its_end() {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let Some(_daemon) = scene.daemon(&MiniupnpdOptions::USUAL) else {
        return;
    };
    let agent = scene.start();
    scene.told(&external());
    // All that is for it is lost, without a word.
    scene.world.gateway.nft(
        "table inet hang { chain input { type filter hook input priority 0; \
         iifname lan0 drop; }; }",
    );
    let start = Instant::now();
    assert!(agent.stop().success());
    assert!(start.elapsed() < PROCD, "{:?}", start.elapsed());
}

#[test]
fn r36_a_pinhole_by_pcp_lets_the_acs_in_and_goes_with_the_agent() {
    pierces(true, "by PCP");
}

#[test]
fn r31_a_pinhole_by_upnp_where_there_is_no_pcp() {
    pierces(false, "by UPnP");
}

fn pierces(has_pcp: bool, by: &str) {
    let Some(scene) = Scene::behind_firewall() else {
        return;
    };
    if !has_pcp {
        // The daemon has it over IPv6 whatever its configuration says.
        scene.world.gateway.nft(
            "table inet pcp { chain input { type filter hook input priority 0; \
             udp dport 5351 reject; }; }",
        );
    }
    let own = format!("http://[{}]:7547/", addresses::BOX_V6);
    scene.home.set_uci("igd", "enabled", "0");
    let agent = scene.start();
    let url = scene.told(&own);
    assert!(!scene.is_open(&url), "there is no firewall");
    let Some(_daemon) = scene.daemon(&MiniupnpdOptions::USUAL) else {
        return;
    };
    scene.home.set_uci("igd", "enabled", "1");
    says(
        &agent,
        &format!("a pinhole to [{}]:7547, {by}", addresses::BOX_V6),
    );
    scene.wakes(&url);
    assert_eq!(agent.get(URL), url);
    assert!(agent.stop().success());
    let after = scene.world.gateway.run(rules);
    assert!(!after.contains("7547"), "{after}");
}

#[test]
fn r37_a_box_with_a_public_address_asks_nobody() {
    alone(|| {
        add_interface("wan0");
        ip("addr add 203.0.113.5/24 dev wan0");
        ip("route add default via 203.0.113.1");
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_uci("acs", "url", "http://198.51.100.1:7547/");
        home.set_uci("cpe", "interface", "");
        home.set_uci("igd", "enabled", "1");
        let agent = home.start();
        says(
            &agent,
            "gateway:       not needed, 203.0.113.5 is a public address",
        );
        assert!(agent.get(URL).starts_with("http://203.0.113.5:"));
        assert!(!home.log().contains("job gateway begins"));
    });
}

#[test]
fn r38_another_address_of_the_box_gets_a_mapping_of_its_own() {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let Some(_daemon) = scene.daemon(&MiniupnpdOptions::USUAL) else {
        return;
    };
    let agent = scene.start();
    scene.told(&external());
    scene.world.inside.ip(&format!(
        "addr add 192.168.1.3/24 dev eth0\n\
         addr del {}/24 dev eth0\n\
         addr add 192.168.1.3/24 dev eth0\n\
         route add default via {}\n",
        addresses::BOX,
        addresses::GATEWAY
    ));
    says(&agent, "is mapped to 192.168.1.3:7547");
    let url = agent.get(URL);
    assert!(url.starts_with(&external()), "{url}");
    assert!(scene.is_open(&url));
}
