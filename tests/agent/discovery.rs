//! The ACS by DHCP (TR-069 §3.1): what the scripts of DHCP clients write down, and what comes of it.

use std::fs;

use cwmpd::base::digest::hex;
use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, wait_for};

const URL: &str = "Device.ManagementServer.URL";
const CODE: &str = "Device.DeviceInfo.ProvisioningCode";

/// A box that nobody told of an ACS.
fn home() -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs("");
    home.set_uci("acs", "dhcp_discovery", "1");
    home.set_uci("cpe", "interface", "");
    home
}

fn option_43(subs: &[(u8, &str)]) -> String {
    let subs = subs.iter().flat_map(|(code, value)| {
        let length = u8::try_from(value.len()).unwrap();
        [&[*code, length], value.as_bytes()].concat()
    });
    format!("43 {}\n", hex(&subs.collect::<Vec<u8>>()))
}

/// A server tells this, as the script writes it down.
fn tell(home: &Home, lease: &str, told: &str) {
    let folder = home.run_dir().join("dhcp");
    fs::create_dir_all(&folder).unwrap();
    let new = folder.join(format!(".{lease}"));
    fs::write(&new, told).unwrap();
    fs::rename(new, folder.join(lease)).unwrap();
}

/// A server names an ACS.
fn name(home: &Home, url: &str) {
    tell(home, "eth0.2.4", &option_43(&[(1, url)]));
}

fn line(agent: &Daemon<'_>) -> Option<String> {
    let status = agent.status();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("ACS by DHCP:"))?;
    Some(line.trim().to_owned())
}

fn wait_for_line(agent: &Daemon<'_>, words: &str) {
    wait_for(words, || line(agent).filter(|line| line.contains(words)));
}

#[test]
fn d04_a_box_without_an_acs_goes_to_the_one_that_dhcp_names() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    let agent = home.start();
    wait_for_line(&agent, "no server named one yet");
    let told = option_43(&[(1, &acs.url()), (2, "TLCO.GRP2"), (3, "61"), (4, "3000")]);
    tell(&home, "eth0.2.4", &told);
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    wait_for_line(&agent, "that of DHCPv4 on eth0.2: http://");
    assert_eq!(agent.get(URL), acs.url());
    assert_eq!(agent.get(CODE), "TLCO.GRP2");
    for (option, value) in [
        ("retry_min_wait_interval", "61"),
        ("retry_interval_multiplier", "3000"),
    ] {
        assert_eq!(home.uci("acs", option).as_deref(), Some(value));
    }
    // It names another one: that is a new ACS.
    agent.until_idle();
    let second = ScriptedAcs::start(AcsOptions::default());
    name(&home, &second.url());
    let events = second.quiet_session();
    assert!(events.contains(&"0 BOOTSTRAP".to_owned()), "{events:?}");
    agent.until_idle();
    assert_eq!(agent.get(CODE), "TLCO.GRP2", "nothing else was told of it");
    // What is told again after that is no news, and somebody has set another since.
    agent.set(CODE, "own");
    let url = second.url();
    let told = option_43(&[(1, &url), (2, "TLCO.GRP2"), (4, "4000")]);
    tell(&home, "eth0.2.4", &told);
    wait_for("the multiplier", || {
        let told = home.uci("acs", "retry_interval_multiplier");
        (told.as_deref() == Some("4000")).then_some(())
    });
    assert_eq!(agent.get(CODE), "own");
    // Silence, and what means nothing, takes nothing back.
    for told in ["", "43 0104c0000201\n", "43 zz\n", "125 00000de9ff01\n"] {
        tell(&home, "eth0.2.4", told);
        wait_for_line(
            &agent,
            match told {
                "" => "no server named one",
                _ => "option",
            },
        );
        assert_eq!(agent.get(URL), second.url(), "{told}");
    }
}

