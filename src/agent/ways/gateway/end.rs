//! The agent's end of the gateway.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use nix::net::if_::if_indextoname;

use super::life::{GatewayLife, GatewayStanding};
use super::plan::{NoNeed, plan};
use super::task::{GatewayReport, PcpSecret, TASK_PATIENCE};
use crate::agent::jobs::{Job, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::agent::timers::LoopTimer;
use crate::base::clock::Now;
use crate::base::config::GatewayConfig;
use crate::datamodel::model::Model;
use crate::device::routes::{self, Way};
use crate::device::{addresses, reach};

/// The durable record of where the gateway let others in: so it is no news to the ACS that the box was
/// off for a while.
const EXTERNAL_RECORD: &str = "gateway.external";

/// A gateway whose address is another one all the time does not wear the flash out: the record is
/// written this seldom, and at the end.
const WRITE_EVERY: Duration = Duration::from_secs(3600);

/// That of what proves to routers that pinholes are ours.
const SECRET_RECORD: &str = "gateway.secret";

/// The gateway as the agent knows it.
pub(in crate::agent) struct GatewayEnd {
    life: GatewayLife,
    seen: Option<Seen>,
    /// When the record of the external address was last written.
    written: Option<Duration>,
    /// Nobody waits for it any more.
    is_given_up: bool,
}

/// What the plan was made of; the routes of the box are looked up anew only where this is another, or
/// they are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    config: GatewayConfig,
    address: Option<IpAddr>,
    port: Option<u16>,
    acs: Option<IpAddr>,
}

impl GatewayEnd {
    /// With what an earlier run of the agent knew.
    pub(in crate::agent) fn new(model: &Model) -> Self {
        let external = model.record(EXTERNAL_RECORD);
        Self {
            life: GatewayLife::new(external.and_then(|text| text.parse().ok())),
            seen: None,
            written: None,
            is_given_up: false,
        }
    }
}

impl Agent {
    /// The box, its configuration or the place of the ACS may be another. Whether others reach the box
    /// elsewhere now.
    pub(in crate::agent) fn follow_gateway(&mut self, now: Now) -> bool {
        let facts = self.facts.borrow();
        let reach = &facts.reach;
        let seen = Seen {
            config: self.config.gateway.clone(),
            address: reach.address,
            port: reach.port,
            acs: self.ways.acs_place.address(),
        };
        if self.ways.gateway.seen.as_ref() == Some(&seen) || self.stopping {
            return false;
        }
        let way = match (seen.config.enabled, seen.address) {
            (true, Some(own)) => way_from(own, seen.acs),
            _ => None,
        };
        let is_on_it = way.zip(seen.address);
        let is_on_it = is_on_it.is_some_and(|(way, own)| has_address(way.interface, own));
        let plan = plan(&seen.config, reach, way, is_on_it);
        drop(facts);
        self.ways.gateway.seen = Some(seen);
        self.ways.gateway.life.follow(plan, now);
        self.time_gateway();
        self.tell_of_gateway(now)
    }

    /// The routes of the box may be others: the same.
    pub(in crate::agent) fn follow_routes(&mut self, now: Now) -> bool {
        self.ways.gateway.seen = None;
        self.follow_gateway(now)
    }

    /// Somebody wants all to be looked at.
    pub(in crate::agent) fn look_at_gateway(&mut self, now: Now) {
        self.ways.gateway.life.look_now(now.uptime);
        self.time_gateway();
    }

    /// Does at the gateway what is due.
    pub(in crate::agent) fn ask_gateway(&mut self, now: Now) {
        let Some((task, stop)) = self.ways.gateway.life.begin(now.uptime) else {
            self.time_gateway();
            return;
        };
        let secret = self.pcp_secret();
        let job = Job::once(
            JobKind::Gateway,
            TASK_PATIENCE,
            |lost| Done::Gateway(GatewayReport::lost(&lost)),
            move |_| Done::Gateway(task.run(secret, &stop)),
        );
        self.jobs.start(job, now.uptime);
        self.time_gateway();
    }

