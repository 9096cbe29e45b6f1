//! What the engine answers to each `id=`.

use tinyjson::JsonValue;

use super::sample::{Device, ROOMS};
use super::{Engine, State};

impl Engine {
    /// The HTTP status and the body for a query such as `id=status&DeviceNum=3`.
    pub(super) fn answer(&mut self, query: &str) -> (u16, String) {
        let argument = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(n, _)| *n == name).map(|(_, v)| decoded(v))
        };
        let id = argument("id").unwrap_or_default();
        let number = |name: &str| argument(name).and_then(|n| n.parse::<u32>().ok());
        let text = match id.trim_start_matches("lu_") {
            "alive" | "reload" => "OK".to_owned(),
            "status" | "status2" => self.status(number("DeviceNum")),
            "user_data" | "user_data2" => self.user_data(),
            "sdata" => self.summary(),
            "variableget" | "variableset" => {
                let (service, variable) = (argument("serviceId"), argument("Variable"));
                let device = number("DeviceNum").and_then(|id| self.device(id));
                match (device, service, variable, argument("Value")) {
                    (Some(device), Some(service), Some(variable), Some(value))
                        if id.ends_with("variableset") =>
                    {
                        device.set(&service, &variable, &value);
                        self.data_version += 1;
                        "OK".to_owned()
                    }
                    (Some(device), Some(service), Some(variable), _) => device
                        .state(&service, &variable)
                        .map(|state| state.value.clone())
                        .unwrap_or_default(),
                    _ => "Bad Device".to_owned(),
                }
            }
            "device" => {
                let device = number("device").and_then(|id| self.device(id));
                match (device, argument("action").as_deref()) {
                    (Some(device), Some("rename")) => {
                        if let Some(name) = argument("name") {
                            device.name = name;
                        }
                        if let Some(room) = number("room") {
                            device.room = room;
                        }
                        self.configured();
                        "OK".to_owned()
                    }
                    _ => "Bad Device".to_owned(),
                }
            }
            _ => return (501, "<html><body>no handler</body></html>".to_owned()),
        };
        (200, text)
    }

    fn status(&self, only: Option<u32>) -> String {
        let mut running = 208;
        let mut devices = Vec::new();
        for device in &self.home {
            let mut shown = device.clone();
            let is_hidden = |state: &State| {
                let hidden = (device.id, state.variable.clone());
                self.hidden.contains(&hidden)
            };
            shown.states.retain(|state| !is_hidden(state));
            let states = states(&shown, &mut running);
            let text = format!(
                r#"{{"id":{},"states":[{states}],"Jobs":[],"PendingJobs":0,"tooltip":{{"display":0}},"status":{}}}"#,
                device.id, device.status
            );
            if only == Some(device.id) {
                return format!(r#"{{"Device_Num_{}":{text}}}"#, device.id);
            }
            devices.push(text);
        }
        if only.is_some() {
            return "Bad Device".to_owned();
        }
        let version = self.user_data_version;
        let version = version.map_or(String::new(), |version| {
            format!(r#""UserData_DataVersion":{version},"#)
        });
        let time = self.load_time;
        format!(
            r#"{{"startup":{{"tasks":[]}},"devices":[{}],"LoadTime":{time},"DataVersion":{},{version}"TimeStamp":{time},"ZWaveStatus":1,"LocalTime":"2015-10-16 14:53:20 D"}}"#,
            devices.join(","),
            self.data_version
        )
    }

    fn user_data(&self) -> String {
        let mut running = 0;
        let devices: Vec<String> = self
            .home
            .iter()
            .map(|device| {
                // Numbers stand as strings in some fields and on some devices, as in the field.
                format!(
                    r#"{{"id":{},"id_parent":{},"altid":{},"name":{},"room":"{}","device_type":{},"category_num":{},"subcategory_num":{},"manufacturer":{},"model":{},"time_created":"1445000000","disabled":0,"invisible":"0","ip":"","mac":"","ControlURLs":{{"service_1":{{"service":"x","ControlURL":"upnp\/control\/x"}}}},"states":[{}],"status":{}}}"#,
                    device.id,
                    device.parent,
                    quoted(&device.altid),
                    quoted(&device.name),
                    device.room,
                    quoted(&device.device_type),
                    device.category,
                    device.subcategory,
                    quoted(&device.manufacturer),
                    quoted(&device.model),
                    states(device, &mut running),
                    device.status,
                )
            })
            .collect();
        format!(
            r#"{{"BuildVersion":"*1.7.2331*","model":"Sercomm NA930","skin":"orangefr","PK_AccessPoint":"47150001\n","sections":[{{"id":1,"name":"Maison"}}],"rooms":[{}],"scenes":[],"devices":[{}],"LoadTime":"{}","DataVersion":{}}}"#,
            rooms(),
            devices.join(","),
            // As openLuup has it: not when the engine was started.
            self.load_time - 1,
            self.user_data_version.unwrap_or(self.data_version)
        )
    }

    fn summary(&self) -> String {
        let devices: Vec<String> = self
            .home
            .iter()
            .map(|device| {
                format!(
                    r#"{{"name":{},"altid":{},"id":{},"category":{},"subcategory":{},"room":{},"parent":{},"state":{}}}"#,
                    quoted(&device.name),
                    quoted(&device.altid),
                    device.id,
                    device.category,
                    device.subcategory,
                    device.room,
                    device.parent,
                    device.status,
                )
            })
            .collect();
        format!(
            r#"{{"full":1,"version":"*1.7.2331*","model":"Sercomm NA930","rooms":[{}],"devices":[{}],"loadtime":{},"dataversion":{},"state":-1}}"#,
            rooms(),
            devices.join(","),
            self.load_time,
            self.data_version
        )
    }
}

/// Each device has its states in another order, as in the field.
fn states(device: &Device, running: &mut u32) -> String {
    let mut states: Vec<&State> = device.states.iter().collect();
    let turn = device.id as usize % states.len().max(1);
    states.rotate_left(turn);
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

fn rooms() -> String {
    let rooms: Vec<String> = (1..)
        .zip(ROOMS)
        .map(|(id, name)| format!(r#"{{"id":{id},"name":{},"section":1}}"#, quoted(name)))
        .collect();
    rooms.join(",")
}

fn quoted(text: &str) -> String {
    JsonValue::String(text.to_owned()).stringify().unwrap()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let coded = tail.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match (first, coded) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
