use proptest::prelude::*;

use super::*;

#[test]
fn names_of_the_whole_tree_begin_with_the_root() {
    let bench = Bench::new();
    let mut model = bench.open();
    let all = names(&mut model, "", false);
    assert_eq!(all.first().map(String::as_str), Some("Device."));
    assert!(all.contains(&"Device.NAT.PortMapping. W".to_owned()));
    assert!(all.contains(&"Device.Zwave.Interface.20.WakeUpInterval W".to_owned()));
    assert!(
        !all.iter()
            .any(|path| path.contains("{i}") || path.contains("Row"))
    );
    assert_eq!(names(&mut model, "", true), ["Device."]);
}

#[test]
fn next_level_gives_children_and_not_the_object_itself() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(
        names(&mut model, "Device.Zwave.Interface.", true),
        ["Device.Zwave.Interface.3.", "Device.Zwave.Interface.20."]
    );
    assert!(names(&mut model, "Device.NAT.PortMapping.", true).is_empty());
    assert_eq!(
        names(&mut model, "Device.NAT.PortMapping.", false),
        ["Device.NAT.PortMapping. W"]
    );
}

#[test]
fn a_parameter_has_no_next_level() {
    let bench = Bench::new();
    let mut model = bench.open();
    let path = "Device.DeviceInfo.Manufacturer";
    assert_eq!(names(&mut model, path, false), [path]);
    let refused = model.names(path, true, &mut |_, _| {});
    assert!(matches!(refused, Err(ModelError::InvalidArguments(_))));
}

#[test]
fn wrong_paths_are_invalid_names() {
    let bench = Bench::new();
    let mut model = bench.open();
    for path in [
        "Device",
        "Device.DeviceInfo",
        "Device.DeviceInfo.Manufacturer.",
        "Device..",
        "Device.Zwave.Interface.4.",
        "Device.Zwave.Interface.020.BatteryLevel",
        "Device.Zwave.Interface.{i}.BatteryLevel",
        "Device.NAT.PortMapping.1.",
        "Device.Hidden.Row",
        "device.DeviceInfo.",
        "Other.",
        ".",
        "Device.NAT.PortMapping.99999999999999999999.",
    ] {
        let refused = model.values(path, &mut |_, _, _| panic!("{path}"));
        assert_eq!(refused, Err(ModelError::InvalidName), "{path}");
    }
    let long = format!("Device.{}", "A".repeat(5000));
    assert_eq!(
        model.values(&long, &mut |_, _, _| {}),
        Err(ModelError::InvalidName)
    );
}

#[test]
fn a_path_has_256_characters_at_most() {
    // The name of the row has as many as the root of TR-098 leaves; the instances' are longer.
    let name = format!("A.{{i}}.B.{{i}}.C.{{i}}.{}", "N".repeat(234 - 18));
    let bench = Bench::with(&format!(
        "A.;ANY;0;1;1\nA.{{i}}.B.;ANY;0;1;1\nA.{{i}}.B.{{i}}.C.;ANY;0;1;1\n{name};STRING;0;1;1\n"
    ));
    let mut model = bench.open();
    let mut path = |last: u32| {
        let mut path = "Device.".to_owned();
        for (table, number) in [("A.", 10_000_000), ("B.", 10_000_000), ("C.", last)] {
            path += table;
            let Ok(resolve::Place::Object(key)) = model.resolve(&path) else {
                panic!("{path}");
            };
            let instances = model.state.tables.entry(key).or_default();
            instances.add(number, None);
            path += &format!("{number}.");
        }
        path += &"N".repeat(234 - 18);
        (path.len(), model.find(&path))
    };
    assert_eq!(path(99_999_999), (256, Ok(())));
    assert_eq!(path(100_000_000), (257, Err(ModelError::InvalidName)));
}

#[test]
fn values_come_from_store_source_and_expression() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(get(&mut model, "Device.DeviceInfo.Manufacturer"), "Acme");
    assert_eq!(get(&mut model, "Device.DeviceInfo.SoftwareVersion"), "1.0");
    assert_eq!(
        get(&mut model, "Device.Zwave.Interface.20.WakeUpInterval"),
        "720"
    );
    assert_eq!(
        get(&mut model, "Device.NAT.PortMappingNumberOfEntries"),
        "0"
    );
}

