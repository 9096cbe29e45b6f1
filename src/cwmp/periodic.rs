//! Periodic informs: at `PeriodicInformTime` ± n · `PeriodicInformInterval` (TR-181
//! `ManagementServer`), or a little later where boxes that share the time are to be spread.

use std::time::Duration;

use super::rng::Rng;
use crate::base::clock::{Now, STEP_SECONDS};

/// What the ACS set: present only if periodic informs are enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// `PeriodicInformInterval`, at least one second.
    pub interval: u32,
    /// `PeriodicInformTime` in seconds since 1970; `None` for the Unknown Time.
    pub phase: Option<i64>,
}

/// The timer of the periodic informs.
#[derive(Clone, Debug)]
pub struct Periodic {
    period: Period,
    /// How long after each instant the inform is, where the phase is absolute.
    lag: Duration,
    /// Uptime of the next inform.
    next: Duration,
    /// The same as wall time, in whole seconds, where the phase is absolute.
    next_unix: Option<i64>,
    /// Wall clock minus uptime when `next` was reckoned.
    offset: i64,
}

impl Periodic {
    /// Armed now; the first inform is in at most one interval, and the parts of a second of `lag`.
    pub fn new(period: Period, lag: Duration, rng: &mut Rng, now: Now) -> Self {
        let mut timer = Self {
            period,
            lag,
            next: now.uptime,
            next_unix: None,
            offset: offset(now),
        };
        if !timer.align(now, now.unix) {
            // No phase is given, or no clock to tell it: the agent's own, at random (TR-181).
            let interval = Duration::from_secs(u64::from(period.interval));
            timer.next = now
                .uptime
                .saturating_add(rng.between(Duration::from_millis(1), interval));
        }
        timer
    }

    /// Uptime of the next inform.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Whether an inform is due now; the timer then goes to the next one.
    pub fn poll(&mut self, now: Now) -> bool {
        let due = now.uptime >= self.next;
        // The instants are absolute, so they are reckoned anew.
        let stepped = offset(now).abs_diff(self.offset) > STEP_SECONDS;
        if stepped {
            self.align(now, now.unix);
        } else if due {
            // An instant that fired a little early must not fire again.
            let fired = self.next_unix.unwrap_or(now.unix);
            self.align(now, now.unix.max(fired));
        }
        if due && self.next_unix.is_none() {
            let interval = u128::from(self.period.interval.max(1)) * 1000;
            let late = now.uptime.saturating_sub(self.next).as_millis() % interval;
            let ahead = u64::try_from(interval - late).unwrap_or(u64::MAX);
            self.next = now.uptime.saturating_add(Duration::from_millis(ahead));
        }
        due
    }

    /// Sets the next instant after `after`, if phase and wall clock are known.
    fn align(&mut self, now: Now, after: i64) -> bool {
        self.offset = offset(now);
        self.next_unix = match self.period.phase {
            Some(phase) if now.wall_is_set() => {
                let interval = i64::from(self.period.interval.max(1));
                let lag = i64::try_from(self.lag.as_secs()).unwrap_or(0);
                let phase = phase.saturating_add(lag);
                let into = after.saturating_sub(phase).rem_euclid(interval);
                let next = after.saturating_add(interval - into);
                // At the end of all time there is none.
                (next > now.unix).then_some(next)
            }
            _ => None,
        };
        if let Some(next) = self.next_unix {
            let ahead = u64::try_from(next.saturating_sub(now.unix)).unwrap_or(0);
            let ahead = Duration::new(ahead, self.lag.subsec_nanos());
            self.next = now.uptime.saturating_add(ahead);
        }
        self.next_unix.is_some()
    }
}

