//! `/etc/init.d/cwmpd` under BusyBox, with the procd.sh of OpenWrt 14.07 and of today.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::little_box::{LittleBox, project};

/// The two ends of what the service has to run under.
const VERSIONS: [&str; 2] = ["14.07", "today"];

const NETWORK: &str = "\
config interface 'loopback'
	option ifname 'lo'

config interface 'lan'
	option type 'bridge'
	option ifname 'eth0.1'
	option proto 'static'

config interface 'wan'
	option ifname 'eth0.2'
	option proto 'dhcp'

config interface 'dsl'
	option proto 'pppoe'
";

/// At the first boot of a firmware `done` mounts the flash over the root in memory. State that an agent
/// wrote before would be lost, or that of an earlier moment would take its place.
#[test]
fn b58_the_agent_starts_when_what_it_writes_stays() {
    let Some(box_) = LittleBox::with_uci() else {
        return;
    };
    box_.install();
    let link = box_.must(". /etc/init.d/cwmpd; echo S${START}cwmpd");
    assert!(link.trim() > "S95done", "{link}");
}

/// A box with the package, and a procd that writes down what it is told.
struct Procd {
    box_: LittleBox,
}

impl Procd {
    fn new(version: &str) -> Option<Self> {
        let box_ = LittleBox::with_uci()?;
        box_.install();
        let doubles = project().join("tests/openwrt/procd");
        for (from, to) in [
            ("rc.common", "etc/rc.common"),
            ("json.sh", "lib/functions/json.sh"),
            ("common.sh", "lib/functions/common.sh"),
            (&format!("{version}.sh"), "lib/functions/procd.sh"),
        ] {
            fs::copy(doubles.join(from), box_.path(to)).unwrap();
        }
        box_.write("etc/config/network", NETWORK);
        Some(Self { box_ })
    }

    /// The configuration: these options of section cpe.
    fn configure(&self, options: &[&str]) {
        let mut text = "config cpe 'cpe'\n".to_owned();
        for option in options {
            text += &format!("\t{option}\n");
        }
        self.box_.write("etc/config/cwmpd", text);
    }

    /// Runs an action as OpenWrt does; it has nothing to complain of.
    fn run(&self, action: &str) {
        let line = format!("/bin/sh /etc/rc.common /etc/init.d/cwmpd {action}");
        assert_eq!(self.box_.must(&line), "");
    }

    /// The message to procd: its lines PATH=VALUE.
    fn told(&self) -> Vec<String> {
        let text = self.box_.read("tmp/set");
        text.lines().map(str::to_owned).collect()
    }

    /// The values below a path of the message, in their order.
    fn values(&self, path: &str) -> Vec<String> {
        let told = self.told();
        let begin = format!("{path}/");
        let values = told.iter().filter(|line| line.starts_with(&begin));
        values
            .map(|line| line.split_once('=').unwrap().1.to_owned())
            .collect()
    }

    fn command(&self) -> String {
        self.values("/instances/instance1/command").join(" ")
    }

    /// Each trigger: its event, what has to be equal to what, and what is run then.
    fn triggers(&self) -> BTreeSet<String> {
        let told = self.told();
        let mut triggers = BTreeSet::new();
        for number in 0.. {
            let path = format!("/triggers/{number}");
            if !told.contains(&format!("{path}=[]")) {
                break;
            }
            let words = self.values(&path);
            let words = words.iter().filter(|word| *word != "[]" && *word != "1000");
            triggers.insert(words.cloned().collect::<Vec<_>>().join(" "));
        }
        triggers
    }

    /// The rules of the firewall, each as its pairs in order of their names.
    fn rules(&self) -> Vec<String> {
        let told = self.told();
        let mut rules = Vec::new();
        for number in 0.. {
            let path = format!("/instances/instance1/data/firewall/{number}");
            if !told.contains(&format!("{path}={{}}")) {
                break;
            }
            let begin = format!("{path}/");
            let pairs = told.iter().filter_map(|line| line.strip_prefix(&begin));
            let mut pairs: Vec<_> = pairs.collect();
            pairs.sort_unstable();
            rules.push(pairs.join(" "));
        }
        rules
    }

