//! Disks that cannot be read now, take nothing, or take it in their own way: the agent goes on, says
//! so, and tells its ACS nothing that is not so.

use std::fs;
use std::path::Path;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::tools::{can_mount, can_trace};

/// Stored by the agent.
const STORED: &str = "Device.ManagementServer.DefaultActiveNotificationThrottle";
/// In a file of UCI.
const ZONE: &str = "Device.Time.LocalTimeZone";

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.write_config("system", "config system\n\toption timezone 'UTC'\n");
    home.set_acs(&acs.url());
    home
}

fn is_idle(agent: &Daemon<'_>) {
    wait_for("the end of the session", || {
        let status = agent.status();
        let idle = status.contains("session:       none") && status.contains(", success");
        idle.then_some(())
    });
}

/// A box that its ACS knows, with something in state file and journal of both generations.
fn known_home(acs: &ScriptedAcs) -> Home {
    let home = home(acs);
    let agent = home.start();
    acs.quiet_session();
    is_idle(&agent);
    agent.keep_port();
    agent.set(STORED, "1");
    agent.stop();
    let agent = home.start();
    agent.set(STORED, "2");
    agent.stop();
    let agent = home.start();
    agent.set(STORED, "3");
    agent.kill();
    home
}

/// Lets such calls upon this file fail: `CALL:error=ERRNO`, and which of them.
fn failing(file: &str, which: &str) -> Vec<String> {
    let inject = format!("inject={which}");
    [
        "strace",
        "-D",
        "-f",
        "-o",
        "/dev/null",
        "-P",
        file,
        "-e",
        &inject,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn start_under<'a>(home: &'a Home, wrapper: &[String]) -> Daemon<'a> {
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    home.start_under(&wrapper)
}

