//! What nobody can tell now has not changed (f07).

use super::*;

const VERSION: &str = "Device.DeviceInfo.SoftwareVersion";
const COUNT: &str = "Device.Zwave.InterfaceNumberOfEntries";
const FULL: &str = "Device.DeviceInfo.Full";
const BATTERY: &str = "Device.Zwave.Interface.20.BatteryLevel";

fn bench() -> Bench {
    Bench::with(&format!(
        "{CSV}Zwave.InterfaceNumberOfEntries;UINT;3;0;0;2;0;0;;;;;;;#Interface.\n\
         DeviceInfo.Full;STRING;3;0;0;2;0;0;;;;;;;\"v\" ++ SoftwareVersion\n\
         DeviceInfo.Place;STRING;1;0;0;2;0;0;;;;;;;box:place || box:fallback\n"
    ))
}

#[test]
fn f07_a_value_that_is_gone_and_back_has_not_changed() {
    let bench = bench();
    let mut model = bench.open();
    bench.put_local("version", UNKNOWN);
    model.refresh();
    assert!(!model.has_change(), "neither itself nor what is computed");
    assert_eq!(get(&mut model, VERSION), "1.0", "what was known last");
    assert_eq!(get(&mut model, FULL), "v1.0");
    bench.put_local("version", "1.0");
    model.refresh();
    assert!(!model.has_change());
    bench.put_local("version", "2.0");
    model.refresh();
    let mut all = changes(&mut model);
    all.sort();
    assert_eq!(all, [format!("{FULL}=v2.0"), format!("{VERSION}=2.0")]);
}

#[test]
fn f07_an_agent_that_is_up_before_its_box_reports_nothing() {
    let bench = bench();
    let mut model = bench.open();
    model.commit().unwrap();
    bench.put_local("version", UNKNOWN);
    bench.remote.borrow_mut().remove("nodes");
    let mut again = bench.open();
    assert!(!again.has_change());
    assert_eq!(get(&mut again, VERSION), "1.0");
    bench.put_local("version", "1.0");
    bench.put_remote("nodes", "3,20");
    again.refresh();
    assert!(!again.has_change());
}

#[test]
fn f07_a_change_that_was_seen_is_told_with_the_value_that_was_seen() {
    let bench = bench();
    let mut model = bench.open();
    bench.put_local("version", "2.0");
    model.refresh();
    bench.put_local("version", UNKNOWN);
    model.refresh();
    assert!(changes(&mut model).contains(&format!("{VERSION}=2.0")));
}

#[test]
fn f07_instances_outlive_a_source_that_is_away() {
    let bench = bench();
    let mut model = bench.open();
    assert_eq!(get(&mut model, COUNT), "2");
    model.commit().unwrap();
    model.checkpoint().unwrap();
    bench.remote.borrow_mut().remove("nodes");
    model.refresh();
    assert_eq!(get(&mut model, COUNT), "2");
    let mut again = bench.open();
    assert_eq!(get(&mut again, COUNT), "2");
    assert_eq!(get(&mut again, BATTERY), "70");
    assert!(!again.has_change());
    bench.put_remote("nodes", "3,20");
    again.refresh();
    assert!(!again.has_change());
}

#[test]
fn f07_before_the_first_list_of_all_the_count_is_not_0() {
    let bench = bench();
    bench.remote.borrow_mut().remove("nodes");
    let mut model = bench.open();
    model.commit().unwrap();
    bench.put_remote("nodes", "3,20");
    model.refresh();
    assert!(!model.has_change(), "the ACS was never told of another");
    bench.put_remote("nodes", "3");
    model.refresh();
    assert_eq!(changes(&mut model), [format!("{COUNT}=1")]);
    bench.put_remote("nodes", "");
    model.refresh();
    assert_eq!(
        changes(&mut model),
        [format!("{COUNT}=0")],
        "an empty list is one"
    );
}

#[test]
fn f07_an_alternative_stands_in_only_where_the_acs_never_saw_the_first() {
    let bench = bench();
    bench.put_local("place", UNKNOWN);
    bench.put_local("fallback", "cellar");
    let mut model = bench.open();
    assert_eq!(get(&mut model, "Device.DeviceInfo.Place"), "cellar");
    bench.put_local("place", "attic");
    model.refresh();
    assert!(!model.has_change());
    bench.put_local("place", UNKNOWN);
    model.refresh();
    assert!(!model.has_change());
    assert_eq!(get(&mut model, "Device.DeviceInfo.Place"), "attic");
}

#[test]
fn f07_the_first_value_is_no_change_after_a_change_of_the_acs_either() {
    let bench = Bench::with(&format!(
        "{CSV}DeviceInfo.Late;STRING;1;0;0;2;0;0;;;;;;;box:late\n\
         DeviceInfo.Later;STRING;1;0;0;0;0;0;;;;;;;box:later\n"
    ));
    bench.put_local("late", UNKNOWN);
    bench.put_local("later", UNKNOWN);
    let mut model = bench.open();
    let interval = "Device.ManagementServer.PeriodicInformInterval";
    model
        .set_values(Requester::Acs, &[value(interval, "60")], None)
        .unwrap();
    change::notify(&mut model, "Device.DeviceInfo.Later", 2).unwrap();
    bench.put_local("late", "1");
    bench.put_local("later", "1");
    model.refresh();
    assert_eq!(changes(&mut model), [""; 0]);
    bench.put_local("later", "2");
    model.refresh();
    assert_eq!(changes(&mut model), ["Device.DeviceInfo.Later=2"]);
}

#[test]
fn f07_an_instance_that_cannot_be_added_does_not_count_what_nobody_has_listed() {
    let bench = Bench::with(
        "Full.;ANY;1;1;1;0;0;0;;;;;;;box:full\nFull.{i}.X;STRING;1;1;1;0;0;0;;;;;;;box:x\n\
         FullNumberOfEntries;UINT;3;0;0;2;0;0;;;;;;;#Full.\n",
    );
    let mut model = bench.open();
    model
        .add_object(Requester::Acs, "Device.Full.", None)
        .unwrap_err();
    model.refresh();
    bench.put_local("full", "a,b");
    model.refresh();
    assert_eq!(get(&mut model, "Device.FullNumberOfEntries"), "2");
    assert_eq!(changes(&mut model), [""; 0]);
}
