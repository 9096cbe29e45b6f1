//! openLuup as the engine: what it answers is what the program and the lab expect.

use std::process::Command;
use std::time::{Duration, Instant};

use cwmpd::base::config::LuupConfig;
use cwmpd::luup::{FetchScope, LuupAccess, LuupError, LuupOrder, fetch, perform};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::luup::{Device, FakeLuup, sample_home};
use cwmpd_lab::peers::OpenLuup;
use cwmpd_lab::tools::works;
use cwmpd_lab::{Folder, rerun};
use tinyjson::JsonValue;

use crate::lab::{ask, ask_at, has, json, number, told};
use crate::rows::Rows;

const SWITCH: &str = "urn:upnp-org:serviceId:SwitchPower1";
const NETWORK: &str = "urn:micasaverde-com:serviceId:ZWaveNetwork1";
const HA: &str = "urn:micasaverde-com:serviceId:HaDevice1";

/// What openLuup brings with it: itself, as device 2, and below it what it installs plug-ins with,
/// which would else take the number of another.
fn home() -> Vec<Device> {
    let mut home = sample_home();
    home.retain(|device| device.id != 2);
    home.push(Device {
        id: 99,
        parent: 2,
        altid: "AltAppStore".to_owned(),
        name: "Alternate App Store".to_owned(),
        device_type: "urn:schemas-upnp-org:device:AltAppStore:1".to_owned(),
        status: -1,
        ..Device::default()
    });
    home
}

/// A test with the same home in both.
fn with_both(test: impl FnOnce(&FakeLuup, OpenLuup, LuupAccess)) {
    let lab = FakeLuup::with(home());
    let folder = Folder::new("openluup");
    let real = OpenLuup::start(&folder, &ask(&lab, "user_data&ns=1")).unwrap();
    let access = access_to(&real.url());
    test(&lab, real, access);
}

fn access_to(url: &str) -> LuupAccess {
    LuupAccess::new(LuupConfig {
        url: url.to_owned(),
        timeout: Duration::from_secs(20),
        ..LuupConfig::default()
    })
}

/// What an answer says of the devices that both have.
fn said(answer: &JsonValue) -> Vec<String> {
    let devices = told(answer).into_iter();
    let mut said: Vec<String> = devices
        .filter(|device| !device.starts_with("2:") && !device.starts_with("99:"))
        .map(|device| {
            let mut words: Vec<&str> = device.split(' ').collect();
            words.sort_unstable();
            words.join(" ")
        })
        .collect();
    said.sort();
    said
}

/// In a process of its own: whose a socket is, the kernel tells a process of its own network alone.
#[test]
fn z55_openluup_is_the_engine() {
    let own_network = ["unshare", "--net", "sh", "-c"];
    if !OpenLuup::is_at_hand() || !works(&[&own_network[..], &["ip link set lo up"]].concat()) {
        return;
    }
    let mut by = Command::new(own_network[0]);
    by.args(&own_network[1..]);
    by.args(["ip link set lo up && exec \"$0\" \"$@\""]);
    rerun(&mut by, "openluup::where_openluup_is_the_engine");
}

#[test]
#[ignore = "another test runs it in a network of its own"]
fn where_openluup_is_the_engine() {
    a_whole_home_is_read();
    changes_are_told_as_the_lab_tells_them();
    orders_are_carried_out_or_refused();
    a_reload_is_another_engine();
}

fn a_whole_home_is_read() {
    with_both(|lab, real, access| {
        let of_lab = said(&json(&ask(lab, "status")));
        let of_real = said(&json(&ask_at(&real.url(), "status")));
        assert_eq!(of_real, of_lab);
        let rows = |access: &LuupAccess| Rows::of(fetch(access, FetchScope::All(None)));
        let (mut lab, mut real) = (rows(&access_to(&lab.url())), rows(&access));
        let nodes = lab.list("nodes", &[]);
        assert_eq!(nodes.len(), 12);
        assert_eq!(real.list("nodes", &[]), nodes);
        for node in nodes {
            assert_eq!(
                real.list("children", &[node]),
                lab.list("children", &[node])
            );
            for field in [
                "name",
                "room",
                "altid",
                "manufacturer",
                "model",
                "id_parent",
            ] {
                let key = format!("device.{field}");
                let told = real.get(&key, &[node]);
                assert_eq!(told, lab.get(&key, &[node]), "{node} {field}");
            }
        }
    });
}

