//! When the gateway is asked, and what is told of its answers; the time is an argument.
//!
//! What the ACS was told stays as long as nobody knows better: while the box has no network, while the
//! gateway is silent and the lease runs, while a new one is asked for the first time. So a gateway that
//! restarts is no news, and one that says no is asked once more before it is believed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::plan::NoNeed;
use super::task::{
    GatewayFailure, GatewayOutcome, GatewayReport, GatewayStop, GatewayTask, GatewayWish, OpenedWay,
};
use crate::base::backoff::Backoff;
use crate::base::clock::{self, Now};

/// From one look after the way to the next: a gateway that restarted, or forgot it, is noticed within
/// a minute.
const LOOK_EVERY: Duration = Duration::from_secs(45);

/// No gateway is asked more often, however short its leases are.
const SHORTEST_REST: Duration = Duration::from_secs(10);

/// Between attempts at what the gateway does not do.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1800);

/// How often the gateway has to say no, one time after another, until a way is given up that was there.
const DENIALS: u32 = 2;

/// How long a way without a lease is believed to be there while the gateway is silent.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// How long an address is told that an earlier run of the agent, or another gateway, knew, while nobody
/// knows better.
const LONGEST_SEARCH: Duration = Duration::from_secs(120);

/// All that is known of the gateway.
pub(super) struct GatewayLife {
    plan: Result<GatewayWish, NoNeed>,
    open: Option<OpenWay>,
    /// What is to be taken back, and from whom.
    obsolete: Option<(IpAddr, OpenedWay)>,
    /// Where others reach the box, as the ACS is told.
    external: Option<SocketAddr>,
    /// The port of that which an earlier run told, until this one has a way.
    former_port: Option<u16>,
    /// As long as that is told though nothing is open.
    told_until: Duration,
    /// What is done now.
    working: Option<(Option<GatewayWish>, GatewayStop)>,
    /// When there is something to do.
    next: Duration,
    pauses: Backoff,
    denials: u32,
    trouble: Option<String>,
    /// When it last became what it is, by the wall clock.
    since: i64,
}

/// A way that is open, as far as it is known.
struct OpenWay {
    way: OpenedWay,
    wish: GatewayWish,
    renew_at: Duration,
    /// It is there until then, though the gateway says nothing.
    until: Duration,
}

impl GatewayLife {
    /// With the address that the ACS was told last.
    pub(super) fn new(external: Option<SocketAddr>) -> Self {
        Self {
            plan: Err(NoNeed::NoWay),
            open: None,
            obsolete: None,
            external,
            former_port: external.map(|external| external.port()),
            told_until: Duration::ZERO,
            working: None,
            next: Duration::ZERO,
            pauses: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            denials: 0,
            trouble: None,
            since: 0,
        }
    }

    /// Where others reach the box, if that is not its own address.
    pub(super) fn external(&self) -> Option<SocketAddr> {
        self.external
    }

    /// Follows what is wanted now.
    pub(super) fn follow(&mut self, plan: Result<GatewayWish, NoNeed>, now: Now) {
        if self.plan == plan {
            return;
        }
        let is_gone = is_for_a_while(&plan);
        let is_other = |wish: &GatewayWish| !plan.as_ref().is_ok_and(|new| new.is_like(wish));
        if let Some(open) = self.open.take_if(|open| !is_gone && is_other(&open.wish)) {
            self.obsolete = Some((open.wish.gateway(), open.way));
        }
        if let Some((Some(wish), stop)) = &self.working {
            if is_other(wish) {
                stop.set();
            }
        }
        match &plan {
            Ok(_) => self.told_until = now.uptime.saturating_add(LONGEST_SEARCH),
            // The next run of the agent will have it again.
            Err(NoNeed::Ending) => {}
            Err(_) if is_gone => {}
            Err(_) => self.external = None,
        }
        self.plan = plan;
        self.pauses.reset();
        (self.denials, self.trouble) = (0, None);
        self.next = now.uptime;
        self.since = now.unix;
    }

    /// The box is asked to look at everything: at the gateway, too.
    pub(super) fn look_now(&mut self, now: Duration) {
        self.next = now;
    }

