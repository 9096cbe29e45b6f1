//! Deliberate breakages of the code, as the files of `tests/mutants/` list them.
//!
//! Each is a line or a few to find and what to put in their place, in the form of a diff without
//! places, and the test that fails then. Indentation does not count, so that code may move; what
//! is new gets that of what was there.

use std::fs;
use std::path::{Path, PathBuf};

/// A breakage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What is broken, in a few words with hyphens.
    pub name: String,
    /// The file, from the root of the project.
    pub file: String,
    /// The test program: `lib`, or a folder of `tests/`.
    pub program: String,
    /// The tests that notice: parts of their names, one at least.
    pub tests: Vec<String>,
    lines: Vec<(Mark, String)>,
}

/// What a line of a breakage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// There, and stays.
    Around,
    /// There, and goes.
    Gone,
    /// Not there, and comes.
    New,
}

/// Reads all files in a folder, in the order of their names.
///
/// # Panics
/// What a file says is not a list of breakages, or two have one name.
pub fn read(folder: &Path) -> Vec<Mutant> {
    let entries = fs::read_dir(folder).expect("the folder of mutants");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut mutants: Vec<Mutant> = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a list of mutants");
        for mutant in parse(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display())) {
            let again = mutants.iter().any(|other| other.name == mutant.name);
            assert!(!again, "{}: a second {}", file.display(), mutant.name);
            mutants.push(mutant);
        }
    }
    mutants
}

/// Reads a list: breakages behind blank lines, and lines of comment with `#`.
///
/// # Errors
/// A sentence with the line.
pub fn parse(text: &str) -> Result<Vec<Mutant>, String> {
    let mut mutants: Vec<Mutant> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let bad = |why: &str| Err(format!("line {}: {why}", at + 1));
        let (mark, rest) = match (line.chars().next(), line.get(1..)) {
            (None | Some('#'), _) => continue,
            (Some(' '), Some(rest)) => (Mark::Around, rest),
            (Some('-'), Some(rest)) => (Mark::Gone, rest),
            (Some('+'), Some(rest)) => (Mark::New, rest),
            _ => {
                let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
                match (words.as_slice(), mutants.last_mut()) {
                    ([key, name], _) if key == "mutant" => mutants.push(Mutant {
                        name: name.clone(),
                        file: String::new(),
                        program: String::new(),
                        tests: Vec::new(),
                        lines: Vec::new(),
                    }),
                    ([key, file], Some(mutant)) if key == "file" => mutant.file.clone_from(file),
                    ([key, program, tests @ ..], Some(mutant))
                        if key == "test" && !tests.is_empty() =>
                    {
                        mutant.program.clone_from(program);
                        mutant.tests = tests.to_vec();
                    }
                    _ => return bad("none of: mutant NAME; file PATH; test PROGRAM NAME..."),
                }
                continue;
            }
        };
        match mutants.last_mut() {
            Some(mutant) if !mutant.file.is_empty() && !mutant.tests.is_empty() => {
                mutant.lines.push((mark, rest.trim().to_owned()));
            }
            _ => return bad("lines of a mutant come behind its name, file and test"),
        }
    }
    match mutants.iter().find(|mutant| !mutant.changes()) {
        Some(mutant) => Err(format!("{} changes nothing", mutant.name)),
        None => Ok(mutants),
    }
}

/// What a line begins with.
fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

impl Mutant {
    /// The text with the breakage in it.
    ///
    /// # Errors
    /// A sentence where its lines are not in the text, or more than once.
    pub fn apply(&self, text: &str) -> Result<String, String> {
        let lines: Vec<&str> = text.lines().collect();
        let wanted: Vec<&str> = self.there().collect();
        let found = |at: &usize| {
            let here = lines[*at..].iter().map(|line| line.trim());
            here.take(wanted.len()).eq(wanted.iter().copied())
        };
        let mut places = (0..lines.len()).filter(found);
        let (at, None) = (places.next().ok_or_else(|| self.moved())?, places.next()) else {
            return Err(format!(
                "{}: {} has these lines more than once; name more of those around them",
                self.name, self.file
            ));
        };
        let mut broken: Vec<String> = lines[..at].iter().map(|&line| line.to_owned()).collect();
        // What is new stands where what is gone stood, as it matters in some languages.
        let mut there = lines[at..].iter();
        let mut indent = indentation(lines[at]);
        for (mark, line) in &self.lines {
            match mark {
                Mark::New => broken.push(format!("{indent}{line}")),
                Mark::Gone => indent = there.next().map_or("", |line| indentation(line)),
                Mark::Around => broken.extend(there.next().map(|&line| line.to_owned())),
            }
        }
        broken.extend(
            lines[at + wanted.len()..]
                .iter()
                .map(|&line| line.to_owned()),
        );
        Ok(broken.join("\n") + "\n")
    }

    fn moved(&self) -> String {
        format!(
            "{}: {} no longer has the lines it changes; write it anew for the code as it is",
            self.name, self.file
        )
    }

    /// The lines that must be in the file.
    fn there(&self) -> impl Iterator<Item = &str> {
        let there = self.lines.iter().filter(|(mark, _)| *mark != Mark::New);
        there.map(|(_, line)| line.as_str())
    }

    /// Whether it finds something and puts something else in its place.
    fn changes(&self) -> bool {
        let gone = self.lines.iter().any(|(mark, _)| *mark == Mark::Gone);
        let new = self.lines.iter().any(|(mark, _)| *mark == Mark::New);
        self.there().next().is_some() && (gone || new)
    }
}
