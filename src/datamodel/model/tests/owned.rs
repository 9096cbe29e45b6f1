//! Tables that a source owns, and changes over several owners (f02, f08).

use std::time::Duration;

use super::change::notify;
use super::*;
use crate::base::clock::Now;
use crate::datamodel::instances::MAX_INSTANCES;

const ROWS: &str = "\
Net.;ANY;0;0
Net.InterfaceNumberOfEntries;UINT;3;0;0;1;0;0;;;;;;;#Interface.
Net.Interface.;ANY;1;1;1;0;0;0;;;;;;;box:sections
Net.Interface.{i}.Address;STRING;1;1;1;0;0;0;;none;;;;;box:address
Net.Interface.{i}.Note;STRING;0;1;1;0;0;0;;nothing
Net.First;STRING;3;1;1;2;0;0;;;;;;;Interface.1.Address
";

fn bench() -> Bench {
    let bench = Bench::with(&format!("{CSV}{ROWS}"));
    bench.put_local("sections", "lan,wan");
    bench.put_local("address@lan", "10.0.0.1");
    bench
}

#[test]
fn sections_are_instances_by_their_identity() {
    let bench = bench();
    let mut model = bench.open();
    assert_eq!(
        get(&mut model, "Device.Net.Interface.1.Address"),
        "10.0.0.1"
    );
    assert_eq!(get(&mut model, "Device.Net.Interface.2.Address"), "none");
    let note = "Device.Net.Interface.2.Note";
    model
        .set_values(Requester::Acs, &[value(note, "up")], None)
        .unwrap();
    bench.put_local("sections", "wan");
    model.refresh();
    assert_eq!(names(&mut model, "Device.Net.Interface.", true).len(), 1);
    assert_eq!(get(&mut model, note), "up", "whatever stands before it");
    let mut again = bench.open();
    assert_eq!(get(&mut again, note), "up");
}

#[test]
fn a_path_is_kept_as_what_the_source_calls_the_instance() {
    let used = "Net.Used;STRING;1;1;1;0;0;0;;;;;;;box:used|row(Net.Interface.)";
    let bench = Bench::with(&format!("{CSV}{ROWS}{used}\n"));
    bench.put_local("sections", "lan,@lan[~1a],wan");
    let mut model = bench.open();
    let used = "Device.Net.Used";
    let mut set = |to: &str| {
        let to = value(used, to);
        model.set_values(Requester::Acs, &[to], None).is_ok()
    };
    assert!(set("Device.Net.Interface.1"));
    assert!(set("Device.Net.Interface.3."), "the dot means no other");
    // Nothing is there, or nothing that stays called so.
    for to in ["Interface.1", "4", "03", "+1", "", "1.Note", "2"] {
        assert!(!set(&format!("Device.Net.Interface.{to}")), "{to}");
    }
    assert_eq!(bench.local.borrow().get("used").unwrap(), "wan");
    assert_eq!(get(&mut model, used), "Device.Net.Interface.3");
    model
        .delete_object(Requester::Acs, "Device.Net.Interface.3.", None)
        .unwrap();
    assert_eq!(get(&mut model, used), "", "it means nothing any more");
    let nothing = value(used, "");
    model.set_values(Requester::Acs, &[nothing], None).unwrap();
}

#[test]
fn that_a_table_has_too_many_instances_is_told_while_it_has() {
    let bench = bench();
    let mut model = bench.open();
    let many: Vec<String> = (0..=MAX_INSTANCES).map(|n| format!("n{n}")).collect();
    bench.put_local("sections", &many.join(","));
    model.refresh();
    assert_eq!(
        model.misfits(),
        ["Device.Net.Interface.: of 4097 instances the first 4096 are shown"]
    );
    bench.put_local("sections", "lan");
    model.refresh();
    assert_eq!(model.misfits(), Vec::<String>::new());
}

