//! Which devices have which values, what they are, and since when.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use super::ServiceTable;
use super::services::MAX_NUMBER;
use crate::base::clock::EARLIEST_PLAUSIBLE_UNIX;
use crate::datamodel::source::Listed;
use crate::luup::Snapshot;
use crate::luup::snapshot::NameId;

/// The values of a home, as the rows of a [`ServiceTable`] find them.
#[derive(Clone, Debug, Default)]
pub(in crate::luup) struct SeenValues {
    /// Ascending by device and row.
    values: Vec<SeenValue>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(in crate::luup) struct SeenValue {
    device: u32,
    /// Its place in the table.
    row: usize,
    /// The last good text; `None` where there was none.
    pub text: Option<Box<str>>,
    /// When it changed, in seconds since 1970; 0 where nobody can tell.
    pub changed: i64,
    /// The device has it now. One that it does not have any more is remembered as long as the device
    /// is there: an engine that starts tells of devices before it tells of their variables.
    is_there: bool,
}

/// What a row is called in a snapshot.
struct RowNames {
    value: Range<NameId>,
    changed: Option<Range<NameId>>,
}

/// How many numbers of instances each device has.
const NUMBERS: u32 = MAX_NUMBER + 1;

impl SeenValues {
    /// Looks at a snapshot that came after another; `unix` is now.
    ///
    /// A value changed when the variable that tells of it says so, if that moved since; else now, if
    /// it is another than before. What was not seen before did not change.
    pub(in crate::luup) fn of(
        snapshot: &Snapshot,
        table: &ServiceTable,
        before: Option<&Self>,
        unix: i64,
    ) -> Self {
        let names = table.names(snapshot);
        let mut seen = Self::default();
        for device in snapshot.devices() {
            seen.see(snapshot, table, &names, before, (device, unix));
        }
        seen.values.shrink_to_fit();
        seen
    }

    /// The same where no other devices than these, ascending, differ from before.
    pub(in crate::luup) fn after(
        &self,
        snapshot: &Snapshot,
        table: &ServiceTable,
        devices: &[u32],
        unix: i64,
    ) -> Self {
        let names = table.names(snapshot);
        let mut new = self.clone();
        new.values
            .retain(|value| devices.binary_search(&value.device).is_err());
        for device in devices {
            new.see(snapshot, table, &names, Some(self), (*device, unix));
        }
        new.values.sort_by_key(|value| (value.device, value.row));
        new
    }

    fn see(
        &mut self,
        snapshot: &Snapshot,
        table: &ServiceTable,
        names: &[Option<RowNames>],
        before: Option<&Self>,
        (device, unix): (u32, i64),
    ) {
        for (index, (row, names)) in table.rows().iter().zip(names).enumerate() {
            let Some(names) = names else { continue };
            let known = before.and_then(|before| before.get(device, index));
            let raw = snapshot.value(device, &names.value);
            let Some(raw) = raw else {
                self.values.extend(known.cloned().map(|gone| SeenValue {
                    is_there: false,
                    ..gone
                }));
                continue;
            };
            let last_good = known.and_then(|known| known.text.as_deref());
            let text = row.form.read(raw);
            let text = text
                .ok()
                .map(Box::from)
                .or_else(|| last_good.map(Box::from));
            let told = names.changed.as_ref();
            let told = told.and_then(|names| epoch(snapshot.value(device, names)?));
            let known_change = known.map_or(0, |known| known.changed);
            let is_other = last_good.is_some() && last_good != text.as_deref();
            let changed = match told.filter(|told| *told > known_change) {
                Some(told) => told,
                None if is_other && unix >= EARLIEST_PLAUSIBLE_UNIX => unix,
                None => known_change,
            };
            self.values.push(SeenValue {
                device,
                row: index,
                text,
                changed,
                is_there: true,
            });
        }
    }

