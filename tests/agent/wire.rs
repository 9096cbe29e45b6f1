//! Whole sessions of the real program with ACSs that have bad days.

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session, Side};
use cwmpd_lab::home::Home;
use cwmpd_lab::http::Reply;
use cwmpd_lab::luup::FakeLuup;

const URL: &str = "Device.ManagementServer.URL";

/// A box that knows an ACS, and would wait longer for a retry than any test.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("acs", "retry_min_wait_interval", "600");
    home
}

fn start() -> ScriptedAcs {
    ScriptedAcs::start(AcsOptions::default())
}

fn events(inform: &cwmpd::soap::Inform) -> Vec<&str> {
    inform.event.iter().map(|e| e.event_code.as_str()).collect()
}

/// A session in which the ACS wants nothing.
fn quiet(s: &mut Session) {
    s.inform();
    s.end();
}

#[test]
fn w17_whatever_goes_wrong_the_box_comes_back_with_the_same_events() {
    let acs = start();
    let home = home(&acs);
    let agent = home.start();
    let half = "<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\">";
    let troubles = [
        Reply::new(404),
        Reply::new(503),
        Reply::close_without_answer(),
        Reply::xml(half),
        Reply::xml("x".repeat(100)).stop_in_body(50),
        Reply::new(200),
    ];
    for (count, trouble) in troubles.into_iter().enumerate() {
        acs.session(|s| {
            let inform = s.receive_inform();
            assert_eq!(events(&inform)[..2], ["0 BOOTSTRAP", "1 BOOT"]);
            assert_eq!(u32::try_from(count), Ok(inform.retry_count));
            s.answer(trouble);
        });
        agent.retry_after(count + 1);
    }
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(events(&inform)[..2], ["0 BOOTSTRAP", "1 BOOT"]);
        assert_eq!(inform.retry_count, 6);
        s.end();
    });
}

#[test]
fn w17_a_redirect_moves_the_session_and_not_the_url() {
    let (first, second) = (start(), start());
    let home = home(&first);
    let agent = home.start();
    first.session(|s| {
        s.receive_inform();
        let elsewhere = Reply::new(302).header("Location", &second.url());
        s.answer(elsewhere);
    });
    second.session(|s| {
        s.inform();
        assert_eq!(s.value(URL), first.url());
        s.end();
    });
    assert_eq!(home.uci("acs", "url"), Some(first.url()));
    agent.inform();
    first.session(quiet);
}

#[test]
fn fault_8005_is_answered_by_the_same_inform_in_the_same_session() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        let inform = s.receive_inform();
        s.respond_fault(8005);
        assert_eq!(s.receive_inform(), inform);
        s.respond(Message::InformResponse { max_envelopes: 1 });
        s.end();
    });
    let informs: Vec<String> = acs
        .transcript()
        .into_iter()
        .filter(|entry| entry.side == Side::Box && entry.session == 1 && !entry.xml.is_empty())
        .map(|entry| entry.xml)
        .collect();
    assert_eq!(informs.len(), 2);
    assert_eq!(informs[0], informs[1]);
}

#[test]
fn a_held_box_says_again_that_it_has_nothing_more() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        s.hold_requests = true;
        s.inform();
        assert_eq!(s.value(URL), acs.url());
        s.hold_requests = false;
        // The empty POST so far was one of a held box, so the session is not at its end.
        s.end();
        s.end();
    });
    assert!(acs.is_left_alone_for(std::time::Duration::from_millis(50)));
}

#[test]
fn an_acs_that_closes_after_every_answer_still_gets_its_session() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        s.close_connections = true;
        s.inform();
        assert_eq!(s.value(URL), acs.url());
        assert!(s.names("Device.", false).len() > 50);
        s.end();
    });
}

#[test]
fn w15_an_acs_that_writes_xml_in_its_own_way_is_understood() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        s.receive_empty();
        s.answer(Reply::xml(format!(
            "\u{feff}<?xml version='1.0'?><!-- an ACS --><E:Envelope \
             xmlns:E='http://schemas.xmlsoap.org/soap/envelope/' xmlns='urn:dslforum-org:cwmp-1-2'>\
             <E:Header><ID E:mustUnderstand='1'>&lt;7&gt;</ID><Mood>good</Mood></E:Header>\
             <E:Body><GetParameterValues><ParameterNames xmlns=''>\n\
             <string><![CDATA[{URL}]]></string> <!-- one --></ParameterNames></GetParameterValues></E:Body>\
             </E:Envelope>"
        )));
        let answer = s.receive().envelope.unwrap();
        assert_eq!(answer.header.id.as_deref(), Some("<7>"));
        let Message::GetParameterValuesResponse { parameter_list } = answer.body else {
            panic!("{answer:?}");
        };
        assert_eq!(parameter_list[0].value, acs.url());
        s.end();
    });
}

