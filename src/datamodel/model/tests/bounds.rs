//! What an ACS can make the box keep (f19, f20, f21).

use std::rc::Rc;

use super::change::notify;
use super::*;

fn many(rows: usize) -> Bench {
    let rows = (0..rows).map(|n| format!("Many.P{n};STRING;0;1;1;0;0;0;;x\n"));
    Bench::with(&(CSV.to_owned() + &rows.collect::<String>()))
}

fn entities(count: usize, length: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:0length$}")).collect()
}

fn lists(model: &Model) -> Vec<&Rc<[String]>> {
    let states = model.state.parameters();
    states
        .filter_map(|(_, state)| state.more.as_deref()?.access_list.as_ref())
        .collect()
}

#[test]
fn f19_parameters_that_get_an_access_list_together_have_one() {
    let bench = many(50);
    let mut model = bench.open();
    let access_list = entities(3, 8);
    let entry = NewAttributes {
        name: "Device.Many.",
        notification: None,
        access_list: Some(&access_list),
    };
    model.set_attributes(&[entry]).unwrap();
    let shared = |model: &Model| {
        let lists = lists(model);
        (
            lists.len(),
            lists.iter().all(|list| Rc::ptr_eq(list, lists[0])),
        )
    };
    assert_eq!(shared(&model), (50, true));
    assert_eq!(shared(&bench.open()), (50, true), "after a restart too");
}

#[test]
fn f19_six_entries_for_everything_make_no_more_than_the_last() {
    let bench = many(500);
    let access_list = entities(2, 8);
    let entry = |notification| NewAttributes {
        name: "Device.Many.",
        notification: Some(notification),
        access_list: Some(&access_list),
    };
    let mut one = bench.open();
    one.set_attributes(&[entry(1)]).unwrap();
    let other = many(500);
    let mut six = other.open();
    six.set_attributes(&[2, 0, 1, 0, 2, 1].map(entry)).unwrap();
    assert_eq!(one.state.bytes(), six.state.bytes());
    assert_eq!(
        one.state.parameters().count(),
        six.state.parameters().count()
    );
}

#[test]
fn f19_what_would_not_fit_is_refused_before_anything_is_made() {
    let bench = many(1500);
    let mut model = bench.open();
    let bytes = model.state.bytes();
    let access_list = entities(32, 64);
    let entry = |name| NewAttributes {
        name,
        notification: Some(1),
        access_list: Some(&access_list),
    };
    let refused = model.set_attributes(&[entry("Device.Many.P1"), entry("Device.")]);
    assert_eq!(refused, Ok(()), "1500 lists of 2 kB are 3 MB");
    let more = many(2500);
    let mut model = more.open();
    let refused = model.set_attributes(&[entry("Device.Many.P1"), entry("Device.")]);
    assert_eq!(refused, Err(ModelError::state_is_full()));
    assert_eq!(model.state.bytes(), bytes);
    assert!(lists(&model).is_empty() && !model.has_change());
    assert_eq!(
        notify(&mut model, "Device.Many.", 1),
        Ok(()),
        "less is fine"
    );
}

#[test]
fn f20_the_state_is_bounded_and_what_makes_it_smaller_still_works() {
    let bench = many(80);
    let mut model = bench.open();
    let big = "b".repeat(60_000);
    let name = |n: usize| format!("Device.Many.P{n}");
    // As so many sets would leave it: one more fits. A row takes some bytes beside its value.
    let full = MAX_REQUESTED_BYTES / (big.len() + 128) - 1;
    for n in 0..full {
        let Ok(resolve::Place::Parameter(key)) = model.resolve(&name(n)) else {
            panic!()
        };
        model
            .state
            .update(key, |state| state.value = Some(big.as_str().into()));
    }
    model.checkpoint().unwrap();
    let mut set = |n: usize, text: &str| {
        let name = name(n);
        let done = model.set_values(Requester::Acs, &[value(&name, text)], Some("key"));
        assert!(model.state.bytes() <= MAX_REQUESTED_BYTES);
        done.map_err(|errors| (errors[0].error.clone(), get(&mut model, &name)))
    };
    let refused = Err((ModelError::state_is_full(), "x".to_owned()));
    assert_eq!(set(full, &big), Ok(InForce::Now));
    assert_eq!(set(full + 1, &big), refused, "nothing of it is left");
    assert_eq!(set(0, "small"), Ok(InForce::Now));
    assert_eq!(set(full + 1, &big), Ok(InForce::Now));
    assert_eq!(set(full + 2, &big), refused);
    let on_disk = std::fs::read_dir(bench.dir()).unwrap();
    let sizes = on_disk.map(|file| file.unwrap().metadata().unwrap().len());
    let total: u64 = sizes.sum();
    assert!(
        total < 14 << 20,
        "{total} bytes: two generations with their journals"
    );
}

