//! Which version the Inform is sent in (TR-069 §3.7.4): the newest, unless the ACS does not know its
//! namespace.

use crate::soap::CwmpVersion;

/// The newest version of each namespace, newest first.
const LADDER: [CwmpVersion; 3] = [CwmpVersion::V1_4, CwmpVersion::V1_1, CwmpVersion::V1_0];

/// What is offered to the present ACS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    step: usize,
    /// The ACS has accepted an Inform in this namespace, so that is not what a failure is due to.
    accepted: bool,
}

impl Offer {
    /// The version of the next Inform.
    pub fn version(self) -> CwmpVersion {
        LADDER.get(self.step).copied().unwrap_or(CwmpVersion::V1_4)
    }

    /// The ACS accepted the Inform.
    pub fn accepted(&mut self) {
        self.accepted = true;
    }

    /// The ACS seems not to know the namespace: the next lower one, and after the lowest the newest
    /// again. What works is kept until the box or its ACS changes.
    pub fn refused(&mut self) {
        if !self.accepted {
            self.step = (self.step + 1) % LADDER.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespaces_are_tried_from_the_newest_in_a_circle() {
        let mut offer = Offer::default();
        let offered: Vec<_> = (0..4)
            .map(|_| {
                let version = offer.version();
                offer.refused();
                version.as_str()
            })
            .collect();
        assert_eq!(offered, ["1.4", "1.1", "1.0", "1.4"]);
    }

    #[test]
    fn a_namespace_that_was_accepted_is_kept() {
        let mut offer = Offer::default();
        offer.refused();
        offer.accepted();
        offer.refused();
        assert_eq!(offer.version(), CwmpVersion::V1_1);
    }
}
