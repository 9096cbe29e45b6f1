//! What the engine answers to each `id=`.

mod sdata;
mod status;
mod user_data;

use tinyjson::JsonValue;

use super::engine::Engine;
use super::query::Query;
use super::sample::State;

/// What no handler is there for.
const NO_HANDLER: &str = "<html><body>no handler</body></html>";

impl Engine {
    /// The HTTP status and the body.
    pub(super) fn answer(&mut self, query: &str, asked: &Query) -> (u16, String) {
        let mut refusals = self.refusals.iter();
        if let Some((_, refusal)) = refusals.find(|(part, _)| query.contains(part)) {
            return (200, refusal.clone());
        }
        let text = match asked.id() {
            "alive" => "OK".to_owned(),
            "reload" => {
                self.restart();
                "OK".to_owned()
            }
            "status" | "status2" => self.status(asked),
            "user_data" | "user_data2" => self.user_data(),
            "sdata" => self.summary(),
            "variableget" => self.variable(asked),
            "variableset" => self.set_variable(asked),
            "action" => self.action(asked),
            "jobstatus" => self.job_status(asked),
            "device" => self.device_action(asked),
            "room" => self.room_action(asked),
            _ => return (501, NO_HANDLER.to_owned()),
        };
        (200, text)
    }

    fn variable(&mut self, asked: &Query) -> String {
        let (service, variable) = (asked.get("serviceId"), asked.get("Variable"));
        let device = asked.device("DeviceNum").and_then(|id| self.device(id));
        let (Some(device), Some(service), Some(variable)) = (device, service, variable) else {
            return "Bad Device".to_owned();
        };
        let state = device.state(service, variable);
        state.map_or(String::new(), |state| state.value.clone())
    }

    fn set_variable(&mut self, asked: &Query) -> String {
        let (service, variable) = (asked.get("serviceId"), asked.get("Variable"));
        let done = match (asked.device("DeviceNum"), service, variable) {
            (Some(id), Some(service), Some(variable)) => self.set(
                id,
                service,
                variable,
                asked.get("Value").unwrap_or_default(),
            ),
            _ => false,
        };
        (if done { "OK" } else { "Bad Device" }).to_owned()
    }

    fn device_action(&mut self, asked: &Query) -> String {
        let device = asked.device("device");
        match (
            device.filter(|id| self.device(*id).is_some()),
            asked.get("action"),
        ) {
            (Some(id), Some("rename")) => self.rename(id, asked.get("name"), asked.get("room")),
            (Some(id), Some("delete")) => self.remove(id),
            _ => return "Bad Device".to_owned(),
        }
        "OK".to_owned()
    }

    /// Never says that it did not do it.
    fn room_action(&mut self, asked: &Query) -> String {
        let room = asked.device("room");
        match (asked.get("action"), room, asked.get("name")) {
            (Some("create"), _, Some(name)) => {
                let next = self.rooms.keys().next_back().map_or(1, |last| last + 1);
                self.rooms.insert(next, name.to_owned());
            }
            (Some("rename"), Some(room), Some(name)) => {
                self.rooms.insert(room, name.to_owned());
            }
            (Some("delete"), Some(room), _) => {
                self.rooms.remove(&room);
            }
            _ => {}
        }
        self.configured();
        "OK".to_owned()
    }

    /// -1 for a job that is not known, or not any more.
    fn job_status(&self, asked: &Query) -> String {
        let id = asked.number("job");
        let job = self.jobs.iter().find(|job| id == Some(job.id.into()));
        let (state, notes) = match job {
            Some(job) => (job.state as i32, job.comments.as_str()),
            None => (-1, ""),
        };
        format!("{{\"status\":{state},\"notes\":{}}}", quoted(notes))
    }

    fn rooms(&self) -> String {
        let room = |(id, name): (&u32, &String)| {
            format!(r#"{{"id":{id},"name":{},"section":1}}"#, quoted(name))
        };
        let rooms: Vec<String> = self.rooms.iter().map(room).collect();
        rooms.join(",")
    }
}

/// Each of them, with a number that grows.
fn states<'a>(states: impl IntoIterator<Item = &'a State>, running: &mut u32) -> String {
    let texts: Vec<String> = states
        .into_iter()
        .map(|state| {
            let id = *running;
            *running += 1;
            format!(
                r#"{{"id":{id},"service":{},"variable":{},"value":{}}}"#,
                quoted(&state.service),
                quoted(&state.variable),
                quoted(&state.value)
            )
        })
        .collect();
    texts.join(",")
}

/// A text in JSON.
pub(super) fn quoted(text: &str) -> String {
    JsonValue::String(text.to_owned()).stringify().unwrap()
}
