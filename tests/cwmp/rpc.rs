//! What the ACS can call (TR-069 A.3.1, A.3.2, A.4.1), through whole sessions.

use cwmpd::base::xsd::XsdType;
use cwmpd::cwmp::METHODS;
use cwmpd::soap::{DuOperation, Fault, Message, ParameterValue, SetParameterAttributes, Status};

use crate::files::{download, schedule, upload};
use crate::world::{Talk, World, notify, set_values};

/// A session of a box that its ACS knows, after the InformResponse.
fn session(world: &mut World) -> Talk<'_> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk
}

fn get(paths: &[&str]) -> Message {
    Message::GetParameterValues {
        parameter_names: paths.iter().map(|p| (*p).to_owned()).collect(),
    }
}

fn names(path: &str, next_level: bool) -> Message {
    Message::GetParameterNames {
        parameter_path: path.to_owned(),
        next_level,
    }
}

fn attributes(paths: &[&str]) -> Message {
    Message::GetParameterAttributes {
        parameter_names: paths.iter().map(|p| (*p).to_owned()).collect(),
    }
}

fn add(path: &str, key: &str) -> Message {
    Message::AddObject {
        object_name: path.to_owned(),
        parameter_key: key.to_owned(),
    }
}

fn delete(path: &str, key: &str) -> Message {
    Message::DeleteObject {
        object_name: path.to_owned(),
        parameter_key: key.to_owned(),
    }
}

#[track_caller]
fn values(talk: &mut Talk<'_>, paths: &[&str]) -> Vec<(String, String)> {
    match talk.call(get(paths)) {
        Message::GetParameterValuesResponse { parameter_list } => parameter_list
            .into_iter()
            .map(|p| (p.name, p.value))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn listed(talk: &mut Talk<'_>, path: &str, next_level: bool) -> Vec<(String, bool)> {
    match talk.call(names(path, next_level)) {
        Message::GetParameterNamesResponse { parameter_list } => parameter_list
            .into_iter()
            .map(|p| (p.name, p.writable))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn inner(fault: &Fault) -> Vec<(&str, u32)> {
    let parameters = fault.parameters.iter();
    parameters
        .map(|p| (p.parameter_name.as_str(), p.code))
        .collect()
}

#[test]
fn t60_the_method_list_is_honest_both_ways() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let Message::GetRPCMethodsResponse { method_list } = talk.call(Message::GetRPCMethods) else {
        panic!("no list");
    };
    assert_eq!(method_list, METHODS);
    let calls = [
        Message::GetRPCMethods,
        set_values(&[], ""),
        get(&["Device.Home."]),
        names("Device.", true),
        notify("Home.Name", 1),
        attributes(&["Device."]),
        add("Device.Home.Room.", ""),
        delete("Device.Home.Room.1.", ""),
        Message::Reboot {
            command_key: String::new(),
        },
        Message::FactoryReset,
        Message::ScheduleInform {
            delay_seconds: 1,
            command_key: String::new(),
        },
        Message::Download(download("")),
        Message::Upload(upload("")),
        Message::ScheduleDownload(schedule("", &[(10, 20, "1 At Any Time", 0)])),
        Message::GetQueuedTransfers,
        Message::GetAllQueuedTransfers,
        Message::CancelTransfer {
            command_key: String::new(),
        },
        Message::ChangeDUState {
            operations: vec![DuOperation::default()],
            command_key: String::new(),
        },
    ];
    for call in &calls {
        assert!(METHODS.contains(&call.name()));
        let answer = talk.call(call.clone());
        assert_eq!(answer.name(), format!("{}Response", call.name()));
    }
    assert_eq!(calls.len(), METHODS.len());
}

#[test]
fn w16_what_is_not_supported_is_answered_with_9000_and_the_session_goes_on() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let unknown = ["SetVouchers", "GetOptions", "X_ABCDEF_Dance"].map(|method| Message::Unknown {
        method: method.to_owned(),
    });
    let unsupported = [
        Message::Inform(Default::default()),
        Message::TransferComplete(Default::default()),
    ];
    for call in unknown.into_iter().chain(unsupported) {
        assert_eq!(talk.fault(call.clone()).code, 9000, "{}", call.name());
    }
    talk.end();
}

#[test]
fn w16_names_of_a_parameter_with_next_level_are_9003() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    assert_eq!(talk.fault(names("Device.Home.Light", true)).code, 9003);
    let light = [("Device.Home.Light".to_owned(), true)];
    assert_eq!(listed(&mut talk, "Device.Home.Light", false), light);
}

#[test]
fn w16_a_wrong_xsi_type_is_9006() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let fault = talk.fault(Message::SetParameterValues {
        parameter_list: vec![ParameterValue {
            name: "Device.Home.Level".to_owned(),
            value: "5".to_owned(),
            xsi_type: Some(XsdType::DateTime),
        }],
        parameter_key: String::new(),
    });
    assert_eq!(fault.code, 9003);
    assert_eq!(inner(&fault), [("Device.Home.Level", 9006)]);
}