/// They are kept on flash, and shown.
#[test]
fn b41_what_is_called_too_long_or_with_control_characters_is_not_listed() {
    let bench = bench();
    let long = "x".repeat(257);
    bench.put_local("sections", &format!("lan,{long},bad\n,bad\u{1b}[31m,wan"));
    let mut model = bench.open();
    assert_eq!(names(&mut model, "Device.Net.Interface.", true).len(), 2);
    assert_eq!(
        model.misfits(),
        [
            "Device.Net.Interface.: of 5 instances 3 are not shown: what they are called is longer \
          than 256 bytes, or has control characters"
        ]
    );
    bench.put_local("sections", &format!("lan,{},wan", &long[1..]));
    model.refresh();
    assert_eq!(names(&mut model, "Device.Net.Interface.", true).len(), 3);
    assert_eq!(model.misfits(), Vec::<String>::new());
}

/// A daemon that has other things at each look, every ten seconds.
#[test]
fn b41_instances_that_come_and_go_for_ever_are_no_write_each_time() {
    const LOOKS: u64 = 1000;
    let bench = bench();
    let mut model = bench.open();
    let look = |model: &mut Model, number: u64| {
        let names = (0..20).map(|n| format!("n{number}-{n}"));
        bench.put_local("sections", &names.collect::<Vec<_>>().join(","));
        model.set_time(at(number * 10));
        model.refresh();
        model.commit().unwrap()
    };
    let writes = (0..LOOKS)
        .filter(|number| look(&mut model, *number))
        .count();
    // Some at once, of which the opening took one, then one in ten minutes.
    assert_eq!(writes, 7 + usize::try_from(LOOKS * 10 / 600).unwrap());
    // What the ACS sets of an instance is durable at once, and with it which one that is.
    look(&mut model, LOOKS);
    let first = names(&mut model, "Device.Net.Interface.", true).remove(0);
    let note = format!("{}Note", first.trim_end_matches(" W"));
    let set = [value(&note, "kept")];
    model.set_values(Requester::Acs, &set, None).unwrap();
    assert_eq!(get(&mut bench.open(), &note), "kept");
    // And what was put off is not forgotten where nothing else happens.
    look(&mut model, LOOKS + 1);
    let last = names(&mut model, "Device.Net.Interface.", true);
    model.set_time(at(LOOKS * 10 + 610));
    model.refresh();
    assert!(model.commit().unwrap());
    assert_eq!(
        names(&mut bench.open(), "Device.Net.Interface.", true),
        last
    );
    look(&mut model, LOOKS + 62);
    model.checkpoint().unwrap();
    assert!(!look(&mut model, LOOKS + 63));
    // Nor where the program ends before.
    let before = model.store.position();
    model.close().unwrap();
    assert_ne!(model.store.position(), before);
}

fn at(seconds: u64) -> Now {
    Now {
        uptime: Duration::from_secs(seconds),
        ..Now::default()
    }
}

#[test]
fn b51_whose_instances_there_are_is_known() {
    let bench = Bench::with(&format!("{CSV}{ROWS}"));
    let mut model = bench.open();
    assert!(!model.has_instances_of("box"), "there never were any");
    bench.put_local("sections", "lan");
    model.refresh();
    assert!(model.has_instances_of("box") && !model.has_instances_of("uci"));
}

#[test]
fn the_acs_makes_and_removes_sections() {
    let bench = bench();
    let mut model = bench.open();
    let added = model.add_object(Requester::Acs, "Device.Net.Interface.", Some("k"));
    assert_eq!(added, Ok((3, InForce::Now)));
    let address = "Device.Net.Interface.3.Address";
    model
        .set_values(Requester::Acs, &[value(address, "10.3.0.1")], None)
        .unwrap();
    let local = bench.local.borrow().clone();
    assert_eq!(local.get("sections").unwrap(), "lan,wan,new3");
    assert_eq!(local.get("address@new3").unwrap(), "10.3.0.1");
    let mut again = bench.open();
    assert_eq!(get(&mut again, address), "10.3.0.1");
    again
        .delete_object(Requester::Acs, "Device.Net.Interface.1.", None)
        .unwrap();
    assert_eq!(bench.local.borrow().get("sections").unwrap(), "wan,new3");
    *bench.fail.borrow_mut() = true;
    assert!(
        again
            .delete_object(Requester::Acs, "Device.Net.Interface.2.", None)
            .is_err()
    );
    assert!(
        again
            .add_object(Requester::Acs, "Device.Net.Interface.", None)
            .is_err()
    );
    *bench.fail.borrow_mut() = false;
    let mut after = bench.open();
    assert_eq!(
        names(&mut after, "Device.Net.Interface.", true),
        ["Device.Net.Interface.2. W", "Device.Net.Interface.3. W"]
    );
    let added = after.add_object(Requester::Acs, "Device.Net.Interface.", None);
    assert_eq!(added, Ok((4, InForce::Now)), "no number twice");
}

