use super::*;

const BATTERY: &str = "Device.Zwave.Interface.20.BatteryLevel";
const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";
const VERSION: &str = "Device.DeviceInfo.SoftwareVersion";

pub(super) fn notify(model: &mut Model, name: &str, notification: u32) -> Result<(), ModelError> {
    model.set_attributes(&[NewAttributes {
        name,
        notification: Some(notification),
        access_list: None,
    }])
}

pub(super) fn notification(model: &mut Model, path: &str) -> u8 {
    let mut found = None;
    model
        .attributes(path, &mut |_, view| found = Some(view.notification))
        .unwrap();
    found.unwrap()
}

#[test]
fn a_live_change_is_reported_once_with_its_newest_value() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, BATTERY, 2).unwrap();
    assert!(!model.has_change());
    bench.put_remote("battery@20", "60");
    model.refresh();
    assert!(model.has_active_change());
    bench.put_remote("battery@20", "55");
    assert_eq!(changes(&mut model), [format!("{BATTERY}=55")]);
    model.changes_delivered();
    model.refresh();
    assert!(!model.has_change());
}

#[test]
fn a_change_during_the_inform_belongs_to_the_next_report() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, BATTERY, 1).unwrap();
    bench.put_remote("battery@20", "60");
    model.refresh();
    assert!(model.has_change() && !model.has_active_change());
    assert_eq!(changes(&mut model), [format!("{BATTERY}=60")]);
    bench.put_remote("battery@20", "59");
    model.changes_delivered();
    assert_eq!(changes(&mut model), [format!("{BATTERY}=59")]);
}

#[test]
fn a_value_that_changed_back_is_still_reported() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, BATTERY, 2).unwrap();
    bench.put_remote("battery@20", "60");
    model.refresh();
    bench.put_remote("battery@20", "70");
    model.refresh();
    assert_eq!(changes(&mut model), [format!("{BATTERY}=70")]);
}

#[test]
fn what_the_acs_set_is_not_reported_back_but_a_local_set_is() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, INTERVAL, 2).unwrap();
    let set = |model: &mut Model, who, text: &str| {
        model
            .set_values(who, &[value(INTERVAL, text)], None)
            .unwrap();
        model.refresh();
    };
    set(&mut model, Requester::Acs, "60");
    assert!(!model.has_change());
    set(&mut model, Requester::Local, "90");
    assert_eq!(changes(&mut model), [format!("{INTERVAL}=90")]);
}

#[test]
fn an_unreported_stored_change_survives_a_restart() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, INTERVAL, 2).unwrap();
    model
        .set_values(Requester::Local, &[value(INTERVAL, "90")], None)
        .unwrap();
    assert_eq!(changes(&mut bench.open()), [format!("{INTERVAL}=90")]);
}

#[test]
fn a_new_software_version_is_found_after_a_reboot() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert!(!model.has_change());
    model.commit().unwrap();
    bench.put_local("version", "2.0");
    let mut upgraded = bench.open();
    assert_eq!(changes(&mut upgraded), [format!("{VERSION}=2.0")]);
}

#[test]
fn live_values_never_reach_the_store_but_survive_a_restart_of_the_program() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, BATTERY, 2).unwrap();
    bench.put_remote("battery@20", "60");
    model.refresh();
    assert_eq!(model.commit(), Ok(false));
    let rows = model.volatile_rows();
    let mut again = bench.open();
    assert!(!again.has_change());
    again.restore_volatile(&rows);
    assert_eq!(changes(&mut again), [format!("{BATTERY}=60")]);
}

#[test]
fn a_change_of_a_node_outlives_a_restart_while_luup_is_away() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, BATTERY, 2).unwrap();
    bench.put_remote("battery@20", "60");
    model.refresh();
    let rows = model.volatile_rows();
    bench.remote.borrow_mut().remove("nodes").unwrap();
    let mut again = bench.open();
    again.restore_volatile(&rows);
    assert!(again.has_active_change());
    bench.put_remote("battery@20", "70");
    assert_eq!(changes(&mut again), [format!("{BATTERY}=70")]);
}

#[test]
fn attributes_of_a_node_that_luup_lost_for_a_moment_stay() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, BATTERY, 2).unwrap();
    bench.put_remote("nodes", "3");
    model.refresh();
    assert_eq!(
        model.values(BATTERY, &mut |_, _, _| {}),
        Err(ModelError::InvalidName)
    );
    bench.put_remote("nodes", "3,20");
    model.refresh();
    assert_eq!(notification(&mut model, BATTERY), 2);
    bench.put_remote("nodes", "");
    let mut again = bench.open();
    bench.put_remote("nodes", "20");
    again.refresh();
    assert_eq!(notification(&mut again, BATTERY), 2);
}

#[test]
fn forced_active_notification_cannot_be_lowered_and_denied_not_raised() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(
        notify(&mut model, VERSION, 0),
        Err(ModelError::NotificationRejected)
    );
    assert_eq!(notify(&mut model, VERSION, 2), Ok(()));
    let uptime = "Device.DeviceInfo.UpTime";
    assert_eq!(
        notify(&mut model, uptime, 2),
        Err(ModelError::NotificationRejected)
    );
    assert_eq!(notify(&mut model, uptime, 1), Ok(()));
    assert_eq!(notify(&mut model, "Device.DeviceInfo.", 2), Ok(()));
    assert_eq!(notification(&mut model, uptime), 1);
    assert_eq!(
        notification(&mut model, "Device.DeviceInfo.Manufacturer"),
        2
    );
    assert!(matches!(
        notify(&mut model, uptime, 7),
        Err(ModelError::InvalidArguments(_))
    ));
    assert_eq!(
        notify(&mut model, "Device.Nope", 1),
        Err(ModelError::InvalidName)
    );
}

#[test]
fn attributes_survive_a_restart_and_a_factory_reset_takes_them_away() {
    let bench = Bench::new();
    let mut model = bench.open();
    notify(&mut model, INTERVAL, 1).unwrap();
    model
        .set_attributes(&[NewAttributes {
            name: INTERVAL,
            notification: None,
            access_list: Some(&[]),
        }])
        .unwrap();
    model.set_record("Events", Some("1 BOOT"));
    model.commit().unwrap();
    let mut again = bench.open();
    let mut seen = None;
    let mut look = |_: &str, view: AttributesView<'_>| {
        seen = Some((view.notification, view.access_list.len()));
    };
    again.attributes(INTERVAL, &mut look).unwrap();
    assert_eq!(seen, Some((1, 0)));
    assert_eq!(again.record("Events"), Some("1 BOOT"));
    again.factory_reset(&[]).unwrap();
    let mut fresh = bench.open();
    assert_eq!(notification(&mut fresh, INTERVAL), 0);
    assert_eq!(fresh.record("Events"), None);
}

/// A battery that is not there any more is not at 0 %.
#[test]
fn f23_a_change_of_what_is_gone_is_not_told_before_it_is_back() {
    let row = "A.Battery;UINT;source;r,optional;;active;;;;;;;;;box:battery\n";
    let bench = Bench::with(row);
    bench.put_local("battery", "80");
    let mut model = bench.open();
    bench.put_local("battery", "79");
    model.refresh();
    assert!(model.has_active_change());
    bench.local.borrow_mut().remove("battery");
    model.refresh();
    assert!(!model.has_change() && !model.has_active_change());
    assert_eq!(changes(&mut model), [] as [String; 0]);
    // That it was another meanwhile is not forgotten.
    bench.put_local("battery", "80");
    model.refresh();
    assert_eq!(changes(&mut model), ["Device.A.Battery=80"]);
}
