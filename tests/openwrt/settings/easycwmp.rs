//! Those of easycwmp.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{EASYCWMP, FROM_EASYCWMP, Upgraded};

#[test]
fn b08_the_settings_of_easycwmp_are_taken_over() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);
    // Nothing else changed, and nothing is left for somebody else's commit.
    upgraded.assert_has(&[("luup.enable", "1"), ("acs.retry_min_wait_interval", "5")]);
    assert_eq!(upgraded.0.must("uci changes"), "");
    // Nobody else reads the passwords; theirs stays as it was.
    let mode = fs::metadata(upgraded.0.path("etc/config/cwmpd")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    assert_eq!(upgraded.0.read("etc/config/easycwmp"), EASYCWMP);
    let log = upgraded.log();
    assert!(
        log.contains("taken over from /etc/config/easycwmp: acs.url "),
        "{log}"
    );
    for rest in ["ubus_socket", "hardware_version", "parameter_key"] {
        assert!(log.contains(rest), "{rest} is not told of: {log}");
    }
    for secret in ["pässwörd", "quoted"] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// logd, which comes up later, takes over what it finds there.
#[test]
fn b32_what_a_boot_takes_over_is_told_in_the_log_of_the_kernel() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.services(&["easycwmpd"]);
    upgraded.0.boots();
    assert!(upgraded.run());
    let log = upgraded.0.read("dev/kmsg");
    for line in [
        "<5>cwmpd: taken over from /etc/config/easycwmp: acs.url ",
        "<5>cwmpd: the service easycwmpd is stopped",
    ] {
        assert!(log.contains(line), "{log}");
    }
    assert!(!log.contains("quoted"), "{log}");
    // One that cannot be used is a warning; the kernel refuses a line of 1 kB.
    let long = "x".repeat(2000);
    let broken = format!("config acs\n\toption url '{long}'\n\toption {long} 1\n");
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &broken)]) else {
        return;
    };
    upgraded.0.boots();
    assert!(upgraded.run());
    let log = upgraded.0.read("dev/kmsg");
    assert!(
        log.contains("<4>cwmpd: easycwmp: acs.url cannot be used"),
        "{log}"
    );
    assert!(log.lines().all(|line| line.len() < 950), "{log}");
}

#[test]
fn b08_twice_is_once() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    assert!(upgraded.run());
    let (ours, log) = (upgraded.ours(), upgraded.log());
    assert!(upgraded.run());
    assert_eq!((upgraded.ours(), upgraded.log()), (ours, log));
    // What was taken back since is not taken over again.
    upgraded
        .0
        .must("uci set cwmpd.cpe.provisioning_code= && uci commit cwmpd");
    assert!(upgraded.run());
    upgraded.assert_has(&[("cpe.provisioning_code", "")]);
    // Where the mark is lost, what is there already is no change.
    upgraded
        .0
        .must("uci set cwmpd.cpe.provisioning_code='Zone A/ünïcode' && uci commit cwmpd");
    let ours = upgraded.ours();
    upgraded.0.must("rm /etc/cwmpd/taken-over");
    assert!(upgraded.run());
    assert_eq!(upgraded.ours(), ours);
}

#[test]
fn b08_what_is_set_already_stays() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    let own = "config acs\n\toption url 'https://new.example.net/'\n\toption periodic_inform_interval 60\n\
               config cpe\n\toption userid 'other'\n";
    upgraded.0.write("etc/config/cwmpd", own);
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("@acs[0].url", "https://new.example.net/"),
        ("@acs[0].periodic_inform_interval", "60"),
        // The box does not show its password to another ACS.
        ("@acs[0].userid", ""),
        ("@acs[0].passwd", ""),
        // Half a pair of theirs is no pair.
        ("@cpe[0].userid", "other"),
        ("@cpe[0].passwd", ""),
        // What is not set is taken, into the section that is there.
        ("@cpe[0].port", "30005"),
        // Nor is that checked by the root of theirs.
        ("@acs[0].ssl_cacert", ""),
    ]);
    let sections = upgraded.ours().matches("config ").count();
    assert_eq!(sections, 2, "{}", upgraded.ours());
    assert!(
        upgraded
            .log()
            .contains("not taken over, as their ACS is not that of cwmpd.acs.url")
    );
}