#[test]
fn f08_what_follows_from_a_change_of_the_acs_is_known_to_it() {
    let bench = bench();
    let mut model = bench.open();
    notify(&mut model, "Device.ManagementServer.ParameterKey", 1).unwrap();
    notify(&mut model, "Device.NAT.PortMappingNumberOfEntries", 2).unwrap();
    let add = |model: &mut Model, object: &str, key: &str| {
        model.add_object(Requester::Acs, object, Some(key)).unwrap();
    };
    add(&mut model, "Device.NAT.PortMapping.", "one");
    add(&mut model, "Device.Net.Interface.", "two");
    model
        .delete_object(Requester::Acs, "Device.NAT.PortMapping.1.", Some("three"))
        .unwrap();
    model.refresh();
    assert_eq!(changes(&mut model), [] as [String; 0]);
    model
        .add_object(Requester::Local, "Device.NAT.PortMapping.", None)
        .unwrap();
    assert_eq!(
        changes(&mut model),
        ["Device.NAT.PortMappingNumberOfEntries=1"],
        "what somebody else did is news"
    );
}

#[test]
fn f08_a_set_through_a_redirect_is_known_under_both_names() {
    let bench = bench();
    let mut model = bench.open();
    let address = "Device.Net.Interface.1.Address";
    notify(&mut model, address, 2).unwrap();
    for (name, text) in [("Device.Net.First", "10.0.0.2"), (address, "10.0.0.3")] {
        model
            .set_values(Requester::Acs, &[value(name, text)], None)
            .unwrap();
        model.refresh();
        assert_eq!(changes(&mut model), [] as [String; 0], "{name}");
        assert_eq!(get(&mut model, "Device.Net.First"), text);
    }
}

#[test]
fn f08_a_set_that_a_slow_device_took_is_known() {
    let bench = Bench::with(&format!(
        "{CSV}Zwave.First;UINT;3;1;1;2;0;0;;;;;;;Interface.20.WakeUpInterval\n"
    ));
    let mut model = bench.open();
    let interval = "Device.Zwave.Interface.20.WakeUpInterval";
    notify(&mut model, interval, 2).unwrap();
    model
        .set_values(Requester::Acs, &[value("Device.Zwave.First", "60")], None)
        .unwrap();
    model.refresh();
    assert_eq!(changes(&mut model), [] as [String; 0]);
    let pending = model.pending_writes();
    bench.put_remote("wakeup@20", "60");
    model.settle(&pending[0].path, &pending[0].wanted);
    model.refresh();
    assert_eq!(changes(&mut model), [] as [String; 0]);
}

#[test]
fn f08_a_change_that_somebody_else_made_meanwhile_is_still_news() {
    let bench = bench();
    let mut model = bench.open();
    let address = "Device.Net.Interface.1.Address";
    notify(&mut model, address, 2).unwrap();
    bench.put_local("address@lan", "10.9.9.9");
    let url = value("Device.ManagementServer.URL", "http://b/");
    model.set_values(Requester::Acs, &[url], None).unwrap();
    let mut all = changes(&mut model);
    all.sort();
    assert_eq!(
        all,
        ["Device.Net.First=10.9.9.9", &*format!("{address}=10.9.9.9")]
    );
}

