//! The timers of ScheduleInform (TR-069 A.4.1.2): several at once, kept over a restart.

use std::time::Duration;

use super::record;
use crate::base::clock::{Now, STEP_SECONDS};

/// One accepted ScheduleInform.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Timer {
    command_key: String,
    /// Uptime at which it expires.
    due: Duration,
    /// Wall time at which it expires, for the next boot; `None` while the wall clock is not set.
    due_unix: Option<i64>,
    /// `DelaySeconds`; no clock error may stretch the wait beyond it.
    delay: u32,
    /// Comes from an earlier boot: its wall time counts, since how long the box was off is only
    /// known once the wall clock is set.
    restored: bool,
}

/// What has expired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// The CommandKeys of the timers, oldest first.
    pub command_keys: Vec<String>,
    /// The time of one of them is now: not all expired while the box was off.
    pub on_time: bool,
}

/// The pending timers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    timers: Vec<Timer>,
}

impl Schedule {
    /// A new timer: expires `delay` seconds after `now`.
    pub fn add(&mut self, delay: u32, command_key: &str, now: Now) {
        self.timers.push(Timer {
            command_key: command_key.to_owned(),
            due: now.uptime.saturating_add(seconds(delay)),
            due_unix: now
                .wall_is_set()
                .then(|| now.unix.saturating_add(i64::from(delay))),
            delay,
            restored: false,
        });
    }

    /// How many are pending.
    pub fn len(&self) -> usize {
        self.timers.len()
    }

    /// Forgets all timers.
    pub fn clear(&mut self) {
        self.timers.clear();
    }

    /// Uptime at which the next one expires.
    pub fn next(&self) -> Option<Duration> {
        self.timers.iter().map(|timer| timer.due).min()
    }

    /// Takes the timers that have expired.
    pub fn poll(&mut self, now: Now) -> Expired {
        self.follow_wall(now);
        let (mut expired, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.timers)
            .into_iter()
            .partition(|timer| timer.due <= now.uptime);
        self.timers = rest;
        let mut taken = Expired {
            command_keys: Vec::new(),
            on_time: expired.iter().any(|timer| !timer.is_missed(now)),
        };
        while let Some((first, _)) = expired.iter().enumerate().min_by_key(|(_, t)| t.due) {
            taken.command_keys.push(expired.remove(first).command_key);
        }
        taken
    }

    /// A restored timer whose wall time comes into sight earlier than feared is moved. The others go
    /// by the uptime, whatever the wall clock does; should the box reboot, it is their wall time by
    /// the clock of now that helps.
    fn follow_wall(&mut self, now: Now) {
        if !now.wall_is_set() {
            return;
        }
        for timer in &mut self.timers {
            if let (Some(due), true) = (timer.due_unix, timer.restored) {
                timer.due = timer.due.min(now.uptime.saturating_add(until(due, now)));
                // Once that is by the right time there is no more to learn.
                timer.restored = !now.wall_is_confirmed();
                continue;
            }
            let left = timer.due.saturating_sub(now.uptime).as_secs();
            let due = now.unix.saturating_add_unsigned(left);
            let is_that = |known: i64| known.abs_diff(due) <= STEP_SECONDS;
            if !timer.due_unix.is_some_and(is_that) {
                timer.due_unix = Some(due);
            }
        }
    }

    /// The timers as one line for the store; empty if there are none.
    pub fn to_record(&self) -> String {
        let entries = self
            .timers
            .iter()
            .map(|timer| record::join(&timer.fields()));
        entries.collect::<Vec<_>>().join(record::NEXT)
    }

    /// The same for a restart of the program within this boot, whose uptime goes on.
    pub fn to_kept(&self) -> String {
        let entries = self.timers.iter().map(|timer| {
            let due = timer.due.as_millis().to_string();
            let restored = if timer.restored { "restored" } else { "" };
            let [due_unix, delay, command_key] = timer.fields();
            record::join(&[due, restored.to_owned(), due_unix, delay, command_key])
        });
        entries.collect::<Vec<_>>().join(record::NEXT)
    }

