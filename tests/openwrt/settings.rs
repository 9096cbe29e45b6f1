//! `/etc/uci-defaults/90-cwmpd-settings`: the settings of older agents, with the real `uci`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::little_box::LittleBox;

/// As its owner left it: one section a role, none with a name.
const EASYCWMP: &str = r#"
config local
	option enable '1'
	option interface 'eth7'
	option port '30005'
	option ubus_socket '/var/run/ubus.sock'
	option date_format '%FT%T%z'
	option username 'cr user'
	option password "it's \"quoted\" and ~ $HOME `id`"
	option provisioning_code 'Zone A/ünïcode'
	option authentication 'Digest'
	option logging_level '4'

config acs
	option url 'https://acs.example.net:7547/a?b=c&d'
	option username '000102-Box-17'
	option password 'pässwörd with  two blanks'
	option parameter_key 'k1'
	option periodic_enable '0'
	option periodic_interval '3600'
	option periodic_time '2015-01-01T03:00:00Z'
	option ssl_cacert '/etc/ssl/operator ca.pem'
	option ssl_verify 'enabled'

config device
	option manufacturer 'Ex & Sons'
	option oui '000102'
	option product_class 'Box'
	option serial_number '0017'
	option hardware_version '1.0'
	option software_version '2.0'
"#;

/// What has to come of it.
const FROM_EASYCWMP: [(&str, &str); 19] = [
    ("acs.url", "https://acs.example.net:7547/a?b=c&d"),
    ("acs.userid", "000102-Box-17"),
    ("acs.passwd", "pässwörd with  two blanks"),
    ("acs.periodic_inform_enable", "0"),
    ("acs.periodic_inform_interval", "3600"),
    ("acs.periodic_inform_time", "2015-01-01T03:00:00Z"),
    ("acs.ssl_cacert", "/etc/ssl/operator ca.pem"),
    ("acs.ssl_cert", ""),
    ("acs.insecure_enable", "0"),
    ("cpe.enable", "1"),
    ("cpe.interface", "eth7"),
    ("cpe.port", "30005"),
    ("cpe.userid", "cr user"),
    ("cpe.passwd", "it's \"quoted\" and ~ $HOME `id`"),
    ("cpe.provisioning_code", "Zone A/ünïcode"),
    ("cpe.log_severity", "DEBUG"),
    ("cpe.manufacturer_oui", "000102"),
    ("cpe.product_class", "Box"),
    ("cpe.serial_number", "0017"),
];

const ICWMP: &str = r#"
config acs 'acs'
	option url 'https://acs.example.net/'
	option userid 'box'
	option passwd "o'ne"
	option periodic_inform_enable 'true'
	option periodic_inform_interval '1800'
	option periodic_inform_time '0001-01-01T00:00:00Z'
	option dhcp_discovery 'disable'
	option compression 'GZIP'
	option retry_min_wait_interval '7'
	option retry_interval_multiplier '3000'
	option ssl_capath '/etc/ssl/certs'
	option insecure_enable '0'
	option get_rpc_methods '1'

config cpe 'cpe'
	option enable '1'
	option default_wan_interface 'wan'
	option manufacturer 'Example'
	option manufacturer_oui '000102'
	option userid 'acs'
	option passwd 'two'
	option port '7547'
	option path '/secret-17'
	option provisioning_code 'pc'
	option amd_version '5'
	option session_timeout '90'
	option periodic_notify_interval '30'
	option log_severity 'WARNING'

config lwn 'lwn'
	option enable '1'
	option hostname 'lwn.example.net'
"#;

