//! Rust source taken apart, as far as the rules of the house need: code, strings, comments.

use std::iter::repeat_n;

/// A source text in its parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RustText {
    /// The code; comments are gone and literals empty (`""`), lines are where they were.
    pub code: String,
    /// The content of each string literal, as it is written, with its line.
    pub strings: Vec<(usize, String)>,
    /// The text of each line of a comment, documentation too, with its line.
    pub comments: Vec<(usize, String)>,
}

/// Takes a source text apart.
pub fn parse(text: &str) -> RustText {
    let mut parts = RustText::default();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, literal) = match first {
            '/' if rest.starts_with("//") => {
                let length = rest.find('\n').unwrap_or(rest.len());
                let comment = rest[..length].trim_start_matches(['/', '!']).trim();
                parts.comments.push((line, comment.to_owned()));
                (length, "")
            }
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |at| at + 2), ""),
            '"' => {
                let length = string(rest);
                parts.strings.push((line, content(&rest[1..length - 1])));
                (length, "\"\"")
            }
            'r' if raw_string(rest).is_some() && !ends_in_word(&parts.code) => {
                let (length, hashes) = raw_string(rest).unwrap();
                let content = &rest[hashes + 2..length - hashes - 1];
                parts.strings.push((line, content.to_owned()));
                (length, "\"\"")
            }
            '\'' if character(rest).is_some() => (character(rest).unwrap(), "''"),
            other => {
                parts.code.push(other);
                line += usize::from(other == '\n');
                rest = &rest[other.len_utf8()..];
                continue;
            }
        };
        let lines = rest[..length].matches('\n').count();
        parts.code.push_str(literal);
        parts.code.extend(repeat_n('\n', lines));
        line += lines;
        rest = &rest[length..];
    }
    parts
}

/// The length of the string literal at the start, with its quotes.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.expect("the end of a string").0 + 1
}

/// A line that ends in a backslash goes on at the first word of the next.
fn content(literal: &str) -> String {
    let mut lines = literal.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| text + line.trim_start())
}

/// The length of the raw string literal at the start, and the number of its `#`.
fn raw_string(text: &str) -> Option<(usize, usize)> {
    let open = text[1..].trim_start_matches('#');
    let hashes = text.len() - 1 - open.len();
    let end = format!("\"{}", "#".repeat(hashes));
    let at = open.strip_prefix('"')?.find(&end)?;
    Some((1 + hashes + 1 + at + end.len(), hashes))
}

fn ends_in_word(code: &str) -> bool {
    code.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The length of the character literal at the start; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    let end = match first {
        '\\' => text[3..].find('\'')? + 4,
        _ => chars.next().filter(|(_, c)| *c == '\'')?.0 + 1,
    };
    Some(end)
}

impl RustText {
    /// The number of lines before the tests at the end of a file.
    pub fn shipped_lines(&self) -> usize {
        let tests = self.code.find("#[cfg(test)]\nmod tests");
        self.code[..tests.unwrap_or(self.code.len())]
            .lines()
            .count()
    }
}

/// All paths of the code with at least one `::`, groups taken apart (`a::{b, c::d}` is `a::b` and
/// `a::c::d`), each with its line.
pub fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // What stands before each brace that is open; nothing, where it opens a block.
    let mut groups: Vec<String> = Vec::new();
    let mut word = String::new();
    for (number, line) in code.lines().enumerate() {
        for c in line.chars().chain(['\n']) {
            if c.is_alphanumeric() || matches!(c, '_' | ':') {
                word.push(c);
                continue;
            }
            let path = groups.last().map_or("", String::as_str).to_owned() + &word;
            let opens_group = c == '{' && word.ends_with("::");
            if path.contains("::") && !word.is_empty() && !opens_group {
                found.push((number + 1, path.clone()));
            }
            match c {
                '{' if opens_group => groups.push(path),
                '{' => groups.push(String::new()),
                '}' => drop(groups.pop()),
                _ => {}
            }
            word.clear();
        }
    }
    found
}

#[test]
fn source_is_taken_apart() {
    let text = "use a::b; // c::d\nlet x = 'x'; let s = \"e \\\"f\\\" \\\n    g\";\nfn h<'a>() {} /* i\n */ let r = r#\"j \"k\" \"#; \
                let q = '\\'';\n/// l\n";
    let parts = parse(text);
    let code =
        "use a::b; \nlet x = ''; let s = \"\"\n;\nfn h<'a>() {} \n let r = \"\"; let q = '';\n\n";
    assert_eq!(parts.code, code);
    let strings = [(2, "e \\\"f\\\" g".to_owned()), (5, "j \"k\" ".to_owned())];
    assert_eq!(parts.strings, strings);
    let comments = [(1, "c::d".to_owned()), (6, "l".to_owned())];
    assert_eq!(parts.comments, comments);
}

#[test]
fn groups_of_paths_are_taken_apart() {
    let code = "use crate::{soap::{Fault, self}, cwmp};\nfn f() { let x = std::mem::take(y); }";
    let paths: Vec<_> = paths(code).into_iter().map(|(_, path)| path).collect();
    let expected = [
        "crate::soap::Fault",
        "crate::soap::self",
        "crate::cwmp",
        "std::mem::take",
    ];
    assert_eq!(paths, expected);
}
