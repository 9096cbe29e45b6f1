//! Texts, each once, in one string.

/// The number of a text.
pub(super) type TextId = u32;

/// The text that is empty: while an answer is read, a value that is told to be none.
pub(super) const EMPTY: TextId = 0;

/// In place of a value that was told, but cannot be read.
pub(super) const REFUSED: TextId = 1;

#[derive(Clone, Debug)]
pub(super) struct Texts {
    all: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Default for Texts {
    /// [`EMPTY`] and [`REFUSED`] are there.
    fn default() -> Self {
        Self {
            all: String::new(),
            ends: vec![0; 2],
        }
    }
}

impl Texts {
    pub fn get(&self, id: TextId) -> &str {
        let id = id as usize;
        let start = match id.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(id).copied().unwrap_or_default();
        self.all.get(start as usize..end as usize).unwrap_or("")
    }

    pub fn add(&mut self, text: &str) -> TextId {
        self.all.push_str(text);
        // Bounded by the bytes of an answer, far below 4 GiB.
        self.ends.push(self.all.len() as u32);
        (self.ends.len() - 1) as TextId
    }

    /// Bytes of all.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn shrink(&mut self) {
        self.all.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.all.capacity() + 4 * self.ends.capacity()
    }
}