#[test]
fn w16_an_unknown_method_is_refused_and_the_session_goes_on() {
    let acs = start();
    let home = home(&acs);
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        for method in ["SetVouchers", "GetOptions", "X_EXAMPLE_Dance"] {
            let method = method.to_owned();
            assert_eq!(s.refused(Message::Unknown { method }).code, 9000);
        }
        assert_eq!(s.value(URL), acs.url());
        s.end();
    });
}

#[test]
fn a_value_change_is_told_again_until_the_acs_has_heard_it() {
    let acs = start();
    let luup = FakeLuup::start();
    let home = home(&acs);
    home.set_uci("cpe", "periodic_notify_interval", "1");
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    let agent = home.start();
    let path = "Device.Zwave.Interface.12.BatteryLevel";
    acs.session(|s| {
        s.inform();
        s.notify(path, 2);
        s.end();
    });
    luup.set(12, "HaDevice1", "BatteryLevel", "33");
    let told = |inform: &cwmpd::soap::Inform| {
        assert!(events(inform).contains(&"4 VALUE CHANGE"));
        let value = inform.parameter_list.iter().find(|p| p.name == path);
        assert_eq!(value.unwrap().value, "33");
    };
    acs.session(|s| {
        told(&s.receive_inform());
        s.answer(Reply::close_without_answer());
    });
    agent.retry_after(1);
    acs.session(|s| {
        told(&s.inform());
        s.end();
    });
    agent.inform();
    acs.session(|s| {
        let inform = s.inform();
        assert!(!events(&inform).contains(&"4 VALUE CHANGE"));
        s.end();
    });
}

#[test]
fn w25_twenty_thousand_parameters_are_read_listed_and_set() {
    const GROUPS: usize = 200;
    const WIDTH: usize = 100;
    let acs = start();
    let home = home(&acs);
    let mut csv = String::from("X_EXAMPLE_Large.;ANY;0;0;0;0;0;0\n");
    for group in 1..=GROUPS {
        csv += &format!("X_EXAMPLE_Large.G{group}.;ANY;0;0;0;0;0;0\n");
        for number in 1..=WIDTH {
            csv += &format!("X_EXAMPLE_Large.G{group}.P{number};UINT;0;1;1;0;0;0;;{number}\n");
        }
    }
    std::fs::write(home.model_dir().join("large.csv"), csv).unwrap();
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        let large = "Device.X_EXAMPLE_Large.";
        let values = s.get(&[large]);
        assert_eq!(values.len(), GROUPS * WIDTH);
        let names = s.names(large, false);
        assert_eq!(names.len(), 1 + GROUPS + GROUPS * WIDTH);
        let all: Vec<_> = values
            .iter()
            .map(|value| (value.name.as_str(), XsdType::UnsignedInt, "7"))
            .collect();
        for some in all.chunks(4000) {
            s.set(some, "large");
        }
        assert!(s.get(&[large]).iter().all(|value| value.value == "7"));
        s.end();
    });
}

#[test]
fn f20_no_message_of_the_box_is_long_that_nobody_asked_for() {
    const INFORM: usize = 256 * 1024 + 4096;
    let acs = start();
    let home = home(&acs);
    let rows = (0..6).map(|n| format!("X_EXAMPLE_Long.P{n};STRING;0;1;1;1\n"));
    let csv = "X_EXAMPLE_Long.;ANY;0;0\n".to_owned() + &rows.collect::<String>();
    std::fs::write(home.model_dir().join("long.csv"), csv).unwrap();
    let agent = home.start();
    acs.session(quiet);
    for n in 0..6 {
        agent.set(&format!("X_EXAMPLE_Long.P{n}"), &"x".repeat(60_000));
    }
    agent.inform();
    let mut told = 0;
    for _ in 0..2 {
        acs.session(|s| {
            let received = s.receive();
            assert!(received.request.body.len() <= INFORM);
            let Some(Message::Inform(inform)) = received.envelope.map(|e| e.body) else {
                panic!("no Inform");
            };
            assert!(events(&inform).contains(&"4 VALUE CHANGE"));
            let list = inform.parameter_list.iter();
            told += list.filter(|p| p.name.contains("X_EXAMPLE_Long.")).count();
            s.respond(Message::InformResponse { max_envelopes: 1 });
            s.end();
        });
    }
    assert_eq!(told, 6);
    agent.inform();
    acs.session(|s| {
        s.inform();
        let path = "N".repeat(1 << 20);
        let fault = s.refused(Message::GetParameterValues {
            parameter_names: vec![path],
        });
        assert!(fault.string.len() < 1000, "{}", fault.string.len());
        s.end();
    });
}
