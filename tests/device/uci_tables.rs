//! Tables of UCI sections: what they list, what is added and removed.

use std::fs;

use cwmpd::datamodel::source::{Declaration, Listed, Reading, Slot, Source, SourceError};
use cwmpd_lab::Folder;

use crate::uci_source::{Served, called, value};

const RULES: &str = "config defaults\n\toption input ACCEPT\n\n\
    config rule\n\toption name 'dhcp'\n\toption port '68'\n\n\
    config rule 'ping'\n\toption name 'ping'\n\n\
    config rule\n\toption name 'igmp'\n\toption proto 'igmp'\n";

fn served(test: &str) -> Served {
    let folder = Folder::new(test);
    folder.file("firewall", RULES);
    Served::of(folder)
}

fn strings(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn a_table_lists_the_sections_of_its_type() {
    let mut box_ = served("table");
    let rules = box_.identities("firewall.@rule");
    let [dhcp, ping, igmp] = &rules[..] else {
        unreachable!("{rules:?}");
    };
    assert_eq!(ping, "ping");
    assert!(dhcp.starts_with("@rule[~") && dhcp != igmp);
    for (identity, name) in [(dhcp, "dhcp"), (ping, "ping"), (igmp, "igmp")] {
        assert_eq!(box_.get_of("firewall.{i}.name", identity), value(name));
    }
    assert_eq!(box_.identities("firewall.@zone"), Vec::<String>::new());
    // The same after a restart, even if a value is asked for first.
    box_.restart();
    assert_eq!(box_.get_of("firewall.{i}.name", igmp), value("igmp"));
    assert_eq!(box_.identities("firewall.@rule"), rules);
}

#[test]
fn a_section_is_found_by_its_identity_whatever_others_and_itself_become() {
    let mut box_ = served("follow");
    let rules = box_.identities("firewall.@rule");
    let text = RULES.replace(
        "config rule\n\toption name 'dhcp'\n\toption port '68'\n\n",
        "",
    );
    box_.write(
        "firewall",
        &text.replace("'igmp'\n\toption", "'multicast'\n\toption"),
    );
    box_.source.refresh();
    assert_eq!(
        box_.get_of("firewall.{i}.name", &rules[2]),
        value("multicast")
    );
    assert_eq!(box_.get_of("firewall.{i}.name", &rules[0]), Reading::Absent);
    let listed = box_.list("firewall.@rule", &strings(&rules)).unwrap();
    assert_eq!(listed[0], ("ping".to_owned(), None));
    assert_eq!(listed[1].1.as_ref(), Some(&rules[2]));
    // Either identity is understood until the model has the new one.
    for identity in [&listed[1].0, &rules[2]] {
        assert_eq!(
            box_.get_of("firewall.{i}.name", identity),
            value("multicast")
        );
    }
    let known = [listed[0].0.as_str(), &listed[1].0];
    let again = box_.list("firewall.@rule", &known).unwrap();
    assert_eq!(again[1], (listed[1].0.clone(), None));
}

#[test]
fn a_section_without_a_name_keeps_its_identity_through_our_own_changes() {
    let mut box_ = served("own");
    let rules = box_.identities("firewall.@rule");
    let known = strings(&rules);
    box_.remove("firewall.@rule", &rules[0]).unwrap();
    // All of its lines, so that nothing but the commit itself tells what it was.
    for (option, new) in [("name", "x"), ("proto", "y")] {
        let key = format!("firewall.{{i}}.{option}");
        box_.stage_of(&key, &rules[2], new).unwrap();
    }
    box_.source.commit().unwrap();
    assert_eq!(box_.get_of("firewall.{i}.proto", &rules[2]), value("y"));
    assert_eq!(box_.get_of("firewall.{i}.name", &rules[0]), Reading::Absent);
    let listed = box_.list("firewall.@rule", &known).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].1.as_ref(), Some(&rules[2]));
}

