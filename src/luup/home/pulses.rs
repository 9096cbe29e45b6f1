//! Values that were others for a moment, between two answers: another value tells of it, or the answer
//! itself.

use super::{Home, HomeView};
use crate::base::sort::sort;
use crate::datamodel::source::{Instance, Slot};
use crate::luup::Snapshot;
use crate::luup::key::{FIELDS, LuupKey, ValueKey, short};
use crate::luup::snapshot::Changed;
use crate::luup::values;

/// A variable of a service, and the one that moves whenever it changes to what it means.
const TOLD_BY: [(&str, &str, &str); 2] = [
    ("SecuritySensor1", "Tripped", "LastTrip"),
    ("SecuritySensor1", "ArmedTripped", "LastTrip"),
];

/// A value that went and came back: the device, and the variable behind the last part of the name of
/// its service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pulse {
    device: u32,
    name: Box<str>,
}

impl Pulse {
    fn new(device: u32, service: &str, variable: &str) -> Self {
        Self {
            device,
            name: [short(service), variable].join("/").into(),
        }
    }
}

/// The values that an answer told to have been others, and that are as before.
pub(super) fn within(before: &Snapshot, now: &Snapshot, changed: &Changed) -> Vec<Pulse> {
    let moved = changed.values.iter().filter_map(|(device, name)| {
        let (service, variable) = now.name(*name);
        // What the configuration says, and the home itself, are no states.
        let is_state = service != FIELDS && now.has(*device);
        let is_back = is_state && is_same(before, now, *device, service, variable);
        is_back.then(|| Pulse::new(*device, service, variable))
    });
    moved.collect()
}

impl Home {
    /// Notes what a new view tells to have been otherwise since the one before.
    pub(super) fn note_pulses(&mut self, new: &mut HomeView) {
        let Some(before) = self.view.as_deref() else {
            return;
        };
        self.pulses.append(&mut new.pulses);
        let (before, now) = (&before.snapshot, &new.snapshot);
        for (service, variable, last) in TOLD_BY {
            let (was, is) = (before.names(service, last), now.names(service, last));
            for device in now.devices() {
                let moved = before.value(device, &was).zip(now.value(device, &is));
                let has_moved = moved.is_some_and(|(was, is)| was != is);
                if has_moved && is_same(before, now, device, service, variable) {
                    self.pulses.push(Pulse::new(device, service, variable));
                }
            }
        }
        sort(&mut self.pulses);
        self.pulses.dedup();
    }

