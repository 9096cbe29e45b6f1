//! The edge of the box: its commands, its disk, its users, in a whole agent.

use std::fs;
use std::path::Path;

use cwmpd_lab::home::{Home, wait_for};

const ZONE: &str = "Device.Time.LocalTimeZone";

fn home() -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.write_config("system", "config system\n\toption timezone 'UTC'\n");
    home
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
