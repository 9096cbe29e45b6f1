//! What a firmware upgrade leaves of the agent's files, and `/etc/uci-defaults/91-cwmpd-rows`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::little_box::LittleBox;

/// How sysupgrade of 14.07 finds what it takes along; later ones have the two types in brackets.
const KEPT: &str = "find $(sed -ne '/^[[:space:]]*$/d; /^#/d; p' /etc/sysupgrade.conf \
    /lib/upgrade/keep.d/* 2>/dev/null) -type f -o -type l 2>/dev/null | sort -u";

fn installed() -> Option<LittleBox> {
    let new = LittleBox::new()?;
    new.install();
    Some(new)
}

/// The files that an upgrade of the firmware takes along.
fn kept(of: &LittleBox) -> BTreeSet<String> {
    let files = of.must(KEPT);
    files.lines().map(str::to_owned).collect()
}

/// The new firmware, with the package in it, as it comes up: `/rom` is what it was built with, and
/// the files of the old one are put back.
fn upgrade(old: &LittleBox, new: &LittleBox) {
    new.must("mkdir /rom && cp -r /etc /usr /lib /rom/");
    for path in kept(old) {
        let path = path.trim_start_matches('/');
        fs::create_dir_all(new.path(path).parent().unwrap()).unwrap();
        fs::copy(old.path(path), new.path(path)).unwrap();
    }
}

fn run_rows(new: &LittleBox) {
    new.must("cd /etc/uci-defaults && ( . /etc/uci-defaults/91-cwmpd-rows )");
}

/// Makes the rows of a box those of another version: it edits, and sums up.
fn other_version(of: &LittleBox, edits: &str) {
    let sum = "md5sum -- *.csv luup/*.csv >shipped.md5";
    of.must(&format!("cd /etc/cwmpd && {edits} && {sum}"));
}

/// The agent on the box, which ends with this value.
struct Running(Child);

