//! What Luup took since the last fetch: a fetch that began before a write, or that has not come
//! yet, says the older value.

use super::Fetch;
use crate::luup::key::LuupKey;

/// The values that were written, and the order of fetches and writes.
#[derive(Debug, Default)]
pub(super) struct Taken {
    values: Vec<TakenValue>,
    /// The last fetch that began, and the last that came.
    begun: u32,
    came: u32,
}

#[derive(Debug)]
struct TakenValue {
    device: u32,
    /// With the full name of the service.
    key: LuupKey,
    text: Box<str>,
    /// The last fetch that began before.
    after: u32,
}

impl Taken {
    /// The next fetch.
    pub(super) fn begin_fetch(&mut self) -> Fetch {
        self.begun = self.begun.saturating_add(1);
        Fetch(self.begun)
    }

    /// Whether one that began later came already.
    pub(super) fn is_late(&self, fetch: Fetch) -> bool {
        fetch.0 < self.came
    }

    /// A fetch came: what was written before it began is in it.
    pub(super) fn came(&mut self, fetch: Fetch) {
        self.came = fetch.0;
        self.values.retain(|value| value.after >= fetch.0);
    }

    /// Luup took a value.
    pub(super) fn add(&mut self, device: u32, key: LuupKey, text: &str) {
        let after = self.begun;
        let is_other = |value: &TakenValue| value.device != device || value.key != key;
        self.values.retain(is_other);
        self.values.push(TakenValue {
            device,
            key,
            text: text.into(),
            after,
        });
    }

    /// What a key of a device was set to.
    pub(super) fn get(&self, device: u32, key: &LuupKey) -> Option<&str> {
        let mut values = self.values.iter();
        let value = values.find(|value| value.device == device && key.means(&value.key));
        value.map(|value| &*value.text)
    }
}
