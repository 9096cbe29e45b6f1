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
