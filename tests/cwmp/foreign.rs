//! Calls as ACSs write them that do not keep to the letter.

use std::time::Duration;

use cwmpd::soap::{CwmpVersion, Envelope, Fault, Header, Message};

use crate::world::{Talk, World, envelope, set_values};

/// A session of a box that its ACS knows, after the InformResponse.
fn session(world: &mut World) -> Talk<'_> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk
}

/// A call with this ID.
fn call(id: &str, body: Message) -> String {
    let header = Header {
        id: Some(id.to_owned()),
        ..Header::default()
    };
    envelope(CwmpVersion::V1_2, header, body)
}

/// The fault that the box just answered with, and the ID.
#[track_caller]
fn fault(talk: &Talk<'_>) -> (Fault, Option<String>) {
    let answer = Envelope::parse(talk.post.body.as_bytes()).unwrap();
    match answer.body {
        Message::Fault(fault) => (fault, answer.header.id),
        other => panic!("no fault but {other:?}"),
    }
}

#[track_caller]
fn assert_answered_by(talk: &Talk<'_>, method: &str) {
    let answer = &talk.post.body;
    assert!(answer.contains(&format!("<cwmp:{method}>")), "{answer}");
}

#[test]
fn s10_a_call_without_a_key_is_carried_out_with_an_empty_one() {
    let without = |body: Message, key: &str| {
        let text = call("null", body);
        let missing = text.replace(&format!("<{key}></{key}>"), "");
        assert_ne!(text, missing);
        missing
    };
    let mut world = World::known();
    let mut talk = session(&mut world);
    talk.call(set_values(&[("Home.Name", "hall")], "before"));
    let set = set_values(&[("Home.Name", "loft")], "");
    talk.says(200, without(set, "ParameterKey"));
    assert_answered_by(&talk, "SetParameterValuesResponse");
    let command_key = String::new();
    talk.says(200, without(Message::Reboot { command_key }, "CommandKey"));
    assert_answered_by(&talk, "RebootResponse");
    talk.end();
    assert_eq!(world.value("ManagementServer.ParameterKey"), "");
    assert_eq!(world.value("Home.Name"), "loft");
    world.power_cut(Duration::from_secs(60));
    assert_eq!(world.events(), ["1 BOOT", "M Reboot"]);
}

#[test]
fn s10_a_whole_session_goes_by_whatever_ids_the_acs_writes() {
    for id in ["null", "", " 1 ", "of somebody else"] {
        let mut world = World::fresh();
        let mut talk = world.open();
        let accepted = Message::InformResponse { max_envelopes: 1 };
        talk.says(200, call(id, accepted));
        talk.says(200, call(id, set_values(&[("Home.Level", "8")], "k")));
        assert_answered_by(&talk, "SetParameterValuesResponse");
        let answer = Envelope::parse(talk.post.body.as_bytes()).unwrap();
        assert_eq!(answer.header.id.as_deref(), Some(id), "given back as it is");
        talk.end();
        assert_eq!(world.value("Home.Level"), "8");
    }
}

#[test]
fn s12_an_unsupported_method_is_9000_whatever_stands_in_it() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let nested = format!("{}{}", "<a>".repeat(20), "</a>".repeat(20));
    let methods = ["cwmp:GetOptions", "cwmp:SetVouchers", "x:Dance", "x:Reboot"];
    for method in methods {
        for arguments in ["", "<FileSize>much</FileSize><FileSize/>", &nested] {
            let text = call("7", Message::FactoryReset).replace(
                "<cwmp:FactoryReset></cwmp:FactoryReset>",
                &format!("<{method} xmlns:x='urn:x'>{arguments}</{method}>"),
            );
            talk.says(200, text);
            let (fault, id) = fault(&talk);
            assert_eq!((fault.code, id.as_deref()), (9000, Some("7")), "{method}");
        }
    }
    talk.end();
}

#[test]
fn s15_an_unknown_xsi_type_is_9006_for_its_parameter() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let typed = |xsi_type: &str| {
        let values = [("Home.Name", "loft"), ("Home.Level", "8")];
        call("7", set_values(&values, "k")).replace("xsi:type=\"xsd:unsignedInt\"", xsi_type)
    };
    // The last is a type of CWMP, and not that of the parameter.
    for unknown in [
        "xsd:unheardOf",
        "xsd:UnsignedInt",
        "xsd:integer",
        "soap-enc:Array",
        "xsd:int",
    ] {
        talk.says(200, typed(&format!("xsi:type=\"{unknown}\"")));
        let (fault, _) = fault(&talk);
        assert_eq!(fault.code, 9003, "{unknown}");
        let bad: Vec<_> = fault
            .parameters
            .iter()
            .map(|p| (p.parameter_name.as_str(), p.code))
            .collect();
        assert_eq!(bad, [("Device.Home.Level", 9006)], "{unknown}");
        assert_eq!(talk.world.value("Home.Name"), "attic", "all or nothing");
    }
    for known in [
        "",
        "xsi:type=\"xsd:anySimpleType\"",
        "xsi:type=\"soap-enc:unsignedInt\"",
    ] {
        talk.says(200, typed(known));
        assert_answered_by(&talk, "SetParameterValuesResponse");
    }
}
