use super::*;

/// A file with these options, one a line, each section with a name.
fn written(pairs: &[(&str, &str)]) -> WrittenConfig {
    let mut sections: Vec<WrittenSection> = Vec::new();
    for (line, (key, value)) in (1..).zip(pairs) {
        let (section, name) = key.split_once('.').unwrap();
        let option = WrittenOption {
            line,
            name: name.to_owned(),
            value: (*value).to_owned(),
            is_list: false,
        };
        match sections.iter_mut().find(|known| known.kind == section) {
            Some(known) => known.options.push(option),
            None => sections.push(WrittenSection {
                line,
                kind: section.to_owned(),
                name: Some(section.to_owned()),
                options: vec![option],
            }),
        }
    }
    WrittenConfig {
        sections,
        lost: Vec::new(),
    }
}

pub(super) fn read(pairs: &[(&str, &str)]) -> (Config, Vec<String>) {
    let reading = Config::read(&written(pairs));
    let remarks = reading.remarks.into_iter();
    (reading.config, remarks.map(|remark| remark.text).collect())
}

#[test]
fn b10_a_zone_that_cannot_be_opened_is_told() {
    let zone = |zone: &str, port: &str| {
        let (config, remarks) = read(&[("cpe.open_zone", zone), ("cpe.port", port)]);
        assert_eq!(config.port, port.parse().ok());
        remarks
    };
    assert_eq!(zone("wan", "30005"), Vec::<String>::new());
    assert_eq!(
        zone("wan lan", "30005"),
        ["cwmpd.cpe.open_zone: 'wan lan' is not a zone of the firewall; using none"]
    );
    let unfixed = "cwmpd.cpe.open_zone needs a fixed cwmpd.cpe.port; the firewall is not opened";
    assert_eq!(zone("wan", "0"), [unfixed]);
    assert!(zone("wan", "http").contains(&unfixed.to_owned()));
}

#[test]
fn nothing_set_means_the_defaults() {
    assert_eq!(read(&[]), (Config::default(), Vec::new()));
    assert_eq!(
        read(&[("cpe.port", ""), ("luup.url", " ")]).0,
        Config::default()
    );
}

fn networks(texts: &[&str]) -> Vec<AddressPrefix> {
    let networks = texts.iter().map(|text| AddressPrefix::parse(text));
    networks.map(Option::unwrap).collect()
}

#[test]
fn s22_a_network_that_is_none_admits_nobody_and_opens_the_list_for_nobody() {
    let (config, warnings) = read(&[("cpe.allow_from", "10.0.0.0/33 10.0.0.0/8,127.0.0.1 ::1")]);
    assert_eq!(config.allow_from, Some(networks(&["::1"])));
    assert_eq!(
        warnings,
        [
            "cwmpd.cpe.allow_from: '10.0.0.0/33' is not a network like 10.0.0.0/8 or \
             2001:db8::/32; using it for nobody",
            "cwmpd.cpe.allow_from: '10.0.0.0/8,127.0.0.1' is not a network like 10.0.0.0/8 or \
             2001:db8::/32; using it for nobody",
        ]
    );
    let (config, _) = read(&[("cpe.allow_from", "all")]);
    assert_eq!(config.allow_from, Some(Vec::new()));
}

#[test]
fn b20_ubus_is_left_alone_where_that_is_said_and_else_looked_for_at_its_usual_places() {
    let sockets = |options: &[(&str, &str)]| read(options).0.ubus;
    let usual = UBUS_SOCKETS.map(PathBuf::from).to_vec();
    assert_eq!(sockets(&[]), Some(usual.clone()));
    assert_eq!(sockets(&[("cpe.ubus_socket", "ubus.sock")]), Some(usual));
    let off = [("cpe.ubus", "0"), ("cpe.ubus_socket", "/tmp/ubus.sock")];
    assert_eq!(sockets(&off), None);
}

