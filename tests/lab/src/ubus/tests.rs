use std::time::Duration;

use super::*;
use crate::Folder;

fn status_of(answer: Result<BusValue, BusError>) -> u32 {
    match answer.unwrap_err() {
        BusError::Status(code) => code,
        other => panic!("{other}"),
    }
}

#[test]
fn objects_are_found_called_and_taken_away() {
    let folder = Folder::new("ubusd");
    let ubusd = FakeUbusd::start(&folder.join("s"));
    objects::offer_today(&ubusd);
    let mut client = UbusClient::connect(&folder.join("s")).unwrap();
    client.ping().unwrap();
    let all = ["network.interface", "network.interface.lan", "system"];
    assert_eq!(client.list("*").unwrap(), all);
    assert_eq!(client.list("network.*").unwrap(), all[..2]);
    assert_eq!(client.list("system").unwrap(), all[2..]);
    assert!(client.list("sys").is_err());
    let board = client.call("system", "board", []).unwrap();
    assert_eq!(board, objects::board_today());
    assert_eq!(board.at("release.version").as_deref(), Some("24.10.1"));
    let lan = client.call("network.interface.lan", "status", []).unwrap();
    assert_eq!(
        lan.at("ipv4-address.0.address").as_deref(),
        Some("192.168.1.1")
    );
    assert_eq!(
        status_of(client.call("system", "none", [])),
        status::METHOD_NOT_FOUND
    );
    ubusd.remove("system");
    assert_eq!(
        status_of(client.call("system", "board", [])),
        status::NOT_FOUND
    );
    assert_eq!(
        ubusd.calls(),
        [
            "system.board",
            "network.interface.lan.status",
            "system.none"
        ]
    );
}

#[test]
fn a_call_reaches_the_client_that_has_the_object() {
    let folder = Folder::new("ubusd");
    for age in [UbusAge::Today, UbusAge::Of1407] {
        call_another(age, &folder.join("s"));
    }
}

fn call_another(age: UbusAge, socket: &Path) {
    let mut ubusd = FakeUbusd::start_of(age, socket);
    let mut caller = UbusClient::connect_to(age, socket).unwrap();
    let mut owner = UbusClient::connect_to(age, socket).unwrap();
    let methods = table([("add", table([("a", 5.into()), ("b", 5.into())]))]);
    owner.offer("sum", &methods).unwrap();
    assert!(owner.offer("sum", &methods).is_err());
    assert_eq!(caller.signature("sum").unwrap(), methods);
    let serving = std::thread::spawn(move || {
        let served = owner.serve_one(|method, arguments| {
            assert_eq!((method, arguments.at("a").as_deref()), ("add", Some("2")));
            Ok(table([("sum", 5.into())]))
        });
        served.unwrap();
        owner.serve_one(|_, _| Err(status::NO_DATA)).unwrap();
        owner
    });
    let arguments = [("a", 2.into()), ("b", 3.into())];
    let sum = caller.call("sum", "add", arguments.clone()).unwrap();
    assert_eq!(sum.to_string(), r#"{"sum":5}"#);
    assert_eq!(
        status_of(caller.call("sum", "add", arguments)),
        status::NO_DATA
    );
    let _owner = serving.join().unwrap();
    assert_eq!(ubusd.objects(), ["sum"]);
    ubusd.restart();
    assert!(ubusd.objects().is_empty());
    assert!(caller.ping().is_err(), "thrown out");
}

#[test]
fn a_method_answers_in_its_mood() {
    let folder = Folder::new("ubusd");
    let ubusd = FakeUbusd::start(&folder.join("s"));
    objects::offer_14_07(&ubusd);
    let mut client = UbusClient::connect(&folder.join("s")).unwrap();
    let mut call = |mood: BusMood| {
        ubusd.mood("system.board", mood);
        client.set_patience(Duration::from_millis(100));
        client.call("system", "board", [])
    };
    let other = table([("model", "other".into())]);
    assert_eq!(call(BusMood::Says(other.clone())).unwrap(), other);
    assert_eq!(call(BusMood::Status(status::OK)).unwrap(), table([]));
    assert_eq!(
        status_of(call(BusMood::Status(6))),
        status::PERMISSION_DENIED
    );
    for mood in [BusMood::Silent, BusMood::NoStatus, BusMood::WrongSeq] {
        assert!(matches!(call(mood), Err(BusError::Timeout)));
    }
    let slow = call(BusMood::Slow(Duration::from_millis(1)));
    assert_eq!(slow.unwrap(), objects::board_14_07());
    for (what, bytes) in hostile::garbage() {
        assert!(call(BusMood::Garbage(bytes)).is_err(), "{what}");
    }
    assert!(matches!(call(BusMood::Half), Err(BusError::Lost(_))));
    for (what, bytes) in hostile::no_messages() {
        let mut client = UbusClient::connect(&folder.join("s")).unwrap();
        ubusd.mood("system.board", BusMood::Raw(bytes));
        client.set_patience(Duration::from_millis(100));
        assert!(client.call("system", "board", []).is_err(), "{what}");
    }
}

#[test]
fn every_kind_of_value_comes_back_as_it_was() {
    let value = table([
        ("nothing", BusValue::Nothing),
        ("flag", true.into()),
        ("short", BusValue::Int16(-2)),
        ("int", (-3).into()),
        ("long", i64::MIN.into()),
        ("double", BusValue::Double(0.5)),
        ("", "quoted \"\\\n\u{1}".into()),
        (
            "array",
            array([1.into(), "two".into(), table([("x", array([]))])]),
        ),
    ]);
    assert_eq!(BusValue::decode(&value.encoded()).unwrap(), value);
    assert_eq!(
        value.to_string(),
        "{\"nothing\":null,\"flag\":true,\"short\":-2,\"int\":-3,\"long\":-9223372036854775808,\
         \"double\":0.500000,\"\":\"quoted \\\"\\\\\\n\\u0001\",\"array\":[1,\"two\",{\"x\":[]}]}"
    );
}
