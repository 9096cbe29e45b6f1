//! The clocks and the time zone of the box.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::time::ClockId;
use tz::TimeZone;

use crate::base::clock::Now;
use crate::base::file;
use crate::base::zone;
use crate::device::sources::uci::UciSource;
use crate::device::uci::Document;

/// The most that is read of a time zone file; the largest of tzdata has 4 kB.
const MAX_ZONE_FILE: usize = 64 * 1024;

/// The package whose option `@system[0].timezone` is the time zone.
pub(super) const SYSTEM: &str = "system";

/// The mark in the run folder that says that NTP has set the clock in this boot; a hotplug script
/// makes it.
pub(super) const SYNCED: &str = "clock-synced";

/// The clocks of the box and of an ACS agree if they differ by no more seconds than this: the days of
/// certificates are what hangs on it, and a time that is set by hand may be of another zone.
const AGREEMENT: u64 = 24 * 3600;

/// Who confirmed the wall clock (TR-069 §3.3 wants certificates' dates checked only by a time that
/// is right, and a box without a clock of its own comes up with that of its last file).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Confirmed {
    Nobody,
    /// The mark of NTP.
    Mark,
    /// An ACS whose certificate leads to a trusted root.
    Acs,
}

/// Reads both clocks.
pub(super) struct Clocks {
    etc: PathBuf,
    run_dir: PathBuf,
    confirmed: Confirmed,
    /// That of the package that the zone was read from.
    revision: Option<u64>,
    zone: TimeZone,
}

impl Clocks {
    /// With the zone of the option, which is its owner (`Time.LocalTimeZone`); where that is not
    /// set, of `TZ` in `etc`, which OpenWrt writes after it, or of `localtime` there; else UTC.
    /// Marks are looked for in `run_dir`.
    pub(super) fn new(etc: &Path, run_dir: &Path, uci: &UciSource) -> Self {
        let mut clocks = Self {
            etc: etc.to_owned(),
            run_dir: run_dir.to_owned(),
            confirmed: Confirmed::Nobody,
            revision: None,
            zone: TimeZone::utc(),
        };
        clocks.read_zone(uci);
        clocks
    }

    /// Reads the zone again, of what `uci` knows.
    pub(super) fn read_zone(&mut self, uci: &UciSource) {
        let known = uci.known(SYSTEM);
        self.revision = known.as_ref().map(|known| known.revision);
        let configured = known.and_then(|known| configured(known.document?));
        self.zone = configured
            .or_else(|| zone::parse(std::str::from_utf8(&self.file("TZ")?).ok()?))
            .or_else(|| TimeZone::from_tz_data(&self.file("localtime")?).ok())
            .unwrap_or_else(TimeZone::utc);
    }

    /// Reads the zone again if `uci` knows something else of it.
    pub(super) fn follow_zone(&mut self, uci: &UciSource) {
        if uci.known(SYSTEM).map(|known| known.revision) != self.revision {
            self.read_zone(uci);
        }
    }

    /// Looks whether NTP has set the clock.
    pub(super) fn look_for_mark(&mut self) {
        self.confirmed = match (self.run_dir.join(SYNCED).exists(), self.confirmed) {
            (true, _) => Confirmed::Mark,
            (false, Confirmed::Mark) => Confirmed::Nobody,
            (false, other) => other,
        };
    }

    /// An ACS that is sure to be one told its time, in seconds since 1970: it confirms a clock that
    /// agrees.
    pub(super) fn hear(&mut self, date: i64) {
        if self.agreed(Some(date)) == date && self.confirmed == Confirmed::Nobody {
            log::info!("the ACS confirms the clock of the box");
            self.confirmed = Confirmed::Acs;
        }
    }

    /// The time that a peer tells where that agrees with the clock, else the clock's own: a peer may
    /// know the hour better, but not choose the day.
    pub(super) fn agreed(&self, date: Option<i64>) -> i64 {
        let now = unix();
        let agrees = |date: &i64| now.abs_diff(*date) <= AGREEMENT;
        date.filter(agrees).unwrap_or(now)
    }

    /// The clock was set, or a certificate that was good is refused by it: what an ACS said of it
    /// before says nothing now.
    pub(super) fn doubt(&mut self) {
        if self.confirmed == Confirmed::Acs {
            self.confirmed = Confirmed::Nobody;
        }
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        file::read(&self.etc.join(name), MAX_ZONE_FILE).ok()
    }

