//! What a big model costs, counted in questions to its sources: time says nothing on another
//! machine.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use cwmpd::datamodel::model::{Model, ModelError, NewAttributes, NewValue, Requester};
use cwmpd::datamodel::source::{Declaration, Instance, Reading, Slot, Source, SourceError};
use cwmpd_lab::Folder;

const GROUPS: usize = 200;
const WIDTH: usize = 100;
const ALL: usize = GROUPS * WIDTH;

/// A source that counts what it is asked; a written value is forgotten.
#[derive(Clone, Default)]
struct Counting {
    declared: Rc<Cell<usize>>,
    read: Rc<Cell<usize>>,
    staged: Rc<Cell<usize>>,
}

impl Counting {
    /// How many values were read since the last look.
    fn reads(&self) -> usize {
        self.read.take()
    }
}

impl Source for Counting {
    fn declare(&mut self, _: &Declaration<'_>, _key: &str) -> Result<Slot, String> {
        let slot = Slot::new(self.declared.get());
        self.declared.set(self.declared.get() + 1);
        Ok(slot)
    }

    fn refresh(&mut self) -> bool {
        false
    }

    fn get(&mut self, _: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        self.read.set(self.read.get() + 1);
        Reading::Value("7".into())
    }

    fn stage(&mut self, _: Slot, _: &[Instance<'_>], _: &str) -> Result<(), SourceError> {
        self.staged.set(self.staged.get() + 1);
        Ok(())
    }
}

/// A folder with one model file.
fn folder(test: &str, csv: &str) -> Folder {
    let folder = Folder::new(test);
    folder.file("large.csv", csv);
    folder
}

fn open(folder: &Path, source: &Counting) -> Model {
    Model::open(folder, "Device.", vec![("count", Box::new(source.clone()))]).unwrap()
}

fn name(number: usize) -> String {
    format!("Device.G{}.P{}", number / WIDTH, number % WIDTH)
}

fn large() -> String {
    let mut csv = String::new();
    for group in 0..GROUPS {
        writeln!(csv, "G{group}.;ANY;0;0").unwrap();
        for number in 0..WIDTH {
            let row = format!("G{group}.P{number};UINT;1;1;1;0;0;0");
            writeln!(csv, "{row};;;;;;;count:{group}.{number}").unwrap();
        }
    }
    csv
}

#[test]
fn w25_twenty_thousand_parameters_are_loaded_and_read_once_each() {
    let folder = folder("read", &large());
    let source = Counting::default();
    let mut model = open(&folder, &source);
    assert_eq!(source.declared.get(), ALL);
    source.reads();

    let mut found = 0;
    model.values("Device.", &mut |_, _, _| found += 1).unwrap();
    assert_eq!((found, source.reads()), (ALL, ALL));

    model.names("Device.", false, &mut |_, _| {}).unwrap();
    model.attributes("Device.", &mut |_, _| {}).unwrap();
    assert_eq!(source.reads(), 0, "names and attributes need no value");

    let mut first = 0;
    model
        .values("Device.G7.", &mut |_, _, _| first += 1)
        .unwrap();
    assert_eq!((first, source.reads()), (WIDTH, WIDTH));
    for number in 0..ALL {
        model.values(&name(number), &mut |_, _, _| {}).unwrap();
    }
    assert_eq!(source.reads(), ALL, "one by one: each itself alone");
}

#[test]
fn w25_a_set_of_a_hundred_asks_for_a_hundred_and_not_for_all() {
    let folder = folder("set", &large());
    let source = Counting::default();
    let mut model = open(&folder, &source);
    source.reads();
    let names: Vec<String> = (0..100).map(|n| name(n * 199)).collect();
    let list = names.iter().map(|name| NewValue {
        name,
        value: "8",
        xsi_type: None,
    });
    let list: Vec<NewValue<'_>> = list.collect();
    model.set_values(Requester::Acs, &list, None).unwrap();
    assert_eq!(source.staged.get(), 100);
    let reads = source.reads();
    assert!(reads <= 3 * 100, "{reads} values read");
}

#[test]
fn w25_a_search_for_changes_reads_what_notifies_and_nothing_else() {
    let folder = folder("notify", &large());
    let source = Counting::default();
    let mut model = open(&folder, &source);
    source.reads();
    model.refresh();
    assert_eq!(source.reads(), 0, "nothing notifies");
    let watched = |name: &'static str| NewAttributes {
        name,
        notification: Some(2),
        access_list: None,
    };
    model.set_attributes(&[watched("Device.G7.")]).unwrap();
    let reads = source.reads();
    assert!(reads <= 2 * WIDTH, "{reads} values read");
    model.refresh();
    assert_eq!(source.reads(), WIDTH);
    model.set_attributes(&[watched("")]).unwrap();
    let reads = source.reads();
    assert!(reads <= 2 * ALL, "{reads} values read");
    model.refresh();
    assert_eq!(source.reads(), ALL);
}

#[test]
fn w25_attributes_of_everything_many_times_over_are_too_much() {
    let folder = folder("covered", &large());
    let mut model = open(&folder, &Counting::default());
    let everything = |notification| NewAttributes {
        name: "",
        notification: Some(notification),
        access_list: None,
    };
    let many = vec![everything(1); 14];
    let refused = model.set_attributes(&many).unwrap_err();
    assert!(matches!(refused, ModelError::ResourcesExceeded(_)));
    assert!(refused.to_string().contains("smaller parts"), "{refused}");
    let mut off = true;
    model
        .attributes("Device.", &mut |_, view| off &= view.notification == 0)
        .unwrap();
    assert!(off, "all or nothing");
    assert_eq!(
        model.set_attributes(&[everything(1), everything(0)]),
        Ok(())
    );
}

/// The original refused a request that touched more than 500 of these.
#[test]
fn w25_computed_parameters_have_no_number_beyond_which_a_request_is_refused() {
    const COMPUTED: usize = 2000;
    let mut csv = String::from("Base;ULONG;1;0;0;0;0;0;;;;;;;count:base\n");
    for number in 0..COMPUTED {
        writeln!(csv, "C{number};ULONG;3;0;0;0;0;0;;;;;;;Base*4294967296").unwrap();
    }
    let folder = folder("computed", &csv);
    let source = Counting::default();
    let mut model = open(&folder, &source);
    source.reads();
    let mut seen = 0;
    let computed = (7_u64 << 32).to_string();
    model
        .values("Device.", &mut |name, _, value| {
            seen += 1;
            assert!(
                name.ends_with("Base") || value == computed,
                "{name} is {value}"
            );
        })
        .unwrap();
    assert_eq!(seen, 1 + COMPUTED);
    let reads = source.reads();
    assert!(reads <= 1 + COMPUTED, "{reads} values read");
}
