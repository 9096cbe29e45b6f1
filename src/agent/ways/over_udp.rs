//! What the agent does for the way in over UDP.

use std::time::Duration;

use super::access;
use super::facts::StunFact;
use super::server_name::Found;
use super::udp::UdpNews;
use crate::agent::jobs::{Job, JobKind};
use crate::agent::poll_loop::{Agent, Done, LoopEvent};
use crate::base::clock::Now;
use crate::base::url::Url;
use crate::datamodel::source::Reading;

/// Where the ACS sends its requests over UDP, and whether a NAT is in between.
pub(super) const UDP_ADDRESS: &str = "ManagementServer.UDPConnectionRequestAddress";
const NAT_DETECTED: &str = "ManagementServer.NATDetected";

/// The durable record of the requests over UDP that were served last: after a power cut who recorded
/// them would wake the box by them, and use up what the ACS may ask.
pub(in crate::agent) const SERVED_RECORD: &str = "udp.served";

/// For the flash's sake it is written this seldom, and at the end.
const RECORD_EVERY: Duration = Duration::from_secs(3600);

/// A resolver asks some servers, each a few times.
const LOOKUP_PATIENCE: Duration = Duration::from_secs(300);

impl Agent {
    /// The port for requests over UDP, if it is to be open: with STUN, and else where there is somebody
    /// who may send one.
    pub(super) fn wanted_udp_port(&self) -> Option<u16> {
        let (facts, settings) = (self.facts.borrow(), self.engine.settings());
        let access = access(&facts.reach, settings, &self.config);
        let is_wanted =
            settings.stun.enabled || self.config.udp.listens && access.has_credentials();
        self.config
            .udp
            .port
            .filter(|_| settings.has_acs() && is_wanted)
    }

    /// Does what is ready or due at the port, without waiting.
    pub(in crate::agent) fn listen_on_udp(&mut self, now: Now) -> Vec<LoopEvent> {
        let time = u64::try_from(now.unix).ok();
        let time = time.filter(|_| now.wall_is_confirmed());
        self.ways.udp.port.set_time(time);
        let facts = self.facts.borrow();
        let access = access(&facts.reach, self.engine.settings(), &self.config);
        let UdpNews { is_asked, is_moved } =
            self.ways
                .udp
                .work(now.uptime, &access, &mut self.ways.quota);
        let asked = is_asked.then_some(LoopEvent::ConnectionRequested);
        let moved = is_moved.then_some(LoopEvent::PortChanged);
        asked.into_iter().chain(moved).collect()
    }

    /// Brings the port for UDP and STUN in line with the settings; whether what the data model shows
    /// of them is something else. During a session it shows what it did.
    pub(in crate::agent) fn follow_udp(&mut self, now: Now) -> bool {
        let wanted = self.wanted_udp_port();
        self.ways.udp.listen(wanted, now.uptime);
        let settings = self.engine.settings();
        let acs = Url::parse(&settings.url).map_or(String::new(), |url| url.host);
        self.ways.udp.follow(&settings.stun, &acs, now.uptime);
        self.look_server_up(now);
        self.show_udp()
    }

    /// Looks the name of the server up, if that is due.
    pub(in crate::agent) fn look_server_up(&mut self, now: Now) {
        if self.jobs.is_underway(JobKind::Lookup) {
            return;
        }
        let Some((host, port)) = self.ways.udp.server.due(now.uptime) else {
            return;
        };
        let lost = host.clone();
        let job = Job::once(
            JobKind::Lookup,
            LOOKUP_PATIENCE,
            move |why| {
                Done::Found(Found {
                    host: lost.clone(),
                    port,
                    addresses: Err(why.to_string()),
                })
            },
            move |_| Done::Found(Found::by_name(host, port)),
        );
        self.jobs.start(job, now.uptime);
    }

    /// The name of the server was looked up.
    pub(in crate::agent) fn server_found(&mut self, found: Found, now: Now) {
        if self.ways.udp.found(found, now.uptime) && self.follow_udp(now) {
            self.look(now);
        }
        self.look_server_up(now);
    }

    /// Has the next run of the agent know which requests were served, also after a reboot.
    pub(in crate::agent) fn record_served(&mut self, is_end: bool, now: Now) {
        let since = self.ways.udp.recorded;
        let is_due = since.is_none_or(|at| now.uptime >= at.saturating_add(RECORD_EVERY));
        let line = self.ways.udp.port.shortest_line();
        if (is_due || is_end) && line.as_deref() != self.model.record(SERVED_RECORD) {
            self.ways.udp.recorded = Some(now.uptime);
            self.model.set_record(SERVED_RECORD, line.as_deref());
            self.commit();
        }
    }

    /// Shows what is known now. Whether that is something else.
    fn show_udp(&mut self) -> bool {
        let port = self.ways.udp.port.port();
        let before = self.facts.borrow().reach.stun;
        let was_told = match before {
            StunFact::Asking { was_told } => was_told,
            _ => {
                let told = self.model.value(UDP_ADDRESS);
                told.is_some_and(|told| !told.is_empty())
            }
        };
        let stun = self.ways.udp.fact(was_told);
        let reach = &mut self.facts.borrow_mut().reach;
        let is_new = (reach.udp_port, reach.stun) != (port, stun);
        if !self.engine.in_session() {
            (reach.udp_port, reach.stun) = (port, stun);
        }
        is_new
    }

    /// Rows that the agent keeps itself, as the ones of 2008 are, hear of it.
    pub(in crate::agent) fn tell_rows(&mut self) {
        let (address, is_nat) = {
            let reach = &self.facts.borrow().reach;
            (reach.udp_connection_request_address(), reach.nat_detected())
        };
        for (path, reading) in [(UDP_ADDRESS, address), (NAT_DETECTED, is_nat)] {
            match reading {
                Reading::Value(value) => self.model.tell(path, &value),
                Reading::Absent => self.model.tell(path, ""),
                // What was told stays.
                Reading::Unknown => {}
            }
        }
    }
}