#[test]
fn f20_instances_count_too() {
    let bench = Bench::with(&format!(
        "{CSV}A.;ANY;0;1;1\nA.{{i}}.B.;ANY;0;1;1\nA.{{i}}.X;INT\nA.{{i}}.B.{{i}}.X;INT\n"
    ));
    let mut model = bench.open();
    let mut refused = false;
    for table in 1..20 {
        refused = match model.add_object(Requester::Acs, "Device.A.", None) {
            Ok(_) => false,
            Err(error) => error == ModelError::state_is_full(),
        };
        if refused {
            break;
        }
        let Ok(resolve::Place::Object(inner)) = model.resolve(&format!("Device.A.{table}.B."))
        else {
            panic!()
        };
        let instances = model.state.tables.entry(inner).or_default();
        for number in 1..=2000 {
            instances.add(number, None);
        }
    }
    assert!(refused);
}

#[test]
fn f21_a_home_whose_devices_get_fresh_numbers_each_time_leaves_nothing_behind() {
    let bench = Bench::with(&CSV.replace(
        "Zwave.Interface.{i}.BatteryLevel;UINT;1;0;0;0",
        "Zwave.Interface.{i}.BatteryLevel;UINT;2;0;0;2",
    ));
    let mut model = bench.open();
    let mut sizes = Vec::new();
    for round in 1..40_u32 {
        let numbers = (0..50).map(|n| (round * 1000 + n).to_string());
        let numbers: Vec<String> = numbers.collect();
        for number in &numbers {
            bench.put_remote(&format!("battery@{number}"), "high");
        }
        bench.put_remote("nodes", &numbers.join(","));
        model.refresh();
        let path = format!("Device.Zwave.Interface.{}.", round * 1000);
        notify(&mut model, &path, 1).unwrap();
        model
            .set_values(
                Requester::Acs,
                &[value(&format!("{path}WakeUpInterval"), "9")],
                None,
            )
            .unwrap();
        model.commit().unwrap();
        sizes.push((
            model.state.bytes(),
            model.misfits.len() + model.mixed.len() + model.changed.len(),
            model.volatile_rows().len(),
        ));
    }
    assert_eq!(sizes.get(20), sizes.last());
}

#[test]
fn f29_what_is_in_the_journal_is_saved_though_the_whole_state_cannot_be() {
    let bench = many(1);
    let mut model = bench.open();
    let path = "Device.Many.P0";
    let long = "x".repeat(4000);
    let set = |model: &mut Model, text: &str| {
        let done = model.set_values(Requester::Acs, &[value(path, text)], None);
        assert_eq!(done, Ok(InForce::Now));
    };
    set(&mut model, &long);
    let in_the_way = bench.dir().join(store::TEMPORARY);
    std::fs::create_dir(&in_the_way).unwrap();
    for number in 0..20 {
        set(&mut model, &format!("{long}{number}"));
        assert_eq!(model.unsaved(), None);
    }
    let journal = std::fs::metadata(bench.dir().join(store::JOURNAL)).unwrap();
    assert!(journal.len() > 64 * 1024);
    assert_eq!(get(&mut bench.open(), path), format!("{long}19"));
}

#[test]
fn f29_a_disk_that_takes_nothing_is_tried_ever_more_seldom() {
    let bench = many(1);
    let mut model = bench.open();
    let path = "Device.Many.P0";
    let away = bench.dir().with_extension("away");
    std::fs::rename(bench.dir(), &away).unwrap();
    let refused = model.set_values(Requester::Acs, &[value(path, "a")], None);
    assert!(refused.is_err());
    let attempts = |model: &Model| model.unsaved().map(|unsaved| unsaved.attempts);
    let before = attempts(&model).unwrap();
    for _ in 0..1000 {
        model.save_again();
    }
    // Powers of two up to 512, 360 and 720.
    assert_eq!(attempts(&model), Some(before + 12));
    std::fs::rename(&away, bench.dir()).unwrap();
    for _ in 0..360 {
        model.save_again();
    }
    assert_eq!(attempts(&model), None);
}
