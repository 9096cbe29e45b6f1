//! What is shipped for GenieACS names what the shipped rows have. It was tried with GenieACS 1.2.9; here
//! it is held as far as that goes without it.

use std::path::PathBuf;
use std::process::Command;

use cwmpd_lab::shared;
use tinyjson::JsonValue;

use crate::rows::rows;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("etc/genieacs")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// The paths that a provision declares, without the root.
fn declared(script: &str) -> Vec<String> {
    let literals = script.split('"').skip(1).step_by(2);
    let paths: Vec<String> = literals
        .map(|literal| literal.strip_prefix("Device.").expect(literal).to_owned())
        .collect();
    assert!(paths.len() > 20);
    paths
}

/// Whether a path of a provision, in which a star stands for an instance or any name, is that of a row
/// or of an instance of one.
fn names(declared: &str, row: &str) -> bool {
    let row: Vec<&str> = row.trim_end_matches('.').split('.').collect();
    let declared: Vec<&str> = declared.split('.').collect();
    let fits = |(wanted, known): (&&str, &&str)| wanted == known || *wanted == "*";
    declared.len() == row.len() && declared.iter().zip(&row).all(fits)
}

#[test]
fn s18_every_path_of_the_provision_is_in_the_model() {
    let rows = rows();
    for path in declared(&text("cwmpd.js")) {
        // A table has instances, and its rows have no row of their own.
        let has = |row: &str| names(&path, row) || names(&path, &format!("{row}*"));
        assert!(rows.iter().any(|row| has(&row.path)), "{path}");
    }
}

#[test]
fn s18_the_preset_runs_the_provision_in_each_session() {
    let preset: JsonValue = text("preset.json").parse().unwrap();
    let run = &preset["configurations"][0];
    let string = |value: &JsonValue| value.get::<String>().unwrap().clone();
    assert_eq!(string(&run["type"]), "provision");
    assert_eq!(format!("{}.js", string(&run["name"])), "cwmpd.js");
    assert!(file("cwmpd.js").exists());
    // No event and no condition.
    assert_eq!(preset["events"].stringify().unwrap(), "{}");
    assert_eq!(string(&preset["precondition"]), "");
}

#[test]
fn s18_the_provision_is_a_program() {
    let script = file("cwmpd.js");
    match Command::new("node").arg("--check").arg(script).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => shared::skip("node is absent, so the provision is not checked"),
    }
}