fn changes_are_told_as_the_lab_tells_them() {
    with_both(|_, real, _| {
        let ask = |query: &str| ask_at(&real.url(), query);
        let since =
            |version: u64, more: &str| json(&ask(&format!("status&DataVersion={version}{more}")));
        let all = json(&ask("status"));
        let version = number(&all, "DataVersion");
        let same = since(version, "&Timeout=0");
        assert!(!has(&same, "devices"), "{same:?}");
        // A version from the future blocks until the time is over, whatever the LoadTime.
        let start = Instant::now();
        let future = since(version + 1000, "&LoadTime=1&Timeout=1");
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert!(!has(&future, "devices"));
        let write = |device: u32, service: &str, variable: &str, value: &str| {
            let query = format!("variableset&DeviceNum={device}&serviceId={service}");
            ask(&format!("{query}&Variable={variable}&Value={value}"))
        };
        assert_eq!(write(12, HA, "BatteryLevel", "70"), "OK");
        let changes = since(version, "&Timeout=30");
        assert_eq!(
            told(&changes),
            ["12: BatteryLevel=70"],
            "an unchanged write"
        );
        // It claims to have done what it cannot do.
        assert_eq!(write(77, HA, "BatteryLevel", "70"), "OK");
        let of_home = "UserData_DataVersion";
        let (before, version) = (number(&changes, of_home), number(&changes, "DataVersion"));
        assert_eq!(ask("device&action=delete&device=36"), "OK");
        let removed = since(version, "");
        assert!(!has(&removed, "devices"), "{removed:?}");
        assert!(number(&removed, of_home) > before);
        let version = number(&removed, "DataVersion");
        assert_eq!(
            ask("device&action=rename&device=12&name=Salon&room=3"),
            "OK"
        );
        let renamed = since(version, "");
        assert_eq!(told(&renamed), ["12:"]);
        assert!(number(&renamed, of_home) > number(&removed, of_home));
        assert_eq!(ask("status&DeviceNum=77"), "Bad Device");
    });
}

fn orders_are_carried_out_or_refused() {
    with_both(|_, real, access| {
        let variable = |value: &str| LuupOrder::Variable {
            device: 12,
            service: HA.into(),
            variable: "BatteryLevel".into(),
            value: value.into(),
        };
        assert_eq!(perform(&access, &variable("é & 1")), Ok(None));
        let rename = LuupOrder::Rename {
            device: 12,
            name: "Détecteur d'été & co".into(),
            room: "3".into(),
        };
        assert_eq!(perform(&access, &rename), Ok(None));
        let mut rows = Rows::of(fetch(&access, FetchScope::All(None)));
        let mut get = |key: &str| rows.get(key, &[12]).unwrap();
        assert_eq!(get("HaDevice1/BatteryLevel"), "é & 1");
        assert_eq!(get("device.name"), "Détecteur d'été & co");
        assert_eq!(get("device.room"), "3");
        let act = |device: u32, service: &str, action: &str| {
            let order = LuupOrder::Action {
                device,
                service: service.into(),
                action: action.into(),
                arguments: vec![("newTargetValue".into(), "1".into())],
            };
            perform(&access, &order)
        };
        assert_eq!(act(3, SWITCH, "SetTarget"), Ok(None), "no job of its own");
        let state = format!("variableget&DeviceNum=3&serviceId={SWITCH}&Variable=Status");
        assert_eq!(ask_at(&real.url(), &state), "1");
        let refused = [
            (3, SWITCH, "Fly", "No implementation"),
            (1, NETWORK, "HealNetwork", "No implementation"),
            (3, "urn:x:serviceId:Y1", "SetTarget", "Invalid Service"),
            (77, SWITCH, "SetTarget", "Invalid service/action/device"),
        ];
        for (device, service, action, told) in refused {
            let told = LuupError::Refused(format!("ERROR: {told}"));
            assert_eq!(act(device, service, action), Err(told));
        }
    });
}

/// Its `LoadTime` counts seconds: of one that is started twice in a second only the versions tell.
fn a_reload_is_another_engine() {
    with_both(|_, mut real, access| {
        let status = || json(&ask_at(&real.url(), "status"));
        let before = wait_for("another second", || {
            let status = status();
            (number(&status, "TimeStamp") > number(&status, "LoadTime")).then_some(status)
        });
        assert!(fetch(&access, FetchScope::All(None)).is_ok());
        assert_eq!(ask_at(&real.url(), "reload"), "nil");
        real.again();
        let after = json(&ask_at(&real.url(), "status"));
        assert!(number(&after, "LoadTime") > number(&before, "LoadTime"));
        assert_eq!(said(&after), said(&before));
        assert!(fetch(&access, FetchScope::All(None)).is_ok());
    });
}