/// The mistakes of others stay theirs.
#[test]
fn b08_what_cannot_be_used_is_told_and_left() {
    let odd = EASYCWMP
        .replace(
            "'https://acs.example.net:7547/a?b=c&d'",
            "'acs.example.net'",
        )
        .replace("'eth7'", "'eth0; reboot'")
        .replace("'30005'", "'0x1f'")
        .replace("'3600'", "'1h'")
        .replace("'2015-01-01T03:00:00Z'", "'2015-01-01T03:00:00Z; x'")
        .replace("enable '0'", "enable 'perhaps'")
        .replace("it's \\\"quoted\\\"", "two\nlines");
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &odd)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("acs.url", ""),
        ("cpe.interface", ""),
        ("cpe.port", "7547"),
        ("acs.periodic_inform_interval", "86400"),
        ("acs.periodic_inform_enable", "1"),
        ("acs.userid", ""),
        ("acs.passwd", ""),
        ("acs.ssl_cacert", ""),
        ("cpe.userid", ""),
        ("cpe.passwd", ""),
        // The rest is taken all the same.
        ("cpe.serial_number", "0017"),
    ]);
    let log = upgraded.log();
    for option in [
        "acs.url",
        "local.interface",
        "local.port",
        "acs.periodic_interval",
        "acs.periodic_enable",
        "acs.periodic_time",
        "local.username and local.password",
    ] {
        let line = format!("easycwmp: {option} cannot be used here");
        assert!(log.contains(&line), "{option}: {log}");
    }
}

/// Neither is the ACS of the example file.
#[test]
fn b08_an_example_has_no_settings() {
    let url = "http://192.168.1.110:8080/openacs/acs";
    let parts = "option scheme http\n\toption hostname  192.168.1.110 \n\toption port  8080 \n\t\
                 option path  /openacs/acs ";
    for example in [
        EASYCWMP.replace("https://acs.example.net:7547/a?b=c&d", url),
        EASYCWMP.replace("option url 'https://acs.example.net:7547/a?b=c&d'", parts),
    ] {
        let Some(upgraded) = Upgraded::new(&[("easycwmp", &example)]) else {
            return;
        };
        let before = upgraded.ours();
        upgraded.services(&["easycwmpd"]);
        assert!(upgraded.run());
        assert_eq!(upgraded.ours(), before);
        assert!(upgraded.log().contains("this is the example it came with"));
        assert_eq!(upgraded.0.read("tmp/services"), "");
    }
}

#[test]
fn b08_an_older_easycwmp_has_the_url_in_parts() {
    let parts = "option scheme https\n\toption hostname acs.example.net\n\toption port 7547\n\t\
                 option path /acs";
    let old = EASYCWMP.replace("option url 'https://acs.example.net:7547/a?b=c&d'", parts);
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &old)]) else {
        return;
    };
    upgraded
        .0
        .write("usr/share/easycwmp/functions/wan_device", "");
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.url", "https://acs.example.net:7547/acs")]);
    upgraded.assert_has(&FROM_EASYCWMP[1..]);
    assert!(
        upgraded.log().contains("set cwmpd.cpe.root to it"),
        "{}",
        upgraded.log()
    );
}

/// The identity of the example file is that of every box on which nobody changed it.
#[test]
fn b08_an_example_is_no_identity() {
    let example = EASYCWMP.replace("'0017'", "'FFFFFF123456'");
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &example)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("cpe.serial_number", ""),
        ("cpe.manufacturer_oui", ""),
        ("acs.userid", "000102-Box-17"),
    ]);
}

