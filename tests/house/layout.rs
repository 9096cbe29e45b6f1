//! A file is read in a sitting, nothing is left open, and things are where and as one expects.

use crate::rust_text;
use crate::tree::{self, TextFile, assert_none, one};

/// Lines of a file, at most.
const MAX_LINES: usize = 600;

/// Lines of the middle one of all files with Rust, at most.
const MAX_MEDIAN: usize = 250;

/// Words of work that is not done, in two parts so that this file has none.
const LEFT_OPEN: [(&str, &str); 6] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("to", "do!"),
    ("unim", "plemented!"),
    ("db", "g!"),
];

fn too_long(files: &[TextFile]) -> Vec<String> {
    let source = files.iter().filter(|file| file.is(&[".rs", ".sh"]));
    source
        .filter(|file| file.text.lines().count() > MAX_LINES)
        .map(|file| format!("{}: more than {MAX_LINES} lines", file.path))
        .collect()
}

fn median(files: &[TextFile]) -> usize {
    let source = files.iter().filter(|file| file.is(&[".rs"]));
    let mut lines: Vec<_> = source.map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or_default()
}

fn left_open(files: &[TextFile]) -> Vec<String> {
    let is_word = |text: &str, at: usize, length: usize| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        !text[..at].ends_with(word) && !text[at + length..].starts_with(word)
    };
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for (one, two) in LEFT_OPEN {
                let word = format!("{one}{two}");
                if line
                    .match_indices(&word)
                    .any(|(at, _)| is_word(line, at, word.len()))
                {
                    found.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    found
}

/// A module with files of its own is the folder `name/` with its `mod.rs`; what is two modules up
/// is named from `crate` on.
fn odd_modules(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        let folder = file.path.trim_end_matches("rs").replace('.', "/");
        if files.iter().any(|other| other.path.starts_with(&folder)) {
            found.push(format!("{}: belongs into {folder}, as mod.rs", file.path));
        }
        let code = rust_text::parse(&file.text).code;
        for (number, line) in code.lines().enumerate() {
            for odd in ["super::super", "#[path"] {
                if line.contains(odd) {
                    found.push(format!("{}:{}: {odd}", file.path, number + 1));
                }
            }
        }
    }
    found
}

/// The three groups that `use` stands in, in their order, a blank line between them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Std,
    Extern,
    Own,
}

/// The first line that begins a `use` in the wrong group.
fn mixed_uses(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        let code = rust_text::parse(&file.text).code;
        let local: Vec<_> = code
            .lines()
            .filter_map(|line| line.strip_prefix("mod "))
            .collect();
        let mut last = None;
        let mut blank = false;
        for (number, line) in code.lines().enumerate() {
            let Some(path) = line.strip_prefix("use ") else {
                blank |= line.is_empty();
                continue;
            };
            let first = path
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            let own = local.iter().any(|name| name.strip_suffix(';') == first);
            let origin = match first.unwrap_or_default() {
                "std" | "core" | "alloc" => Origin::Std,
                "crate" | "super" | "self" => Origin::Own,
                _ if own => Origin::Own,
                _ => Origin::Extern,
            };
            let fits = last.is_none_or(|last| match blank {
                true => last < origin,
                false => last == origin,
            });
            if !fits {
                found.push(format!("{}:{}: in another group", file.path, number + 1));
                break;
            }
            (last, blank) = (Some(origin), false);
        }
    }
    found
}

#[test]
fn files_can_be_read_in_a_sitting() {
    let files = tree::files("");
    assert_none("too long", &too_long(&files));
    let median = median(&files);
    assert!(median <= MAX_MEDIAN, "the median is {median} lines");
}

#[test]
fn nothing_is_left_open() {
    let files = tree::files("");
    let ours = files.iter().map(|file| file.path.clone());
    assert!(ours.into_iter().any(|path| path == "etc/config/cwmpd"));
    assert_none("left open", &left_open(&files));
}

#[test]
fn modules_are_where_one_looks_for_them() {
    assert_none("odd modules", &odd_modules(&tree::files("")));
}

#[test]
fn uses_are_std_then_external_then_own() {
    assert_none("mixed `use`", &mixed_uses(&tree::files("")));
}

#[test]
fn each_rule_finds_what_breaks_it() {
    let long = [
        one("a.rs", &"\n".repeat(601)),
        one("b.sh", &"\n".repeat(600)),
    ];
    assert_eq!(too_long(&long), ["a.rs: more than 600 lines"]);
    assert_eq!(median(&long), 601);

    let open = concat!("# TO", "DO\nFIX", "MEs\nlet x = to", "do!();\nXX", "X");
    assert_eq!(left_open(&[one("a.csv", open)]).len(), 3);

    let modules = [
        one("src/a.rs", "use super::super::b;\n// super::super\n"),
        one("src/a/c.rs", "#[path = \"d.rs\"]\nmod d;"),
        one("src/e/mod.rs", "mod f;"),
        one("src/e/f.rs", ""),
    ];
    let odd = odd_modules(&modules);
    let expected = [
        "src/a.rs: belongs into src/a/, as mod.rs",
        "src/a.rs:1: super::super",
        "src/a/c.rs:1: #[path",
    ];
    assert_eq!(odd, expected);

    let good = "use std::io;\n\nuse log::warn;\n\nuse crate::b;\nuse super::c;\n";
    assert!(mixed_uses(&[one("a.rs", good)]).is_empty());
    for bad in [
        "use std::io;\nuse log::warn;\n",
        "use log::warn;\n\nuse std::io;\n",
        "use super::c;\nuse log::warn;\n",
        "use std::io;\n\nuse std::fmt;\n",
        "mod d;\n\nuse d::E;\n\nuse std::fmt;\n",
    ] {
        assert_eq!(mixed_uses(&[one("a.rs", bad)]).len(), 1, "{bad}");
    }
}