#[test]
fn every_option_is_taken() {
    let (config, warnings) = read(&[
        ("cpe.interface", "eth0.2"),
        ("cpe.port", "17547"),
        ("cpe.path", "/cr/7"),
        ("cpe.allow_from", "10.0.0.0/8 2001:db8::/32"),
        ("cpe.basic_requests", "1"),
        ("cpe.root", "InternetGatewayDevice"),
        ("cpe.session_timeout", "90"),
        ("cpe.boot_delay_max", "600"),
        ("cpe.periodic_notify_interval", "5"),
        ("cpe.manufacturer", "Maker"),
        ("cpe.manufacturer_oui", "00D09E"),
        ("cpe.product_class", "Box"),
        ("cpe.serial_number", "17"),
        ("cpe.command_dir", "/opt/commands"),
        ("cpe.ubus_socket", "/tmp/ubus.sock"),
        ("cpe.log_to_console", "yes"),
        ("cpe.log_to_syslog", "0"),
        ("cpe.log_severity", "Warning"),
        ("acs.ssl_cacert", "/etc/cwmpd/ca.pem"),
        ("acs.ssl_capath", "/etc/ssl/certs"),
        ("acs.ssl_cert", "/etc/cwmpd/cert.pem"),
        ("acs.ssl_key", "/etc/cwmpd/key.pem"),
        ("acs.insecure_enable", "true"),
        ("acs.basic_over_http", "1"),
        ("acs.periodic_inform_spread", "0"),
        ("acs.dhcp_discovery", "1"),
        ("acs.get_rpc_methods", "1"),
        ("acs.connect_timeout", "3"),
        ("acs.response_timeout", "31"),
        ("acs.exchange_timeout", "32"),
        ("luup.enable", "0"),
        ("luup.url", "http://127.0.0.1:1/"),
        ("luup.user", "luup"),
        ("luup.timeout", "4"),
        ("luup.follow", "0"),
        ("luup.min_interval", "7"),
        ("luup.poll_timeout", "33"),
        ("luup.actuators", "1"),
        ("luup.locks", "yes"),
        ("luup.maintenance", "1"),
        ("luup.battery_alarm", "15"),
        ("stun.server_address", "stun.example.net"),
        ("stun.client_port", "3479"),
        ("stun.listen", "0"),
        ("transfer.keep_settings", "0"),
        ("transfer.keep", "/etc/passwd"),
        ("transfer.rollback", "60"),
        ("transfer.web_folder", "/web"),
        ("transfer.release_file", "/etc/version"),
        ("igd.enabled", "1"),
        ("igd.external_port", "7548"),
        ("igd.lease", "1800"),
        ("igd.pinhole", "0"),
        ("config_file.name", "firewall"),
        ("config_file.path", "/etc/firewall.user"),
        ("xmpp.enable", "0"),
        ("xmpp_connection.username", "box"),
    ]);
    assert_eq!(warnings, Vec::<String>::new());
    let seconds = Duration::from_secs;
    assert_eq!(
        config,
        Config {
            interface: Some("eth0.2".into()),
            port: Some(17547),
            udp: UdpConfig {
                port: Some(3479),
                listens: false,
            },
            path: Some("/cr/7".into()),
            allow_from: Some(networks(&["10.0.0.0/8", "2001:db8::/32"])),
            basic_requests: true,
            root: IGD_ROOT.into(),
            session_timeout: seconds(90),
            boot_delay: seconds(600),
            periodic_spread: Duration::ZERO,
            dhcp_discovery: true,
            ask_acs_methods: true,
            notify_interval: Some(seconds(5)),
            identity: IdentityOptions {
                manufacturer: true,
                manufacturer_oui: true,
                product_class: true,
                serial_number: true,
            },
            command_dir: Some("/opt/commands".into()),
            ubus: Some(vec!["/tmp/ubus.sock".into()]),
            log: LogConfig {
                console: true,
                syslog: false,
                level: LevelFilter::Warn,
            },
            link: LinkConfig {
                tls: TlsConfig {
                    section: "acs",
                    ca_file: Some("/etc/cwmpd/ca.pem".into()),
                    ca_path: Some("/etc/ssl/certs".into()),
                    client_cert: Some(("/etc/cwmpd/cert.pem".into(), "/etc/cwmpd/key.pem".into())),
                    insecure: true,
                    unusable: None,
                },
                basic_over_http: true,
                connect_timeout: seconds(3),
                response_timeout: seconds(31),
                exchange_timeout: seconds(32),
            },
            luup: LuupConfig {
                enable: false,
                url: "http://127.0.0.1:1".into(),
                tls: TlsConfig::usual("luup"),
                mms: None,
                user: Some("luup".into()),
                timeout: seconds(4),
                follow: false,
                min_interval: seconds(7),
                poll_timeout: seconds(33),
                actuators: true,
                locks: true,
                maintenance: true,
                battery_alarm: 15,
            },
            transfer: TransferConfig {
                keep_settings: false,
                keep: vec!["/etc/passwd".into()],
                rollback: seconds(60),
                web_folder: "/web".into(),
                release_file: "/etc/version".into(),
                types: Vec::new(),
            },
            xmpp: false,
            gateway: GatewayConfig {
                enabled: true,
                external_port: Some(7548),
                lease: seconds(1800),
                pinhole: false,
            },
        }
    );
}

