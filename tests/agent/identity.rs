//! Who the box is to its ACS: the same for good, whatever happens to its interfaces and files.

use std::fs;
use std::path::PathBuf;

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::Home;

const MAC: &str = "00:d0:9e:01:02:03";

/// A box that nobody named: its hardware address is in a file that a test can change.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    for option in [
        "manufacturer",
        "manufacturer_oui",
        "product_class",
        "serial_number",
    ] {
        home.set_uci("cpe", option, "");
    }
    let rows = home.model_dir().join("deviceinfo.csv");
    let text = fs::read_to_string(&rows).unwrap();
    assert!(
        !text.contains("net:@"),
        "no interface of the configuration tells who the box is"
    );
    let hardware = format!("file:{}", mac_file(&home).display());
    fs::write(rows, text.replace("net:*:mac", &hardware)).unwrap();
    has_mac(&home, MAC);
    home
}

fn mac_file(home: &Home) -> PathBuf {
    home.model_dir().with_file_name("mac")
}

fn has_mac(home: &Home, mac: &str) {
    fs::write(mac_file(home), format!("{mac}\n")).unwrap();
}

/// Manufacturer, OUI, ProductClass and SerialNumber of the next session, which are what the
/// parameters say.
fn told(acs: &ScriptedAcs) -> [String; 4] {
    acs.session(|s| {
        let id = s.inform().device_id;
        let shown = [
            "Manufacturer",
            "ManufacturerOUI",
            "ProductClass",
            "SerialNumber",
        ];
        let shown = shown.map(|name| s.value(&format!("Device.DeviceInfo.{name}")));
        s.end();
        let told = [id.manufacturer, id.oui, id.product_class, id.serial_number];
        assert_eq!(told, shown);
        told
    })
}

fn warnings(home: &Home) -> usize {
    home.log().matches("by another identity").count()
}

#[test]
fn f06_the_identity_stays_when_the_hardware_seems_another_and_that_is_one_warning() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let first = told(&acs);
    assert_eq!((&*first[1], &*first[3]), ("00D09E", "00D09E010203"));
    agent.stop();
    assert_eq!(warnings(&home), 0);
    has_mac(&home, "0a:0b:0c:00:00:01");
    home.set_uci("cpe", "interface", "eth0.2");
    home.power_cycle();
    let agent = home.start();
    for _ in 0..3 {
        assert_eq!(told(&acs), first);
        agent.inform();
    }
    assert_eq!(told(&acs), first);
    assert_eq!(warnings(&home), 1, "{}", home.log());
    assert!(
        home.log()
            .contains("SerialNumber \"0A0B0C000001\", not \"00D09E010203\"")
    );
    // No hardware at all, and a configuration that cannot be read.
    agent.stop();
    fs::remove_file(mac_file(&home)).unwrap();
    home.power_cycle();
    let agent = home.start();
    assert_eq!(told(&acs), first);
    drop(agent);
    assert_eq!(warnings(&home), 1);
}

#[test]
fn f06_each_option_overrides_what_was_told_and_stays_told_when_it_goes() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let [manufacturer, oui, _, _] = told(&acs);
    home.set_uci("cpe", "product_class", "Box");
    home.set_uci("cpe", "serial_number", "17");
    agent.wait_for_log("session ended: success");
    let named = [manufacturer, oui, "Box".to_owned(), "17".to_owned()];
    agent.inform();
    assert_eq!(told(&acs), named);
    home.set_uci("cpe", "product_class", "");
    home.set_uci("cpe", "serial_number", "");
    agent.inform();
    assert_eq!(told(&acs), named);
    agent.stop();
    // A state that comes to another box brings its identity along.
    has_mac(&home, "0a:0b:0c:00:00:01");
    home.power_cycle();
    let _agent = home.start();
    assert_eq!(told(&acs), named);
}

#[test]
fn f06_a_damaged_configuration_makes_no_stranger() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "serial_number", "17");
    let agent = home.start();
    let first = told(&acs);
    assert_eq!(first[3], "17");
    agent.wait_for_log("session ended: success");
    // All but the options of the identity, which somebody lost.
    let text = fs::read_to_string(home.config_dir().join("cwmpd")).unwrap();
    let kept: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("serial"))
        .collect();
    home.write_config("cwmpd", &(kept.join("\n") + "\n"));
    agent.inform();
    assert_eq!(told(&acs), first);
}
