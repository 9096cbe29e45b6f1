//! Rows that the agent keeps itself, as they were printed for the agent of 2008.

use std::fs;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::home::wait_for;

use super::{NAT_DETECTED, UDP_ADDRESS, World, told};

/// In place of the shipped ones.
const ROWS: &str = "\
ManagementServer.UDPConnectionRequestAddress;STRING;0;0;1;2;1;0;0;0;0
ManagementServer.UDPConnectionRequestAddressNotificationLimit;UINT;0;1;0;0;0;0;0;0;0;0
ManagementServer.STUNEnable;BOOLEAN;0;1;0;0;1;0;0;1;0;0
ManagementServer.STUNServerAddress;STRING;0;1;0;0;0;0;0;127.0.0.1;0;0
ManagementServer.STUNServerPort;UINT;0;1;0;0;0;0;0;3478;0;0
ManagementServer.STUNUsername;STRING;0;1;0;0;0;0;0;;0;0
ManagementServer.STUNPassword;STRING;0;1;0;0;0;0;0;;0;0
ManagementServer.STUNMaximumKeepAlivePeriod;INT;0;1;0;0;0;0;0;-1;0;0
ManagementServer.STUNMinimumKeepAlivePeriod;UINT;0;1;0;0;0;0;0;0;0;0
ManagementServer.NATDetected;BOOLEAN;0;0;1;0;0;0;0;0;0;0
";

fn rows(world: &World) {
    let file = world.home.model_dir().join("managementserver.csv");
    let shipped = fs::read_to_string(&file).unwrap();
    let name = |row: &str| row.split(';').next().unwrap().to_owned();
    let ours = |row: &&str| !ROWS.lines().any(|other| name(other) == name(row));
    let mut kept: Vec<&str> = shipped.lines().filter(ours).collect();
    kept.extend(ROWS.lines());
    fs::write(&file, kept.join("\n") + "\n").unwrap();
}

#[test]
fn r20_the_ten_rows_of_the_report_load_as_they_are_printed_and_work() {
    let world = World::new();
    rows(&world);
    let checked = world.home.run(&["check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let agent = world.home.start();
    world.acs.session(|s| {
        let inform = s.inform();
        let has = |name: &str| inform.parameter_list.iter().any(|value| value.name == name);
        assert!(has(UDP_ADDRESS) && has("Device.ManagementServer.STUNEnable"));
        let port = world.stun.address().port().to_string();
        let name = "Device.ManagementServer.STUNServerPort";
        s.set(&[(name, XsdType::UnsignedInt, &port)], "");
        s.end();
    });
    world.acs.session(|s| {
        assert_eq!(told(s, UDP_ADDRESS), world.mapped().to_string());
        assert_eq!(s.value(NAT_DETECTED), "1");
        s.end();
    });
    world.call();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    // They are what the agent goes by.
    agent.set("ManagementServer.STUNEnable", "0");
    wait_for("the box's own address", || {
        let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
        (address == world.inside().to_string()).then_some(())
    });
    assert_eq!(agent.get("ManagementServer.NATDetected"), "0");
}
