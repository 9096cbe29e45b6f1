//! A home: the network, its controller, twelve nodes and the children of two of them, from
//! `home.txt`.

/// The rooms, numbered from 1.
pub(super) const ROOMS: [&str; 5] = ["Entrée", "Séjour", "Cuisine", "Chambre", "Garage"];

/// A Luup device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of user_data")]
pub struct Device {
    pub id: u32,
    pub parent: u32,
    pub altid: String,
    pub name: String,
    pub room: u32,
    pub device_type: String,
    pub category: u32,
    pub subcategory: i32,
    pub manufacturer: String,
    pub model: String,
    pub status: i32,
    pub states: Vec<State>,
}

/// A variable of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The full name: `urn:...:serviceId:...`.
    pub service: String,
    /// Its name without the service.
    pub variable: String,
    /// Always a text, as Luup has it.
    pub value: String,
}

impl Device {
    /// The state of a variable, its service in full or the last part.
    pub fn state(&mut self, service: &str, variable: &str) -> Option<&mut State> {
        self.states.iter_mut().find(|state| {
            let short = state.service.rsplit(':').next();
            state.variable == variable && (state.service == service || short == Some(service))
        })
    }

    /// Its variables in the order in which it tells them: another for each, as in the field.
    pub(super) fn turned(&self) -> impl Iterator<Item = &State> {
        let turn = self.id as usize % self.states.len().max(1);
        let (end, begin) = self.states.split_at(turn);
        begin.iter().chain(end)
    }

    /// Sets a variable, or adds it.
    pub fn set(&mut self, service: &str, variable: &str, value: &str) {
        match self.state(service, variable) {
            Some(state) => state.value = value.to_owned(),
            None => self.states.push(State {
                service: full(service),
                variable: variable.to_owned(),
                value: value.to_owned(),
            }),
        }
    }
}

fn full(service: &str) -> String {
    let family = match service {
        _ if service.contains(':') => return service.to_owned(),
        "SwitchPower1" | "Dimming1" | "TemperatureSensor1" => "upnp-org",
        _ if service.starts_with("HVAC_") || service.starts_with("TemperatureSetpoint1") => {
            "upnp-org"
        }
        _ => "micasaverde-com",
    };
    format!("urn:{family}:serviceId:{service}")
}

/// A small Z-Wave home, as `home.txt` describes it.
pub fn sample_home() -> Vec<Device> {
    let mut home: Vec<Device> = Vec::new();
    for line in include_str!("home.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.strip_prefix("  ") {
            Some(state) => {
                let (key, value) = state.split_once('=').unwrap();
                let (service, variable) = key.split_once('/').unwrap();
                home.last_mut().unwrap().set(service, variable, value);
            }
            None => home.push(device(line)),
        }
    }
    home
}

/// A home of `nodes` nodes, each like one of the small one's but for its number and name.
pub fn large_home(nodes: u32) -> Vec<Device> {
    let mut home = sample_home();
    let is_node = |device: &&Device| device.parent == 1 && !device.states.is_empty();
    let models: Vec<Device> = home.iter().filter(is_node).cloned().collect();
    for (id, model) in (1000..1000 + nodes).zip(models.iter().cycle()) {
        home.push(Device {
            id,
            altid: id.to_string(),
            name: format!("{} {id}", model.name),
            ..model.clone()
        });
    }
    home
}

/// A home of `nodes` nodes that is as much to read as a real one of that size: some forty variables
/// each, and three devices below each second node.
pub fn real_home(nodes: u32) -> Vec<Device> {
    let mut home = sample_home();
    home.retain(|device| device.id <= 2);
    let mut more = large_home(nodes).split_off(sample_home().len());
    for node in &mut more {
        for (service, variable, value) in WORDS {
            if node.state(service, variable).is_none() {
                node.set(service, variable, value);
            }
        }
    }
    for (nth, node) in more.into_iter().enumerate() {
        let (id, room) = (node.id, node.room);
        home.push(node);
        for below in 1..=(if nth % 2 == 0 { 0 } else { 3 }) {
            let mut child = Device {
                id: 10 * id + below,
                parent: id,
                altid: format!("e{below}"),
                name: format!("Mesure {id}/{below}"),
                room,
                device_type: "urn:schemas-micasaverde-com:device:LightSensor:1".to_owned(),
                category: 18,
                status: -1,
                ..Device::default()
            };
            child.set("LightSensor1", "CurrentLevel", "55");
            for (service, variable, value) in WORDS.iter().take(8) {
                child.set(service, variable, value);
            }
            home.push(child);
        }
    }
    home
}

