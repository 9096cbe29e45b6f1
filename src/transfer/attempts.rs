//! How often a transfer is tried, and the pauses between.

use std::thread;
use std::time::{Duration, Instant};

use super::failure::TransferFailure;
use super::{LONGEST_PAUSE, MAX_ATTEMPTS, MAX_FRUITLESS, Progress, TransferPatience};
use crate::base::backoff::Backoff;

/// How much of a file has to come for an attempt to have brought it on, in bytes: a server that gives
/// a byte each time is not waited for.
const HEADWAY_BYTES: u64 = 64 * 1024;

/// A pause is looked at that often, in case that all is cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Counts the attempts of one transfer.
pub(super) struct Attempts {
    backoff: Backoff,
    fruitless: u8,
    all: u8,
    /// What was there after the last one.
    bytes: u64,
    end: Option<Instant>,
}

impl Attempts {
    /// Before the first one.
    pub fn new(patience: &TransferPatience, end: Option<Instant>) -> Self {
        Self {
            backoff: Backoff::new(patience.pause, LONGEST_PAUSE),
            fruitless: 0,
            all: 0,
            bytes: 0,
            end,
        }
    }

    /// Waits before the next one, where there is to be one: the last one failed, and so many bytes are
    /// there to go on from.
    pub fn pause(
        &mut self,
        failure: TransferFailure,
        bytes: u64,
        progress: &Progress,
    ) -> Result<(), TransferFailure> {
        if bytes >= self.bytes.saturating_add(HEADWAY_BYTES) {
            self.fruitless = 0;
            self.backoff.reset();
        }
        self.bytes = bytes;
        self.fruitless += 1;
        self.all += 1;
        let pause = spread(self.backoff.pause());
        let until = Instant::now().checked_add(pause);
        let is_late = self
            .end
            .is_some_and(|end| until.is_none_or(|until| until >= end));
        let is_last = self.fruitless >= MAX_FRUITLESS || self.all >= MAX_ATTEMPTS;
        if !failure.again || is_last || is_late {
            return Err(failure);
        }
        log::info!("{}: once more in {pause:.1?}", failure.fault.string);
        let left = || until.map(|until| until.saturating_duration_since(Instant::now()));
        while let Some(left) = left().filter(|left| !left.is_zero()) {
            if progress.is_cancelled() {
                return Err(failure);
            }
            thread::sleep(left.min(LOOK_EVERY));
        }
        Ok(())
    }
}

/// Half of a pause to the whole: all boxes lose a server at the same time, and are not to come back to
/// it at the same time.
fn spread(pause: Duration) -> Duration {
    let mut random = [0];
    // Without randomness it is the whole.
    let _ = getrandom::fill(&mut random);
    let [random] = random.map(u32::from);
    pause.saturating_mul(256 - random / 2) / 256
}
