//! What an answer says at the end of a path.

use std::collections::BTreeSet;

use super::key::{ListedBy, UbusKey, UbusStep};
use crate::datamodel::source::{Instance, Listed, Reading};
use crate::device::ubus::UbusValue;

/// Where a path leads in an answer.
enum PathEnd<'a> {
    Value(&'a UbusValue),
    /// There is nothing of that name, number or kind.
    Nothing,
    /// The answer is of another shape than the path: it cannot be told what is meant.
    Odd,
}

/// What an answer says for a row: a plain value as `ubus call` shows it, an array of such with
/// commas, as a list of UCI is shown. Of one that is of another shape nothing is known.
pub(super) fn reading(
    answer: &UbusValue,
    steps: &[UbusStep],
    at: &[Instance<'_>],
) -> Reading<'static> {
    match find(answer, steps, at) {
        PathEnd::Value(value) => plain(value),
        PathEnd::Nothing => Reading::Absent,
        PathEnd::Odd => Reading::Unknown,
    }
}

/// The instances of a table; `None` where the answer is of another shape. Of two of one name the
/// first counts; what has no name is none.
pub(super) fn list(
    answer: &UbusValue,
    steps: &[UbusStep],
    by: &ListedBy,
    at: &[Instance<'_>],
) -> Option<Vec<Listed>> {
    let found = match find(answer, steps, at) {
        PathEnd::Value(found) => found,
        PathEnd::Nothing => return Some(Vec::new()),
        PathEnd::Odd => return None,
    };
    let names: Vec<String> = match (found, by) {
        (UbusValue::Null, _) => Vec::new(),
        (UbusValue::Table(table), ListedBy::Name) => {
            table.0.iter().map(|(name, _)| name.clone()).collect()
        }
        (UbusValue::Array(items), ListedBy::Member(member)) => {
            let named = items.iter().filter_map(|item| says(item, member));
            named.collect()
        }
        _ => return None,
    };
    let mut seen = BTreeSet::new();
    let names = names.into_iter();
    let named = names.filter(|name| !name.is_empty() && seen.insert(name.clone()));
    Some(named.map(Listed::new).collect())
}

/// Whether an answer is of the shape that the instances of a row are looked up in.
pub(super) fn fits(answer: &UbusValue, key: &UbusKey) -> bool {
    let mut steps = key.steps.iter();
    let same = steps.position(UbusStep::has_places);
    let (same, next) = key.steps.split_at(same.unwrap_or(key.steps.len()));
    match (find(answer, same, &[]), next.first(), &key.listed) {
        (PathEnd::Odd, ..) => false,
        (PathEnd::Nothing | PathEnd::Value(UbusValue::Null), ..) => true,
        (PathEnd::Value(UbusValue::Table(_)), Some(step), _) => matches!(step, UbusStep::To(_)),
        (PathEnd::Value(UbusValue::Table(_)), None, by) => *by == Some(ListedBy::Name),
        (PathEnd::Value(UbusValue::Array(_)), next, by) => {
            next.is_some() || matches!(by, Some(ListedBy::Member(_)))
        }
        (PathEnd::Value(_), ..) => false,
    }
}

fn find<'a>(answer: &'a UbusValue, steps: &[UbusStep], at: &[Instance<'_>]) -> PathEnd<'a> {
    let mut here = answer;
    for step in steps {
        let next = match (here, step) {
            (UbusValue::Null, _) => None,
            (UbusValue::Table(table), UbusStep::To(name)) => table.get(&name.fill(at)),
            (UbusValue::Array(items), UbusStep::To(number)) => {
                match number.fill(at).parse::<usize>() {
                    Ok(number) => items.get(number),
                    Err(_) => return PathEnd::Odd,
                }
            }
            (UbusValue::Array(items), UbusStep::Where(member, text)) => {
                let text = text.fill(at);
                let mut items = items.iter();
                items.find(|item| says(item, member).is_some_and(|said| said == text))
            }
            _ => return PathEnd::Odd,
        };
        match next {
            Some(next) => here = next,
            None => return PathEnd::Nothing,
        }
    }
    PathEnd::Value(here)
}

/// What a member of an item says.
fn says(item: &UbusValue, member: &str) -> Option<String> {
    match plain(item.at(member)?) {
        Reading::Value(said) => Some(said.into_owned()),
        Reading::Absent | Reading::Unknown => None,
    }
}

fn plain(value: &UbusValue) -> Reading<'static> {
    match value {
        UbusValue::Null => Reading::Absent,
        UbusValue::Table(_) => Reading::Unknown,
        UbusValue::Array(items) => {
            let mut shown = Vec::new();
            for item in items {
                match item {
                    UbusValue::Table(_) | UbusValue::Array(_) => return Reading::Unknown,
                    UbusValue::Null => {}
                    // `%` and `,` within an item, as TR-106 §3.2.3 wants.
                    item => shown.push(item.shown().replace('%', "%25").replace(',', "%2C")),
                }
            }
            shown.retain(|item| !item.is_empty());
            match shown.is_empty() {
                true => Reading::Absent,
                false => Reading::Value(shown.join(",").into()),
            }
        }
        value => Reading::Value(value.shown().into()),
    }
}
