//! How long a message of the box may be, whatever the ACS asks and whatever has changed.

use std::collections::BTreeMap;
use std::time::Duration;

use cwmpd::cwmp::{EventCode, Outcome, Output};
use cwmpd::datamodel::model::Requester;
use cwmpd::soap::{CwmpVersion, Fault, Header, Message, ParameterValue, must_understand_fault};

use crate::world::{Talk, World, ended, envelope, set_here, set_values};

/// As the engine has it: of an Inform, of a response, and what stands around them.
const MAX_INFORM: usize = 256 * 1024;
const MAX_RESPONSE: usize = 8 << 20;
const AROUND: usize = 4096;

/// A known box with `count` parameters whose changes are told actively (2) or passively (1).
fn many(count: usize, notification: u8) -> World {
    let row = |n| format!("X_Many.P{n};STRING;0;1;1;{notification};0;0");
    let rows: Vec<String> = (0..count).map(row).collect();
    let mut world = World::known_with(1, &rows.join("\n"));
    // The first value is what changes are told from.
    world.look();
    world
}

/// Somebody on the box sets them.
fn set(world: &mut World, values: &[(String, String)]) {
    let values: Vec<ParameterValue> = values
        .iter()
        .map(|(name, value)| ParameterValue {
            name: format!("Device.{name}"),
            value: value.clone(),
            xsi_type: None,
        })
        .collect();
    set_here(&mut world.model, Requester::Local, &values).unwrap();
    world.look();
}

fn session(world: &mut World) -> Talk<'_> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk
}

#[test]
fn f20_changes_that_an_inform_has_no_room_for_are_told_by_the_next_at_once() {
    for notification in [1, 2] {
        let mut world = many(10, notification);
        let values: BTreeMap<String, String> = (0..10)
            .map(|n| (format!("X_Many.P{n}"), format!("{n}{}", "x".repeat(60_000))))
            .collect();
        set(&mut world, &values.clone().into_iter().collect::<Vec<_>>());
        world.engine.connection_request(world.now);
        let mut told = BTreeMap::new();
        let mut informs = 0;
        while world.wait(Duration::from_secs(1)).is_some() {
            informs += 1;
            let talk = world.open();
            assert!(talk.post.body.len() <= MAX_INFORM + AROUND);
            assert!(talk.events().contains(&"4 VALUE CHANGE".to_owned()));
            for parameter in &talk.inform.parameter_list {
                let name = parameter.name.strip_prefix("Device.").unwrap().to_owned();
                if name.starts_with("X_Many.") {
                    let before = told.insert(name, parameter.value.clone());
                    assert_eq!(before, None, "each once");
                }
            }
            talk.serve(&[]);
        }
        assert_eq!(told, values);
        assert_eq!(informs, 3, "four at a time");
    }
}

#[test]
fn f20_what_waits_for_its_inform_survives_a_failed_session_and_a_power_cut() {
    let mut world = many(6, 1);
    let value = |n: usize| (format!("X_Many.P{n}"), "x".repeat(60_000));
    set(&mut world, &(0..6).map(value).collect::<Vec<_>>());
    world.engine.connection_request(world.now);
    world.open().serve(&[]);
    let count = |talk: &Talk<'_>| {
        let list = talk.inform.parameter_list.iter();
        list.filter(|p| p.name.starts_with("Device.X_Many."))
            .count()
    };
    let talk = world.open();
    assert_eq!(count(&talk), 2);
    talk.breaks();
    world.power_cut(Duration::from_secs(60));
    let talk = world.open();
    assert_eq!(count(&talk), 2);
    talk.serve(&[]);
    assert_eq!(world.wait(Duration::from_secs(3600)), None);
}

#[test]
fn f20_a_value_that_no_inform_has_room_for_keeps_no_other_waiting() {
    let mut world = many(3, 2);
    // Each of these characters takes five bytes.
    let long = ("X_Many.P1".to_owned(), "&".repeat(60_000));
    let short = |n| (format!("X_Many.P{n}"), "short".to_owned());
    set(&mut world, &[short(0), long, short(2)]);
    world.wait(Duration::from_secs(3600)).unwrap();
    let talk = world.open();
    assert!(talk.post.body.len() <= MAX_INFORM + AROUND);
    assert_eq!(talk.reported("X_Many.P0"), Some("short"));
    assert_eq!(talk.reported("X_Many.P1"), None);
    assert_eq!(talk.reported("X_Many.P2"), Some("short"));
    talk.serve(&[]);
    assert_eq!(world.wait(Duration::from_secs(3600)), None);
}