    /// The instances of the table of values. Their numbers are made of the device's, which Luup never
    /// uses twice, and of the row's: so they are the same for ever, whatever is read in what order.
    pub(in crate::luup) fn list(&self, table: &ServiceTable) -> Vec<Listed> {
        let there = self.values.iter().filter(|value| value.is_there);
        let listed = there.filter_map(|value| {
            let row = table.rows().get(value.row)?;
            let device = value.device.to_string();
            let number = value.device.checked_mul(NUMBERS);
            Some(Listed {
                identity: [&*device, row.short_service(), &*row.variable]
                    .join("/")
                    .into(),
                number: number.and_then(|first| first.checked_add(row.number?)),
                was: None,
            })
        });
        listed.collect()
    }

    /// What a device has of a row.
    pub(in crate::luup) fn get(&self, device: u32, row: usize) -> Option<&SeenValue> {
        let key = |value: &SeenValue| (value.device, value.row);
        let found = self.values.binary_search_by_key(&(device, row), key);
        self.values.get(found.ok()?)
    }
}

impl ServiceTable {
    fn names(&self, snapshot: &Snapshot) -> Vec<Option<RowNames>> {
        let names = self.rows().iter().map(|row| {
            let changed = row.changed.as_ref();
            row.number.map(|_| RowNames {
                value: snapshot.names(&row.service, &row.variable),
                changed: changed.map(|one| snapshot.names(&row.service, one)),
            })
        });
        names.collect()
    }
}

impl SeenValue {
    /// Whether the device has it now.
    pub(in crate::luup) fn is_there(&self) -> bool {
        self.is_there
    }
}

/// The device of an instance of the table, its service and its variable.
pub(in crate::luup) fn named(identity: &str) -> Option<(u32, &str, &str)> {
    let (device, name) = identity.split_once('/')?;
    let (service, variable) = name.split_once('/')?;
    Some((device.parse().ok()?, service, variable))
}

/// Seconds since 1970, as the box says.
pub(in crate::luup) fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or_default()
    })
}

