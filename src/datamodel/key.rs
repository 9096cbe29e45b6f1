//! Where a node of the schema stands in the living tree: the node and the instance numbers above it.

use std::fmt;
use std::num::NonZeroU32;

/// How deep tables may nest; TR-181 needs five.
pub const MAX_TABLE_DEPTH: usize = 6;

/// Index of a node in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(NonZeroU32);

impl NodeId {
    /// The root object.
    pub const ROOT: Self = Self(NonZeroU32::MIN);

    /// The node at an index, the root being at 0; `None` beyond 32 bits.
    pub fn new(index: usize) -> Option<Self> {
        let number = u32::try_from(index).ok()?.checked_add(1)?;
        NonZeroU32::new(number).map(Self)
    }

    /// Where it stands, the root being at 0.
    pub fn index(self) -> usize {
        usize::try_from(self.0.get() - 1).unwrap_or(usize::MAX)
    }
}

/// The instance numbers on a path, outermost first. A number is 1 or more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct At {
    numbers: [u32; MAX_TABLE_DEPTH],
    len: u8,
}

impl At {
    /// The numbers themselves.
    pub fn as_slice(&self) -> &[u32] {
        self.numbers
            .get(..usize::from(self.len))
            .unwrap_or_default()
    }

    /// How many numbers there are.
    pub fn depth(&self) -> usize {
        usize::from(self.len)
    }

    /// One level further down; `None` where tables nest too deep or the number is 0.
    pub fn down(mut self, number: u32) -> Option<Self> {
        if number == 0 {
            return None;
        }
        *self.numbers.get_mut(usize::from(self.len))? = number;
        self.len += 1;
        Some(self)
    }

    /// One level up; the outermost stays.
    pub fn up(mut self) -> Self {
        if let Some(len) = self.len.checked_sub(1) {
            self.len = len;
            if let Some(last) = self.numbers.get_mut(usize::from(len)) {
                *last = 0;
            }
        }
        self
    }

    /// The outermost `depth` instances of it.
    pub fn outermost(mut self, depth: usize) -> Self {
        while self.depth() > depth {
            self = self.up();
        }
        self
    }

    /// The number at a depth, 0 being the outermost.
    pub fn get(&self, depth: usize) -> Option<u32> {
        self.as_slice().get(depth).copied()
    }

    /// The greatest `At` that begins with `self`: the end of the range of everything below.
    fn last_below(mut self) -> Self {
        let from = usize::from(self.len);
        for number in self.numbers.iter_mut().skip(from) {
            *number = u32::MAX;
        }
        self.len = u8::MAX;
        self
    }
}

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// A node with the instances above it: one parameter or object of the living tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The node of the schema.
    pub node: NodeId,
    /// The instances above it.
    pub at: At,
}

impl Key {
    /// `node` below the instances `at`.
    pub fn new(node: NodeId, at: At) -> Self {
        Self { node, at }
    }

    /// All keys of this node at or below these instances, for a range of a sorted map.
    pub fn range_below(self) -> std::ops::RangeInclusive<Self> {
        let last = Self::new(self.node, self.at.last_below());
        self..=last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_is_below_and_nothing_else() {
        let at = |numbers: &[u32]| {
            numbers
                .iter()
                .fold(At::default(), |at, &n| at.down(n).unwrap())
        };
        let node = NodeId::new(7).unwrap();
        let range = Key::new(node, at(&[2])).range_below();
        for inside in [&[2][..], &[2, 1], &[2, u32::MAX], &[2, 3, 4]] {
            assert!(range.contains(&Key::new(node, at(inside))), "{inside:?}");
        }
        for outside in [&[][..], &[1], &[1, 2], &[3], &[3, 1]] {
            assert!(!range.contains(&Key::new(node, at(outside))), "{outside:?}");
        }
    }

    #[test]
    fn going_up_undoes_going_down() {
        let one = At::default().down(4).unwrap();
        assert_eq!(one.down(9).unwrap().up(), one);
        assert_eq!(At::default().up(), At::default());
        assert_eq!(one.down(9).unwrap().outermost(1), one);
        assert_eq!(one.outermost(5), one);
        assert_eq!(At::default().down(0), None);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = (0..MAX_TABLE_DEPTH).try_fold(At::default(), |at, _| at.down(1));
        assert_eq!(deep.unwrap().down(1), None);
    }
}