    /// How often the firewall was told to read its rules again.
    fn firewall_reloads(&self) -> usize {
        let calls = self.box_.read("tmp/ubus");
        calls
            .matches("service event config.change firewall")
            .count()
    }
}

/// Does something with both.
fn with_each(test: impl Fn(&Procd, &str)) {
    for version in VERSIONS {
        if let Some(procd) = Procd::new(version) {
            test(&procd, version);
        }
    }
}

/// The packages that the rows of a shipped model name, and two more.
fn packages_of(model: &str) -> BTreeSet<String> {
    let mut packages = BTreeSet::from(["cwmpd".to_owned(), "network".to_owned()]);
    for file in fs::read_dir(project().join("etc").join(model)).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|name| name != "csv") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for row in text.lines().filter(|line| !line.starts_with('#')) {
            let keys = row.split("uci:").skip(1);
            packages.extend(keys.map(|key| key[..key.find('.').unwrap()].to_owned()));
        }
    }
    packages
}

fn config_trigger(package: &str) -> String {
    format!("config.change if eq package {package} run_script /etc/init.d/cwmpd reload")
}

fn interface_trigger(interface: &str) -> String {
    format!("interface.* if eq interface {interface} run_script /etc/init.d/cwmpd reload")
}

#[test]
fn b07_each_package_of_the_model_and_each_interface_reloads_the_service() {
    with_each(|procd, version| {
        for (root, model) in [
            ("Device.", "cwmpd"),
            ("InternetGatewayDevice.", "cwmpd-igd"),
        ] {
            procd.configure(&[&format!("option root '{root}'")]);
            procd.run("start");
            let packages = packages_of(model);
            assert!(
                packages.contains("system") && packages.len() > 2,
                "{packages:?}"
            );
            let mut wanted: BTreeSet<String> = packages
                .iter()
                .map(|package| config_trigger(package))
                .collect();
            wanted.extend(["lan", "wan", "dsl"].map(interface_trigger));
            assert_eq!(procd.triggers(), wanted, "{version} {model}");
        }
    });
}

/// A row of the operator's own counts.
#[test]
fn b07_a_row_that_was_added_has_its_package_watched() {
    with_each(|procd, _| {
        let row =
            "# uci:dropbear.x\nX.;ANY;source;r;;;;;;;;;;;uci:mini-upnp.config.a || uci:qos.b.c";
        procd.box_.write("etc/cwmpd/own.csv", row);
        procd.run("start");
        let triggers = procd.triggers();
        assert!(
            triggers.contains(&config_trigger("mini-upnp")),
            "{triggers:?}"
        );
        assert!(triggers.contains(&config_trigger("qos")));
        assert!(!triggers.contains(&config_trigger("dropbear")));
    });
}

/// What the doubles are for: they lose what the real one of 14.07 loses.
#[test]
fn b07_the_double_of_14_07_loses_what_is_opened_twice() {
    let Some(procd) = Procd::new("14.07") else {
        return;
    };
    procd.box_.write(
        "etc/init.d/cwmpd",
        "start_service() {\n\tprocd_open_instance\n\tprocd_set_param user nobody\n\
         \tprocd_set_param term_timeout 9\n\tprocd_close_instance\n}\n\
         service_triggers() {\n\tprocd_add_reload_trigger cwmpd\n\
         \tprocd_add_reload_interface_trigger wan\n}\n",
    );
    procd.run("start");
    let triggers = procd.triggers();
    assert_eq!(triggers, BTreeSet::from([interface_trigger("wan")]));
    assert_eq!(procd.values("/instances/instance1"), Vec::<String>::new());
}

#[test]
fn b07_the_service_is_kept_up_for_ever() {
    with_each(|procd, version| {
        procd.run("start");
        assert_eq!(procd.command(), "/usr/sbin/cwmpd -p /etc/cwmpd");
        let respawn = procd.values("/instances/instance1/respawn");
        assert_eq!(respawn, ["3600", "5", "0"]);
        let patient = "/instances/instance1/term_timeout=30".to_owned();
        assert_eq!(procd.told().contains(&patient), version == "today");
        assert!(!procd.told().iter().any(|line| line.contains("/jail")));
    });
}

