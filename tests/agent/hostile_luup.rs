//! A Luup engine that lies without end, against the whole program: whatever it says, the agent
//! answers the ACS and its user, and shows the home as it is once it is told.

use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection, set_parameter_values};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::luup::hostile::hostile;
use cwmpd_lab::luup::{FakeLuup, Framing, Mood, Work};

const BATTERY: &str = "Device.Zwave.Interface.12.BatteryLevel";
const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeupInterval";
const UP_TIME: &str = "Device.DeviceInfo.UpTime";

/// Bytes of each long lie.
const BYTES: usize = 300_000;

/// What an engine may answer to everything, from no byte to those without end.
fn lies() -> Vec<(String, Mood)> {
    let says = |text: &str| Mood::Says(text.to_owned());
    let deep = "[".repeat(10_000);
    let device = |more: &str| format!(r#"{{"devices":[{{"id":12,"states":[{more}]}}]}}"#);
    let state = |value: &str| {
        device(&format!(
            r#"{{"service":"urn:micasaverde-com:serviceId:HaDevice1","variable":"BatteryLevel","value":{value}}}"#
        ))
    };
    let many: Vec<String> = (0..10_000).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    let huge = format!("\"{}\"", "x".repeat(1 << 20));
    let mut lies = vec![
        ("nothing", Mood::Empty),
        ("Exiting", says("Exiting")),
        ("no change", says("NO_CHANGES")),
        ("an empty home", says("{\"devices\":[]}")),
        ("a list", says("[1,2,3]")),
        ("a number", says("1e999")),
        ("a level too deep", says(&format!("{{\"devices\":{deep}"))),
        ("no number", says(&state("NaN"))),
        ("a raw control character", says(&state("\"\u{1}\""))),
        ("half a character", says(&state("\"\\ud800\""))),
        ("a value of a megabyte", says(&state(&huge))),
        (
            "a value that is a list",
            says(&state(&format!("[{}]", "1,".repeat(1000)))),
        ),
        ("a comma too many", says(&device("{\"variable\":\"a\"},"))),
        (
            "10,000 devices",
            says(&format!("{{\"devices\":[{}]}}", many.join(","))),
        ),
        ("the half", Mood::Truncated),
        ("the half, and silence", Mood::Stuck),
        ("no end", Mood::Endless),
        ("503", Mood::Status(503)),
        ("302", Mood::Status(302)),
        ("devices without values", Mood::Starting),
        ("no names", Mood::WithoutUserData),
        ("an early end", Mood::Framed(Framing::ClosesEarly)),
        ("more than there is", Mood::Framed(Framing::Length(1 << 40))),
        ("no HTTP", Mood::RawAndCloses(vec![0xff; 10_000])),
        (
            "a head without an end",
            Mood::Raw(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
        ),
        ("silence", Mood::Silent),
    ];
    let long = hostile(BYTES);
    lies.extend(long.into_iter().map(|lie| (lie.what, Mood::Says(lie.text))));
    lies.into_iter()
        .map(|(what, mood)| (what.to_owned(), mood))
        .collect()
}

#[test]
fn z57_no_lie_of_the_engine_costs_a_session_or_an_answer() {
    /// Long enough for a busy machine, far below the ACS's patience.
    const SOON: Duration = Duration::from_secs(60);
    let luup = FakeLuup::start();
    luup.work(Work::Fails);
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "periodic_notify_enable", "0");
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    home.set_uci("luup", "timeout", "1");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(BATTERY, 2);
        assert_eq!(s.value(BATTERY), "70");
        s.end();
    });
    let url = agent.connection_request_url();
    agent.until_idle();
    for (nth, (what, mood)) in lies().into_iter().enumerate() {
        luup.mood(mood);
        let start = Instant::now();
        // The agent may be in a session already, of what it was told.
        let called = request_connection(&url, CALLER.0, CALLER.1);
        assert!(matches!(called, Ok(200 | 503)), "{what}: {called:?}");
        acs.session(|s| {
            s.inform();
            assert!(!s.value(UP_TIME).is_empty(), "{what}");
            if nth % 8 == 0 {
                // Taken, refused, or left for later: answered.
                let value = [(WAKE_UP, XsdType::UnsignedInt, "900")];
                s.call(set_parameter_values(&value, ""));
            }
            s.end();
        });
        agent.until_idle();
        assert!(!agent.get(UP_TIME).is_empty(), "{what}");
        assert!(start.elapsed() < SOON, "{what}: {:?}", start.elapsed());
    }
    luup.mood(Mood::Well);
    luup.set(12, "HaDevice1", "BatteryLevel", "33");
    wait_for("the truth", || {
        if request_connection(&url, CALLER.0, CALLER.1).is_ok_and(|status| status == 200) {
            acs.quiet_session();
        }
        (agent.get(BATTERY) == "33").then_some(())
    });
    assert_eq!(
        agent.get("Device.Zwave.Interface.20.Name"),
        "Porte d'entrée"
    );
    assert_eq!(agent.get("Zwave.InterfaceNumberOfEntries"), "12");
    assert_eq!(agent.stop().code(), Some(0));
}
