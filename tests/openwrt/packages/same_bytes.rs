//! The same input gives the same bytes, wherever, whenever and by whom a package is made.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{OF_1407, Workshop, elf};

/// The packages of an architecture, made by somebody else: with another umask, language, time zone
/// and time of the files.
fn made_elsewhere(workshop: &Workshop, architecture: &str) -> Vec<PathBuf> {
    let mut touch = Command::new("find");
    touch.arg(workshop.folder.path());
    touch.args([
        "-exec",
        "touch",
        "-h",
        "-d",
        "2001-02-03 04:05:06",
        "{}",
        "+",
    ]);
    assert!(touch.status().unwrap().success());
    let program = workshop
        .folder
        .file("other name", elf::fitting(architecture));
    let made = workshop.folder.join("made elsewhere");
    let script = workshop.script("package.sh");
    let mut command = Command::new("sh");
    command.args(["-c", "umask 077; exec \"$@\"", "sh"]);
    command.arg(script.get_program()).args(script.get_args());
    command.envs(
        script
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command.arg(architecture).arg("--program").arg(program);
    command.arg("--to").arg(made);
    command
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "tr_TR.UTF-8");
    command.env("PYTHONHASHSEED", "7").current_dir("/");
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let paths = String::from_utf8(output.stdout).unwrap();
    paths.lines().map(PathBuf::from).collect()
}

#[test]
fn b02_the_same_input_gives_the_same_bytes() {
    let (Some(here), Some(there)) = (Workshop::new(), Workshop::new()) else {
        return;
    };
    for architecture in ["mipsel_24kc", OF_1407, "x86_64"] {
        let (one, other) = (
            here.make(architecture),
            made_elsewhere(&there, architecture),
        );
        assert_eq!(one.len(), other.len());
        assert!(!one.is_empty());
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one.file_name(), other.file_name());
            assert!(
                fs::read(one).unwrap() == fs::read(other).unwrap(),
                "{}",
                one.display()
            );
        }
    }
}

#[test]
fn b02_other_input_gives_other_bytes() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let bytes = || -> Vec<_> {
        let made = workshop.make("x86_64");
        made.iter().map(|path| fs::read(path).unwrap()).collect()
    };
    let before = bytes();
    workshop.append("etc/cwmpd/time.csv", "# another line\n");
    for (before, after) in before.iter().zip(&bytes()) {
        assert!(before != after);
    }
}

/// A program or row that a stranger could write is not packed as if nothing were.
#[test]
fn b02_rights_do_not_come_from_who_makes_the_package() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop.edit(
        "openwrt-package/install.sh",
        "lay 0755 \"$program\"",
        "lay 4755 \"$program\"",
    );
    let output = workshop.pack("x86_64", &elf::fitting("x86_64"));
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("/usr/sbin/cwmpd: mode 4755"), "{said}");
}

#[test]
fn b02_without_a_time_nothing_is_made() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut command = workshop.script("package.sh");
    command
        .env_remove("SOURCE_DATE_EPOCH")
        .env("GIT_CEILING_DIRECTORIES", "/tmp");
    let program = workshop.folder.file("program", elf::fitting("x86_64"));
    command.arg("x86_64").arg("--program").arg(program);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("SOURCE_DATE_EPOCH"), "{said}");
}
