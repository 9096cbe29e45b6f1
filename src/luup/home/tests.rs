use super::*;

fn device(id: u32, fields: &str, states: &[(&str, &str, &str)]) -> String {
    let states: Vec<String> = states
        .iter()
        .map(|(service, variable, value)| {
            format!(
                r#"{{"service":"urn:micasaverde-com:serviceId:{service}","variable":"{variable}","value":"{value}"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"id":{id},{fields}"states":[{}],"status":-1}}"#,
        states.join(",")
    )
}

fn snapshot(devices: &[String]) -> Snapshot {
    Snapshot::read(&format!(r#"{{"devices":[{}]}}"#, devices.join(",")), None).unwrap()
}

fn home(devices: &[String]) -> Home {
    let mut home = Home::default();
    home.update(Ok(snapshot(devices)));
    home
}

fn key(key: &str) -> Key<'_> {
    Key::parse(key).unwrap()
}

const CAPABLE: (&str, &str, &str) = ("ZWaveDevice1", "Capabilities", "211,156,0,4,16,1,L,|37");

#[test]
fn a_number_that_does_not_parse_or_is_negative_keeps_its_last_good_value() {
    let with = |interval: &str| {
        snapshot(&[device(
            5,
            "",
            &[CAPABLE, ("ZWaveDevice1", "WakeupInterval", interval)],
        )])
    };
    let wakeup = key("ZWaveDevice1/WakeupInterval");
    let mut home = Home::default();
    home.declare(wakeup, true);
    home.update(Ok(with("soon")));
    assert_eq!((home.value(wakeup, &[5]), home.rejected()), (None, 1));
    home.update(Ok(with("1800")));
    assert_eq!(home.value(wakeup, &[5]), Some("1800"));
    for (errors, bad) in [(2, "abc"), (3, "-1"), (4, "1.5"), (5, "+10")] {
        home.update(Ok(with(bad)));
        let got = (home.value(wakeup, &[5]), home.rejected());
        assert_eq!(got, (Some("1800"), errors));
    }
    home.update(Ok(with("3600\\n")));
    assert_eq!(home.value(wakeup, &[5]), Some("3600"));
    home.update(Ok(with("")));
    assert_eq!(home.value(wakeup, &[5]), None);
    assert_eq!(home.rejected(), 5);
}

#[test]
fn a_failed_fetch_leaves_all_as_it_is() {
    let mut home = home(&[device(5, "", &[CAPABLE])]);
    home.update(Err(LuupError::Empty));
    assert_eq!(home.rows(Key::Nodes, &[]), Some(vec![5]));
    assert_eq!(home.value(key("device.id"), &[5]), Some("5"));
}

#[test]
fn nothing_is_known_before_the_first_good_fetch() {
    let mut home = Home::default();
    home.update(Err(LuupError::Timeout));
    assert_eq!(home.rows(Key::Nodes, &[]), None);
    assert_eq!(home.value(key("device.id"), &[5]), None);
    assert!(home.target("ZWaveDevice1/X", &[5]).is_err());
}

#[test]
fn nodes_have_capabilities_and_by_their_parents_are_told_from_controller_and_children() {
    let bare = [
        device(
            1,
            "",
            &[
                CAPABLE,
                ("ZWaveNetwork1", "HomeID", "House: 1 Node 1 Suc 0"),
            ],
        ),
        device(2, "", &[CAPABLE]),
        device(30, "", &[CAPABLE]),
        device(31, "", &[("ZWaveDevice1", "Capabilities", "")]),
        device(32, "", &[]),
    ];
    assert_eq!(home(&bare).rows(Key::Nodes, &[]), Some(vec![2, 30]));
    let told = [
        device(
            1,
            r#""id_parent":0,"altid":"","#,
            &[
                CAPABLE,
                ("ZWaveNetwork1", "HomeID", "House: 1 Node 1 Suc 0"),
            ],
        ),
        device(2, r#""id_parent":1,"altid":"1","#, &[CAPABLE]),
        device(30, r#""id_parent":"1","altid":"12","#, &[CAPABLE]),
        device(33, r#""id_parent":30,"altid":"e1","#, &[CAPABLE]),
        device(31, r#""id_parent":30,"altid":"e2","#, &[]),
        device(40, r#""id_parent":1,"altid":"plugin","#, &[CAPABLE]),
        device(41, r#""id_parent":0,"altid":"9","#, &[CAPABLE]),
    ];
    let home = home(&told);
    assert_eq!(home.rows(Key::Nodes, &[]), Some(vec![30]));
    assert_eq!(home.rows(Key::Children, &[30]), Some(vec![31, 33]));
    assert_eq!(home.rows(Key::Children, &[2]), Some(vec![]));
}

#[test]
fn a_row_in_no_table_shows_the_first_device_that_has_the_variable() {
    let home = home(&[
        device(9, "", &[("ZWaveNetwork1", "Role", "later")]),
        device(1, "", &[("ZWaveNetwork1", "Role", "Master SIS:NO PRI:YES")]),
    ]);
    let role = key("ZWaveNetwork1/Role");
    assert_eq!(home.value(role, &[]), Some("Master SIS:NO PRI:YES"));
    assert_eq!(home.value(role, &[9]), Some("later"));
    assert_eq!(home.value(key("device.id"), &[]), None);
}

#[test]
fn a_target_has_the_full_service_and_the_device() {
    let home = home(&[
        device(1, "", &[("ZWaveNetwork1", "PollFrequency", "60")]),
        device(5, "", &[CAPABLE]),
    ]);
    let target = home.target("ZWaveNetwork1/PollFrequency", &[]).unwrap();
    assert_eq!(target.device, 1);
    let full = "urn:micasaverde-com:serviceId:ZWaveNetwork1/PollFrequency";
    assert_eq!(target.key, full);
    let unset = home.target("ZWaveDevice1/AssociationSet", &[5]).unwrap();
    assert!(unset.key.ends_with(":ZWaveDevice1/AssociationSet"));
    assert_eq!(home.target("device.name", &[5]).unwrap().key, "device.name");
    for refused in ["device.altid", "Unknown1/X", "nodes", "x"] {
        let error = home.target(refused, &[5]).unwrap_err();
        assert_eq!(error, LuupError::NotWritable(refused.to_owned()));
    }
}
