//! Which version the Inform is sent in (TR-069 §3.7.4): the newest, unless the ACS does not know its
//! namespace. The standard names no cadence; this one follows what ACSs do that are merely busy, or
//! behind a broken line.

use std::time::Duration;

use super::record;
use super::session::Evidence;
use crate::base::clock::Now;
use crate::soap::CwmpVersion;

/// The newest version of each namespace, newest first.
const LADDER: [CwmpVersion; 3] = [CwmpVersion::V1_4, CwmpVersion::V1_1, CwmpVersion::V1_0];

/// Refusals in a row after which the next lower namespace is tried, by an ACS that never took one.
const REFUSALS_OF_A_STRANGER: u32 = 2;
/// The same by an ACS that has taken one.
const REFUSALS_OF_A_FRIEND: u32 = 3;

/// How often an ACS that took only a lower namespace is offered the newest again.
const PROBE_EVERY: Duration = Duration::from_secs(7 * 86_400);

/// The agent that wrote a record: another one may speak better.
const AGENT: &str = env!("CARGO_PKG_VERSION");

/// What is offered to the present ACS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    step: usize,
    /// The step at which this ACS accepted an Inform last.
    accepted: Option<usize>,
    /// Refusals in a row at this step.
    refusals: u32,
    /// The uptime at which the newest is to be offered again.
    probe_at: Option<Duration>,
    /// What was accepted before a lower one is offered once more.
    is_second_chance: bool,
}

impl Offer {
    /// What is known of the ACS at `url` from earlier runs.
    pub fn from_record(line: &str, url: &str, now: Now) -> Self {
        let fields = record::split(line);
        let [of, version, agent, tried, ..] = fields.as_slice() else {
            return Self::default();
        };
        let known = |step: &CwmpVersion| step.as_str() == version;
        let (true, Some(step)) = (of == url, LADDER.iter().position(known)) else {
            return Self::default();
        };
        let mut offer = Self {
            step,
            accepted: Some(step),
            ..Self::default()
        };
        if agent != AGENT {
            offer.step = 0;
        } else if step > 0 {
            // A clock that is wrong now, or was then, must not put it off for longer.
            let passed = now.unix.saturating_sub(tried.parse().unwrap_or(0));
            let passed = Duration::from_secs(u64::try_from(passed).unwrap_or(0));
            offer.probe_at = Some(
                now.uptime
                    .saturating_add(PROBE_EVERY.saturating_sub(passed)),
            );
        }
        offer
    }

    /// What is to be known of the ACS at `url` in later runs, the newest version having been tried
    /// just now; `None` as long as there is nothing.
    pub fn to_record(self, url: &str, now: Now) -> Option<String> {
        let version = LADDER.get(self.accepted?)?.as_str();
        Some(record::join(&[url, version, AGENT, &now.unix.to_string()]))
    }

    /// The version of the next Inform.
    pub fn version(self) -> CwmpVersion {
        LADDER.get(self.step).copied().unwrap_or(CwmpVersion::V1_4)
    }

    /// A session begins: the newest is offered again where it is time for that.
    pub fn begin(&mut self, now: Now) {
        if self.probe_at.is_some_and(|at| at <= now.uptime) {
            log::info!(
                "CWMP {} is offered again to an ACS that took {} so far",
                CwmpVersion::V1_4,
                self.version()
            );
            (self.step, self.refusals, self.probe_at) = (0, 0, None);
        }
    }

    /// The ACS accepted the Inform. Whether that is worth a record.
    ///
    /// An ACS that is out of order refuses every version, and takes whichever is offered when it is
    /// back. So what it took before is offered by the next session, and given up only when that is
    /// refused once more.
    pub fn accepted(&mut self, now: Now) -> bool {
        self.refusals = 0;
        let newer = self.accepted.filter(|known| *known < self.step);
        if let (Some(newer), false) = (newer, self.is_second_chance) {
            (self.step, self.is_second_chance) = (newer, true);
            return false;
        }
        self.is_second_chance = false;
        if self.accepted == Some(self.step) && self.probe_at.is_some() == (self.step > 0) {
            return false;
        }
        self.accepted = Some(self.step);
        self.wait_for_probe(now);
        true
    }

    /// Whether a version is offered that this ACS did not take last time, as it may by now.
    pub fn is_probing(self) -> bool {
        self.accepted.is_some_and(|known| known > self.step)
    }

    /// The session failed before the Inform was accepted, with this evidence against its version.
    /// What works is gone back to, else the next lower namespace comes, and after the lowest the
    /// newest again. Whether that is worth a record.
    pub fn failed(&mut self, evidence: Evidence, now: Now) -> bool {
        let enough = match self.accepted {
            Some(_) => REFUSALS_OF_A_FRIEND,
            None => REFUSALS_OF_A_STRANGER,
        };
        self.refusals = match evidence {
            Evidence::None => 0,
            Evidence::Refusal => self.refusals + 1,
            Evidence::Certain => enough,
        };
        if self.refusals < enough {
            return false;
        }
        let refused = self.version();
        let known = self.accepted.filter(|known| *known > self.step);
        self.step = known.unwrap_or((self.step + 1) % LADDER.len());
        self.refusals = 0;
        log::warn!(
            "the ACS seems not to know CWMP {refused}: the next session offers {}",
            self.version()
        );
        if known.is_some() {
            self.wait_for_probe(now);
        }
        known.is_some()
    }

