//! What the box calls by itself: Inform (TR-069 A.3.3.1), and GetRPCMethods (A.3.1.1); and an ACS that
//! does not answer as it should.

use std::time::Duration;

use cwmpd::cwmp::{Input, Output};
use cwmpd::soap::{CwmpVersion, Envelope, Fault, Header, Message};

use crate::files::upload;
use crate::world::{Talk, World, ended, envelope};

const LONGEST_RETRY: Duration = Duration::from_secs(5120);

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

#[test]
fn s32_an_acs_that_lets_each_session_fail_at_a_completion_has_its_turn_in_the_end() {
    // What is optional for an ACS is answered so by many that do not know it.
    let refusals: [fn(&mut Talk<'_>) -> Output; 5] = [
        |talk| talk.says(500, "<html>no</html>".to_owned()),
        |talk| talk.says(204, String::new()),
        |talk| talk.says(200, "<half".to_owned()),
        |talk| {
            let call = envelope(talk.version, Header::default(), Message::GetRPCMethods);
            talk.says(200, call)
        },
        |talk| talk.input(Input::Dropped("closed".to_owned())),
    ];
    for refusal in refusals {
        let (mut world, _) = World::with_transfers(&[Message::Upload(upload("key"))]);
        world.moved(1, Ok(()));
        for again in 0..10 {
            world.wait(LONGEST_RETRY).expect("it is told again");
            let mut talk = world.open();
            assert_eq!(talk.events(), ["7 TRANSFER COMPLETE", "M Upload key"]);
            assert_eq!(talk.inform.retry_count, again);
            talk.accept();
            assert!(matches!(refusal(&mut talk), Output::End(_)));
        }
        // The session is repeated all the same, and now the ACS may ask.
        world.wait(LONGEST_RETRY).expect("retried");
        assert_eq!(world.events(), [""; 0]);
        assert_eq!(world.wait(LONGEST_RETRY), None);
    }
}

#[test]
fn s32_a_line_that_breaks_at_a_completion_loses_none() {
    let (mut world, _) = World::with_transfers(&[Message::Upload(upload("key"))]);
    world.moved(1, Ok(()));
    for _ in 0..20 {
        world.wait(LONGEST_RETRY).expect("it is told again");
        let mut talk = world.open();
        talk.accept();
        talk.breaks();
    }
    world.wait(LONGEST_RETRY).expect("it is told again");
    let mut talk = world.open();
    talk.accept();
    let told = talk.hears(Message::TransferCompleteResponse);
    assert_eq!(told.command_key, "key");
}

#[test]
fn s37_the_status_shows_what_an_acs_says_in_one_line_without_control() {
    const FORGED: &str = "x\nsession:       forged\r\u{9b}2J";
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[Message::ScheduleInform {
        delay_seconds: 1,
        command_key: FORGED.to_owned(),
    }]);
    world.wait(LONGEST_RETRY).unwrap();
    let mut talk = world.open();
    let refusal = Message::Fault(Fault::with(8002, FORGED));
    ended(talk.says(200, envelope(talk.version, Header::default(), refusal)));
    let status = world.engine.status(world.now).to_string();
    let shown = r"x\nsession:       forged\r\u{9b}2J";
    for line in [
        format!("failure: the ACS refused Inform: 8002 {shown}\n"),
        format!("its events:  3 SCHEDULED, M ScheduleInform ({shown})\n"),
        format!("pending:       3 SCHEDULED, M ScheduleInform ({shown})\n"),
    ] {
        assert!(status.contains(&line), "{status:?}");
    }
    assert!(!status.contains(|c: char| c.is_control() && c != '\n'));
}
