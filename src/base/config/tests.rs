use super::*;

fn read(pairs: &[(&str, &str)]) -> (Config, Vec<String>) {
    Config::from_lookup(&|section, option| {
        let name = format!("{section}.{option}");
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
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
        ("acs.get_rpc_methods", "1"),
        ("acs.connect_timeout", "3"),
        ("acs.response_timeout", "31"),
        ("acs.exchange_timeout", "32"),
        ("luup.enable", "0"),
        ("luup.url", "http://127.0.0.1:1/"),
        ("luup.timeout", "4"),
    ]);
    assert_eq!(warnings, Vec::<String>::new());
    let seconds = Duration::from_secs;
    assert_eq!(
        config,
        Config {
            interface: Some("eth0.2".into()),
            port: 17547,
            path: Some("/cr/7".into()),
            allow_from: Some(networks(&["10.0.0.0/8", "2001:db8::/32"])),
            basic_requests: true,
            root: IGD_ROOT.into(),
            session_timeout: seconds(90),
            boot_delay: seconds(600),
            periodic_spread: Duration::ZERO,
            ask_acs_methods: true,
            notify_interval: Some(seconds(5)),
            identity: IdentityOptions {
                manufacturer: true,
                manufacturer_oui: true,
                product_class: true,
                serial_number: true,
            },
            command_dir: Some("/opt/commands".into()),
            log: LogConfig {
                console: true,
                syslog: false,
                level: LevelFilter::Warn,
            },
            link: LinkConfig {
                tls: TlsConfig {
                    ca_file: Some("/etc/cwmpd/ca.pem".into()),
                    ca_path: Some("/etc/ssl/certs".into()),
                    client_cert: Some(("/etc/cwmpd/cert.pem".into(), "/etc/cwmpd/key.pem".into())),
                    insecure: true,
                },
                basic_over_http: true,
                connect_timeout: seconds(3),
                response_timeout: seconds(31),
                exchange_timeout: seconds(32),
            },
            luup: LuupConfig {
                enable: false,
                url: "http://127.0.0.1:1".into(),
                timeout: seconds(4),
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
        ("cpe.port", "70000", "using 7547"),
        ("cpe.port", "-1", "using 7547"),
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
        ("cpe.path", "cr", "made by the agent"),
        ("cpe.path", "/a b", "made by the agent"),
        ("cpe.root", "Gadget.", "using Device."),
        ("cpe.session_timeout", "ten", "using 60"),
        ("cpe.session_timeout", "-1", "using 60"),
        ("cpe.log_severity", "LOUD", "using INFO"),
        ("acs.ssl_cacert", "ca.pem", "using none"),
        ("luup.url", "127.0.0.1:3480", "using http://127.0.0.1:3480"),
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
fn a_certificate_without_its_key_is_not_used() {
    let (config, warnings) = read(&[("acs.ssl_cert", "/cert.pem")]);
    assert_eq!(config.link.tls.client_cert, None);
    assert_eq!(
        warnings,
        ["cwmpd.acs.ssl_cert is set but cwmpd.acs.ssl_key is not; using no client certificate"]
    );
}
