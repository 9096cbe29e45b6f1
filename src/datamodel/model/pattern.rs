//! Patterns of parameter names: a path with `*` in place of instance numbers.

use super::Model;
use super::resolve::{MAX_PATH, instance_number};
use crate::datamodel::key::NodeId;
use crate::datamodel::schema::Visibility;

/// What a pattern may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A parameter of the model that is in every Inform.
    Forced,
    /// Another parameter of the model, be there instances of it or not.
    Parameter,
    /// None that this model has.
    Nothing,
}

impl Model {
    /// What a pattern names, by the description alone.
    ///
    /// # Errors
    /// It is no such pattern: a sentence that says what is wrong.
    pub fn pattern(&self, pattern: &str) -> Result<Named, String> {
        if pattern.chars().count() > MAX_PATH {
            return Err(format!("the pattern is longer than {MAX_PATH} characters"));
        }
        let root = self.root();
        let Some(relative) = pattern.strip_prefix(root) else {
            return Err(format!("the pattern does not begin with {root}"));
        };
        let (objects, leaf) = match relative.rsplit_once('.') {
            Some((objects, leaf)) => (objects.split('.').collect(), leaf),
            None => (Vec::new(), relative),
        };
        let mut node = Some(NodeId::ROOT);
        for part in objects {
            node = self.below(node, part)?;
        }
        if !is_name(leaf) {
            return Err("the pattern does not end with the name of a parameter".to_owned());
        }
        let leaf = node.and_then(|node| self.schema.child(node, leaf));
        let parameter = leaf.filter(|leaf| {
            let parameter = self.schema.parameter(*leaf);
            parameter.is_some_and(|parameter| parameter.shown != Visibility::Hidden)
        });
        Ok(match parameter {
            Some(node) if self.schema.forced.contains(&node) => Named::Forced,
            Some(_) => Named::Parameter,
            None => Named::Nothing,
        })
    }

    /// One object further down; `None` where the model has no such.
    fn below(&self, node: Option<NodeId>, part: &str) -> Result<Option<NodeId>, String> {
        let is_instance = part == "*" || instance_number(part).is_some();
        if !is_instance && !is_name(part) {
            return Err(format!(
                "{part:?} in the pattern is neither a name, a number nor *"
            ));
        }
        let Some(node) = node else {
            return Ok(None);
        };
        match self.schema.table(node) {
            Some(table) if is_instance => Ok(table.template),
            None if part == "*" => {
                Err("* in the pattern does not stand for an instance number".to_owned())
            }
            _ => Ok(self.schema.child(node, part)),
        }
    }
}

/// The names of objects and parameters (TR-106 §3.1).
fn is_name(part: &str) -> bool {
    let begins = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
