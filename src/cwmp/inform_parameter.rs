//! `ManagementServer.InformParameter.{i}.`: what the ACS wants in every Inform, or with some events
//! (TR-181; TR-069 §3.7.1.5).

use super::event::{Event, EventCode};
use super::limits::MAX_ECHOED_NAME;
use crate::base::excerpt::excerpt;
use crate::base::xsd::XsdType;
use crate::datamodel::model::{Model, Named, Proposal};

const TABLE: &str = "ManagementServer.InformParameter.";

/// The most parameters that the rows of the table may add to one Inform.
const MAX_ADDED: usize = 1000;

/// The most places that the wildcards of all rows are tried in.
const MAX_BRANCHES: usize = 1000;

/// Lays down what the rows may hold (TR-181): patterns of single parameters, each in one row, none
/// that is in every Inform anyway; and events, each once.
pub fn add_rules(model: &mut Model) {
    model.add_rule(
        "ManagementServer.InformParameter.{i}.ParameterName",
        check_name,
    );
    model.add_rule(
        "ManagementServer.InformParameter.{i}.EventList",
        check_events,
    );
}

fn check_name(proposal: &Proposal<'_>) -> Result<(), String> {
    // A row not yet filled in.
    if proposal.value.is_empty() {
        return Ok(());
    }
    if proposal.model.pattern(proposal.value)? == Named::Forced {
        return Err("the parameter is in every Inform anyway".to_owned());
    }
    if proposal.is_in_another_row() {
        return Err("another row of the table has this ParameterName".to_owned());
    }
    Ok(())
}

fn check_events(proposal: &Proposal<'_>) -> Result<(), String> {
    check_event_list(proposal.value)
}

fn check_event_list(list: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    for event in list.split(',').filter(|event| !event.is_empty()) {
        if event == EventCode::ValueChange.as_str() {
            let why = format!("{event} reports what has changed, and nothing besides");
            return Err(why);
        }
        if !EventCode::is_known(event) {
            let event = excerpt(event, MAX_ECHOED_NAME);
            return Err(format!(
                "{event:?} is no event of TR-069, such as \"1 BOOT\""
            ));
        }
        if seen.contains(&event) {
            return Err(format!("{event} is there twice"));
        }
        seen.push(event);
    }
    Ok(())
}

/// Calls `each` for the parameters that the rows add to an Inform with these events.
pub fn selected(model: &mut Model, events: &[Event], each: &mut dyn FnMut(&str, XsdType, &str)) {
    let mut rows = Vec::new();
    let table = format!("{}{TABLE}", model.root());
    // Where the model has no such table there is nothing to add.
    let _ = model.names(&table, true, &mut |row, _| rows.push(row.to_owned()));
    let mut left = MAX_ADDED;
    let mut branches = MAX_BRANCHES;
    for row in rows {
        if left == 0 {
            return;
        }
        let mut get = |name: &str| {
            let path = format!("{row}{name}");
            let relative = path.strip_prefix(model.root()).unwrap_or_default();
            model.value(relative).unwrap_or_default()
        };
        let (enable, pattern, list) = (get("Enable"), get("ParameterName"), get("EventList"));
        // Elsewhere the empty path is the whole tree; here it is a row not yet filled in.
        if enable != "1" || pattern.is_empty() || !asked_for(&list, events) {
            continue;
        }
        for path in expand(model, &pattern, &mut branches) {
            // A name that is not (or no longer) there adds nothing.
            let _ = model.values(&path, &mut |name, kind, value| {
                if let Some(fewer) = left.checked_sub(1) {
                    left = fewer;
                    each(name, kind, value);
                }
            });
        }
    }
}

/// Whether an event list asks for a report with these events; an empty one asks for all but
/// `4 VALUE CHANGE`, which no list can ask for.
fn asked_for(list: &str, events: &[Event]) -> bool {
    events
        .iter()
        .filter(|event| event.code != EventCode::ValueChange)
        .any(|event| {
            let code = event.code.as_str();
            list.is_empty() || list.split(',').any(|wanted| wanted.trim() == code)
        })
}

/// The paths that a pattern with `*` for instance numbers names; `branches` says how many more
/// places may be tried.
fn expand(model: &mut Model, pattern: &str, branches: &mut usize) -> Vec<String> {
    let mut paths = vec![String::new()];
    for part in pattern.split_inclusive('.') {
        if part != "*." {
            for path in &mut paths {
                path.push_str(part);
            }
            continue;
        }
        let mut below = Vec::new();
        for path in &paths {
            let _ = model.names(path, true, &mut |child, _| {
                let number = child.strip_prefix(path.as_str()).unwrap_or_default();
                let is_instance = number.starts_with(|c: char| c.is_ascii_digit());
                if let (true, Some(fewer)) = (is_instance, branches.checked_sub(1)) {
                    *branches = fewer;
                    below.push(child.to_owned());
                }
            });
        }
        paths = below;
    }
    paths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn s17_whatever_is_taken_as_a_list_has_each_event_once_and_no_value_change(
            list in "((4 VALUE CHANGE|[0-2] [A-Z]{0,9}|1 BOOT|X 1 a|\\PC{0,3}),?){0,4}",
        ) {
            let checked = check_event_list(&list);
            let mut events: Vec<&str> = list.split(',').filter(|e| !e.is_empty()).collect();
            let count = events.len();
            events.sort_unstable();
            events.dedup();
            let is_good = |event: &&str| EventCode::is_known(event) && **event != *"4 VALUE CHANGE";
            prop_assert_eq!(checked.is_ok(), events.len() == count && events.iter().all(is_good));
        }
    }
}
