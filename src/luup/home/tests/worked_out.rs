//! What the source works out itself, and what a change of the home makes of it.

use super::*;
use crate::luup::values::SeenValues;

/// A home of two networks with a node each, rooms, and what the engine says of itself.
fn two_networks() -> Home {
    let text = r#"{"model":"Sercomm NA930","Mode":2,"rooms":[{"id":4,"name":"Büro"}],"devices":[
        {"id":1,"id_parent":0,"category_num":19,"states":[{"service":"urn:x:ZWaveNetwork1","variable":"HomeID","value":"House: a Node 1 Suc 3"}]},
        {"id":2,"id_parent":0,"category_num":19,"states":[{"service":"urn:x:ZWaveNetwork1","variable":"HomeID","value":"House: b Node 5"}]},
        {"id":10,"id_parent":1,"altid":"7","room":"4","category_num":3,"states":[{"service":"urn:x:HaDevice1","variable":"CommFailure","value":"2"},
            {"service":"urn:x:ZWaveDevice1","variable":"Neighbors","value":"1,"}]},
        {"id":11,"id_parent":2,"altid":"7","room":"5","category_num":3,"states":[{"service":"urn:x:ZWaveDevice1","variable":"Neighbors","value":"1,"}]},
        {"id":12,"id_parent":10,"altid":"e1","category_num":17,"states":[]}]}"#;
    let mut home = Home::default();
    // As the answer to `id=status`, and as that to `id=user_data`.
    update(&mut home, Snapshot::read([Ok(text), Ok(text)]).unwrap());
    home
}

#[test]
fn z06_a_node_belongs_to_its_own_network() {
    let mut home = two_networks();
    let networks = table(&mut home, "networks", 0);
    assert_eq!(numbers(&home, networks, &[]), Some(vec![1, 2]));
    let id = row(&mut home, "network.home_id", "STRING");
    assert_eq!(value(&home, id, "1"), is("0000000A"));
    assert_eq!(value(&home, id, "2"), is("0000000B"));
    assert_eq!(value(&home, id, "11"), is("0000000B"));
    assert_eq!(value(&home, id, "12"), Reading::Absent);
    let first = single(&mut home, "network.suc");
    assert_eq!(home.value(first, &[]), is("3"));
    let failed = row(&mut home, "network.failed_nodes", "UINT");
    assert_eq!(value(&home, failed, "1"), is("1"));
    assert_eq!(value(&home, failed, "2"), is("0"));
    // Both hear a node 1, which is the controller of the one only.
    let depth = row(&mut home, "node.depth", "UINT");
    assert_eq!(value(&home, depth, "10"), is("1"));
    assert_eq!(value(&home, depth, "11"), Reading::Absent);
}

#[test]
fn z20_rooms_have_names_and_the_engine_says_what_it_is() {
    let mut home = two_networks();
    let room = row(&mut home, "room.name", "STRING");
    assert_eq!(value(&home, room, "10"), is("Büro"));
    assert_eq!(value(&home, room, "11"), Reading::Absent, "no such room");
    assert_eq!(value(&home, room, "12"), Reading::Absent, "in none");
    assert_eq!(value(&home, room, "13"), Reading::Unknown);
    let model = single(&mut home, "home.model");
    assert_eq!(home.value(model, &[]), is("Sercomm NA930"));
    let mode = row(&mut home, "home.Mode", "UINT");
    assert_eq!(value(&home, mode, "10"), is("2"));
    let none = single(&mut home, "home.BuildVersion");
    assert_eq!(home.value(none, &[]), Reading::Absent);
}

#[test]
fn z21_all_devices_and_those_of_a_category_are_tables() {
    let mut home = two_networks();
    let all = table(&mut home, "devices", 0);
    assert_eq!(numbers(&home, all, &[]), Some(vec![1, 2, 10, 11, 12]));
    let switches = table(&mut home, "devices.category=3", 0);
    assert_eq!(numbers(&home, switches, &[]), Some(vec![10, 11]));
    let none = table(&mut home, "devices.category=7", 0);
    assert_eq!(numbers(&home, none, &[]), Some(vec![]));
    let children = table(&mut home, "children", 1);
    assert_eq!(numbers(&home, children, &[called("10")]), Some(vec![12]));
}