    /// Whether a value was another since it was compared last.
    pub(in crate::luup) fn has_pulsed(&self, slot: Slot, at: &[Instance<'_>]) -> bool {
        let index = slot.index();
        let Some(row) = self.rows.get(index).filter(|_| !self.pulses.is_empty()) else {
            return false;
        };
        let pulse = match &row.key {
            LuupKey::Variable { service, variable } => {
                let own = at.last().map(Instance::name);
                let view = self.view.as_ref();
                let device = view.and_then(|view| view.device(slot, own.as_deref()));
                device.map(|device| Pulse::new(device, service, variable))
            }
            LuupKey::Value(ValueKey::Value) => {
                let identity = at.last().map(Instance::name).unwrap_or_default();
                values::named(&identity)
                    .map(|(device, service, variable)| Pulse::new(device, service, variable))
            }
            _ => None,
        };
        pulse.is_some_and(|pulse| self.pulses.binary_search(&pulse).is_ok())
    }

    /// All values were compared.
    pub(in crate::luup) fn pulses_seen(&mut self) {
        self.pulses.clear();
    }
}

/// Whether a device has the same value of a variable in both, or none.
pub(super) fn is_same(
    before: &Snapshot,
    now: &Snapshot,
    device: u32,
    service: &str,
    variable: &str,
) -> bool {
    let text = |home: &Snapshot| {
        let names = home.names(service, variable);
        home.value(device, &names).map(str::to_owned)
    };
    text(before) == text(now)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::datamodel::source::Declaration;
    use crate::datamodel::types::ParamType;
    use crate::luup::snapshot::Advance;

    const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/cwmpd");

    fn state(service: &str, variable: &str, value: &str) -> String {
        format!(r#"{{"service":"urn:a:{service}","variable":"{variable}","value":"{value}"}}"#)
    }

    fn answer(version: u32, states: &[(&str, &str, &str)]) -> String {
        let states = states.iter().map(|(s, v, text)| state(s, v, text));
        let states = states.collect::<Vec<_>>().join(",");
        format!(
            r#"{{"LoadTime":1,"DataVersion":{version},"UserData_DataVersion":1,"devices":[{{"id":20,"states":[{states}]}}]}}"#
        )
    }

    /// A sensor and a lamp in one, whose values two rows show each.
    struct PulseRig {
        home: Home,
        slots: [(Slot, Option<&'static str>); 4],
        version: u32,
    }

    impl PulseRig {
        fn new() -> Self {
            let mut home = Home::default();
            home.read_services(Path::new(SHIPPED));
            let kind = ParamType::parse("STRING").unwrap();
            let mut declare = |key: &str| {
                let row = Declaration {
                    kind: Some(&kind),
                    filtered: false,
                    tables: 1,
                    writable: false,
                };
                home.declare(&row, key).unwrap()
            };
            let (tripped, level) = (
                declare("SecuritySensor1/Tripped"),
                declare("Dimming1/LoadLevelStatus"),
            );
            let value = declare("value.value");
            let mut rig = Self {
                home,
                slots: [
                    (tripped, None),
                    (value, Some("20/SecuritySensor1/Tripped")),
                    (level, None),
                    (value, Some("20/Dimming1/LoadLevelStatus")),
                ],
                version: 1,
            };
            let fetch = rig.home.begin_fetch();
            let all = [
                ("SecuritySensor1", "Tripped", "0"),
                ("SecuritySensor1", "LastTrip", "1545000000"),
                ("Dimming1", "LoadLevelStatus", "40"),
            ];
            let view = Snapshot::read([Ok(answer(1, &all))]).map(|home| fetch.view(home));
            rig.home.update(fetch, view);
            rig
        }

        /// Which of them were others for a moment, after an answer of changes.
        fn told(&mut self, states: &[(&str, &str, &str)]) -> [bool; 4] {
            self.version += 1;
            let text = answer(self.version, states);
            let fetch = self.home.begin_fetch();
            let advance = fetch.snapshot().unwrap().advance(&mut text.as_bytes());
            if let Advance::Changed(home, changed) = advance.unwrap() {
                let view = fetch.changed_view(*home, &changed);
                self.home.update(fetch, Ok(view));
            }
            let pulsed = self.slots.map(|(slot, identity)| {
                let instance = Instance {
                    number: 20,
                    identity: identity.or(Some("20")),
                };
                self.home.has_pulsed(slot, &[instance])
            });
            self.home.pulses_seen();
            pulsed
        }
    }

    #[test]
    fn z41_what_came_and_went_is_seen_by_whatever_row_shows_it() {
        let mut rig = PulseRig::new();
        let tripped = |value| ("SecuritySensor1", "Tripped", value);
        let last = |at| ("SecuritySensor1", "LastTrip", at);
        let level = |value| ("Dimming1", "LoadLevelStatus", value);
        let (sensor, lamp, none) = (
            [true, true, false, false],
            [false, false, true, true],
            [false; 4],
        );
        assert_eq!(rig.told(&[last("1545000001")]), sensor);
        assert_eq!(
            rig.told(&[last("1545000001"), tripped("0")]),
            none,
            "written again"
        );
        assert_eq!(
            rig.told(&[tripped("1"), last("1545000002")]),
            none,
            "it stays"
        );
        assert_eq!(rig.told(&[tripped("0")]), none, "a change as any other");
        assert_eq!(rig.told(&[level("50")]), none, "it stays");
        // All that happened, in its order.
        assert_eq!(rig.told(&[tripped("1"), tripped("0")]), sensor);
        assert_eq!(rig.told(&[level("0"), level("50")]), lamp);
        assert_eq!(rig.told(&[level("0"), level("40")]), none, "it stays");
        assert_eq!(rig.told(&[]), none);
    }
}
