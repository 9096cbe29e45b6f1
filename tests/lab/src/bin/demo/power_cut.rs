//! The power fails between two writes of one SetParameterValues, and the box wakes whole.

use std::fs;
use std::hint::spin_loop;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{Session, set_parameter_values};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::narrator::aside;
use crate::scenes::{expect_events, on_request};
use crate::world::World;

/// The UCI packages that the request changes.
const PACKAGES: [&str; 2] = ["cwmpd", "system"];

/// How often the cut is tried: a fast machine may write both files within one slice.
const ATTEMPTS: u32 = 40;

/// How long the agent runs until it is stopped again and the files are looked at.
const SLICE: Duration = Duration::from_micros(5);

/// How long the agent may take for the request, with all the stops.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request: values that live in two UCI packages and in the agent's own store, and its key.
struct Change {
    interval: String,
    host_name: String,
    throttle: String,
    key: String,
}

impl Change {
    const PATHS: [&str; 4] = [
        "Device.ManagementServer.PeriodicInformInterval",
        "Device.DeviceInfo.HostName",
        "Device.ManagementServer.DefaultActiveNotificationThrottle",
        "Device.ManagementServer.ParameterKey",
    ];

    fn new(number: u32) -> Self {
        Self {
            interval: (7300 + number).to_string(),
            host_name: format!("home-{number}"),
            throttle: number.to_string(),
            key: format!("power-{number}"),
        }
    }

    /// What is read at [`Self::PATHS`] when it is done.
    fn values(&self) -> [&str; 4] {
        [&self.interval, &self.host_name, &self.throttle, &self.key]
    }

    /// Whether the file of a UCI package has its value.
    fn is_in(&self, config_dir: &Path, package: &str) -> bool {
        let value = match package {
            "cwmpd" => &self.interval,
            _ => &self.host_name,
        };
        let text = fs::read_to_string(config_dir.join(package)).unwrap_or_default();
        text.contains(&format!("'{value}'"))
    }
}

pub fn power_cut(world: &World) {
    let old = on_request(world, &world.acs_a, |s| {
        s.notify(Change::PATHS[1], 2);
        read(s)
    });
    let attempt = (1..=ATTEMPTS).find_map(|number| {
        let change = Change::new(number);
        cut(world, &change).then_some(change)
    });
    let Some(change) = attempt else {
        panic!("expected to catch the agent between two writes within {ATTEMPTS} requests");
    };
    world.restart();
    aside("the power is back, the box boots");
    world.acs_a.session(|s| {
        let inform = s.inform();
        expect_events(&inform, &["1 BOOT"]);
        let told = inform
            .parameter_list
            .iter()
            .find(|value| value.name == Change::PATHS[1]);
        assert_eq!(
            told, None,
            "expected no report of what the ACS itself has set"
        );
        world.remember_request_url(&inform);
        let now = read(s);
        let is_new = now == change.values();
        assert!(
            is_new || now == old,
            "expected all four values of before ({old:?}) or all four new ones; got {now:?}"
        );
        let in_uci = PACKAGES.map(|package| change.is_in(&world.config_dir(), package));
        assert_eq!(in_uci, [is_new; 2], "expected in UCI what the ACS is told");
        aside(match is_new {
            true => "whole: all four are new, the box finished what it had begun",
            false => "whole: all four are as before, nothing of it was promised yet",
        });
        s.end();
    });
}

fn read(s: &mut Session) -> Vec<String> {
    let values = s.get(&Change::PATHS);
    values.into_iter().map(|value| value.value).collect()
}

/// Kills the agent when one UCI package is new and the other old; whether that could be done
/// before it had written both.
fn cut(world: &World, change: &Change) -> bool {
    let [interval, host_name, throttle, _] = Change::PATHS;
    let request = set_parameter_values(
        &[
            (interval, XsdType::UnsignedInt, &change.interval),
            (host_name, XsdType::String, &change.host_name),
            (throttle, XsdType::UnsignedInt, &change.throttle),
        ],
        &change.key,
    );
    assert_eq!(
        world.call(),
        200,
        "the connection request has to be accepted"
    );
    let folders = [world.config_dir(), world.model_dir()];
    world.acs_a.session(|s| {
        s.inform();
        s.receive_empty();
        let before = folders.each_ref().map(|folder| last_change(folder));
        s.ask(request);
        let deadline = Instant::now() + PATIENCE;
        while folders.each_ref().map(|folder| last_change(folder)) == before {
            assert!(
                Instant::now() < deadline,
                "expected the agent to write something"
            );
        }
        let agent = Frozen::new(world.pid());
        loop {
            let [one, other] = PACKAGES.map(|package| change.is_in(&folders[0], package));
            if one != other {
                agent.kill();
                let [new, old] = match one {
                    true => PACKAGES,
                    false => [PACKAGES[1], PACKAGES[0]],
                };
                aside(&format!(
                    "the power fails: /etc/config/{new} is new already, /etc/config/{old} not yet"
                ));
                return true;
            }
            if one || Instant::now() > deadline {
                agent.go_on();
                s.receive();
                s.end();
                aside("that was written before the power could fail; once more");
                return false;
            }
            agent.run_for(SLICE);
        }
    })
}

/// When something was made, renamed or removed in a folder.
fn last_change(folder: &Path) -> SystemTime {
    let change = fs::metadata(folder).and_then(|data| data.modified());
    change.expect("a folder of the box")
}

/// A process that stands still, so that its files can be looked at, and runs for moments only.
struct Frozen(Pid);

impl Frozen {
    fn new(pid: u32) -> Self {
        let frozen = Self(Pid::from_raw(pid.try_into().expect("a pid")));
        frozen.stop();
        frozen
    }

    fn signal(&self, signal: Signal) {
        kill(self.0, signal).expect("a signal for the agent");
    }

    fn stop(&self) {
        self.signal(Signal::SIGSTOP);
        while !self.is_stopped() {
            spin_loop();
        }
    }

    /// Whether all its threads stand.
    fn is_stopped(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).expect("its threads");
        tasks.flatten().all(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // The state follows the name, which is in parentheses.
            stat.rsplit_once(") ")
                .is_none_or(|(_, rest)| rest.starts_with('T'))
        })
    }

    fn run_for(&self, time: Duration) {
        self.signal(Signal::SIGCONT);
        let end = Instant::now() + time;
        while Instant::now() < end {
            spin_loop();
        }
        self.stop();
    }

    fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }
}