#[test]
fn live_values_are_left_alone_where_notify_is_off() {
    let off = read(&[("cpe.periodic_notify_enable", "0")]).0;
    assert_eq!(off.notify_interval, None);
}

#[test]
fn an_odd_value_is_named_and_replaced() {
    for (option, value, used) in [
        ("luup.enable", "maybe", "0 or 1; using 1"),
        ("luup.battery_alarm", "101", "0 to 100; using 20"),
        (
            "cpe.interface",
            "a/b",
            "using the one that leads to the ACS",
        ),
        (
            "cpe.interface",
            "a-name-of-sixteen",
            "using the one that leads to the ACS",
        ),
        ("igd.external_port", "0", "using that of cpe.port"),
        ("igd.external_port", "http", "using that of cpe.port"),
        ("cpe.path", "cr", "made by the agent"),
        ("cpe.path", "/a b", "made by the agent"),
        ("cpe.root", "Gadget.", "using Device."),
        ("cpe.session_timeout", "ten", "using 60"),
        ("cpe.session_timeout", "-1", "using 60"),
        ("cpe.log_severity", "LOUD", "using INFO"),
        ("cpe.command_dir", "bin", "using none"),
        ("acs.insecure_enable", "maybe", "using 0"),
        ("acs.basic_over_http", "maybe", "using 0"),
        ("luup.url", "127.0.0.1:3480", "using http://127.0.0.1:3480"),
        ("stun.listen", "perhaps", "0 or 1; using 1"),
        (
            "stun.server_address",
            "stun example",
            "a host name or an address; using it, in vain",
        ),
    ] {
        let (config, warnings) = read(&[(option, value)]);
        assert_eq!(config, Config::default(), "{option} = {value}");
        let [warning] = warnings.as_slice() else {
            panic!("{option} = {value}: {warnings:?}");
        };
        assert!(
            warning.starts_with(&format!("cwmpd.{option}: '{value}' ")),
            "{warning}"
        );
        assert!(warning.contains(used), "{warning}");
    }
}

#[test]
fn a_number_out_of_range_goes_to_the_nearest_bound() {
    let (config, warnings) = read(&[
        ("cpe.session_timeout", "5"),
        ("acs.exchange_timeout", "999999999"),
    ]);
    assert_eq!(config.session_timeout.as_secs(), MIN_SESSION_TIMEOUT);
    assert_eq!(config.link.exchange_timeout.as_secs(), MAX_SECONDS);
    assert_eq!(warnings.len(), 2);
}

#[test]
fn s02_a_port_that_is_none_opens_no_other() {
    for port in ["70000", "-1", "any", "7547 7548"] {
        let (config, warnings) = read(&[("cpe.port", port)]);
        assert_eq!(config.port, None, "{port}");
        let warning = warnings.concat();
        assert!(warning.ends_with("; using none"), "{warning}");
    }
    assert_eq!(read(&[]).0.port, Some(DEFAULT_PORT));
}

fn unusable(pairs: &[(&str, &str)]) -> Option<String> {
    read(pairs).0.link.tls.unusable
}

#[test]
fn s02_an_option_of_tls_that_cannot_be_used_makes_tls_unusable() {
    const CA: (&str, &str) = ("acs.ssl_cacert", "/ca.pem");
    for odd in [
        [("acs.ssl_cacert", "ca.pem")].as_slice(),
        &[("acs.ssl_capath", "certs")],
        &[("acs.ssl_cert", "/cert.pem")],
        &[("acs.ssl_key", "/key.pem"), CA],
        &[("acs.ssl_cert", "/cert.pem"), ("acs.ssl_key", "key.pem")],
        &[("acs.ssl_ca_cert", "/ca.pem")],
        &[("acs.cacert", "/ca.pem")],
        &[("acs.SSL_CACERT", "/ca.pem")],
        &[("cpe.ssl_cacert", "/ca.pem")],
        &[("asc.ssl_cacert", "/ca.pem")],
        &[("acs.ssl_crt", "/cert.pem"), CA],
        &[("acs.tls_minimum", "1.3"), CA],
    ] {
        assert!(unusable(odd).is_some(), "{odd:?}");
    }
    for good in [
        [].as_slice(),
        &[CA],
        &[CA, ("acs.ssl_ca_cert", "/old.pem")],
        &[("acs.ssl_ca_cert", "")],
        &[("acs.ssl_verify", "enabled")],
        &[("acs.urll", "https://acs.example/")],
    ] {
        assert_eq!(unusable(good), None, "{good:?}");
    }
}