    /// One reading.
    pub(super) fn now(&self) -> Now {
        let unix = unix();
        let local = self.zone.find_local_time_type(unix);
        Now {
            uptime: uptime(),
            unix,
            utc_offset: local.map_or(0, |local| local.ut_offset()),
            confirmed: self.confirmed != Confirmed::Nobody,
        }
    }
}

/// The zone of the option.
fn configured(system: &Document) -> Option<TimeZone> {
    let text = system.get("@system[0]", "timezone")?.items().join(" ");
    let zone = zone::parse(&text);
    if zone.is_none() && !text.is_empty() {
        log::warn!(
            "system.@system[0].timezone: {text:?} is not a time zone like CET-1CEST,M3.5.0,M10.5.0/3"
        );
    }
    zone
}

/// Since the boot, sleep included.
pub(super) fn uptime() -> Duration {
    let uptime = ClockId::CLOCK_BOOTTIME.now();
    uptime.map(Duration::from).unwrap_or_default()
}

/// The wall clock: seconds since 1970-01-01T00:00:00Z.
#[allow(
    clippy::useless_conversion,
    reason = "time_t has 32 bits on some targets"
)]
pub(super) fn unix() -> i64 {
    let time = ClockId::CLOCK_REALTIME.now();
    time.map_or(0, |time| i64::from(time.tv_sec()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cwmpd_lab::Folder;

    use super::*;

    fn set(dir: &Path, zone: &str) {
        let text = format!("config system\n\toption timezone '{zone}'\n");
        fs::write(dir.join("new"), text).unwrap();
        fs::rename(dir.join("new"), dir.join(SYSTEM)).unwrap();
    }

    #[test]
    fn f10_the_option_owns_the_zone_and_a_new_one_is_followed() {
        let dir = Folder::new("zone-owner");
        let offset = |clocks: &Clocks| clocks.now().utc_offset;
        let mut uci = UciSource::new(dir.path());
        let mut clocks = Clocks::new(&dir, &dir, &uci);
        assert_eq!(offset(&clocks), 0);
        fs::write(dir.join("TZ"), "IST-5:30\n").unwrap();
        clocks.read_zone(&uci);
        assert_eq!(offset(&clocks), 19_800);
        for (zone, expected) in [
            ("<+04>-4", 4 * 3600),
            ("CET-1", 3600),
            ("UTC", 0),
            ("", 19_800),
        ] {
            set(&dir, zone);
            assert!(uci.look_at(SYSTEM));
            clocks.follow_zone(&uci);
            assert_eq!(offset(&clocks), expected, "{zone:?}");
        }
        set(&dir, "no/zone 7");
        uci.look_at(SYSTEM);
        clocks.follow_zone(&uci);
        assert_eq!(offset(&clocks), 19_800);
    }

    #[test]
    fn f13_the_clock_is_confirmed_by_ntp_or_an_acs_that_agrees_until_it_is_set_anew() {
        let dir = Folder::new("confirmed");
        let mut clocks = Clocks::new(&dir, &dir, &UciSource::new(dir.path()));
        let is_confirmed = |clocks: &Clocks| clocks.now().wall_is_confirmed();
        assert!(!is_confirmed(&clocks));
        for far in [-100 * 86_400, -86_410, 86_410, i64::MAX / 2] {
            clocks.hear(unix().saturating_add(far));
            assert!(!is_confirmed(&clocks), "{far}");
        }
        clocks.hear(unix() - 86_000);
        assert!(is_confirmed(&clocks));
        clocks.doubt();
        assert!(!is_confirmed(&clocks));
        fs::write(dir.join(SYNCED), "").unwrap();
        assert!(!is_confirmed(&clocks));
        clocks.look_for_mark();
        clocks.doubt();
        assert!(is_confirmed(&clocks), "it was NTP that set it");
        fs::remove_file(dir.join(SYNCED)).unwrap();
        clocks.look_for_mark();
        assert!(!is_confirmed(&clocks));
    }

    #[test]
    fn the_uptime_goes_on() {
        let nowhere = Path::new("/nowhere");
        let clocks = Clocks::new(nowhere, nowhere, &UciSource::new(nowhere));
        let before = clocks.now();
        assert!(clocks.now().uptime >= before.uptime);
        assert!(before.wall_is_set());
    }
}
