//! What an ACS changes is known to it, also by consequence; what others change is not (f08).

use super::*;

const VERSION: &str = "Device.DeviceInfo.SoftwareVersion";
const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";

fn set(model: &mut Model, name: &str, text: &str) {
    model
        .set_values(Requester::Acs, &[value(name, text)], None)
        .unwrap();
}

#[test]
fn f08_a_change_of_the_box_that_nobody_looked_for_is_told_after_one_of_the_acs() {
    let bench = Bench::new();
    let mut model = bench.open();
    bench.put_local("version", "2.0");
    set(&mut model, INTERVAL, "60");
    model.refresh();
    assert_eq!(changes(&mut model), [format!("{VERSION}=2.0")]);
    model.changes_delivered();
    bench.put_local("version", "3.0");
    let table = "Device.NAT.PortMapping.";
    let (number, _) = model.add_object(Requester::Acs, table, None).unwrap();
    model.refresh();
    assert_eq!(changes(&mut model), [format!("{VERSION}=3.0")]);
    model.changes_delivered();
    bench.put_local("version", "4.0");
    let instance = format!("{table}{number}.");
    model
        .delete_object(Requester::Acs, &instance, None)
        .unwrap();
    model.refresh();
    assert_eq!(changes(&mut model), [format!("{VERSION}=4.0")]);
}

#[test]
fn f08_what_the_agent_has_to_tell_is_told_after_a_change_of_the_acs() {
    let bench = Bench::with(&format!("{CSV}Failure;STRING;0;0;0;2\n"));
    let mut model = bench.open();
    model.tell("Failure", "no reboot");
    set(&mut model, INTERVAL, "60");
    model.refresh();
    assert_eq!(changes(&mut model), ["Device.Failure=no reboot"]);
}

#[test]
fn f08_another_row_of_the_same_key_is_no_news_where_only_looking_finds_it() {
    let bench = Bench::with(
        "A;STRING;1;1;1;2;0;0;;;;;;;polled:x\n\
         Same;STRING;1;0;0;2;0;0;;;;;;;polled:x\n\
         Other;STRING;1;0;0;2;0;0;;;;;;;polled:y\n",
    );
    let values = Values::default();
    let polled = Fake {
        values: Rc::clone(&values),
        keys: Vec::new(),
        staged: Vec::new(),
        before: BTreeMap::new(),
        taking: Taking::AtOnce,
        noticed: Noticed::Polled,
        fail: Rc::default(),
    };
    let sources: Sources = vec![("polled", Box::new(polled))];
    let mut model = Model::open(bench.dir(), "Device.", sources).unwrap();
    model.refresh();
    set(&mut model, "Device.A", "mine");
    model.refresh();
    assert_eq!(changes(&mut model), [""; 0]);
    values.borrow_mut().insert("y".into(), "theirs".into());
    set(&mut model, "Device.A", "mine, too");
    model.refresh();
    assert_eq!(changes(&mut model), ["Device.Other=theirs"]);
}
