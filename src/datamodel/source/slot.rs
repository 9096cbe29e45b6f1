//! The keys of a source, read once and found again by their slots.

/// A key as its source knows it after [`Source::declare`](super::Source::declare).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u32);

impl Slot {
    /// The slot of the `index`th key that a source took.
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index again.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The keys that a source took, as it has read them.
pub struct DeclaredKeys<K>(Vec<K>);

impl<K> DeclaredKeys<K> {
    /// Keeps a key; gives its slot.
    pub fn keep(&mut self, key: K) -> Slot {
        let slot = Slot::new(self.0.len());
        self.0.push(key);
        slot
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.0.iter()
    }

    /// The key of a slot; `None` for a slot that is not of this source.
    pub fn get(&self, slot: Slot) -> Option<&K> {
        self.0.get(slot.index())
    }
}

impl<K> Default for DeclaredKeys<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_slot_alone() {
        let mut keys = DeclaredKeys::default();
        let slots = [keys.keep("a"), keys.keep("b"), keys.keep("a")];
        assert_eq!(slots.map(Slot::index), [0, 1, 2]);
        assert_eq!(
            slots.map(|slot| keys.get(slot).copied()),
            [Some("a"), Some("b"), Some("a")]
        );
        assert_eq!(keys.get(Slot::new(3)), None);
    }
}
