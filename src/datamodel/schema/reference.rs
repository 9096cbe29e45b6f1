//! What a name in an expression stands for.

use super::{NodeKind, Schema, is_number};
use crate::datamodel::expr::Operand;
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::source::TEMPLATE;

/// A parameter or table that the expression of a row names, found once for all its instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The parameter or table.
    pub node: NodeId,
    /// The instance numbers on its path, outermost first; 0 stands for that of the row itself.
    numbers: Box<[u32]>,
}

impl Reference {
    /// The place, seen from the row's own instances.
    pub fn key(&self, own: At) -> Option<Key> {
        let mut at = At::default();
        for (depth, &number) in self.numbers.iter().enumerate() {
            let number = if number == 0 { own.get(depth)? } else { number };
            at = at.down(number)?;
        }
        Some(Key::new(self.node, at))
    }
}

/// A place while a name is followed.
struct Here {
    node: NodeId,
    numbers: Vec<u32>,
}

impl Schema {
    /// What an operand means in the row at `row`.
    ///
    /// # Errors
    /// A sentence that says where the name leads to nothing.
    pub(super) fn reference(&self, row: NodeId, operand: &Operand) -> Result<Reference, String> {
        let (name, wants_table) = match operand {
            Operand::Parameter(name) => (name, false),
            Operand::Table(name) => (name, true),
        };
        let nothing = |why: String| format!("`{name}` leads to nothing: {why}");
        let (mut here, rest) = self.beginning(row, name).map_err(nothing)?;
        let mut parts = rest.split('.').peekable();
        while let Some(part) = parts.next() {
            match (parts.peek(), part) {
                (None, "") if wants_table => {}
                (None, leaf) => {
                    here.node = self.child(here.node, leaf).ok_or_else(|| {
                        let above = self.template_path(here.node);
                        nothing(format!("there is no `{leaf}` in {above}"))
                    })?;
                }
                (Some(_), part) => self.step_down(&mut here, part, row).map_err(nothing)?,
            }
        }
        let fits = match &self.node(here.node).kind {
            NodeKind::Parameter(_) => !wants_table,
            NodeKind::Table(table) => wants_table && table.template.is_some(),
            // Instances that are described one by one, without a template.
            NodeKind::Object(_) => wants_table && self.has_literal_instances(here.node),
            NodeKind::Template(_) => false,
        };
        match (fits, wants_table) {
            (true, _) => Ok(Reference {
                node: here.node,
                numbers: here.numbers.into(),
            }),
            (false, true) => Err(format!("`{name}` is no table, whose name ends in a dot")),
            (false, false) => Err(format!("`{name}` is an object, and has no value")),
        }
    }

    /// Where a name begins: at the top with the root in front, else in the object that holds the
    /// row, and with each further leading dot one level up. Gives also the rest of the name.
    fn beginning<'a>(&self, row: NodeId, name: &'a str) -> Result<(Here, &'a str), String> {
        if let Some(rest) = name.strip_prefix(self.root_name()) {
            let numbers = Vec::new();
            let node = NodeId::ROOT;
            return Ok((Here { node, numbers }, rest));
        }
        let rest = name.trim_start_matches('.');
        let dots = name.len() - rest.len();
        let mut node = row;
        for _ in 0..dots.max(1) {
            let above = self.node(node).parent;
            node = above.ok_or("its dots lead above the root")?;
        }
        let numbers = vec![0; usize::from(self.node(node).depth)];
        Ok((Here { node, numbers }, rest))
    }

    fn step_down(&self, here: &mut Here, part: &str, row: NodeId) -> Result<(), String> {
        let above = || self.template_path(here.node);
        let template = self.table(here.node).and_then(|table| table.template);
        let own = part.is_empty() || part == TEMPLATE;
        match (template, part.parse::<u32>()) {
            (Some(template), _) if own => {
                if here.numbers.len() >= usize::from(self.node(row).depth) {
                    let above = above();
                    return Err(format!("which instance of {above} is meant is not clear"));
                }
                here.node = template;
                here.numbers.push(0);
            }
            (Some(template), Ok(number @ 1..)) => {
                here.node = template;
                here.numbers.push(number);
            }
            _ => {
                let child = self.child(here.node, part);
                let object = child.filter(|&child| self.parameter(child).is_none());
                here.node = object.ok_or_else(|| match here.node {
                    NodeId::ROOT => format!("there is no object `{part}`"),
                    _ => {
                        let (above, root) = (above(), self.root_name());
                        format!(
                            "there is no object `{part}` in {above} (a name from the top begins \
                             with {root})"
                        )
                    }
                })?;
            }
        }
        Ok(())
    }

    fn has_literal_instances(&self, node: NodeId) -> bool {
        let mut children = self.node(node).children().iter();
        children.any(|&child| is_number(&self.node(child).name))
    }
}
