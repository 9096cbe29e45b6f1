use super::*;
use crate::base::xsd::XsdType;
use crate::device::ubus::UbusStatus;

const STRING: ParamType = ParamType::of(XsdType::String);

fn row(kind: Option<&ParamType>, tables: usize) -> Declaration<'_> {
    Declaration {
        kind,
        filtered: false,
        tables,
        writable: false,
    }
}

fn declared(source: &mut UbusSource, key: &str) -> Slot {
    source.declare(&row(Some(&STRING), 1), key).unwrap()
}

fn table<const N: usize>(members: [(&str, UbusValue); N]) -> UbusTable {
    let mut table = UbusTable::default();
    for (name, value) in members {
        table.put(name, value);
    }
    table
}

fn board(version: &str) -> UbusTable {
    table([
        ("model", "Box".into()),
        ("release", table([("version", version.into())]).into()),
    ])
}

fn take(source: &mut UbusSource, number: usize, answered: Result<UbusTable, UbusError>) {
    source.take(number, answered, Duration::from_secs(1));
}

fn instance(name: &str) -> Instance<'_> {
    Instance {
        number: 1,
        identity: Some(name),
    }
}

fn value(text: &str) -> Reading<'static> {
    Reading::Value(text.to_owned().into())
}

#[test]
fn b21_each_method_is_called_once_and_serves_all_its_rows() {
    let mut source = UbusSource::default();
    let model = declared(&mut source, "system.board:model");
    let version = declared(&mut source, "system.board:release.version");
    let kernel = declared(&mut source, "system.board:kernel");
    let uptime = declared(&mut source, "system.info:uptime");
    let names = source
        .methods()
        .iter()
        .map(|m| format!("{}.{}", m.object, m.method));
    assert_eq!(names.collect::<Vec<_>>(), ["system.board", "system.info"]);
    assert_eq!(source.get(model, &[]), Reading::Unknown, "not asked yet");
    take(&mut source, 0, Ok(board("24.10.1")));
    assert_eq!(source.get(model, &[]), value("Box"));
    assert_eq!(source.get(version, &[]), value("24.10.1"));
    assert_eq!(source.get(kernel, &[]), Reading::Absent);
    assert_eq!(source.get(uptime, &[]), Reading::Unknown);
    assert!(source.keeps_reports(version) && !source.keeps_reports(uptime));
    assert_eq!(
        source.noticed(version),
        crate::datamodel::source::Noticed::Polled
    );
}

#[test]
fn b22_what_does_not_answer_or_answers_nonsense_takes_nothing_away() {
    let mut source = UbusSource::default();
    let version = declared(&mut source, "system.board:release.version");
    let uint = ParamType::of(XsdType::UnsignedInt);
    let uptime = source
        .declare(&row(Some(&uint), 0), "system.info:uptime")
        .unwrap();
    take(&mut source, 0, Ok(board("24.10.1")));
    take(&mut source, 1, Ok(table([("uptime", 7.into())])));
    for nonsense in [
        Err(UbusError::Status(UbusStatus::NOT_FOUND)),
        Err(UbusError::Lost),
        Ok(table([])),
        Ok(table([("release", "24.10.2".into())])),
        Ok(table([(
            "release",
            table([("version", table([]).into())]).into(),
        )])),
    ] {
        take(&mut source, 0, nonsense);
        assert_eq!(source.get(version, &[]), value("24.10.1"));
    }
    for nonsense in [
        UbusValue::from("soon"),
        (-1).into(),
        UbusValue::Array(vec![table([]).into()]),
    ] {
        take(&mut source, 1, Ok(table([("uptime", nonsense)])));
        assert_eq!(source.get(uptime, &[]), value("7"));
    }
    take(&mut source, 0, Ok(table([("release", table([]).into())])));
    assert_eq!(
        source.get(version, &[]),
        Reading::Absent,
        "it is not told any more"
    );
    // A number that is none of a method.
    take(&mut source, 9, Ok(table([])));
}

#[test]
fn b22_a_failure_is_told_until_it_is_over() {
    let mut source = UbusSource::default();
    declared(&mut source, "system.board:model");
    let failing = |source: &UbusSource| source.failures().collect::<Vec<_>>();
    assert!(failing(&source).is_empty());
    let logged = cwmpd_lab::logged(|| {
        take(&mut source, 0, Err(UbusError::Timeout));
        take(&mut source, 0, Err(UbusError::Timeout));
    });
    let line = "WARN ubus: system.board: no answer in time; what it told last stays";
    assert_eq!(logged, [line], "once");
    assert_eq!(failing(&source), ["system.board: no answer in time"]);
    take(&mut source, 0, Ok(board("1")));
    assert!(failing(&source).is_empty());
}

