//! What holds of any `services.csv`, for the tests and the fuzz target.

use super::action::Allowed;
use super::services::{MAX_ARGUMENTS, MAX_NUMBER, ServiceRow, ServiceTable};
use crate::base::config::LuupConfig;
use crate::base::sort::sort;
use crate::luup::LuupOrder;

/// Reads a file, and holds what it says to what is promised of one.
///
/// # Panics
/// It does not hold.
pub fn check_services(bytes: &[u8]) {
    let (table, errors) = ServiceTable::parse(bytes);
    // A bad row changes nothing for the others.
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let good = lines.filter(|(nth, _)| errors.iter().all(|(line, _)| line != nth));
    let good: Vec<&[u8]> = good.map(|(_, line)| line).collect();
    let (again, none) = ServiceTable::parse(&good.join(&b'\n'));
    assert!(none.is_empty(), "{none:?}");
    assert_eq!(again, table);

    let numbers = table.rows().iter().filter_map(|row| row.number);
    let mut numbers: Vec<u32> = numbers.collect();
    assert!(
        numbers
            .iter()
            .all(|number| (1..=MAX_NUMBER).contains(number))
    );
    let shown = numbers.len();
    sort(&mut numbers);
    numbers.dedup();
    assert_eq!(numbers.len(), shown, "a number stands twice");
    for (place, row) in table.rows().iter().enumerate() {
        let found = table.row_of(row.short_service(), &row.variable);
        assert_eq!(found.map(|(place, _)| place), Some(place), "{row:?}");
        row.unit(&|_| Some("F"));
        check_action(row);
    }
}

fn check_action(row: &ServiceRow) {
    let all = Allowed::by(&LuupConfig {
        actuators: true,
        locks: true,
        ..LuupConfig::default()
    });
    assert_eq!(row.is_settable(all), row.has_action());
    for value in ["1", "-3.5", "true", "Off", ""] {
        let Ok(sent) = row.check(value, all) else {
            continue;
        };
        assert!(row.has_action());
        assert_eq!(row.check(&sent, all), Ok(sent), "{row:?}");
    }
    let beside = |variable: &str| Some(variable.into());
    let order = row.order(5, "urn:x:S1".into(), "the new value", &beside);
    let Some(LuupOrder::Action { arguments, .. }) = order else {
        assert!(!row.has_action());
        return;
    };
    assert!((1..=MAX_ARGUMENTS).contains(&arguments.len()), "{row:?}");
    let new = arguments
        .iter()
        .filter(|(_, text)| **text == *"the new value");
    assert_eq!(new.count(), 1, "{row:?}");
    for (name, _) in &arguments {
        let of_same_name = arguments.iter().filter(|(other, _)| other == name);
        assert_eq!(of_same_name.count(), 1, "{row:?}");
        // Nothing in it begins another argument.
        assert!(!name.is_empty() && !name.contains(['&', '=', '%', '?', ' ']));
    }
}
