//! The pauses between attempts at what does not work yet: each is twice as long as the one before.

use std::time::Duration;

/// The pauses of one thing that is attempted.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// From the `first` pause to the `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// The pause before the next attempt.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.longest);
        pause
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_until_it_works() {
        let mut backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(9));
        let mut pauses = || [(); 4].map(|()| backoff.pause().as_secs());
        assert_eq!(pauses(), [2, 4, 8, 9]);
        assert_eq!(pauses(), [9, 9, 9, 9]);
        backoff.reset();
        assert_eq!(backoff.pause().as_secs(), 2);
    }
}