#[test]
fn b07_the_root_of_the_model_chooses_the_folder() {
    with_each(|procd, _| {
        let igd = "/usr/sbin/cwmpd -p /etc/cwmpd-igd";
        let device = "/usr/sbin/cwmpd -p /etc/cwmpd";
        for (text, command) in [
            (
                "config cpe 'cpe'\n\toption root 'InternetGatewayDevice.'\n",
                igd,
            ),
            (
                "config cpe 'cpe'\n\toption root InternetGatewayDevice\n",
                igd,
            ),
            // A section without its name is read too.
            ("config cpe\n\toption root 'InternetGatewayDevice.'\n", igd),
            ("config cpe 'cpe'\n", device),
            ("config cpe 'cpe'\n\toption root 'Device.'\n", device),
            ("config cpe 'cpe'\n\toption root '; reboot'\n", device),
        ] {
            procd.box_.write("etc/config/cwmpd", text);
            procd.run("start");
            assert_eq!(procd.command(), command, "{text}");
        }
    });
}

/// The agent goes on with the last good settings, in the folder where they are. Another one would
/// make the box a stranger to its ACS.
#[test]
fn b07_a_damaged_configuration_does_not_change_the_folder() {
    with_each(|procd, _| {
        for text in ["config cpe 'cpe\n\toption root", "", "\0\0\0\0"] {
            procd.box_.write("etc/config/cwmpd", text);
            procd.run("start");
            assert_eq!(procd.command(), "/usr/sbin/cwmpd -p /etc/cwmpd", "{text:?}");
            procd.box_.write("etc/cwmpd-igd/cwmpd.good", "");
            procd.run("start");
            assert_eq!(
                procd.command(),
                "/usr/sbin/cwmpd -p /etc/cwmpd-igd",
                "{text:?}"
            );
            procd
                .box_
                .must("touch -d 2001-01-01 /etc/cwmpd-igd/cwmpd.good");
            procd.box_.write("etc/cwmpd/cwmpd.good", "");
            procd.run("start");
            assert_eq!(procd.command(), "/usr/sbin/cwmpd -p /etc/cwmpd", "{text:?}");
            procd
                .box_
                .must("rm /etc/cwmpd/cwmpd.good /etc/cwmpd-igd/cwmpd.good");
        }
    });
}

/// The agent goes on with the last good settings: so do its port in the firewall and its device.
#[test]
fn b34_damaged_settings_close_no_port_and_restart_nothing() {
    with_each(|procd, version| {
        procd.configure(&[
            "option open_zone wan",
            "option port 99",
            "option interface wan",
        ]);
        let good = procd.box_.read("etc/config/cwmpd");
        procd.box_.write("etc/cwmpd/cwmpd.good", good);
        procd.run("start");
        let told = procd.told();
        assert_eq!(procd.rules().len(), 2);
        for text in ["config cpe 'cpe\n\toption root", "", "\0\0\0\0"] {
            procd.box_.write("etc/config/cwmpd", text);
            procd.run("reload");
            assert_eq!(procd.told(), told, "{version} {text:?}");
        }
        procd.box_.must("rm /etc/config/cwmpd");
        procd.run("reload");
        assert_eq!(procd.told(), told, "{version}");
        // One that is good and says less is in force at once.
        procd.box_.write("etc/config/cwmpd", "config acs\n");
        procd.run("reload");
        assert_eq!(procd.rules(), Vec::<String>::new());
        assert_eq!(procd.firewall_reloads(), 2);
    });
}

/// Another one is another process. procd's `netdev` goes by the index of a device, so that a PPP
/// line restarted the agent twice with each dial-in.
#[test]
fn b33_the_agent_is_restarted_for_another_device_and_for_none_that_comes_back() {
    with_each(|procd, _| {
        for (interface, device) in [
            ("eth9", Some("eth9")),
            ("lan", Some("br-lan")),
            ("wan", Some("eth0.2")),
            ("dsl", Some("pppoe-dsl")),
            ("", None),
            ("$(reboot)", None),
        ] {
            procd.configure(&[&format!("option interface '{interface}'")]);
            procd.run("start");
            let known = procd.values("/instances/instance1/env");
            let device: Vec<String> = device.into_iter().map(str::to_owned).collect();
            assert_eq!(known, device, "{interface}");
            let by_index = procd.values("/instances/instance1/netdev");
            assert_eq!(by_index, Vec::<String>::new());
        }
    });
}