    /// Reads [`Schedule::to_kept`]; what cannot be read is left out.
    pub fn from_kept(line: &str) -> Self {
        let timers = line.split(record::NEXT).filter_map(|entry| {
            let fields = record::split(entry);
            let [due, restored, rest @ ..] = fields.as_slice() else {
                return None;
            };
            Some(Timer {
                due: Duration::from_millis(due.parse().ok()?),
                restored: !restored.is_empty(),
                ..Timer::read(rest)?
            })
        });
        Self {
            timers: timers.collect(),
        }
    }

    /// Reads [`Schedule::to_record`] after a boot; what cannot be read is left out. Without a
    /// wall clock a timer waits its whole delay again, unless the clock shows otherwise later.
    pub fn from_record(line: &str, now: Now) -> Self {
        let timers = line.split(record::NEXT).filter_map(|entry| {
            let timer = Timer::read(&record::split(entry))?;
            Some(Timer {
                due: now.uptime.saturating_add(seconds(timer.delay)),
                ..timer
            })
        });
        let mut schedule = Self {
            timers: timers.collect(),
        };
        schedule.follow_wall(now);
        schedule
    }
}

impl Timer {
    /// What of it means something in another boot.
    fn fields(&self) -> [String; 3] {
        let due = self.due_unix.map(|unix| unix.to_string());
        [
            due.unwrap_or_default(),
            self.delay.to_string(),
            self.command_key.clone(),
        ]
    }

    /// Whether the time at which it was to expire is past by the wall clock.
    fn is_missed(&self, now: Now) -> bool {
        let late = |due: i64| due < now.unix && due.abs_diff(now.unix) > STEP_SECONDS;
        now.wall_is_set() && self.due_unix.is_some_and(late)
    }

    fn read(fields: &[String]) -> Option<Self> {
        // A newer version may say more.
        let [due_unix, delay, command_key, ..] = fields else {
            return None;
        };
        Some(Self {
            command_key: command_key.clone(),
            due: Duration::ZERO,
            due_unix: due_unix.parse().ok(),
            delay: delay.parse().ok()?,
            restored: true,
        })
    }
}

fn seconds(delay: u32) -> Duration {
    Duration::from_secs(u64::from(delay))
}

