//! One request, repeated until it is answered (RFC 3489 §9.3).

use std::time::Duration;

use super::message::{MAGIC_COOKIE, TransactionId};

/// Until the first repetition; the pause doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause, also behind the last request.
const LONGEST_PAUSE: Duration = Duration::from_millis(1600);

/// How often it is sent in all.
const MAX_SENT: u32 = 9;

/// From the first request to giving up: 9.5 s, and something for a loop that is late.
pub(super) const WHOLE: Duration = Duration::from_secs(10);

/// What is to be done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repetition {
    /// Nothing yet.
    Wait,
    /// It goes out (again).
    Send,
    /// It was sent as often as it may be, and nobody answered.
    GiveUp,
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Transaction {
    pub id: TransactionId,
    pub bytes: Vec<u8>,
    sent: u32,
    next_at: Duration,
}

impl Transaction {
    /// One that is due at once.
    pub fn new(id: TransactionId, bytes: Vec<u8>, now: Duration) -> Self {
        Self {
            id,
            bytes,
            sent: 0,
            next_at: now,
        }
    }

    /// When [`Transaction::step`] has something to do.
    pub fn deadline(&self) -> Duration {
        self.next_at
    }

    pub fn step(&mut self, now: Duration) -> Repetition {
        if now < self.next_at {
            return Repetition::Wait;
        }
        if self.sent >= MAX_SENT {
            return Repetition::GiveUp;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.sent.min(10));
        self.next_at = now.saturating_add(pause.min(LONGEST_PAUSE));
        self.sent += 1;
        Repetition::Send
    }
}

/// A new id, which nobody can foretell.
pub(super) fn new_id() -> Result<TransactionId, getrandom::Error> {
    let mut id = [0; 16];
    let (cookie, random) = id.split_at_mut(MAGIC_COOKIE.len());
    cookie.copy_from_slice(&MAGIC_COOKIE);
    getrandom::fill(random)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r03_a_request_goes_out_nine_times_in_eight_seconds() {
        let start = Duration::from_secs(1000);
        let mut transaction = Transaction::new([0; 16], Vec::new(), start);
        let mut sent = Vec::new();
        let mut now = start;
        let end = loop {
            match transaction.step(now) {
                Repetition::Send => sent.push((now - start).as_millis()),
                Repetition::GiveUp => break now - start,
                Repetition::Wait => assert!(now < transaction.deadline()),
            }
            now = transaction.deadline();
        };
        let expected = [0, 100, 300, 700, 1500, 3100, 4700, 6300, 7900];
        assert_eq!(sent, expected);
        assert_eq!(end, Duration::from_millis(9500));
        assert!(end < WHOLE);
    }

    #[test]
    fn r03_nothing_is_sent_early_and_what_is_late_is_not_made_up_for() {
        let start = Duration::from_secs(1000);
        let mut transaction = Transaction::new([0; 16], Vec::new(), start);
        assert_eq!(transaction.step(start), Repetition::Send);
        assert_eq!(transaction.step(start), Repetition::Wait);
        let late = start + Duration::from_secs(5);
        assert_eq!(transaction.step(late), Repetition::Send);
        assert_eq!(transaction.step(late), Repetition::Wait);
    }

    #[test]
    fn r02_each_id_is_another_one_behind_the_cookie() {
        let (one, other) = (new_id().unwrap(), new_id().unwrap());
        assert_eq!(
            (&one[..4], &other[..4]),
            (&MAGIC_COOKIE[..], &MAGIC_COOKIE[..])
        );
        assert_ne!(one, other);
    }
}
