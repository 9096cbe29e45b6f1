//! The clocks and the time zone of the box.

use std::path::Path;
use std::time::Duration;

use nix::time::ClockId;
use tz::TimeZone;

use crate::base::clock::Now;
use crate::base::file;

/// The most that is read of a time zone file; the largest of tzdata has 4 kB.
const MAX_ZONE_FILE: usize = 64 * 1024;

/// Reads both clocks.
pub(super) struct Clocks {
    zone: TimeZone,
}

impl Clocks {
    /// With the zone of `/etc/TZ` (the POSIX string that OpenWrt writes) or `/etc/localtime`; else
    /// of `posix_tz`, the option `system.@system[0].timezone`; else UTC.
    pub(super) fn new(etc: &Path, posix_tz: Option<&str>) -> Self {
        let zone = read(&etc.join("TZ"))
            .and_then(|bytes| from_posix(std::str::from_utf8(&bytes).ok()?))
            .or_else(|| TimeZone::from_tz_data(&read(&etc.join("localtime"))?).ok())
            .or_else(|| from_posix(posix_tz?))
            .unwrap_or_else(TimeZone::utc);
        Self { zone }
    }

    /// One reading.
    pub(super) fn now(&self) -> Now {
        let uptime = ClockId::CLOCK_BOOTTIME.now();
        let unix = unix();
        let local = self.zone.find_local_time_type(unix);
        Now {
            uptime: uptime.map(Duration::from).unwrap_or_default(),
            unix,
            utc_offset: local.map_or(0, |local| local.ut_offset()),
        }
    }
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

fn read(path: &Path) -> Option<Vec<u8>> {
    file::read(path, MAX_ZONE_FILE).ok()
}

fn from_posix(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    // A name would be looked up in the zone database of the machine.
    let is_rule = text.contains(|c: char| c.is_ascii_digit()) && !text.starts_with(':');
    is_rule.then(|| TimeZone::from_posix_tz(text).ok())?
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_zone_is_found_where_openwrt_puts_it() {
        let etc = std::env::temp_dir().join(format!("cwmpd-clocks-{}", std::process::id()));
        fs::create_dir_all(&etc).unwrap();
        assert_eq!(Clocks::new(&etc, None).now().utc_offset, 0);
        assert_eq!(
            Clocks::new(&etc, Some("<+04>-4")).now().utc_offset,
            4 * 3600
        );
        fs::write(etc.join("TZ"), "IST-5:30\n").unwrap();
        assert_eq!(Clocks::new(&etc, Some("<+04>-4")).now().utc_offset, 19800);
        fs::remove_dir_all(&etc).unwrap();
    }

    #[test]
    fn the_uptime_goes_on() {
        let clocks = Clocks::new(Path::new("/nowhere"), None);
        let before = clocks.now();
        assert!(clocks.now().uptime >= before.uptime);
        assert!(before.wall_is_set());
    }
}
