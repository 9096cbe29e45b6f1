//! The rules of sessions on the wire, kept by the real program: framing, headers, connection
//! requests (TR-069 §3.2.2, §3.4, §3.5).

use std::net::TcpStream;
use std::time::Duration;

use cwmpd::soap::{CwmpVersion, Envelope, Header, Message};
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::http::Reply;

const URL: &str = "Device.ManagementServer.URL";

/// Long enough for a session that should not come.
const MOMENT: Duration = Duration::from_millis(300);

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home
}

fn start() -> ScriptedAcs {
    ScriptedAcs::start(AcsOptions::default())
}

/// The first contact is over and the box waits.
fn settled(acs: &ScriptedAcs, agent: &Daemon<'_>) {
    acs.quiet_session();
    wait_for("the end of the session", || {
        agent.status().contains("success").then_some(())
    });
}

fn envelope(version: CwmpVersion, id: Option<&str>, body: Message) -> String {
    let header = Header {
        id: id.map(str::to_owned),
        ..Header::default()
    };
    Envelope {
        version,
        header,
        body,
    }
    .emit()
}

fn get(version: CwmpVersion, id: Option<&str>) -> String {
    let parameter_names = vec![URL.to_owned()];
    envelope(version, id, Message::GetParameterValues { parameter_names })
}

#[test]
fn several_connection_requests_during_a_session_are_one_more_session() {
    let acs = start();
    let home = home(&acs);
    let agent = home.start();
    settled(&acs, &agent);
    let url = agent.connection_request_url();
    agent.inform();
    acs.session(|s| {
        s.receive_inform();
        for _ in 0..3 {
            assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
        }
        s.respond(Message::InformResponse { max_envelopes: 1 });
        s.end();
    });
    acs.session(|s| {
        let inform = s.inform();
        let codes: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
        assert_eq!(codes, ["6 CONNECTION REQUEST"]);
        s.end();
    });
    assert!(acs.is_left_alone_for(MOMENT));
}

#[test]
fn a_refused_connection_request_causes_no_session() {
    let acs = start();
    let home = home(&acs);
    let agent = home.start();
    settled(&acs, &agent);
    let url = agent.connection_request_url();
    assert_eq!(request_connection(&url, "caller", "wrong").unwrap(), 401);
    assert_eq!(request_connection(&url, "other", CALLER.1).unwrap(), 401);
    let elsewhere = format!("{url}x");
    assert_eq!(
        request_connection(&elsewhere, CALLER.0, CALLER.1).unwrap(),
        404
    );
    assert!(acs.is_left_alone_for(MOMENT));
}

#[test]
fn with_cwmp_disabled_the_session_ends_and_the_port_is_closed() {
    let acs = start();
    let home = home(&acs);
    let agent = home.start();
    let url = agent.connection_request_url();
    let address = url.split('/').nth(2).unwrap().to_owned();
    acs.session(|s| {
        s.inform();
        let enable = "Device.ManagementServer.EnableCWMP";
        let value = cwmpd::base::xsd::XsdType::Boolean;
        s.set(&[(enable, value, "0")], "off");
        assert_eq!(s.value(enable), "0");
        s.end();
    });
    wait_for("the port to close", || TcpStream::connect(&address).err());
    assert_ne!(home.run(&["inform"]).code, 0);
    assert!(acs.is_left_alone_for(MOMENT));
}

#[test]
fn an_id_is_echoed_whatever_it_is_and_none_where_there_was_none() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        for id in [Some("<&\"' ü>"), Some("0"), Some("not a number"), None] {
            s.answer(Reply::xml(get(CwmpVersion::V1_2, id)));
            let answer = s.receive().envelope.unwrap();
            assert_eq!(answer.header.id.as_deref(), id);
            assert_eq!(answer.body.name(), "GetParameterValuesResponse");
        }
        // A fault has the ID of its request too.
        let unknown = Message::Unknown {
            method: "X_EXAMPLE_Dance".to_owned(),
        };
        s.answer(Reply::xml(envelope(CwmpVersion::V1_2, Some("#7"), unknown)));
        let answer = s.receive().envelope.unwrap();
        assert_eq!(answer.header.id.as_deref(), Some("#7"));
        assert_eq!(answer.body.name(), "Fault");
        s.end();
    });
}

