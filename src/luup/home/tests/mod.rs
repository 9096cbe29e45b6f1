use super::*;
use crate::datamodel::model::PendingWrite;
use crate::luup::{LuupChange, LuupOrder};

mod flawed;
mod worked_out;

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
    let text = format!(r#"{{"devices":[{}]}}"#, devices.join(","));
    Snapshot::read([Ok(text)]).unwrap()
}

fn home(devices: &[String]) -> Home {
    let mut home = Home::default();
    update(&mut home, snapshot(devices));
    home
}

fn update(home: &mut Home, snapshot: Snapshot) {
    let fetch = home.begin_fetch();
    comes(home, fetch, snapshot);
}

fn comes(home: &mut Home, fetch: Fetch, snapshot: Snapshot) {
    let view = fetch.view(snapshot);
    home.update(fetch, Ok(view));
}

fn declare(home: &mut Home, key: &str, kind: Option<&str>, tables: usize) -> Result<Slot, String> {
    let kind = kind.map(|kind| ParamType::parse(kind).unwrap());
    let row = Declaration {
        kind: kind.as_ref(),
        filtered: false,
        tables,
        writable: false,
    };
    home.declare(&row, key)
}

/// A row of this type, in a table of devices.
fn row(home: &mut Home, key: &str, kind: &str) -> Slot {
    declare(home, key, Some(kind), 1).unwrap()
}

/// A row in no table.
fn single(home: &mut Home, key: &str) -> Slot {
    declare(home, key, Some("STRING"), 0).unwrap()
}

fn table(home: &mut Home, key: &str, tables: usize) -> Slot {
    declare(home, key, None, tables).unwrap()
}

fn value(home: &Home, slot: Slot, device: &str) -> Reading<'static> {
    home.value(slot, &[called(device)]).into_owned()
}

fn called(device: &str) -> Instance<'_> {
    Instance {
        number: 77,
        identity: Some(device),
    }
}

fn is(text: &str) -> Reading<'_> {
    Reading::Value(text.into())
}

