//! What the agent cannot use, by its own word, and the old agent that goes on then.

use cwmpd_lab::http::Authority;

use super::cwmp::{ICWMP, UCWMP};
use super::{EASYCWMP, FROM_EASYCWMP, Upgraded};

const STOPPED: &str = "easycwmpd disable\neasycwmpd stop\n";

/// With a file of root certificates where the settings have it.
fn with_roots(upgraded: &Upgraded) {
    let root = Authority::new("operator").pem();
    upgraded.0.write("etc/ssl/operator ca.pem", root);
}

/// The settings of easycwmp with another URL and no client's login.
fn with_url(url: &str) -> String {
    EASYCWMP.replace("https://acs.example.net:7547/a?b=c&d", url)
}

fn without_login(text: &str) -> String {
    text.replace("\toption username '000102-Box-17'\n", "")
        .replace("\toption password 'pässwörd with  two blanks'\n", "")
}

#[test]
fn b36_what_the_agent_can_use_is_all_taken() {
    let Some(upgraded) = Upgraded::with_agent(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    with_roots(&upgraded);
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);
    assert_eq!(upgraded.told(), STOPPED);
    assert!(
        !upgraded.log().contains("daemon.warn"),
        "{}",
        upgraded.log()
    );
}

/// What a URL has besides is no part of what is asked for.
#[test]
fn b36_a_url_is_taken_as_the_agent_can_use_it() {
    for (theirs, ours) in [
        (
            "http://acs.example.net/cwmp#x",
            "http://acs.example.net/cwmp",
        ),
        ("http://acs.example.net#x", "http://acs.example.net"),
        ("https://2001:db8::1/acs", "https://[2001:db8::1]/acs"),
        (
            "https://2001:db8:0:0:0:0:0:1",
            "https://[2001:db8:0:0:0:0:0:1]",
        ),
        (
            "https://[2001:db8::1]:7547/acs",
            "https://[2001:db8::1]:7547/acs",
        ),
    ] {
        let Some(upgraded) = Upgraded::with_agent(&[("easycwmp", &with_url(theirs))]) else {
            return;
        };
        with_roots(&upgraded);
        upgraded.services(&["easycwmpd"]);
        assert!(upgraded.run());
        upgraded.assert_has(&[("acs.url", ours), ("acs.userid", "000102-Box-17")]);
        assert_eq!(upgraded.told(), STOPPED, "{theirs}");
    }
    let parts = "option scheme http\n\toption hostname 2001:db8::1\n\toption port 80\n\t\
                 option path /acs";
    let old = EASYCWMP.replace("option url 'https://acs.example.net:7547/a?b=c&d'", parts);
    let upgraded = Upgraded::with_agent(&[("easycwmp", &old)]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.url", "http://[2001:db8::1]:80/acs")]);
}

#[test]
fn b36_user_and_password_in_a_url_are_the_login() {
    for (login, user, password) in [
        ("box:o%27n%65%25%5Cn:x", "box", "o'ne%\\n:x"),
        ("box%40home", "box@home", ""),
    ] {
        let text = without_login(&with_url(&format!("http://{login}@acs.example.net/cwmp")));
        let Some(upgraded) = Upgraded::with_agent(&[("easycwmp", &text)]) else {
            return;
        };
        upgraded.services(&["easycwmpd"]);
        assert!(upgraded.run());
        upgraded.assert_has(&[
            ("acs.url", "http://acs.example.net/cwmp"),
            ("acs.userid", user),
            ("acs.passwd", password),
        ]);
        assert_eq!(upgraded.told(), STOPPED);
        assert!(!upgraded.log().contains("box"), "{}", upgraded.log());
    }
    // The options come first, as with theirs; what no setting can have is told.
    let text = with_url("http://a:b@acs.example.net/");
    let upgraded = Upgraded::with_agent(&[("easycwmp", &text)]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP[1..3]);
    let text = without_login(&with_url("http://a:b%0Ac@acs.example.net/"));
    let upgraded = Upgraded::with_agent(&[("easycwmp", &text)]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.userid", ""), ("acs.passwd", "")]);
    let told = "user and password in acs.url cannot be used here";
    assert!(upgraded.log().contains(told), "{}", upgraded.log());
}

/// Nobody else may see the login: the next ACS that somebody sets would get it.
#[test]
fn b36_no_login_without_its_acs_and_no_end_of_an_agent_that_works() {
    for url in [
        "http://acs.example.net:0/",
        "http://acs.example.net:99999/",
        "https://2001:db8::1:7547/acs",
        "http://acs.exam ple.net/",
        "http://acs.example.net/\u{e4}",
        "ftp://acs.example.net/",
    ] {
        let Some(upgraded) = Upgraded::with_agent(&[("easycwmp", &with_url(url))]) else {
            return;
        };
        with_roots(&upgraded);
        upgraded.services(&["easycwmpd"]);
        assert!(upgraded.run());
        upgraded.assert_has(&[
            ("acs.url", ""),
            ("acs.userid", ""),
            ("acs.passwd", ""),
            ("acs.ssl_cacert", ""),
            // The rest is taken all the same.
            ("cpe.userid", "cr user"),
            ("cpe.serial_number", "0017"),
        ]);
        let log = upgraded.log();
        assert!(log.contains("acs.url cannot be used here"), "{url}: {log}");
        assert!(
            log.contains("the service easycwmpd goes on"),
            "{url}: {log}"
        );
        assert_eq!(upgraded.told(), "", "{url}");
    }
}

#[test]
fn b36_each_value_that_the_agent_refuses_is_told_and_left() {
    let long = "7".repeat(65);
    let odd = with_url("http://acs.example.net/")
        .replace("'0017'", &format!("'{long}'"))
        .replace("oui '000102'", "oui '00:01:02'")
        .replace("'2015-01-01T03:00:00Z'", "'2015-13-01T03:00:00Z'");
    let Some(upgraded) = Upgraded::with_agent(&[("easycwmp", &odd)]) else {
        return;
    };
    with_roots(&upgraded);
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&[
        ("cpe.serial_number", ""),
        ("cpe.manufacturer_oui", ""),
        ("acs.periodic_inform_time", ""),
        ("cpe.product_class", "Box"),
    ]);
    let log = upgraded.log();
    for option in ["device.serial_number", "device.oui", "acs.periodic_time"] {
        let line = format!("easycwmp: {option} cannot be used here");
        assert!(log.contains(&line), "{option}: {log}");
    }
    assert_eq!(upgraded.told(), STOPPED, "the ACS is good");
    assert!(!upgraded.0.must("cwmpd version").is_empty());
    assert!(upgraded.0.sh("cwmpd check").status.success());
    // A zone without its colon is what easycwmp's own date_format makes.
    let zone = EASYCWMP.replace("03:00:00Z", "03:00:00+0100");
    let upgraded = Upgraded::with_agent(&[("easycwmp", &zone)]).unwrap();
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.periodic_inform_time", "2015-01-01T03:00:00+01:00")]);
}

/// A root that was asked for and is not there: without it the box would trust all of the system's.
#[test]
fn b36_a_root_that_is_missing_opens_nothing() {
    let Some(upgraded) = Upgraded::with_agent(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.ssl_cacert", "/etc/ssl/operator ca.pem")]);
    let log = upgraded.log();
    for told in [
        "acs.ssl_cacert cannot be used here",
        "no session with the ACS before cwmpd.acs.ssl_cacert can be used",
        "the service easycwmpd goes on: cwmpd cannot use its section 'acs'",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    assert_eq!(upgraded.told(), "");
    // Where nothing was checked by it, it is left out.
    let unchecked = EASYCWMP.replace("'enabled'", "'disabled'");
    let upgraded = Upgraded::with_agent(&[("easycwmp", &unchecked)]).unwrap();
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&[("acs.ssl_cacert", "")]);
    assert_eq!(upgraded.told(), "");
}

/// Whoever signed that certificate, cwmpd may get no session where they got one.
#[test]
fn b36_an_agent_that_checked_nothing_goes_on_until_somebody_has_looked() {
    let easycwmp = EASYCWMP
        .replace("'enabled'", "'disabled'")
        .replace("\toption ssl_cacert '/etc/ssl/operator ca.pem'\n", "");
    let icwmp = ICWMP.replace("insecure_enable '0'", "insecure_enable '1'");
    for (name, text, service) in [
        ("easycwmp", easycwmp.as_str(), "easycwmpd"),
        ("cwmp", icwmp.as_str(), "icwmpd"),
        ("cwmp", UCWMP, "cwmp"),
    ] {
        let Some(upgraded) = Upgraded::with_agent(&[(name, text)]) else {
            return;
        };
        upgraded.services(&[service]);
        // The package may be installed again.
        for _ in 0..2 {
            assert!(upgraded.run());
            let url = upgraded.get("acs.url");
            assert!(url.starts_with("https://acs.example.net"), "{url}");
            upgraded.assert_has(&[("acs.insecure_enable", "0")]);
            let log = upgraded.log();
            let told = format!("daemon.warn the service {service} goes on: it did not check");
            assert!(log.contains(&told), "{log}");
            assert!(log.contains("set cwmpd.acs.ssl_cacert"), "{log}");
            assert_eq!(upgraded.told(), "");
        }
        // Somebody names the root.
        with_roots(&upgraded);
        upgraded
            .0
            .must("uci set cwmpd.acs.ssl_cacert='/etc/ssl/operator ca.pem'; uci commit");
        assert!(upgraded.run());
        assert_eq!(
            upgraded.told(),
            format!("{service} disable\n{service} stop\n")
        );
    }
    // Without TLS there is nothing to check.
    let plain = EASYCWMP.replace("https://", "http://");
    let upgraded = Upgraded::with_agent(&[("easycwmp", &plain)]).unwrap();
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    assert_eq!(upgraded.told(), STOPPED);
}

#[test]
fn b36_a_program_that_does_not_run_takes_nobodys_place() {
    let Some(upgraded) = Upgraded::new(&[("easycwmp", EASYCWMP)]) else {
        return;
    };
    upgraded
        .0
        .program("usr/sbin/cwmpd", "#!/bin/sh\nexit 127\n");
    upgraded.services(&["easycwmpd"]);
    assert!(upgraded.run());
    upgraded.assert_has(&FROM_EASYCWMP);
    assert_eq!(upgraded.told(), "");
    assert!(upgraded.log().contains("goes on: cwmpd cannot be run"));
}
