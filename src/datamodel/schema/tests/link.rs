//! Rows that need one another: names, redirects, what can be written.

use super::*;

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
        .references()
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
    assert!(schema.root.children().is_empty());
}