fn epoch(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::luup::LuupError;

    const NOW: i64 = 1_700_000_000;

    fn table() -> ServiceTable {
        let (table, errors) = ServiceTable::parse(
            b"1;SwitchPower1;Status;Switch;BOOLEAN\n\
              ;ZWaveDevice1;PollSettings;;UINT;s;;Set;A;setting\n\
              3;SecuritySensor1;Tripped;;BOOLEAN;;LastTrip\n",
        );
        assert_eq!(errors, []);
        table
    }

    /// Service, variable and value.
    type State<'a> = (&'a str, &'a str, &'a str);

    fn home(devices: &[(u32, &[State<'_>])]) -> Snapshot {
        let devices = devices.iter().map(|(id, states)| {
            let states = states.iter().map(|(service, variable, value)| {
                format!(
                    r#"{{"service":"urn:a:{service}","variable":"{variable}","value":"{value}"}}"#
                )
            });
            let states = states.collect::<Vec<_>>().join(",");
            format!(r#"{{"id":{id},"states":[{states}]}}"#)
        });
        let text = devices.collect::<Vec<_>>().join(",");
        Snapshot::read([Ok::<_, LuupError>(format!(r#"{{"devices":[{text}]}}"#))]).unwrap()
    }

    fn status(value: &str) -> Snapshot {
        home(&[(7, &[("SwitchPower1", "Status", value), ("X1", "Y", "1")])])
    }

    fn shown(seen: &SeenValues) -> Vec<(String, Option<u32>)> {
        let listed = seen.list(&table()).into_iter();
        listed
            .map(|one| (one.identity.into(), one.number))
            .collect()
    }

    #[test]
    fn z28_whatever_device_has_the_variable_has_the_value() {
        let seen = SeenValues::of(
            &home(&[
                (40, &[("SwitchPower1", "Status", "1")]),
                (
                    7,
                    &[
                        ("SecuritySensor1", "Tripped", "0"),
                        ("SwitchPower1", "Status", "0"),
                    ],
                ),
                (8, &[("ZWaveDevice1", "PollSettings", "60")]),
                (4_294_967_295, &[("SwitchPower1", "Status", "1")]),
            ]),
            &table(),
            None,
            NOW,
        );
        let wanted = [
            ("7/SwitchPower1/Status", Some(701)),
            ("7/SecuritySensor1/Tripped", Some(703)),
            ("40/SwitchPower1/Status", Some(4001)),
            ("4294967295/SwitchPower1/Status", None),
        ];
        assert_eq!(
            shown(&seen),
            wanted.map(|(name, number)| (name.to_owned(), number))
        );
        assert_eq!(
            named("7/SwitchPower1/Status"),
            Some((7, "SwitchPower1", "Status"))
        );
        for odd in ["7", "7/x", "x/y/z", "", "/a/b"] {
            assert_eq!(named(odd), None, "{odd}");
        }
    }

    #[test]
    fn z28_a_value_that_makes_no_sense_leaves_the_last_good_one() {
        let mut seen = None;
        for (said, text) in [
            ("soon", None),
            ("1", Some("1")),
            ("soon", Some("1")),
            ("0", Some("0")),
        ] {
            let next = SeenValues::of(&status(said), &table(), seen.as_ref(), NOW);
            assert_eq!(next.get(7, 0).unwrap().text.as_deref(), text, "{said}");
            seen = Some(next);
        }
    }

    #[test]
    fn z28_a_value_changed_when_it_was_seen_to() {
        let mut seen: Option<SeenValues> = None;
        let mut changed = |said: Option<&str>, unix| {
            let snapshot = said.map_or_else(|| home(&[(7, &[("X1", "Y", "1")])]), status);
            let next = SeenValues::of(&snapshot, &table(), seen.as_ref(), unix);
            let value = next
                .get(7, 0)
                .map(|value| (value.is_there(), value.changed));
            seen = Some(next);
            value
        };
        assert_eq!(changed(Some("0"), NOW), Some((true, 0)), "not seen before");
        assert_eq!(changed(Some("0"), NOW + 1), Some((true, 0)));
        assert_eq!(changed(Some("1"), 86_400), Some((true, 0)), "no clock yet");
        assert_eq!(changed(Some("0"), NOW + 2), Some((true, NOW + 2)));
        assert_eq!(changed(None, NOW + 3), Some((false, NOW + 2)), "it starts");
        assert_eq!(changed(Some("0"), NOW + 4), Some((true, NOW + 2)));
        assert_eq!(changed(None, NOW + 5), Some((false, NOW + 2)));
        assert_eq!(changed(Some("1"), NOW + 6), Some((true, NOW + 6)));
        assert_eq!(changed(Some("soon"), NOW + 7), Some((true, NOW + 6)));
    }

    #[test]
    fn z28_the_variable_that_tells_of_the_change_is_believed() {
        let mut seen: Option<SeenValues> = None;
        let mut changed = |tripped: &str, at: &str, unix| {
            let sensor = [
                ("SecuritySensor1", "Tripped", tripped),
                ("SecuritySensor1", "LastTrip", at),
            ];
            let snapshot = home(&[(7, &sensor)]);
            let next = SeenValues::of(&snapshot, &table(), seen.as_ref(), unix);
            let value = next.get(7, 2).unwrap().changed;
            seen = Some(next);
            value
        };
        assert_eq!(changed("0", "1600000000", NOW), 1_600_000_000);
        assert_eq!(
            changed("1", "1699999999", NOW),
            1_699_999_999,
            "as the engine says"
        );
        assert_eq!(
            changed("0", "1699999999", NOW + 9),
            NOW + 9,
            "of an end it tells nothing"
        );
        assert_eq!(
            changed("0", "1700000020", NOW + 30),
            NOW + 20,
            "twice in between"
        );
        for odd in ["", "0", "-5", "yesterday"] {
            assert_eq!(changed("0", odd, NOW + 40), NOW + 20, "{odd}");
        }
    }

    #[test]
    fn f21_devices_that_are_gone_leave_nothing() {
        let first = SeenValues::of(&status("1"), &table(), None, NOW);
        let other = home(&[(9, &[("X1", "Y", "1")])]);
        let then = SeenValues::of(&other, &table(), Some(&first), NOW);
        assert!(then.values.is_empty());
    }

    proptest! {
        #[test]
        fn no_identity_makes_it_panic(text in "[0-9]{0,12}/?.{0,9}/?.{0,9}") {
            let _ = named(&text);
        }
    }
}
