//! The gateway's life in simulated time: months in milliseconds.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::life::{GatewayLife, GatewayStanding};
use super::plan::{NoNeed, plan};
use super::task::{
    GatewayFailure, GatewayOutcome, GatewayReport, GatewayStop, GatewayTask, GatewayWish, OpenedWay,
};
use crate::agent::ways::Reach;
use crate::base::clock::Now;
use crate::base::config::GatewayConfig;
use crate::base::url::Url;
use crate::connreq::igd::{ControlPoint, GatewayService, Mapping, MappingWish};
use crate::device::routes::Way;
use crate::http::ExchangeWatch as _;

const LEASE: Duration = Duration::from_secs(3600);

fn wish(gateway: &str) -> GatewayWish {
    GatewayWish::Mapping(MappingWish {
        local: "192.168.1.2:7547".parse().unwrap(),
        gateway: gateway.parse().unwrap(),
        external_port: 7547,
        former_port: None,
        lease: LEASE,
        avoid: Vec::new(),
    })
}

fn way(external: &str, lease: Option<Duration>) -> OpenedWay {
    OpenedWay::Mapping(Mapping {
        external: external.parse().unwrap(),
        local: "192.168.1.2:7547".parse().unwrap(),
        lease,
        service: ControlPoint {
            url: Url::parse("http://192.168.1.1:5000/ctl").unwrap(),
            service: GatewayService::WanIp2,
        },
        boot_id: None,
    })
}

fn open(external: &str) -> GatewayOutcome {
    GatewayOutcome::Open(way(external, Some(LEASE)))
}

fn failed(why: &str, is_denied: bool) -> GatewayOutcome {
    GatewayOutcome::Failed(GatewayFailure {
        why: why.to_owned(),
        is_denied,
        lasts: Duration::ZERO,
    })
}

/// A life, and the time in it.
struct Sim {
    life: GatewayLife,
    now: Now,
}

impl Sim {
    fn new(told: Option<&str>) -> Self {
        let told = told.map(|text| text.parse().unwrap());
        let mut sim = Self {
            life: GatewayLife::new(told),
            now: Now {
                uptime: Duration::from_secs(100),
                ..Now::default()
            },
        };
        sim.life.follow(Ok(wish("192.168.1.1")), sim.now);
        sim
    }

    /// The next task; time passes until it is due.
    fn task(&mut self) -> (GatewayTask, GatewayStop) {
        let at = self.life.deadline().expect("something to do");
        self.now = self.now.after(at.saturating_sub(self.now.uptime));
        self.life.begin(self.now.uptime).expect("a task")
    }

    /// The next task, and what comes of it; after how many seconds it was due.
    fn next(&mut self, outcome: GatewayOutcome) -> u64 {
        let before = self.now.uptime;
        self.task();
        self.life.hear(GatewayReport(outcome), self.now);
        (self.now.uptime - before).as_secs()
    }

    fn external(&self) -> Option<String> {
        self.life.external().map(|external| external.to_string())
    }

    fn status(&self) -> String {
        GatewayStanding(&self.life, self.now.uptime).to_string()
    }
}

#[test]
fn r34_an_open_way_is_looked_after_within_a_minute_and_renewed_before_half_of_its_lease() {
    let mut sim = Sim::new(None);
    assert_eq!(sim.next(open("203.0.113.5:7547")), 0);
    assert_eq!(sim.external().as_deref(), Some("203.0.113.5:7547"));
    let opened = sim.now.uptime;
    loop {
        let before = sim.now.uptime;
        let (task, _) = sim.task();
        assert!(sim.now.uptime - before <= Duration::from_secs(60));
        assert!(task.known.is_some());
        if !task.only_look {
            break;
        }
        sim.life.hear(GatewayReport(GatewayOutcome::Kept), sim.now);
    }
    let renewed = sim.now.uptime - opened;
    assert!(renewed <= LEASE / 2 && renewed >= LEASE / 4, "{renewed:?}");
    // A gateway with leases of no sense is not asked all the time.
    let short = way("203.0.113.5:7547", Some(Duration::from_millis(1)));
    sim.life
        .hear(GatewayReport(GatewayOutcome::Open(short)), sim.now);
    assert!(sim.next(GatewayOutcome::Kept) >= 10);
}