    fn wait_for_probe(&mut self, now: Now) {
        let at = now.uptime.saturating_add(PROBE_EVERY);
        self.probe_at = (self.step > 0).then_some(at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Now = Now {
        uptime: Duration::from_secs(100),
        unix: 1_800_000_000,
        utc_offset: 0,
        confirmed: true,
    };
    const URL: &str = "http://a.example:7547/?a=b";

    fn later(seconds: u64) -> Now {
        NOW.after(Duration::from_secs(seconds))
    }

    /// The versions offered while the ACS refuses each.
    fn refused(offer: &mut Offer, evidence: Evidence, times: usize) -> Vec<&'static str> {
        let one = |_| {
            offer.begin(NOW);
            let version = offer.version().as_str();
            offer.failed(evidence, NOW);
            version
        };
        (0..times).map(one).collect()
    }

    fn recalled(offer: Offer, now: Now) -> Offer {
        Offer::from_record(&offer.to_record(URL, NOW).unwrap(), URL, now)
    }

    /// That of an ACS that took 1.1 and not 1.4.
    fn old_acs() -> Offer {
        let mut offer = Offer::default();
        offer.failed(Evidence::Certain, NOW);
        assert!(offer.accepted(NOW));
        offer
    }

    #[test]
    fn s11_a_stranger_is_offered_each_namespace_twice_in_a_circle() {
        let versions = refused(&mut Offer::default(), Evidence::Refusal, 7);
        assert_eq!(versions, ["1.4", "1.4", "1.1", "1.1", "1.0", "1.0", "1.4"]);
    }

    #[test]
    fn s11_what_is_certain_leads_down_at_once() {
        let versions = refused(&mut Offer::default(), Evidence::Certain, 4);
        assert_eq!(versions, ["1.4", "1.1", "1.0", "1.4"]);
    }

    #[test]
    fn s11_refusals_count_in_a_row_only() {
        let mut offer = Offer::default();
        for _ in 0..10 {
            offer.failed(Evidence::Refusal, NOW);
            offer.failed(Evidence::None, NOW);
        }
        assert_eq!(offer.version(), CwmpVersion::V1_4);
        for _ in 0..10 {
            offer.failed(Evidence::Refusal, NOW);
            offer.accepted(NOW);
        }
        assert_eq!(offer.version(), CwmpVersion::V1_4);
    }

    #[test]
    fn s11_a_friend_has_three_refusals_to_spend_also_after_a_restart() {
        let mut offer = Offer::default();
        assert!(offer.accepted(NOW));
        assert!(!offer.accepted(NOW), "nothing new to remember");
        let mut offer = recalled(offer, NOW);
        let versions = refused(&mut offer, Evidence::Refusal, 4);
        assert_eq!(versions, ["1.4", "1.4", "1.4", "1.1"]);
    }

    #[test]
    fn s11_what_was_accepted_is_remembered_for_that_acs_and_that_agent() {
        let offer = old_acs();
        assert_eq!(recalled(offer, later(60)).version(), CwmpVersion::V1_1);
        let line = offer.to_record(URL, NOW).unwrap();
        let of_another = Offer::from_record(&line, "http://b.example/", NOW);
        assert_eq!(of_another, Offer::default());
        let line = line.replace(AGENT, "0.0.1");
        let mut upgraded = Offer::from_record(&line, URL, NOW);
        let versions = refused(&mut upgraded, Evidence::Refusal, 4);
        assert_eq!(
            versions,
            ["1.4", "1.4", "1.4", "1.1"],
            "and back to what works"
        );
    }

    #[test]
    fn s11_the_newest_is_tried_again_once_a_week_and_what_works_is_gone_back_to() {
        const WEEK: u64 = 7 * 86_400;
        let recall = |now: Now| {
            let mut offer = recalled(old_acs(), now);
            offer.begin(now);
            offer.version()
        };
        assert_eq!(recall(later(WEEK - 10)), CwmpVersion::V1_1);
        assert_eq!(recall(later(WEEK)), CwmpVersion::V1_4);
        assert_eq!(recall(Now { unix: 0, ..NOW }), CwmpVersion::V1_1);
        let mut offer = old_acs();
        for week in 1..4 {
            offer.begin(later(week * WEEK - 1));
            assert_eq!(offer.version(), CwmpVersion::V1_1);
            let now = later(week * WEEK);
            offer.begin(now);
            assert_eq!(offer.version(), CwmpVersion::V1_4);
            assert!(offer.failed(Evidence::Certain, now), "tried just now");
            assert!(!offer.accepted(now), "known");
        }
        offer.begin(later(4 * WEEK));
        assert!(offer.accepted(later(4 * WEEK)));
        offer.begin(later(9 * WEEK));
        assert_eq!(recalled(offer, NOW).version(), CwmpVersion::V1_4);
    }

    proptest! {
        #[test]
        fn a_damaged_record_is_read_somehow(line in ".*", unix: i64) {
            Offer::from_record(&line, "", Now { unix, ..NOW });
        }
    }
}