/// All files of the model's folder, with what is in them.
fn content(home: &Home) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(home.model_dir()).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .map(|path| {
            (
                path.display().to_string(),
                fs::read(&path).unwrap_or_default(),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn s27_state_that_cannot_be_read_once_is_no_first_start() {
    if !can_trace() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = known_home(&acs);
    let file = |name: &str| home.model_dir().join(name).display().to_string();
    for (nth, (name, call, errno)) in [
        ("parameters.data", "openat", "EMFILE"),
        ("parameters.data", "openat", "EACCES"),
        ("parameters.data", "read", "EIO"),
        ("parameters.journal", "openat", "ENOMEM"),
        ("parameters.journal", "read", "EISDIR"),
        ("time.csv", "openat", "ESTALE"),
        ("time.csv", "read", "EIO"),
    ]
    .into_iter()
    .enumerate()
    {
        home.power_cycle();
        let before = home.log().matches("no session is opened").count();
        assert!(Path::new(&file(name)).exists(), "{name}");
        let agent = start_under(
            &home,
            &failing(&file(name), &format!("{call}:error={errno}:when=1")),
        );
        assert_eq!(acs.quiet_session(), ["1 BOOT"], "{name} {call} {errno}");
        let said = home.log().matches("no session is opened").count();
        assert_eq!(said, before + 1, "{name} {call} {errno}");
        assert_eq!(agent.get(STORED), (nth + 3).to_string());
        is_idle(&agent);
        // Without a clean end, so that there is a journal again.
        agent.set(STORED, &(nth + 4).to_string());
        agent.kill();
        assert!(!home.model_dir().join("parameters.data.corrupt").exists());
        assert!(!home.model_dir().join("parameters.journal.corrupt").exists());
    }
}

#[test]
fn s27_state_that_cannot_be_read_for_long_is_waited_for_and_left_alone() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    for (name, cut_short) in [
        ("parameters.data", false),
        ("parameters.data~", true),
        ("parameters.journal", false),
        ("parameters.journal~", true),
    ] {
        let home = known_home(&acs);
        home.power_cycle();
        let file = |name: &str| home.model_dir().join(name);
        if cut_short {
            // A checkpoint left the present generation under the names of the one before.
            for name in ["parameters.data", "parameters.journal"] {
                fs::rename(file(name), file(&format!("{name}~"))).unwrap();
            }
        }
        fs::rename(file(name), file("aside")).unwrap();
        // What is there and is no file: EISDIR.
        fs::create_dir(file(name)).unwrap();
        let before = content(&home);
        let agent = home.start();
        wait_for("a status", || agent.status().contains(name).then_some(()));
        let refused = home.run(&["get", "DeviceInfo."]);
        assert!(
            refused.code == 1 && refused.err.contains(name),
            "{refused:?}"
        );
        // It ends when it is told to.
        assert!(agent.stop().success());
        let agent = home.start();
        wait_for("a status", || agent.status().contains(name).then_some(()));
        assert_eq!(content(&home), before, "{name}");
        fs::remove_dir(file(name)).unwrap();
        fs::rename(file("aside"), file(name)).unwrap();
        assert_eq!(acs.quiet_session(), ["1 BOOT"], "{name}");
        assert_eq!(agent.get(STORED), "3");
    }
}

#[test]
fn s27_the_run_folder_that_cannot_be_read_once_is_no_boot_and_loses_no_event() {
    if !can_trace() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = known_home(&acs);
    for name in ["boot", "boot.told", "undelivered", "live.data"] {
        let path = home.run_dir().join(name).display().to_string();
        assert!(Path::new(&path).exists(), "{name}");
        let before = home.log().matches("no session is opened").count();
        let agent = start_under(&home, &failing(&path, "openat:error=EMFILE:when=1"));
        wait_for("the agent", || {
            let status = home.run(&["status"]).out;
            status.contains("call us at").then_some(())
        });
        let said = home.log().matches("no session is opened").count();
        assert_eq!(said, before + 1, "{name}");
        let status = agent.status();
        assert!(status.contains("pending:       none"), "{name}: {status}");
        agent.kill();
    }
}

/// Runs a script in a file system view of the agent's own, and then the agent.
fn mounted(script: &str, words: &[&Path]) -> Vec<String> {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.display().to_string())
        .collect();
    let script = format!("set -e; {script}; shift {}; exec \"$@\"", words.len());
    let head = ["unshare", "-m", "sh", "-c", &script, "sh"].map(str::to_owned);
    [head.to_vec(), words].concat()
}

#[test]
fn s28_a_disk_that_is_read_only_makes_one_bootstrap_and_one_path_in_a_boot() {
    if !can_mount() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let read_only = mounted(
        "mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"",
        &[&home.model_dir()],
    );
    let start = || {
        let agent = start_under(&home, &read_only);
        wait_for("the agent", || {
            (home.run(&["status"]).code == 0).then_some(())
        });
        agent
    };
    let agent = start();
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    is_idle(&agent);
    agent.keep_port();
    let url = agent.connection_request_url();
    // A change that the box cannot keep is refused; the file of another disk is not touched.
    agent.inform();
    acs.session(|s| {
        let events = s.inform().event;
        assert!(events.iter().all(|e| e.event_code != "0 BOOTSTRAP"));
        let fault = s.call(cwmpd_lab::acs::set_parameter_values(
            &[(ZONE, XsdType::String, "CET-1")],
            "",
        ));
        assert_eq!(fault.name(), "Fault");
        s.end();
    });
    let system = fs::read_to_string(home.config_dir().join("system")).unwrap();
    assert!(system.contains("'UTC'"), "{system}");
    is_idle(&agent);
    let status = agent.status();
    assert!(status.contains("trouble:       cannot save"), "{status}");
    let told = home.log().matches("cwmpd: error: cannot save").count();
    assert_eq!(told, 1, "{}", home.log());
    agent.kill();
    for _ in 0..2 {
        let agent = start();
        assert_eq!(agent.connection_request_url(), url);
        let status = agent.status();
        assert!(status.contains("pending:       none"), "{status}");
        agent.inform();
        assert!(!acs.quiet_session().contains(&"0 BOOTSTRAP".to_owned()));
        is_idle(&agent);
        agent.kill();
    }
    // The disk takes something again.
    let agent = home.start();
    wait_for("the state", || {
        home.model_dir()
            .join("parameters.data")
            .exists()
            .then_some(())
    });
    assert_eq!(agent.connection_request_url(), url);
    agent.stop();
    assert!(!home.run_dir().join("state.data").exists());
    home.power_cycle();
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["1 BOOT"]);
    assert_eq!(agent.connection_request_url(), url);
}

