use super::*;

const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";
const ENABLE: &str = "Device.ManagementServer.PeriodicInformEnable";
const URL: &str = "Device.ManagementServer.URL";
const WAKE_UP: &str = "Device.Zwave.Interface.20.WakeUpInterval";

fn set(model: &mut Model, list: &[(&str, &str)], key: &str) -> Result<InForce, Vec<SetError>> {
    let list: Vec<_> = list.iter().map(|(name, text)| value(name, text)).collect();
    model.set_values(Requester::Acs, &list, Some(key))
}

#[test]
fn a_set_is_durable_with_its_parameter_key() {
    let bench = Bench::new();
    let done = set(
        &mut bench.open(),
        &[(INTERVAL, "60"), (ENABLE, "false")],
        "key 1",
    );
    assert_eq!(done, Ok(InForce::Now));
    let mut again = bench.open();
    assert_eq!(get(&mut again, INTERVAL), "60");
    assert_eq!(get(&mut again, ENABLE), "0");
    assert_eq!(
        get(&mut again, "Device.ManagementServer.ParameterKey"),
        "key 1"
    );
}

#[test]
fn one_bad_entry_refuses_all_and_every_bad_one_is_named() {
    let bench = Bench::new();
    let mut model = bench.open();
    let list = [
        (INTERVAL, "60"),
        (ENABLE, "maybe"),
        ("Device.DeviceInfo.Manufacturer", "X"),
        ("Device.No.Such", "1"),
        ("Device.ManagementServer.", "1"),
        (URL, "http://b/"),
    ];
    let errors = set(&mut model, &list, "key").unwrap_err();
    let kinds: Vec<_> = errors.iter().map(|e| (e.name.as_str(), &e.error)).collect();
    assert!(matches!(
        kinds[..],
        [
            (ENABLE, ModelError::InvalidType(_)),
            ("Device.DeviceInfo.Manufacturer", ModelError::NotWritable),
            ("Device.No.Such", ModelError::InvalidName),
            ("Device.ManagementServer.", ModelError::InvalidName),
        ]
    ));
    assert_eq!(get(&mut model, INTERVAL), "3600");
    assert_eq!(get(&mut model, URL), "http://a/");
    assert_eq!(get(&mut model, "Device.ManagementServer.ParameterKey"), "");
}

#[test]
fn a_duplicate_is_refused() {
    let bench = Bench::new();
    let mut model = bench.open();
    let errors = set(&mut model, &[(INTERVAL, "60"), (INTERVAL, "61")], "").unwrap_err();
    assert!(matches!(
        errors[..],
        [SetError {
            error: ModelError::InvalidArguments(_),
            ..
        }]
    ));
    assert_eq!(get(&mut model, INTERVAL), "3600");
}

#[test]
fn a_wrong_xsi_type_is_an_invalid_type_and_a_range_an_invalid_value() {
    let bench = Bench::new();
    let mut model = bench.open();
    let mut wrong = value(INTERVAL, "60");
    wrong.xsi_type = Some(XsdType::String);
    let errors = model
        .set_values(Requester::Acs, &[wrong], None)
        .unwrap_err();
    assert!(matches!(
        errors[..],
        [SetError {
            error: ModelError::InvalidType(_),
            ..
        }]
    ));
    let errors = set(&mut model, &[(INTERVAL, "0")], "").unwrap_err();
    assert!(matches!(
        errors[..],
        [SetError {
            error: ModelError::InvalidValue(_),
            ..
        }]
    ));
}

#[test]
fn an_empty_list_only_sets_the_parameter_key() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(set(&mut model, &[], "only"), Ok(InForce::Now));
    assert_eq!(
        get(&mut model, "Device.ManagementServer.ParameterKey"),
        "only"
    );
}

#[test]
fn a_source_that_fails_leaves_nothing_behind() {
    let bench = Bench::new();
    let mut model = bench.open();
    *bench.fail.borrow_mut() = true;
    let errors = set(&mut model, &[(URL, "http://b/"), (INTERVAL, "60")], "k").unwrap_err();
    assert!(matches!(
        errors[..],
        [SetError {
            error: ModelError::Internal(_),
            ..
        }]
    ));
    assert_eq!(get(&mut model, URL), "http://a/");
    assert_eq!(get(&mut model, INTERVAL), "3600");
}

#[test]
fn a_store_that_fails_takes_the_source_back() {
    let bench = Bench::new();
    let mut model = bench.open();
    std::fs::remove_dir_all(bench.dir()).unwrap();
    std::fs::write(bench.dir(), "in the way").unwrap();
    let errors = set(&mut model, &[(URL, "http://b/"), (INTERVAL, "60")], "k").unwrap_err();
    assert!(matches!(
        errors[..],
        [SetError {
            error: ModelError::Internal(_),
            ..
        }]
    ));
    assert_eq!(get(&mut model, URL), "http://a/");
    assert_eq!(get(&mut model, INTERVAL), "3600");
    std::fs::remove_file(bench.dir()).unwrap();
}

