//! How a change of a parameter's value comes to be noticed.

use super::{Origin, Parameter, Schema};
use crate::datamodel::source::{Noticed, Sources};

impl Schema {
    /// How a change of the value is noticed: of one that has several sources, or is computed from
    /// several parameters, as of the least noticeable.
    pub fn noticed(&self, parameter: &Parameter, sources: &Sources) -> Noticed {
        match &parameter.origin {
            Origin::Stored => Noticed::Pushed,
            Origin::Sources(references) => least(references.iter().filter_map(|reference| {
                let (_, source) = sources.get(reference.source)?;
                Some(source.noticed(reference.slot))
            })),
            Origin::Computed(_) => least(parameter.references().iter().filter_map(|reference| {
                let operand = self.parameter(reference.node)?;
                Some(self.noticed(operand, sources))
            })),
        }
    }
}

fn least(noticed: impl Iterator<Item = Noticed>) -> Noticed {
    noticed.fold(Noticed::Pushed, |a, b| match (a, b) {
        (Noticed::Polled, _) | (_, Noticed::Polled) => Noticed::Polled,
        (Noticed::Never, _) | (_, Noticed::Never) => Noticed::Never,
        _ => Noticed::Pushed,
    })
}