#[test]
fn b22_without_ubus_there_is_no_value_but_what_was_told_stays() {
    let mut source = UbusSource::default();
    let model = declared(&mut source, "system.board:model");
    let up = declared(&mut source, "x.dump:{i}.up");
    let list = source.declare(&row(None, 0), "x.dump:@").unwrap();
    assert_eq!(source.list(list, &[], &[]), None);
    source.has_no_bus();
    assert_eq!(source.get(model, &[]), Reading::Absent);
    assert_eq!(source.get(up, &[instance("lan")]), Reading::Absent);
    assert_eq!(source.list(list, &[], &[]), Some(Vec::new()));
    take(&mut source, 0, Ok(board("1")));
    source.has_no_bus();
    assert_eq!(source.get(model, &[]), value("Box"));
}

#[test]
fn b22_a_bus_that_may_still_come_is_waited_for_on_a_box_that_seems_to_have_none() {
    if Path::new(UBUSD).exists() {
        return cwmpd_lab::shared::skip("this machine has an ubusd");
    }
    let mut source = UbusSource::default();
    let model = declared(&mut source, "system.board:model");
    let mut miss = |seconds: u64| {
        let why = UbusError::Unreachable("there is no socket".to_owned());
        source.take(0, Err(why), Duration::from_secs(seconds));
        source.get(model, &[]).into_owned()
    };
    assert_eq!(
        [100, 159].map(&mut miss),
        [Reading::Unknown, Reading::Unknown]
    );
    assert_eq!(miss(160), Reading::Absent);
    take(&mut source, 0, Err(UbusError::Timeout));
    assert_eq!(source.get(model, &[]), Reading::Absent);
    take(&mut source, 0, Ok(board("1")));
    assert_eq!(source.get(model, &[]), value("Box"));
}

#[test]
fn values_are_shown_as_ubus_call_shows_them() {
    let mut source = UbusSource::default();
    let mut told = |told: UbusValue| {
        let slot = declared(&mut source, "a.b:x");
        take(&mut source, 0, Ok(table([("x", told)])));
        source.get(slot, &[]).into_owned()
    };
    assert_eq!(told(true.into()), value("true"));
    assert_eq!(
        told(UbusValue::Int64(i64::MIN)),
        value("-9223372036854775808")
    );
    assert_eq!(told(UbusValue::Double(0.5)), value("0.500000"));
    assert_eq!(told(UbusValue::Null), Reading::Absent);
    let items = ["a,b", "", "100%"].map(UbusValue::from);
    assert_eq!(told(UbusValue::Array(items.into())), value("a%2Cb,100%25"));
    assert_eq!(told(UbusValue::Array(Vec::new())), Reading::Absent);
    let inner = UbusValue::Array(vec![UbusValue::Array(Vec::new())]);
    assert_eq!(told(inner), Reading::Unknown);
}

/// `network.interface dump` of these interfaces.
fn dump<const N: usize>(names: [&str; N]) -> UbusTable {
    let items = names.map(|name| {
        let address = table([("address", format!("192.0.2.{}", name.len()).into())]);
        let item = [
            ("interface", name.into()),
            ("ipv4-address", UbusValue::Array(vec![address.into()])),
        ];
        UbusValue::from(table(item))
    });
    table([("interface", UbusValue::Array(items.into()))])
}