#[test]
fn w16_a_source_without_a_value_does_not_fault_the_others() {
    let mut world = World::known_with(1, "Home.Broken;STRING;1;0;0;0;0;0;;;;;;;live:nothing");
    let mut talk = session(&mut world);
    let got = values(&mut talk, &["Device.Home.Broken", "Device.Home.Name"]);
    assert_eq!(got[0].1, "");
    assert_eq!(got[1].1, "attic");
}

#[test]
fn the_names_at_each_level() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    assert_eq!(listed(&mut talk, "", true), [("Device.".to_owned(), false)]);
    assert_eq!(listed(&mut talk, "Device.Home.Room.", true), []);
    talk.call(add("Device.Home.Room.", ""));
    let rooms = [("Device.Home.Room.1.".to_owned(), true)];
    assert_eq!(listed(&mut talk, "Device.Home.Room.", true), rooms);
    let below = listed(&mut talk, "Device.Home.Room.", false);
    assert_eq!(
        below,
        [
            ("Device.Home.Room.".to_owned(), true),
            ("Device.Home.Room.1.".to_owned(), true),
            ("Device.Home.Room.1.Name".to_owned(), true),
        ]
    );
    assert_eq!(
        listed(&mut talk, "", false),
        listed(&mut talk, "Device.", false)
    );
    for unknown in ["Device.Nothing", "Device.Home", "Device.Home.Light."] {
        assert_eq!(talk.fault(names(unknown, false)).code, 9005, "{unknown}");
    }
}

#[test]
fn the_values_of_full_partial_and_overlapping_paths_come_once() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let name = ("Device.Home.Name".to_owned(), "attic".to_owned());
    assert_eq!(
        values(&mut talk, &["Device.Home.Name"]),
        std::slice::from_ref(&name)
    );
    let all = values(&mut talk, &[""]);
    assert_eq!(all, values(&mut talk, &["Device."]));
    assert_eq!(
        all,
        values(&mut talk, &["Device.Home.Name", "", "Device.Home."])
    );
    assert_eq!(all.iter().filter(|entry| **entry == name).count(), 1);
    assert_eq!(values(&mut talk, &["Device.Home.Room."]), []);
    for bad in [
        &["Device.Home.Name", "Device.Nothing"][..],
        &["Device.", "Device.Nothing"],
        &["Device.Home"],
        &["Device.Home.Room.1."],
    ] {
        assert_eq!(talk.fault(get(bad)).code, 9005, "{bad:?}");
    }
}

#[test]
fn w25_a_path_that_is_asked_for_again_and_again_is_walked_once() {
    let rows: Vec<String> = (0..2000)
        .map(|n| format!("Large.P{n};UINT;0;1;1;0;0;0;;7"))
        .collect();
    let mut world = World::known_with(1, &rows.join("\n"));
    let mut talk = session(&mut world);
    let often = ["Device.Large."; 4096];
    assert_eq!(values(&mut talk, &often).len(), 2000);
    let Message::GetParameterAttributesResponse { parameter_list } = talk.call(attributes(&often))
    else {
        panic!("no attributes");
    };
    assert_eq!(parameter_list.len(), 2000);
    // What is not walked is still looked up.
    let unknown = ["Device.Large.", "Device.Large.None"];
    assert_eq!(talk.fault(get(&unknown)).code, 9005);
}

#[test]
fn a_response_that_would_be_too_big_is_9004() {
    let rows: Vec<String> = (0..160)
        .map(|n| format!("Home.Sensor{n};STRING;1;0;0;0;0;0;;;;;;;live:sensor"))
        .collect();
    let mut world = World::known_with(1, &rows.join("\n"));
    world.live.set("sensor", &"x".repeat(60_000));
    let mut talk = session(&mut world);
    assert_eq!(talk.fault(get(&["Device."])).code, 9004);
    let many: Vec<&str> = vec!["Device.Home.Name"; 4097];
    assert_eq!(talk.fault(get(&many)).code, 9004);
    assert_eq!(talk.fault(attributes(&many)).code, 9004);
    assert_eq!(values(&mut talk, &["Device.Home.Name"]).len(), 1);
}

