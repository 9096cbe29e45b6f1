//! `/etc/uci-defaults/90-cwmpd-settings`: the settings of older agents, with the real `uci`.

mod cwmp;
mod disk;
mod easycwmp;
mod refused;

use std::path::Path;

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

/// How OpenWrt runs the script.
const RUN: &str = "cd /etc/uci-defaults && ( . /etc/uci-defaults/90-cwmpd-settings )";

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

    /// The same with the real program, which says what it can use.
    fn with_agent(files: &[(&str, &str)]) -> Option<Self> {
        let new = Self::new(files)?;
        let program = Path::new(env!("CARGO_BIN_EXE_cwmpd"));
        new.0.bring(program, "usr/sbin/cwmpd");
        Some(new)
    }

    /// Runs the script, as OpenWrt does: in a shell that goes on.
    fn run(&self) -> bool {
        let output = self.0.sh(RUN);
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

    /// What services were told.
    fn told(&self) -> String {
        self.0.read("tmp/services")
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
