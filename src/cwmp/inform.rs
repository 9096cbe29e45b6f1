//! The Inform of a session (TR-069 A.3.3.1).

use std::collections::BTreeSet;

use super::event::{Event, EventCode};
use super::inform_parameter;
use super::limits::{MAX_INFORM_BYTES, PARAMETER_BYTES};
use crate::base::clock::Now;
use crate::base::xsd::XsdType;
use crate::datamodel::model::Model;
use crate::soap::{DeviceId, EventStruct, Inform, ParameterValue, escaped_len};

/// One envelope per HTTP message, always (TR-069 §3.5).
const MAX_ENVELOPES: u32 = 1;

/// An Inform, and what it has no room for.
pub struct Built {
    /// The message.
    pub inform: Inform,
    /// There are changed values for another one.
    pub has_more: bool,
}

/// The Inform that reports these events. Values are whole and of this moment.
pub fn build(
    device_id: DeviceId,
    model: &mut Model,
    events: &[Event],
    retry_count: u32,
    now: Now,
) -> Built {
    let mut parameters = Parameters::default();
    model.forced(&mut |name, xsi_type, value| parameters.add(name, xsi_type, value));
    let has_more =
        events.iter().any(|e| e.code == EventCode::ValueChange) && !parameters.add_changes(model);
    parameters.add_selected(model, events);
    let inform = Inform {
        device_id,
        event: events.iter().map(event_struct).collect(),
        max_envelopes: MAX_ENVELOPES,
        current_time: now.current_time(),
        retry_count,
        parameter_list: parameters.list,
    };
    Built { inform, has_more }
}

fn event_struct(event: &Event) -> EventStruct {
    EventStruct {
        event_code: event.code.as_str().to_owned(),
        command_key: event.command_key.clone(),
    }
}

/// The parameter list in the making: the forced parameters, the changed ones, those that the ACS
/// selected; each once.
#[derive(Default)]
struct Parameters {
    list: Vec<ParameterValue>,
    seen: BTreeSet<String>,
    bytes: usize,
}

impl Parameters {
    fn add(&mut self, name: &str, xsi_type: XsdType, value: &str) {
        if self.seen.insert(name.to_owned()) {
            self.bytes += size(name, value);
            self.list.push(ParameterValue {
                name: name.to_owned(),
                value: value.to_owned(),
                xsi_type: Some(xsi_type),
            });
        }
    }

    fn has_room(&self, name: &str, value: &str) -> bool {
        let with_it = self.bytes.saturating_add(size(name, value));
        with_it <= MAX_INFORM_BYTES || self.seen.contains(name)
    }

    /// Whether all changes have room; the others wait for the next Inform.
    fn add_changes(&mut self, model: &mut Model) -> bool {
        let forced = self.bytes;
        let mut all = true;
        model.changes(&mut |name, xsi_type, value| {
            if self.has_room(name, value) {
                self.add(name, xsi_type, value);
                return true;
            }
            let fits_never = forced.saturating_add(size(name, value)) > MAX_INFORM_BYTES;
            match fits_never {
                // It would keep all others waiting for ever.
                true => log::warn!(
                    "{name} has changed, to a value too long for an Inform: the ACS has to read it"
                ),
                false => all = false,
            }
            fits_never
        });
        all
    }

    /// What the ACS selected is dropped where there is no room: it asks for it in every Inform.
    fn add_selected(&mut self, model: &mut Model, events: &[Event]) {
        let mut dropped = 0_u32;
        inform_parameter::selected(model, events, &mut |name, xsi_type, value| match self
            .has_room(name, value)
        {
            true => self.add(name, xsi_type, value),
            false => dropped = dropped.saturating_add(1),
        });
        if dropped > 0 {
            log::warn!(
                "{dropped} of the parameters that ManagementServer.InformParameter selects do not \
                 fit the Inform, which has at most {MAX_INFORM_BYTES} bytes; select fewer"
            );
        }
    }
}

fn size(name: &str, value: &str) -> usize {
    PARAMETER_BYTES + escaped_len(name) + escaped_len(value)
}