#[test]
fn s02_networks_that_cannot_be_read_let_nobody_in_rather_than_all() {
    let allowed = |pairs: &[(&str, &str)]| read(pairs).0.allow_from.map(|list| list.len());
    assert_eq!(allowed(&[]), None);
    assert_eq!(
        allowed(&[("cpe.allow_from", "10.0.0.0/8 192.0.2.0/24")]),
        Some(2)
    );
    assert_eq!(allowed(&[("cpe.allow_from", "everywhere")]), Some(0));
    assert_eq!(allowed(&[("cpe.allow_form", "10.0.0.0/8")]), Some(0));
    assert_eq!(allowed(&[("acs.allow_from", "10.0.0.0/8")]), Some(0));
    let mut list = written(&[
        ("cpe.allow_from", "10.0.0.0/8"),
        ("cpe.allow_from", "192.0.2.0/24"),
    ]);
    let options = &mut list.sections[0].options;
    options.iter_mut().for_each(|option| option.is_list = true);
    assert_eq!(Config::read(&list).config.allow_from.unwrap().len(), 2);
}

#[test]
fn s02_a_blank_value_is_no_absent_one() {
    for blank in [" ", "\t", " \n "] {
        for option in [
            "acs.ssl_cacert",
            "acs.ssl_capath",
            "acs.ssl_cert",
            "acs.ssl_cacrt",
        ] {
            assert!(unusable(&[(option, blank)]).is_some(), "{option} {blank:?}");
        }
        let (config, remarks) = read(&[("cpe.allow_from", blank)]);
        assert_eq!(config.allow_from, Some(Vec::new()), "{blank:?}");
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        let (config, _) = read(&[("cpe.port", blank), ("cpe.interface", blank)]);
        assert_eq!((config.port, config.interface), (None, None), "{blank:?}");
    }
    for option in ["acs.ssl_cacert", "acs.ssl_capath"] {
        assert_eq!(unusable(&[(option, "")]), None, "{option}");
    }
    assert_eq!(read(&[("cpe.allow_from", "")]).0.allow_from, None);
}

#[test]
fn s02_a_list_of_paths_is_none() {
    let mut twice = written(&[("acs.ssl_cacert", "/a.pem"), ("acs.ssl_cacert", "/b.pem")]);
    let options = &mut twice.sections[0].options;
    options.iter_mut().for_each(|option| option.is_list = true);
    let reading = Config::read(&twice);
    assert_eq!(reading.config.link.tls.ca_file, None);
    assert!(reading.config.link.tls.unusable.is_some());
    twice.sections[0].options.pop();
    let one = Config::read(&twice).config.link.tls;
    assert_eq!(one.ca_file, Some("/a.pem".into()), "a list of one is clear");
    assert_eq!(one.unusable, None);
}

#[test]
fn s02_a_bad_line_is_taken_for_one_about_tls_unless_it_is_clear() {
    let lost = |text: &str, pairs: &[(&str, &str)]| {
        let mut config = written(pairs);
        config.lost.push(LostLine {
            line: 7,
            text: text.to_owned(),
            why: "too many arguments",
        });
        Config::read(&config).config.link.tls.unusable
    };
    let why = lost("\toption ssl_cacert '/ca.pem' x", &[]).unwrap();
    assert!(why.contains("line 7"), "{why}");
    assert!(lost("\u{fffd}garbage", &[]).is_some());
    assert_eq!(lost("\toption port 1 2", &[]), None);
    let ca = [("acs.ssl_cacert", "/ca.pem")];
    assert_eq!(lost("\u{fffd}garbage", &ca), None, "whom to trust is clear");
}

const NAMES: [(&str, &str); 6] = [
    ("acs", "url"),
    ("acs", "userid"),
    ("acs", "periodic_inform_interval"),
    ("cpe", "userid"),
    ("cpe", "port"),
    ("luup", "url"),
];

fn reviewed(config: &WrittenConfig) -> Vec<String> {
    let names = NAMES.map(|(section, option)| (section.to_owned(), option.to_owned()));
    let remarks = review(config, &names).into_iter();
    remarks
        .map(|remark| format!("{}: {}", remark.line.unwrap(), remark.text))
        .collect()
}

