//! The least that one can write, and what becomes of it: options, sections and files that are not
//! there are made.

use std::fs;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, USER};
use cwmpd_lab::home::{Home, wait_for};

#[test]
fn s04_a_box_without_sections_takes_what_every_acs_sets_first() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let file = home.config_dir().join("cwmpd");
    let text = fs::read_to_string(&file).unwrap();
    let own = text
        .replace("config acs 'acs'", "")
        .replace("config luup 'luup'", "");
    // Luup is off in its section, which goes along; nothing answers there.
    fs::write(&file, own.replace("\toption enable '0'\n", "")).unwrap();
    let agent = home.start();
    agent.set("ManagementServer.Username", USER.0);
    agent.set("ManagementServer.Password", USER.1);
    agent.set("ManagementServer.URL", &acs.url());
    let values = [
        (
            "ManagementServer.ConnectionRequestUsername",
            XsdType::String,
            "acs",
        ),
        (
            "ManagementServer.ConnectionRequestPassword",
            XsdType::String,
            "secret",
        ),
        (
            "ManagementServer.PeriodicInformInterval",
            XsdType::UnsignedInt,
            "300",
        ),
        ("DeviceInfo.HostName", XsdType::String, "box"),
        ("Time.Enable", XsdType::Boolean, "0"),
    ];
    acs.session(|s| {
        s.inform();
        for (name, kind, value) in values {
            let name = format!("Device.{name}");
            assert!(s.names(&name, false)[0].writable, "{name}");
            s.set(&[(&name, kind, value)], "");
            let shown = if name.ends_with("Password") {
                ""
            } else {
                value
            };
            assert_eq!(s.value(&name), shown, "{name}");
        }
        s.end();
    });
    assert_eq!(home.uci("acs", "userid").as_deref(), Some(USER.0));
    assert_eq!(home.uci("cpe", "passwd").as_deref(), Some("secret"));
    let system = fs::read_to_string(home.config_dir().join("system")).unwrap();
    assert!(
        system.contains("config timeserver 'ntp'\n\toption enabled '0'\n"),
        "{system}"
    );
    assert!(
        system.contains("config system\n\toption hostname 'box'\n"),
        "{system}"
    );
    wait_for("the services to be told", || {
        home.programs()
            .contains(&"reload_config".to_owned())
            .then_some(())
    });
}
