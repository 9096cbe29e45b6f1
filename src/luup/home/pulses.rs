//! Values that were others for a moment, between two answers: another value tells of it.

use super::{Home, HomeView, innermost};
use crate::datamodel::source::{Instance, Slot};
use crate::luup::key::{LuupKey, short};

/// A variable of a service, and the one that moves whenever it changes to what it means.
const PULSES: [(&str, &str, &str); 2] = [
    ("SecuritySensor1", "Tripped", "LastTrip"),
    ("SecuritySensor1", "ArmedTripped", "LastTrip"),
];

impl Home {
    /// Notes what a new view tells to have been otherwise since the one before.
    pub(super) fn note_pulses(&mut self, new: &HomeView) {
        let Some(before) = &self.view else {
            return;
        };
        for (index, row) in self.rows.iter().enumerate() {
            let LuupKey::Variable { service, variable } = &row.key else {
                continue;
            };
            let is_it = |(of, pulses, _): &&(&str, &str, &str)| {
                short(service) == *of && **variable == **pulses
            };
            let Some((.., last)) = PULSES.iter().find(is_it) else {
                continue;
            };
            let at = |view: &HomeView, device, variable: &str| {
                let names = view.snapshot.names(service, variable);
                view.snapshot.value(device, &names).map(str::to_owned)
            };
            for device in new.snapshot.devices() {
                let moved = at(before, device, last)
                    .zip(at(new, device, last))
                    .is_some_and(|(before, now)| before != now);
                if moved && at(before, device, variable) == at(new, device, variable) {
                    self.pulses.push((index, device));
                }
            }
        }
        self.pulses.sort_unstable();
        self.pulses.dedup();
    }

    /// Whether a value was another since it was compared last.
    pub(in crate::luup) fn has_pulsed(&self, slot: Slot, at: &[Instance<'_>]) -> bool {
        let index = slot.index();
        let Some(row) = self.rows.get(index).filter(|_| !self.pulses.is_empty()) else {
            return false;
        };
        let first = || self.view.as_ref()?.first(index);
        let device = match row.in_table {
            true => innermost(at),
            false => first(),
        };
        device.is_some_and(|device| self.pulses.binary_search(&(index, device)).is_ok())
    }

    /// All values were compared.
    pub(in crate::luup) fn pulses_seen(&mut self) {
        self.pulses.clear();
    }
}
