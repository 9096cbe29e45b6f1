//! Values that somebody else takes before the rest of a change is made (z01, z03, z23, z24).

use super::*;

const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";
const URL: &str = "Device.ManagementServer.URL";
const KEY: &str = "Device.ManagementServer.ParameterKey";
const WAKE_UP: &str = "Device.Zwave.Interface.20.WakeUpInterval";

fn bench() -> Bench {
    let mut bench = Bench::with(&format!(
        "{CSV}Zwave.Interface.{{i}}.Again;UINT;1;0;1;1;0;0;;;0;0;;;remote:wakeup\n"
    ));
    bench.taking = Taking::Elsewhere;
    bench
}

fn notify(model: &mut Model) {
    let notify = NewAttributes {
        name: WAKE_UP,
        notification: Some(2),
        access_list: None,
    };
    model.set_attributes(&[notify]).unwrap();
}

#[test]
fn z23_what_goes_elsewhere_is_named_and_nothing_is_changed() {
    let bench = bench();
    let mut model = bench.open();
    let list = [
        value(INTERVAL, "60"),
        value(WAKE_UP, "0300"),
        value(URL, "http://b/"),
    ];
    let writes = model.writes_elsewhere(&list).unwrap();
    let [write] = &writes[..] else {
        panic!("{writes:?}");
    };
    assert_eq!((write.kind, &*write.at[0]), ("remote", "20"));
    assert_eq!((&*write.path, &*write.value), (WAKE_UP, "300"));
    for (name, text) in [(INTERVAL, "3600"), (WAKE_UP, "720"), (URL, "http://a/")] {
        assert_eq!(get(&mut model, name), text);
    }
    let at_once = [value(INTERVAL, "60"), value(URL, "http://b/")];
    assert_eq!(model.writes_elsewhere(&at_once), Ok(vec![]));
}

#[test]
fn z24_one_value_that_is_refused_here_goes_nowhere() {
    let bench = bench();
    let mut model = bench.open();
    for bad in [
        value(INTERVAL, "soon"),
        value(WAKE_UP, "1"),
        value("X", "1"),
    ] {
        let errors = model.writes_elsewhere(&[value(WAKE_UP, "300"), bad]);
        assert_eq!(errors.unwrap_err().len(), 1, "{bad:?}");
    }
}

#[test]
fn z01_what_was_taken_is_shown_and_is_no_change_to_who_set_it() {
    let bench = bench();
    let mut model = bench.open();
    notify(&mut model);
    let list = [value(WAKE_UP, "300"), value(INTERVAL, "60")];
    let set = model.set_values(Requester::Acs, &list, Some("key"));
    assert_eq!(set, Ok(InForce::Now), "by the column of its row alone");
    assert_eq!(get(&mut model, WAKE_UP), "300");
    assert_eq!(get(&mut model, KEY), "key");
    model.refresh();
    assert!(!model.has_change(), "{:?}", changes(&mut model));
    assert!(model.pending_writes().is_empty());
    bench.put_remote("wakeup@20", "301");
    model.refresh();
    assert_eq!(changes(&mut model).len(), 2, "a change by somebody else");
}

#[test]
fn z27_what_the_user_set_is_a_change_to_the_acs() {
    let bench = bench();
    let mut model = bench.open();
    notify(&mut model);
    let list = [value(WAKE_UP, "300")];
    model.set_values(Requester::Local, &list, None).unwrap();
    assert!(changes(&mut model).contains(&format!("{WAKE_UP}=300")));
}

#[test]
fn z24_a_disk_that_takes_nothing_leaves_the_value_as_it_is_there() {
    let bench = bench();
    let mut model = bench.open();
    *bench.fail.borrow_mut() = true;
    let list = [value(WAKE_UP, "300"), value(URL, "http://b/")];
    let set = model.set_values(Requester::Acs, &list, Some("key"));
    assert!(set.is_err());
    assert_eq!(get(&mut model, WAKE_UP), "720");
    assert_eq!(get(&mut model, KEY), "");
}

#[test]
fn z03_a_value_that_waits_since_before_an_upgrade_is_carried_out_dropped_or_replaced() {
    let mut bench = bench();
    bench.taking = Taking::Later;
    let mut model = bench.open();
    notify(&mut model);
    let list = [value(WAKE_UP, "300")];
    model.set_values(Requester::Acs, &list, None).unwrap();
    drop(model);
    bench.taking = Taking::Elsewhere;
    let mut model = bench.open();
    let pending = model.pending_writes();
    assert_eq!((pending.len(), &*pending[0].value), (1, "300"));
    assert_eq!(get(&mut model, WAKE_UP), "300");
    // Dropped: that it is another value than the ACS believes is told.
    model.settle(&pending[0].path, &pending[0].wanted);
    model.refresh();
    assert!(changes(&mut model).contains(&format!("{WAKE_UP}=720")));
    // Replaced, before it was carried out.
    let mut model = bench.open();
    let list = [value(WAKE_UP, "400")];
    model.set_values(Requester::Acs, &list, None).unwrap();
    assert!(model.pending_writes().is_empty());
    assert!(bench.open().pending_writes().is_empty(), "durably");
    assert_eq!(get(&mut model, WAKE_UP), "400");
}
