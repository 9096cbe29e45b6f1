//! A real miniupnpd on the gateway of a real NAT, asked by the box at home.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use cwmpd::connreq::igd::{
    Errand, GatewayService, IgdError, Mapping, MappingWish, Pinhole, PinholeWish, close,
    close_pinhole, open, open_pinhole,
};
use cwmpd::connreq::pcp::{self, MappingNonce, PcpMapping, PcpPace, PcpWish};
use cwmpd_lab::Folder;
use cwmpd_lab::network::addresses::{BOX, BOX_V6, GATEWAY, GATEWAY_V6, PUBLIC};
use cwmpd_lab::network::{Nat, World, WorldOptions};
use cwmpd_lab::peers::{Miniupnpd, MiniupnpdOptions};

const PORT: u16 = 7547;

/// How long a connection may take that somebody takes.
const SHORT: Duration = Duration::from_secs(1);

const IGD1: MiniupnpdOptions = MiniupnpdOptions {
    is_igd1: true,
    ..MiniupnpdOptions::USUAL
};

const IGD2: MiniupnpdOptions = MiniupnpdOptions::USUAL;

/// The home of a box that listens on its port.
struct Home {
    world: World,
    folder: Folder,
    _listener: TcpListener,
}

impl Home {
    fn new(options: WorldOptions) -> Option<Self> {
        let world = World::new(options)?;
        let listener = world
            .inside
            .run(|| TcpListener::bind(("::", PORT)).unwrap());
        Some(Self {
            world,
            folder: Folder::new("miniupnpd"),
            _listener: listener,
        })
    }

    fn gateway(&self, options: &MiniupnpdOptions) -> Option<Miniupnpd> {
        let gateway = &self.world.gateway;
        gateway.run(|| Miniupnpd::start(&self.folder, options))
    }

    fn open(&self, known: Option<&Mapping>) -> Result<Mapping, IgdError> {
        let wish = MappingWish {
            local: SocketAddrV4::new(BOX, PORT),
            gateway: GATEWAY,
            external_port: PORT,
            former_port: None,
            lease: Duration::from_secs(600),
            avoid: Vec::new(),
        };
        let inside = &self.world.inside;
        inside.run(|| open(&wish, known, &Errand::of(Errand::LONG, None)))
    }

    fn open_pinhole(&self, known: Option<&Pinhole>) -> Result<Pinhole, IgdError> {
        let wish = PinholeWish {
            local: SocketAddrV6::new(BOX_V6, PORT, 0, 0),
            gateway: SocketAddrV6::new(GATEWAY_V6, 0, 0, 0),
            lease: Duration::from_secs(600),
        };
        let inside = &self.world.inside;
        inside.run(|| open_pinhole(&wish, known, &Errand::of(Errand::LONG, None)))
    }

    /// Whether a connection from outside comes through.
    fn lets_in(&self, to: impl Into<SocketAddr>) -> bool {
        let to = to.into();
        let outside = &self.world.outside;
        outside.run(|| TcpStream::connect_timeout(&to, SHORT).is_ok())
    }
}

fn mapped_renewed_and_removed(options: &MiniupnpdOptions, service: GatewayService) {
    let Some(home) = Home::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let Some(_daemon) = home.gateway(options) else {
        return;
    };
    let outer = SocketAddrV4::new(PUBLIC, PORT);
    assert!(!home.lets_in(outer));
    let mapping = home.open(None).unwrap();
    assert_eq!(mapping.external, outer);
    assert_eq!(mapping.service.service, service);
    assert!(
        mapping
            .lease
            .is_some_and(|lease| lease <= Duration::from_secs(600))
    );
    assert!(home.lets_in(outer));
    let renewed = home.open(Some(&mapping)).unwrap();
    assert_eq!(
        (renewed.external, &renewed.service),
        (outer, &mapping.service)
    );
    assert!(home.lets_in(outer));
    let inside = &home.world.inside;
    inside.run(|| close(&renewed, &Errand::of(Errand::SHORT, None)).unwrap());
    assert!(!home.lets_in(outer));
}

#[test]
fn r29_a_miniupnpd_of_igd_1_maps_a_port() {
    mapped_renewed_and_removed(&IGD1, GatewayService::WanIp1);
}

#[test]
fn r29_a_miniupnpd_of_igd_2_maps_a_port() {
    mapped_renewed_and_removed(&IGD2, GatewayService::WanIp2);
}

#[test]
fn r29_a_port_that_another_host_of_the_home_has_is_left_to_it() {
    for options in [IGD1, IGD2] {
        let Some(home) = Home::new(WorldOptions::new(Nat::PortRestricted)) else {
            return;
        };
        let taken = format!("TCP:{PORT}:192.168.1.3:8080:0:a game\n");
        home.folder.file("upnp.leases", taken);
        let Some(daemon) = home.gateway(&options) else {
            return;
        };
        let mapping = home.open(None).unwrap();
        assert_ne!(mapping.external.port(), PORT, "{}", daemon.log());
        assert!(home.lets_in(mapping.external));
    }
}

#[test]
fn r29_a_miniupnpd_that_started_again_makes_the_mapping_again() {
    let Some(home) = Home::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let Some(daemon) = home.gateway(&IGD2) else {
        return;
    };
    let mapping = home.open(None).unwrap();
    // With the leases go the rules, and it takes another port for its own.
    drop(daemon);
    std::fs::remove_file(home.folder.join("upnp.leases")).unwrap();
    home.world
        .gateway
        .nft("flush chain inet nat mapped_prerouting\nflush chain inet filter mapped\n");
    assert!(!home.lets_in(mapping.external));
    let _daemon = home.gateway(&IGD2).unwrap();
    let again = home.open(Some(&mapping)).unwrap();
    assert!(home.lets_in(again.external));
    assert_ne!(again.service.url, mapping.service.url);
}