#[test]
fn w16_a_source_without_a_value_gives_an_empty_one_and_no_fault() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(
        get(&mut model, "Device.Zwave.Interface.3.BatteryLevel"),
        "0"
    );
    bench.local.borrow_mut().clear();
    assert_eq!(get(&mut model, "Device.DeviceInfo.SoftwareVersion"), "");
    let mut count = 0;
    model.values("Device.", &mut |_, _, _| count += 1).unwrap();
    assert_eq!(count, 13);
}

#[test]
fn a_source_value_that_does_not_fit_its_type_is_not_shown() {
    let bench = Bench::new();
    let mut model = bench.open();
    bench.put_remote("battery@20", "-1");
    assert_eq!(
        get(&mut model, "Device.Zwave.Interface.20.BatteryLevel"),
        "0"
    );
}

#[test]
fn secrets_read_as_empty_but_not_for_the_agent_itself() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(get(&mut model, "Device.ManagementServer.Password"), "");
    let own = model.value("ManagementServer.Password");
    assert_eq!(own.as_deref(), Some("secret"));
    assert_eq!(model.value("No.Such"), None);
}

/// An empty text is no value of these types: an ACS that checks the envelope would refuse it.
#[test]
fn f22_a_secret_that_is_no_text_reads_as_none_of_its_type() {
    let csv = "A.Bool;BOOLEAN;stored;rw,secret;immediate;active;;;;1\n\
               A.Date;DATE;stored;rw,secret;immediate;active\n\
               A.DevicePassword;UINT;stored;rw;immediate;active;;;;5\n\
               A.Key;HEXBINARY;stored;rw,secret;immediate;active;;;;AB\n";
    let bench = Bench::with(csv);
    let mut model = bench.open();
    let mut all = Vec::new();
    let mut read = |_: &str, _: XsdType, value: &str| all.push(value.to_owned());
    model.values("Device.A.", &mut read).unwrap();
    assert_eq!(all, ["0", "0001-01-01T00:00:00Z", "0", ""]);
    // Nor is it another value after it was set, or after a restart.
    let new = [
        value("Device.A.DevicePassword", "7"),
        value("Device.A.Bool", "0"),
    ];
    model.set_values(Requester::Acs, &new, None).unwrap();
    model.refresh();
    assert!(!model.has_change());
    let again = bench.open();
    assert!(!again.has_change());
}

#[test]
fn the_forced_parameters_are_those_of_column_7() {
    let bench = Bench::new();
    let mut model = bench.open();
    let mut all = Vec::new();
    model.forced(&mut |path, _, value| all.push(format!("{path}={value}")));
    assert_eq!(
        all,
        [
            "Device.DeviceInfo.SoftwareVersion=1.0",
            "Device.ManagementServer.ParameterKey="
        ]
    );
}

#[test]
fn a_loop_of_expressions_is_left_out_and_the_rest_stands() {
    let bench = Bench::with(
        "A.X;UINT;3;0;0;0;0;0;;;0;0;;;Y\nA.Y;UINT;3;0;0;0;0;0;;;0;0;;;X + 1\nA.Z;UINT;0;0;0;0;0;0;;4\nA.W;UINT;3;0;0;0;0;0;;;0;0;;;..B.V + Z\nB.V;UINT;0;0;0;0;0;0;;3\n",
    );
    let mut model = bench.open();
    assert_eq!(model.find("Device.A.X"), Err(ModelError::InvalidName));
    assert_eq!(get(&mut model, "Device.A.W"), "7");
}

proptest! {
    #[test]
    fn any_text_is_a_pattern_of_this_model_or_refused(
        text in "(Device\\.(NAT\\.PortMapping|Zwave\\.Interface|DeviceInfo)\\.([0-9A-Za-z*]{1,3}\\.)?\
                 (Enable|BatteryLevel|Manufacturer|[a-z]?))|((Device)?([A-Za-z0-9*.]|\\PC){0,9})",
    ) {
        thread_local!(static MODEL: Model = Bench::new().open());
        MODEL.with(|model| {
            let named = model.pattern(&text);
            prop_assert!(named.is_err() || text.starts_with("Device."), "{}", text);
            if named == Ok(Named::Parameter) {
                // Each part is a name of the description, or stands for an instance.
                let parts = text.strip_prefix("Device.").unwrap_or_default().split('.');
                for part in parts {
                    let is_instance = part == "*" || part.parse::<u32>().is_ok();
                    prop_assert!(is_instance || CSV.contains(part), "{}", text);
                }
            }
            Ok(())
        })?;
    }
}
