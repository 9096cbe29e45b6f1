mod columns;
mod link;
mod optional;
mod secrets;

use super::*;
use crate::datamodel::row::Row;
use crate::datamodel::source::{Declaration, Instance, Noticed, Reading, Source, Sources};

/// Keys that begin with `ro` take no values, `clock` changes all the time.
#[derive(Default)]
struct FakeKeys {
    keys: Vec<String>,
    stands_in: bool,
}

impl Source for FakeKeys {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if row.writable && key.starts_with("ro") {
            return Err("nothing can be written there".to_owned());
        }
        self.keys.push(key.to_owned());
        Ok(Slot::new(self.keys.len() - 1))
    }

    fn get(&mut self, _slot: Slot, _at: &[Instance<'_>]) -> Reading<'_> {
        Reading::Absent
    }

    fn noticed(&self, slot: Slot) -> Noticed {
        match self.keys.get(slot.index()).map(String::as_str) {
            Some("clock") => Noticed::Never,
            _ => Noticed::Polled,
        }
    }

    fn stands_in(&self) -> bool {
        self.stands_in
    }
}

/// The schema of these lines, and `line column: why` of what is wrong with them or (with `note`)
/// worth saying.
fn build(lines: &[&str]) -> (Schema, Vec<String>) {
    build_with(lines, FakeKeys::default())
}

fn build_with(lines: &[&str], source: FakeKeys) -> (Schema, Vec<String>) {
    let rows = lines.iter().map(|line| Row::parse(line).expect(line));
    let mut sources: Sources = vec![("x", Box::new(source))];
    let (schema, found) = Schema::build("Device.", rows.collect(), &mut sources);
    let told = found.into_iter().map(|found| {
        let note = if found.is_note { "note " } else { "" };
        format!("{note}{} {}", found.row, found.error)
    });
    (schema, told.collect())
}

/// Each list of lines has exactly this to say of it.
#[track_caller]
fn told(cases: &[(&[&str], &[&str])]) {
    for (lines, wanted) in cases {
        let (_, found) = build(lines);
        let fits = found.len() == wanted.len()
            && found
                .iter()
                .zip(*wanted)
                .all(|(found, wanted)| found.contains(wanted));
        assert!(fits, "{lines:#?}\nsays {found:#?}\nnot {wanted:#?}");
    }
}

fn parameter<'a>(schema: &'a Schema, path: &str) -> Option<&'a Parameter> {
    schema.parameter(schema.find(path)?)
}

#[test]
fn what_a_row_takes_has_not_grown() {
    let sizes = (size_of::<Node>(), size_of::<Parameter>());
    assert!(sizes.0 <= 56 && sizes.1 <= 80, "{sizes:?}");
    assert!(size_of::<ParamType>() <= 2 * size_of::<usize>());
}