#[test]
fn a_new_instance_is_a_section_with_a_name_and_its_values() {
    let mut box_ = served("add");
    let table = box_.table("firewall.@rule");
    let name = box_.source.stage_add(table, &[], 7).unwrap();
    assert_eq!(&*name, "rule_7");
    box_.stage_of("firewall.{i}.name", &name, "new").unwrap();
    box_.stage_of("firewall.{i}.port", &name, "").unwrap();
    assert_eq!(box_.text("firewall"), RULES);
    box_.source.commit().unwrap();
    let added = "\nconfig rule 'rule_7'\n\toption name 'new'\n";
    assert_eq!(box_.text("firewall"), format!("{RULES}{added}"));
    assert_eq!(box_.get_of("firewall.{i}.name", &name), value("new"));
    assert_eq!(box_.identities("firewall.@rule")[3], "rule_7");
    assert_eq!(box_.source.touched(), ["firewall"]);
    // The name is taken now, be it by another type.
    assert_eq!(&*box_.source.stage_add(table, &[], 7).unwrap(), "rule_7_2");
    assert_eq!(&*box_.source.stage_add(table, &[], 7).unwrap(), "rule_7_3");
    let odd = box_.table("firewall.@wifi-iface/2");
    assert_eq!(
        &*box_.source.stage_add(odd, &[], 1).unwrap(),
        "wifi_iface_2_1"
    );
    box_.source.commit().unwrap();
    assert_eq!(
        box_.identities("firewall.@wifi-iface/2"),
        ["wifi_iface_2_1"]
    );
    assert_eq!(box_.identities("firewall.@rule").len(), 6);
}

#[test]
fn an_instance_makes_the_file_of_its_package_and_undo_removes_it() {
    let mut box_ = Served::of(Folder::new("make"));
    assert_eq!(box_.list("ddns.@service", &[]), None);
    let table = box_.table("ddns.@service");
    let name = box_.source.stage_add(table, &[], 1).unwrap();
    box_.stage_of("ddns.{i}.enabled", &name, "1").unwrap();
    box_.source.commit().unwrap();
    let text = "\nconfig service 'service_1'\n\toption enabled '1'\n";
    assert_eq!(box_.text("ddns"), text);
    assert_eq!(box_.identities("ddns.@service"), ["service_1"]);
    box_.source.undo().unwrap();
    assert_eq!(fs::read_dir(box_.folder.path()).unwrap().count(), 0);
    assert_eq!(box_.list("ddns.@service", &[]), None);
    assert_eq!(box_.get("ddns.service_1.enabled"), Reading::Unknown);
}

#[test]
fn an_instance_is_removed_with_its_section_alone() {
    let mut box_ = served("remove");
    let rules = box_.identities("firewall.@rule");
    box_.remove("firewall.@rule", "ping").unwrap();
    box_.remove("firewall.@rule", &rules[0]).unwrap();
    let refused = box_.stage_of("firewall.{i}.name", "ping", "x").unwrap_err();
    assert!(
        refused.to_string().contains("there is no section"),
        "{refused}"
    );
    assert!(box_.remove("firewall.@rule", "ping").is_err(), "twice");
    assert!(box_.remove("firewall.@rule", "none").is_err());
    assert_eq!(box_.text("firewall"), RULES);
    box_.source.commit().unwrap();
    let left = "config defaults\n\toption input ACCEPT\n\n\
        config rule\n\toption name 'igmp'\n\toption proto 'igmp'\n";
    assert_eq!(box_.text("firewall"), left);
    assert_eq!(box_.get_of("firewall.{i}.name", &rules[2]), value("igmp"));
    assert_eq!(box_.identities("firewall.@rule"), rules[2..]);
    box_.source.undo().unwrap();
    assert_eq!(box_.text("firewall"), RULES);
    let listed = box_.list("firewall.@rule", &strings(&rules)).unwrap();
    assert!(listed.iter().all(|(_, was)| was.is_none()));
}

#[test]
fn what_is_added_and_removed_in_one_change_leaves_no_trace() {
    let mut box_ = served("void");
    let table = box_.table("firewall.@rule");
    let name = box_.source.stage_add(table, &[], 7).unwrap();
    box_.stage_of("firewall.{i}.name", &name, "new").unwrap();
    box_.source.stage_remove(table, &[called(&name)]).unwrap();
    assert_eq!(box_.source.staged(), Vec::<String>::new());
    box_.source.commit().unwrap();
    assert_eq!(box_.text("firewall"), RULES);
}

#[test]
fn a_section_that_somebody_moves_before_the_commit_is_still_the_one_meant() {
    let mut box_ = served("moved");
    let rules = box_.identities("firewall.@rule");
    box_.stage_of("firewall.{i}.name", &rules[2], "ours")
        .unwrap();
    box_.stage("firewall.@rule[0].name", "first").unwrap();
    let theirs = format!("config rule\n\toption name 'theirs'\n\n{RULES}");
    box_.write("firewall", &theirs);
    box_.source.commit().unwrap();
    let text = box_.text("firewall");
    assert!(
        text.contains("name 'ours'\n\toption proto 'igmp'"),
        "{text}"
    );
    assert!(text.contains("name 'first'\n\toption port '68'"), "{text}");
    assert!(text.contains("name 'theirs'"), "{text}");
}

