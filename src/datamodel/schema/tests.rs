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
fn f17_names_lead_to_parameters_and_counts_to_tables() {
    let good = [
        "Up;UINT;3;0;;;;;;;;;;;A.B.X",
        "Same;UINT;3;0;;;;;;;;;;;.Up",
        "Count;UINT;3;0;;;;;;;;;;;#A.T.",
        "A.B.X;UINT",
        "A.B.Y;UINT;3;0;;;;;;;;;;;X + .X + ..C + Device.A.B.X + Device.A.T.7.X",
        "A.C;UINT",
        "A.T.{i}.X;UINT",
        "A.T.{i}.Y;UINT;3;0;;;;;;;;;;;X + ...C + Device.A.T.{i}.X + Device.A.T..X",
        "A.T.{i}.N;UINT;3;0;;;;;;;;;;;#U.",
        "A.T.{i}.M;UINT;3;0;;;;;;;;;;;#...T.",
        "A.T.{i}.U.{i}.X;UINT",
        "A.L.1.X;UINT",
        "LCount;UINT;3;0;;;;;;;;;;;#A.L.",
        "A.T.1.;ANY",
        "A.T.1.U.1.;ANY",
    ];
    let (schema, found) = build(&good);
    assert_eq!(found, [""; 0]);
    let node = schema.find("A.T.{i}.Y").unwrap();
    let at = At::default().down(7).unwrap();
    let keys = schema
        .parameter(node)
        .unwrap()
        .references
        .iter()
        .map(|r| r.key(at).unwrap());
    let paths: Vec<String> = keys.map(|key| schema.path(key)).collect();
    let x = "Device.A.T.7.X";
    assert_eq!(paths, [x, "Device.A.C", x, x]);
    for (expression, why) in [
        ("Nothing", "there is no `Nothing` in Device.A.B."),
        ("A.B.X", "a name from the top begins with Device."),
        ("Device.A.B", "is an object, and has no value"),
        ("Device.A.T.{i}.X", "which instance of Device.A.T. is meant"),
        ("Device.A.T.X", "there is no `X` in Device.A.T."),
        ("......X", "its dots lead above the root"),
        ("Device.A.B.X.Y", "there is no object `X`"),
        ("#..B.", "is no table"),
        ("#X", "is no table"),
        ("#..T.{i}.U.", "which instance of"),
        ("X + Nothing", "there is no `Nothing`"),
        ("99999999999999999999", "there is no `99999999999999999999`"),
    ] {
        let row = format!("A.B.Z;UINT;3;0;;;;;;;;;;;{expression}");
        let mut lines = good.to_vec();
        lines.push(&row);
        let (schema, found) = build(&lines);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("15 column 15") && found[0].contains(why),
            "{found:?}"
        );
        assert!(parameter(&schema, "A.B.Z").is_none() && parameter(&schema, "A.B.Y").is_some());
    }
}

#[test]
fn f17_a_row_computed_from_itself_is_left_out_with_all_that_needs_it() {
    told(&[
        (
            &["A;UINT;3;0;;;;;;;;;;;A"],
            &["0 column 15: computed from itself"],
        ),
        (
            &[
                "A;UINT;3;0;;;;;;;;;;;B",
                "B;UINT;3;0;;;;;;;;;;;C + 1",
                "C;UINT;3;0;;;;;;;;;;;A",
                "D;UINT;3;0;;;;;;;;;;;C",
                "E;UINT",
            ],
            &[
                "0 column 15: computed from itself, through Device.B and Device.C",
                "1 column 15: computed from itself, through Device.C and Device.A",
                "2 column 15: computed from itself, through Device.A and Device.B",
                "3 column 15: computed from Device.C, which is computed from itself",
            ],
        ),
        (
            &[
                "T.{i}.A;UINT;3;0;;;;;;;;;;;Device.T.1.B",
                "T.{i}.B;UINT;3;0;;;;;;;;;;;Device.T.2.A",
                "T.1.;ANY",
            ],
            &[
                "0 column 15: computed from itself",
                "1 column 15",
                "2 column 1: T.{i}. is left out",
            ],
        ),
        (
            &[
                "A;UINT;3;0;;;;;;;;;;;B",
                "B;UINT;3;0;;;;;;;;;;;C",
                "C;UINT;3;0;;;;;;;;;;;Nothing",
            ],
            &[
                "2 column 15: `Nothing` leads to nothing",
                "1 column 15: computed from Device.C, which is left out",
                "0 column 15: computed from Device.B, which is left out",
            ],
        ),
    ]);
}

