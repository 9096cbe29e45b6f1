use super::*;
use crate::datamodel::instances::Instances;

const TABLE: &str = "Device.NAT.PortMapping.";

#[test]
fn instance_numbers_are_never_used_twice_even_after_a_restart() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(
        model.add_object(Requester::Acs, TABLE, None),
        Ok((1, InForce::Now))
    );
    assert_eq!(
        model.add_object(Requester::Acs, TABLE, None),
        Ok((2, InForce::Now))
    );
    model
        .delete_object(Requester::Acs, "Device.NAT.PortMapping.2.", Some("k"))
        .unwrap();
    let mut again = bench.open();
    assert_eq!(
        names(&mut again, TABLE, true),
        ["Device.NAT.PortMapping.1. W"]
    );
    assert_eq!(
        again.add_object(Requester::Acs, TABLE, None),
        Ok((3, InForce::Now))
    );
    assert_eq!(
        get(&mut again, "Device.NAT.PortMappingNumberOfEntries"),
        "2"
    );
}

#[test]
fn a_new_instance_has_the_defaults_and_loses_them_with_itself() {
    let bench = Bench::new();
    let mut model = bench.open();
    let path = "Device.NAT.PortMapping.1.Description";
    model.add_object(Requester::Acs, TABLE, None).unwrap();
    assert_eq!(get(&mut model, path), "none");
    model
        .set_values(Requester::Acs, &[value(path, "ssh")], None)
        .unwrap();
    assert_eq!(get(&mut model, path), "ssh");
    model
        .delete_object(Requester::Acs, "Device.NAT.PortMapping.1.", None)
        .unwrap();
    assert_eq!(
        model.values(path, &mut |_, _, _| {}),
        Err(ModelError::InvalidName)
    );
    model.add_object(Requester::Acs, TABLE, None).unwrap();
    assert_eq!(
        get(&mut model, "Device.NAT.PortMapping.2.Description"),
        "none"
    );
}

#[test]
fn only_tables_grow_and_only_instances_go() {
    let bench = Bench::new();
    let mut model = bench.open();
    for path in [
        "Device.NAT.",
        "Device.NAT.PortMapping",
        "Device.Zwave.Interface.",
        "Device.",
        "",
    ] {
        let refused = model.add_object(Requester::Acs, path, None);
        assert_eq!(refused, Err(ModelError::InvalidName), "{path}");
    }
    for path in [
        TABLE,
        "Device.NAT.PortMapping.1.",
        "Device.Zwave.Interface.3.",
        "Device.NAT.",
    ] {
        let refused = model.delete_object(Requester::Acs, path, None);
        assert_eq!(refused, Err(ModelError::InvalidName), "{path}");
    }
}

#[test]
fn a_table_can_be_full() {
    let bench = Bench::new();
    let mut model = bench.open();
    let Ok(place) = model.resolve(TABLE) else {
        panic!()
    };
    let resolve::Place::Object(table) = place else {
        panic!()
    };
    let mut refused = |change: fn(&mut Instances)| {
        let mut instances = Instances::default();
        change(&mut instances);
        model.state.tables.insert(table, instances.clone());
        let error = model.add_object(Requester::Acs, TABLE, None).unwrap_err();
        assert_eq!(model.state.tables.get(&table), Some(&instances));
        match error {
            ModelError::ResourcesExceeded(why) => why,
            error => panic!("{error:?}"),
        }
    };
    let used_up = refused(|instances| instances.use_up(u32::MAX));
    assert!(used_up.contains("factory reset"), "{used_up}");
    let full = refused(|instances| {
        for number in 1..=4096 {
            instances.add(number, None);
        }
    });
    assert!(
        full.contains("4096 instances") && full.contains("delete"),
        "{full}"
    );
}

#[test]
fn a_failed_store_leaves_the_instance_as_it_was() {
    let bench = Bench::new();
    let mut model = bench.open();
    let path = "Device.NAT.PortMapping.1.Description";
    model.add_object(Requester::Acs, TABLE, None).unwrap();
    model
        .set_values(Requester::Acs, &[value(path, "ssh")], None)
        .unwrap();
    std::fs::remove_dir_all(bench.dir()).unwrap();
    std::fs::write(bench.dir(), "in the way").unwrap();
    let refused = model.delete_object(Requester::Acs, "Device.NAT.PortMapping.1.", None);
    assert!(matches!(refused, Err(ModelError::Internal(_))));
    assert_eq!(get(&mut model, path), "ssh");
    assert!(model.add_object(Requester::Acs, TABLE, None).is_err());
    assert_eq!(names(&mut model, TABLE, true).len(), 1);
    std::fs::remove_file(bench.dir()).unwrap();
}

#[test]
fn literal_rows_are_the_instances_of_a_factory_fresh_box() {
    let csv = "NAT.PortMapping.1.Description;STRING;0;1;1;0;0;0;;web\n".to_owned() + CSV;
    let bench = Bench::with(&csv);
    let mut model = bench.open();
    assert_eq!(
        get(&mut model, "Device.NAT.PortMapping.1.Description"),
        "web"
    );
    assert_eq!(get(&mut model, "Device.NAT.PortMapping.1.Enable"), "0");
    model
        .delete_object(Requester::Acs, "Device.NAT.PortMapping.1.", None)
        .unwrap();
    let mut again = bench.open();
    assert!(names(&mut again, TABLE, true).is_empty());
    again.factory_reset(&[]).unwrap();
    assert_eq!(
        get(&mut again, "Device.NAT.PortMapping.1.Description"),
        "web"
    );
}

#[test]
fn f28_nothing_is_made_or_removed_below_an_instance_that_is_gone() {
    let notes = "Zwave.Interface.{i}.Note.;ANY;1;1;1;0;0;0;;;0;0;;;box:notes\n\
                 Zwave.Interface.{i}.Note.{i}.Text;STRING;0;1;1\n";
    let bench = Bench::with(&[CSV, notes].concat());
    bench.put_local("notes", "1");
    let mut model = bench.open();
    bench.put_remote("nodes", "3");
    let (table, note) = (
        "Device.Zwave.Interface.20.Note.",
        "Device.Zwave.Interface.20.Note.1.",
    );
    let added = model.add_object(Requester::Acs, table, Some("k"));
    assert_eq!(added, Err(ModelError::InvalidName));
    let mut model = bench.open();
    bench.put_remote("nodes", "3,20");
    model.refresh();
    bench.put_remote("nodes", "3");
    let deleted = model.delete_object(Requester::Acs, note, Some("k"));
    assert_eq!(deleted, Err(ModelError::InvalidName));
    assert_eq!(get(&mut model, "Device.ManagementServer.ParameterKey"), "");
    assert_eq!(
        bench.local.borrow().get("notes").map(String::as_str),
        Some("1")
    );
}
