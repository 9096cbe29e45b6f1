//! Which row describes which node.

use crate::datamodel::key::NodeId;

/// The row of each node, by its index in the list of rows. Nodes are many and their numbers dense.
#[derive(Default)]
pub(super) struct Placed(Vec<Option<usize>>);

impl Placed {
    /// Notes that the row describes the node.
    pub(super) fn put(&mut self, node: NodeId, row: usize) {
        let index = node.index();
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        if let Some(place) = self.0.get_mut(index) {
            *place = Some(row);
        }
    }

    /// The row of a node.
    pub(super) fn get(&self, node: NodeId) -> Option<usize> {
        *self.0.get(node.index())?
    }

    /// Forgets the row of a node.
    pub(super) fn take(&mut self, node: NodeId) -> Option<usize> {
        self.0.get_mut(node.index())?.take()
    }

    /// Nodes with their rows, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, usize)> + '_ {
        let nodes = (0..).map_while(NodeId::new).zip(&self.0);
        nodes.filter_map(|(node, row)| Some((node, (*row)?)))
    }
}