/// What each node of a real home says besides.
const WORDS: [(&str, &str, &str); 36] = [
    ("HaDevice1", "Configured", "1"),
    ("HaDevice1", "CommFailure", "0"),
    ("HaDevice1", "CommFailureTime", "0"),
    ("HaDevice1", "CommFailureAlarm", "1575684931,0"),
    ("HaDevice1", "FirstConfigured", "1425704846"),
    ("HaDevice1", "LastUpdate", "1444883254"),
    ("HaDevice1", "AutoConfigure", "1"),
    ("HaDevice1", "ModeSetting", "1:;2:F;3:F;4:F"),
    ("HaDevice1", "BatteryDate", "1444883254"),
    ("HaDevice1", "sl_BatteryAlarm", ""),
    ("HaDevice1", "Documentation", "http://wiki.example/Sensor"),
    ("HaDevice1", "IgnoreRoom", "0"),
    ("HaDevice1", "PollMinDelay", "60"),
    ("ZWaveDevice1", "ManufacturerInfo", "134,2,5"),
    ("ZWaveDevice1", "VersionInfo", "6,3,40,3,25"),
    (
        "ZWaveDevice1",
        "NodeInfo",
        "25,27,70,72,73,75,77,80,84,85,86,",
    ),
    ("ZWaveDevice1", "Neighbors", "1,2,3,4,5,6,7,8,9,10,11,12,"),
    (
        "ZWaveDevice1",
        "NeighborsInverse",
        "1,2,3,4,5,6,7,8,9,10,11,12,",
    ),
    ("ZWaveDevice1", "PollSettings", "60"),
    ("ZWaveDevice1", "PollOk", "573065"),
    ("ZWaveDevice1", "PollNoReply", "103"),
    ("ZWaveDevice1", "PollTxFail", "3"),
    ("ZWaveDevice1", "LastReset", "1425704846"),
    ("ZWaveDevice1", "LastRouteUpdate", "0"),
    ("ZWaveDevice1", "LastNnu", "0"),
    ("ZWaveDevice1", "LastArr", "0"),
    ("ZWaveDevice1", "HealthDate", "1444883254"),
    ("ZWaveDevice1", "Health", "5"),
    ("ZWaveDevice1", "AssociationNum", "1"),
    ("ZWaveDevice1", "ConfiguredAssoc", ""),
    (
        "ZWaveDevice1",
        "VariablesSet",
        "3-Motion timeout (1-15300 seconds),2d,240,101-Report,4d,225,",
    ),
    ("ZWaveDevice1", "VariablesGet", "3,240,"),
    ("ZWaveDevice1", "MultiChEndpoint", "1,3,5"),
    ("ZWaveDevice1", "MeterScale", ""),
    ("ZWaveDevice1", "ManualRoute", ""),
    ("ZWaveDevice1", "InitialName", "_Motion Sensor"),
];

fn device(line: &str) -> Device {
    let fields: Vec<&str> = line.split(';').collect();
    Device {
        id: fields[0].parse().unwrap(),
        parent: fields[1].parse().unwrap(),
        altid: fields[2].to_owned(),
        name: fields[3].to_owned(),
        room: fields[4].parse().unwrap(),
        device_type: fields[5].to_owned(),
        category: fields[6].parse().unwrap(),
        subcategory: fields[7].parse().unwrap(),
        manufacturer: fields[8].to_owned(),
        model: fields[9].to_owned(),
        status: -1,
        states: Vec::new(),
    }
}
