//! What changes cost: in flash, time and memory.

use std::path::Path;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{Message, SetParameterAttributes};
use cwmpd_lab::acs::{Auth, Session};

use crate::figures::{nothing, print, without_strace};
use crate::rig::{Rig, Running};
use crate::trace::files;
use crate::{Effort, model};

/// A session without changes, a small change, a change in many places, a large one.
pub fn on_small_box(running: &Running, effort: &Effort) {
    let unchanged = writes(running, nothing);
    print("writes_unchanged_session", unchanged, "files");
    let set = |s: &mut Session| {
        s.set(&[(&model::parameter(1), XsdType::String, "new")], "bench-1");
    };
    print("writes_spv_session", writes(running, set), "files");
    bytes_of_one(running);
    two_packages(running);
    hundred_at_once(running, effort);
}

/// Files that a session created or changed, of all that lie in flash.
fn writes(running: &Running, play: impl FnMut(&mut Session)) -> f64 {
    let home = &running.rig.home;
    let (model, config) = (home.model_dir(), home.config_dir());
    let before = files(&[&model, &config]);
    running.session(play);
    let after = files(&[&model, &config]);
    let changed = after
        .iter()
        .filter(|(path, state)| before.get(*path) != Some(state));
    changed.count() as f64
}

/// Bytes that go to flash for one changed value.
fn bytes_of_one(running: &Running) {
    let home = &running.rig.home;
    let path = model::parameter(1);
    let written = running
        .process
        .written(&[&home.model_dir(), &home.config_dir()], || {
            running.session(|s| {
                s.set(&[(&path, XsdType::String, "newer")], "bench-3");
            });
        });
    match written {
        Some(written) => print("bytes_written_spv", written.bytes as f64, "bytes"),
        None => without_strace("bytes_written_spv"),
    }
}

/// What it costs the flash that one SetParameterValues over two UCI packages, a stored value and
/// ParameterKey is whole after a power cut.
fn two_packages(running: &Running) {
    let home = &running.rig.home;
    let (model, config) = (home.model_dir(), home.config_dir());
    let stored = model::parameter(3);
    let values = [
        (
            "Device.ManagementServer.PeriodicInformInterval",
            XsdType::UnsignedInt,
            "3600",
        ),
        ("Device.DeviceInfo.HostName", XsdType::String, "bench"),
        (stored.as_str(), XsdType::String, "new"),
    ];
    let written = running.process.written(&[&model, &config], || {
        running.session(|s| {
            s.set(&values, "bench-2");
        });
    });
    match written {
        Some(written) => print("writes_spv_two_packages", written.synced as f64, "files"),
        None => without_strace("writes_spv_two_packages"),
    }
}

/// SetParameterValues with 100 entries, each with a new value every time.
fn hundred_at_once(running: &Running, effort: &Effort) {
    let paths: Vec<String> = (0..100).map(model::parameter).collect();
    let mut round = 0;
    let (cpu, _) = running.cost(effort.sessions.min(200), |s| {
        round += 1;
        let value = (1000 + round).to_string();
        let values: Vec<_> = paths
            .iter()
            .enumerate()
            .map(|(number, path)| match number % 2 {
                0 => (path.as_str(), XsdType::UnsignedInt, value.as_str()),
                _ => (path.as_str(), XsdType::String, value.as_str()),
            })
            .collect();
        s.set(&values, "bench-100");
    });
    print("spv_100_cpu_ms", cpu, "ms");
}

/// What small and large changes cost a box that keeps 20,000 values set by the ACS.
pub fn on_large_box(program: &Path) {
    const ROWS: usize = 20_000;
    let rig = Rig::new(program, ROWS, Auth::Open);
    let (running, _) = rig.start();
    let paths: Vec<String> = (0..ROWS).map(model::parameter).collect();
    running.session(|s| {
        for group in paths.chunks(1000) {
            let values = group
                .iter()
                .enumerate()
                .map(|(number, path)| match number % 2 {
                    0 => (path.as_str(), XsdType::UnsignedInt, "20000"),
                    _ => (path.as_str(), XsdType::String, "set by the ACS"),
                });
            s.set(&values.collect::<Vec<_>>(), "bench-rows");
        }
    });

    let set = [(paths[1].as_str(), XsdType::String, "new")];
    let written = running.process.written(&[&rig.home.model_dir()], || {
        running.session(|s| {
            s.set(&set, "bench-row");
        });
    });
    match written {
        Some(written) => print(
            "bytes_written_spv_20000_rows",
            written.bytes as f64,
            "bytes",
        ),
        None => without_strace("bytes_written_spv_20000_rows"),
    }

    let access_list: Vec<_> = (0..32)
        .map(|number| format!("X_BENCH_{number:056}"))
        .collect();
    let whole_tree = SetParameterAttributes {
        name: "Device.".to_owned(),
        notification: None,
        access_list: Some(access_list),
    };
    let before = running.process.rss_kb();
    running.process.forget_peak();
    running.session(|s| {
        let answer = s.call(Message::SetParameterAttributes {
            parameter_list: vec![whole_tree.clone(); 6],
        });
        if let Message::Fault(fault) = answer {
            println!(
                "# spa_whole_tree_peak_kb: refused, {} {}",
                fault.code, fault.string
            );
        }
    });
    let growth = running.process.peak_kb() as f64 - before as f64;
    print("spa_whole_tree_peak_kb", growth, "kB");
}
