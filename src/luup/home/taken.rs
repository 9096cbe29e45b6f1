//! What Luup took since the last fetch: a fetch that began before a write, or that has not come
//! yet, says the older value.

use std::collections::BTreeMap;

use crate::luup::key::LuupKey;

/// The values that were written, and the order of fetches and writes.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// By device: few of each, also none any more.
    values: BTreeMap<u32, Vec<TakenValue>>,
    /// The last fetch that began, and the last that came.
    begun: u32,
    came: u32,
}

#[derive(Debug)]
struct TakenValue {
    /// With the full name of the service.
    key: LuupKey,
    text: Box<str>,
    /// The last fetch that began before.
    after: u32,
}

impl Taken {
    /// The number of the next fetch.
    pub(super) fn begin_fetch(&mut self) -> u32 {
        self.begun = self.begun.saturating_add(1);
        self.begun
    }

    /// Whether one that began later came already.
    pub(super) fn is_late(&self, fetch: u32) -> bool {
        fetch < self.came
    }

    /// A fetch came: what was written before it began is in it.
    pub(super) fn came(&mut self, fetch: u32) {
        self.came = fetch;
        for values in self.values.values_mut() {
            values.retain(|value| value.after >= fetch);
        }
    }

    /// Luup took a value.
    pub(super) fn add(&mut self, device: u32, key: LuupKey, text: &str) {
        let values = self.values.entry(device).or_default();
        values.retain(|value| value.key != key);
        values.push(TakenValue {
            key,
            text: text.into(),
            after: self.begun,
        });
    }

    /// What a key of a device was set to.
    pub(super) fn get(&self, device: u32, key: &LuupKey) -> Option<&str> {
        let mut values = self.values.get(&device)?.iter();
        let value = values.find(|value| key.means(&value.key));
        value.map(|value| &*value.text)
    }

    /// All of them: device, key and text.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &LuupKey, &str)> {
        self.values.iter().flat_map(|(device, values)| {
            let values = values.iter();
            values.map(|value| (*device, &value.key, &*value.text))
        })
    }
}
