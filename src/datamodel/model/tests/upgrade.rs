//! A new description takes effect where nobody chose otherwise (f09).

use super::change::{notification, notify};
use super::*;

const OLD: &str = "\
RootDataModelVersion;STRING:32;0;0;0;0;1;0;;2.17
ManagementServer.ParameterKey;STRING:32;0;0;0;0;1
DeviceInfo.A;STRING;0;1;1;0;0;0;;old
DeviceInfo.B;STRING;0;1;1;0;0;0;;old
DeviceInfo.C;STRING;0;1;1;0;0;0;;old
T.;ANY;0;1;1
T.{i}.X;STRING;0;1;1;0;0;0;;template
T.1.X;STRING;0;1;1;0;0;0;;first
T.2.X;STRING;0;1;1;0;0;0;;second
";

fn upgrade(bench: &Bench) -> Model {
    let new = OLD
        .replace("2.17", "2.18")
        .replace(";0;0;0;;old", ";2;0;0;;new")
        .replace("first", "better")
        + "T.9.X;STRING;0;1;1;0;0;0;;ninth\n";
    std::fs::write(bench.dir().join("parameters.csv"), new).unwrap();
    bench.open()
}

fn everything(model: &mut Model, notification: u32) {
    notify(model, "", notification).unwrap();
}

#[test]
fn f09_new_defaults_hold_unless_somebody_chose_the_old_ones() {
    let bench = Bench::with(OLD);
    let mut model = bench.open();
    let chosen = [
        value("Device.DeviceInfo.B", "mine"),
        value("Device.DeviceInfo.C", "old"),
    ];
    model.set_values(Requester::Acs, &chosen, None).unwrap();
    // All rows are in the store now.
    everything(&mut model, 1);
    let mut new = upgrade(&bench);
    assert_eq!(get(&mut new, "Device.RootDataModelVersion"), "2.18");
    assert_eq!(get(&mut new, "Device.DeviceInfo.A"), "new");
    assert_eq!(get(&mut new, "Device.DeviceInfo.B"), "mine");
    assert_eq!(get(&mut new, "Device.DeviceInfo.C"), "old", "it was chosen");
}

#[test]
fn f09_new_notification_defaults_hold_unless_somebody_chose() {
    let bench = Bench::with(OLD);
    let mut model = bench.open();
    let set = [
        value("Device.DeviceInfo.A", "x"),
        value("Device.DeviceInfo.B", "x"),
    ];
    model.set_values(Requester::Acs, &set, None).unwrap();
    notify(&mut model, "Device.DeviceInfo.B", 0).unwrap();
    let mut new = upgrade(&bench);
    assert_eq!(notification(&mut new, "Device.DeviceInfo.A"), 2);
    assert_eq!(notification(&mut new, "Device.DeviceInfo.B"), 0);
    new.factory_reset(&[]).unwrap();
    assert_eq!(notification(&mut new, "Device.DeviceInfo.B"), 2);
}

#[test]
fn f09_new_instances_come_and_removed_ones_stay_away() {
    let bench = Bench::with(OLD);
    let mut model = bench.open();
    assert_eq!(get(&mut model, "Device.T.1.X"), "first");
    model
        .delete_object(Requester::Acs, "Device.T.2.", None)
        .unwrap();
    everything(&mut model, 1);
    let mut new = upgrade(&bench);
    assert_eq!(
        names(&mut new, "Device.T.", true),
        ["Device.T.1. W", "Device.T.9. W"]
    );
    assert_eq!(get(&mut new, "Device.T.1.X"), "better");
    assert_eq!(get(&mut new, "Device.T.9.X"), "ninth");
    let added = new.add_object(Requester::Acs, "Device.T.", None).unwrap();
    assert_eq!(added.0, 10);
    assert_eq!(
        notification(&mut new, "Device.T.1.X"),
        1,
        "and keep their own state"
    );
    assert_eq!(get(&mut new, "Device.T.10.X"), "template");
    let mut again = bench.open();
    assert_eq!(names(&mut again, "Device.T.", true).len(), 3);
}

#[test]
fn f09_a_file_of_another_agent_chose_what_differs() {
    let bench = Bench::with(OLD);
    let rows = "DeviceInfo.A;STRING;0;1;1;0;0;0;Subscriber;old\n\
                DeviceInfo.B;STRING;0;1;1;1;0;0;Subscriber;mine\n\
                T.1.;ANY\nT.1.X;STRING;0;1;1;0;0;0;Subscriber;first\n**\n";
    std::fs::write(bench.dir().join("parameters.data"), rows).unwrap();
    let mut new = upgrade(&bench);
    assert_eq!(get(&mut new, "Device.DeviceInfo.B"), "mine");
    assert_eq!(notification(&mut new, "Device.DeviceInfo.B"), 1);
}