    /// Takes what came of it.
    pub(in crate::agent) fn hear_gateway(&mut self, report: GatewayReport, now: Now) {
        self.ways.gateway.life.hear(report, now);
        self.time_gateway();
        if self.tell_of_gateway(now) {
            self.look(now);
        }
    }

    /// The agent is about to end: what is open is taken back.
    pub(in crate::agent) fn leave_gateway(&mut self, now: Now) {
        self.ways.gateway.written = None;
        self.tell_of_gateway(now);
        self.ways.gateway.life.follow(Err(NoNeed::Ending), now);
        self.ask_gateway(now);
    }

    /// The end does not wait for it any longer.
    pub(in crate::agent) fn give_gateway_up(&mut self) {
        self.ways.gateway.is_given_up = true;
    }

    /// Whether the end waits for it.
    pub(in crate::agent) fn is_leaving_gateway(&self) -> bool {
        self.ways.gateway.life.is_busy() && !self.ways.gateway.is_given_up
    }

    /// How the gateway stands, for people.
    pub(in crate::agent) fn write_gateway(&self, text: &mut String, now: Now) {
        let _ = write!(
            text,
            "{}",
            GatewayStanding(&self.ways.gateway.life, now.uptime)
        );
        let reach = &self.facts.borrow().reach;
        if reach.external.is_some() && reach.told_external().is_none() {
            text.push_str(
                "  not told:    STUN sees another address, so there is another NAT behind the gateway\n",
            );
        }
    }

    /// Has the connection-request URL show what is known, and the next run of the agent know it; whether
    /// it is another.
    fn tell_of_gateway(&mut self, now: Now) -> bool {
        let external = self.ways.gateway.life.external();
        let text = external.map(|external| external.to_string());
        let may_write = self
            .ways
            .gateway
            .written
            .is_none_or(|at| now.uptime >= at + WRITE_EVERY);
        if may_write && self.model.record(EXTERNAL_RECORD) != text.as_deref() {
            self.ways.gateway.written = Some(now.uptime);
            self.model.set_record(EXTERNAL_RECORD, text.as_deref());
            self.commit();
        }
        let before = std::mem::replace(&mut self.facts.borrow_mut().reach.external, external);
        before != external
    }

    fn time_gateway(&mut self) {
        self.timers.stop(LoopTimer::Gateway);
        if let Some(at) = self.ways.gateway.life.deadline() {
            self.timers.due_by(LoopTimer::Gateway, at);
        }
    }

    /// Drawn where there is none yet.
    fn pcp_secret(&mut self) -> PcpSecret {
        let kept = self.model.record(SECRET_RECORD).and_then(PcpSecret::read);
        kept.unwrap_or_else(|| {
            let secret = PcpSecret::draw();
            self.model.set_record(SECRET_RECORD, Some(&secret.write()));
            self.commit();
            secret
        })
    }
}

/// The way to the ACS; while nobody knows where that is, to anywhere.
fn way_from(own: IpAddr, acs: Option<IpAddr>) -> Option<Way> {
    let acs = acs.filter(|acs| acs.is_ipv4() == own.is_ipv4());
    let to = acs.unwrap_or_else(|| reach::anywhere(own));
    let way = routes::way_to(to);
    way.unwrap_or_else(|e| {
        log::warn!("cannot read the routes of this machine: {e}");
        None
    })
}

/// Whether an address is one of the interface of this number.
fn has_address(interface: u32, address: IpAddr) -> bool {
    let name = if_indextoname(interface).ok();
    let name = name.and_then(|name| name.into_string().ok());
    let all = addresses::all().unwrap_or_default();
    all.iter()
        .any(|one| one.address == address && Some(&one.interface) == name.as_ref())
}
