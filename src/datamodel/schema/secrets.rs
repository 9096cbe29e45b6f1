//! What comes from a secret.

use std::collections::BTreeMap;

use super::Origin;
use super::build::definition;
use super::link::Linker;
use crate::datamodel::filter::Definition;
use crate::datamodel::key::NodeId;
use crate::datamodel::row::{Row, RowKind, Storage};
use crate::datamodel::source::Sources;

impl Linker<'_> {
    /// What reads the same key as a secret, stands for one or is computed from one is one.
    pub(super) fn spread_secrets(&mut self, rows: &[Row], sources: &Sources) {
        let keys = self.keys(rows, sources);
        let computed = self.parameters(|origin| matches!(origin, Origin::Computed(_)));
        let mut found: Vec<NodeId> = Vec::new();
        loop {
            for nodes in keys.values() {
                if nodes.iter().any(|node| self.is_secret(*node)) {
                    found.extend(nodes);
                }
            }
            for &node in &computed {
                let Some(parameter) = self.schema.parameter(node) else {
                    continue;
                };
                let targets = parameter
                    .references()
                    .iter()
                    .map(|reference| reference.node);
                if targets.clone().any(|target| self.is_secret(target)) {
                    found.push(node);
                }
                if parameter.secret && parameter.redirect().is_some() {
                    found.extend(targets);
                }
            }
            found.retain(|&node| !self.is_secret(node));
            if found.is_empty() {
                return;
            }
            for node in found.drain(..) {
                if let Some(parameter) = self.schema.parameter_mut(node) {
                    parameter.secret = true;
                }
            }
        }
    }

    fn is_secret(&self, node: NodeId) -> bool {
        let parameter = self.schema.parameter(node);
        parameter.is_some_and(|parameter| parameter.secret)
    }

    /// The keys of sources, each with the parameters that read it.
    fn keys(&self, rows: &[Row], sources: &Sources) -> BTreeMap<String, Vec<NodeId>> {
        let mut keys: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
        for (node, row) in self.placed.iter() {
            let row = rows.get(row).filter(|row| {
                let has_source = matches!(row.storage, Storage::System | Storage::Mixed);
                has_source && matches!(row.kind, RowKind::Parameter(_))
            });
            let text = row.and_then(|row| definition(row, sources));
            let read = text.and_then(|text| Definition::parse(&text).ok());
            for alternative in read.into_iter().flat_map(|read| read.alternatives) {
                let (kind, key) = (alternative.kind, alternative.key);
                keys.entry(format!("{kind}:{key}")).or_default().push(node);
            }
        }
        keys
    }
}