#[test]
fn d04_what_was_told_before_the_agent_ran_counts_and_is_there_after_a_reboot() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    name(&home, &acs.url());
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    agent.until_idle();
    agent.keep_port();
    agent.stop();
    home.power_cycle();
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["1 BOOT"]);
    agent.until_idle();
    // Of that lease it still is.
    let second = ScriptedAcs::start(AcsOptions::default());
    name(&home, &second.url());
    assert!(second.quiet_session().contains(&"0 BOOTSTRAP".to_owned()));
}

#[test]
fn d05_a_url_that_somebody_set_stays() {
    let (acs, other) = (
        ScriptedAcs::start(AcsOptions::default()),
        ScriptedAcs::start(AcsOptions::default()),
    );
    let home = home();
    name(&home, &other.url());
    home.set_uci("acs", "url", &acs.url());
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    wait_for_line(&agent, "acs.url was set otherwise");
    agent.until_idle();
    // Nobody names one any more: now it has a say.
    home.set_uci("acs", "url", "");
    assert!(other.quiet_session().contains(&"0 BOOTSTRAP".to_owned()));
    agent.until_idle();
    // And the ACS that it named sends the box elsewhere.
    agent.inform();
    other.session(|s| {
        s.inform();
        s.set(&[(URL, XsdType::String, &acs.url())], "moved");
        s.end();
    });
    assert!(acs.quiet_session().contains(&"0 BOOTSTRAP".to_owned()));
    wait_for_line(&agent, "acs.url was set otherwise");
    agent.until_idle();
    name(&home, "http://127.0.0.1:9/another");
    agent.inform();
    acs.quiet_session();
    assert_eq!(agent.get(URL), acs.url());
}

#[test]
fn d05_nobody_is_believed_where_that_was_not_asked_for() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    home.set_uci("acs", "dhcp_discovery", "0");
    name(&home, &acs.url());
    let agent = home.start();
    assert_eq!(line(&agent), None);
    assert_eq!(agent.get(URL), "");
    // From the moment that it is; but of that line alone.
    home.set_uci("cpe", "interface", "eth0.3");
    home.set_uci("acs", "dhcp_discovery", "1");
    wait_for_line(&agent, "no server named one yet");
    assert_eq!(agent.get(URL), "");
    let told = option_43(&[(1, &acs.url())]);
    tell(&home, "eth0.3.4", &told);
    acs.quiet_session();
}

#[test]
fn d06_a_server_that_names_another_one_all_the_time_is_followed_four_times() {
    let home = home();
    let agent = home.start();
    let url = |n: u32| format!("http://127.0.0.1:9/{n}");
    for n in 0..4 {
        name(&home, &url(n));
        wait_for("the next one", || (agent.get(URL) == url(n)).then_some(()));
    }
    for n in 4..8 {
        name(&home, &url(n));
        wait_for_line(&agent, "names another one again: it is not taken yet");
        assert_eq!(agent.get(URL), url(3), "{n}");
    }
    // A crowd of leases, and what is none.
    for n in 0..100 {
        tell(&home, &format!("eth{n}.4"), &"43 00\n".repeat(10_000));
        tell(&home, &format!("odd{n}"), "");
    }
    agent.until_idle();
    assert_eq!(agent.get(URL), url(3));
}

#[test]
fn d07_a_box_of_which_no_server_knows_that_it_asks_is_noted() {
    let home = home();
    let noted = || {
        let check = home.run(&["check"]);
        assert_eq!(check.code, 0, "{}{}", check.out, check.err);
        check.out.contains("note: acs.dhcp_discovery: no interface")
    };
    assert!(noted());
    let network = |option: &str| format!("config interface 'wan'\n\toption {option}\n");
    home.write_config("network", &network("proto 'dhcp'"));
    assert!(noted());
    for option in [
        "vendorid 'box dslforum.org'",
        "vendorclass '00000DE9000C64736C666F72756D2E6F7267'",
    ] {
        home.write_config("network", &network(option));
        assert!(!noted(), "{option}");
    }
    home.write_config("network", "");
    home.set_uci("acs", "dhcp_discovery", "0");
    assert!(!noted());
}
