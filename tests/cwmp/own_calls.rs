//! What the box calls by itself: Inform (TR-069 A.3.3.1), and GetRPCMethods (A.3.1.1).

use std::time::Duration;

use cwmpd::soap::{CwmpVersion, Envelope, Message};

use crate::world::{World, ended, envelope};

#[test]
fn inform_has_the_device_id_the_time_and_exactly_the_forced_parameters() {
    let mut world = World::fresh();
    let talk = world.open();
    let id = &talk.inform.device_id;
    assert_eq!(
        [
            &id.manufacturer,
            &id.oui,
            &id.product_class,
            &id.serial_number
        ],
        ["Maker", "0A0B0C", "Home", "42"]
    );
    assert_eq!(talk.inform.max_envelopes, 1);
    assert_eq!(talk.inform.current_time, "2026-01-02T04:04:05+01:00");
    assert_eq!(talk.inform.retry_count, 0);
    let mut reported: Vec<_> = talk.inform.parameter_list.iter().map(|p| &p.name).collect();
    reported.sort();
    assert_eq!(
        reported,
        [
            "Device.DeviceInfo.ProvisioningCode",
            "Device.DeviceInfo.SoftwareVersion",
            "Device.ManagementServer.ParameterKey"
        ]
    );
    assert_eq!(talk.header.session_timeout, Some(60));
    assert_eq!(talk.header.supported_cwmp_versions.len(), 5);
}

#[test]
fn no_acs_is_told_to_wait_less_than_30_seconds() {
    let mut world = World::known();
    world.options.session_timeout = Duration::from_secs(5);
    world.engine.configure(world.options.clone());
    world.engine.connection_request(world.now);
    assert_eq!(world.open().header.session_timeout, Some(30));
}

#[test]
fn w18_values_are_whole_in_inform() {
    let long = "é".repeat(5000);
    let mut world = World::known_with(1, "Home.Sensor;STRING;1;0;0;2;0;0;;;;;;;live:sensor");
    world.live.set("sensor", &long);
    world.engine.connection_request(world.now);
    let talk = world.open();
    assert_eq!(talk.reported("Home.Sensor"), Some(long.as_str()));
}

#[test]
fn the_acs_is_asked_for_its_methods_after_bootstrap_if_wanted() {
    let mut world = World::fresh();
    world.options.ask_acs_methods = true;
    world.power_cut(Duration::from_secs(1));
    let mut talk = world.open();
    talk.accept();
    let asked = Envelope::parse(talk.post.body.as_bytes()).unwrap();
    assert_eq!(asked.body, Message::GetRPCMethods);
    let answer = Message::GetRPCMethodsResponse {
        method_list: vec!["Inform".to_owned()],
    };
    talk.says(200, envelope(talk.version, asked.header, answer));
    assert!(talk.post.body.is_empty());
    talk.end();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    assert!(talk.post.body.is_empty(), "asked once");
}

#[test]
fn an_acs_that_answers_400_to_a_request_of_ours_is_not_asked_again() {
    let mut world = World::fresh();
    world.options.ask_acs_methods = true;
    world.power_cut(Duration::from_secs(1));
    let mut talk = world.open();
    talk.accept();
    ended(talk.says(400, "8000 Method not supported".to_owned()));
    world.wait(Duration::from_secs(10)).unwrap();
    let talk = world.open();
    assert_eq!(talk.version, CwmpVersion::V1_2);
    talk.serve(&[]);
}
