//! Reboot (A.3.2.9), FactoryReset (A.4.1.6) and ScheduleInform (A.4.1.2). What they promise is
//! durable before the response.

use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::fault::{self, INVALID_ARGUMENTS, RESOURCES_EXCEEDED};
use crate::cwmp::queue::MAX_MULTIPLE;
use crate::cwmp::record;
use super::{Context, check_key};
use crate::soap::{Fault, Message};

/// One reboot after the session, and an `M Reboot` for each call.
pub fn reboot(key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("CommandKey", key)?;
    check_room(cx)?;
    let before = cx.at_reboot.clone();
    cx.at_reboot.raise(Event {
        code: EventCode::MReboot,
        command_key: key.to_owned(),
    });
    if let Err(fault) = keep(record::REBOOT, &cx.at_reboot.to_record(), cx) {
        *cx.at_reboot = before;
        return Err(fault);
    }
    cx.effects.reboot = true;
    Ok(cx.respond(Message::RebootResponse))
}

/// The reset comes after the session.
pub fn factory_reset(cx: &mut Context<'_>) -> String {
    cx.effects.factory_reset = true;
    cx.respond(Message::FactoryResetResponse)
}

/// One more timer; those already set stay.
pub fn schedule_inform(delay: u32, key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("CommandKey", key)?;
    if delay == 0 {
        let why = "DelaySeconds is 0, it must be at least 1";
        return Err(fault::because(INVALID_ARGUMENTS, why));
    }
    check_room(cx)?;
    let before = cx.schedule.clone();
    cx.schedule.add(delay, key, cx.now);
    if let Err(fault) = keep(record::SCHEDULE, &cx.schedule.to_record(), cx) {
        *cx.schedule = before;
        return Err(fault);
    }
    Ok(cx.respond(Message::ScheduleInformResponse))
}

/// A place in the Inform for the `M` event that is promised.
fn check_room(cx: &Context<'_>) -> Result<(), Fault> {
    if cx.multiples + cx.schedule.len() + cx.at_reboot.multiples() < MAX_MULTIPLE {
        return Ok(());
    }
    let why = "too many ScheduleInform and Reboot events are outstanding";
    Err(fault::because(RESOURCES_EXCEEDED, why))
}

fn keep(key: &str, line: &str, cx: &mut Context<'_>) -> Result<(), Fault> {
    let before = record::get(cx.model, key);
    record::put(cx.model, key, line);
    match cx.model.commit() {
        Ok(_) => Ok(()),
        Err(error) => {
            record::put(cx.model, key, &before);
            Err(fault::of(&error, key))
        }
    }
}
