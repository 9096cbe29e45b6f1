//! What Luup took since the last fetch: a fetch that began before a write, or that has not come
//! yet, says the older value.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::luup::key::LuupKey;

/// How long a device has to do what an action tells it: the engine takes the action at once, and tells
/// the older state until the node has confirmed another.
const DEED: Duration = Duration::from_secs(5);

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
    /// What a fetch says is not believed before.
    until: Option<Instant>,
}

impl TakenValue {
    fn is_over(&self, came: u32, now: Instant) -> bool {
        self.after < came && self.until.is_none_or(|until| now >= until)
    }
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

    /// A fetch came: what was written before it began is in it. Whether there was anything.
    pub(super) fn came(&mut self, fetch: u32) -> bool {
        self.came = fetch;
        let mut is_any = false;
        for values in self.values.values_mut() {
            let before = values.len();
            values.retain(|value| !value.is_over(fetch, Instant::now()));
            is_any |= values.len() < before;
        }
        is_any
    }

    /// Deeds since which the engine told another value need no more time.
    pub(super) fn end_deeds(&mut self, fetch: u32, has_moved: &dyn Fn(u32, &LuupKey) -> bool) {
        for (device, values) in &mut self.values {
            let deeds = values.iter_mut().filter(|value| value.until.is_some());
            for deed in deeds.filter(|deed| deed.after < fetch) {
                if has_moved(*device, &deed.key) {
                    deed.until = None;
                }
            }
        }
    }

    /// Luup took a value.
    pub(super) fn add(&mut self, device: u32, key: LuupKey, text: &str) {
        self.keep(device, key, text, None);
    }

    /// Luup took an action by which a device gets a value.
    pub(super) fn act(&mut self, device: u32, key: LuupKey, text: &str) {
        self.keep(device, key, text, Instant::now().checked_add(DEED));
    }

    fn keep(&mut self, device: u32, key: LuupKey, text: &str, until: Option<Instant>) {
        let values = self.values.entry(device).or_default();
        values.retain(|value| value.key != key);
        values.push(TakenValue {
            key,
            text: text.into(),
            after: self.begun,
            until,
        });
    }

    /// What a key of a device was set to.
    pub(super) fn get(&self, device: u32, key: &LuupKey) -> Option<&str> {
        let mut values = self.values.get(&device)?.iter();
        let is_it = |value: &&TakenValue| {
            key.means(&value.key) && !value.is_over(self.came, Instant::now())
        };
        let value = values.find(is_it);
        value.map(|value| &*value.text)
    }

    /// Those that were written, rather than done by an action: device, full service (empty for a
    /// field), variable and text.
    pub(super) fn written(&self) -> impl Iterator<Item = (u32, &str, &str, &str)> {
        self.values.iter().flat_map(|(device, values)| {
            let written = values.iter().filter(|value| value.until.is_none());
            written.filter_map(|value| {
                let (service, variable) = value.key.name()?;
                Some((*device, service, variable, &*value.text))
            })
        })
    }

    /// All of them: device, key and text.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &LuupKey, &str)> {
        self.values.iter().flat_map(|(device, values)| {
            let values = values.iter();
            values.map(|value| (*device, &value.key, &*value.text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z29_a_device_has_its_time_to_do_what_it_is_told() {
        let key = || LuupKey::Variable {
            service: "urn:a:X1".into(),
            variable: "Status".into(),
        };
        let mut taken = Taken::default();
        taken.act(7, key(), "1");
        let began_after = taken.begin_fetch();
        taken.came(began_after);
        assert_eq!(taken.get(7, &key()), Some("1"), "the node is at it");
        // Its time is over.
        let values = taken.values.get_mut(&7).unwrap();
        values[0].until = Some(Instant::now());
        assert_eq!(taken.get(7, &key()), None, "the engine knows better");
        taken.add(7, key(), "0");
        assert_eq!(taken.get(7, &key()), Some("0"));
        let began_after = taken.begin_fetch();
        taken.came(began_after);
        assert_eq!(taken.get(7, &key()), None, "a variable is written at once");
    }
}