#[test]
fn s03_what_nobody_reads_is_told_with_its_line_and_what_was_meant() {
    for (option, remark) in [
        (
            "acs.urll",
            "1: cwmpd.acs.urll is not read; did you mean cwmpd.acs.url?",
        ),
        (
            "acs.username",
            "1: cwmpd.acs.username is not read: it is cwmpd.acs.userid here",
        ),
        (
            "acs.periodic_interval",
            "1: cwmpd.acs.periodic_interval is not read: it is cwmpd.acs.periodic_inform_interval here",
        ),
        (
            "acs.ssl_ca",
            "1: cwmpd.acs.ssl_ca is not read: it is cwmpd.acs.ssl_cacert here",
        ),
        (
            "acs.ssl_verify",
            "1: cwmpd.acs.ssl_verify is not read: the certificate of the ACS is checked unless \
             cwmpd.acs.insecure_enable is 1; remove it",
        ),
        (
            "acs.port",
            "1: cwmpd.acs.port is not read: it belongs to section 'cpe'",
        ),
        (
            "cpe.frobnicate",
            "1: cwmpd.cpe.frobnicate is not read: there is no such option; remove it",
        ),
        (
            "asc.url",
            "1: config asc 'asc' is not read; did you mean config acs 'acs'?",
        ),
        (
            "local.port",
            "1: config local 'local' is not read; did you mean config cpe 'cpe'?",
        ),
        (
            "stun.enable",
            "1: config stun 'stun' is not read; the sections are acs, cpe, luup, so remove it",
        ),
    ] {
        assert_eq!(reviewed(&written(&[(option, "x")])), [remark]);
    }
    let good = NAMES.map(|(section, option)| format!("{section}.{option}"));
    let good: Vec<(&str, &str)> = good.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(reviewed(&written(&good)), Vec::<String>::new());
}

#[test]
fn s03_a_section_without_a_name_is_taken_and_a_second_one_is_told() {
    let mut config = written(&[("acs.url", "x"), ("cpe.port", "1"), ("luup.url", "y")]);
    for section in &mut config.sections {
        section.name = None;
    }
    assert_eq!(reviewed(&config), Vec::<String>::new());
    assert_eq!(Config::read(&config).config.port, Some(1));
    let mut second = config.sections[0].clone();
    second.line = 9;
    config.sections.push(second.clone());
    let told = "config acs is not read: the section of line 1 is used; move its options there";
    assert_eq!(reviewed(&config), [format!("9: {told}")]);
    // One that bears the name is meant rather than the first.
    config.sections[3].name = Some("acs".to_owned());
    let told = "config acs is not read: the section of line 9 is used; move its options there";
    assert_eq!(reviewed(&config), [format!("1: {told}")]);
    config.sections[3].kind = "server".to_owned();
    let remarks = reviewed(&config);
    assert!(
        remarks[1].contains("of type 'server', and is read all the same"),
        "{remarks:?}"
    );
}

#[test]
fn s03_an_option_that_is_there_twice_is_told() {
    let twice = written(&[("cpe.port", "1"), ("cpe.port", "2")]);
    assert_eq!(
        reviewed(&twice),
        ["2: cwmpd.cpe.port is there twice; the last one counts"]
    );
    assert_eq!(Config::read(&twice).config.port, Some(2));
}

#[test]
fn s03_remarks_are_bounded() {
    let names: Vec<String> = (0..50).map(|n| format!("acs.option_{n}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let remarks = review(&written(&pairs), &[("acs".into(), "url".into())]);
    assert_eq!(remarks.len(), 21);
    assert_eq!(remarks[20].text, "and 30 more");
}

/// Looking for each section among all would take many minutes.
#[test]
fn s03_a_file_of_nothing_but_sections_is_gone_through_once() {
    let section = |line| WrittenSection {
        line,
        kind: "a".to_owned(),
        name: None,
        options: Vec::new(),
    };
    let config = WrittenConfig {
        // More than a file may have, so that nobody overlooks it.
        sections: (1..=100_000).map(section).collect(),
        lost: Vec::new(),
    };
    let ConfigReading { looked_for, .. } = Config::read(&config);
    let remarks = review(&config, &looked_for);
    assert!(
        remarks[0].text.contains("config a is not read"),
        "{remarks:?}"
    );
    assert_eq!(remarks[20].text, "and 99980 more");
}