/// What of a view does not depend on when it is made.
fn plain(mut view: HomeView) -> String {
    view.values = SeenValues::default();
    view.complaint = None;
    format!("{view:?}")
}

#[test]
fn z14_the_view_of_a_change_is_that_of_the_whole() {
    let mut home = two_networks();
    for key in ["node.depth", "ZWaveDevice1/Neighbors", "device.room"] {
        row(&mut home, key, "UINT");
    }
    single(&mut home, "HaDevice1/CommFailure");
    table(&mut home, "nodes", 0);
    let urn = |service: &str| match service {
        "" => String::new(),
        service => format!("urn:x:{service}"),
    };
    for (device, service, variable, text) in [
        (10, "HaDevice1", "CommFailure", "0"),
        (10, "HaDevice1", "CommFailure", ""),
        (11, "HaDevice1", "CommFailure", "1"),
        (11, "ZWaveDevice1", "Neighbors", "5,"),
        (10, "ZWaveDevice1", "Neighbors", "8"),
        (1, "ZWaveNetwork1", "HomeID", "House: c Node 9 Suc 0"),
        (2, "ZWaveNetwork1", "HomeID", "House: c Node 7 Suc 0"),
        (11, "", "altid", "plugin"),
        (12, "", "id_parent", "11"),
        (10, "", "room", "attic"),
        (10, "", "room", "5"),
        (10, "", "unheard-of", "5"),
    ] {
        let fetch = home.begin_fetch();
        let before = &fetch.before.as_ref().unwrap().snapshot;
        let new = before.patched(&[(device, &urn(service), variable, text)]);
        let names = new.names(service, variable);
        let changed = Changed {
            values: names.map(|name| (device, name)).collect(),
            alerts: false,
        };
        let after = fetch.changed_view(new.clone(), &changed);
        let whole = fetch.view(new);
        assert_eq!(plain(*after.clone()), plain(*whole), "{variable} {text}");
        home.update(fetch, Ok(after));
    }
}

#[test]
fn z59_a_change_costs_no_more_in_a_home_that_is_large() {
    let node = |id: u32| {
        let states = [
            CAPABLE,
            ("ZWaveDevice1", "Neighbors", "1,2,3,4,5,6,7,8,9,10,11,12,"),
            ("HaDevice1", "BatteryLevel", "70"),
            ("ZWaveDevice1", "PollOk", "1"),
        ];
        device(id, &format!(r#""id_parent":1,"altid":"{id}","#), &states)
    };
    let network = device(
        1,
        "",
        &[("ZWaveNetwork1", "HomeID", "House: 1 Node 1 Suc 0")],
    );
    let mut devices = vec![network];
    devices.extend((2..1000).map(node));
    let mut home = home(&devices);
    for nth in 0..60 {
        row(
            &mut home,
            ["HaDevice1/BatteryLevel", "ZWaveDevice1/PollOk"][nth % 2],
            "UINT",
        );
    }
    let fetch = home.begin_fetch();
    let before = &fetch.before.as_ref().unwrap().snapshot;
    let urn = "urn:micasaverde-com:serviceId:HaDevice1";
    let new = before.patched(&[(5, urn, "BatteryLevel", "60")]);
    let changed = Changed {
        values: new
            .names("HaDevice1", "BatteryLevel")
            .map(|name| (5, name))
            .collect(),
        alerts: false,
    };
    let time = |work: &dyn Fn() -> Box<HomeView>| {
        let spent = (0..5).map(|_| {
            let begun = std::time::Instant::now();
            drop(work());
            begun.elapsed()
        });
        spent.min().unwrap()
    };
    let whole = time(&|| fetch.view(new.clone()));
    let change = time(&|| fetch.changed_view(new.clone(), &changed));
    assert!(change * 4 < whole, "{change:?} of {whole:?}");
}
