//! Breaks a copy of the project in each way that `tests/mutants/` lists, one at a time, and runs the
//! test named for it: it must fail. See `tests/mutants.sh`.
//!
//! `mutants TREE [NAME...]`: TREE is the copy; NAME the beginning of the names to try.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Instant;

use cwmpd_lab::mutants::{self, Mutant};

/// Seconds that the tests of one breakage may take. One that goes on for ever is noticed too: by
/// whoever waits for it.
const PATIENCE: &str = "300";

/// What became of a command.
struct Ran {
    status: ExitStatus,
    said: String,
}

/// What became of a breakage.
enum Fate {
    /// These tests failed.
    Noticed(String),
    /// The tests did not end.
    Hung,
    /// No test failed.
    Survived,
    /// It does not tell anything.
    Useless(String),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(tree) = arguments.next() else {
        eprintln!("usage: mutants TREE [NAME...]");
        return ExitCode::from(2);
    };
    let (tree, names): (_, Vec<String>) = (Path::new(&tree), arguments.collect());
    let mut mutants = mutants::read(&tree.join("tests/mutants"));
    let wanted = |mutant: &Mutant| names.iter().any(|name| mutant.name.starts_with(name));
    mutants.retain(|mutant| names.is_empty() || wanted(mutant));
    // Those of one program together: the others are not built meanwhile.
    mutants.sort_by(|one, other| one.program.cmp(&other.program));
    if let Err(why) = whole(tree, &mutants) {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let mut noticed = 0;
    for mutant in &mutants {
        let start = Instant::now();
        let (word, why) = match fate(tree, mutant) {
            Fate::Noticed(by) => ("noticed", by),
            Fate::Hung => ("noticed", "its tests do not end".to_owned()),
            Fate::Survived => ("SURVIVED", String::new()),
            Fate::Useless(why) => ("USELESS", why),
        };
        noticed += usize::from(word == "noticed");
        let (name, seconds) = (&mutant.name, start.elapsed().as_secs());
        println!("{word:9}{name:50}{seconds:4} s   {why}");
    }
    println!("{noticed}/{} noticed", mutants.len());
    match noticed == mutants.len() && noticed > 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Whether all tests that are to fail pass on the code as it is, and are there.
fn whole(tree: &Path, mutants: &[Mutant]) -> Result<(), String> {
    let tests: BTreeSet<_> = mutants.iter().map(|m| (&m.program, &m.tests)).collect();
    for (program, names) in tests {
        let built = cargo(tree, program, &["--no-run"]);
        if !built.status.success() {
            return Err(built.said);
        }
        for name in names {
            let Ran { status, said } = run(tree, program, std::slice::from_ref(name));
            if !status.success() || said.contains("\nrunning 0 tests") {
                return Err(format!(
                    "without any mutant, {program} {name} fails or is not there:\n{said}"
                ));
            }
        }
    }
    Ok(())
}

fn fate(tree: &Path, mutant: &Mutant) -> Fate {
    let file = tree.join(&mutant.file);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => return Fate::Useless(format!("{}: {error}", file.display())),
    };
    let broken = match mutant.apply(&text) {
        Ok(broken) => broken,
        Err(why) => return Fate::Useless(why),
    };
    fs::write(&file, broken).expect("a file of the copy");
    let fate = tried(tree, mutant);
    fs::write(&file, text).expect("a file of the copy");
    fate
}

fn tried(tree: &Path, mutant: &Mutant) -> Fate {
    let built = cargo(tree, &mutant.program, &["--no-run"]);
    if !built.status.success() {
        let error = built.said.lines().find(|line| line.starts_with("error"));
        return Fate::Useless(error.unwrap_or("it does not build").to_owned());
    }
    let Ran { status, said } = run(tree, &mutant.program, &mutant.tests);
    match status.code() {
        Some(0) => Fate::Survived,
        // That of timeout(1).
        Some(124) => Fate::Hung,
        _ if said.contains("test result: FAILED") => Fate::Noticed(failed(&said)),
        _ => Fate::Useless("its tests did not run".to_owned()),
    }
}

/// The names that the last list of failed tests has.
fn failed(said: &str) -> String {
    let (_, list) = said.rsplit_once("\nfailures:\n").unwrap_or_default();
    let names = list.lines().map_while(|line| line.strip_prefix("    "));
    names.collect::<Vec<_>>().join(" ")
}

fn run(tree: &Path, program: &str, names: &[String]) -> Ran {
    let mut arguments = vec!["--"];
    arguments.extend(names.iter().map(String::as_str));
    cargo(tree, program, &arguments)
}

fn cargo(tree: &Path, program: &str, arguments: &[&str]) -> Ran {
    // No pipe: what a broken agent leaves behind may hold its end for ever.
    let path = tree.with_extension("said");
    let said = File::create(&path).expect("a file beside the copy");
    let mut command = Command::new("timeout");
    command.args([PATIENCE, "cargo", "test", "-q", "--locked", "-p", "cwmpd"]);
    match program {
        "lib" => command.arg("--lib"),
        other => command.args(["--test", other]),
    };
    let errors = said.try_clone().expect("the same file");
    let command = command.args(arguments).current_dir(tree);
    let command = command.stdin(Stdio::null()).stdout(said).stderr(errors);
    let status = command.status().expect("timeout(1) and cargo");
    let said = fs::read(&path).expect("the file beside the copy");
    let said = String::from_utf8_lossy(&said).into_owned();
    Ran { status, said }
}