#[test]
fn f17_computed_rows_are_bounded() {
    let chain = |length: usize| {
        let rows = (0..length).map(|n| match n {
            0 => "P0;UINT".to_owned(),
            n => format!("P{n};UINT;3;0;;;;;;;;;;;P{}", n - 1),
        });
        rows.collect::<Vec<_>>()
    };
    let found = |rows: &[String]| build(&rows.iter().map(String::as_str).collect::<Vec<_>>()).1;
    let depth = usize::from(MAX_COMPUTED_DEPTH);
    assert_eq!(found(&chain(depth + 1)), [""; 0]);
    assert!(found(&chain(depth + 2))[0].contains("more than 16 computed rows stand behind"));
    let doubled: Vec<String> = chain(12)
        .into_iter()
        .map(|row| match row.rsplit_once(';') {
            Some((row, name)) if name.starts_with('P') => format!("{row};{name} + {name}"),
            _ => row,
        })
        .collect();
    assert!(found(&doubled)[0].contains("more than 1000 computed values"));
}

#[test]
fn f17_a_table_has_columns() {
    told(&[
        (
            &["A.T.;ANY;0;1"],
            &["0 column 1: a table without columns: no good row begins with Device.A.T.{i}."],
        ),
        (
            &["A.T.;ANY;1;0;;;;;;;;;;;x:list"],
            &["0 column 1: a table without columns"],
        ),
        (
            &[
                "A.T.;ANY;0;1",
                "A.T.{i}.X;UINT;3;0;;;;;;;;;;;Y",
                "N;UINT;3;0;;;;;;;;;;;#A.T.",
            ],
            &[
                "1 column 15: `Y` leads to nothing",
                "0 column 1: a table without columns",
                "2 column 15",
            ],
        ),
        (
            &["A.T.;ANY;0;1", "A.T.X;UINT", "N;UINT;3;0;;;;;;;;;;;A.T.X"],
            &["0 column 1"],
        ),
        (&["A.T.;ANY;0;1", "A.T.{i}.X;UINT"], &[]),
        (
            &["A.T.;ANY;0;1", "A.T.{i}.U.;ANY;0;1", "A.T.{i}.U.{i}.X;UINT"],
            &[],
        ),
        (
            &["A.T.{i}.X;UINT"],
            &["note 0 column 1: Device.A.T. has no instances"],
        ),
        (&["A.T.{i}.X;UINT", "A.T.3.;ANY"], &[]),
        (
            &["A.T.{i}.;ANY;0;1", "A.T.{i}.X;UINT"],
            &["0 column 1: what is true of a table", "note 1"],
        ),
        (&["A.;ANY", "A.;ANY;0;0", "A.X;UINT"], &[]),
        (
            &["A.;ANY;0;1", "A.;ANY;0;0", "A.{i}.X;UINT"],
            &["1 column 1: described twice"],
        ),
    ]);
}

#[test]
fn f17_an_instance_hint_works_or_is_refused() {
    let (schema, found) = build(&["A.T.;ANY:7;0;1", "A.T.{i}.X;UINT"]);
    assert_eq!(found, [""; 0]);
    let table = schema.table(schema.find("A.T.").unwrap()).unwrap();
    assert_eq!(table.used_up, 7);
    told(&[
        (
            &[";ANY:7", "A.X;UINT"],
            &["0 column 1: the root is no table"],
        ),
        (
            &["A.;ANY:7", "A.X;UINT"],
            &["0 column 2: nobody adds instances"],
        ),
        (
            &["A.T.;ANY:7", "A.T.{i}.X;UINT", "A.T.1.;ANY"],
            &["0 column 2: nobody adds instances"],
        ),
        (
            &["A.T.;ANY;0;1", "A.T.{i}.X;UINT", "A.T.1.;ANY:7"],
            &["2 column 2: nobody adds instances"],
        ),
        (
            &[
                "T.;ANY;0;1",
                "T.{i}.U.;ANY;0;1",
                "T.{i}.U.{i}.X;UINT",
                "T.1.U.;ANY:7;0;1",
            ],
            &["3 column 2: otherwise than in T.{i}.U."],
        ),
    ]);
    assert!(Row::parse("A.T;ANY:7").is_err());
}