#[test]
fn a_name_that_somebody_takes_before_the_commit_is_not_mixed_with_ours() {
    let mut box_ = served("taken");
    let table = box_.table("firewall.@rule");
    let name = box_.source.stage_add(table, &[], 7).unwrap();
    box_.stage_of("firewall.{i}.name", &name, "ours").unwrap();
    let theirs = format!("{RULES}\nconfig rule 'rule_7'\n");
    box_.write("firewall", &theirs);
    let refused = box_.source.commit().unwrap_err();
    assert!(matches!(refused, SourceError::Failed(_)), "{refused}");
    assert_eq!(box_.text("firewall"), theirs);
}

const OWNED: &str = "config group 'one'\n\nconfig group 'two'\n\n\
    config member\n\toption of 'one'\n\toption name 'a'\n\n\
    config member 'b'\n\toption of 'two'\n\toption name 'b'\n\n\
    config member\n\toption of 'two'\n\toption name 'c'\n\n\
    config member\n\toption of 'gone'\n\toption name 'd'\n";

const MEMBERS: &str = "groups.@member[of={i}]";

/// A table in another, and the names of its sections in the file for each of those.
fn members(box_: &mut Served, table: Slot, known: [&[String]; 2]) -> [Vec<Listed>; 2] {
    let of = |box_: &mut Served, group: &str, known: &[String]| {
        let known = strings(known);
        box_.source.list(table, &[called(group)], &known).unwrap()
    };
    [of(box_, "one", known[0]), of(box_, "two", known[1])]
}

fn identities(listed: &[Listed]) -> Vec<String> {
    listed.iter().map(|one| one.identity.to_string()).collect()
}

#[test]
fn a_table_in_a_table_has_the_sections_that_name_its_own() {
    let folder = Folder::new("owned");
    folder.file("groups", OWNED);
    let mut box_ = Served::of(folder);
    let table = box_.table_in(MEMBERS);
    let [one, two] = members(&mut box_, table, [&[], &[]]).map(|of| identities(&of));
    assert_eq!((one.len(), two.len()), (1, 2));
    assert_eq!(two[0], "b");
    // What has no name is known again in either table, whatever becomes of it.
    let edited = OWNED
        .replace("name 'a'", "name 'A'")
        .replace("name 'c'", "name 'C'");
    box_.write("groups", &edited);
    box_.source.refresh();
    let [listed, other] = members(&mut box_, table, [&one, &two]);
    assert_eq!(listed[0].was.as_deref(), Some(&*one[0]));
    assert_eq!(other[1].was.as_deref(), Some(&*two[1]));
    let added = box_.source.stage_add(table, &[called("two")], 7).unwrap();
    assert_eq!(&*added, "member_7");
    box_.source.commit().unwrap();
    let [_, two] = members(&mut box_, table, [&one, &two]);
    assert_eq!(identities(&two)[2], "member_7");
    let nameless = called(&one[0]);
    assert!(box_.source.stage_add(table, &[nameless], 8).is_err());
    // They go with the section that they name, and nothing else does.
    let groups = box_.table("groups.@group");
    box_.source.stage_remove(groups, &[called("two")]).unwrap();
    box_.source.commit().unwrap();
    let left = "config group 'one'\n\nconfig member\n\toption of 'one'\n\toption name 'A'\n\n\
        config member\n\toption of 'gone'\n\toption name 'd'\n";
    assert_eq!(box_.text("groups"), left);
}

#[test]
fn a_table_in_a_table_needs_one() {
    let mut box_ = served("nowhere");
    let mut row = Declaration {
        kind: None,
        filtered: false,
        tables: 0,
        writable: true,
    };
    assert!(box_.source.declare(&row, "firewall.@rule[of={i}]").is_err());
    row.tables = 1;
    for key in [
        "@rule[of=x]",
        "@rule[={i}]",
        "@[of={i}]",
        "@rule[o f={i}]",
        "@rule[a[b={i}]",
    ] {
        let key = format!("firewall.{key}");
        assert!(box_.source.declare(&row, &key).is_err(), "{key}");
    }
}