    /// When there is something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let has_work = self.working.is_none() && (self.plan.is_ok() || self.obsolete.is_some());
        has_work.then_some(self.next)
    }

    /// Whether something is done, or to be done at once.
    pub(super) fn is_busy(&self) -> bool {
        self.working.is_some() || self.obsolete.is_some()
    }

    /// What is to be done now, and what ends it before its time.
    pub(super) fn begin(&mut self, now: Duration) -> Option<(GatewayTask, GatewayStop)> {
        self.deadline().filter(|at| *at <= now)?;
        let wish = self.plan.as_ref().ok().cloned();
        let mut asked = wish.clone();
        if let Some(GatewayWish::Mapping(asked)) = &mut asked {
            asked.former_port = self.former_port;
        }
        let open = self.open.as_ref().filter(|_| wish.is_some());
        let task = GatewayTask {
            known: open.map(|open| open.way.clone()),
            only_look: open
                .is_some_and(|open| now < open.renew_at && Some(&open.wish) == wish.as_ref()),
            obsolete: self.obsolete.take(),
            wish: asked,
        };
        let stop = GatewayStop::default();
        self.working = Some((wish, stop.clone()));
        Some((task, stop))
    }

    /// Takes what came of it.
    pub(super) fn hear(&mut self, report: GatewayReport, now: Now) {
        let Some((Some(wish), _)) = self.working.take() else {
            return;
        };
        let is_wanted = self.plan.as_ref().is_ok_and(|plan| plan.is_like(&wish));
        let stays = is_wanted || is_for_a_while(&self.plan);
        match report.0 {
            GatewayOutcome::Open(way) if stays => self.opened(way, wish, now),
            // It came too late.
            GatewayOutcome::Open(way) => {
                self.open = None;
                self.obsolete = Some((wish.gateway(), way));
            }
            GatewayOutcome::Kept => self.kept(now.uptime),
            GatewayOutcome::Failed(failure) if is_wanted => self.failed(failure, now),
            GatewayOutcome::Failed(_) | GatewayOutcome::Closed => {}
        }
    }

    fn opened(&mut self, way: OpenedWay, wish: GatewayWish, now: Now) {
        let before = self.open.as_ref().map(|open| open.way.to_string());
        let after = way.to_string();
        if before.as_ref() != Some(&after) {
            log::info!("the gateway {}: {after}", wish.gateway());
            self.since = now.unix;
        }
        let uptime = now.uptime;
        let lease = way.lease();
        let rest = way.renew_in().max(SHORTEST_REST);
        (self.external, self.former_port) = (way.external(), None);
        self.open = Some(OpenWay {
            way,
            wish,
            renew_at: uptime.saturating_add(rest),
            until: uptime.saturating_add(lease.unwrap_or(LONGEST_SILENCE)),
        });
        self.kept(uptime);
    }

    fn kept(&mut self, uptime: Duration) {
        if let Some(open) = self.open.as_mut().filter(|open| open.way.lease().is_none()) {
            open.until = uptime.saturating_add(LONGEST_SILENCE);
        }
        if self.trouble.take().is_some() {
            log::info!("the gateway answers again");
        }
        self.denials = 0;
        self.pauses.reset();
        let look_at = uptime.saturating_add(LOOK_EVERY);
        let renew_at = self.open.as_ref().map(|open| open.renew_at);
        self.next = renew_at.map_or(look_at, |at| at.min(look_at));
    }

    fn failed(&mut self, failure: GatewayFailure, now: Now) {
        let GatewayFailure {
            why,
            is_denied,
            lasts,
        } = failure;
        if self.trouble.as_ref() != Some(&why) {
            log::warn!("no way in by the gateway: {why}");
            self.since = now.unix;
        }
        self.trouble = Some(why);
        self.denials = if is_denied { self.denials + 1 } else { 0 };
        let pause = self.pauses.pause();
        let pause = match &self.open {
            Some(_) => pause.min(LOOK_EVERY),
            None => pause.max(lasts.min(LONGEST_PAUSE)),
        };
        self.next = now.uptime.saturating_add(pause);
        let until = self
            .open
            .as_ref()
            .map_or(self.told_until, |open| open.until);
        let is_over = self.denials >= DENIALS || until <= now.uptime;
        if !is_over {
            return;
        }
        if let Some(open) = self.open.take() {
            log::warn!("given up: {}", open.way);
            // What it denies may be there all the same.
            self.obsolete = is_denied.then(|| (open.wish.gateway(), open.way));
            self.next = match is_denied {
                true => now.uptime,
                false => self.next,
            };
        }
        self.external = None;
    }
}

/// A network that is gone for a while may come back as it was.
fn is_for_a_while(plan: &Result<GatewayWish, NoNeed>) -> bool {
    matches!(plan, Err(NoNeed::NoWay | NoNeed::NoAddress))
}

/// How it stands, a line for each thing to know.
pub(super) struct GatewayStanding<'a>(pub &'a GatewayLife, pub Duration);

impl fmt::Display for GatewayStanding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(life, uptime) = self;
        let wish = match &life.plan {
            Ok(wish) => wish,
            Err(no_need) => return writeln!(f, "gateway:       {no_need}"),
        };
        let gateway = wish.gateway();
        write!(f, "gateway:       {gateway}: ")?;
        match (&life.open, &life.trouble) {
            (Some(open), _) => write!(f, "{}", open.way)?,
            (None, Some(why)) => write!(f, "no way in: {why}")?,
            (None, None) => f.write_str("asked for a way in")?,
        }
        writeln!(f, ", since {}", clock::utc(life.since))?;
        if let (Some(_), Some(why)) = (&life.open, &life.trouble) {
            writeln!(f, "  now:         {why}")?;
        }
        match life.deadline().map(|at| at.saturating_sub(*uptime)) {
            Some(wait) => writeln!(f, "  next look:   in {} s", wait.as_secs()),
            None => writeln!(f, "  next look:   now"),
        }
    }
}