#[test]
fn f20_forced_parameters_have_room_and_selected_ones_what_is_left() {
    const TABLE: &str = "ManagementServer.InformParameter";
    let mut rows = format!(
        "{TABLE}.1.Enable;BOOLEAN;0;1;1;0;0;0;;1
{TABLE}.1.ParameterName;STRING:256;0;1;1;0;0;0;;Device.X_Many.
{TABLE}.1.EventList;STRING[];0;1;1;0;0;0
"
    );
    for n in 0..8 {
        rows += &format!("X_Many.P{n};STRING;0;1;1;0;0;0\n");
    }
    let mut world = World::known_with(1, &rows);
    let value = |n: usize| (format!("X_Many.P{n}"), "x".repeat(60_000));
    set(&mut world, &(0..8).map(value).collect::<Vec<_>>());
    world.set("DeviceInfo.ProvisioningCode", "changed");
    let periodic = Some(EventCode::Periodic);
    world.engine.inform(periodic, world.now).unwrap();
    let talk = world.open();
    assert!(talk.post.body.len() <= MAX_INFORM + AROUND);
    let code = talk.reported("DeviceInfo.ProvisioningCode");
    assert_eq!(code, Some("changed"));
    assert!(talk.reported("ManagementServer.ParameterKey").is_some());
    let list = talk.inform.parameter_list.iter();
    let selected = list
        .filter(|p| p.name.starts_with("Device.X_Many."))
        .count();
    assert_eq!(selected, 4);
    talk.serve(&[]);
    assert_eq!(world.wait(Duration::from_secs(3600)), None);
}

#[test]
fn f20_a_response_is_bounded_as_it_is_written() {
    let mut world = many(40, 0);
    // 2.4 MB as they are, 12 MB as XML writes them.
    let value = |n: usize| (format!("X_Many.P{n}"), "&".repeat(60_000));
    set(&mut world, &(0..40).map(value).collect::<Vec<_>>());
    let mut talk = session(&mut world);
    let all = Message::GetParameterValues {
        parameter_names: vec!["Device.X_Many.".to_owned()],
    };
    assert_eq!(talk.fault(all).code, 9004);
    let some = (0..26).map(|n| format!("Device.X_Many.P{n}")).collect();
    talk.call(Message::GetParameterValues {
        parameter_names: some,
    });
    assert!(talk.post.body.len() <= MAX_RESPONSE + AROUND);
}

#[test]
fn a_response_of_attributes_is_bounded_as_it_is_written() {
    let mut world = many(900, 0);
    let mut talk = session(&mut world);
    let everybody = cwmpd::soap::SetParameterAttributes {
        name: "Device.X_Many.".to_owned(),
        notification: None,
        access_list: Some(vec!["&".repeat(64); 32]),
    };
    talk.call(Message::SetParameterAttributes {
        parameter_list: vec![everybody],
    });
    // 2 MB as they are, 10 MB as XML writes them.
    let all = Message::GetParameterAttributes {
        parameter_names: vec!["Device.X_Many.".to_owned()],
    };
    assert_eq!(talk.fault(all).code, 9004);
    let some = (0..700).map(|n| format!("Device.X_Many.P{n}")).collect();
    talk.call(Message::GetParameterAttributes {
        parameter_names: some,
    });
    let bytes = talk.post.body.len();
    assert!(bytes > MAX_RESPONSE / 2 && bytes <= MAX_RESPONSE + AROUND);
}