#[test]
fn r29_a_miniupnpd_behind_another_nat_says_so() {
    let Some(home) = Home::new(WorldOptions {
        has_carrier: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    for options in [IGD1, IGD2] {
        let Some(_daemon) = home.gateway(&options) else {
            return;
        };
        let error = home.open(None).unwrap_err().to_string();
        assert!(error.contains("behind another NAT"), "{error}");
    }
}

#[test]
fn r31_a_miniupnpd_makes_a_pinhole_over_ipv6() {
    let Some(home) = Home::new(WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let Some(_daemon) = home.gateway(&IGD2) else {
        return;
    };
    let local = SocketAddr::from((BOX_V6, PORT));
    assert!(!home.lets_in(local));
    let pinhole = home.open_pinhole(None).unwrap();
    assert!(home.lets_in(local));
    let renewed = home.open_pinhole(Some(&pinhole)).unwrap();
    assert_eq!(renewed.id, pinhole.id);
    let inside = &home.world.inside;
    inside.run(|| close_pinhole(&renewed, &Errand::of(Errand::SHORT, None)).unwrap());
    assert!(!home.lets_in(local));
}

#[test]
fn r29_a_port_of_another_program_of_the_box_is_left_to_it() {
    for options in [IGD1, IGD2] {
        let Some(home) = Home::new(WorldOptions::new(Nat::PortRestricted)) else {
            return;
        };
        let taken = format!("TCP:{PORT}:{BOX}:8080:0:a game\n");
        home.folder.file("upnp.leases", taken);
        let Some(daemon) = home.gateway(&options) else {
            return;
        };
        // miniupnpd gives a port to whoever has the same address and asks last.
        let mapping = home.open(None).unwrap();
        assert_ne!(mapping.external.port(), PORT, "{}", daemon.log());
        // Nor is it removed.
        let others = Mapping {
            external: SocketAddrV4::new(PUBLIC, PORT),
            ..mapping
        };
        let inside = &home.world.inside;
        inside.run(|| close(&others, &Errand::of(Errand::SHORT, None)).unwrap());
        let leases = std::fs::read_to_string(home.folder.join("upnp.leases")).unwrap();
        assert!(leases.contains(":8080:"), "{leases}");
    }
}

#[test]
fn r29_a_mapping_that_is_gone_already_is_removed_without_complaint() {
    let Some(home) = Home::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let Some(_daemon) = home.gateway(&IGD1) else {
        return;
    };
    let mapping = home.open(None).unwrap();
    for _ in 0..2 {
        let inside = &home.world.inside;
        inside.run(|| close(&mapping, &Errand::of(Errand::SHORT, None)).unwrap());
    }
}

#[test]
fn r29_a_miniupnpd_that_does_not_let_the_box_says_so() {
    let Some(home) = Home::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let options = MiniupnpdOptions {
        ports: (1024, 1024),
        ..IGD1
    };
    let Some(_daemon) = home.gateway(&options) else {
        return;
    };
    let error = home.open(None).unwrap_err();
    assert!(
        matches!(&error, IgdError::Refused { refusal, .. } if refusal.code == 606),
        "{error}"
    );
    assert!(error.to_string().contains("allow it there"), "{error}");
}

#[test]
fn r31_a_router_is_known_by_its_address_on_the_link() {
    let Some(home) = Home::new(WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let Some(daemon) = home.gateway(&IGD2) else {
        return;
    };
    let inside = &home.world.inside;
    let interface = inside.run(|| nix::net::if_::if_nametoindex("eth0").unwrap());
    let wish = PinholeWish {
        local: SocketAddrV6::new(BOX_V6, PORT, 0, 0),
        gateway: SocketAddrV6::new("fe80::1".parse().unwrap(), 0, 0, interface),
        lease: Duration::from_secs(600),
    };
    let pinhole = inside.run(|| open_pinhole(&wish, None, &Errand::of(Errand::LONG, None)));
    let pinhole = pinhole.unwrap_or_else(|e| panic!("{e}\n{}", daemon.log()));
    assert!(home.lets_in(SocketAddr::from((BOX_V6, PORT))));
    // The second time it is gone already, which miniupnpd says in a way of its own.
    for _ in 0..2 {
        inside.run(|| close_pinhole(&pinhole, &Errand::of(Errand::SHORT, None)).unwrap());
    }
    assert!(!home.lets_in(SocketAddr::from((BOX_V6, PORT))));
}

#[test]
fn r36_a_miniupnpd_makes_a_pinhole_by_pcp() {
    let Some(home) = Home::new(WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let Some(_daemon) = home.gateway(&IGD2) else {
        return;
    };
    let local = SocketAddrV6::new(BOX_V6, PORT, 0, 0);
    let wish = PcpWish {
        local,
        router: SocketAddrV6::new(GATEWAY_V6, pcp::SERVER_PORT, 0, 0),
        lease: Duration::from_secs(600),
        nonce: MappingNonce::default(),
    };
    let inside = &home.world.inside;
    let start = Instant::now();
    let now = || start.elapsed();
    let open = |known: Option<&PcpMapping>| {
        inside.run(|| pcp::open(&wish, known, &PcpPace::USUAL, &now, &|| false))
    };
    assert!(!home.lets_in(local));
    assert_eq!(open(None).unwrap().external, local);
    assert!(home.lets_in(local));
    let closed = inside.run(|| pcp::close(&wish, &PcpPace::USUAL, &|| false));
    closed.unwrap();
    assert!(!home.lets_in(local));
    let pinhole = open(None).unwrap();
    let renewed = open(Some(&pinhole)).unwrap();
    assert!(!renewed.is_anew);
    assert!(home.lets_in(local));
}
