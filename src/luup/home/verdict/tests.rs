use super::*;

#[test]
fn z06_a_home_id_has_three_parts_whichever_are_there() {
    let whole = HomeId::parse("House: 17abfa2 Node 1 Suc 0");
    assert_eq!(
        (whole.home, whole.controller, whole.suc),
        (Some(0x017a_bfa2), Some(1), Some(0))
    );
    let part = HomeId::parse("Node 7 House: xyz");
    assert_eq!(
        (part.home, part.controller, part.suc),
        (None, Some(7), None)
    );
    assert_eq!(HomeId::parse("House: Node Suc"), HomeId::default());
    assert_eq!(HomeId::parse(""), HomeId::default());
}

fn device(id: u32, fields: &str, states: &[(&str, &str)]) -> String {
    let states: Vec<String> = states
        .iter()
        .map(|(variable, value)| {
            let service = match *variable {
                "HomeID" => "ZWaveNetwork1",
                _ => "ZWaveDevice1",
            };
            format!(r#"{{"service":"urn:x:{service}","variable":"{variable}","value":"{value}"}}"#)
        })
        .collect();
    let fields = match fields {
        "" => String::new(),
        fields => format!("{fields},"),
    };
    format!(r#"{{"id":{id},{fields}"states":[{}]}}"#, states.join(","))
}

fn below(parent: u32, altid: &str) -> String {
    format!(r#""id_parent":{parent},"altid":"{altid}""#)
}

fn verdicts(devices: &[String], before: Option<&Verdicts>) -> Verdicts {
    let text = format!(r#"{{"devices":[{}]}}"#, devices.join(","));
    Verdicts::of(&Snapshot::read([Ok(text)]).unwrap(), before)
}

fn shown(verdicts: &Verdicts) -> Vec<String> {
    let all = verdicts.iter();
    all.map(|(device, verdict)| format!("{device} {verdict}"))
        .collect()
}

const CAPABLE: (&str, &str) = ("Capabilities", "211,156,0,4,16,1,L,|37");
const HOME: (&str, &str) = ("HomeID", "House: 17abfa2 Node 1 Suc 0");

#[test]
fn z06_a_network_is_told_by_its_type_or_its_home_id_whatever_its_number() {
    let by_type = r#""id_parent":0,"altid":"","device_type":"urn:schemas-micasaverde-com:device:ZWaveNetwork:1""#;
    let by_file = r#""id_parent":0,"device_file":"D_ZWaveNetwork.xml""#;
    let found = verdicts(
        &[
            device(1, r#""id_parent":0,"altid":"7""#, &[]),
            device(7, by_type, &[]),
            device(8, "", &[("HomeID", "House: 2 Node 9 Suc 0")]),
            device(9, by_file, &[]),
            device(20, &below(7, "2"), &[]),
            device(21, &below(8, "2"), &[]),
            device(22, &below(8, "9"), &[CAPABLE]),
            device(23, &below(1, "2"), &[CAPABLE]),
        ],
        None,
    );
    assert_eq!(
        shown(&found),
        [
            "1 no: not below a Z-Wave network",
            "7 network",
            "8 network",
            "9 network",
            "20 node",
            "21 node",
            "22 no: the controller itself",
            "23 no: not below a Z-Wave network",
        ]
    );
}

#[test]
fn z06_a_node_whose_interview_failed_is_one_by_its_place() {
    let found = verdicts(
        &[
            device(1, r#""id_parent":0"#, &[HOME]),
            device(2, &below(1, "1"), &[CAPABLE]),
            device(5, &below(1, "12"), &[("Capabilities", "")]),
            device(6, &below(1, "plugin"), &[CAPABLE]),
            device(7, &below(1, "0"), &[CAPABLE]),
            device(8, r#""id_parent":1"#, &[CAPABLE]),
            device(9, r#""id_parent":1"#, &[]),
        ],
        None,
    );
    let wanted = [
        "1 network",
        "2 no: the controller itself",
        "5 node",
        "6 no: below a network, but its altid is no node number",
        "7 no: below a network, but its altid is no node number",
        "8 node",
        "9 no: neither Capabilities nor what it is below is told",
    ];
    assert_eq!(shown(&found), wanted);
    assert_eq!(found.without_node(), None);
}

#[test]
fn z06_where_no_device_is_a_network_the_number_of_luups_only_one_stands_in() {
    let found = verdicts(
        &[
            device(5, &below(1, "12"), &[]),
            device(6, &below(2, "13"), &[]),
        ],
        None,
    );
    let wanted = ["5 node", "6 no: not below a Z-Wave network"];
    assert_eq!(shown(&found), wanted);
}

#[test]
fn z19_what_is_below_a_node_is_a_child_and_rings_end() {
    let found = verdicts(
        &[
            device(1, r#""id_parent":0"#, &[HOME]),
            device(5, &below(1, "12"), &[]),
            device(6, &below(5, "e1"), &[CAPABLE]),
            device(7, &below(6, "e2"), &[]),
            device(8, &below(9, ""), &[]),
            device(9, &below(8, ""), &[]),
            device(10, &below(10, ""), &[]),
        ],
        None,
    );
    let wanted = [
        "1 network",
        "5 node",
        "6 child of 5",
        "7 child of 6",
        "8 no: not below a Z-Wave network",
        "9 no: not below a Z-Wave network",
        "10 no: not below a Z-Wave network",
    ];
    assert_eq!(shown(&found), wanted);
}

#[test]
fn z06_what_was_a_node_or_a_network_stays_so_while_an_engine_starts() {
    let known = [device(1, "", &[HOME]), device(5, "", &[CAPABLE])];
    let before = verdicts(&known, None);
    let starting = [device(1, "", &[]), device(5, "", &[]), device(6, "", &[])];
    let found = verdicts(&starting, Some(&before));
    let wanted = [
        "1 network",
        "5 node",
        "6 no: neither Capabilities nor what it is below is told",
    ];
    assert_eq!(shown(&found), wanted);
    // Not against what is told.
    let moved = [device(1, "", &[HOME]), device(5, &below(1, "plugin"), &[])];
    let found = verdicts(&moved, Some(&before));
    assert_eq!(found.nodes().count(), 0);
}

#[test]
fn z06_one_line_says_why_there_is_no_node() {
    let mut devices = vec![device(1, r#""id_parent":0"#, &[HOME])];
    devices.push(device(2, &below(1, "1"), &[CAPABLE]));
    devices.extend((10..22).map(|id| device(id, &below(0, ""), &[])));
    devices.extend((30..33).map(|id| device(id, &below(1, "x"), &[])));
    let why = verdicts(&devices, None).without_node();
    assert_eq!(
        why.as_deref(),
        Some(
            "17 devices, no node: 12 not below a Z-Wave network; 3 below a network, but its altid \
             is no node number; 1 network; 1 the controller itself"
        )
    );
}