#[test]
fn f14_a_redirect_checks_as_its_target_and_shows_no_secret() {
    let bench = Bench::with(&format!(
        "{CSV}Alias.Interval;UINT;3;1;1;0;0;0;;;;;;;Device.ManagementServer.PeriodicInformInterval\n\
         Alias.Password;STRING;3;1;1;0;0;0;;;;;;;Device.ManagementServer.Password\n"
    ));
    let mut model = bench.open();
    for (text, refused) in [("garbage", true), ("0", true), ("-1", true), ("60", false)] {
        let set = model.set_values(
            Requester::Acs,
            &[value("Device.Alias.Interval", text)],
            None,
        );
        assert_eq!(set.is_err(), refused, "{text}");
    }
    assert_eq!(
        get(&mut model, "Device.ManagementServer.PeriodicInformInterval"),
        "60"
    );
    assert_eq!(get(&mut model, "Device.Alias.Password"), "");
    assert_eq!(
        model.value("ManagementServer.Password").as_deref(),
        Some("secret")
    );
}

#[test]
fn f16_writable_is_what_a_set_an_add_or_a_delete_would_find() {
    let bench = Bench::with(&format!(
        "{CSV}{ROWS}\
         Alias.Version;STRING;3;1;1;0;0;0;;;;;;;Device.DeviceInfo.SoftwareVersion\n\
         Alias.Sum;STRING;3;1;1;0;0;0;;;;;;;Device.DeviceInfo.UpTime + 1\n\
         Alias.Battery;UINT;1;1;1;0;0;0;;;;;;;box:battery\n\
         Empty.;ANY;0;1;1\n"
    ));
    bench.put_local("sections", "lan");
    let mut model = bench.open();
    model
        .add_object(Requester::Acs, "Device.NAT.PortMapping.", None)
        .unwrap();
    let mut told = Vec::new();
    model
        .names("Device.", false, &mut |path, writable| {
            told.push((path.to_owned(), writable))
        })
        .unwrap();
    // What is deleted takes its parameters along: these first.
    told.sort_by_key(|(path, _)| path.ends_with('.'));
    for (path, writable) in told {
        let works = if !path.ends_with('.') {
            let now = get(&mut model, &path);
            let wanted = match path.ends_with("URL") {
                true => "http://same/".to_owned(),
                false => now,
            };
            let set = model.set_values(Requester::Acs, &[value(&path, &wanted)], None);
            set.err()
                .is_none_or(|e| e.first().unwrap().error != ModelError::NotWritable)
        } else if path
            .trim_end_matches('.')
            .ends_with(|c: char| c.is_ascii_digit())
        {
            model.delete_object(Requester::Acs, &path, None).is_ok()
        } else {
            let added = model.add_object(Requester::Acs, &path, None);
            added.is_ok_and(|(n, _)| {
                model
                    .delete_object(Requester::Acs, &format!("{path}{n}."), None)
                    .is_ok()
            })
        };
        assert_eq!(works, writable, "{path}");
    }
}

#[test]
fn f08_a_program_that_is_killed_after_a_change_of_the_acs_still_knows_of_it() {
    let bench = Bench::new();
    let mut model = bench.open();
    let count = "Device.NAT.PortMappingNumberOfEntries";
    let interval = "Device.Zwave.Interface.20.WakeUpInterval";
    notify(&mut model, count, 2).unwrap();
    notify(&mut model, interval, 2).unwrap();
    let noted = model.volatile_rows();
    model
        .add_object(Requester::Acs, "Device.NAT.PortMapping.", None)
        .unwrap();
    model
        .set_values(Requester::Acs, &[value(interval, "60")], None)
        .unwrap();
    let mut again = bench.open();
    again.restore_volatile(&noted);
    again.refresh();
    assert_eq!(changes(&mut again), [] as [String; 0]);
    // Somebody else's change while the program was away is news.
    let noted = again.volatile_rows();
    bench.put_remote("nodes", "3,20,21");
    let mut later = bench.open();
    later.restore_volatile(&noted);
    later
        .add_object(Requester::Local, "Device.NAT.PortMapping.", None)
        .unwrap();
    assert_eq!(changes(&mut later), [format!("{count}=2")]);
}