#[test]
fn an_array_is_a_table_whose_instances_are_called_by_a_member() {
    let mut source = UbusSource::default();
    let key = "network.interface.dump:interface.@interface";
    let list = source.declare(&row(None, 0), key).unwrap();
    let key = "network.interface.dump:interface.@interface={i}.ipv4-address.0.address";
    let address = declared(&mut source, key);
    assert_eq!(source.methods().len(), 1);
    let listed = |source: &mut UbusSource| {
        let listed = source.list(list, &[], &[]);
        listed.map(|all| {
            all.into_iter()
                .map(|one| one.identity.to_string())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(listed(&mut source), None);
    take(&mut source, 0, Ok(dump(["lan", "wan6", "lan", ""])));
    assert_eq!(listed(&mut source).unwrap(), ["lan", "wan6"]);
    take(&mut source, 0, Ok(dump(["wan6", "lan"])));
    assert_eq!(source.get(address, &[instance("lan")]), value("192.0.2.3"));
    assert_eq!(source.get(address, &[instance("wan6")]), value("192.0.2.4"));
    assert_eq!(source.get(address, &[instance("gone")]), Reading::Absent);
    for nonsense in [UbusValue::from("none"), table([("lan", 1.into())]).into()] {
        take(&mut source, 0, Ok(table([("interface", nonsense)])));
        assert_eq!(listed(&mut source).unwrap(), ["wan6", "lan"]);
        assert_eq!(source.get(address, &[instance("lan")]), value("192.0.2.3"));
    }
    take(&mut source, 0, Ok(table([("other", 1.into())])));
    assert_eq!(listed(&mut source).unwrap(), [""; 0]);
}

#[test]
fn a_table_is_a_table_whose_instances_are_its_names() {
    let mut source = UbusSource::default();
    let list = source
        .declare(&row(None, 0), "network.device.status:@")
        .unwrap();
    let mtu = declared(&mut source, "network.device.status:{i}.mtu");
    let lo = declared(&mut source, "network.device.status:lo.mtu");
    let dotted = declared(&mut source, r"network.device.status:eth0\.2.mtu");
    let device = |mtu: i32| UbusValue::from(table([("mtu", mtu.into())]));
    take(
        &mut source,
        0,
        Ok(table([("eth0.2", device(1500)), ("lo", device(65536))])),
    );
    let listed = source.list(list, &[], &[]).unwrap();
    assert_eq!(listed, [Listed::new("eth0.2"), Listed::new("lo")]);
    assert_eq!(source.get(mtu, &[instance("eth0.2")]), value("1500"));
    assert_eq!(source.get(lo, &[]), value("65536"));
    assert_eq!(source.get(dotted, &[]), value("1500"));
}

#[test]
fn rows_that_cannot_be_are_refused_with_a_sentence() {
    let mut source = UbusSource::default();
    let mut refused = |declaration: Declaration<'_>, key: &str, why: &str| {
        let said = source.declare(&declaration, key).unwrap_err();
        assert!(said.contains(why), "{key}: {said}");
    };
    let kind = STRING;
    let writable = Declaration {
        writable: true,
        ..row(Some(&kind), 0)
    };
    refused(writable, "system.board:model", "takes none");
    refused(row(None, 0), "system.board:release", "@MEMBER");
    refused(
        row(Some(&STRING), 0),
        "network.device.status:@",
        "lists instances",
    );
    refused(row(Some(&STRING), 0), "system.board", "OBJECT.METHOD:PATH");
    for number in 0..MAX_METHODS {
        let key = format!("o.m{number}:x");
        source.declare(&row(Some(&STRING), 0), &key).unwrap();
    }
    source.declare(&row(Some(&STRING), 0), "o.m0:y").unwrap();
    let one_more = source.declare(&row(Some(&STRING), 0), "o.more:x");
    assert!(one_more.unwrap_err().contains("24 other methods"));
}

#[test]
fn b22_nonsense_from_the_first_is_not_known_and_replaced() {
    let mut source = UbusSource::default();
    let list = source.declare(&row(None, 0), "a.b:x.@n").unwrap();
    let mtu = declared(&mut source, "a.b:x.@n={i}.mtu");
    let one = declared(&mut source, "a.b:y");
    take(
        &mut source,
        0,
        Ok(table([("x", 1.into()), ("y", table([]).into())])),
    );
    assert_eq!(source.list(list, &[], &[]), None);
    assert_eq!(source.get(mtu, &[instance("lan")]), Reading::Unknown);
    assert_eq!(source.get(one, &[]), Reading::Unknown);
    let item = table([("n", "lan".into()), ("mtu", 1500.into())]);
    let items = UbusValue::Array(vec![item.into()]);
    take(&mut source, 0, Ok(table([("x", items), ("y", 2.into())])));
    assert_eq!(source.list(list, &[], &[]), Some(vec![Listed::new("lan")]));
    assert_eq!(source.get(mtu, &[instance("lan")]), value("1500"));
    assert_eq!(source.get(one, &[]), value("2"));
}