#[test]
fn f17_a_column_that_nothing_comes_of_is_refused() {
    told(&[
        (
            &[
                "A;UINT;1;0;;;;;;;;;;;x:clock",
                "B;BOOLEAN;3;0;;2;;;;;;;;;A > 9",
                "C;BOOLEAN;3;0;;;;;;;;;;;B",
            ],
            &["1 column 6: the value changes all the time", "2 column 15"],
        ),
        (&["A;UINT;0;0;3"], &["0 column 5: there are no triggers"]),
        (&["A;UINT;0;1;2"], &["0 column 5: what can be written is"]),
        (&["A;UINT;0;0;;2;;;_"], &["0 column 9: no RPC sees the row"]),
        (
            &["A;UINT;0;0;;;;;;;;;;;x:a"],
            &["0 column 15: the agent keeps the value"],
        ),
        (
            &["A;UINT;3;0"],
            &["0 column 15: a computed row needs an expression"],
        ),
        (&["A;UINT;1;0"], &["0 column 15: the source is missing"]),
        (&["A;UINT;2;0"], &["0 column 15: the source is missing"]),
        (
            &["A;UINT;1;0;;1;;;;;;;;;x:clock"],
            &["0 column 6: the value changes all the time"],
        ),
        (&["A;UINT;1;0;;;;;;;;;;;x:clock"], &[]),
        (
            &["A.;ANY;0;rw,secret", "A.{i}.X;UINT"],
            &["0 column 4", "note 1"],
        ),
        (&["A.;ANY;0;0;;1", "A.X;UINT"], &["0 column 6"]),
        (&["A.;ANY;0;0;;;1", "A.X;UINT"], &["0 column 7"]),
        (&["A.;ANY;3;0", "A.X;UINT"], &["0 column 3"]),
        (
            &["A.;ANY;0;0;;;;;;;;;;;x:list", "A.{i}.X;UINT"],
            &["0 column 15: a source, but", "note 1"],
        ),
        (
            &["A.;ANY;1;1", "A.{i}.X;UINT"],
            &["0 column 15: which instances there are", "note 1"],
        ),
    ]);
}

#[test]
fn f17_a_row_without_a_source_has_one_only_where_something_stands_in() {
    let rows = [
        "A;STRING;1;0",
        "B;STRING;3;0;;;;;;;;;;;A",
        "T.{i}.X;STRING;2;0;;;;;;;;;;;x:{i}",
        "T.1.X;STRING;2;0",
        "Password;STRING;1;rw,secret",
        "Again;STRING;1;0;;;;;;;;;;;x:Password",
    ];
    let (schema, found) = build(&rows);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("0 column 15: the source is missing"),
        "{found:?}"
    );
    assert!(found[1].starts_with("4 column 15") && found[2].starts_with("1 column 15"));
    assert!(parameter(&schema, "T.{i}.X").is_some());
    let source = FakeKeys {
        stands_in: true,
        ..FakeKeys::default()
    };
    let (schema, found) = build_with(&rows, source);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("note 0 column 15") && found[1].starts_with("note 4"));
    assert!(parameter(&schema, "B").is_some());
    assert!(parameter(&schema, "Again").unwrap().secret);
}

#[test]
fn f17_what_2008_has_and_we_do_without_is_a_note() {
    told(&[
        (&["A;STRING;0;0;1"], &["note 0 column 5: a statistic"]),
        (
            &["A;STRING;0;0;0;3"],
            &["note 0 column 6: no light notification"],
        ),
        (
            &["A;STRING;0;0;0;0;0;0;0;x;3;8;b;k"],
            &[
                "note 0 column 11",
                "note 0 column 12",
                "note 0 column 13",
                "note 0 column 14",
            ],
        ),
        (&[";ANY;0;0;0;0;0;0;0;;0;0", "A.X;UINT"], &[]),
        (
            &["A.;ANY;1;0;1;0;0;0;0;0;0;0", "A.X;UINT"],
            &["note 0 column 3", "note 0 column 5", "note 0 column 10"],
        ),
        (
            &["Password;STRING;0;1;1"],
            &["note 0 column 4: a secret, by its name"],
        ),
        (&["Password;STRING;0;rw,secret;1"], &[]),
        // As the report prints them.
        (
            &["ManagementServer.STUNEnable;BOOLEAN;0;1;0;0;1;0;0;1;0;0"],
            &[],
        ),
        (
            &["ManagementServer.UDPConnectionRequestAddress;STRING;0;0;1;2;1;0;0;0;0"],
            &["note 0 column 5"],
        ),
    ]);
}