#[test]
fn a_rule_refuses_what_the_type_allows() {
    let bench = Bench::new();
    let mut model = bench.open();
    model.add_rule("ManagementServer.URL", |proposal| match proposal.value {
        "http://nowhere/" => Err("that would cut the box off".into()),
        _ => Ok(()),
    });
    let errors = set(&mut model, &[(URL, "http://nowhere/")], "").unwrap_err();
    let why = "that would cut the box off".to_owned();
    assert_eq!(
        errors,
        [SetError {
            name: URL.to_owned(),
            error: ModelError::InvalidValue(why),
        }]
    );
    assert_eq!(set(&mut model, &[(URL, "http://a/")], ""), Ok(InForce::Now));
}

#[test]
fn a_deferred_value_is_shown_kept_and_settled() {
    let bench = Bench::new();
    let mut model = bench.open();
    assert_eq!(set(&mut model, &[(WAKE_UP, "300")], ""), Ok(InForce::Later));
    assert_eq!(get(&mut model, WAKE_UP), "300");
    let mut again = bench.open();
    assert_eq!(get(&mut again, WAKE_UP), "300");
    let pending = again.pending_writes();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].kind, &*pending[0].at[0]), ("remote", "20"));
    bench.put_remote("wakeup@20", "300");
    again.settle(&pending[0].path, &pending[0].wanted);
    again.commit().unwrap();
    assert!(bench.open().pending_writes().is_empty());
    assert_eq!(get(&mut bench.open(), WAKE_UP), "300");
}

#[test]
fn setting_what_is_set_writes_nothing() {
    let bench = Bench::new();
    let mut model = bench.open();
    set(&mut model, &[(INTERVAL, "60")], "k").unwrap();
    let file = bench.dir().join("parameters.data");
    std::fs::remove_file(&file).unwrap();
    set(&mut model, &[(INTERVAL, "60")], "k").unwrap();
    assert!(!file.exists());
}

#[test]
fn a_refused_secret_is_not_repeated() {
    let rows = "WiFi.PreSharedKey;HEXBINARY:32;0;1;1;0;0;0\nWiFi.KeyPassphrase;STRING:8;0;1;1\n\
                WiFi.PIN;UINT:0:9999;0;1;1\nWiFi.Password;STRING::open|wpa;0;1;1\n\
                WiFi.Other;STRING:8;3;1;1;0;0;0;;;;;;;KeyPassphrase\n";
    let bench = Bench::with(&format!("{CSV}{rows}"));
    let mut model = bench.open();
    for (name, value, is_type) in [
        ("PreSharedKey", "correct horse", true),
        ("PreSharedKey", "c0ffee c0ffee", true),
        ("KeyPassphrase", "correct horse", false),
        ("Other", "correct horse", false),
        ("PIN", "correct horse", true),
        ("PIN", "31415", false),
        ("Password", "correct horse", false),
    ] {
        let errors = set(&mut model, &[(&format!("Device.WiFi.{name}"), value)], "").unwrap_err();
        match &errors[0].error {
            ModelError::InvalidType(_) if is_type => {}
            ModelError::InvalidValue(_) if !is_type => {}
            other => panic!("{name}: {other:?}"),
        }
        assert!(!format!("{errors:?}").contains(value), "{errors:?}");
    }
}

#[test]
fn f14_a_redirect_takes_nothing_while_its_target_is_not_there() {
    let bench = Bench::with(
        "Room.;ANY;0;1;1\nRoom.{i}.Name;STRING;0;1;1\nRoom.1.Name;STRING;0;1;1;0;0;0;;Kitchen\n\
         First;STRING;3;1;1;0;0;0;;;;;;;Room.1.Name\n",
    );
    let mut model = bench.open();
    assert_eq!(names(&mut model, "Device.First", false), ["Device.First W"]);
    model
        .delete_object(Requester::Acs, "Device.Room.1.", None)
        .unwrap();
    assert_eq!(names(&mut model, "Device.First", false), ["Device.First"]);
    let set = model.set_values(Requester::Acs, &[value("Device.First", "x")], None);
    assert_eq!(set.unwrap_err()[0].error, ModelError::NotWritable);
}

#[test]
fn f16_a_value_without_a_way_to_its_source_is_a_wrong_value_of_a_writable_parameter() {
    let bench = Bench::with("P;STRING;1;1;1;0;0;0;;;;;;;box:proto|map(dhcp=DHCP, static=Static)\n");
    let mut model = bench.open();
    assert_eq!(names(&mut model, "Device.P", false), ["Device.P W"]);
    let set = model.set_values(Requester::Acs, &[value("Device.P", "PPP")], None);
    assert!(matches!(
        set.unwrap_err()[0].error,
        ModelError::InvalidValue(_)
    ));
}
