//! The commands of the box, with programs of our own in place of those of the system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cwmpd::device::commands::{CommandError, Commands, System};
use cwmpd_lab::Folder;

/// One test at a time: a program that is being written cannot be run, and a child that another
/// test starts just then has it open for an instant.
pub static ALONE: Mutex<()> = Mutex::new(());

/// A folder of programs that write down how they were run.
struct Programs(Folder);

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Programs {
    fn new(test: &str, names: &[&str]) -> Self {
        let dir = Folder::new(test);
        fs::create_dir(dir.join("init.d")).unwrap();
        for name in names {
            let log = dir.join("log");
            let script = format!(
                "#!/bin/sh\necho {name} \"$@\" >> {}\n[ {name} != broken ]\n",
                log.display()
            );
            let path = dir.join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(dir)
    }

    fn system(&self) -> System {
        System::new(Some(&self.0))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.join("log")).unwrap_or_default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn w23_reboot_and_factory_reset_run_their_programs() {
    let _alone = alone();
    let programs = Programs::new("reset", &["reboot", "jffs2reset", "firstboot"]);
    programs.system().reboot().unwrap();
    programs.system().factory_reset().unwrap();
    assert_eq!(programs.log(), "reboot\njffs2reset -y\n");
}

#[test]
fn the_newest_name_of_the_factory_reset_is_preferred() {
    let _alone = alone();
    let programs = Programs::new("newest", &["factoryreset", "jffs2reset"]);
    programs.system().factory_reset().unwrap();
    assert_eq!(programs.log(), "factoryreset -y\n");
    let old = Programs::new("oldest", &["firstboot"]);
    old.system().factory_reset().unwrap();
    assert_eq!(old.log(), "firstboot -y\n");
}

#[test]
fn services_are_told_by_reload_config_or_one_by_one() {
    let _alone = alone();
    let all = Programs::new("all", &["reload_config", "init.d/network"]);
    all.system().apply(&names(&["network"])).unwrap();
    assert_eq!(all.log(), "reload_config\n");
    let some = Programs::new("some", &["init.d/network", "init.d/system"]);
    some.system()
        .apply(&names(&["network", "system", "unknown", "cwmpd"]))
        .unwrap();
    assert_eq!(some.log(), "init.d/network reload\ninit.d/system reload\n");
}

#[test]
fn a_change_of_our_own_package_alone_runs_nothing() {
    let _alone = alone();
    let programs = Programs::new("own", &["reload_config", "init.d/cwmpd"]);
    programs.system().apply(&names(&["cwmpd"])).unwrap();
    programs.system().apply(&[]).unwrap();
    assert_eq!(programs.log(), "");
}

#[test]
fn no_command_takes_longer_than_its_limit() {
    let _alone = alone();
    let all = ["reboot", "firstboot", "reload_config", "init.d/network"];
    let programs = Programs::new("hang", &all);
    for name in all {
        fs::write(programs.0.join(name), "#!/bin/sh\nexec sleep 600\n").unwrap();
    }
    let mut system = programs.system();
    assert_eq!(system.limit, Duration::from_secs(60));
    system.limit = Duration::from_millis(50);
    let package = names(&["network"]);
    let mut ended = vec![
        system.reboot(),
        system.factory_reset(),
        system.apply(&package),
    ];
    fs::remove_file(programs.0.join("reload_config")).unwrap();
    ended.push(system.apply(&package));
    for ended in ended {
        assert!(
            matches!(ended, Err(CommandError::TimedOut(..))),
            "{ended:?}"
        );
    }
}

#[test]
fn a_missing_or_failing_program_is_an_error_that_names_it() {
    let _alone = alone();
    let none = Programs::new("none", &[]);
    let error = none.system().reboot().unwrap_err();
    assert_eq!(error.to_string(), "this system has no reboot");
    assert!(matches!(
        none.system().factory_reset(),
        Err(CommandError::Missing(_))
    ));
    let broken = Programs::new("broken", &["broken"]);
    fs::rename(broken.0.join("broken"), broken.0.join("reboot")).unwrap();
    let error = broken.system().reboot().unwrap_err().to_string();
    assert!(
        error.contains("/reboot ended with exit status: 1"),
        "{error}"
    );
}
