//! The formulas of the model (`zwave_model.csv`), worked out a second time, plainly, over all devices of
//! the stored answers.

use std::collections::{BTreeMap, BTreeSet};

use cwmpd::base::clock;
use cwmpd_lab::shared;
use tinyjson::JsonValue;

/// A device as JSON has it: its fields as texts, and its variables by the last part of the service.
struct Device {
    id: u32,
    fields: BTreeMap<String, String>,
    variables: BTreeMap<(String, String), String>,
}

impl Device {
    fn of(json: &JsonValue) -> Self {
        let object: &std::collections::HashMap<String, JsonValue> = json.get().unwrap();
        let fields = object
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), text(value)?)));
        let fields: BTreeMap<String, String> = fields.collect();
        let states = object
            .get("states")
            .and_then(|states| states.get::<Vec<JsonValue>>());
        let mut variables = BTreeMap::new();
        for state in states.into_iter().flatten() {
            let of = |name: &str| text(&state[name]).unwrap_or_default();
            let service = of("service").rsplit(':').next().unwrap().to_owned();
            variables
                .entry((service, of("variable")))
                .or_insert(of("value"));
        }
        Self {
            id: fields["id"].parse().unwrap(),
            fields,
            variables,
        }
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn get(&self, service: &str, variable: &str) -> &str {
        let found = self
            .variables
            .get(&(service.to_owned(), variable.to_owned()));
        found.map_or("", String::as_str)
    }

    fn zwave(&self, variable: &str) -> &str {
        self.get("ZWaveDevice1", variable)
    }
}

fn text(value: &JsonValue) -> Option<String> {
    match value {
        JsonValue::String(text) => Some(text.clone()),
        JsonValue::Number(number) => Some(number.to_string()),
        JsonValue::Boolean(truth) => Some(u8::from(*truth).to_string()),
        _ => None,
    }
}

fn time(epoch: &str) -> String {
    match epoch.parse::<i64>() {
        Ok(seconds) if seconds > 0 => clock::utc(seconds),
        _ => "0001-01-01T00:00:00Z".to_owned(),
    }
}

fn library(number: &str) -> &str {
    let names = [
        "StaticController",
        "PortableController",
        "EnhancedSlave",
        "Slave",
        "Installer",
        "RoutingSlave",
        "BridgeController",
    ];
    number
        .parse::<usize>()
        .map_or("", |number| names[number - 1])
}

/// Hops by spreading out from the controller until nothing changes.
fn hops(nodes: &[&Device], controller: &str) -> BTreeMap<String, u32> {
    let hears: BTreeSet<(&str, &str)> = nodes
        .iter()
        .flat_map(|node| {
            let list = node.zwave("Neighbors").split(',');
            list.filter(|other| !other.is_empty())
                .map(|other| (node.field("altid"), other))
        })
        .collect();
    let mut hops = BTreeMap::from([(controller.to_owned(), 0)]);
    for round in 1..=nodes.len() as u32 {
        let reached: Vec<String> = hears
            .iter()
            .flat_map(|(a, b)| [(a, b), (b, a)])
            .filter(|(from, to)| hops.contains_key(**from) && !hops.contains_key(**to))
            .map(|(_, to)| (*to).to_owned())
            .collect();
        if reached.is_empty() {
            break;
        }
        hops.extend(reached.into_iter().map(|node| (node, round)));
    }
    hops
}

