//! `f02`: a power cut at every step of a SetParameterValues that goes to two UCI packages, the store
//! and ParameterKey leaves all of it or nothing, and the ACS is not told of its own values. `s04`:
//! the same where one package and a section of the other have to be made.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{CwmpVersion, Envelope, Header, Message, ParameterValue};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Daemon, Home};
use cwmpd_lab::tools::can_trace_others;

/// The system calls that change something.
const CHANGES: &str = "write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,unlink,unlinkat,ftruncate,mkdir";

/// More steps than a change takes.
const MANY: u32 = 120;

/// What the ACS sets, with what was there before: two packages, the store twice.
const VALUES: [(&str, XsdType, &str, &str); 5] = [
    ("DeviceInfo.HostName", XsdType::String, "old", "new"),
    ("Time.LocalTimeZone", XsdType::String, "UTC", "CET-1"),
    ("DeviceInfo.ProvisioningCode", XsdType::String, "", "new"),
    (
        "ManagementServer.DefaultActiveNotificationThrottle",
        XsdType::UnsignedInt,
        "0",
        "7",
    ),
    (
        "ManagementServer.UpgradesManaged",
        XsdType::Boolean,
        "1",
        "0",
    ),
];

/// The same as the box shows them, with ParameterKey: before, or after.
fn shown(after: bool, package: Package) -> Vec<String> {
    let values = VALUES.iter().map(|(_, _, old, new)| match (after, *old) {
        (true, _) => *new,
        (false, "old") if package == Package::Missing => "",
        (false, old) => old,
    });
    let key = if after { "the key" } else { "" };
    values.chain([key]).map(str::to_owned).collect()
}

/// Whether the second package is there before the change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Package {
    There,
    Missing,
}

fn box_with_two_packages(acs: &ScriptedAcs, package: Package) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    if package == Package::There {
        home.write_config(
            "system",
            "config system\n\toption hostname 'old'\n\toption timezone 'UTC'\n",
        );
    }
    // A port of the system's choice would be another one after the cut.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    home.set_uci("cpe", "port", &free.unwrap().port().to_string());
    home.set_acs(&acs.url());
    home
}

/// Lets the power fail at the `nth` change from here on.
fn cut_at(nth: u32, agent: &Daemon<'_>) -> Child {
    let mut strace = Command::new("strace")
        .args(["-f", "-o", "/dev/null"])
        .args(["-e", &format!("trace={CHANGES}")])
        .args(["-e", &format!("inject={CHANGES}:signal=KILL:when={nth}")])
        .args(["-p", &agent.pid().to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace");
    let mut said = BufReader::new(strace.stderr.take().expect("its standard error"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a word of strace");
    assert!(line.contains("attached"), "{line}");
    // What else it says is of no interest, but it must be able to say it.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    strace
}

fn the_change() -> Envelope {
    let parameter_list = VALUES.iter().map(|(name, kind, _, new)| ParameterValue {
        name: format!("Device.{name}"),
        value: (*new).to_owned(),
        xsi_type: Some(*kind),
    });
    Envelope {
        version: CwmpVersion::V1_4,
        header: Header {
            id: Some("change".to_owned()),
            ..Header::default()
        },
        body: Message::SetParameterValues {
            parameter_list: parameter_list.collect(),
            parameter_key: "the key".to_owned(),
        },
    }
}

/// Asks for the change; whether the box lived to the end of it.
fn change(session: &mut Session<'_>, nth: u32, agent: &mut Daemon<'_>) -> bool {
    session.inform();
    session.receive_empty();
    let mut strace = cut_at(nth, agent);
    session.say(the_change());
    let patience = Instant::now() + Duration::from_secs(1);
    while Instant::now() < patience && agent.is_running() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let lived = agent.is_running();
    let _ = strace.kill();
    let _ = strace.wait();
    if lived {
        session.receive();
        session.end();
    }
    lived
}

#[test]
fn f02_a_power_cut_at_every_step_leaves_all_or_nothing() {
    cut_everywhere(Package::There);
}

#[test]
fn s04_a_power_cut_at_every_step_of_making_a_package_leaves_all_or_nothing() {
    cut_everywhere(Package::Missing);
}

fn cut_everywhere(package: Package) {
    if !can_trace_others() {
        return;
    }
    let mut seen = [0_u32; 2];
    for nth in 1..MANY {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = box_with_two_packages(&acs, package);
        let mut agent = home.start();
        acs.session(|s| {
            s.inform();
            // ProvisioningCode notifies for good.
            for (name, ..) in VALUES.iter().filter(|(name, ..)| !name.ends_with("Code")) {
                s.notify(&format!("Device.{name}"), 1);
            }
            s.notify("Device.ManagementServer.ParameterKey", 1);
            s.end();
        });
        agent.inform();
        let lived = acs.session(|s| change(s, nth, &mut agent));
        agent.kill();
        home.power_cycle();
        let _again = home.start();
        acs.session(|s| {
            let inform = s.inform();
            let events = inform.event.iter().map(|event| event.event_code.as_str());
            let events: Vec<_> = events.collect();
            let told = &inform.parameter_list;
            assert!(!events.contains(&"4 VALUE CHANGE"), "cut {nth}: {told:?}");
            let names = VALUES.map(|(name, ..)| format!("Device.{name}"));
            let mut values: Vec<String> = names.iter().map(|name| s.value(name)).collect();
            values.push(s.value("Device.ManagementServer.ParameterKey"));
            let after = values == shown(true, package);
            assert!(
                after || values == shown(false, package),
                "cut {nth}: {values:?}"
            );
            seen[usize::from(after)] += 1;
            s.end();
        });
        if lived {
            assert!(seen[0] > 2 && seen[1] > 4, "{seen:?}");
            return;
        }
    }
    panic!("the change has more than {MANY} steps");
}