fn numbers(home: &Home, slot: Slot, at: &[Instance<'_>]) -> Option<Vec<u32>> {
    let listed = home.list(slot, at)?.into_iter();
    Some(listed.map(|listed| listed.number.unwrap()).collect())
}

const CAPABLE: (&str, &str, &str) = ("ZWaveDevice1", "Capabilities", "211,156,0,4,16,1,L,|37");

/// A home of one device with one variable.
fn with(variable: &str, value: &str) -> Snapshot {
    snapshot(&[device(5, "", &[CAPABLE, ("ZWaveDevice1", variable, value)])])
}

#[test]
fn f18_a_value_is_checked_by_the_type_of_its_row() {
    for (kind, good, bad) in [
        ("UINT", "1800", vec!["soon", "-1", "1.5", "4294967296"]),
        (
            "INT",
            "-5",
            vec!["soon", "1.5", "2147483648", "-2147483649"],
        ),
        ("INT:-5:-2", "-3", vec!["-6", "-1", "0", "3"]),
        ("UINT:10:20", "20", vec!["9", "21", "-1"]),
        ("LONG", "-4294967296", vec!["-9223372036854775809", "x"]),
        (
            "ULONG",
            "18446744073709551615",
            vec!["18446744073709551616", "-1"],
        ),
        ("BOOLEAN", "1", vec!["2", "on"]),
        ("STRING::a|b", "b", vec!["c"]),
    ] {
        let mut home = Home::default();
        let slot = row(&mut home, "ZWaveDevice1/V", kind);
        for (nth, bad) in bad.iter().enumerate() {
            update(&mut home, with("V", bad));
            let known = if nth == 0 { Reading::Unknown } else { is(good) };
            assert_eq!(value(&home, slot, "5"), known, "{kind} {bad}");
            update(&mut home, with("V", good));
            assert_eq!(value(&home, slot, "5"), is(good), "{kind}");
        }
        // The last good one stays through any number of bad ones, but not through none.
        update(&mut home, with("V", bad[0]));
        update(&mut home, with("V", bad[0]));
        assert_eq!(value(&home, slot, "5"), is(good), "{kind}");
        update(&mut home, with("V", ""));
        assert_eq!(value(&home, slot, "5"), Reading::Absent, "{kind}");
    }
}

#[test]
fn f18_each_row_of_a_variable_has_its_own_type_and_none_behind_a_filter() {
    let mut home = Home::default();
    update(&mut home, with("V", "-1"));
    let whole = row(&mut home, "ZWaveDevice1/V", "INT");
    let counted = row(&mut home, "ZWaveDevice1/V", "UINT");
    let kind = ParamType::parse("UINT").unwrap();
    let filtered = Declaration {
        kind: Some(&kind),
        filtered: true,
        tables: 1,
        writable: false,
    };
    let filtered = home.declare(&filtered, "ZWaveDevice1/V").unwrap();
    for _ in 0..2 {
        assert_eq!(value(&home, whole, "5"), is("-1"));
        assert_eq!(value(&home, counted, "5"), Reading::Unknown);
        assert_eq!(value(&home, filtered, "5"), is("-1"));
        update(&mut home, with("V", "-1"));
    }
}

#[test]
fn a_failed_fetch_leaves_all_as_it_is() {
    let mut home = home(&[device(5, "", &[CAPABLE])]);
    let fetch = home.begin_fetch();
    home.update(fetch, Err(LuupError::Empty));
    let nodes = table(&mut home, "nodes", 0);
    assert_eq!(numbers(&home, nodes, &[]), Some(vec![5]));
    let id = row(&mut home, "device.id", "UINT");
    assert_eq!(value(&home, id, "5"), is("5"));
}

#[test]
fn f07_nothing_is_known_before_the_first_good_fetch() {
    let mut home = Home::default();
    let fetch = home.begin_fetch();
    home.update(fetch, Err(LuupError::Timeout));
    let nodes = table(&mut home, "nodes", 0);
    assert_eq!(home.list(nodes, &[]), None);
    let id = row(&mut home, "device.id", "UINT");
    assert_eq!(value(&home, id, "5"), Reading::Unknown);
    let role = single(&mut home, "ZWaveNetwork1/Role");
    assert_eq!(home.value(role, &[]), Reading::Unknown);
    assert_eq!(change(&home, role, &[], "x"), Err(LuupError::NotHeardYet));
}

#[test]
fn f07_a_device_that_luup_does_not_tell_of_is_unknown() {
    let network = |role| device(1, "", &[("ZWaveNetwork1", "Role", role)]);
    let node = device(5, r#""id_parent":1,"altid":"2","#, &[CAPABLE]);
    let child = device(6, r#""id_parent":5,"altid":"e1","#, &[]);
    let mut home = home(&[network("Master"), node, child]);
    let role = single(&mut home, "ZWaveNetwork1/Role");
    let interval = row(&mut home, "ZWaveDevice1/WakeupInterval", "UINT");
    let children = table(&mut home, "children", 1);
    assert_eq!(home.value(role, &[]), is("Master"));
    assert_eq!(value(&home, interval, "5"), Reading::Absent);
    assert_eq!(numbers(&home, children, &[called("5")]), Some(vec![6]));
    update(&mut home, snapshot(&[device(9, "", &[CAPABLE])]));
    assert_eq!(home.value(role, &[]), Reading::Unknown);
    assert_eq!(value(&home, interval, "5"), Reading::Unknown);
    assert_eq!(home.list(children, &[called("5")]), None);
    update(
        &mut home,
        snapshot(&[network(""), device(5, "", &[CAPABLE])]),
    );
    assert_eq!(home.value(role, &[]), Reading::Absent);
    assert_eq!(value(&home, interval, "5"), Reading::Absent);
    assert_eq!(
        value(&home, interval, "lan"),
        Reading::Absent,
        "not of Luup"
    );
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
    let mut bare = home(&bare);
    let nodes = table(&mut bare, "nodes", 0);
    assert_eq!(numbers(&bare, nodes, &[]), Some(vec![2, 30]));
    let listed = bare.list(nodes, &[]).unwrap();
    assert_eq!((&*listed[0].identity, &listed[0].was), ("2", &None));
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
    let mut home = home(&told);
    let nodes = table(&mut home, "nodes", 0);
    let children = table(&mut home, "children", 1);
    assert_eq!(numbers(&home, nodes, &[]), Some(vec![30]));
    assert_eq!(
        numbers(&home, children, &[called("30")]),
        Some(vec![31, 33])
    );
    assert_eq!(numbers(&home, children, &[called("2")]), Some(vec![]));
}

#[test]
fn f07_a_node_stays_one_while_an_engine_that_starts_tells_no_variables() {
    let mut home = home(&[device(5, "", &[CAPABLE]), device(6, "", &[CAPABLE])]);
    let nodes = table(&mut home, "nodes", 0);
    update(
        &mut home,
        snapshot(&[device(5, "", &[]), device(7, "", &[])]),
    );
    assert_eq!(numbers(&home, nodes, &[]), Some(vec![5]));
}

#[test]
fn a_row_in_no_table_shows_the_first_device_that_has_the_variable() {
    let mut home = home(&[
        device(9, "", &[("ZWaveNetwork1", "Role", "later")]),
        device(1, "", &[("ZWaveNetwork1", "Role", "Master SIS:NO PRI:YES")]),
    ]);
    let role = single(&mut home, "ZWaveNetwork1/Role");
    assert_eq!(home.value(role, &[]), is("Master SIS:NO PRI:YES"));
    let in_table = row(&mut home, "ZWaveNetwork1/Role", "STRING");
    assert_eq!(value(&home, in_table, "9"), is("later"));
    let none = single(&mut home, "ZWaveNetwork1/Nothing");
    assert_eq!(home.value(none, &[]), Reading::Absent);
}

fn change(home: &Home, slot: Slot, at: &[&str], value: &str) -> Result<LuupChange, LuupError> {
    let mut changes = changes(home, &[(slot, at, value)])?;
    Ok(changes.remove(0))
}

fn changes(home: &Home, writes: &[(Slot, &[&str], &str)]) -> Result<Vec<LuupChange>, LuupError> {
    let writes = writes.iter().map(|(slot, at, value)| PendingWrite {
        path: String::new(),
        kind: "luup",
        slot: *slot,
        at: at.iter().map(|name| Box::from(*name)).collect(),
        value: (*value).to_owned(),
        wanted: (*value).to_owned(),
    });
    home.changes(&writes.collect::<Vec<_>>())
        .map_err(|(_, error)| error)
}

fn variable(device: u32, service: &str, variable: &str, value: &str) -> LuupOrder {
    LuupOrder::Variable {
        device,
        service: format!("urn:micasaverde-com:serviceId:{service}").into(),
        variable: variable.into(),
        value: value.into(),
    }
}

fn rename(device: u32, name: &str, room: &str) -> LuupOrder {
    LuupOrder::Rename {
        device,
        name: name.into(),
        room: room.into(),
    }
}

#[test]
fn z23_an_order_has_the_full_service_the_device_and_what_was_before() {
    let mut home = home(&[
        device(1, "", &[("ZWaveNetwork1", "PollFrequency", "60")]),
        device(5, "\"name\":\"Lampe\",\"room\":\"2\",", &[CAPABLE]),
        device(6, "", &[CAPABLE]),
    ]);
    let poll = single(&mut home, "ZWaveNetwork1/PollFrequency");
    let found = change(&home, poll, &[], "90").unwrap();
    assert_eq!(
        found.order,
        variable(1, "ZWaveNetwork1", "PollFrequency", "90")
    );
    assert_eq!(
        found.undo,
        variable(1, "ZWaveNetwork1", "PollFrequency", "60")
    );
    let unset = row(&mut home, "ZWaveDevice1/AssociationSet", "STRING");
    let unset = change(&home, unset, &["1", "5"], "1,4").unwrap();
    assert_eq!(
        unset.order,
        variable(5, "ZWaveDevice1", "AssociationSet", "1,4")
    );
    assert_eq!(
        unset.undo,
        variable(5, "ZWaveDevice1", "AssociationSet", "")
    );
    let name = row(&mut home, "device.name", "STRING");
    let named = change(&home, name, &["5"], "Spot").unwrap();
    assert_eq!(
        (named.order, named.undo),
        (rename(5, "Spot", "2"), rename(5, "Lampe", "2"))
    );
    assert!(change(&home, name, &["lan"], "x").is_err());
    assert!(change(&home, name, &["77"], "x").is_err(), "no such device");
    // The name goes along with the room, so it has to be known.
    let room = row(&mut home, "device.room", "STRING");
    assert_eq!(change(&home, room, &["6"], "1"), Err(LuupError::NoName(6)));
    for refused in ["device.altid", "Unknown1/X"] {
        let slot = row(&mut home, refused, "STRING");
        let error = change(&home, slot, &["5"], "x").unwrap_err();
        assert_eq!(error, LuupError::NotWritable(refused.to_owned()));
    }
}

#[test]
fn z66_an_order_is_for_the_service_of_the_device_not_for_one_called_alike() {
    let plugin = r#"{"id":4,"states":[
        {"service":"urn:acme-com:serviceId:ZWaveDevice1","variable":"WakeupInterval","value":"5"},
        {"service":"urn:acme-com:serviceId:ZWaveDevice1","variable":"AssociationSet","value":"x"}]}"#;
    let mut home = home(&[
        plugin.to_owned(),
        device(5, "", &[CAPABLE, ("ZWaveDevice1", "WakeupInterval", "720")]),
    ]);
    for (name, before) in [("WakeupInterval", "720"), ("AssociationSet", "")] {
        let slot = row(&mut home, &format!("ZWaveDevice1/{name}"), "STRING");
        let found = change(&home, slot, &["5"], "60").unwrap();
        assert_eq!(found.order, variable(5, "ZWaveDevice1", name, "60"));
        assert_eq!(found.undo, variable(5, "ZWaveDevice1", name, before));
        home.took(slot, &[called("5")], "60");
        assert_eq!(value(&home, slot, "5"), is("60"));
        assert!(home.has(&found.order));
    }
}

#[test]
fn z68_a_name_that_cannot_be_read_is_not_written_back_with_the_room() {
    let mut home = home(&[device(
        5,
        "\"name\":\"K\u{fffd}che\",\"room\":\"2\",",
        &[CAPABLE],
    )]);
    let room = row(&mut home, "device.room", "STRING");
    assert_eq!(change(&home, room, &["5"], "3"), Err(LuupError::NoName(5)));
    // A new one can be given, and then it goes along.
    let name = row(&mut home, "device.name", "STRING");
    let new = change(&home, name, &["5"], "Küche").unwrap();
    assert_eq!(new.order, rename(5, "Küche", "2"));
    home.taken(&new.order);
    let moved = change(&home, room, &["5"], "3").unwrap();
    assert_eq!(moved.order, rename(5, "Küche", "3"));
}

#[test]
fn z32_name_and_room_of_a_device_are_one_order_whichever_comes_first() {
    let named = r#""name":"Lampe","room":"2","#;
    let mut home = home(&[device(5, named, &[CAPABLE]), device(6, named, &[CAPABLE])]);
    let name = row(&mut home, "device.name", "STRING");
    let room = row(&mut home, "device.room", "STRING");
    let wake = row(&mut home, "ZWaveDevice1/WakeupInterval", "STRING");
    let both: [(Slot, &[&str], &str); 2] = [(name, &["5"], "Spot"), (room, &["5"], "3")];
    for writes in [both, [both[1], both[0]]] {
        let [first, ..] = writes;
        let writes = [first, (wake, &["5"], "60"), (room, &["6"], "1"), writes[1]];
        let found = changes(&home, &writes).unwrap();
        let orders: Vec<_> = found
            .iter()
            .map(|change| (change.index, &change.order))
            .collect();
        let wake = variable(5, "ZWaveDevice1", "WakeupInterval", "60");
        assert_eq!(
            orders,
            [
                (0, &rename(5, "Spot", "3")),
                (1, &wake),
                (2, &rename(6, "Lampe", "1")),
            ]
        );
        assert_eq!(found[0].undo, rename(5, "Lampe", "2"));
    }
}

#[test]
fn z01_what_was_renamed_is_shown_and_is_what_the_next_order_starts_from() {
    let mut home = home(&[device(5, r#""name":"Lampe","room":"2","#, &[CAPABLE])]);
    let name = row(&mut home, "device.name", "STRING");
    let room = row(&mut home, "device.room", "STRING");
    home.taken(&rename(5, "Spot", "3"));
    assert_eq!(
        (value(&home, name, "5"), value(&home, room, "5")),
        (is("Spot"), is("3"))
    );
    assert!(home.has(&rename(5, "Spot", "3")) && !home.has(&rename(5, "Lampe", "2")));
    let next = change(&home, room, &["5"], "4").unwrap();
    assert_eq!(
        (next.order, next.undo),
        (rename(5, "Spot", "4"), rename(5, "Spot", "3"))
    );
}

#[test]
fn f08_what_luup_took_is_shown_at_once_and_not_undone_by_an_older_fetch() {
    let mut home = Home::default();
    let interval = row(&mut home, "ZWaveDevice1/WakeupInterval", "UINT");
    let unset = row(&mut home, "ZWaveDevice1/AssociationSet", "STRING");
    let old = || with("WakeupInterval", "720");
    update(&mut home, old());
    let began_before = home.begin_fetch();
    let write = |home: &mut Home, slot, text: &str| {
        home.took(slot, &[called("5")], text);
    };
    write(&mut home, interval, "900");
    write(&mut home, interval, "1800");
    write(&mut home, unset, "1,4");
    assert_eq!(value(&home, interval, "5"), is("1800"));
    assert_eq!(value(&home, unset, "5"), is("1,4"));
    comes(&mut home, began_before.clone(), old());
    assert_eq!(value(&home, interval, "5"), is("1800"));
    let began_after = home.begin_fetch();
    home.update(began_after, Err(LuupError::Timeout));
    assert_eq!(value(&home, interval, "5"), is("1800"));
    // A bad value after it keeps what was written as the last good one.
    update(&mut home, with("WakeupInterval", "soon"));
    assert_eq!(value(&home, interval, "5"), is("1800"));
    assert_eq!(value(&home, unset, "5"), Reading::Absent);
    update(&mut home, with("WakeupInterval", "60"));
    assert_eq!(value(&home, interval, "5"), is("60"));
    comes(&mut home, began_before, old());
    assert_eq!(
        value(&home, interval, "5"),
        is("60"),
        "a fetch that was late"
    );
    write(&mut home, interval, "");
    assert_eq!(value(&home, interval, "5"), Reading::Absent);
}

#[test]
fn f21_devices_that_come_and_go_leave_nothing() {
    let mut home = Home::default();
    let interval = row(&mut home, "ZWaveDevice1/WakeupInterval", "UINT");
    let role = single(&mut home, "ZWaveNetwork1/Role");
    let mut sizes = Vec::new();
    for round in 1..=50_u32 {
        let devices: Vec<String> = (0..20)
            .map(|nth| {
                let states = [
                    CAPABLE,
                    ("ZWaveDevice1", "WakeupInterval", "soon"),
                    ("ZWaveNetwork1", "Role", "Master"),
                ];
                device(round * 1000 + nth, "", &states)
            })
            .collect();
        update(&mut home, snapshot(&devices));
        let order = change(&home, role, &[], "Slave").unwrap().order;
        assert_eq!(order.device(), round * 1000);
        home.taken(&order);
        let stale = value(&home, interval, &(round * 1000 - 1000).to_string());
        assert_eq!(stale, Reading::Unknown);
        sizes.push(format!("{home:?}").len());
    }
    // Beside the digits of the numbers nothing grows.
    assert!(sizes[49] < sizes[0] + 1000, "{sizes:?}");
}

#[test]
fn rows_are_checked_when_they_are_declared() {
    let home = &mut Home::default();
    let mut refused = |key: &str, kind: Option<&str>, tables: usize| {
        declare(home, key, kind, tables).unwrap_err()
    };
    assert!(refused("device", Some("STRING"), 0).contains("SERVICE/VARIABLE"));
    assert!(refused("nodes", Some("STRING"), 0).contains("a table"));
    assert!(refused("device.id", None, 0).contains("a value"));
    assert!(refused("children", None, 0).contains("stands in a table"));
    assert!(refused("node.depth", Some("UINT"), 0).contains("stands in a table"));
    assert!(refused("parameter.size", Some("UINT"), 1).contains("stands in a table"));
    assert!(refused("network.suc", None, 1).contains("a value"));
    assert!(!home.is_wanted());
    let kind = ParamType::parse("STRING").unwrap();
    for (key, kind, is_writable) in [
        ("X1/V", Some(&kind), true),
        ("device.name", Some(&kind), true),
        ("device.altid", Some(&kind), false),
        ("nodes", None, false),
    ] {
        let row = Declaration {
            kind,
            filtered: false,
            tables: 1,
            writable: true,
        };
        assert_eq!(home.declare(&row, key).is_ok(), is_writable, "{key}");
    }
}

#[test]
fn z23_out_of_use_is_a_field_of_the_device_without_a_service() {
    let fields = r#""name":"Lampe","room":"2","disabled":"0","#;
    let mut home = home(&[device(5, fields, &[CAPABLE])]);
    let disabled = row(&mut home, "device.disabled", "STRING");
    let found = change(&home, disabled, &["5"], "1").unwrap();
    let order = |value: &str| LuupOrder::Variable {
        device: 5,
        service: "".into(),
        variable: "disabled".into(),
        value: value.into(),
    };
    assert_eq!((found.order, found.undo), (order("1"), order("0")));
}

#[test]
fn z38_a_home_that_is_warned_of_something_says_so() {
    let mut home = Home::default();
    assert!(!home.warns(), "nobody knows yet");
    for (alerts, warns) in [("", false), (r#"{"PK_Alert":"12"}"#, true), ("", false)] {
        let text = format!(r#"{{"devices":[{{"id":7}}],"alerts":[{alerts}]}}"#);
        update(&mut home, Snapshot::read([Ok(text)]).unwrap());
        assert_eq!(home.warns(), warns, "{alerts}");
    }
}