#[test]
fn f17_a_writable_row_can_be_written() {
    told(&[
        (
            &["A;UINT;1;1;;;;;;;;;;;x:ro"],
            &["0 column 15: x:ro: nothing can be written there"],
        ),
        (&["A;UINT;1;1;;;;;;;;;;;x:a || x:ro"], &[]),
        (
            &["A;UINT;1;1;;;;;;;;;;;x:a|item(2)"],
            &["0 column 15: `item` leads one way only"],
        ),
        (&["A;UINT;1;0;;;;;;;;;;;x:a|item(2)"], &[]),
        (
            &["A;STRING;1;1;;;;;;;;;;;x:a|bool|map(1=Up, 0=Up)"],
            &["0 column 15: `map` leads one way only"],
        ),
        (
            &["A;STRING;1;1;;;;;;;;;;;x:a|map(1=Up, 0=Down) || x:b|upper"],
            &[],
        ),
        (
            &["A;UINT;3;1;;;;;;;;;;;B + 1", "B;UINT;0;1"],
            &["0 column 4: computed, so nothing can be written"],
        ),
        (&["A;UINT;3;1;;;;;;;;;;;B", "B;UINT;0;1"], &[]),
        (
            &["A;UINT;3;1;;;;;;;;;;;B", "B;UINT;0;0"],
            &["0 column 4: stands for Device.B, which cannot be written"],
        ),
        (
            &["A;UINT;3;1;;;;;;;;;;;B", "B;UINT;3;1;;;;;;;;;;;C", "C;UINT"],
            &[
                "1 column 4: stands for Device.C",
                "0 column 15: computed from Device.B, which is left out",
            ],
        ),
        (
            &["A;STRING::Up|Down;1;0;;;;;;;;;;;x:a|map(1=Up, 0=Dwon)"],
            &["0 column 15: map gives what does not fit"],
        ),
    ]);
}

#[test]
fn f14_a_redirect_has_a_type_that_can_show_its_target() {
    told(&[
        (
            &["A;UINT;3;1;;;;;;;;;;;B", "B;STRING;0;1"],
            &["0 column 2: stands for Device.B, a STRING, of which not all are UINT"],
        ),
        (
            &["A;UINT:1:9;3;1;;;;;;;;;;;B", "B;UINT;0;1"],
            &["0 column 2"],
        ),
        // Its own type lets more through than the target takes: the target's is what counts.
        (&["A;STRING;3;1;;;;;;;;;;;B", "B;UINT;0;1"], &[]),
    ]);
    let (schema, _) = build(&[
        "A;STRING;3;1;;;;;;;;;;;B",
        "B;UINT;0;1",
        "C;UINT;3;0;;;;;;;;;;;B + 0",
    ]);
    let target = parameter(&schema, "A").unwrap().redirect().unwrap();
    assert_eq!(target.node, schema.find("B").unwrap());
    assert!(parameter(&schema, "C").unwrap().redirect().is_none());
}

#[test]
fn f15_what_comes_from_a_secret_is_one() {
    let (schema, found) = build(&[
        "Key;STRING;0;rw,secret",
        "Alias;STRING;3;1;;;;;;;;;;;Key",
        "Second;STRING;3;0;;;;;;;;;;;Alias",
        "Part;STRING;3;0;;;;;;;;;;;\"x\" ++ Second",
        "Guess;BOOLEAN;3;0;;;;;;;;;;;Key == \"a\"",
        "Set;BOOLEAN;3;0;;;;;;;;;;;Class(1, Plain:Key) > 0",
        "Option;STRING;1;rw,secret;;;;;;;;;;;x:a.b.key",
        "Other;STRING;1;0;;;;;;;;;;;x:z || x:a.b.key|upper",
        "Hidden;STRING;3;rw,secret;;;;;;;;;;;Shown",
        "Shown;STRING;0;1",
        "Password;STRING;3;1;;;;;;;;;;;Store",
        "Store;STRING;1;1;;;;;;;;;;;x:store",
        "Again;STRING;1;0;;;;;;;;;;;x:store",
        "Plain;STRING;0;1",
        "Count;UINT;3;0;;;;;;;;;;;Class(3, 1:2)",
        "Double;STRING;3;0;;;;;;;;;;;Plain ++ Plain",
    ]);
    assert!(
        found.iter().all(|found| found.starts_with("note")),
        "{found:?}"
    );
    for name in [
        "Key", "Alias", "Second", "Part", "Guess", "Set", "Option", "Other", "Hidden", "Shown",
        "Password", "Store", "Again",
    ] {
        assert!(parameter(&schema, name).unwrap().secret, "{name}");
    }
    for name in ["Plain", "Count", "Double"] {
        assert!(!parameter(&schema, name).unwrap().secret, "{name}");
    }
}