const FROM_ICWMP: [(&str, &str); 17] = [
    ("acs.url", "https://acs.example.net/"),
    ("acs.userid", "box"),
    ("acs.passwd", "o'ne"),
    ("acs.periodic_inform_enable", "1"),
    ("acs.periodic_inform_interval", "1800"),
    ("acs.periodic_inform_time", ""),
    ("acs.retry_min_wait_interval", "7"),
    ("acs.retry_interval_multiplier", "3000"),
    ("acs.ssl_capath", ""),
    ("acs.get_rpc_methods", "1"),
    ("cpe.interface", ""),
    ("cpe.userid", "acs"),
    ("cpe.passwd", "two"),
    ("cpe.path", "/secret-17"),
    ("cpe.session_timeout", "90"),
    ("cpe.periodic_notify_interval", "30"),
    ("cpe.log_severity", "WARNING"),
];

const UCWMP: &str = r"
config acs 'acs'
	option url 'https://acs.example.net/'
	option username 'box'
	option password 'one'
	option periodic_inform_interval '600'

config cpe 'cpe'
	option default_wan_interface 'eth7'
	option port '8080'
	option userid 'acs'
	option passwd 'two'

config cwmp 'cwmp'
	option enabled '1'
";

/// A box on which the package was just laid.
struct Upgraded(LittleBox);

impl Upgraded {
    /// With these files in `/etc/config`.
    fn new(files: &[(&str, &str)]) -> Option<Self> {
        let new = LittleBox::with_uci()?;
        new.install();
        new.write("sys/class/net/eth7/address", "");
        for (name, text) in files {
            new.write(&format!("etc/config/{name}"), text);
        }
        Some(Self(new))
    }

    /// Runs the script, as OpenWrt does: in a shell that goes on.
    fn run(&self) -> bool {
        let line = "cd /etc/uci-defaults && ( . /etc/uci-defaults/90-cwmpd-settings )";
        let output = self.0.sh(line);
        assert!(output.stderr.is_empty(), "{output:?}");
        output.status.success()
    }

    fn get(&self, option: &str) -> String {
        let output = self.0.sh(&format!("uci -q get cwmpd.{option}"));
        let text = String::from_utf8(output.stdout).unwrap();
        text.strip_suffix('\n').unwrap_or_default().to_owned()
    }

    fn assert_has(&self, options: &[(&str, &str)]) {
        for (option, value) in options {
            assert_eq!(self.get(option), *value, "{option}\n{}", self.log());
        }
    }

    fn ours(&self) -> String {
        self.0.read("etc/config/cwmpd")
    }

    fn log(&self) -> String {
        self.0.read("tmp/log")
    }

    /// Services that write down what they are told, and are enabled.
    fn services(&self, names: &[&str]) {
        for name in names {
            let text = format!("#!/bin/sh\necho {name} $1 >>/tmp/services\n");
            self.0.program(&format!("etc/init.d/{name}"), &text);
            let link = self.0.path("etc/rc.d").join(format!("S90{name}"));
            std::os::unix::fs::symlink(format!("../init.d/{name}"), link).unwrap();
        }
    }
}

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
        ("@acs[0].ssl_cacert", "/etc/ssl/operator ca.pem"),
    ]);
    let sections = upgraded.ours().matches("config ").count();
    assert_eq!(sections, 2, "{}", upgraded.ours());
    assert!(
        upgraded
            .log()
            .contains("not taken over, as cwmpd.acs.url is another ACS")
    );
}