#[test]
fn b08_the_key_of_a_client_certificate_is_in_its_file() {
    let with = EASYCWMP.replace(
        "option ssl_cacert",
        "option ssl_cert '/etc/box.pem'\n\toption ssl_cacert",
    );
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &with)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("acs.ssl_cert", "/etc/box.pem"),
        ("acs.ssl_key", "/etc/box.pem"),
    ]);
}

#[test]
fn b08_notifications_that_are_lost_are_told_of() {
    let with =
        format!("{EASYCWMP}\nconfig notifications\n\tlist active 'Device.A'\n\tlist active 'B'\n");
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &with)]) else {
        return;
    };
    assert!(upgraded.run());
    let told = "the notifications that the ACS had set are not taken over";
    assert!(upgraded.log().contains(told), "{}", upgraded.log());
}

/// Half a file is half a file; a damaged one is tried again, and nothing is lost.
#[test]
fn b08_absent_half_and_damaged_files() {
    let Some(none) = Upgraded::new(&[]) else {
        return;
    };
    let shipped = none.ours();
    none.services(&["easycwmpd"]);
    assert!(none.run());
    assert_eq!((none.ours(), none.log()), (shipped.clone(), String::new()));
    assert_eq!(
        none.0.read("tmp/services"),
        "",
        "it may have no file for another reason"
    );

    let half = &EASYCWMP[..EASYCWMP.find("option parameter_key").unwrap()];
    let upgraded = Upgraded::new(&[("easycwmp", half)]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP[..3]);
    upgraded.assert_has(&[("acs.periodic_inform_interval", "86400")]);

    let damaged = format!("{EASYCWMP}\n\toption a 'b");
    let upgraded = Upgraded::new(&[("easycwmp", &damaged)]).unwrap();
    upgraded.services(&["easycwmpd"]);
    assert!(!upgraded.run(), "it is tried again");
    assert_eq!(upgraded.ours(), shipped);
    assert!(upgraded.log().contains("/etc/config/easycwmp is damaged"));
    assert_eq!(upgraded.0.read("tmp/services"), "", "the old agent goes on");
    upgraded.0.write("etc/config/easycwmp", EASYCWMP);
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);

    let upgraded = Upgraded::new(&[("easycwmp", EASYCWMP), ("cwmpd", "config acs 'acs")]).unwrap();
    assert!(!upgraded.run());
    assert_eq!(upgraded.ours(), "config acs 'acs");
    assert!(upgraded.log().contains("/etc/config/cwmpd is damaged"));
    fs::remove_file(upgraded.0.path("etc/config/cwmpd")).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP[..3]);
}

/// It takes the first section of a type, whatever the name.
#[test]
fn b08_easycwmp_knows_no_names_of_sections() {
    let other = "\nconfig acs 'acs'\n\toption url 'https://other.example.net/'\n";
    let Some(upgraded) = Upgraded::new(&[("easycwmp", &format!("{EASYCWMP}{other}"))]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);
}

/// Its service starts for '1' alone. Before 1.8.1 it started anyway, and had no such option.
#[test]
fn b08_an_agent_that_did_not_run_does_not_run_now() {
    let absent = EASYCWMP.replace("\toption enable '1'\n", "");
    let asks = "#!/bin/sh\nenable=`uci -q get easycwmp.@local[0].enable`\n";
    for (text, init, enable) in [
        (EASYCWMP.replace("enable '1'", "enable 'true'"), asks, "0"),
        (EASYCWMP.replace("enable '1'", "enable 'on'"), "", "0"),
        (EASYCWMP.replace("enable '1'", "enable '0'"), "", "0"),
        (absent.clone(), asks, "0"),
        (absent.clone(), "#!/bin/sh\n", "1"),
        (absent, "", "1"),
        (EASYCWMP.to_owned(), asks, "1"),
    ] {
        let Some(upgraded) = Upgraded::new(&[("easycwmp", &text)]) else {
            return;
        };
        if !init.is_empty() {
            upgraded.0.program("etc/init.d/easycwmpd", init);
        }
        assert!(upgraded.run());
        upgraded.assert_has(&[("cpe.enable", enable)]);
        // What there is to say of their ACS is nothing to say of another.
        let own = "config acs\n\toption url 'https://new.example.net/'\n";
        upgraded.0.write("etc/config/cwmpd", own);
        upgraded.0.must("rm /etc/cwmpd/taken-over");
        assert!(upgraded.run());
        upgraded.assert_has(&[("cpe.enable", "")]);
    }
}

