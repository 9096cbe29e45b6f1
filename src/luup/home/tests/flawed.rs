//! What cannot be read, or is told too soon: what was known stays.

use super::*;
use crate::luup::snapshot::{Advance, AnswerKind, Builder};

/// A node, its CommFailure as JSON, in an answer of this number.
fn answer(version: u32, failure: &str) -> String {
    format!(
        r#"{{"LoadTime":1,"DataVersion":{version},"UserData_DataVersion":1,"devices":[{{"id":7,"altid":"2","states":[
        {{"service":"urn:a:HaDevice1","variable":"CommFailure","value":{failure}}},
        {{"service":"urn:a:ZWaveDevice1","variable":"Capabilities","value":"211,156,0,4,16,1,L,|37"}}]}}]}}"#
    )
}

fn read(text: &str) -> Snapshot {
    Snapshot::read([Ok(text)]).unwrap()
}

#[test]
fn z04_a_value_that_cannot_be_read_stays_what_it_was_whatever_is_made_of_it() {
    for whole in [true, false] {
        let mut home = Home::default();
        // A row behind a filter has no type of its own.
        let failure = declare(&mut home, "HaDevice1/CommFailure", Some("STRING"), 1).unwrap();
        let status = row(&mut home, "node.status", "STRING");
        update(&mut home, read(&answer(1, r#""1""#)));
        assert_eq!(value(&home, status, "7"), is("Error"));
        let fetch = home.begin_fetch();
        let view = match whole {
            true => fetch.view(read(&answer(2, "NaN"))),
            false => {
                let text = answer(2, "NaN");
                match fetch
                    .snapshot()
                    .unwrap()
                    .advance(&mut text.as_bytes())
                    .unwrap()
                {
                    Advance::Changed(new, changed) => fetch.changed_view(*new, &changed),
                    other => panic!("{other:?}"),
                }
            }
        };
        assert!(view.snapshot.rejected().count > 0);
        home.update(fetch, Ok(view));
        assert_eq!(value(&home, failure, "7"), is("1"), "{whole}");
        assert_eq!(value(&home, status, "7"), is("Error"), "{whole}");
    }
}

#[test]
fn z01_a_new_name_stays_where_the_configuration_cannot_be_read_after_it() {
    let mut home = home(&[device(7, r#""name":"Lamp","room":"1","#, &[])]);
    let name = row(&mut home, "device.name", "STRING");
    home.taken(&rename(7, "Light", "1"));
    let fetch = home.begin_fetch();
    let FetchScope::All(Some(known)) = fetch.wanted() else {
        panic!();
    };
    assert_eq!(known.value(7, &known.names(FIELDS, "name")), Some("Light"));
    assert_eq!(value(&home, name, "7"), is("Light"));
}

#[test]
fn z40_somebody_else_who_switches_it_back_is_believed_at_once() {
    let lamp = |status: &str| snapshot(&[device(7, "", &[("SwitchPower1", "Status", status)])]);
    let mut home = Home::default();
    update(&mut home, lamp("0"));
    let status = row(&mut home, "SwitchPower1/Status", "STRING");
    let key = writes::key("urn:micasaverde-com:serviceId:SwitchPower1", "Status");
    home.taken.act(7, key.clone(), "1");
    update(&mut home, lamp("0"));
    assert_eq!(value(&home, status, "7"), is("1"), "it is about to");
    update(&mut home, lamp("1"));
    update(&mut home, lamp("0"));
    assert_eq!(value(&home, status, "7"), is("0"));
}

#[test]
fn z69_what_only_the_configuration_tells_is_not_gone_while_that_cannot_be_read() {
    let mut home = Home::default();
    let name = row(&mut home, "device.name", "STRING");
    let room = row(&mut home, "room.name", "STRING");
    let failure = row(&mut home, "HaDevice1/BatteryLevel", "STRING");
    let model = single(&mut home, "home.model");
    let mut status = Builder::default();
    let answer = answer(1, "0");
    let mut bytes = answer.as_bytes();
    status.document(AnswerKind::Status, &mut bytes).unwrap();
    status.lacks(LuupError::Timeout);
    update(&mut home, status.finish());
    assert_eq!(value(&home, name, "7"), Reading::Unknown);
    assert_eq!(value(&home, room, "7"), Reading::Unknown);
    assert_eq!(home.value(model, &[]), Reading::Unknown);
    assert_eq!(value(&home, failure, "7"), Reading::Absent);
    // Where it can be, what it does not tell is not there.
    update(&mut home, read(&answer));
    assert_eq!(value(&home, name, "7"), Reading::Absent);
    assert_eq!(home.value(model, &[]), Reading::Absent);
}

#[test]
fn z74_a_home_that_was_read_before_a_change_was_told_is_older_than_that() {
    let poll = |home: &Home, version: u32, failure: &str| {
        let text = answer(version, failure);
        let advance = home
            .view
            .as_ref()
            .unwrap()
            .snapshot
            .advance(&mut text.as_bytes());
        match advance.unwrap() {
            Advance::Changed(new, changed) => (*new, changed),
            other => panic!("{other:?}"),
        }
    };
    let mut home = Home::default();
    let failure = row(&mut home, "HaDevice1/CommFailure", "STRING");
    update(&mut home, read(&answer(5, "0")));
    let question = home.begin_fetch();
    let whole = home.begin_fetch();
    let (new, changed) = poll(&home, 6, "1");
    let view = question.changed_view(new, &changed);
    home.update(question, Ok(view));
    assert_eq!(value(&home, failure, "7"), is("1"));
    comes(&mut home, whole, read(&answer(5, "0")));
    assert_eq!(value(&home, failure, "7"), is("1"), "it was read before");
    // Versions that went back are believed of what is asked now.
    update(&mut home, read(&answer(4, "0")));
    assert_eq!(value(&home, failure, "7"), is("0"));
    // And another start of the engine, whenever.
    let whole = home.begin_fetch();
    update(&mut home, read(&answer(9, "1")));
    let anew = answer(1, "0").replace("\"LoadTime\":1", "\"LoadTime\":2");
    comes(&mut home, whole, read(&anew));
    assert_eq!(
        value(&home, failure, "7"),
        is("1"),
        "it began before another that came"
    );
    update(&mut home, read(&anew));
    assert_eq!(value(&home, failure, "7"), is("0"));
}

#[test]
fn z76_values_that_do_not_fit_are_told_of_once_whatever_they_are() {
    let mut home = Home::default();
    row(&mut home, "HaDevice1/CommFailure", "UINT");
    let warnings = |home: &mut Home| {
        let lines = cwmpd_lab::logged(|| {
            for version in 1..20 {
                update(home, read(&answer(version, &format!("\"x{version}\""))));
            }
        });
        lines.iter().filter(|line| line.starts_with("WARN")).count()
    };
    assert_eq!(warnings(&mut home), 1);
    update(&mut home, read(&answer(30, "0")));
    assert_eq!(warnings(&mut home), 1, "once more when it was well");
}
