//! What the methods of the object do, each by the code of the command of the same name.

use super::{UbusEvent, UbusLink, object};
use crate::agent::answers::event_of;
use crate::agent::poll_loop::Agent;
use crate::agent::watch::BoxChange;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::base::excerpt::excerpt;
use crate::device::ubus::{BadBlob, Invocation, UbusStatus, UbusTable};

/// How it stands where there is no connection.
pub(super) const NO_LINK: &str = "switched off (cpe.ubus)";

/// The most of a word of a caller that is given back to him.
const MAX_ECHOED: usize = 64;

/// The connection that the configuration wants.
pub(super) fn open(config: &Config) -> Option<UbusLink> {
    let sockets = config.ubus.clone()?;
    Some(UbusLink::new(sockets, object::tr069()))
}

/// What a method answers, or the status alone.
type MethodAnswer = Result<Option<UbusTable>, UbusStatus>;

impl Agent {
    /// Decides on what came over ubus.
    pub(in crate::agent) fn on_ubus(&mut self, event: UbusEvent, now: Now) {
        match event {
            UbusEvent::Invoked(call) => {
                let (data, status) = match self.serve(&call, now) {
                    Ok(data) => (data, UbusStatus::OK),
                    Err(status) => (None, status),
                };
                if let Some(link) = &mut self.ubus.link {
                    link.answer(&call, data.as_ref(), status, now.uptime);
                }
            }
            UbusEvent::Answered(call, answer) => self.told(call, answer, now),
        }
    }

    fn serve(&mut self, call: &Invocation, now: Now) -> MethodAnswer {
        let arguments = call.arguments.as_ref();
        let arguments = arguments.map_err(|BadBlob(why)| {
            // Not louder: whoever may call, may call often.
            log::debug!("ubus: arguments that cannot be read: {why}");
            UbusStatus::INVALID_ARGUMENT
        })?;
        match call.method.as_str() {
            "status" => Ok(Some(self.ubus_status(now))),
            "inform" => self.ubus_inform(arguments, now),
            "notify" => self.ubus_notify(arguments, now),
            "command" => self.ubus_command(arguments, now),
            _ => Err(UbusStatus::METHOD_NOT_FOUND),
        }
    }

    /// A session, with an event or with a question to the ACS.
    fn ubus_inform(&mut self, arguments: &UbusTable, now: Now) -> MethodAnswer {
        let asks_methods = object::flag(arguments, "GetRPCMethods")?;
        let event = object::text(arguments, "event")?;
        let event = match (event, asks_methods) {
            (Some(event), _) => Some(object::event(event)),
            (None, true) => Some(object::event("periodic")),
            (None, false) => None,
        };
        let running = self.engine.in_session();
        let event = event_of(event.as_deref());
        let informed = event.and_then(|event| {
            let wished = self.engine.wish(event, now);
            wished.map_err(|e| e.to_string())
        });
        Ok(Some(match informed {
            Ok(_) if asks_methods => {
                self.engine.ask_methods();
                object::said(1, "Session with GetRPCMethods will start")
            }
            Ok(_) if running => object::said(
                1,
                "Session already running, event will be sent at the end of the session",
            ),
            Ok(_) => object::said(1, "Session started"),
            Err(why) => object::said(-1, &why),
        }))
    }

    /// Somebody knows that a value is another one. What it is now is read where it comes from, whatever
    /// the caller says of it.
    fn ubus_notify(&mut self, arguments: &UbusTable, now: Now) -> MethodAnswer {
        if let Some(parameter) = object::text(arguments, "parameter")? {
            let read = self.read(parameter, now);
            if let Err(why) = read {
                return Ok(Some(object::said(-1, &why)));
            }
        }
        self.look_afresh(now);
        Ok(None)
    }

    fn ubus_command(&mut self, arguments: &UbusTable, now: Now) -> MethodAnswer {
        let icwmp = object::text(arguments, "command")?;
        let easycwmp = object::text(arguments, "name")?;
        let command = icwmp.or(easycwmp);
        let command = command.ok_or(UbusStatus::INVALID_ARGUMENT)?;
        Ok(Some(match command {
            "reload" | "reload_end_session" => {
                let running = self.engine.in_session();
                self.changed(vec![BoxChange::Configuration], now);
                object::said(
                    0,
                    match running {
                        true => "Session running, reload at the end of the session",
                        false => "configuration reloaded",
                    },
                )
            }
            "exit" | "stop" => {
                self.stop(now);
                object::said(0, "the agent stops")
            }
            other => {
                let other = excerpt(other, MAX_ECHOED);
                object::said(-1, &format!("{other} command is not supported"))
            }
        }))
    }
}