/// What there is to be of one node; what has no value is not in it.
fn node(
    node: &Device,
    rooms: &BTreeMap<String, String>,
    hops: &BTreeMap<String, u32>,
) -> Vec<(String, String)> {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for (path, field) in [
        ("NodeID", "altid"),
        ("DeviceID", "id"),
        ("ParentDeviceID", "id_parent"),
        ("Name", "name"),
        ("DeviceType", "device_type"),
        ("Category", "category_num"),
        ("SubCategory", "subcategory_num"),
        ("RoomID", "room"),
        ("Manufacturer", "manufacturer"),
        ("ModelName", "model"),
        ("JobStatus", "status"),
    ] {
        rows.push((path, node.field(field).to_owned()));
    }
    for (path, service, variable) in [
        ("BatteryLevel", "HaDevice1", "BatteryLevel"),
        ("AssociationGroupCount", "ZWaveDevice1", "AssociationNum"),
        ("AssociationSet", "ZWaveDevice1", "AssociationSet"),
        ("ConfigurationSet", "ZWaveDevice1", "VariablesSet"),
        ("ConfigurationGet", "ZWaveDevice1", "VariablesGet"),
        ("PollOk", "ZWaveDevice1", "PollOk"),
        ("PollNoReply", "ZWaveDevice1", "PollNoReply"),
        ("PollTxFail", "ZWaveDevice1", "PollTxFail"),
        ("Routing.ManualRoute", "ZWaveDevice1", "ManualRoute"),
        ("Routing.AutoRoute", "ZWaveDevice1", "AutoRoute"),
        ("Configured", "HaDevice1", "Configured"),
    ] {
        rows.push((path, node.get(service, variable).to_owned()));
    }
    // What can be set is there, though it has no value.
    for (path, variable) in [
        ("WakeUpInterval", "WakeupInterval"),
        ("PollInterval", "PollSettings"),
    ] {
        let value = node.zwave(variable);
        rows.push((path, if value.is_empty() { "0" } else { value }.to_owned()));
    }
    for (path, seconds) in [
        ("Routing.LastRouteUpdate", node.zwave("LastRouteUpdate")),
        ("CreationTime", node.field("time_created")),
        ("BatteryDate", node.get("HaDevice1", "BatteryDate")),
        ("LastWakeUp", node.zwave("LastWakeup")),
        ("LastUpdate", node.get("HaDevice1", "LastUpdate")),
        ("LastReset", node.zwave("LastReset")),
    ] {
        rows.push((path, time(seconds)));
    }
    let next = match (
        node.zwave("LastWakeup").parse::<i64>(),
        node.zwave("WakeupInterval").parse::<i64>(),
    ) {
        (Ok(last), Ok(interval)) => (last + interval).to_string(),
        _ => String::new(),
    };
    rows.push(("NextWakeUp", time(&next)));
    let neighbors: Vec<&str> = node
        .zwave("Neighbors")
        .split(',')
        .filter(|n| !n.is_empty())
        .collect();
    rows.push(("Routing.Neighbors", neighbors.join(",")));
    rows.push(("Routing.NeighborCount", neighbors.len().to_string()));
    let depth = hops.get(node.field("altid"));
    rows.push(("Routing.Depth", depth.map_or(String::new(), u32::to_string)));
    rows.push((
        "RoomName",
        rooms.get(node.field("room")).cloned().unwrap_or_default(),
    ));
    let maker: Vec<&str> = node.zwave("ManufacturerInfo").split(',').collect();
    for (path, at) in [
        ("ManufacturerID", 0),
        ("ProductTypeID", 1),
        ("ProductID", 2),
    ] {
        rows.push((path, maker.get(at).copied().unwrap_or_default().to_owned()));
    }
    let version: Vec<&str> = node.zwave("VersionInfo").split(',').collect();
    rows.push(("LibraryType", library(version[0]).to_owned()));
    for (path, at) in [("ProtocolVersion", 1), ("FirmwareVersion", 3)] {
        let shown = match (version.get(at), version.get(at + 1)) {
            (Some(major), Some(minor)) => format!("{major}.{minor:0>2}"),
            _ => String::new(),
        };
        rows.push((path, shown));
    }
    let capabilities = node.zwave("Capabilities");
    let (before, behind) = capabilities.split_once('|').unwrap_or((capabilities, ""));
    let items: Vec<&str> = before.split(',').collect();
    let byte = |at: usize| items[at].parse::<u8>().unwrap();
    let classes: Vec<&str> = behind
        .split(',')
        .map(|class| class.split(':').next().unwrap())
        .filter(|class| !class.is_empty())
        .collect();
    let flag = |flags: &[&str]| items.iter().any(|item| flags.contains(item));
    let digit = |truth: bool| u8::from(truth).to_string();
    for (path, at) in [
        ("BasicDeviceClass", 3),
        ("GenericDeviceClass", 4),
        ("SpecificDeviceClass", 5),
    ] {
        rows.push((path, byte(at).to_string()));
    }
    rows.push(("Listening", digit(flag(&["L"]))));
    rows.push(("RoutingCapable", digit(flag(&["R"]))));
    let beams = flag(&["W1", "W2"]) || byte(1) & 0x60 != 0;
    rows.push(("FrequentListening", digit(beams)));
    let baud = match (byte(2) & 1, byte(0) >> 3 & 7) {
        (1, _) => "100000",
        (_, 1) => "9600",
        (_, 2) => "40000",
        _ => "",
    };
    rows.push(("MaxBaudRate", baud.to_owned()));
    rows.push(("CommandClasses", classes.join(",")));
    rows.push(("SecurityCapable", digit(classes.contains(&"152"))));
    let power = match (flag(&["W1", "W2"]), flag(&["L"])) {
        (true, _) => "BatteryFLiRS",
        (false, false) => "Battery",
        (false, true) => "Mains",
    };
    rows.push(("PowerSource", power.to_owned()));
    let disabled = node.field("disabled") == "1";
    rows.push(("Enable", digit(!disabled)));
    let failure = node.get("HaDevice1", "CommFailure");
    rows.push(("CommFailure", digit(!matches!(failure, "" | "0"))));
    let status = match () {
        () if disabled => "Down",
        () if failure == "1" => "Error",
        () if node.get("HaDevice1", "Configured") == "0" => "NotPresent",
        () if !flag(&["L", "W1", "W2"]) => "Dormant",
        () => "Up",
    };
    rows.push(("Status", status.to_owned()));
    let count = |variable| node.zwave(variable).parse::<f64>().unwrap_or(0.0);
    let all = count("PollOk") + count("PollNoReply") + count("PollTxFail");
    let rate = (all > 0.0).then(|| (100.0 * count("PollOk") / all).round().to_string());
    rows.push(("PollSuccessRate", rate.unwrap_or_default()));
    rows.into_iter()
        .map(|(path, value)| (path.to_owned(), value))
        .collect()
}