#[test]
fn r34_a_gateway_that_is_silent_takes_nothing_away_while_the_lease_runs() {
    let mut sim = Sim::new(None);
    sim.next(open("203.0.113.5:7547"));
    let opened = sim.now.uptime;
    let mut tries = 0;
    while sim.external().is_some() {
        let pause = sim.next(failed("it is silent", false));
        assert!(pause <= 45, "it may be back at any time");
        tries += 1;
        assert!(sim.now.uptime - opened <= LEASE + Duration::from_secs(60));
    }
    assert!(sim.now.uptime - opened >= LEASE);
    assert!((60..200).contains(&tries), "{tries}");
    assert!(
        sim.status().contains("no way in: it is silent"),
        "{}",
        sim.status()
    );
    // Nothing is left to be taken back where nobody answers, and it is tried ever less often.
    let mut longest = 0;
    for _ in 0..20 {
        longest = longest.max(sim.next(failed("it is silent", false)));
    }
    assert_eq!(longest, 1800);
    sim.next(open("203.0.113.5:7547"));
    assert_eq!(sim.next(GatewayOutcome::Kept), 45);
}

#[test]
fn r34_a_way_that_fails_once_is_not_given_up() {
    let mut sim = Sim::new(None);
    sim.next(open("203.0.113.5:7547"));
    for _ in 0..100 {
        sim.next(failed("it says no", true));
        assert!(sim.external().is_some());
        assert!(sim.status().contains("now:         it says no"));
        assert_eq!(sim.next(open("203.0.113.5:7547")), 10);
    }
    sim.next(failed("it says no", true));
    sim.next(failed("it says no", true));
    assert_eq!(sim.external(), None);
    // What it denies may be there all the same.
    let (task, _) = sim.task();
    let (gateway, _) = task.obsolete.expect("what is to go");
    assert_eq!(gateway, "192.168.1.1".parse::<IpAddr>().unwrap());
}

#[test]
fn r34_what_the_last_run_told_stays_until_the_gateway_answers() {
    let told = Some("203.0.113.5:7547");
    // Gateway and box restart together, and the gateway is slower.
    let mut sim = Sim::new(told);
    assert_eq!(sim.external().as_deref(), told);
    sim.next(failed("it is silent", false));
    assert_eq!(sim.external().as_deref(), told);
    sim.next(open("203.0.113.5:7547"));
    assert_eq!(sim.external().as_deref(), told);
    // But not for ever.
    let mut sim = Sim::new(told);
    let start = sim.now.uptime;
    while sim.external().is_some() {
        sim.next(failed("it is silent", false));
    }
    assert!(sim.now.uptime - start < Duration::from_secs(300));
    // Nor where nobody wants it.
    let mut sim = Sim::new(told);
    sim.life.follow(Err(NoNeed::Off), sim.now);
    assert_eq!(sim.external(), None);
    assert_eq!(sim.life.deadline(), None);
}

#[test]
fn r70_the_port_that_the_last_run_told_is_asked_for_once_more() {
    let former = |sim: &mut Sim| match sim.task().0.wish {
        Some(GatewayWish::Mapping(wish)) => wish.former_port,
        other => panic!("{other:?}"),
    };
    let mut sim = Sim::new(Some("203.0.113.5:23456"));
    assert_eq!(former(&mut sim), Some(23456));
    let silent = failed("it is silent", false);
    sim.life.hear(GatewayReport(silent), sim.now);
    assert_eq!(former(&mut sim), Some(23456));
    let opened = open("203.0.113.5:23456");
    sim.life.hear(GatewayReport(opened), sim.now);
    // From here on it is what is known of the way that counts.
    assert_eq!(former(&mut sim), None);
}

#[test]
fn r38_another_gateway_takes_the_place_of_the_first_and_that_one_forgets() {
    let mut sim = Sim::new(None);
    sim.next(open("203.0.113.5:7547"));
    sim.life.follow(Ok(wish("192.168.1.254")), sim.now);
    // What was told stays until there is something better.
    assert!(sim.external().is_some());
    let (task, _) = sim.task();
    assert_eq!(
        task.wish.as_ref().unwrap().gateway(),
        sim_gateway("192.168.1.254")
    );
    assert!(task.known.is_none());
    assert_eq!(task.obsolete.unwrap().0, sim_gateway("192.168.1.1"));
    sim.life
        .hear(GatewayReport(open("198.51.100.9:7547")), sim.now);
    assert_eq!(sim.external().as_deref(), Some("198.51.100.9:7547"));
}