/// easycwmp checks certificates only for the word `enabled`; icwmp and ucwmp have their own ways not
/// to. None of them switches the check off here.
#[test]
fn b08_a_check_that_was_off_is_on() {
    let told = "did not check the certificate of the ACS";
    for (name, text) in [
        ("easycwmp", EASYCWMP.replace("'enabled'", "'1'")),
        (
            "easycwmp",
            EASYCWMP.replace("option ssl_verify 'enabled'", ""),
        ),
        (
            "cwmp",
            ICWMP.replace("insecure_enable '0'", "insecure_enable '1'"),
        ),
        ("cwmp", UCWMP.to_owned()),
    ] {
        let Some(upgraded) = Upgraded::new(&[(name, &text)]) else {
            return;
        };
        assert!(upgraded.run());
        upgraded.assert_has(&[
            ("acs.url", upgraded.get("acs.url").as_str()),
            ("acs.insecure_enable", "0"),
            ("cpe.basic_requests", "0"),
        ]);
        assert!(upgraded.log().contains(told), "{}", upgraded.log());
    }
    for (name, text) in [("easycwmp", EASYCWMP), ("cwmp", ICWMP)] {
        let upgraded = Upgraded::new(&[(name, text)]).unwrap();
        assert!(upgraded.run());
        assert!(!upgraded.log().contains(told), "{}", upgraded.log());
    }
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
        .replace("enable '0'", "enable 'perhaps'")
        .replace("'pässwörd with  two blanks'", "'two\nlines'")
        .replace("'/etc/ssl/operator ca.pem'", "'ca.pem'");
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
        "acs.username and acs.password",
        "acs.ssl_cacert",
    ] {
        let line = format!("easycwmp: {option} cannot be used here");
        assert!(log.contains(&line), "{option}: {log}");
    }
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

/// A disk that takes nothing: theirs is still there, and so is the old agent.
#[test]
fn b08_what_cannot_be_written_is_tried_again() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.services(&["easycwmpd"]);
    // `uci` that writes nothing and says that it did.
    upgraded.0.must("mv /bin/uci /bin/uci.real");
    let broken =
        "#!/bin/sh\n[ \"$2\" != batch ] || exec cat >/dev/null\nexec /bin/uci.real \"$@\"\n";
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

#[test]
fn b09_the_settings_of_icwmp_are_taken_over() {
    let Some(upgraded) = Upgraded::new(&[("cwmp", ICWMP)]) else {
        return;
    };
    upgraded.services(&["icwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_ICWMP);
    assert_eq!(
        upgraded.0.read("tmp/services"),
        "icwmpd disable\nicwmpd stop\n"
    );
    let log = upgraded.log();
    assert!(
        log.contains("taken over from /etc/config/cwmp: acs.url "),
        "{log}"
    );
    assert!(
        log.contains("compression") && log.contains("hostname"),
        "{log}"
    );
    // Its path for all boxes is no secret one.
    let upgraded = Upgraded::new(&[("cwmp", &ICWMP.replace("/secret-17", "/"))]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&[("cpe.path", "")]);
}

#[test]
fn b09_an_older_icwmp_has_another_name_for_its_roots() {
    let old = ICWMP.replace(
        "ssl_capath '/etc/ssl/certs'",
        "https_ssl_capath '/etc/operator'",
    );
    let Some(upgraded) = Upgraded::new(&[("cwmp", &old)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.ssl_capath", "/etc/operator")]);
}

#[test]
fn b09_the_settings_of_ucwmp_are_taken_over() {
    let Some(upgraded) = Upgraded::new(&[("cwmp", UCWMP)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("acs.url", "https://acs.example.net/"),
        ("acs.userid", "box"),
        ("acs.passwd", "one"),
        ("acs.periodic_inform_interval", "600"),
        ("cpe.userid", "acs"),
        ("cpe.passwd", "two"),
        ("cpe.interface", "eth7"),
        // That is the port of its web server.
        ("cpe.port", "7547"),
        ("cpe.enable", "1"),
    ]);
}

/// Of two files, that of the agent in use is believed.
#[test]
fn b09_the_agent_in_use_comes_first() {
    let other = ICWMP.replace("acs.example.net", "icwmp.example.net");
    for (service, url) in [
        ("easycwmpd", "https://acs.example.net:7547/a?b=c&d"),
        ("icwmpd", "https://icwmp.example.net/"),
    ] {
        let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP), ("cwmp", &other)]) else {
            return;
        };
        upgraded.services(&[service]);
        assert!(upgraded.run());
        upgraded.assert_has(&[("acs.url", url)]);
    }
}