#[test]
fn f20_a_fault_gives_back_little_of_what_it_refuses() {
    let long = "N".repeat(1 << 20);
    let mut world = World::known();
    let mut talk = session(&mut world);
    let names = |count: usize, length: usize| -> Message {
        let name = |n| format!("{n}{}", "&".repeat(length));
        let names: Vec<String> = (0..count).map(name).collect();
        let values: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "x")).collect();
        set_values(&values, "")
    };
    let path = |path: &str| Message::GetParameterValues {
        parameter_names: vec![path.to_owned()],
    };
    let object = |object_name: &str| Message::AddObject {
        object_name: object_name.to_owned(),
        parameter_key: String::new(),
    };
    let unknown = Message::Unknown {
        method: long.clone(),
    };
    let attributes = |name: &str, notification| Message::SetParameterAttributes {
        parameter_list: vec![cwmpd::soap::SetParameterAttributes {
            name: name.to_owned(),
            notification: Some(notification),
            access_list: None,
        }],
    };
    let key = |key: &str| Message::Reboot {
        command_key: key.to_owned(),
    };
    for (request, limit) in [
        (unknown, AROUND),
        (path(&long), AROUND),
        (object(&long), AROUND),
        (attributes(&long, 7), AROUND),
        (attributes(&long, 2), AROUND),
        (key(&long), AROUND),
        (names(1, 1 << 20), AROUND),
        (names(4096, 200), 64 * 1024 + AROUND),
        (set_values(&[("Home.Level", &long)], ""), AROUND),
        (set_values(&[("ManagementServer.URL", &long)], ""), AROUND),
    ] {
        let name = request.name().chars().take(30).collect::<String>();
        talk.fault(request);
        assert!(
            talk.post.body.len() <= limit,
            "{name}: {}",
            talk.post.body.len()
        );
    }
    // The refused request had no effect on the session.
    talk.call(path("Device.Home.Name"));
    talk.end();
}

#[test]
fn f20_an_id_too_long_to_give_back_is_refused() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let mut ask = |length: usize, body: Message| {
        let header = Header {
            id: Some("é".repeat(length)),
            ..Header::default()
        };
        let output = talk.says(200, envelope(CwmpVersion::V1_2, header, body));
        match output {
            Output::Post(post) => cwmpd::soap::Envelope::parse(post.body.as_bytes()).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let good = ask(1024, Message::GetRPCMethods);
    assert_eq!(good.header.id.map(|id| id.chars().count()), Some(1024));
    for request in [
        Message::GetRPCMethods,
        Message::Reboot {
            command_key: "not done".to_owned(),
        },
    ] {
        let refused = ask(1025, request);
        assert_eq!(refused.header.id, None);
        let Message::Fault(fault) = refused.body else {
            panic!("{:?}", refused.body);
        };
        assert_eq!(fault.code, 9003);
        assert!(fault.string.contains("longer than 1024 characters"));
    }
    assert_eq!(talk.end(), []);
}

#[test]
fn f20_why_a_session_failed_is_told_in_few_words() {
    let long = "é".repeat(1 << 20);
    let version = CwmpVersion::V1_2;
    let replies: [fn(&Talk<'_>, &str) -> String; 3] = [
        |talk, long| {
            let fault = Fault::with(8001, long);
            envelope(
                CwmpVersion::V1_2,
                talk.header.clone(),
                Message::Fault(fault),
            )
        },
        |talk, _| must_understand_fault(CwmpVersion::V1_2, &talk.header),
        |_, long| format!("<{long}/>"),
    ];
    for reply in replies {
        let mut world = World::fresh();
        let mut talk = world.open();
        assert_eq!(talk.version, version);
        let body = reply(&talk, &long);
        let Outcome::Failure(why) = ended(talk.says(200, body)) else {
            panic!("no failure");
        };
        assert!(why.chars().count() <= 400, "{}", why.len());
        let status = world.engine.status(world.now).to_string();
        assert!(status.len() < AROUND, "{}", status.len());
    }
}

#[test]
fn f20_a_device_id_keeps_to_the_lengths_of_the_schema() {
    let rows = "\
DeviceInfo.Manufacturer;STRING;1;0;0;0;0;0;;;;;;;live:long
DeviceInfo.ProductClass;STRING;1;0;0;0;0;0;;;;;;;live:long
DeviceInfo.SerialNumber;STRING;1;0;0;0;0;0;;;;;;;live:long
";
    let mut world = World::fresh_with(1, rows);
    world.live.set("long", &"é".repeat(1000));
    let talk = world.open();
    let id = &talk.inform.device_id;
    for field in [&id.manufacturer, &id.product_class, &id.serial_number] {
        assert_eq!(*field, "é".repeat(64));
    }
}