/// At the first boot netifd has not made them yet.
#[test]
fn b08_an_interface_that_will_be_there_is_one() {
    let network = "config device\n\toption name 'br-home'\n\toption type 'bridge'\n\n\
        config interface 'lan'\n\toption type 'bridge'\n\toption ifname 'eth0.1 eth0.2'\n\n\
        config interface 'home'\n\toption device 'br-home'\n\n\
        config interface 'wan'\n\toption proto 'pppoe'\n\toption device 'dsl0'\n\n\
        config route 'way'\n\toption name 'eth9'\n";
    for (name, is_one) in [
        ("br-home", true),
        ("br-lan", true),
        ("eth0.2", true),
        ("lan", true),
        ("pppoe-wan", true),
        ("dsl0", true),
        ("eth7", true),
        ("br-wan", false),
        ("pppoe-lan", false),
        ("eth0", false),
        ("eth9", false),
        ("way", false),
        ("-lan", false),
    ] {
        let text = EASYCWMP.replace("'eth7'", &format!("'{name}'"));
        let Some(upgraded) = Upgraded::new(&[("easycwmp", &text), ("network", network)]) else {
            return;
        };
        assert!(upgraded.run());
        let taken = if is_one { name } else { "" };
        upgraded.assert_has(&[("cpe.interface", taken)]);
    }
}

/// A disk that takes nothing: theirs is still there, and so is the old agent.
#[test]
fn b08_what_cannot_be_written_is_tried_again() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.services(&["easycwmpd"]);
    // `uci` that writes nothing and says that it did.
    upgraded.0.must("mv /bin/uci /bin/uci.real");
    let broken = "#!/bin/sh\ncase \"$*\" in *batch) exec cat >/dev/null ;; esac\nexec /bin/uci.real \"$@\"\n";
    upgraded.0.program("bin/uci", broken);
    assert!(!upgraded.run());
    assert!(
        upgraded.log().contains("could not all be written"),
        "{}",
        upgraded.log()
    );
    assert_eq!(upgraded.0.read("tmp/services"), "");
    upgraded.0.must("mv /bin/uci.real /bin/uci");
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);
}

/// A list of processes shows the words of each.
#[test]
fn b08_no_password_is_an_argument_of_a_program() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.0.must("mv /bin/uci /bin/uci.real");
    for (name, real) in [
        ("uci", "uci.real"),
        ("sed", "busybox sed"),
        ("tr", "busybox tr"),
    ] {
        let _ = fs::remove_file(upgraded.0.path("bin").join(name));
        let spy = format!("#!/bin/sh\necho \"$*\" >>/tmp/words\nexec /bin/{real} \"$@\"\n");
        upgraded.0.program(&format!("bin/{name}"), &spy);
    }
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);
    let words = upgraded.0.read("tmp/words");
    assert!(words.contains("batch"), "{words}");
    for secret in ["pässwörd", "quoted"] {
        assert!(!words.contains(secret), "{words}");
    }
}

#[test]
fn b08_the_old_agent_is_stopped_where_cwmpd_takes_its_place() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.services(&["easycwmpd", "dropbear"]);
    assert!(upgraded.run());
    assert_eq!(
        upgraded.0.read("tmp/services"),
        "easycwmpd disable\neasycwmpd stop\n"
    );
    // One that is not to run does not take anybody's place.
    let upgraded = Upgraded::new(&[("easycwmp", &EASYCWMP.replace("enable '1'", "enable '0'"))]);
    let upgraded = upgraded.unwrap();
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    assert_eq!(upgraded.0.read("tmp/services"), "");
}
