//! AddObject (A.3.2.6) and DeleteObject (A.3.2.7).

use super::{Context, check_key, status};
use crate::cwmp::fault;
use crate::datamodel::model::Requester;
use crate::soap::{Fault, Message};

/// A new instance with the defaults of the model.
pub fn add(name: &str, key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("ParameterKey", key)?;
    let (instance_number, in_force) = cx
        .model
        .add_object(Requester::Acs, name, Some(key))
        .map_err(|error| fault::of(&error, name))?;
    cx.has_changed();
    Ok(cx.respond(Message::AddObjectResponse {
        instance_number,
        status: status(in_force),
    }))
}

/// An instance and all below it goes.
pub fn delete(name: &str, key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("ParameterKey", key)?;
    let in_force = cx
        .model
        .delete_object(Requester::Acs, name, Some(key))
        .map_err(|error| fault::of(&error, name))?;
    cx.has_changed();
    Ok(cx.respond(Message::DeleteObjectResponse {
        status: status(in_force),
    }))
}