#[test]
fn a_set_is_all_or_nothing_and_names_every_bad_parameter() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let fault = talk.fault(set_values(
        &[
            ("Home.Level", "101"),
            ("Home.Name", "cellar"),
            ("Home.Statistics", "1"),
            ("Home.Nothing", "1"),
            ("Home.", "1"),
        ],
        "new",
    ));
    assert_eq!(fault.code, 9003);
    assert_eq!(
        inner(&fault),
        [
            ("Device.Home.Level", 9007),
            ("Device.Home.Statistics", 9008),
            ("Device.Home.Nothing", 9005),
            ("Device.Home.", 9005),
        ]
    );
    let after = values(
        &mut talk,
        &["Device.Home.Name", "Device.ManagementServer.ParameterKey"],
    );
    assert_eq!(after[0].1, "attic");
    assert_eq!(after[1].1, "");
}

#[test]
fn a_set_is_in_force_at_once_and_survives_a_power_cut() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let answer = talk.call(set_values(&[("Home.Name", "cellar")], "key é"));
    let status = Status::Applied;
    assert_eq!(answer, Message::SetParameterValuesResponse { status });
    let got = values(&mut talk, &["Device.Home.Name"]);
    assert_eq!(got[0].1, "cellar");
    talk.breaks();
    world.power_cut(std::time::Duration::from_secs(1));
    assert_eq!(world.value("Home.Name"), "cellar");
    let talk = world.open();
    assert_eq!(
        talk.reported("ManagementServer.ParameterKey"),
        Some("key é")
    );
}

#[test]
fn an_empty_set_only_sets_the_parameter_key() {
    let mut world = World::known();
    session(&mut world).call(set_values(&[], "only"));
    assert_eq!(world.value("ManagementServer.ParameterKey"), "only");
}

#[test]
fn the_same_parameter_twice_is_9003() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let twice = [("Home.Level", "1"), ("Home.Level", "2")];
    assert_eq!(talk.fault(set_values(&twice, "")).code, 9003);
    let got = values(&mut talk, &["Device.Home.Level"]);
    assert_eq!(got[0].1, "7");
}

#[test]
fn keys_of_32_characters_fit_however_many_bytes_and_33_are_9003() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    talk.call(set_values(&[], &"é".repeat(32)));
    let long = "k".repeat(33);
    let calls = [
        set_values(&[("Home.Name", "cellar")], &long),
        add("Device.Home.Room.", &long),
        delete("Device.Home.Room.1.", &long),
        Message::Reboot {
            command_key: long.clone(),
        },
        Message::ScheduleInform {
            delay_seconds: 1,
            command_key: long.clone(),
        },
    ];
    for call in calls {
        assert_eq!(talk.fault(call.clone()).code, 9003, "{}", call.name());
    }
    assert_eq!(talk.end(), [cwmpd::cwmp::Action::SettingsApplied]);
    assert_eq!(world.value("Home.Name"), "attic");
}

#[test]
fn attributes_are_set_in_order_and_read_back() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let entry = |name: &str, notification| SetParameterAttributes {
        name: name.to_owned(),
        notification: Some(notification),
        access_list: None,
    };
    talk.call(Message::SetParameterAttributes {
        parameter_list: vec![entry("Device.Home.", 1), entry("Device.Home.Name", 2)],
    });
    let read = talk.call(attributes(&["Device.Home.Name", "Device.Home.Level"]));
    let Message::GetParameterAttributesResponse { parameter_list } = read else {
        panic!("{read:?}");
    };
    let notifications: Vec<_> = parameter_list.iter().map(|p| p.notification).collect();
    assert_eq!(notifications, [2, 1]);
    assert_eq!(talk.fault(notify("Home.Statistics", 2)).code, 9009);
    assert_eq!(talk.fault(notify("Home.Name", 7)).code, 9003);
    assert_eq!(talk.fault(notify("Home.Nothing", 1)).code, 9005);
    assert_eq!(talk.fault(attributes(&["Device.Nothing"])).code, 9005);
}

