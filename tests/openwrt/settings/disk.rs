//! Disks that are full, or take nothing.

use std::process::{Command, Output};

use cwmpd_lab::tools::can_mount;

use super::{EASYCWMP, RUN, Upgraded};

/// Settings of a box that has an ACS, to which those of the old agent add.
const CONFIGURED: &str = "config acs 'acs'\n\toption url 'https://new.example.net/'\n\
    \toption userid 'new'\n\toption passwd 'secret'\n";

const FILL: &str = "cat /dev/zero >\"$1/etc/ballast\" 2>/dev/null || true";

const READ_ONLY: &str = "mount -o remount,ro \"$1/etc\"";

/// Nothing lies about there, and passwords least of all.
const LEFT: &str = "/etc/config:\ncwmpd\neasycwmp\n\n/tmp:\nlog\n";

/// Runs a line of shell in a box whose `/etc` is a disk of its own, after `state` was done to that;
/// none where nobody may mount, which is said.
fn on_disk(upgraded: &Upgraded, state: &str, line: &str) -> Option<Output> {
    if !can_mount() {
        return None;
    }
    let script = format!(
        "set -e; cp -a \"$1/etc\" \"$1/kept\"; mount -t tmpfs -o size=2m tmpfs \"$1/etc\"
         cp -a \"$1/kept/.\" \"$1/etc\"; {state}
         PATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot \"$1\" /bin/sh -c \"$2\""
    );
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", &script, "sh"])
        .arg(upgraded.0.path(""))
        .arg(line)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    Some(output)
}

/// `uci commit` on a full disk leaves an empty file.
#[test]
fn b35_a_full_disk_takes_no_settings_that_were_there() {
    let files = [("easycwmp", EASYCWMP), ("cwmpd", CONFIGURED)];
    let Some(upgraded) = Upgraded::new(&files) else {
        return;
    };
    upgraded.services(&["easycwmpd"]);
    let line = format!(
        "{RUN}; echo $?; cat /etc/config/cwmpd; ls -A /tmp /etc/config; uci changes
         rm /etc/ballast; echo room; {RUN}; echo $?; uci get cwmpd.acs.url; uci get cwmpd.cpe.port"
    );
    let Some(output) = on_disk(&upgraded, FILL, &line) else {
        return;
    };
    let said = String::from_utf8(output.stdout).unwrap();
    let (full, room) = said.split_once("room\n").unwrap();
    assert_eq!(full, format!("1\n{CONFIGURED}{LEFT}"));
    assert_eq!(room, "0\nhttps://new.example.net/\n30005\n");
    let log = upgraded.log();
    let (full, _) = log.split_once("taken over from").unwrap();
    assert!(full.contains("could not all be written"), "{log}");
    assert_eq!(upgraded.told(), "easycwmpd disable\neasycwmpd stop\n");
}

#[test]
fn b35_what_a_read_only_disk_did_not_take_is_not_told_as_taken() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.services(&["easycwmpd"]);
    let line = format!("{RUN}; echo $?; cmp /etc/config/cwmpd /kept/config/cwmpd; ls -A /tmp");
    let Some(output) = on_disk(&upgraded, READ_ONLY, &line) else {
        return;
    };
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1\nlog\n");
    let log = upgraded.log();
    assert!(log.contains("could not all be written"), "{log}");
    assert!(!log.contains("taken over from"), "{log}");
    assert_eq!(upgraded.told(), "");
}

/// Power, or the disk, went when the copy was written: it is no setting, and the next run does it.
#[test]
fn b35_half_a_copy_is_not_taken_for_the_file() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP), ("cwmpd", CONFIGURED)]) else {
        return;
    };
    let half = "#!/bin/sh\nfor last; do :; done\n/bin/busybox cp \"$@\"\n\
                case $last in /etc/*) : >\"$last\" ;; esac\n";
    upgraded.0.must("rm /bin/cp");
    upgraded.0.program("bin/cp", half);
    assert!(!upgraded.run());
    assert_eq!(upgraded.ours(), CONFIGURED);
    upgraded.0.must("rm /bin/cp && ln -s /bin/busybox /bin/cp");
    upgraded.0.write("etc/config/.cwmpd.new", "config a");
    upgraded.0.write("tmp/cwmpd-settings/cwmpd", "config a");
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("acs.url", "https://new.example.net/"),
        ("cpe.port", "30005"),
    ]);
    assert_eq!(upgraded.0.must("ls -A /tmp /etc/config"), LEFT);
}

/// The agent goes on with its last good settings then, and mends the file.
#[test]
fn b35_an_empty_file_is_not_one_that_says_nothing() {
    for (folder, ours) in [
        ("cwmpd", Some("")),
        ("cwmpd-igd", Some("\n")),
        ("cwmpd", None),
    ] {
        let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
            return;
        };
        upgraded.0.must("rm /etc/config/cwmpd");
        if let Some(text) = ours {
            upgraded.0.write("etc/config/cwmpd", text);
        }
        let good = format!("etc/{folder}/cwmpd.good");
        upgraded.0.write(&good, CONFIGURED);
        assert!(upgraded.run());
        upgraded.assert_has(&[
            ("acs.url", "https://new.example.net/"),
            ("acs.userid", "new"),
            ("acs.passwd", "secret"),
            ("cpe.port", "30005"),
        ]);
        assert_eq!(upgraded.0.read(&good), CONFIGURED);
    }
}
