//! `version(a, b)`: two parts of a list as a version.

use super::MAX_ITEM;
use super::argument::FilterArgument;

/// Which two parts, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionOf(usize, usize);

impl VersionOf {
    /// Reads the arguments.
    ///
    /// # Errors
    /// There are not two of them, or they are no places in a list.
    pub fn new(arguments: &[FilterArgument<'_>]) -> Result<Self, String> {
        let place = |argument: &FilterArgument<'_>| {
            let number = argument.text().ok()?.parse().ok();
            number.filter(|number| (1..=MAX_ITEM).contains(number))
        };
        let [major, minor] = arguments else {
            return Err("wants two numbers, of the parts that are the version".to_owned());
        };
        match (place(major), place(minor)) {
            (Some(major), Some(minor)) => Ok(Self(major - 1, minor - 1)),
            _ => Err(format!("parts are numbered from 1 to {MAX_ITEM}")),
        }
    }

    /// The parts with a point between them, the second of at least two digits: `3,4` is 3.04.
    pub fn apply(&self, text: &str) -> Option<String> {
        let part = |at: usize| text.split(',').nth(at)?.trim().parse::<u32>().ok();
        Some(format!("{}.{:02}", part(self.0)?, part(self.1)?))
    }
}
