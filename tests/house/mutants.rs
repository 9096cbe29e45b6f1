//! The deliberate breakages of `tests/mutants/` fit the code as it is, and the tests named there
//! exist. That these notice them takes longer: `tests/mutants.sh --run`.

use std::path::Path;

use cwmpd_lab::mutants::{self, Mutant};

use crate::tree::{self, TextFile, assert_none};

/// Breakages that are kept, at least.
const MIN_MUTANTS: usize = 60;

/// The tests of a program with the files that they are in, as the test runner calls them, more or
/// less: `home/tests::name`.
fn tests(program: &str, files: &[TextFile]) -> Vec<String> {
    let folder = match program {
        "lib" => "src/".to_owned(),
        other => format!("tests/{other}/"),
    };
    let mut tests = Vec::new();
    for file in files {
        let Some(path) = file.path.strip_prefix(&folder) else {
            continue;
        };
        let lines = file.text.lines().map(str::trim_start);
        let names = lines.filter_map(|line| line.strip_prefix("fn ")?.split('(').next());
        tests.extend(names.map(|name| format!("{}::{name}", path.trim_end_matches(".rs"))));
    }
    tests
}

/// What is wrong with a breakage, one line each.
fn wrong(mutant: &Mutant, files: &[TextFile]) -> Option<String> {
    let Some(file) = files.iter().find(|file| file.path == mutant.file) else {
        return Some(format!("{}: there is no {}", mutant.name, mutant.file));
    };
    let broken = match mutant.apply(&file.text) {
        Err(why) => return Some(why),
        Ok(broken) => broken,
    };
    if broken.split_whitespace().eq(file.text.split_whitespace()) {
        return Some(format!("{} changes nothing", mutant.name));
    }
    let known = tests(&mutant.program, files);
    let lost = |test: &&String| {
        let words = test.split("::");
        let is_in = |known: &String| words.clone().all(|word| known.contains(word));
        !known.iter().any(is_in)
    };
    let lost = mutant.tests.iter().find(lost)?;
    Some(format!(
        "{}: no test of {} is named {lost}",
        mutant.name, mutant.program
    ))
}

#[test]
fn each_mutant_applies_and_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mutants = mutants::read(&root.join("tests/mutants"));
    let files = tree::files("");
    let wrong: Vec<_> = mutants.iter().filter_map(|m| wrong(m, &files)).collect();
    assert_none("mutants that cannot be tried:", &wrong);
    assert!(mutants.len() >= MIN_MUTANTS, "only {}", mutants.len());
}

#[test]
fn a_mutant_finds_its_lines_once_and_not_by_their_indentation() {
    let list = "# why\nmutant off-by-one\nfile src/a.rs\ntest lib bound another\n if a {\n-b > 1;\n+b > 2;\n";
    let mutant = mutants::parse(list).unwrap().remove(0);
    assert_eq!(mutant.tests, ["bound", "another"]);
    let broken = mutant
        .apply("x\n    if a {\n        b > 1;\n    }\n")
        .unwrap();
    assert_eq!(broken, "x\n    if a {\n        b > 2;\n    }\n");
    let twice = "if a {\nb > 1;\nif a {\nb > 1;\n";
    assert!(mutant.apply(twice).unwrap_err().contains("more than once"));
    assert!(
        mutant
            .apply("if a {\nb > 3;\n")
            .unwrap_err()
            .contains("no longer")
    );
    let files = [
        tree::one(
            "src/a.rs",
            "if a {\nb > 1;\n#[test]\nfn a_bound_is_kept() {}",
        ),
        tree::one("tests/a/b.rs", "fn another() {}"),
    ];
    assert!(wrong(&mutant, &files).unwrap().contains("named another"));
    for bad in [
        "mutant a\nfile b\n-c\n",
        "mutant a b\n",
        "file b\n",
        "mutant a\nfile b\ntest lib c\n d\n",
        "mutant a\nfile b\ntest lib c\n+d\n",
    ] {
        assert!(mutants::parse(bad).is_err(), "{bad}");
    }
}
