//! How a change of a parameter's value comes to be noticed.

use super::{Origin, Parameter, Schema, SourceRef};
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

    /// Whether a value comes of a source of one of these kinds, be it by a computation.
    pub fn comes_of(&self, parameter: &Parameter, kinds: &[&str], sources: &Sources) -> bool {
        let is_of = |of: &SourceRef| {
            let source = sources.get(of.source);
            source.is_some_and(|(kind, _)| kinds.contains(kind))
        };
        match &parameter.origin {
            Origin::Stored => false,
            Origin::Sources(references) => references.iter().any(is_of),
            Origin::Computed(_) => parameter.references().iter().any(|reference| {
                let table = self.table(reference.node);
                table.is_some_and(|table| table.source.as_ref().is_some_and(is_of))
                    || self
                        .parameter(reference.node)
                        .is_some_and(|operand| self.comes_of(operand, kinds, sources))
            }),
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
