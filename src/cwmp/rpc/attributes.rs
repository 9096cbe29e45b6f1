//! GetParameterAttributes (A.3.2.5) and SetParameterAttributes (A.3.2.4).

use super::{Context, apart, check_entries, too_long};
use crate::base::excerpt::excerpt;
use crate::cwmp::fault::{self, INVALID_ARGUMENTS};
use crate::cwmp::limits::{MAX_ECHOED_NAME, MAX_RESPONSE_BYTES};
use crate::datamodel::model::NewAttributes;
use crate::soap::{Fault, Message, ParameterAttributes, SetParameterAttributes, escaped_len};

/// The highest `Notification` (A.3.2.4).
const MAX_NOTIFICATION: u32 = 6;

/// What the XML around one entry takes, generously.
const ENTRY_BYTES: usize = 256;

/// What the XML around an entity of its access list takes.
const ENTITY_BYTES: usize = "<string></string>".len();

/// The attributes of full and partial paths, each parameter once.
pub fn get(names: &[String], cx: &mut Context<'_>) -> Result<String, Fault> {
    check_entries(names.len())?;
    let mut parameter_list = Vec::new();
    let mut bytes = 0;
    for (name, walk) in names.iter().zip(apart(names)) {
        let outcome = if walk {
            cx.model.attributes(name, &mut |name, attributes| {
                let entities = attributes.access_list.iter();
                let access: usize = entities
                    .map(|entity| ENTITY_BYTES + escaped_len(entity))
                    .sum();
                bytes += ENTRY_BYTES + escaped_len(name) + access;
                if bytes <= MAX_RESPONSE_BYTES {
                    parameter_list.push(ParameterAttributes {
                        name: name.to_owned(),
                        notification: u32::from(attributes.notification),
                        access_list: attributes.access_list.to_vec(),
                    });
                }
            })
        } else {
            cx.model.find(name)
        };
        outcome.map_err(|error| fault::of(&error, name))?;
        if bytes > MAX_RESPONSE_BYTES {
            return Err(too_long());
        }
    }
    Ok(cx.respond(Message::GetParameterAttributesResponse { parameter_list }))
}

/// All or nothing, in the order of the list.
pub fn set(list: &[SetParameterAttributes], cx: &mut Context<'_>) -> Result<String, Fault> {
    check_entries(list.len())?;
    let beyond =
        |entry: &&SetParameterAttributes| entry.notification.is_some_and(|n| n > MAX_NOTIFICATION);
    if let Some(bad) = list.iter().find(beyond) {
        let name = excerpt(&bad.name, MAX_ECHOED_NAME);
        let why = format!("the Notification of {name} is none of 0 to 6");
        return Err(fault::because(INVALID_ARGUMENTS, &why));
    }
    let attributes: Vec<NewAttributes<'_>> = list
        .iter()
        .map(|entry| NewAttributes {
            name: &entry.name,
            notification: entry.notification,
            access_list: entry.access_list.as_deref(),
        })
        .collect();
    cx.model
        .set_attributes(&attributes)
        .map_err(|error| fault::of(&error, ""))?;
    Ok(cx.respond(Message::SetParameterAttributesResponse))
}
