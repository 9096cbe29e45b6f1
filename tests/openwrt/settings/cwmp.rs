//! Those of icwmp and ucwmp, which have one file between them.

use super::{EASYCWMP, Upgraded};

pub const ICWMP: &str = r#"
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

pub const UCWMP: &str = r"
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
fn b09_an_older_icwmp_has_other_names() {
    let old = ICWMP
        .replace(
            "ssl_capath '/etc/ssl/certs'",
            "https_ssl_capath '/etc/operator'",
        )
        .replace(
            "periodic_notify_interval '30'",
            "notify_period '30'\n\toption datamodel tr098",
        )
        .replace("0001-01-01T00:00:00Z", "0")
        .replace(
            "option path",
            "option log_to_syslog 'disable'\n\toption interface 'eth7'\n\toption path",
        );
    let Some(upgraded) = Upgraded::new(&[("cwmp", &old)]) else {
        return;
    };
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("acs.ssl_capath", "/etc/operator"),
        ("acs.periodic_inform_time", ""),
        ("cpe.periodic_notify_interval", "30"),
        ("cpe.log_to_syslog", "0"),
        ("cpe.interface", "eth7"),
    ]);
    let log = upgraded.log();
    assert!(!log.contains("cannot be used here"), "{log}");
    assert!(log.contains("set cwmpd.cpe.root to it"), "{log}");
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

/// Where DHCP is to say who the ACS is, nothing else does.
#[test]
fn b09_an_acs_of_dhcp_is_that_of_icwmp() {
    let discovers = ICWMP.replace("'disable'", "'enable'");
    let known = discovers.replace(
        "option compression",
        "option dhcp_url 'http://dhcp.example.net/'\n\toption compression",
    );
    let Some(upgraded) = Upgraded::new(&[("cwmp", &known)]) else {
        return;
    };
    upgraded.services(&["icwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.url", "http://dhcp.example.net/")]);
    upgraded.assert_has(&FROM_ICWMP[1..]);
    assert_eq!(upgraded.told(), "icwmpd disable\nicwmpd stop\n");
    // It may be known until the next boot only.
    let upgraded = Upgraded::new(&[("cwmp", &discovers)]).unwrap();
    let state = "cwmp.acs.dhcp_url='http://dhcp.example.net/'\n";
    upgraded.0.write("var/state/cwmp", state);
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.url", "http://dhcp.example.net/")]);
    // It is also asked where nobody set one.
    let unset = known
        .replace("'enable'", "'disable'")
        .replace("'https://acs.example.net/'", "''");
    let upgraded = Upgraded::new(&[("cwmp", &unset)]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.url", "http://dhcp.example.net/")]);

    let upgraded = Upgraded::new(&[("cwmp", &discovers)]).unwrap();
    upgraded.services(&["icwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.url", ""), ("acs.userid", ""), ("acs.passwd", "")]);
    upgraded.assert_has(&FROM_ICWMP[11..]);
    let log = upgraded.log();
    assert!(
        log.contains("to be asked for, set cwmpd.acs.dhcp_discovery to 1"),
        "{log}"
    );
    assert_eq!(upgraded.told(), "");
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
