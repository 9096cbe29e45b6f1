//! The Inform of a session (TR-069 A.3.3.1).

use std::collections::HashSet;

use super::event::{Event, EventCode};
use super::inform_parameter;
use crate::base::clock::Now;
use crate::datamodel::model::Model;
use crate::base::xsd::XsdType;
use crate::soap::{DeviceId, EventStruct, Inform, ParameterValue};

/// One envelope per HTTP message, always (TR-069 §3.5).
const MAX_ENVELOPES: u32 = 1;

/// The Inform that reports these events. Values are whole and of this moment.
pub fn build(
    device_id: DeviceId,
    model: &mut Model,
    events: &[Event],
    retry_count: u32,
    now: Now,
) -> Inform {
    Inform {
        device_id,
        event: events.iter().map(event_struct).collect(),
        max_envelopes: MAX_ENVELOPES,
        current_time: now.current_time(),
        retry_count,
        parameter_list: parameters(model, events),
    }
}

fn event_struct(event: &Event) -> EventStruct {
    EventStruct {
        event_code: event.code.as_str().to_owned(),
        command_key: event.command_key.clone(),
    }
}

/// The forced parameters, with `4 VALUE CHANGE` the changed ones, and those that the ACS selected;
/// each once.
fn parameters(model: &mut Model, events: &[Event]) -> Vec<ParameterValue> {
    let mut list = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |name: &str, xsi_type: XsdType, value: &str| {
        if seen.insert(name.to_owned()) {
            list.push(ParameterValue {
                name: name.to_owned(),
                value: value.to_owned(),
                xsi_type: Some(xsi_type),
            });
        }
    };
    model.forced(&mut add);
    if events.iter().any(|e| e.code == EventCode::ValueChange) {
        model.changes(&mut |name, xsi_type, value| {
            add(name, xsi_type, value);
            true
        });
    }
    inform_parameter::selected(model, events, &mut add);
    list
}
