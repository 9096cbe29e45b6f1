//! Column 6 behind its word: how much of a change is worth telling, and how often.

use std::fmt;

use super::{RowError, bad, words};
use crate::base::decimal::Decimal;

/// What keeps a value that moves all the time from opening a session each time. Whatever the ACS reads is
/// the newest value all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeLimit {
    /// Seconds from a session that tells of a change of the value to the next one that is opened for
    /// one; 0: there is no such limit.
    pub pause: u32,
    /// A number that is less than this away from what the ACS learned last has not changed.
    pub step: Option<Decimal>,
}

impl ChangeLimit {
    /// Reads `SECONDS`, `SECONDS:STEP` or `:STEP`; `None` for what limits nothing.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, RowError> {
        let (pause, step) = match text.split_once(':') {
            Some((pause, step)) => (pause, Some(step)),
            None => (text, None),
        };
        let is_step = |step: &Decimal| step.digits > 0;
        // Written in one way only: 0.50 is 0.5.
        let read = |step: &str| Decimal::parse(&Decimal::parse(step)?.to_string()).filter(is_step);
        let step = match step
            .map(|step| read(step.trim_ascii()).ok_or(step))
            .transpose()
        {
            Ok(step) => step,
            Err(step) => {
                return bad(
                    6,
                    format!("the step {step:?} is no number above 0, such as 0.5"),
                );
            }
        };
        let limit = Self {
            pause: words::number(6, pause.trim_ascii(), u32::MAX)?,
            step,
        };
        Ok((limit.pause > 0 || limit.step.is_some()).then_some(limit))
    }

    /// Whether a value is as good as what the ACS learned last.
    pub fn is_as_before(&self, told: &str, now: &str) -> bool {
        let within = |step: Decimal| Decimal::parse(now)?.is_within(step, Decimal::parse(told)?);
        self.step.and_then(within).unwrap_or_default()
    }
}

impl fmt::Display for ChangeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pause)?;
        self.step.map_or(Ok(()), |step| write!(f, ":{step}"))
    }
}
