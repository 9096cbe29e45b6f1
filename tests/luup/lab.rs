//! The lab's engine against what was measured on real ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cwmpd_lab::home::wait_for;
use cwmpd_lab::luup::{FakeLuup, JobState, Mood, Work};
use tinyjson::JsonValue;

const SWITCH: &str = "urn:upnp-org:serviceId:SwitchPower1";
const NETWORK: &str = "urn:micasaverde-com:serviceId:ZWaveNetwork1";

/// Asks as HTTP/1.0 does, and is answered in chunks all the same.
pub fn ask(luup: &FakeLuup, query: &str) -> String {
    ask_at(&luup.url(), query)
}

/// The same of any engine.
pub fn ask_at(url: &str, query: &str) -> String {
    let address = url.replace("http://", "");
    let mut socket = TcpStream::connect(address).unwrap();
    let wanted = format!("GET /data_request?id={query} HTTP/1.0\r\nConnection: close\r\n\r\n");
    socket.write_all(wanted.as_bytes()).unwrap();
    let mut reading = BufReader::new(socket);
    let mut line = || {
        let mut line = String::new();
        reading.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    assert!(line().starts_with("HTTP/1.1 200"));
    let mut head = Vec::new();
    loop {
        match line() {
            end if end.is_empty() => break,
            header => head.push(header),
        }
    }
    assert!(head.contains(&"Transfer-Encoding: Chunked".to_owned()));
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        reading.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        reading.read_exact(&mut chunk).unwrap();
        if size == 0 {
            return String::from_utf8(body).unwrap();
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

pub fn json(text: &str) -> JsonValue {
    text.parse().unwrap_or_else(|e| panic!("{e}: {text}"))
}

pub fn number(answer: &JsonValue, name: &str) -> u64 {
    let number: f64 = *answer[name].get().unwrap();
    number as u64
}

pub fn has(answer: &JsonValue, name: &str) -> bool {
    let object: &std::collections::HashMap<String, JsonValue> = answer.get().unwrap();
    object.contains_key(name)
}

/// The devices of an answer, and what each says: `id: Variable=value ...`.
pub fn told(answer: &JsonValue) -> Vec<String> {
    if !has(answer, "devices") {
        return Vec::new();
    }
    let devices: &Vec<JsonValue> = answer["devices"].get().unwrap();
    let device = |device: &JsonValue| {
        let states: &Vec<JsonValue> = device["states"].get().unwrap();
        let state = |state: &JsonValue| {
            let text = |name: &str| state[name].get::<String>().unwrap().clone();
            format!(" {}={}", text("variable"), text("value"))
        };
        let states: String = states.iter().map(state).collect();
        format!("{}:{states}", number(device, "id"))
    };
    devices.iter().map(device).collect()
}

fn since(luup: &FakeLuup, version: u64, more: &str) -> JsonValue {
    json(&ask(luup, &format!("status&DataVersion={version}{more}")))
}

#[test]
fn z58_only_what_changed_since_a_version_is_told() {
    let luup = FakeLuup::start();
    let all = json(&ask(&luup, "status&output_format=json"));
    assert_eq!(told(&all).len(), 18);
    let version = number(&all, "DataVersion");
    let same = since(&luup, version, "&Timeout=0");
    assert!(!has(&same, "devices"), "{same:?}");
    assert_eq!(number(&same, "DataVersion"), version);
    luup.set(20, "SecuritySensor1", "Tripped", "1");
    luup.set(12, "HaDevice1", "BatteryLevel", "70");
    let changes = since(&luup, version, "&Timeout=30");
    let expected = ["12: BatteryLevel=70", "20: Tripped=1"];
    assert_eq!(told(&changes), expected, "an unchanged write is one, too");
    let version = number(&changes, "DataVersion");
    luup.remove(20);
    let removed = since(&luup, version, "&LoadTime=1");
    assert!(!has(&removed, "devices"), "{removed:?}");
    let of_home = "UserData_DataVersion";
    assert!(number(&removed, of_home) > number(&changes, of_home));
    let renamed = "device&action=rename&device=12&name=Salon&room=Cuisine";
    assert_eq!(ask(&luup, renamed), "OK");
    let renamed = since(&luup, number(&removed, "DataVersion"), "");
    assert_eq!(told(&renamed), ["12:"]);
    assert!(number(&renamed, of_home) > number(&removed, of_home));
    let lamp = luup.device(12).unwrap();
    assert_eq!((lamp.name.as_str(), lamp.room), ("Salon", 3));
}

#[test]
fn z58_an_answer_waits_for_a_change_or_for_the_end_of_its_time() {
    let luup = FakeLuup::start();
    let version = number(&json(&ask(&luup, "status")), "DataVersion");
    let start = Instant::now();
    // A version from the future blocks, too.
    let none = since(&luup, version + 1000, "&Timeout=1");
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(!has(&none, "devices"));
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| since(&luup, version, "&Timeout=600&MinimumDelay=1"));
        luup.requests();
        wait_for("the request", || {
            (!luup.requests().is_empty()).then_some(())
        });
        luup.set(24, "DoorLock1", "Status", "0");
        assert_eq!(told(&waits.join().unwrap()), ["24: Status=0"]);
    });
}