#[test]
fn s28_a_full_disk_is_told_once_and_used_again_when_there_is_room() {
    if !can_mount() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    // Nothing but the disk is looked at.
    home.set_uci("cpe", "periodic_notify_enable", "0");
    let copy = home.model_dir().with_extension("copy");
    let full = mounted(
        "cp -a \"$1\" \"$2\"; mount -t tmpfs -o size=1m tmpfs \"$1\"; cp -a \"$2\"/. \"$1\"; \
         dd if=/dev/zero of=\"$1\"/ballast bs=4k 2>/dev/null || true",
        &[&home.model_dir(), &copy],
    );
    let agent = start_under(&home, &full);
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    is_idle(&agent);
    agent.inform();
    assert!(!acs.quiet_session().contains(&"0 BOOTSTRAP".to_owned()));
    is_idle(&agent);
    let status = agent.status();
    assert!(status.contains("trouble:       cannot save"), "{status}");
    let told = home.log().matches("cwmpd: error: cannot save").count();
    assert_eq!(told, 1, "{}", home.log());
    let root = format!("/proc/{}/root{}", agent.pid(), home.model_dir().display());
    let inside = Path::new(&root);
    fs::remove_file(inside.join("ballast")).unwrap();
    agent.wait_for_log("the state is saved again");
    assert!(inside.join("parameters.data").exists());
    wait_for("an end of it", || {
        (!agent.status().contains("trouble:")).then_some(())
    });
}

#[test]
fn s28_a_run_folder_without_room_keeps_no_box_from_its_acs() {
    if !can_mount() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    for full in ["nr_inodes=1", "nr_inodes=3", "nr_inodes=99"] {
        let home = home(&acs);
        fs::create_dir_all(home.run_dir()).unwrap();
        let script = format!(
            "mount -t tmpfs -o size=16k,{full} tmpfs \"$1\"; chmod 700 \"$1\"; \
             dd if=/dev/zero of=\"$1\"/.ballast.cwmpd-new 2>/dev/null || true"
        );
        let agent = start_under(&home, &mounted(&script, &[&home.run_dir()]));
        assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"], "{full}");
        agent.wait_for_log("cwmpd: error: cannot");
        assert!(agent.stop().success());
    }
}

#[test]
fn s28_what_is_in_the_file_is_no_fault() {
    if !can_trace() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    for errno in ["EINVAL", "EOPNOTSUPP", "EIO"] {
        let home = home(&acs);
        let config = home.config_dir().display().to_string();
        let agent = start_under(&home, &failing(&config, &format!("fsync:error={errno}")));
        acs.session(|s| {
            s.inform();
            s.set(&[(ZONE, XsdType::String, "CET-1")], "the key");
            assert_eq!(s.value(ZONE), "CET-1");
            s.end();
        });
        is_idle(&agent);
        let told = home.log().contains("cannot be synced");
        assert_eq!(told, errno == "EIO", "{errno}: {}", home.log());
        agent.kill();
    }
}

#[test]
fn s28_a_model_folder_that_is_never_synced_is_used_all_the_same() {
    if !can_trace() {
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let model = home.model_dir().display().to_string();
    let agent = start_under(&home, &failing(&model, "fsync:error=EINVAL"));
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    is_idle(&agent);
    agent.keep_port();
    let status = agent.status();
    assert!(!status.contains("trouble:"), "{status}");
    agent.kill();
    home.power_cycle();
    let _agent = home.start();
    assert_eq!(acs.quiet_session(), ["1 BOOT"]);
}
