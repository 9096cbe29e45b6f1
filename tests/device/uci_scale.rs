//! `s06`: what a change of many options costs grows with the file and the number of options, not with
//! their product. The time of the thread on its processor is compared with itself, in which a busy
//! machine does not show; and the bytes that it reads and writes are counted.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use cwmpd::datamodel::model::{Model, NewValue, Requester};
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;
use nix::time::ClockId;

/// The large change has so many times the options of the small one.
const TIMES: usize = 8;

/// Twice what it would be if only the number of options counted; their square would be 64.
const MOST: u32 = 16;

/// A configuration of so many options.
struct Shape {
    name: &'static str,
    /// The options of the small change.
    small: usize,
    rows: fn(usize) -> String,
    file: fn(usize) -> String,
    parameter: fn(usize) -> String,
}

fn row(number: usize) -> String {
    format!("P{number};LINE;source;rw;immediate;;;;;;;;;;uci:p.s.o{number}\n")
}

fn plain_rows(count: usize) -> String {
    (0..count).map(row).collect()
}

fn plain(number: usize) -> String {
    format!("Device.P{number}")
}

fn table(_: usize) -> String {
    "T.;ANY;source;rw;immediate;;;;;;;;;;uci:p.@t\n\
     T.{i}.A;LINE;source;rw;immediate;passive;;;;;;;;;uci:p.{i}.a\n"
        .to_owned()
}

fn instance(number: usize) -> String {
    format!("Device.T.{}.A", number + 1)
}

fn sections(count: usize, name: fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0..count {
        let name = name(number);
        writeln!(
            text,
            "config t {name}\n\toption a 'x{number}'\n\toption b '1'"
        )
        .unwrap();
    }
    text
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "a file that is made",
        small: 1500,
        rows: plain_rows,
        file: |_| String::new(),
        parameter: plain,
    },
    Shape {
        name: "one section that has them all",
        small: 1500,
        rows: plain_rows,
        file: |count| {
            let lines = (0..count).map(|number| format!("\toption o{number} 'x'\n"));
            format!("config s 's'\n{}", lines.collect::<String>())
        },
        parameter: plain,
    },
    Shape {
        name: "one line that has them all",
        small: 1500,
        rows: plain_rows,
        file: |count| {
            let lines = (0..count).map(|number| format!("option o{number} 'x'; "));
            format!("config s 's'; {}l l 'x'\n", lines.collect::<String>())
        },
        parameter: plain,
    },
    Shape {
        name: "a table of sections with names",
        small: 500,
        rows: table,
        file: |count| sections(count, |number| format!("'n{number}'")),
        parameter: instance,
    },
    Shape {
        name: "a table of sections without",
        small: 500,
        rows: table,
        file: |count| sections(count, |_| String::new()),
        parameter: instance,
    },
];

/// What this thread took of a processor so far.
fn processor_time() -> Duration {
    let time = ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap();
    Duration::from(time)
}

/// The bytes that this thread read and wrote so far.
fn bytes() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/io").unwrap();
    let counts = text.lines().take(2).map(|line| line.split(' ').nth(1));
    counts
        .map(|count| count.unwrap().parse::<u64>().unwrap())
        .sum()
}

/// Sets so many options in one request, and reads them; what it cost, and the size of the file.
fn cost(shape: &Shape, count: usize) -> (Duration, u64, u64) {
    let (config, folder) = (Folder::new("scale-config"), Folder::new("scale-model"));
    let text = (shape.file)(count);
    if !text.is_empty() {
        config.file("p", &text);
    }
    folder.file("rows.csv", (shape.rows)(count));
    let source = Box::new(UciSource::new(config.path()));
    let mut model = Model::open(folder.path(), "Device.", vec![("uci", source)]).unwrap();
    model.refresh();
    let names: Vec<String> = (0..count).map(shape.parameter).collect();
    let values = names.iter().map(|name| NewValue {
        name,
        value: "new",
        xsi_type: None,
    });
    let values: Vec<NewValue<'_>> = values.collect();
    let before = (processor_time(), bytes());
    model
        .set_values(Requester::Acs, &values, Some("key"))
        .unwrap();
    let mut read = 0;
    let mut each = |_: &str, _, value: &str| read += usize::from(value == "new");
    model.values("Device.", &mut each).unwrap();
    let after = (processor_time(), bytes());
    assert_eq!(read, count, "{}", shape.name);
    let size = fs::metadata(config.join("p")).unwrap().len();
    (after.0 - before.0, after.1 - before.1, size)
}

#[test]
fn s06_many_options_cost_so_many_times_what_few_do() {
    for shape in &SHAPES {
        let least = |count: usize| (0..2).map(|_| cost(shape, count).0).min().unwrap();
        let small = least(shape.small);
        let large = least(shape.small * TIMES);
        assert!(large < small * MOST, "{}: {small:?}, {large:?}", shape.name);
    }
}

#[test]
fn s06_a_file_is_read_and_written_once_however_many_options_change() {
    for shape in &SHAPES {
        let count = shape.small;
        let (_, bytes, size) = cost(shape, count);
        // Read and written, and the journal, which has a line with all of it.
        let journal = u64::try_from(count * 160).unwrap();
        assert!(
            bytes < 4 * size + journal,
            "{}: {bytes} of {size}",
            shape.name
        );
    }
}
