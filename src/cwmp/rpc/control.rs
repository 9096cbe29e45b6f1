//! Reboot (A.3.2.9), FactoryReset (A.4.1.6) and ScheduleInform (A.4.1.2). What they promise is
//! durable before the response.

use super::{Context, check_key, check_room, keep};
use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::fault;
use crate::cwmp::intent::Intent;
use crate::cwmp::record;
use crate::soap::{Fault, Message, code};

/// One reboot after the session, and an `M Reboot` for each call.
pub fn reboot(key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("CommandKey", key)?;
    check_room(cx)?;
    check_means(&Intent::Reboot, cx)?;
    let (at_reboot, intents) = (cx.at_reboot.clone(), cx.intents.clone());
    cx.at_reboot.raise(Event {
        code: EventCode::MReboot,
        command_key: key.to_owned(),
    });
    cx.intents.add(Intent::Reboot, cx.boot);
    let records = [
        (record::REBOOT, &*cx.at_reboot.to_record()),
        (record::INTENTS, &*cx.intents.to_record()),
    ];
    if let Err(error) = keep(&records, cx.model) {
        (*cx.at_reboot, *cx.intents) = (at_reboot, intents);
        return Err(fault::of(&error, record::REBOOT));
    }
    Ok(cx.respond(Message::RebootResponse))
}

/// The reset comes after the session.
pub fn factory_reset(cx: &mut Context<'_>) -> Result<String, Fault> {
    check_means(&Intent::FactoryReset, cx)?;
    let intents = cx.intents.clone();
    cx.intents.add(Intent::FactoryReset, cx.boot);
    if let Err(error) = keep(&[(record::INTENTS, &cx.intents.to_record())], cx.model) {
        *cx.intents = intents;
        return Err(fault::of(&error, record::INTENTS));
    }
    Ok(cx.respond(Message::FactoryResetResponse))
}

/// One more timer; those already set stay.
pub fn schedule_inform(delay: u32, key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("CommandKey", key)?;
    if delay == 0 {
        let why = "DelaySeconds is 0, it must be at least 1";
        return Err(fault::because(code::INVALID_ARGUMENTS, why));
    }
    check_room(cx)?;
    let before = cx.schedule.clone();
    cx.schedule.add(delay, key, cx.now);
    if let Err(error) = keep(&[(record::SCHEDULE, &cx.schedule.to_record())], cx.model) {
        *cx.schedule = before;
        return Err(fault::of(&error, record::SCHEDULE));
    }
    Ok(cx.respond(Message::ScheduleInformResponse))
}

/// What cannot be carried out is not promised.
fn check_means(intent: &Intent, cx: &Context<'_>) -> Result<(), Fault> {
    let can = cx.host.can(intent);
    can.map_err(|why| fault::because(code::INTERNAL_ERROR, &why))
}