#[test]
fn z58_a_reload_cuts_who_waits_and_tells_all_anew() {
    let mut luup = FakeLuup::start();
    let before = json(&ask(&luup, "status"));
    let version = number(&before, "DataVersion");
    let query = format!("status&DataVersion={version}&Timeout=600");
    luup.requests();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| ask(&luup, &query));
        wait_for("the request", || {
            (luup.requests() == [format!("id={query}")]).then_some(())
        });
        luup.reload();
        assert_eq!(waits.join().unwrap(), "", "an empty answer");
    });
    let after = json(&ask(&luup, &query));
    assert!(number(&after, "LoadTime") > number(&before, "LoadTime"));
    assert_eq!(told(&after).len(), 18);
    luup.mood(Mood::Starting);
    let starting = told(&json(&ask(&luup, "status")));
    assert_eq!(starting.len(), 18);
    assert!(starting.iter().all(|device| device.ends_with(':')));
    luup.down();
    assert!(TcpStream::connect(luup.url().replace("http://", "")).is_err());
    luup.up();
    luup.mood(Mood::Well);
    assert_eq!(told(&json(&ask(&luup, "status"))).len(), 18);
}

#[test]
fn z58_an_action_changes_what_the_node_does() {
    let luup = FakeLuup::start();
    let act = |device: u32, service: &str, action: &str| {
        let service = format!("urn:upnp-org:serviceId:{service}");
        let query = format!("action&DeviceNum={device}&serviceId={service}&action={action}");
        ask(&luup, &query)
    };
    let answer = act(3, "SwitchPower1", "SetTarget&newTargetValue=1");
    assert!(answer.contains("<u:SetTargetResponse"), "{answer}");
    assert!(answer.contains("<JobID>13356</JobID>"), "{answer}");
    let on_json = act(3, "SwitchPower1", "SetTarget&output_format=json");
    let job = json(&on_json)["u:SetTargetResponse"]["JobID"].clone();
    assert_eq!(job, JsonValue::String("13357".into()), "{on_json}");
    let state = |variable| luup.get(3, "SwitchPower1", variable).unwrap();
    assert_eq!([state("Target"), state("Status")], ["1", "1"]);
    act(4, "Dimming1", "SetLoadLevelTarget&newLoadlevelTarget=0");
    assert_eq!(luup.get(4, "SwitchPower1", "Status").unwrap(), "0");
    // The words are a Vera's.
    let refused = [
        (99, "SwitchPower1", "ERROR: Invalid service/action/device"),
        (3, "Dimming1", "ERROR: Invalid Service"),
        (3, "SwitchPower1", "ERROR: No implementation"),
    ];
    for (device, service, told) in refused {
        assert_eq!(act(device, service, "Fly"), told);
    }
    // A variable is no switch.
    let write = format!("variableset&DeviceNum=6&serviceId={SWITCH}&Variable=Target&Value=0");
    assert_eq!(ask(&luup, &write), "OK");
    assert_eq!(luup.get(6, "SwitchPower1", "Status").unwrap(), "1");
}

#[test]
fn z58_a_job_goes_the_way_that_a_test_wants() {
    let luup = FakeLuup::start();
    luup.work(Work::WhenTold);
    let heal = format!("action&DeviceNum=1&serviceId={NETWORK}&action=HealNetwork");
    assert!(ask(&luup, &heal).contains("JobID"));
    let job = luup.jobs().pop().unwrap();
    let status = || {
        let answer = json(&ask(&luup, "status&DeviceNum=1"));
        let device = answer["Device_Num_1"].clone();
        let jobs: &Vec<JsonValue> = device["Jobs"].get().unwrap();
        let pending = number(&device, "PendingJobs");
        let state: f64 = *device["status"].get().unwrap();
        (jobs.len(), pending, state as i32)
    };
    let asked = format!("jobstatus&job={}&plugin=zwave", job.id);
    let told = || number(&json(&ask(&luup, &asked)), "status") as i32;
    assert_eq!((status(), told()), ((1, 1, 0), 0));
    luup.job_goes(job.id, JobState::Running, "stage 1");
    assert_eq!((status(), told()), ((1, 1, 1), 1));
    assert_eq!(luup.get(1, "ZWaveNetwork1", "LastHeal"), None);
    luup.job_goes(job.id, JobState::Done, "");
    assert_eq!((status(), told()), ((1, 0, -1), 4));
    assert!(luup.get(1, "ZWaveNetwork1", "LastHeal").is_some());
    luup.forget_jobs();
    let gone = json(&ask(&luup, &asked));
    assert_eq!(gone["status"], JsonValue::Number(-1.0));
    luup.work(Work::Fails);
    ask(&luup, &heal);
    assert_eq!(status(), (1, 0, 2));
}
