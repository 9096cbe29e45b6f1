//! A change of several packages ends whole, wherever the power fails.

use cwmpd::datamodel::source::Source;
use cwmpd_lab::Folder;

use crate::uci_corpus;
use crate::uci_source::{Served, called};
use crate::uci_unknown::logged;

const FIREWALL: &str = "config rule\n\toption name 'a'\n\toption on '1'\n\n\
    config rule\n\toption name 'triplet'\n\n\
    config rule\n\toption name 'triplet'\n\n\
    config rule\n\toption name 'triplet'\n\n\
    config rule\n\toption name 'b'\n\toption on '0'\n\n\
    config zone 'lan'\n";

/// A box, with a change of three packages staged.
fn staged(test: &str) -> Served {
    let mut box_ = Served::new(test);
    box_.write("firewall", FIREWALL);
    box_.source.refresh();
    box_.stage("network.lan.ipaddr", "10.0.0.1").unwrap();
    box_.stage("network.lan.dns", "a b,c%2C+").unwrap();
    box_.stage("network.lan.fresh", "it's; \"50%\"\n+ü")
        .unwrap();
    box_.stage("network.wan.username", "").unwrap();
    box_.stage("system.@system[0].hostname", "it's").unwrap();
    let rules = box_.identities("firewall.@rule");
    // Both lines of the first rule, so that it looks like the last one; of the three that are the
    // same one goes, one is changed, and one stays.
    box_.stage_of("firewall.{i}.name", &rules[0], "b").unwrap();
    box_.stage_of("firewall.{i}.on", &rules[0], "0").unwrap();
    box_.stage_of("firewall.{i}.on", &rules[2], "0").unwrap();
    box_.remove("firewall.@rule", &rules[1]).unwrap();
    box_.remove("firewall.@zone", "lan").unwrap();
    let table = box_.table("firewall.@rule");
    let added = box_.source.stage_add(table, &[], 9).unwrap();
    let name = box_.row("firewall.{i}.name");
    box_.source.stage(name, &[called(&added)], "new").unwrap();
    let table = box_.table("fresh.@thing");
    box_.source.stage_add(table, &[], 1).unwrap();
    box_
}

const PACKAGES: [&str; 4] = ["network", "system", "firewall", "fresh"];

fn texts(box_: &Served) -> Vec<Option<String>> {
    let read = |package: &&str| std::fs::read_to_string(box_.folder.join(package)).ok();
    PACKAGES.iter().map(read).collect()
}

fn put(box_: &Served, texts: &[Option<String>]) {
    for (package, text) in PACKAGES.iter().zip(texts) {
        match text {
            Some(text) => box_.write(package, text),
            None => drop(std::fs::remove_file(box_.folder.join(package))),
        }
    }
}

#[test]
fn f02_a_cut_between_any_two_writes_is_made_whole_and_only_once() {
    let mut box_ = staged("cut");
    let before = texts(&box_);
    let lines = box_.source.staged();
    assert_eq!(lines.len(), PACKAGES.len(), "{lines:?}");
    assert!(
        lines.iter().all(|line| !line.contains(char::is_control)),
        "{lines:?}"
    );
    box_.source.commit().unwrap();
    assert_eq!(box_.source.staged(), Vec::<String>::new());
    let after = texts(&box_);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before != after)
    );
    for written in 0..=PACKAGES.len() {
        for replayed in 0..=lines.len() {
            let cut = [&after[..written], &before[written..]].concat();
            put(&box_, &cut);
            // The power may fail again while the lines are carried out.
            for lines in [&lines[..replayed], &lines] {
                box_.restart();
                lines
                    .iter()
                    .for_each(|line| box_.source.replay(line).unwrap());
            }
            assert_eq!(
                texts(&box_),
                after,
                "after {written} writes and {replayed} lines"
            );
        }
    }
    box_.source.touched();
    lines
        .iter()
        .for_each(|line| box_.source.replay(line).unwrap());
    assert_eq!(
        box_.source.touched(),
        Vec::<String>::new(),
        "nothing was left to do"
    );
}

#[test]
fn f02_a_section_without_a_name_is_found_however_often_it_was_changed_before() {
    let mut box_ = Served::new("often");
    let mut changes = Vec::new();
    for name in ["one", "two", "three"] {
        let before = box_.text("system");
        box_.stage("system.@system[0].hostname", name).unwrap();
        let lines = box_.source.staged();
        box_.source.commit().unwrap();
        changes.push((before, lines, box_.text("system")));
    }
    for (before, lines, after) in changes {
        box_.write("system", &before);
        box_.restart();
        lines
            .iter()
            .for_each(|line| box_.source.replay(line).unwrap());
        assert_eq!(box_.text("system"), after);
    }
}

#[test]
fn what_is_carried_out_late_tells_which_services_to_reload() {
    let mut box_ = staged("touched");
    let lines = box_.source.staged();
    box_.restart();
    lines
        .iter()
        .for_each(|line| box_.source.replay(line).unwrap());
    assert_eq!(
        box_.source.touched(),
        ["firewall", "fresh", "network", "system"]
    );
    assert!(box_.source.refresh());
}

#[test]
fn what_a_person_changed_since_stays() {
    let mut box_ = staged("person");
    let lines = box_.source.staged();
    let network = String::from_utf8(uci_corpus::text("network")).unwrap();
    let theirs = network.replace("192.168.1.1'", "172.16.0.1'");
    box_.write("network", &theirs);
    let firewall = FIREWALL.replace("name 'a'", "name 'theirs'");
    box_.write(
        "firewall",
        &format!("{firewall}\nconfig rule 'rule_9'\n\toption name 'mine'\n"),
    );
    box_.restart();
    logged();
    lines
        .iter()
        .for_each(|line| box_.source.replay(line).unwrap());
    let logged = logged();
    let told = logged
        .iter()
        .any(|line| line.starts_with("ipaddr of section lan: somebody changed it"));
    assert!(told, "{logged:?}");
    assert!(!logged.concat().contains("10.0.0.1"), "{logged:?}");
    let network = box_.text("network");
    assert!(network.contains("option ipaddr '172.16.0.1'"), "{network}");
    assert!(network.contains("list dns 'a b'"), "{network}");
    let firewall = box_.text("firewall");
    assert!(
        firewall.contains("name 'theirs'\n\toption on '1'"),
        "{firewall}"
    );
    assert!(
        firewall.contains("'rule_9'\n\toption name 'mine'"),
        "{firewall}"
    );
    assert_eq!(firewall.matches("triplet").count(), 2, "{firewall}");
}

#[test]
fn a_line_that_cannot_be_carried_out_is_told() {
    let mut box_ = Served::of(Folder::new("lines"));
    for bad in [
        "p set",
        "p nonsense",
        "p set x - o - ",
        "p set x 1/ o - =1",
        "p set x - o = 1",
        "p add t",
        "../p add t n",
        "p add t n-m",
        "",
    ] {
        assert!(box_.source.replay(bad).is_err(), "{bad}");
    }
    assert_eq!(std::fs::read_dir(box_.folder.path()).unwrap().count(), 0);
    // A package that is gone takes its change with it.
    box_.source.replay("p set x - o - =1 remove y -").unwrap();
    box_.write("p", "nonsense\n");
    let broken = box_.source.replay("p set x - o - =1").unwrap_err();
    assert!(
        broken.to_string().contains("p:1: invalid command"),
        "{broken}"
    );
}
