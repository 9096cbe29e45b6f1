//! GetParameterValues (A.3.2.2) and SetParameterValues (A.3.2.1).

use super::{Context, Executed, apart, check_entries, check_key, has_room, status, too_long};
use crate::cwmp::fault;
use crate::datamodel::model::{NewValue, PendingWrite, Requester};
use crate::soap::{Fault, GetParameterValuesResponseWriter, Message, ParameterValue};

/// The values of full and partial paths, each parameter once. The response is written while the
/// model is walked.
pub fn get(names: &[String], cx: &mut Context<'_>) -> Result<String, Fault> {
    check_entries(names.len())?;
    let mut writer = GetParameterValuesResponseWriter::new(cx.version, cx.header);
    let mut full = false;
    let root = cx.model.root().to_owned();
    for (name, walk) in names.iter().zip(apart(names)) {
        let outcome = if walk {
            cx.model.values(name, &mut |name, kind, value| {
                full |= !has_room(writer.bytes(), &[name, value]);
                if !full {
                    writer.push(name, kind, value);
                    if let Some(path) = name.strip_prefix(&root) {
                        cx.told.tell(path, value, cx.now.unix);
                    }
                }
            })
        } else {
            cx.model.find(name)
        };
        outcome.map_err(|error| fault::of(&error, name))?;
        if full {
            return Err(too_long());
        }
    }
    Ok(writer.finish())
}

/// A SetParameterValues of which values have to be taken elsewhere before it is carried out.
#[derive(Debug)]
pub struct ParkedSet {
    list: Vec<ParameterValue>,
    key: String,
    /// Which values.
    pub writes: Vec<PendingWrite>,
}

/// All or nothing; the ParameterKey only with it. An empty list sets the ParameterKey alone.
pub fn begin_set(
    list: Vec<ParameterValue>,
    key: String,
    cx: &mut Context<'_>,
) -> Result<Executed, Fault> {
    check_entries(list.len())?;
    check_key("ParameterKey", &key)?;
    let writes = cx.model.writes_elsewhere(&new_values(&list));
    let writes = writes.map_err(|errors| fault::of_set(&errors))?;
    let set_values = ParkedSet { list, key, writes };
    match set_values.writes.is_empty() {
        true => set(&set_values, cx).map(Executed::Answered),
        false => Ok(Executed::Parked(set_values)),
    }
}

/// The same when what had to be taken elsewhere was taken.
pub fn set(set_values: &ParkedSet, cx: &mut Context<'_>) -> Result<String, Fault> {
    let values = new_values(&set_values.list);
    let in_force = cx
        .model
        .set_values(Requester::Acs, &values, Some(&set_values.key))
        .map_err(|errors| fault::of_set(&errors))?;
    cx.has_changed();
    Ok(cx.respond(Message::SetParameterValuesResponse {
        status: status(in_force),
    }))
}

fn new_values(list: &[ParameterValue]) -> Vec<NewValue<'_>> {
    let values = list.iter().map(|value| NewValue {
        name: &value.name,
        value: &value.value,
        xsi_type: value.xsi_type,
    });
    values.collect()
}
