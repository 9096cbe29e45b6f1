//! What a row says that nothing would come of, and tables with their instances.

use super::*;

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
            &["A.T.{i}.X;UINT;0;0;1"],
            &[
                "note 0 column 1: Device.A.T. has no instances",
                "note 0 column 5",
            ],
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
