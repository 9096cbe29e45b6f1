//! GetParameterAttributes (A.3.2.5) and SetParameterAttributes (A.3.2.4).

use super::{Context, apart, check_entries, too_long};
use crate::base::excerpt::excerpt;
use crate::cwmp::fault;
use crate::cwmp::limits::{MAX_ECHOED_NAME, MAX_RESPONSE_BYTES};
use crate::datamodel::model::{MAX_NOTIFICATION, NewAttributes};
use crate::soap::{
    CwmpVersion, Fault, Message, ParameterAttributes, SetParameterAttributes, code, escaped_len,
};

/// The highest `Notification` before CWMP 1.4, which brought lightweight notifications.
const MAX_CLASSIC: u32 = 2;

/// The highest that a session of a version knows.
fn max_notification(version: CwmpVersion) -> u32 {
    match version >= CwmpVersion::V1_4 {
        true => MAX_NOTIFICATION.into(),
        false => MAX_CLASSIC,
    }
}

/// What a session of a version sees of a notification: an older one what it is besides the
/// lightweight one. 4 and 6 are passive besides, 3 and 5 nothing.
fn seen_in(version: CwmpVersion, notification: u8) -> u32 {
    match notification {
        3 | 5 if version < CwmpVersion::V1_4 => 0,
        4 | 6 if version < CwmpVersion::V1_4 => 1,
        notification => u32::from(notification),
    }
}

/// What the XML around one entry takes, generously.
const ENTRY_BYTES: usize = 256;

/// What the XML around an entity of its access list takes.
const ENTITY_BYTES: usize = "<string></string>".len();

/// The attributes of full and partial paths, each parameter once.
pub fn get(names: &[String], cx: &mut Context<'_>) -> Result<String, Fault> {
    check_entries(names.len())?;
    let version = cx.version;
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
                        notification: seen_in(version, attributes.notification),
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
    let max = max_notification(cx.version);
    let beyond = |entry: &&SetParameterAttributes| entry.notification.is_some_and(|n| n > max);
    if let Some(bad) = list.iter().find(beyond) {
        let name = excerpt(&bad.name, MAX_ECHOED_NAME);
        let version = cx.version;
        let why = format!("the Notification of {name} is none of 0 to {max} (CWMP {version})");
        return Err(fault::because(code::INVALID_ARGUMENTS, &why));
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
