//! `b26`: what the value of an option costs, and to find a section again, does not grow with the file:
//! sixteen times the sections, and each value costs what it did. The time of the thread on its
//! processor is compared with itself, the least of several tries.

use std::fmt::Write as _;
use std::time::Duration;

use cwmpd::datamodel::model::Model;
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;
use nix::time::ClockId;

const FEW: usize = 250;
const MANY: usize = 4000;

/// So many times as much a value may cost among many as among few. A search through all of them
/// would be sixteen times as long; caches and logarithms are not half as much more.
const MOST: u32 = 3;

/// A file and the rows that read it.
struct Shape {
    name: &'static str,
    rows: fn(usize) -> String,
    file: fn(usize) -> String,
    /// The values that are there, of so many sections.
    values: fn(usize) -> usize,
}

fn sections(count: usize, line: fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0..count {
        let line = line(number);
        writeln!(
            text,
            "config {line}\n\toption a 'x{number}'\n\toption b '1'"
        )
        .unwrap();
    }
    text
}

fn rows(count: usize, key: fn(usize) -> String) -> String {
    (0..count)
        .map(|n| format!("P{n};STRING;source;r;;;;;;;;;;;uci:p.{}\n", key(n)))
        .collect()
}

fn table(kind: &str) -> String {
    format!(
        "T{kind}.;ANY;source;r;;;;;;;;;;;uci:p.@{kind}\n\
         T{kind}.{{i}}.A;STRING;source;r;;;;;;;;;;;uci:p.{{i}}.a\n\
         T{kind}.{{i}}.None;STRING;source;r;;;;;;;;;;;uci:p.{{i}}.none\n"
    )
}

/// How many sections of a type there are, of many types.
const OF_A_KIND: usize = 25;

const SHAPES: [Shape; 6] = [
    Shape {
        name: "rows of sections with names",
        rows: |count| rows(count, |n| format!("n{n}.a")),
        file: |count| sections(count, |n| format!("t 'n{n}'")),
        values: |count| count,
    },
    Shape {
        name: "rows of sections by their place",
        rows: |count| rows(count, |n| format!("@t[{n}].a")),
        file: |count| {
            sections(count, |n| {
                format!("t{}", if n % 2 == 0 { "" } else { "\nconfig u" })
            })
        },
        values: |count| count,
    },
    Shape {
        name: "rows of one section that has all options",
        rows: |count| rows(count, |n| format!("s.o{n}")),
        file: |count| {
            let lines = (0..count).map(|n| format!("\toption o{n} 'x'\n"));
            format!("config s 's'\n{}", lines.collect::<String>())
        },
        values: |count| count,
    },
    Shape {
        name: "a table of sections with names",
        rows: |_| table("t"),
        file: |count| sections(count, |n| format!("t 'n{n}'")),
        values: |count| 2 * count,
    },
    Shape {
        name: "a table of sections without",
        rows: |_| table("t"),
        file: |count| sections(count, |_| "t".to_owned()),
        values: |count| 2 * count,
    },
    Shape {
        name: "many tables of sections without names",
        rows: |count| {
            let kinds = 0..count / OF_A_KIND;
            kinds.map(|kind| table(&format!("t{kind}"))).collect()
        },
        file: |count| sections(count, |n| format!("t{}", n / OF_A_KIND)),
        values: |count| 2 * count,
    },
];

fn processor_time() -> Duration {
    Duration::from(ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap())
}

struct Costs {
    /// Of a value, read among all.
    value: Duration,
    /// Of an instance, when the agent looks anew.
    look: Duration,
}

fn costs(shape: &Shape, count: usize) -> Costs {
    let (config, folder) = (Folder::new("index-config"), Folder::new("index-model"));
    config.file("p", (shape.file)(count));
    folder.file("rows.csv", (shape.rows)(count));
    let source = Box::new(UciSource::new(config.path()));
    let mut model = Model::open(folder.path(), "Device.", vec![("uci", source)]).unwrap();
    model.refresh();
    let mut least = Costs {
        value: Duration::MAX,
        look: Duration::MAX,
    };
    let per = |time: Duration, count: usize| time / u32::try_from(count).unwrap();
    for _ in 0..5 {
        let before = processor_time();
        let mut read = 0;
        model.values("Device.", &mut |_, _, _| read += 1).unwrap();
        assert_eq!(read, (shape.values)(count), "{}", shape.name);
        let between = processor_time();
        model.refresh();
        let after = processor_time();
        least.value = least.value.min(per(between - before, read));
        least.look = least.look.min(per(after - between, count));
    }
    least
}

#[test]
fn b26_a_value_costs_the_same_among_many_sections_as_among_few() {
    for shape in &SHAPES {
        let (few, many) = (costs(shape, FEW), costs(shape, MANY));
        let name = shape.name;
        let (value, more) = (few.value, many.value);
        assert!(more < value * MOST, "{name}: {value:?}, then {more:?}");
        let (look, more) = (few.look, many.look);
        // Where there is no table it is nothing, and nothing to compare.
        let is_little = more < few.value;
        assert!(
            more < look * MOST || is_little,
            "{name}: a look of {look:?}, then {more:?}"
        );
    }
}
