//! What it costs to follow a Luup engine, and how soon the ACS hears.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cwmpd::base::config::LuupConfig;
use cwmpd::datamodel::model::describe;
use cwmpd::datamodel::source::Sources;
use cwmpd::luup::{self, Advance, Home, LuupAccess, LuupSource};
use cwmpd_lab::acs::Auth;
use cwmpd_lab::luup::{FakeLuup, large_home};

use crate::Effort;
use crate::figures::print;
use crate::rig::{Rig, median};

/// Nodes of a home as large as Z-Wave allows, and devices below them.
const NODES: u32 = 371;

/// The node whose battery runs out.
const NODE: u32 = 12;

/// The service of that.
const SERVICE: &str = "urn:micasaverde-com:serviceId:HaDevice1";

/// Measures and prints all of it.
pub fn figures(program: &Path, effort: &Effort) {
    print("luup_delta_ms", delta(effort), "ms");
    let luup = FakeLuup::start();
    let rig = Rig::new(program, 0, Auth::Open);
    rig.home.set_uci("cpe", "periodic_notify_enable", "0");
    rig.home.set_uci("luup", "enable", "1");
    rig.home.set_uci("luup", "url", &luup.url());
    let (running, _) = rig.start();
    let before = running.process.rss_kb();
    running.begin_session(|s| {
        s.notify(&format!("Device.Zwave.Interface.{NODE}.BatteryLevel"), 2);
    });
    let events = (0..effort.repeats).map(|event| {
        // No session follows another at once.
        sleep(Duration::from_secs(2));
        let level = (10 + event).to_string();
        let start = Instant::now();
        luup.set(NODE, "HaDevice1", "BatteryLevel", &level);
        let took = rig.acs.session(|s| {
            s.inform();
            let took = start.elapsed();
            s.end();
            took
        });
        took.as_secs_f64() * 1e3
    });
    print("luup_event_to_inform_ms", median(events.collect()), "ms");
    sleep(Duration::from_secs(2));
    let kept = running.process.rss_kb().saturating_sub(before);
    print("luup_follow_rss_kb", kept as f64, "kB");
    let cpu = running.process.cpu_ms();
    sleep(Duration::from_secs(effort.idle_seconds));
    let cpu = running.process.cpu_ms() - cpu;
    let minutes = effort.idle_seconds as f64 / 60.0;
    print("luup_idle_cpu_ms_per_minute", cpu / minutes, "ms");
}

/// From a change as the engine tells it to the home as the rows of the shipped model see it.
fn delta(effort: &Effort) -> f64 {
    let luup = FakeLuup::with(large_home(NODES));
    let home: Rc<RefCell<Home>> = Rc::default();
    let mut sources: Sources = vec![("luup", Box::new(LuupSource(Rc::clone(&home))))];
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../etc/cwmpd");
    let _ = describe(&model, "Device.", &mut sources).expect("the shipped model");
    let mut home = home.borrow_mut();
    let access = LuupAccess::new(LuupConfig {
        url: luup.url(),
        ..LuupConfig::default()
    });
    let fetch = home.begin_fetch();
    let view = fetch.view(luup::fetch(&access, fetch.wanted()).expect("a home"));
    home.update(fetch, Ok(view));
    let runs = (0..effort.repeats * 10).map(|run| {
        let fetch = home.begin_fetch();
        let known = fetch.snapshot().expect("a home");
        let place = known.position().expect("a place");
        let configuration = place.user_data_version.as_deref().unwrap_or("0");
        let answer = format!(
            r#"{{"devices":[{{"id":{NODE},"states":[{{"service":"{SERVICE}","variable":"BatteryLevel","value":"{}"}}]}}],"LoadTime":{},"DataVersion":{},"UserData_DataVersion":{configuration}}}"#,
            run % 100,
            place.load_time,
            place.data_version,
        );
        let start = Instant::now();
        match known.advance(&mut answer.as_bytes()) {
            Ok(Advance::Changed(new, changed)) => {
                let view = fetch.changed_view(*new, &changed);
                home.update(fetch, Ok(view));
            }
            other => panic!("{other:?} of {answer}"),
        }
        start.elapsed().as_secs_f64() * 1e3
    });
    median(runs.collect())
}