fn sim_gateway(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn r38_what_came_of_a_wish_of_before_is_taken_back() {
    let mut sim = Sim::new(None);
    let (_, stop) = sim.task();
    assert!(stop.goes_on());
    sim.life.follow(Ok(wish("192.168.1.254")), sim.now);
    assert!(!stop.goes_on());
    sim.life
        .hear(GatewayReport(open("203.0.113.5:7547")), sim.now);
    assert_eq!(sim.external(), None);
    let (task, _) = sim.task();
    assert!(task.obsolete.is_some() && task.known.is_none());
}

#[test]
fn r38_a_network_that_is_gone_for_a_while_is_no_news() {
    let mut sim = Sim::new(None);
    sim.next(open("203.0.113.5:7547"));
    for gone in [NoNeed::NoWay, NoNeed::NoAddress] {
        sim.life.follow(Err(gone), sim.now);
        assert!(sim.external().is_some());
        assert_eq!(sim.life.deadline(), None);
        sim.life.follow(Ok(wish("192.168.1.1")), sim.now);
        let (task, _) = sim.task();
        assert!(task.known.is_some() && task.obsolete.is_none());
        sim.life.hear(GatewayReport(GatewayOutcome::Kept), sim.now);
    }
}

#[test]
fn r35_at_the_end_what_is_open_is_taken_back_and_the_next_run_knows_of_it() {
    let mut sim = Sim::new(None);
    sim.next(open("203.0.113.5:7547"));
    sim.life.follow(Err(NoNeed::Ending), sim.now);
    assert!(sim.life.is_busy());
    let (task, _) = sim.task();
    assert!(task.wish.is_none() && task.obsolete.is_some());
    assert!(sim.life.is_busy());
    sim.life
        .hear(GatewayReport(GatewayOutcome::Closed), sim.now);
    assert!(!sim.life.is_busy());
    assert!(sim.external().is_some());
    // Also what was just being opened.
    let mut sim = Sim::new(None);
    let (_, stop) = sim.task();
    sim.life.follow(Err(NoNeed::Ending), sim.now);
    assert!(!stop.goes_on() && sim.life.is_busy());
    sim.life
        .hear(GatewayReport(open("203.0.113.5:7547")), sim.now);
    assert!(sim.life.is_busy());
    assert!(sim.task().0.obsolete.is_some());
}

#[test]
fn r30_a_lease_that_is_another_now_is_renewed_and_nothing_is_taken_back() {
    let mut sim = Sim::new(None);
    sim.next(open("203.0.113.5:7547"));
    let GatewayWish::Mapping(mut longer) = wish("192.168.1.1") else {
        unreachable!("a mapping");
    };
    longer.lease *= 2;
    sim.life.follow(Ok(GatewayWish::Mapping(longer)), sim.now);
    let (task, _) = sim.task();
    assert!(task.known.is_some() && task.obsolete.is_none());
    assert!(!task.only_look);
}

/// A plan for a box with this address, and a router on the way to the ACS.
fn planned(own: &str, router: Option<&str>, is_on_it: bool) -> Result<GatewayWish, NoNeed> {
    let config = GatewayConfig {
        enabled: true,
        ..GatewayConfig::default()
    };
    let reach = Reach {
        address: Some(own.parse().unwrap()),
        port: Some(7547),
        ..Reach::default()
    };
    let way = Way {
        interface: 3,
        router: router.map(|text| text.parse().unwrap()),
        source: None,
    };
    plan(&config, &reach, Some(way), is_on_it)
}

#[test]
fn r37_a_box_that_others_reach_needs_no_gateway() {
    let v4 = |own: &str| planned(own, Some("192.168.1.1"), true);
    for own in ["203.0.113.5", "8.8.4.4"] {
        assert_eq!(v4(own), Err(NoNeed::Public(own.parse().unwrap())), "{own}");
    }
    for own in ["192.168.1.2", "10.0.0.9", "172.20.0.1", "100.64.3.3"] {
        assert!(matches!(v4(own), Ok(GatewayWish::Mapping(_))), "{own}");
    }
    for own in ["127.0.0.1", "169.254.9.9"] {
        assert!(matches!(v4(own), Err(NoNeed::OfTheLink(_))), "{own}");
    }
    let v6 = |own: &str| planned(own, Some("fe80::1"), true);
    for own in ["2001:db8::2", "fd00::2"] {
        match v6(own) {
            Ok(GatewayWish::Pinhole(wish)) => assert_eq!(wish.gateway.scope_id(), 3),
            other => panic!("{own}: {other:?}"),
        }
    }
    for own in ["::1", "fe80::2"] {
        assert!(matches!(v6(own), Err(NoNeed::OfTheLink(_))), "{own}");
    }
    let router = Some("192.168.1.1");
    let aside = Err(NoNeed::Aside("192.168.1.2".parse().unwrap()));
    assert_eq!(planned("192.168.1.2", router, false), aside);
    assert_eq!(planned("192.168.1.2", None, true), Err(NoNeed::NoRouter));
    let other = planned("192.168.1.2", Some("fe80::1"), true);
    assert!(matches!(other, Err(NoNeed::OtherFamily(_))));
}

#[test]
fn r37_nobody_is_asked_unless_somebody_wants_it() {
    let reach = Reach {
        address: Some("192.168.1.2".parse().unwrap()),
        port: Some(7547),
        ..Reach::default()
    };
    let off = GatewayConfig::default();
    assert_eq!(plan(&off, &reach, None, true), Err(NoNeed::Off));
    let on = GatewayConfig {
        enabled: true,
        pinhole: false,
        ..off
    };
    assert_eq!(plan(&on, &reach, None, true), Err(NoNeed::NoWay));
    let closed = Reach {
        port: None,
        ..reach
    };
    assert_eq!(plan(&on, &closed, None, true), Err(NoNeed::PortClosed));
    let six = Reach {
        address: Some("2001:db8::2".parse().unwrap()),
        port: Some(7547),
        ..Reach::default()
    };
    assert_eq!(plan(&on, &six, None, true), Err(NoNeed::NoPinholes));
}

#[test]
fn r19_whatever_a_gateway_does_it_is_not_asked_without_end() {
    let outcomes: [fn(u32) -> GatewayOutcome; 4] = [
        |n| open(&format!("203.0.113.5:{}", 1024 + n % 60_000)),
        |_| GatewayOutcome::Kept,
        |n| failed("no", n % 3 == 0),
        |n| match n % 2 {
            0 => open("203.0.113.5:7547"),
            _ => failed("no", true),
        },
    ];
    for outcome in outcomes {
        let mut sim = Sim::new(Some("203.0.113.5:7547"));
        let start = sim.now.uptime;
        for n in 0..1000 {
            sim.next(outcome(n));
        }
        let lasted = (sim.now.uptime - start).as_secs();
        assert!(lasted >= 5 * 1000, "{lasted} s for 1000 tasks");
    }
}

#[test]
fn the_state_is_told_in_words() {
    let mut sim = Sim::new(None);
    assert!(
        sim.status()
            .contains("gateway:       192.168.1.1: asked for a way in")
    );
    sim.next(open("203.0.113.5:7547"));
    let status = sim.status();
    assert!(
        status.contains("192.168.1.1: 203.0.113.5:7547 is mapped to 192.168.1.2:7547, since "),
        "{status}"
    );
    assert!(status.contains("next look:   in 45 s"), "{status}");
    let external: Option<SocketAddr> = sim.life.external();
    assert!(external.is_some());
    sim.life.follow(Err(NoNeed::NoRouter), sim.now);
    let status = sim.status();
    assert!(
        status.starts_with("gateway:       not needed, no router"),
        "{status}"
    );
}

#[test]
fn r27_nobody_leads_a_task_to_a_service_of_the_box_itself() {
    let meets = |host: &str| {
        let [ours, theirs] = ["[2001:db8::2]:40000", host].map(|end| end.parse().unwrap());
        GatewayStop::default().may_meet(ours, theirs)
    };
    assert!(meets("[2001:db8::1]:5000"));
    assert!(!meets("[2001:db8::2]:3480"));
}