impl Running {
    fn start(on: &LittleBox) -> Self {
        let mut command = on.command(&["/usr/sbin/cwmpd", "-p", "/etc/cwmpd"]);
        let running = Self(command.spawn().unwrap());
        let patience = Instant::now() + Duration::from_secs(60);
        while !on.sh("/usr/sbin/cwmpd status").status.success() {
            assert!(Instant::now() < patience, "the agent does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        running
    }

    fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A box with the real program. Its port is any, so that tests do not meet there.
fn with_agent() -> Option<LittleBox> {
    let new = installed()?;
    new.bring(Path::new(env!("CARGO_BIN_EXE_cwmpd")), "usr/sbin/cwmpd");
    let config = "config cpe 'cpe'\n\toption port '0'\n\toption log_to_syslog '0'\n";
    new.write("etc/config/cwmpd", config);
    Some(new)
}

#[test]
fn b11_a_box_is_the_same_after_a_firmware_upgrade() {
    let Some(old) = with_agent() else {
        return;
    };
    let agent = Running::start(&old);
    old.must("cwmpd set ManagementServer.UpgradesManaged 0");
    old.must("cwmpd set DeviceInfo.ProvisioningCode here");
    // It is killed by the upgrade: what it promised is kept while it runs too.
    assert!(kept(&old).contains("/etc/cwmpd/parameters.journal"));
    agent.stop();
    // Whatever the agent writes.
    let all = |of: &LittleBox| -> BTreeSet<String> {
        let files = of.must("find /etc/config/cwmpd /etc/cwmpd /etc/cwmpd-igd -type f");
        files.lines().map(str::to_owned).collect()
    };
    for late in [
        "parameters.data~",
        "parameters.data.corrupt",
        "own.csv",
        "cwmpd.corrupt",
    ] {
        old.must(&format!(
            "[ -e /etc/cwmpd/{late} ] || echo '#' >/etc/cwmpd/{late}"
        ));
    }
    assert_eq!(all(&old), kept(&old));
    let later = KEPT.replace("-type f -o -type l", "\\( -type f -o -type l \\)");
    assert_eq!(old.must(&later), old.must(KEPT));
    for name in ["parameters.data", "cwmpd.good"] {
        assert!(kept(&old).contains(&format!("/etc/cwmpd/{name}")), "{name}");
    }

    let new = with_agent().unwrap();
    new.write("etc/config/cwmpd", "");
    upgrade(&old, &new);
    run_rows(&new);
    let agent = Running::start(&new);
    let value = new.must("cwmpd get ManagementServer.UpgradesManaged");
    assert!(value.trim().ends_with(['0', 'e']), "{value}");
    let value = new.must("cwmpd get DeviceInfo.ProvisioningCode");
    assert!(value.contains("here"), "{value}");
    agent.stop();
    let data = |of: &LittleBox| fs::read(of.path("etc/cwmpd/parameters.data")).unwrap();
    assert_eq!(data(&old), data(&new), "nothing was made up anew");
}

/// Whoever calls sysupgrade, and wherever the files are.
#[test]
fn b43_the_files_that_tls_needs_are_on_the_list_of_sysupgrade() {
    let Some(old) = with_agent() else {
        return;
    };
    let ca = "/opt/tls/ca.pem";
    old.must("mkdir -p /opt/tls && echo '# a root' >/opt/tls/ca.pem");
    let config = fs::read_to_string(old.path("etc/config/cwmpd")).unwrap();
    let acs = format!("config acs 'acs'\n\toption ssl_cacert '{ca}'\n");
    old.write("etc/config/cwmpd", format!("{acs}{config}"));
    let told = |of: &LittleBox| {
        let check = of.sh("cwmpd check");
        String::from_utf8_lossy(&check.stdout).contains("a firmware upgrade loses it")
    };
    assert!(!kept(&old).contains(ca));
    assert!(told(&old), "nobody has listed it yet");
    Running::start(&old).stop();
    assert!(kept(&old).contains(ca));
    assert!(!told(&old));
    // Nor is the list made of what is kept no more.
    old.write("etc/config/cwmpd", &config);
    Running::start(&old).stop();
    assert!(!kept(&old).contains(ca));
    old.must("[ ! -e /lib/upgrade/keep.d/cwmpd-files ]");
}

/// Rows that the old firmware left, of each kind, and whose the box has then.
#[test]
fn b11_a_firmware_upgrade_brings_the_new_rows_where_nobody_edited() {
    let Some(old) = installed() else {
        return;
    };
    other_version(
        &old,
        "echo '# older' >>time.csv && echo '# older' >>zwave.csv && echo '# gone' >gone.csv \
         && echo '# gone' >gone_too.csv && rm network.csv",
    );
    old.must("cd /etc/cwmpd && echo '# edited' | tee -a zwave.csv gone_too.csv >own.csv");
    let new = installed().unwrap();
    upgrade(&old, &new);
    let rows = |name: &str| new.read(&format!("etc/cwmpd/{name}"));
    assert!(rows("time.csv").contains("# older"), "they are put back");
    run_rows(&new);
    let rom = |name: &str| new.read(&format!("rom/etc/cwmpd/{name}"));
    assert_eq!(rows("time.csv"), rom("time.csv"));
    assert_eq!(rows("network.csv"), rom("network.csv"));
    assert_eq!(rows("shipped.md5"), rom("shipped.md5"));
    assert!(!new.path("etc/cwmpd/gone.csv").exists());
    assert!(rows("zwave.csv").ends_with("# edited\n"));
    assert!(rows("gone_too.csv").ends_with("# edited\n"));
    assert_eq!(rows("own.csv"), "# edited\n");
    let log = new.read("tmp/log");
    assert!(
        log.contains("/etc/cwmpd/zwave.csv was edited, and stays as it is"),
        "{log}"
    );
    // Twice is once.
    let before = new.must("find /etc/cwmpd -type f | sort | xargs cat | md5sum");
    run_rows(&new);
    assert_eq!(
        new.must("find /etc/cwmpd -type f | sort | xargs cat | md5sum"),
        before
    );
    assert_eq!(new.read("tmp/log"), log);
}

/// logd, which comes up later, takes over what it finds there.
#[test]
fn b32_what_a_boot_does_to_rows_is_told_in_the_log_of_the_kernel() {
    let (Some(old), Some(new)) = (installed(), installed()) else {
        return;
    };
    other_version(&old, "echo '# older' >>time.csv");
    old.must("echo '# edited' >>/etc/cwmpd/zwave.csv");
    upgrade(&old, &new);
    new.boots();
    run_rows(&new);
    assert_eq!(
        new.read("dev/kmsg"),
        "<5>cwmpd: /etc/cwmpd/zwave.csv was edited, and stays as it is\n\
         <5>cwmpd: the rows in /etc/cwmpd are those of the new version\n"
    );
}

/// A package that was installed on the box has newer rows than its firmware.
#[test]
fn b11_rows_of_a_package_are_not_put_back_to_those_of_the_firmware() {
    for overlay in ["overlay/upper", "overlay"] {
        let Some(new) = installed() else {
            return;
        };
        new.must("mkdir /rom && cp -r /etc /usr /lib /rom/");
        other_version(&new, "echo '# newer' >>time.csv");
        new.write(&format!("{overlay}/usr/sbin/cwmpd"), "");
        run_rows(&new);
        let rows = new.read("etc/cwmpd/time.csv");
        assert!(rows.ends_with("# newer\n"), "{overlay}");
    }
}

/// The old files were put back before the package was there: opkg and apk lay theirs beside them.
#[test]
fn b11_rows_that_a_package_manager_laid_aside_take_their_place() {
    for ending in ["-opkg", ".apk-new"] {
        let Some(new) = installed() else {
            return;
        };
        let aside = "for file in time.csv zwave.csv shipped.md5; do cp $file ../$file.kept; done";
        new.must(&format!("cd /etc/cwmpd && {aside}"));
        other_version(
            &new,
            "echo '# older' >>time.csv && echo '# older' >>zwave.csv",
        );
        new.must(&format!(
            "cd /etc/cwmpd && echo '# edited' >>zwave.csv && \
             for file in time.csv zwave.csv shipped.md5; do mv ../$file.kept $file{ending}; done"
        ));
        run_rows(&new);
        assert!(
            !new.read("etc/cwmpd/time.csv").contains("# older"),
            "{ending}"
        );
        assert!(new.read("etc/cwmpd/zwave.csv").ends_with("# edited\n"));
        let beside = new.must("cd /etc/cwmpd && ls | grep -v -e luup -e 'csv$' -e 'md5$'");
        assert_eq!(
            beside,
            format!("zwave.csv{ending}\n"),
            "for its owner to look at"
        );
        assert_eq!(
            new.must("cd /etc/cwmpd && md5sum -c shipped.md5 2>/dev/null | grep -v OK"),
            "zwave.csv: FAILED\n"
        );
    }
}

/// One that an older upgrade of the package laid aside, which a firmware upgrade takes along too.
#[test]
fn b11_rows_that_were_laid_aside_long_ago_are_not_the_new_ones() {
    for ending in ["-opkg", ".apk-new"] {
        let (Some(old), Some(new)) = (installed(), installed()) else {
            return;
        };
        other_version(
            &old,
            "echo '# older' >>time.csv && echo '# older' >>zwave.csv",
        );
        old.must(&format!(
            "cd /etc/cwmpd && echo '# oldest' >time.csv{ending} && md5sum *.csv >shipped.md5{ending}"
        ));
        upgrade(&old, &new);
        run_rows(&new);
        for name in ["time.csv", "zwave.csv", "shipped.md5"] {
            let rom = new.read(&format!("rom/etc/cwmpd/{name}"));
            assert_eq!(new.read(&format!("etc/cwmpd/{name}")), rom, "{name}");
        }
        // Nobody has anything to look at there any more.
        let beside = new.must("ls /etc/cwmpd | sed '/csv$/d; /md5$/d'");
        assert_eq!(beside, "luup\n");
    }
}

/// What does not have the new sum is none of the new version.
#[test]
fn b11_a_row_of_another_version_waits_for_the_right_one() {
    let Some(new) = installed() else {
        return;
    };
    new.must("cp -r /etc/cwmpd /kept");
    other_version(
        &new,
        "echo '# older' >>time.csv && echo '# older' >>zwave.csv",
    );
    new.must(
        "cd /etc/cwmpd && echo '# another' >time.csv.apk-new && cp /kept/zwave.csv zwave.csv-opkg \
         && cp /kept/shipped.md5 shipped.md5-opkg",
    );
    let run = "cd /etc/uci-defaults && ( . /etc/uci-defaults/91-cwmpd-rows )";
    assert!(!new.sh(run).status.success(), "it is tried again");
    assert!(new.read("etc/cwmpd/time.csv").ends_with("# older\n"));
    assert_eq!(new.read("etc/cwmpd/zwave.csv"), new.read("kept/zwave.csv"));
    new.must("cp /kept/time.csv /etc/cwmpd/time.csv-opkg");
    run_rows(&new);
    assert_eq!(
        new.must("cd /etc/cwmpd && md5sum -c shipped.md5 | grep -v OK; true"),
        ""
    );
    assert!(
        !new.read("tmp/log").contains("was edited"),
        "{}",
        new.read("tmp/log")
    );
}

/// A box after an upgrade from a firmware that had two rows files of another version.
fn with_older_rows() -> Option<LittleBox> {
    let (old, new) = (installed()?, installed()?);
    other_version(
        &old,
        "echo '# older' >>time.csv && echo '# older' >>zwave.csv",
    );
    upgrade(&old, &new);
    Some(new)
}

/// A name for what is not on the disk yet is an empty file after a power cut.
#[test]
fn b11_a_row_is_on_the_disk_before_it_has_its_name() {
    let Some(new) = with_older_rows() else {
        return;
    };
    for name in ["sync", "mv"] {
        new.must(&format!("rm /bin/{name}"));
        let spy = format!("#!/bin/sh\necho {name} >>/tmp/order\nexec /bin/busybox {name} \"$@\"\n");
        new.program(&format!("bin/{name}"), &spy);
    }
    run_rows(&new);
    let order = new.read("tmp/order");
    assert_eq!(order, "sync\nmv\nsync\n".repeat(3));
}

/// A power cut in the middle: the sums come last, so that it begins again.
#[test]
fn b11_an_interrupted_renewal_begins_again() {
    let Some(new) = with_older_rows() else {
        return;
    };
    // The disk is full when the second file is written.
    new.must("mv /bin/cp /bin/cp.real");
    let full = "#!/bin/sh\ncase $1 in */zwave.csv) exit 1 ;; esac\nexec /bin/busybox cp \"$@\"\n";
    new.program("bin/cp", full);
    let line = "cd /etc/uci-defaults && ( . /etc/uci-defaults/91-cwmpd-rows )";
    assert!(!new.sh(line).status.success());
    assert!(!new.read("etc/cwmpd/time.csv").contains("# older"));
    assert!(new.read("etc/cwmpd/zwave.csv").contains("# older"));
    new.must("mv /bin/cp.real /bin/cp");
    run_rows(&new);
    assert!(!new.read("etc/cwmpd/zwave.csv").contains("# older"));
}