fn until(due: i64, now: Now) -> Duration {
    Duration::from_secs(u64::try_from(due.saturating_sub(now.unix)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Now = Now {
        uptime: Duration::from_secs(50),
        unix: 1_767_323_045,
        utc_offset: 0,
        confirmed: false,
    };

    fn later(secs: u64) -> Now {
        START.after(Duration::from_secs(secs))
    }

    #[test]
    fn several_expire_each_at_its_time_and_equal_keys_count_twice() {
        let mut schedule = Schedule::default();
        schedule.add(20, "b", START);
        schedule.add(10, "a", START);
        schedule.add(10, "a", START);
        assert_eq!(schedule.next(), Some(Duration::from_secs(60)));
        assert!(schedule.poll(later(9)).command_keys.is_empty());
        assert_eq!(schedule.poll(later(10)).command_keys, ["a", "a"]);
        assert_eq!(schedule.poll(later(30)).command_keys, ["b"]);
        assert_eq!(schedule.len(), 0);
    }

    #[test]
    fn a_step_of_the_wall_clock_does_not_move_a_timer_of_this_run() {
        let mut schedule = Schedule::default();
        schedule.add(10, "a", START);
        let stepped = Now {
            unix: START.unix + 1_000_000,
            ..later(5)
        };
        assert!(schedule.poll(stepped).command_keys.is_empty());
        assert_eq!(schedule.poll(later(10)).command_keys, ["a"]);
    }

    #[test]
    fn f13_after_a_step_of_the_wall_clock_a_reboot_waits_no_longer_and_no_shorter() {
        let mut schedule = Schedule::default();
        // The clock is a year behind until NTP sets it.
        let behind = |now: Now| Now {
            unix: now.unix - 31_536_000,
            ..now
        };
        schedule.add(3600, "a", behind(START));
        schedule.poll(behind(later(60)));
        schedule.poll(later(61));
        let reboot = Now {
            uptime: Duration::from_secs(5),
            ..later(600)
        };
        let schedule = Schedule::from_record(&schedule.to_record(), reboot);
        assert_eq!(schedule.next(), Some(Duration::from_secs(5 + 3000)));
    }

    #[test]
    fn f13_once_the_time_is_known_no_step_of_the_clock_moves_a_timer() {
        let mut schedule = Schedule::default();
        schedule.add(1000, "a", START);
        let reboot = Now {
            uptime: Duration::from_secs(5),
            confirmed: true,
            ..later(600)
        };
        let mut schedule = Schedule::from_record(&schedule.to_record(), reboot);
        let jump = Now {
            unix: reboot.unix + 1_000_000,
            ..reboot
        };
        assert_eq!(schedule.poll(jump).command_keys, [""; 0]);
        assert_eq!(schedule.next(), Some(Duration::from_secs(405)));
    }

    #[test]
    fn f05_a_restart_of_the_program_goes_on_by_the_uptime_whatever_the_clock_does() {
        let mut schedule = Schedule::default();
        schedule.add(100, "a, b:c", START);
        schedule.poll(START);
        let mut schedule = Schedule::from_kept(&schedule.to_kept());
        let ahead = Now {
            unix: START.unix + 1_000_000,
            ..later(50)
        };
        assert_eq!(schedule.poll(ahead).command_keys, [""; 0]);
        assert_eq!(schedule.poll(later(100)).command_keys, ["a, b:c"]);
        // One of an earlier boot still follows the wall clock.
        let mut schedule = Schedule::default();
        schedule.add(100, "a", START);
        let boot = Schedule::from_record(&schedule.to_record(), Now::default());
        let mut schedule = Schedule::from_kept(&boot.to_kept());
        assert_eq!(schedule, boot);
        let ntp = Now {
            uptime: Duration::from_secs(20),
            unix: START.unix + 200,
            ..START
        };
        assert_eq!(schedule.poll(ntp).command_keys, ["a"]);
        assert_eq!(Schedule::from_kept("x,5,::,1:::1:a,:").len(), 1);
    }

    #[test]
    fn what_is_overdue_after_a_restart_fires_at_once() {
        let mut schedule = Schedule::default();
        schedule.add(100, "soon, 100 %", START);
        schedule.add(5000, "far", START);
        let line = schedule.to_record();
        let reboot = Now {
            uptime: Duration::from_secs(3),
            unix: START.unix + 300,
            ..START
        };
        let mut schedule = Schedule::from_record(&line, reboot);
        assert_eq!(schedule.poll(reboot).command_keys, ["soon, 100 %"]);
        assert_eq!(schedule.next(), Some(Duration::from_secs(3 + 4700)));
    }

    #[test]
    fn after_a_restart_without_a_clock_the_timer_waits_for_ntp_or_its_delay() {
        let mut schedule = Schedule::default();
        schedule.add(100, "a", START);
        let line = schedule.to_record();
        let boot = Now::default();
        let mut schedule = Schedule::from_record(&line, boot);
        assert!(schedule.poll(boot).command_keys.is_empty());
        assert_eq!(schedule.next(), Some(Duration::from_secs(100)));
        let ntp = Now {
            uptime: Duration::from_secs(20),
            unix: START.unix + 200,
            ..START
        };
        assert_eq!(schedule.poll(ntp).command_keys, ["a"]);
    }

    #[test]
    fn a_clock_that_was_far_ahead_stretches_no_wait_beyond_the_delay() {
        let mut schedule = Schedule::default();
        schedule.add(100, "a", later(1_000_000));
        let schedule = Schedule::from_record(&schedule.to_record(), START);
        assert_eq!(schedule.next(), Some(Duration::from_secs(150)));
    }

    #[test]
    fn a_timer_made_without_a_clock_learns_its_wall_time() {
        let mut schedule = Schedule::default();
        schedule.add(100, "a", Now::default());
        assert_eq!(schedule.to_record(), ":100:a");
        schedule.poll(Now {
            uptime: Duration::from_secs(10),
            ..START
        });
        let wall = (START.unix + 90).to_string();
        assert_eq!(schedule.to_record(), format!("{wall}:100:a"));
    }

    #[test]
    fn damaged_records_are_read_as_far_as_they_go() {
        let schedule = Schedule::from_record("x,:5:a,:y:z,::,", START);
        assert_eq!(schedule.len(), 1);
    }
}