#[test]
fn f15_a_bad_default_of_a_secret_is_not_repeated() {
    let (_, found) = build(&["Key;UINT;0;rw,secret;;;;;;hunter2"]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("0 column 10") && !found[0].contains("hunter2"),
        "{found:?}"
    );
}

#[test]
fn f17_the_row_of_an_instance_agrees_with_its_template() {
    let template = ["T.;ANY;0;1", "T.{i}.X;UINT:0:9;0;1;1;0;0;0"];
    let with = |row: &str| {
        let mut lines = template.to_vec();
        lines.push(row);
        build(&lines).1
    };
    for row in [
        "T.1.X;UINT:0:9;0;1;1;0;0;0;;7",
        "T.1.X;UINT;0;1;1;0;0;0;;7",
        "T.1.X;UINT:0:9;0;rw;immediate;active;;;Any;7",
        "T.1.;ANY;0;1",
    ] {
        assert_eq!(with(row), [""; 0], "{row}");
    }
    for (row, why) in [
        (
            "T.1.X;STRING;0;1;1",
            "2 column 2: otherwise than in T.{i}.X",
        ),
        ("T.1.X;UINT:0:8;0;1;1", "2 column 2"),
        ("T.1.X;UINT:0:9;1;1;1;;;;;;;;;;x:a", "2 column 3"),
        ("T.1.X;UINT:0:9;0;0;0", "2 column 4"),
        ("T.1.X;UINT:0:9;0;rw,secret;1", "2 column 4"),
        ("T.1.X;UINT:0:9;0;1;0", "2 column 5"),
        ("T.1.X;UINT:0:9;0;1;1;0;1", "2 column 7"),
        ("T.1.X;UINT:0:9;0;1;1;0;0;0;;10", "2 column 10"),
        ("T.1.Y;UINT", "2 column 1"),
        ("T.0x.X;UINT", "2 column 1"),
    ] {
        let Ok(_) = Row::parse(row) else { continue };
        let found = with(row);
        assert!(
            found.len() == 1 && found[0].contains(why),
            "{row}: {found:?}"
        );
    }
}

#[test]
fn whole_numbers_are_shown_by_rows_of_numbers() {
    let (schema, found) = build(&[
        "A;UINT;1;1;;;;;;;;;;;x:a|scale(0.1)",
        "B;STRING;1;1;;;;;;;;;;;x:b|scale(0.1)",
        "C;STRING;1;1;;;;;;;;;;;x:c|scale(0.1, 2)",
    ]);
    assert_eq!(found, [""; 0]);
    for (name, shown) in [("A", "1"), ("B", "1.25"), ("C", "1.25")] {
        let Origin::Sources(sources) = &parameter(&schema, name).unwrap().origin else {
            panic!("{name}");
        };
        assert_eq!(
            sources[0].filters[0].apply("12.5").as_deref(),
            Some(shown),
            "{name}"
        );
    }
}

#[test]
fn what_is_left_out_leaves_no_trace() {
    let (schema, found) = build(&[
        "T.;ANY;0;1",
        "T.{i}.X;UINT;3;0;;2;1;;;;;;;;Nothing",
        "T.1.X;UINT;3;0;0;2;1",
        "T.{i}.U.{i}.Z;UINT;3;0;;;;;;;;;;;Nothing",
        "Y;UINT;3;0;;2;1;;;;;;;;Nothing",
    ]);
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(schema.notifying.is_empty() && schema.forced.is_empty());
    assert!(schema.instances.is_empty() && schema.literals.is_empty());
    assert_eq!(schema.parameter_count(), 0);
    assert!(schema.root.children.is_empty());
}
