//! Values that nobody can use: refused at every door, passed over where somebody wrote them into a
//! file, and the sessions go on.

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, wait_for};

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home
}

#[test]
fn s07_credentials_with_control_characters_are_refused_and_the_old_ones_go_on() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let refused = [
        ("Username", "a\nb"),
        ("Password", "sesame\nopen"),
        ("ConnectionRequestUsername", "a\tb"),
        ("ConnectionRequestPassword", "sesame\u{7f}"),
        ("URL", "http://acs.example:0/"),
        ("PeriodicInformInterval", "0"),
    ];
    acs.session(|s| {
        s.inform();
        for (name, value) in refused {
            let name = format!("Device.ManagementServer.{name}");
            let kind = match value {
                "0" => XsdType::UnsignedInt,
                _ => XsdType::String,
            };
            // Together with a good one: neither is set.
            let good = ("Device.DeviceInfo.ProvisioningCode", XsdType::String, "x");
            let fault = s.set_refused(&[good, (&name, kind, value)], "");
            assert_eq!(fault.code, 9003);
            let [refusal] = &fault.parameters[..] else {
                panic!("{fault:?}");
            };
            assert_eq!((&*refusal.parameter_name, refusal.code), (&*name, 9007));
            assert!(!refusal.string.contains("sesame"), "{}", refusal.string);
        }
        s.end();
    });
    for (name, value) in refused {
        let path = format!("ManagementServer.{name}");
        let output = home.run(&["set", &path, value]);
        assert_eq!(output.code, 1, "{path}");
        assert!(
            output.err.contains(&path) && !output.err.contains("sesame"),
            "{}",
            output.err
        );
    }
    assert_eq!(agent.get("DeviceInfo.ProvisioningCode"), "");
    // The next session is challenged, and answers as before.
    agent.inform();
    acs.quiet_session();
}

#[test]
fn s07_what_somebody_wrote_into_the_file_is_passed_over_and_named_until_it_is_mended() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("acs", "periodic_inform_interval", "0");
    home.set_uci("cpe", "manufacturer_oui", "a tab\t");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(
            s.value("Device.ManagementServer.PeriodicInformInterval"),
            "86400"
        );
        s.end();
    });
    let named = |agent: &cwmpd_lab::home::Daemon<'_>| {
        let status = agent.status();
        let lines = status.lines();
        let lines = lines.filter(|line| line.starts_with("cannot use:"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let lines = named(&agent);
    for words in [
        "Device.ManagementServer.PeriodicInformInterval: 0 is not between 1 and 4294967295",
        "Device.DeviceInfo.ManufacturerOUI: ",
    ] {
        assert!(lines.contains(words), "{lines}");
    }
    assert!(home.log().contains("0 is not between 1 and 4294967295"));
    home.set_uci("acs", "periodic_inform_interval", "600");
    home.set_uci("cpe", "manufacturer_oui", "00D09E");
    wait_for("nothing to complain of", || {
        named(&agent).is_empty().then_some(())
    });
}