#[test]
fn attributes_below_a_path_change_as_far_as_each_parameter_allows() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let entry = |name: &str| SetParameterAttributes {
        name: name.to_owned(),
        notification: Some(2),
        access_list: Some(Vec::new()),
    };
    let set = |name: &str| Message::SetParameterAttributes {
        parameter_list: vec![entry(name)],
    };
    let read = |talk: &mut Talk<'_>| match talk
        .call(attributes(&["Device.Home.Name", "Device.Home.Statistics"]))
    {
        Message::GetParameterAttributesResponse { parameter_list } => parameter_list
            .into_iter()
            .map(|p| (p.notification, p.access_list.len()))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(talk.fault(set("Device.Home.Statistics")).code, 9009);
    assert_eq!(
        read(&mut talk),
        [(0, 1), (0, 1)],
        "a refused one changes nothing"
    );
    let answer = talk.call(set("Device.Home."));
    assert_eq!(answer, Message::SetParameterAttributesResponse);
    assert_eq!(read(&mut talk), [(2, 0), (0, 0)]);
    // One bad entry refuses the list, wherever it stands.
    let answer = talk.fault(Message::SetParameterAttributes {
        parameter_list: vec![
            SetParameterAttributes {
                notification: Some(0),
                ..entry("Device.Home.Name")
            },
            entry("Device.Nothing."),
        ],
    });
    assert_eq!(answer.code, 9005);
    assert_eq!(read(&mut talk), [(2, 0), (0, 0)]);
}

#[test]
fn every_form_of_a_boolean_is_taken_and_what_is_none_is_9006() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let set = |value: &str| Message::SetParameterValues {
        parameter_list: vec![ParameterValue {
            name: "Device.Home.Light".to_owned(),
            value: value.to_owned(),
            xsi_type: Some(XsdType::Boolean),
        }],
        parameter_key: String::new(),
    };
    for (form, kept) in [("true", "1"), ("0", "0"), ("1", "1"), ("false", "0")] {
        let answer = talk.call(set(form));
        assert_eq!(answer.name(), "SetParameterValuesResponse", "{form}");
        let read = values(&mut talk, &["Device.Home.Light"]);
        assert_eq!(read[0].1, kept, "{form}");
    }
    for none in ["yes", "TRUE", "2", ""] {
        let fault = talk.fault(set(none));
        assert_eq!(inner(&fault), [("Device.Home.Light", 9006)], "{none}");
    }
}

#[test]
fn what_is_not_in_force_at_once_has_status_1_and_is_read_back() {
    let mut world = World::known_with(1, "Home.Later;STRING:64;0;1;0;0;0;0;;old");
    let mut talk = session(&mut world);
    let answer = talk.call(set_values(
        &[("Home.Later", "new"), ("Home.Name", "cellar")],
        "k",
    ));
    assert_eq!(
        answer,
        Message::SetParameterValuesResponse {
            status: Status::Pending
        }
    );
    let read = values(&mut talk, &["Device.Home.Later"]);
    assert_eq!(read[0].1, "new");
    let answer = talk.call(set_values(&[("Home.Name", "attic")], "k"));
    assert_eq!(
        answer,
        Message::SetParameterValuesResponse {
            status: Status::Applied
        }
    );
    talk.end();
}

#[test]
fn objects_come_and_go_and_no_number_is_used_twice() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    for number in 1..=3 {
        let answer = talk.call(add("Device.Home.Room.", "k"));
        assert_eq!(
            answer,
            Message::AddObjectResponse {
                instance_number: number,
                status: Status::Applied
            }
        );
        talk.call(delete(&format!("Device.Home.Room.{number}."), "k"));
    }
    for bad in ["Device.Home.", "Device.Home.Room", "Device.Nothing."] {
        assert_eq!(talk.fault(add(bad, "")).code, 9005, "{bad}");
    }
    for bad in ["Device.Home.Room.1.", "Device.Home.", "Device.Home.Room."] {
        assert_eq!(talk.fault(delete(bad, "")).code, 9005, "{bad}");
    }
}

#[test]
fn schedule_inform_of_0_is_9003_and_too_many_are_9004() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let schedule = |delay_seconds| Message::ScheduleInform {
        delay_seconds,
        command_key: "k".to_owned(),
    };
    assert_eq!(talk.fault(schedule(0)).code, 9003);
    for _ in 0..49 {
        assert_eq!(talk.call(schedule(5)), Message::ScheduleInformResponse);
    }
    assert_eq!(talk.fault(schedule(5)).code, 9004);
    talk.end();
    world.wait(std::time::Duration::from_secs(5)).unwrap();
    let talk = world.open();
    assert_eq!(talk.events().len(), 50, "none is lost");
    talk.serve(&[]);
}
