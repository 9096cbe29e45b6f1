//! What the demo walks through. Whatever is not as expected panics with both.

use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{Inform, ParameterValue, Status};
use cwmpd_lab::acs::{ScriptedAcs, Session};

use crate::behind_a_nat::woken_by_a_datagram;
use crate::narrator::{aside, scene};
use crate::power_cut::power_cut;
use crate::transfers;
use crate::world::World;

const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";
/// The sensor of the front door, in the home.
const DOOR: u32 = 20;
/// The lamp of the hall, and whether it is on.
const LAMP: u32 = 3;
const LAMP_IS_ON: &str = "Device.Zwave.Value.301.Value";
const URL: &str = "Device.ManagementServer.URL";

/// How long a change may take to show.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is shown, and how it is played.
type Scene = (&'static str, fn(&World));

/// All scenes in order; says how many there were.
pub fn play(world: &World) -> usize {
    let scenes: [Scene; 13] = [
        ("First contact, and discovery", first_contact),
        (
            "Everything the box knows, and its Z-Wave home",
            read_everything,
        ),
        (
            "New settings: for the agent, and for a Z-Wave node",
            new_settings,
        ),
        ("An object is made and removed", an_object),
        ("A door opens, and the box reports it by itself", a_sensor),
        ("A request with two mistakes changes nothing", two_mistakes),
        ("The ACS throws a switch, once it may", a_switch),
        (
            "The power fails in the middle of a SetParameterValues",
            power_cut,
        ),
        (
            "A firmware upgrade, over a connection that breaks",
            transfers::firmware_upgrade,
        ),
        ("A backup of the configuration", transfers::backup),
        (
            "A configuration that would lose the box is rolled back",
            transfers::restore_rolled_back,
        ),
        (
            "A box behind a NAT is woken by a datagram",
            woken_by_a_datagram,
        ),
        ("The box moves to another ACS", the_move),
    ];
    for (index, (title, play)) in scenes.iter().enumerate() {
        scene(index + 1, title);
        play(world);
    }
    scenes.len()
}

/// Calls the box, and plays the session that follows.
pub fn on_request<T>(world: &World, acs: &ScriptedAcs, play: impl FnOnce(&mut Session) -> T) -> T {
    let status = world.call();
    aside(&format!(
        "the ACS calls the box (connection request, Digest): HTTP {status}"
    ));
    assert_eq!(status, 200, "the connection request has to be accepted");
    acs.session(|s| {
        let inform = s.inform();
        expect_events(&inform, &["6 CONNECTION REQUEST"]);
        let result = play(s);
        s.end();
        result
    })
}

pub fn expect_events(inform: &Inform, expected: &[&str]) {
    let events: Vec<_> = inform.event.iter().map(|e| e.event_code.as_str()).collect();
    for event in expected {
        assert!(
            events.contains(event),
            "expected the event {event:?} in Inform; got {events:?}"
        );
    }
}

/// The value of a parameter in a list.
pub fn found<'a>(values: &'a [ParameterValue], name: &str) -> &'a str {
    let value = values.iter().find(|value| value.name == name);
    let Some(value) = value else {
        panic!("expected a value of {name}; there is none");
    };
    &value.value
}

/// Waits for something that happens soon.
pub fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(
            Instant::now() < deadline,
            "expected within {} s: {what}",
            PATIENCE.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    aside(what);
}

fn first_contact(world: &World) {
    world.acs_a.session(|s| {
        let inform = s.inform();
        expect_events(&inform, &["0 BOOTSTRAP", "1 BOOT"]);
        world.remember_request_url(&inform);
        let methods = s.methods();
        assert!(methods.iter().any(|method| method == "FactoryReset"));
        let top = s.names("Device.", true);
        let zwave = top.iter().any(|info| info.name == "Device.Zwave.");
        assert!(zwave, "expected Device.Zwave. directly below Device.");
        let all = s.names("Device.", false);
        assert!(all.len() > top.len(), "expected more below than at the top");
        s.end();
    });
}

fn read_everything(world: &World) {
    on_request(world, &world.acs_a, |s| {
        let all = s.get(&["Device."]);
        assert_eq!(found(&all, URL), world.acs_a.url());
        let zwave = s.get(&["Device.Zwave."]);
        let nodes = zwave
            .iter()
            .filter(|value| value.name.ends_with(".NodeID"))
            .count();
        assert!(nodes >= 10, "expected at least 10 nodes; got {nodes}");
        aside(&format!("that are {nodes} Z-Wave nodes, as Luup has them"));
    });
}

fn new_settings(world: &World) {
    let (node, path) = on_request(world, &world.acs_a, |s| {
        let zwave = s.get(&["Device.Zwave.Interface."]);
        let sleeper = zwave
            .iter()
            .find(|value| value.name.ends_with(".WakeUpInterval") && value.value == "1800");
        let Some(sleeper) = sleeper else {
            panic!("expected a node that wakes up every 1800 s");
        };
        let path = sleeper.name.clone();
        let number = path
            .split('.')
            .nth(3)
            .and_then(|number| number.parse().ok());
        let node: u32 = number.expect("an instance number in the path");
        let values = [
            (INTERVAL, XsdType::UnsignedInt, "3600"),
            (path.as_str(), XsdType::UnsignedInt, "7200"),
        ];
        let status = s.set(&values, "settings-1");
        assert_eq!(
            status,
            Status::Pending,
            "expected Status 1: a sleeping node takes its value later"
        );
        assert_eq!(s.value(INTERVAL), "3600");
        (node, path)
    });
    soon(&format!("Luup has 7200 for {path}"), || {
        let value = world.luup.get(node, "ZWaveDevice1", "WakeupInterval");
        value.as_deref() == Some("7200")
    });
    soon("UCI has cwmpd.acs.periodic_inform_interval 3600", || {
        world.uci("acs", "periodic_inform_interval") == "3600"
    });
}