/// A process that ends when it is told to read its configuration again.
struct Listener(Child);

impl Listener {
    fn new() -> Self {
        Self(Command::new("sleep").arg("600").spawn().unwrap())
    }

    fn was_told(&mut self) -> bool {
        let patience = Instant::now() + Duration::from_secs(30);
        while Instant::now() < patience {
            if let Some(status) = self.0.try_wait().unwrap() {
                return std::os::unix::process::ExitStatusExt::signal(&status) == Some(1);
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn b07_a_reload_is_told_to_procd_and_to_the_agent() {
    with_each(|procd, version| {
        procd.run("start");
        let mut agent = Listener::new();
        procd.box_.write("tmp/pid", format!("{}\n", agent.0.id()));
        procd.configure(&["option root 'InternetGatewayDevice.'"]);
        procd.run("reload");
        assert_eq!(
            procd.command(),
            "/usr/sbin/cwmpd -p /etc/cwmpd-igd",
            "{version}"
        );
        assert!(agent.was_told(), "{version}");
        // None runs.
        procd.box_.must("rm /tmp/pid");
        procd.run("reload");
    });
}

/// The keys of a rule that fw3 of 14.07, its last version, and fw4 know.
const KEYS: [&str; 7] = [
    "dest_port",
    "family",
    "proto",
    "src",
    "src_ip",
    "target",
    "type",
];

#[test]
fn b10_nothing_is_opened_unless_a_zone_is_named() {
    with_each(|procd, version| {
        procd.run("start");
        procd.run("reload");
        assert!(
            !procd.told().iter().any(|line| line.contains("/data")),
            "{version}"
        );
        assert_eq!(procd.firewall_reloads(), 0);
        for options in [
            &["option open_zone ''"][..],
            &["option open_zone 'wan lan'"],
            &["option open_zone '*'"],
            &["option open_zone wan", "option port 0"],
            &["option open_zone wan", "option port 'http'"],
            &["option open_zone wan", "option port '655360'"],
            &["option open_zone wan", "option port '65536'"],
            &["option open_zone wan", "option port '00'"],
            &["option open_zone wan", "option port '80 443'"],
            &["option open_zone wan", "option enable 0"],
            &["option open_zone wan", "option enable Off"],
            &["option open_zone wan", "option enable ' disabled '"],
            &["option open_zone wan", "option allow_from 'all'"],
            // To fw4 a name is an interface, and one without addresses is everybody.
            &["option open_zone wan", "option allow_from 'dead / fe/8'"],
            // With one such rule fw4 loads none at all.
            &[
                "option open_zone wan",
                "option allow_from '10.0.0.0/33 ::/129'",
            ],
            &[
                "option open_zone wan",
                "option allow_from '10.0.0.0/ 10.0.0.0/a'",
            ],
            &["option open_zone wan", "option allow_from '10.0.0.0/8/8'"],
        ] {
            procd.configure(options);
            procd.run("start");
            assert_eq!(procd.rules(), Vec::<String>::new(), "{version} {options:?}");
        }
        assert_eq!(procd.firewall_reloads(), 0);
    });
}

#[test]
fn b10_the_port_is_opened_to_the_zone_that_is_named() {
    with_each(|procd, version| {
        procd.configure(&["option open_zone 'wan'"]);
        procd.run("start");
        let all =
            |protocol| format!("dest_port=7547 proto={protocol} src=wan target=ACCEPT type=rule");
        assert_eq!(procd.rules(), [all("tcp"), all("udp")], "{version}");
        procd.configure(&[
            "option open_zone 'mgmt_1'",
            "option port '30005'",
            "list allow_from '203.0.113.0/24'",
            "list allow_from '2001:db8:5::/48'",
            "list allow_from '10.0.0.0/8,192.0.2.1'",
        ]);
        procd.run("start");
        let (begin, end) = ("dest_port=30005 family=", "target=ACCEPT type=rule");
        let rules = |protocol| {
            let middle = format!("proto={protocol} src=mgmt_1 src_ip=");
            [
                format!("{begin}ipv4 {middle}203.0.113.0/24 {end}"),
                format!("{begin}ipv6 {middle}2001:db8:5::/48 {end}"),
            ]
        };
        let all = [rules("tcp"), rules("udp")].concat();
        assert_eq!(procd.rules(), all, "{version}");
        for rule in procd.rules() {
            for pair in rule.split(' ') {
                let key = pair.split_once('=').unwrap().0;
                assert!(KEYS.contains(&key), "{key}");
            }
        }
    });
}

#[test]
fn r18_the_port_for_udp_is_opened_where_the_agent_may_listen_on_it() {
    with_each(|procd, version| {
        let rule = |protocol: &str, port| {
            format!("dest_port={port} proto={protocol} src=wan target=ACCEPT type=rule")
        };
        let (tcp, udp) = (rule("tcp", 7547), rule("udp", 7547));
        let cases: [(&[&str], &[&String]); 8] = [
            (&[], &[&tcp, &udp]),
            (&["config stun stun", "option listen 1"], &[&tcp, &udp]),
            (&["config stun stun", "option listen 0"], &[&tcp]),
            (&["config stun", "option listen 'No '"], &[&tcp]),
            (
                &["config stun stun", "option listen 0", "option enabled 1"],
                &[&tcp, &udp],
            ),
            (
                &["config stun stun", "option client_port 3479"],
                &[&tcp, &rule("udp", 3479)],
            ),
            (&["config stun stun", "option client_port 0"], &[&tcp]),
            (
                &["option port 0", "config stun", "option client_port 3479"],
                &[&rule("udp", 3479)],
            ),
        ];
        for (options, rules) in cases {
            procd.configure(&[&["option open_zone wan"], options].concat());
            procd.run("start");
            let rules: Vec<String> = rules.iter().map(|rule| (*rule).clone()).collect();
            assert_eq!(procd.rules(), rules, "{version} {options:?}");
        }
    });
}

/// Reading its rules again takes the firewall a second, and disturbs others: only where they change.
#[test]
fn b10_the_firewall_is_told_of_each_change_once() {
    with_each(|procd, version| {
        let steps: [(&[&str], &str, usize); 8] = [
            (&[], "start", 0),
            (&["option open_zone wan"], "reload", 1),
            (&["option open_zone wan"], "reload", 1),
            (&["option open_zone wan", "option root ''"], "start", 1),
            (&["option open_zone wan", "option port 99"], "reload", 2),
            (&[], "reload", 3),
            (&[], "reload", 3),
            (&["option open_zone wan"], "start", 4),
        ];
        for (options, action, reloads) in steps {
            procd.configure(options);
            procd.run(action);
            assert_eq!(procd.firewall_reloads(), reloads, "{version} {options:?}");
        }
        procd.run("stop");
        let told = 5;
        assert_eq!(procd.firewall_reloads(), told, "{version}");
        procd.run("stop");
        assert_eq!(procd.firewall_reloads(), told, "{version}");
        // After a boot the firewall has forgotten it, and the record is gone with it.
        procd.box_.must("rm -f /var/run/cwmpd.opened");
        procd.run("start");
        assert_eq!(procd.firewall_reloads(), told + 1, "{version}");
    });
}

/// procd publishes what is opened until the process has ended, which takes a while.
#[test]
fn b10_a_stop_closes_the_port_when_the_process_is_gone() {
    with_each(|procd, version| {
        procd.configure(&["option open_zone wan"]);
        procd.run("start");
        procd.box_.write("tmp/pid", "1\n");
        procd.box_.must("rm /tmp/ubus");
        procd.run("stop");
        let calls = procd.box_.read("tmp/ubus");
        let calls: Vec<&str> = calls.lines().collect();
        let at = |what: &str| calls.iter().position(|call| call.contains(what));
        let killed = at("service delete cwmpd instance1").expect(version);
        let told = at("service event config.change firewall").expect(version);
        assert!(killed < told, "{version}: {calls:?}");
        if version == "today" {
            assert!(at("ended").expect(version) < told, "{calls:?}");
        }
    });
}
