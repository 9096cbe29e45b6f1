//! `b12`: the state of one version of the package under the rows of another, and back again: what
//! somebody chose is there wherever its row is, what nobody chose is as the rows say, nothing is told
//! the ACS as a change that is none, and nothing of a newer version is destroyed by an older one.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use cwmpd::datamodel::model::{Model, NewAttributes, NewValue, Requester};
use cwmpd::datamodel::source::{Declaration, Instance, Listed, Reading, Slot, Source};
use cwmpd_lab::{Folder, logged};

/// A source that lists what it is told to, and says nothing of values.
#[derive(Clone, Default)]
struct Listing(Rc<RefCell<Vec<&'static str>>>);

impl Source for Listing {
    fn declare(&mut self, _: &Declaration<'_>, _: &str) -> Result<Slot, String> {
        Ok(Slot::new(0))
    }

    fn get(&mut self, _: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        Reading::Absent
    }

    fn list(&mut self, _: Slot, _: &[Instance<'_>], _: &[&str]) -> Option<Vec<Listed>> {
        let listed = self.0.borrow();
        Some(listed.iter().map(|name| Listed::new(*name)).collect())
    }
}

/// A box whose package is changed now and then.
struct Upgraded {
    folder: Folder,
    listing: Listing,
    model: Option<Model>,
}

impl Upgraded {
    fn new(rows: &str) -> Self {
        let mut new = Self {
            folder: Folder::new("upgrade"),
            listing: Listing::default(),
            model: None,
        };
        new.to(rows);
        new
    }

    /// Stops the program, puts other rows in place, and starts it.
    fn to(&mut self, rows: &str) {
        if let Some(mut model) = self.model.take() {
            // All of it written anew, be it needed or not.
            model.checkpoint().unwrap();
        }
        self.cut_to(rows);
    }

    /// The same after a power cut.
    fn cut_to(&mut self, rows: &str) {
        self.model = None;
        self.folder.file("rows.csv", rows);
        let sources: Vec<(&'static str, Box<dyn Source>)> =
            vec![("list", Box::new(self.listing.clone()))];
        let mut model = Model::open(self.folder.path(), "Device.", sources).unwrap();
        model.refresh();
        self.model = Some(model);
    }

    fn model(&mut self) -> &mut Model {
        self.model.as_mut().unwrap()
    }

    fn set(&mut self, name: &str, value: &str) {
        let name = format!("Device.{name}");
        let values = [NewValue {
            name: &name,
            value,
            xsi_type: None,
        }];
        let set = self
            .model()
            .set_values(Requester::Acs, &values, Some("key"));
        set.unwrap();
    }

    fn watch(&mut self, name: &str) {
        let name = format!("Device.{name}");
        let watched = [NewAttributes {
            name: &name,
            notification: Some(2),
            access_list: None,
        }];
        self.model().set_attributes(&watched).unwrap();
    }

    fn all(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        let mut each = |path: &str, _, value: &str| {
            let path = path.strip_prefix("Device.").unwrap();
            if !path.starts_with("ManagementServer.") {
                all.push(format!("{path}={value}"));
            }
        };
        self.model().values("Device.", &mut each).unwrap();
        all
    }

    fn notification(&mut self, name: &str) -> u8 {
        let mut found = 0;
        let mut each = |_: &str, view: cwmpd::datamodel::model::AttributesView<'_>| {
            found = view.notification;
        };
        let path = format!("Device.{name}");
        self.model().attributes(&path, &mut each).unwrap();
        found
    }

    fn changes(&mut self) -> Vec<String> {
        let mut changes = Vec::new();
        self.model().changes(&mut |path, _, value| {
            changes.push(format!("{path}={value}"));
            true
        });
        self.model().changes_delivered();
        self.model().commit().unwrap();
        changes
    }

    fn add(&mut self, table: &str) -> u32 {
        let table = format!("Device.{table}");
        let added = self.model().add_object(Requester::Acs, &table, None);
        added.unwrap().0
    }

    fn delete(&mut self, instance: &str) {
        let instance = format!("Device.{instance}");
        let deleted = self.model().delete_object(Requester::Acs, &instance, None);
        deleted.unwrap();
    }

    fn state(&self) -> String {
        fs::read_to_string(self.folder.join("parameters.data")).unwrap()
    }
}

const KEY: &str = "ManagementServer.ParameterKey;STRING:32;0;0;0;0;1\n";

fn rows(more: &str) -> String {
    format!("{KEY}{more}")
}

fn no_text() -> Vec<String> {
    Vec::new()
}

#[test]
fn b12_what_a_row_lost_comes_back_with_it() {
    let old = rows("A;STRING;0;rw;1\nB;STRING;0;rw;1\nT.;ANY;0;rw;1\nT.{i}.X;STRING;0;rw;1\n");
    let mut upgraded = Upgraded::new(&old);
    upgraded.set("A", "mine");
    assert_eq!((upgraded.add("T."), upgraded.add("T.")), (1, 2));
    upgraded.set("T.1.X", "kept");
    upgraded.watch("T.1.X");
    upgraded.delete("T.2.");
    // Rows that are gone, for many a start, be it by a power cut.
    let without = rows("B;STRING;0;rw;1\nC;STRING;0;rw;1;;;;;new\n");
    upgraded.cut_to(&without);
    assert_eq!(upgraded.all(), ["B=", "C=new"]);
    upgraded.set("B", "later");
    upgraded.to(&without);
    upgraded.cut_to(&old);
    assert_eq!(upgraded.all(), ["A=mine", "B=later", "T.1.X=kept"]);
    assert_eq!(upgraded.notification("T.1.X"), 2);
    assert_eq!(upgraded.changes(), no_text());
    assert_eq!(upgraded.add("T."), 3, "no number is used twice");
}

#[test]
fn b12_a_table_that_is_an_object_for_a_while_uses_no_number_twice() {
    let old = rows("T.;ANY;0;rw;1\nT.{i}.X;STRING;0;rw;1\n");
    let mut upgraded = Upgraded::new(&old);
    assert_eq!((upgraded.add("T."), upgraded.add("T.")), (1, 2));
    upgraded.delete("T.2.");
    let object = rows("T.X;STRING;0;rw;1\n");
    upgraded.to(&object);
    upgraded.set("T.X", "written");
    upgraded.to(&object);
    assert_eq!(upgraded.all(), ["T.X=written"]);
    upgraded.to(&old);
    assert_eq!(upgraded.all(), ["T.1.X="]);
    assert_eq!(upgraded.add("T."), 3);
}

#[test]
fn b12_more_rows_than_any_bound_are_carried_along() {
    let many = (0..12_000).map(|n| format!("Old{n};STRING;0;rw;1;;;;;v;;1088\n"));
    let folder = Folder::new("upgrade-many");
    folder.file("parameters.data", many.collect::<String>() + "**\n");
    let mut upgraded = Upgraded {
        folder,
        listing: Listing::default(),
        model: None,
    };
    upgraded.to(&rows("A;STRING;0;rw;1\n"));
    upgraded.set("A", "x");
    upgraded.to(&rows("Old11999;STRING;0;rw;1\nOld7;STRING;0;rw;1\n"));
    assert_eq!(upgraded.all(), ["Old11999=v", "Old7=v"]);
}

#[test]
fn b12_a_value_that_another_type_cannot_take_waits_for_its_own() {
    let old = rows("A;STRING;0;rw;1;active;;;;one\nB;STRING;0;rw;1;active;;;;1\n");
    let mut upgraded = Upgraded::new(&old);
    upgraded.set("A", "two");
    upgraded.set("B", "007");
    let new = rows("A;UINT;0;rw;1;active;;;;5\nB;UINT;0;rw;1;active;;;;1\n");
    upgraded.to(&new);
    assert_eq!(upgraded.all(), ["A=5", "B=7"]);
    assert_eq!(upgraded.changes(), ["Device.A=5"], "7 is what 007 says");
    upgraded.to(&new);
    upgraded.to(&old);
    assert_eq!(upgraded.all(), ["A=two", "B=7"]);
    // What is chosen in the meantime takes its place.
    upgraded.to(&new);
    upgraded.set("A", "6");
    upgraded.to(&old);
    assert_eq!(upgraded.all()[0], "A=6");
}

#[test]
fn b12_what_was_a_secret_when_it_was_chosen_is_not_told_the_log_where_it_does_not_fit() {
    let old = rows("A;STRING;0;rw,secret;1\nB;STRING;0;rw;1\nC;STRING;0;rw,secret;1\n");
    let mut upgraded = Upgraded::new(&old);
    upgraded.set("A", "hunter2");
    upgraded.set("B", "no number");
    upgraded.set("C", "hunter3");
    let taken = "C;UINT;source;rw;1;;;;;;;;;;list:c\n";
    let lines = logged(|| {
        upgraded.to(&rows(&format!("A;UINT;0;rw;1\nB;UINT;0;rw;1\n{taken}")));
        upgraded.model().carry_over();
    });
    let lines = lines.join("\n");
    assert!(!lines.contains("hunter"), "{lines}");
    assert!(lines.contains("A: the stored value is kept"), "{lines}");
    assert!(lines.contains("\"no number\" is not"), "{lines}");
    assert!(
        lines.contains("C: the value chosen before is not used"),
        "{lines}"
    );
}

#[test]
fn b12_neither_access_nor_secrecy_nor_new_rows_are_a_change_of_value() {
    let old = rows(
        "A;STRING;0;rw;1;active;;;;a\nB;STRING;0;rw;1;active;;;;b\nC;STRING;0;rw,secret;1;active\n\
         D;STRING;0;rw;1;;;;;d\nE;STRING;0;rw;1;active;;;;e\n",
    );
    let mut upgraded = Upgraded::new(&old);
    for name in ["A", "B", "C", "D"] {
        upgraded.set(name, &format!("{name}-mine"));
    }
    assert_eq!(upgraded.changes(), no_text());
    let new = rows(
        "A;STRING;0;r;;active;;;;a\nB;STRING;0;rw,secret;1;active;;;;b\nC;STRING;0;rw;1;active\n\
         D;STRING;0;rw;1;active;;;;d\nE;STRING;0;rw;1;active;;;;changed\nF;STRING;0;r;;active;;;;f\n",
    );
    for _ in 0..2 {
        upgraded.to(&new);
        let all = ["A=A-mine", "B=", "C=C-mine", "D=D-mine", "E=changed", "F=f"];
        assert_eq!(upgraded.all(), all);
        assert_eq!(upgraded.changes(), ["Device.E=changed"]);
        upgraded.cut_to(&old);
        assert_eq!(
            upgraded.all(),
            ["A=A-mine", "B=B-mine", "C=", "D=D-mine", "E=e"]
        );
        assert_eq!(upgraded.changes(), ["Device.E=e"]);
    }
}

#[test]
fn b12_instances_of_the_description_come_and_go_with_it_and_those_of_the_acs_stay() {
    let old = rows(
        "T.;ANY;0;rw;1\nT.{i}.X;STRING;0;rw;1;;;;;t\nT.1.X;STRING;0;rw;1;;;;;first\nT.2.X;STRING;0;rw;1\n",
    );
    let mut upgraded = Upgraded::new(&old);
    upgraded.set("T.2.X", "mine");
    // Before anything else of the table was written.
    let new = rows("T.;ANY;0;rw;1\nT.{i}.X;STRING;0;rw;1;;;;;t\nT.1.X;STRING;0;rw;1;;;;;better\n");
    upgraded.cut_to(&new);
    assert_eq!(upgraded.all(), ["T.1.X=better"]);
    assert_eq!(upgraded.add("T."), 3, "2 was another");
    upgraded.set("T.3.X", "added");
    // A description that has the same number does not make it its own.
    upgraded.to(&(new.clone() + "T.3.X;STRING;0;rw;1;;;;;third\n"));
    assert_eq!(upgraded.all(), ["T.1.X=better", "T.3.X=added"]);
    upgraded.to(&(new.clone() + "T.3.X;STRING;0;rw;1;;;;;third\n"));
    upgraded.to(&new);
    assert_eq!(upgraded.all(), ["T.1.X=better", "T.3.X=added"]);
    upgraded.to(&old);
    assert_eq!(upgraded.all(), ["T.1.X=first", "T.2.X=mine", "T.3.X=added"]);
}

#[test]
fn b12_a_table_that_a_source_takes_over_and_gives_back_keeps_its_instances() {
    let own = rows("T.;ANY;0;rw;1\nT.{i}.X;STRING;0;rw;1\n");
    let of_source = rows("T.;ANY;source;r;;;;;;;;;;;list:t\nT.{i}.X;STRING;0;rw;1\n");
    let mut upgraded = Upgraded::new(&own);
    assert_eq!((upgraded.add("T."), upgraded.add("T.")), (1, 2));
    upgraded.set("T.1.X", "one");
    upgraded.set("T.2.X", "two");
    *upgraded.listing.0.borrow_mut() = vec!["lan", "wan"];
    for value in ["", "lan"] {
        upgraded.to(&of_source);
        assert_eq!(upgraded.all(), [&format!("T.3.X={value}"), "T.4.X="]);
        upgraded.set("T.3.X", "lan");
    }
    for _ in 0..2 {
        upgraded.to(&own);
        assert_eq!(upgraded.all()[..2], ["T.1.X=one", "T.2.X=two"]);
    }
    upgraded.to(&of_source);
    assert_eq!(upgraded.all(), ["T.3.X=lan", "T.4.X="], "the same sections");
    upgraded.to(&own);
    assert_eq!(upgraded.add("T."), 5);
}

/// As the first version wrote it: no number of a generation, no bits of choice, the access list of
/// each row.
#[test]
fn b12_the_state_of_the_first_version_and_of_the_2008_agent_is_read() {
    let first = "\
        T.;ANY:3;0;0;0;0;0;0;;;0;0;;;\n\
        T.3.;ANY;0;0;0;0;0;0;;;0;0;;;\n\
        A;STRING;0;1;1;2;0;0;Subscriber;mine;0;1;old;;\n\
        B;STRING;0;1;1;0;0;0;;;0;0;;;\n\
        T.3.X;STRING;0;1;1;0;0;0;Subscriber;x%3By;0;0;;;\n\
        X_CWMPD_Record.cwmp.acs;STRING;0;0;0;0;0;0;_;https://acs.example/;0;0;;;\n";
    let of_2008 = "A;STRING;0;1;1;2;0;0;Subscriber;mine;0;1;old;;\n\
        B;5;0;1;1;0;0;0;;\nT.3.;6\nT.3.X;5;0;1;1;0;0;0;Subscriber;x%3By\n";
    for (text, acs) in [(first, Some("https://acs.example/")), (of_2008, None)] {
        let folder = Folder::new("upgrade-first");
        folder.file("parameters.data", format!("{text}**\n"));
        let mut upgraded = Upgraded {
            folder,
            listing: Listing::default(),
            model: None,
        };
        let new =
            rows("A;STRING;0;rw;1\nB;STRING;0;rw;1;;;;;b\nT.;ANY;0;rw;1\nT.{i}.X;STRING;0;rw;1\n");
        upgraded.to(&new);
        for _ in 0..2 {
            assert_eq!(upgraded.all(), ["A=mine", "B=", "T.3.X=x;y"]);
            assert_eq!(upgraded.model().record("cwmp.acs"), acs);
            assert_eq!(upgraded.notification("A"), 2);
            upgraded.to(&new);
        }
        assert_eq!(upgraded.changes(), ["Device.A=mine"], "not told yet");
        assert_eq!(upgraded.add("T."), 4);
    }
}

#[test]
fn b12_an_older_version_gives_back_what_it_cannot_read() {
    let rows = rows("A;STRING;0;rw;1;;;;;default\nB;STRING;0;rw;1\n");
    let newer = "# generation 12 format 3 by cwmpd 9.0\n\
        # what this one cannot know\n\
        A;UUID:36;flash;rw,owner;1;2;always;0;_,admin;mine;0;1216;;;;16th\n\
        %rename Old=New\n\
        C D;what;is;this\n\
        X_CWMPD_Record.cwmp.acs;STRING;0;0;0;0;0;0;_;https://acs.example/;0;0;;;\n\
        X_CWMPD_Record.quantum;STRING;0;0;0;0;0;0;_;spin;0;0;;;\n";
    let folder = Folder::new("upgrade-newer");
    folder.file("parameters.data", format!("{newer}**\n"));
    let mut upgraded = Upgraded {
        folder,
        listing: Listing::default(),
        model: None,
    };
    upgraded.to(&rows);
    for round in 0..3 {
        assert_eq!(upgraded.all()[0], "A=mine", "{round}");
        assert_eq!(
            upgraded.model().record("cwmp.acs"),
            Some("https://acs.example/")
        );
        assert_eq!(upgraded.model().record("quantum"), Some("spin"));
        upgraded.set("B", "b");
        upgraded.to(&rows);
    }
    let state = upgraded.state();
    let (first, _) = state.split_once('\n').unwrap();
    assert_eq!(first, "# generation 15", "it goes on from 12");
    for carried in ["%25rename Old=New", "C D%3Bwhat%3Bis%3Bthis"] {
        assert_eq!(state.matches(carried).count(), 1, "{carried}: {state}");
    }
}

#[test]
fn b12_a_journal_whose_state_file_begins_in_another_way_is_not_lost() {
    let rows = rows("A;STRING;0;rw;1\n");
    for head in ["# generation 7 format 3", "# generation=7"] {
        let mut upgraded = Upgraded::new(&rows);
        upgraded.set("A", "first");
        upgraded.model().close().unwrap();
        upgraded.model = None;
        let crc = |lines: &[&str]| {
            let mut crc = cwmpd::datamodel::csv::Crc32::default();
            lines.iter().for_each(|line| crc.add(line.as_bytes()));
            crc.value()
        };
        let row = "A;STRING;0;1;1;0;0;0;Subscriber;first;0;1088;;;";
        let data = crc(&[head, row]);
        let text = format!("{head}\n{row}\n*{data:X}\n");
        upgraded.folder.file("parameters.data", text);
        let mut journal = format!("@generation 7 data {data:X} rows 0 format 3\n");
        journal.push_str("A;STRING;0;1;1;0;0;0;Subscriber;second;0;1088;;;\n?unknown\n");
        let close = crc(&[&format!("{journal}*")]);
        journal.push_str(&format!("*{close:X}\n"));
        upgraded.folder.file("parameters.journal", &journal);
        upgraded.cut_to(&rows);
        assert_eq!(upgraded.all(), ["A=second"], "{head}");
        let aside = upgraded.folder.join("parameters.journal.corrupt");
        assert_eq!(fs::read_to_string(aside).unwrap(), journal);
        upgraded.set("A", "third");
        upgraded.cut_to(&rows);
        assert_eq!(upgraded.all(), ["A=third"], "{head}");
    }
}