fn an_object(world: &World) {
    let table = "Device.ManagementServer.InformParameter.";
    let path = "Device.DeviceInfo.UpTime";
    aside("every Inform is to carry UpTime: that takes an object");
    let instance = on_request(world, &world.acs_a, |s| {
        let (instance, _) = s.add(table, "object-1");
        let object = format!("{table}{instance}.");
        let values = [
            (format!("{object}ParameterName"), XsdType::String, path),
            (format!("{object}Enable"), XsdType::Boolean, "1"),
        ];
        let values = values
            .each_ref()
            .map(|(name, xsi, value)| (name.as_str(), *xsi, *value));
        s.set(&values, "object-2");
        instance
    });
    assert_eq!(
        world.call(),
        200,
        "the connection request has to be accepted"
    );
    world.acs_a.session(|s| {
        let inform = s.inform();
        let up_time = found(&inform.parameter_list, path);
        aside(&format!(
            "Inform says now: up for {up_time} s; the object may go"
        ));
        s.delete(&format!("{table}{instance}."), "object-3");
        let (next, _) = s.add(table, "object-4");
        assert!(
            next > instance,
            "expected a number that was never used; got {next} after {instance}"
        );
        s.delete(&format!("{table}{next}."), "object-5");
        assert!(s.names(table, true).is_empty(), "expected an empty table");
        s.end();
    });
}

fn a_sensor(world: &World) {
    let path = on_request(world, &world.acs_a, |s| {
        let values = s.get(&["Device.Zwave.Value."]);
        let of_door = values
            .iter()
            .find(|value| value.name.ends_with(".DeviceName") && value.value == "Porte d'entrée");
        let Some(of_door) = of_door else {
            panic!("expected what the sensor of the front door says");
        };
        let rows = values.iter().filter(|value| value.value == "Tripped");
        let device = |name: &str| name.split('.').nth(3).map(|row| row[..2].to_owned());
        let mut rows = rows.filter(|value| device(&value.name) == device(&of_door.name));
        let Some(row) = rows.next() else {
            panic!("expected whether it is tripped");
        };
        let path = row
            .name
            .replace(".Variable", ".Value")
            .replace(".Name", ".Value");
        assert_eq!(s.value(&path), "0");
        s.notify(&path, 2);
        let attributes = s.attributes(&[&path]);
        assert_eq!(attributes[0].notification, 2);
        path
    });
    aside("in the house, the front door opens");
    world
        .luup
        .set(DOOR, "SecuritySensor1", "LastTrip", "1445000100");
    world.luup.set(DOOR, "SecuritySensor1", "Tripped", "1");
    world.acs_a.session(|s| {
        let inform = s.inform();
        expect_events(&inform, &["4 VALUE CHANGE"]);
        assert_eq!(found(&inform.parameter_list, &path), "1");
        s.end();
    });
}

fn two_mistakes(world: &World) {
    on_request(world, &world.acs_a, |s| {
        let values = [
            (
                "Device.ManagementServer.PeriodicInformEnable",
                XsdType::Boolean,
                "0",
            ),
            ("Device.DeviceInfo.UpTime", XsdType::UnsignedInt, "1"),
            (INTERVAL, XsdType::UnsignedInt, "0"),
        ];
        let fault = s.set_refused(&values, "mistake");
        let codes: Vec<_> = fault.parameters.iter().map(|one| one.code).collect();
        assert_eq!((fault.code, codes), (9003, vec![9008, 9007]));
        assert_eq!(s.value("Device.ManagementServer.PeriodicInformEnable"), "1");
        assert_eq!(s.value("Device.ManagementServer.ParameterKey"), "object-5");
    });
}

fn a_switch(world: &World) {
    let on = [(LAMP_IS_ON, XsdType::String, "1")];
    on_request(world, &world.acs_a, |s| {
        assert_eq!(s.value(LAMP_IS_ON), "0");
        let fault = s.set_refused(&on, "lamp-1");
        assert_eq!(fault.parameters[0].code, 9008, "nobody allowed it");
    });
    aside("whoever owns the box sets luup.actuators to 1");
    world.set_uci("luup", "actuators", "1");
    on_request(world, &world.acs_a, |s| {
        assert_eq!(s.set(&on, "lamp-2"), Status::Applied);
        assert_eq!(s.value(LAMP_IS_ON), "1");
    });
    soon("in the house, the lamp of the hall is on", || {
        let status = world.luup.get(LAMP, "SwitchPower1", "Status");
        status.as_deref() == Some("1")
    });
}

fn the_move(world: &World) {
    on_request(world, &world.acs_a, |s| {
        let url = world.acs_b.url();
        s.set(&[(URL, XsdType::String, &url)], "moved");
    });
    world.acs_b.session(|s| {
        let inform = s.inform();
        expect_events(&inform, &["0 BOOTSTRAP"]);
        assert_eq!(s.value(URL), world.acs_b.url());
        s.end();
    });
    soon("UCI has the new cwmpd.acs.url", || {
        world.uci("acs", "url") == world.acs_b.url()
    });
}