#[test]
fn z15_the_formulas_give_the_same_over_all_devices_of_all_answers() {
    for (status, user_data) in [
        (
            "openluup_status_small.json",
            "openluup_user_data_small.json",
        ),
        (
            "status_231_nodes_synthetic.json",
            "user_data_231_nodes_synthetic.json",
        ),
    ] {
        let Some(shown) = super::shown(status, user_data) else {
            return;
        };
        let user_data = shared::text(&format!("luup/samples/{user_data}")).unwrap();
        let status = shared::text(&format!("luup/samples/{status}")).unwrap();
        let json: JsonValue = user_data.parse().unwrap();
        let now: JsonValue = status.parse().unwrap();
        let list = |json: &JsonValue| -> Vec<Device> {
            let devices: &Vec<JsonValue> = json["devices"].get().unwrap();
            devices.iter().map(Device::of).collect()
        };
        let mut devices = list(&json);
        for now in list(&now) {
            let device = devices
                .iter_mut()
                .find(|device| device.id == now.id)
                .unwrap();
            device.variables = now.variables;
            device.fields.extend(now.fields);
        }
        let rooms: &Vec<JsonValue> = json["rooms"].get().unwrap();
        let rooms: BTreeMap<String, String> = rooms
            .iter()
            .map(|room| (text(&room["id"]).unwrap(), text(&room["name"]).unwrap()))
            .collect();
        let is_node = |device: &&Device| {
            device.field("id_parent") == "1"
                && device.field("altid").parse::<u32>().is_ok_and(|n| n != 1)
        };
        let nodes: Vec<&Device> = devices.iter().filter(is_node).collect();
        let hops = hops(&nodes, "1");
        assert_eq!(shown["InterfaceNumberOfEntries"], nodes.len().to_string());
        let mut compared = 0;
        for device in &nodes {
            let at = |path: &str| shown.get(&format!("Interface.{}.{path}", device.id));
            for (path, value) in node(device, &rooms, &hops) {
                let shown = at(&path).map_or("", String::as_str);
                assert_eq!(shown, value, "{path} of {}", device.id);
                compared += 1;
            }
            let id = device.id.to_string();
            let below: Vec<&Device> = devices
                .iter()
                .filter(|child| child.field("id_parent") == id)
                .collect();
            assert_eq!(
                at("EndpointNumberOfEntries"),
                Some(&below.len().to_string())
            );
            for child in below {
                let path = format!("Endpoint.{}.EndpointID", child.id);
                assert_eq!(at(&path).map(String::as_str), Some(child.field("altid")));
            }
        }
        assert_eq!(compared, nodes.len() * 55);
        let failed = nodes
            .iter()
            .filter(|node| !matches!(node.get("HaDevice1", "CommFailure"), "" | "0"));
        assert_eq!(shown["Network.FailedNodeCount"], failed.count().to_string());
    }
}