#[test]
fn requests_in_every_namespace_are_answered_in_that_of_the_session() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        for version in [CwmpVersion::V1_0, CwmpVersion::V1_1, CwmpVersion::V1_2] {
            s.answer(Reply::xml(get(version, Some("1"))));
            let answer = s.receive().envelope.unwrap();
            assert_eq!(answer.version.namespace(), CwmpVersion::V1_2.namespace());
            assert_eq!(answer.body.name(), "GetParameterValuesResponse");
        }
        s.end();
    });
}

#[test]
fn a_header_that_must_be_understood_is_a_fault_and_the_session_goes_on() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    let with = |must: &str| {
        let mood = format!(
            "<m:Mood xmlns:m=\"urn:example\" soap-env:mustUnderstand=\"{must}\">good</m:Mood>"
        );
        let whole = get(CwmpVersion::V1_2, Some("1"));
        let at = whole.find("</soap-env:Header>").unwrap();
        format!("{}{mood}{}", &whole[..at], &whole[at..])
    };
    acs.session(|s| {
        s.inform();
        s.answer(Reply::xml(with("1")));
        let refused = s.receive();
        assert!(refused.request.text().contains("MustUnderstand"));
        assert_eq!(refused.request.header("SOAPAction"), Some(""));
        s.answer(Reply::xml(with("0")));
        let answer = s.receive().envelope.unwrap();
        assert_eq!(answer.body.name(), "GetParameterValuesResponse");
        s.end();
    });
}

#[test]
fn an_acs_of_http_1_0_and_one_of_single_byte_chunks_are_understood() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    let request = || Reply::xml(get(CwmpVersion::V1_2, Some("1")));
    acs.session(|s| {
        s.inform();
        let replies = [
            request().http10().close(),
            request().http10().until_close(),
            request().chunked(&[1]).trailer("X-After", "all"),
            request().chunked(&[1, 7, 300]),
        ];
        for reply in replies {
            s.answer(reply);
            let answer = s.receive().envelope.unwrap();
            assert_eq!(answer.body.name(), "GetParameterValuesResponse");
        }
        // White space is as good as 204.
        s.answer(Reply::new(200).body("\r\n"));
    });
    assert!(acs.is_left_alone_for(MOMENT));
}

#[test]
fn a_session_brings_no_cookie_of_the_one_before() {
    let acs = start();
    let home = home(&acs);
    let agent = home.start();
    settled(&acs, &agent);
    agent.inform();
    acs.session(|s| {
        let first = s.receive();
        assert_eq!(first.request.headers_named("Cookie"), [""; 0]);
        s.respond(Message::InformResponse { max_envelopes: 1 });
        s.end();
    });
}

#[test]
fn a_fault_to_the_inform_is_retried_and_a_fault_is_never_answered_by_one() {
    let acs = start();
    let home = home(&acs);
    home.set_uci("acs", "retry_min_wait_interval", "600");
    let agent = home.start();
    acs.session(|s| {
        s.receive_inform();
        s.respond_fault(8002);
    });
    agent.wait_for_log("session failed");
    assert!(acs.is_left_alone_for(MOMENT));
    agent.inform();
    acs.session(|s| {
        assert_eq!(s.inform().retry_count, 1);
        s.receive_empty();
        let stray = Message::Fault(cwmpd::soap::Fault::new(8003));
        s.answer(Reply::xml(envelope(CwmpVersion::V1_2, Some("1"), stray)));
    });
    assert!(acs.is_left_alone_for(MOMENT));
}

#[test]
fn a_box_that_does_not_know_who_it_is_waits_and_says_so() {
    let acs = start();
    let home = home(&acs);
    // A box without hardware that could take their place.
    let rows = home.model_dir().join("deviceinfo.csv");
    let text = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(rows, text.replace("net:*:", "net:none0:")).unwrap();
    home.set_uci("cpe", "manufacturer_oui", "");
    home.set_uci("cpe", "serial_number", "");
    let agent = home.start();
    agent.wait_for_log("DeviceInfo.ManufacturerOUI is empty");
    assert!(acs.is_left_alone_for(MOMENT));
    home.set_uci("cpe", "manufacturer_oui", "00d09e");
    home.set_uci("cpe", "serial_number", "7");
    agent.inform();
    acs.session(|s| {
        let inform = s.inform();
        let id = &inform.device_id;
        assert_eq!((&*id.oui, &*id.serial_number), ("00D09E", "7"));
        assert_eq!(inform.event[0].event_code, "0 BOOTSTRAP");
        assert_eq!(inform.retry_count, 0);
        s.end();
    });
}
