//! What was refused, in numbers by reason, and when the log has them.

use std::cmp::Reverse;
use std::time::Duration;

use crate::base::sort::sort_by_key;

/// From a refusal that is told at once to the line that sums up those behind it.
pub(super) const SUM_UP: Duration = Duration::from_secs(60);

/// One of `N` reasons.
pub(super) trait Reason<const N: usize>: Copy + PartialEq {
    /// All, in the order of their numbers.
    const ALL: [Self; N];

    /// Its place in [`Reason::ALL`].
    fn number(self) -> usize;

    /// A few words, to stand before a number.
    fn short(self) -> &'static str;
}

/// How often each reason occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts<const N: usize>([u32; N]);

impl<const N: usize> Default for Counts<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Counts<N> {
    pub(super) fn add(&mut self, why: impl Reason<N>) {
        if let Some(count) = self.0.get_mut(why.number()) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn add_all(&mut self, others: &Self) {
        for (count, other) in self.0.iter_mut().zip(others.0) {
            *count = count.saturating_add(other);
        }
    }

    pub(super) fn of(&self, why: impl Reason<N>) -> u32 {
        self.0.get(why.number()).copied().unwrap_or_default()
    }

    pub(super) fn all(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    /// `wrong path 1000, wrong password 3`: the most frequent first, what never occurred not at all.
    pub(super) fn reasons<R: Reason<N>>(&self) -> String {
        let mut counted = R::ALL.map(|why| (self.of(why), why.short()));
        sort_by_key(&mut counted, |(count, _)| Reverse(*count));
        let occurred = counted.iter().filter(|(count, _)| *count > 0);
        let texts = occurred.map(|(count, why)| format!("{why} {count}"));
        texts.collect::<Vec<_>>().join(", ")
    }
}

/// When refusals are told: the first at once, those behind it in one line later, so that no flood fills
/// the log.
#[derive(Debug, Default)]
pub(super) struct SumUp {
    due: Option<Duration>,
}

impl SumUp {
    /// Something is to be told: whether at once, or with the next sum.
    pub(super) fn begins(&mut self, now: Duration) -> bool {
        let begins = self.due.is_none();
        self.due.get_or_insert(now.saturating_add(SUM_UP));
        begins
    }

    /// When [`SumUp::is_due`] will be true.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.due
    }

    /// Whether the sum is to be told now; what comes next is then told at once again.
    pub(super) fn is_due(&mut self, now: Duration) -> bool {
        let is_due = self.due.is_some_and(|at| at <= now);
        if is_due {
            self.due = None;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_next_after_the_sum() {
        let now = Duration::from_secs(7);
        let mut sum_up = SumUp::default();
        assert!(!sum_up.is_due(now));
        assert!(sum_up.begins(now));
        assert!(!sum_up.begins(now + SUM_UP / 2));
        assert_eq!(sum_up.deadline(), Some(now + SUM_UP));
        assert!(!sum_up.is_due(now + SUM_UP / 2));
        assert!(sum_up.is_due(now + SUM_UP));
        assert!(!sum_up.is_due(now + SUM_UP));
        assert!(sum_up.begins(now + SUM_UP));
    }
}