fn offset(now: Now) -> i64 {
    now.unix
        .saturating_sub(i64::try_from(now.uptime.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 86_400;
    /// 2026-01-02T03:04:05Z
    const START: Now = Now {
        uptime: Duration::from_secs(100),
        unix: 1_767_323_045,
        utc_offset: 0,
        confirmed: false,
    };

    fn armed(interval: u32, phase: Option<i64>, now: Now) -> Periodic {
        let period = Period { interval, phase };
        Periodic::new(period, Duration::ZERO, &mut Rng::new(1), now)
    }

    #[test]
    fn the_phase_is_kept_from_far_past_and_far_future() {
        for phase in [0, 4_102_444_800, -62_000_000_000 / 86_400 * 86_400] {
            let timer = armed(DAY, Some(phase), START);
            // The next UTC midnight.
            assert_eq!(timer.next(), Duration::from_secs(100 + 75_355));
        }
    }

    #[test]
    fn three_years_of_days_fire_at_each_midnight_once() {
        let mut timer = armed(DAY, Some(0), START);
        let mut now = START;
        for _ in 0..3 * 365 {
            assert!(!timer.poll(now));
            now = now.after(timer.next() - now.uptime);
            assert!(timer.poll(now));
            assert_eq!(now.unix % i64::from(DAY), 0);
        }
    }

    #[test]
    fn s20_with_a_lag_each_inform_is_that_much_after_its_instant_for_three_years() {
        let period = Period {
            interval: DAY,
            phase: Some(0),
        };
        let lag = Duration::from_millis(41_750);
        let day = u128::from(DAY) * 1000;
        let mut timer = Periodic::new(period, lag, &mut Rng::new(1), START);
        let mut now = START;
        for _ in 0..3 * 365 {
            assert!(!timer.poll(now));
            let since_start = timer.next() - START.uptime;
            now = START.after(since_start);
            assert!(timer.poll(now));
            let wall = u128::from(START.unix.unsigned_abs()) * 1000 + since_start.as_millis();
            // The wall clock is known in whole seconds.
            let late = wall % day - lag.as_millis();
            assert!(late < 1000, "{late} ms");
        }
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_the_instant_and_never_past_one_interval() {
        let mut timer = armed(3600, Some(0), START);
        let stepped = Now {
            unix: START.unix + 1800,
            ..START
        };
        assert!(!timer.poll(stepped));
        let next = stepped.after(timer.next() - stepped.uptime);
        assert_eq!(next.unix % 3600, 0);
        assert!(timer.next() - stepped.uptime <= Duration::from_secs(3600));
    }

    #[test]
    fn an_unset_clock_gives_a_random_phase_until_it_is_set() {
        let boot = Now {
            unix: 12,
            ..Now::default()
        };
        let first: Vec<Duration> = (0..50)
            .map(|seed| {
                let period = Period {
                    interval: 600,
                    phase: Some(0),
                };
                Periodic::new(period, Duration::ZERO, &mut Rng::new(seed), boot).next()
            })
            .collect();
        assert!(first.iter().all(|next| *next <= Duration::from_secs(600)));
        assert!(first.iter().any(|next| *next < Duration::from_secs(150)));
        assert!(first.iter().any(|next| *next > Duration::from_secs(450)));

        let mut timer = armed(600, Some(0), boot);
        let ntp = Now {
            uptime: Duration::from_millis(10),
            ..START
        };
        timer.poll(ntp);
        assert_eq!(ntp.after(timer.next() - ntp.uptime).unix % 600, 0);
    }

    #[test]
    fn without_a_phase_the_interval_is_kept_even_when_polled_late() {
        let mut timer = armed(60, None, START);
        let first = timer.next();
        let late = Now {
            uptime: first + Duration::from_secs(150),
            unix: START.unix + 150,
            ..START
        };
        assert!(timer.poll(late));
        assert_eq!(timer.next(), first + Duration::from_secs(180));
    }

    #[test]
    fn the_greatest_numbers_do_not_overflow() {
        for phase in [i64::MIN, i64::MAX] {
            let mut timer = armed(u32::MAX, Some(phase), START);
            timer.poll(START.after(Duration::from_secs(u64::from(u32::MAX))));
            armed(0, Some(phase), START).poll(START);
        }
    }
}
