//! The root of the data model: `InternetGatewayDevice.` with its rows, the rows of the other root, and a
//! change from the one to the other.

use std::fs;
use std::path::{Path, PathBuf};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{Inform, Status};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, copy_model};

const IGD: &str = "InternetGatewayDevice.";

const WIRELESS: &str = "\
config wifi-iface 'home'
\toption device 'radio0'
\toption ssid 'old'
\toption encryption 'psk2'
\toption key 'hidden'
";

/// A box of the root `Device.` that knows an ACS.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.write_config("wireless", WIRELESS);
    home
}

fn shipped(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("etc")
        .join(folder)
}

/// Puts the rows of a folder that is shipped in place of those of the box.
fn take_rows(home: &Home, folder: &str) {
    for entry in fs::read_dir(home.model_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            fs::remove_file(path).unwrap();
        }
    }
    copy_model(&shipped(folder), &home.model_dir());
}

fn events(inform: &Inform) -> Vec<&str> {
    inform.event.iter().map(|e| &*e.event_code).collect()
}

#[test]
fn s19_a_session_below_the_root_of_tr_098() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    take_rows(&home, "cwmpd-igd");
    home.set_uci("cpe", "root", IGD);
    let check = home.run(&["check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let agent = home.start();
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(events(&inform), ["0 BOOTSTRAP", "1 BOOT"]);
        let value = |name: &str| {
            let path = format!("{IGD}{name}");
            let mut found = inform.parameter_list.iter().filter(|p| p.name == path);
            let value = found.next().unwrap_or_else(|| panic!("no {path}"));
            assert_eq!(found.next(), None, "{path} twice");
            value.value.clone()
        };
        let external = "WANDevice.1.WANConnectionDevice.1.WANIPConnection.1.ExternalIPAddress";
        assert_eq!(value("DeviceSummary"), "InternetGatewayDevice:1.14[]()");
        assert_eq!(value("DeviceInfo.SpecVersion"), "1.0");
        assert_eq!(value(external), "127.0.0.1");
        assert!(value("ManagementServer.ConnectionRequestURL").starts_with("http://127.0.0.1:"));
        for name in ["HardwareVersion", "SoftwareVersion", "ProvisioningCode"] {
            value(&format!("DeviceInfo.{name}"));
        }
        assert_eq!(value("ManagementServer.ParameterKey"), "");
        assert_eq!(
            inform.parameter_list.len(),
            8,
            "{:?}",
            inform.parameter_list
        );
        let top: Vec<String> = s.names("", true).into_iter().map(|n| n.name).collect();
        assert_eq!(top, [IGD]);
        let all = s.names(IGD, false);
        assert!(all.iter().all(|info| info.name.starts_with(IGD)));
        let wireless = format!("{IGD}LANDevice.1.WLANConfiguration.1.");
        let ssid = format!("{wireless}SSID");
        assert_eq!(s.value(&ssid), "old");
        assert_eq!(s.value(&format!("{wireless}BeaconType")), "11i");
        assert_eq!(s.value(&format!("{wireless}KeyPassphrase")), "");
        let set = s.set(&[(&ssid, XsdType::String, "new")], "key");
        assert_eq!(set, Status::Pending);
        assert_eq!(s.value(&ssid), "new");
        // What the engine itself lives by.
        let row = s
            .add(&format!("{IGD}ManagementServer.InformParameter."), "key")
            .0;
        let row = format!("{IGD}ManagementServer.InformParameter.{row}.");
        let interval = format!("{IGD}ManagementServer.PeriodicInformInterval");
        s.set(
            &[
                (&interval, XsdType::UnsignedInt, "7777"),
                (&format!("{row}ParameterName"), XsdType::String, &ssid),
                (&format!("{row}Enable"), XsdType::Boolean, "1"),
            ],
            "last",
        );
        s.end();
    });
    agent.wait_for_log("session ended: success");
    assert_eq!(
        home.uci("acs", "periodic_inform_interval").as_deref(),
        Some("7777")
    );
    let wireless = fs::read_to_string(home.config_dir().join("wireless")).unwrap();
    assert!(wireless.contains("option ssid 'new'"), "{wireless}");
    assert_eq!(agent.get("ManagementServer.ParameterKey"), "last");
    agent.inform();
    acs.session(|s| {
        let inform = s.inform();
        let ssid = format!("{IGD}LANDevice.1.WLANConfiguration.1.SSID");
        let has = |p: &cwmpd::soap::ParameterValue| p.name == ssid && p.value == "new";
        assert!(
            inform.parameter_list.iter().any(has),
            "{:?}",
            inform.parameter_list
        );
        s.end();
    });
}

#[test]
fn s19_rows_of_the_other_root_are_told_of_and_the_box_lives_by_them() {
    for (rows, root, real, folder) in [
        ("cwmpd", IGD, "Device.", "-p /etc/cwmpd-igd"),
        ("cwmpd-igd", "Device.", IGD, "-p /etc/cwmpd,"),
    ] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        take_rows(&home, rows);
        home.set_uci("cpe", "root", root);
        let check = home.run(&["check"]);
        assert_eq!(check.code, 1, "{}{}", check.out, check.err);
        assert!(check.out.contains(folder), "{}", check.out);
        assert_eq!(check.out.lines().count(), 1, "{}", check.out);
        let agent = home.start();
        acs.session(|s| {
            let inform = s.inform();
            assert_eq!(events(&inform), ["0 BOOTSTRAP", "1 BOOT"]);
            assert!(
                inform
                    .parameter_list
                    .iter()
                    .all(|p| p.name.starts_with(real))
            );
            assert_eq!(
                s.value(&format!("{real}DeviceInfo.SerialNumber")),
                "0123456789"
            );
            s.end();
        });
        assert!(home.log().contains(folder), "{}", home.log());
        let status = agent.status();
        let line = status.lines().find(|line| line.starts_with("root: "));
        assert!(line.is_some_and(|line| line.contains(real)), "{status}");
    }
}

#[test]
fn s19_another_root_is_another_model_and_told_by_bootstrap_once() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let mut agent = home.start();
    agent.keep_port();
    acs.session(|s| {
        assert_eq!(events(&s.inform()), ["0 BOOTSTRAP", "1 BOOT"]);
        s.end();
    });
    agent.wait_for_log("session ended: success");
    for (rows, root) in [("cwmpd-igd", IGD), ("cwmpd", "Device.")] {
        agent.stop();
        take_rows(&home, rows);
        home.set_uci("cpe", "root", root);
        agent = home.start();
        assert!(!agent.status().contains("root: "), "{}", agent.status());
        acs.session(|s| {
            let inform = s.inform();
            assert_eq!(events(&inform), ["0 BOOTSTRAP"]);
            assert!(
                inform
                    .parameter_list
                    .iter()
                    .all(|p| p.name.starts_with(root))
            );
            s.end();
        });
        // Only the program restarts.
        agent.stop();
        agent = home.start();
        agent.inform();
        acs.session(|s| {
            assert!(!events(&s.inform()).contains(&"0 BOOTSTRAP"));
            s.end();
        });
    }
}
