//! The edge of the box: its commands, its disk, its users, in a whole agent.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::tools::{NOBODY, has_others};

const ZONE: &str = "Device.Time.LocalTimeZone";

fn home() -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.write_config("system", "config system\n\toption timezone 'UTC'\n");
    home
}

/// Runs a command as another user.
fn as_nobody(words: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    let user = NOBODY.to_string();
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.args(words);
    command
}

/// Another user keeps the file locked until this is killed.
fn locked_by_nobody(path: &Path) -> Child {
    let path = path.display().to_string();
    let locked = "echo locked; exec sleep 600";
    let mut child = as_nobody(&["flock", "-n", "-F", &path, "sh", "-c", locked])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 6];
    let out = child.stdout.as_mut().unwrap();
    std::io::Read::read_exact(out, &mut said).unwrap();
    child
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[test]
fn s30_what_is_asked_while_a_command_runs_is_done_once_more() {
    let home = home();
    let [begun, go] = ["begun", "go"].map(|name| home.config_dir().join(name));
    home.set_command(
        "reload_config",
        &format!(
            "echo >>{}; while [ ! -e {} ]; do sleep 0.05; done",
            begun.display(),
            go.display()
        ),
    );
    let agent = home.start();
    for hour in 1..=5 {
        agent.set(ZONE, &format!("X{hour}"));
    }
    wait_for("the command", || (lines(&begun) == 1).then_some(()));
    assert!(
        agent.status().contains("Apply (system)"),
        "{}",
        agent.status()
    );
    fs::write(&go, "").unwrap();
    wait_for("all of it", || {
        agent.status().contains("promised:      none").then_some(())
    });
    assert_eq!(lines(&begun), 2);
}

#[test]
fn s29_the_run_folder_is_the_agents_alone_also_one_that_was_open_to_all() {
    if !has_others() {
        return;
    }
    let home = home();
    let lock = home.run_dir().join("cwmpd.lock");
    fs::create_dir(home.run_dir()).unwrap();
    set_mode(&home.run_dir(), 0o777);
    fs::write(&lock, "1\n").unwrap();
    set_mode(&lock, 0o666);
    // The folders of the test are in the folder for such.
    let above = home.run_dir();
    for folder in above.ancestors().skip(1) {
        if folder == std::env::temp_dir() {
            break;
        }
        set_mode(folder, mode(folder) | 0o011);
    }
    let mut nobody = locked_by_nobody(&lock);
    let agent = home.start();
    assert_eq!(mode(&home.run_dir()), 0o700);
    for entry in fs::read_dir(home.run_dir()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
    let path = lock.display().to_string();
    let mut another = as_nobody(&["flock", "-n", &path, "true"]);
    assert!(!another.stderr(Stdio::null()).status().unwrap().success());
    // A second agent is refused as ever.
    let second = home.run(&["run"]);
    assert!(second.err.contains("another cwmpd"), "{}", second.err);
    agent.kill();
    let _ = nobody.kill();
    let _ = nobody.wait();
}

#[test]
fn s29_a_run_folder_that_others_have_a_hand_in_is_refused_with_words() {
    let home = home();
    let victim = home.config_dir().join("system");
    let refused = |words: &str| {
        let run = home.run(&["run"]);
        assert!(
            run.code == 1 && run.err.contains(words),
            "{words}: {}",
            run.err
        );
        assert!(run.err.contains("-r"), "{}", run.err);
    };
    symlink(home.config_dir(), home.run_dir()).unwrap();
    refused("a link");
    fs::remove_file(home.run_dir()).unwrap();
    fs::create_dir(home.run_dir()).unwrap();
    set_mode(&home.run_dir(), 0o1777);
    refused("other users may write");
    assert_eq!(mode(&home.run_dir()), 0o1777, "it may be /tmp");
    set_mode(&home.run_dir(), 0o755);
    // A link in the place of the lock is not followed.
    symlink(&victim, home.run_dir().join("cwmpd.lock")).unwrap();
    let agent = home.start();
    assert!(fs::read_to_string(&victim).unwrap().contains("timezone"));
    assert!(
        home.run_dir()
            .join("cwmpd.lock")
            .symlink_metadata()
            .unwrap()
            .is_file()
    );
    assert_eq!(mode(&home.run_dir()), 0o700);
    agent.stop();
    if has_others() {
        chown(home.run_dir(), Some(NOBODY), None).unwrap();
        refused("belongs to another user");
    }
}

#[test]
fn s29_a_folder_with_more_than_the_agents_own_is_not_closed() {
    let home = home();
    fs::create_dir(home.run_dir()).unwrap();
    fs::write(home.run_dir().join("dnsmasq.pid"), "1").unwrap();
    set_mode(&home.run_dir(), 0o755);
    let _agent = home.start();
    wait_for("its files", || {
        home.run_dir().join("boot").exists().then_some(())
    });
    assert_eq!(mode(&home.run_dir()), 0o755);
    assert_eq!(mode(&home.run_dir().join("cwmpd.lock")), 0o600);
    assert_eq!(mode(&home.run_dir().join("boot")), 0o600);
}

#[test]
fn s29_the_configuration_with_its_passwords_is_closed_to_others_and_keeps_its_owner() {
    let home = home();
    let file = home.config_dir().join("cwmpd");
    set_mode(&file, 0o644);
    let agent = home.start();
    assert_eq!(mode(&file), 0o600);
    agent.wait_for_log("could read the passwords");
    let others = home.config_dir().join("system");
    set_mode(&others, 0o644);
    if has_others() {
        chown(&file, Some(NOBODY), Some(NOBODY)).unwrap();
        chown(&others, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let owner = |path: &Path| {
        fs::metadata(path)
            .map(|data| (data.uid(), data.gid()))
            .unwrap()
    };
    let before = (owner(&file), owner(&others));
    agent.set("Device.ManagementServer.PeriodicInformInterval", "4711");
    agent.set(ZONE, "CET-1");
    assert!(fs::read_to_string(&file).unwrap().contains("4711"));
    assert!(fs::read_to_string(&others).unwrap().contains("CET-1"));
    assert_eq!((owner(&file), owner(&others)), before);
    assert_eq!((mode(&file), mode(&others)), (0o600, 0o644));
    // Also when somebody writes it anew.
    let text = fs::read(&file).unwrap();
    let new = home.config_dir().join("new");
    fs::write(&new, [&text, &b"# edited\n"[..]].concat()).unwrap();
    set_mode(&new, 0o644);
    fs::rename(&new, &file).unwrap();
    wait_for("a closed file", || (mode(&file) == 0o600).then_some(()));
}

#[test]
fn s29_no_query_of_an_address_is_logged_or_shown() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    let url = format!("{}?token=TELLTALE", acs.url());
    home.set_acs(&url);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value("Device.ManagementServer.URL"), url);
        s.end();
    });
    wait_for("the end of the session", || {
        agent.status().contains("success").then_some(())
    });
    drop(acs);
    agent.inform();
    wait_for("a failure", || {
        agent.status().contains("failure").then_some(())
    });
    home.set_uci("acs", "url", "https:/u:TELLTALE@acs/?TELLTALE");
    agent.wait_for_log("...@acs/?...");
    let shown = agent.status() + &home.log();
    assert!(!shown.contains("TELLTALE"), "{shown}");
    assert!(shown.contains("?..."), "{shown}");
}
