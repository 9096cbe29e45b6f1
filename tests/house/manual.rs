//! The manual pages say what there is: `cwmpd.8` the commands and options of `cwmpd --help`,
//! `cwmpd-rows.5` what `ROWS.md` says, from which it is made.

use std::path::Path;
use std::process::Command;

use crate::named;
use crate::tree;

/// The words in bold of a page, without marks of the formatter.
fn bold_words(page: &str) -> Vec<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(".B"));
    let words = lines.flat_map(|line| line.split([' ', ',', '[', ']', '"']));
    let plain = words.map(|word| word.replace("\\fR", "").replace('\\', ""));
    plain.filter(|word| !word.is_empty()).collect()
}

#[test]
fn b23_the_manual_has_each_command_and_option() {
    let page = tree::read("etc/man/cwmpd.8");
    let explained = bold_words(&page);
    for name in named::commands() {
        assert!(explained.contains(&name), "{name} is not in cwmpd.8");
    }
    let exit_codes = named::help();
    let exit_codes = exit_codes.split("Exit codes\n").nth(1).unwrap();
    for code in exit_codes.split_whitespace().filter(|w| w.len() == 1) {
        if code.chars().all(|c| c.is_ascii_digit()) {
            assert!(explained.iter().any(|word| word == code), "{code}");
        }
    }
}

#[test]
fn b23_the_manual_of_rows_is_made_of_rows_md() {
    let made = page(&tree::read("etc/cwmpd/ROWS.md"));
    let there = tree::read("etc/man/cwmpd-rows.5");
    if made != there {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cwmpd-rows.5");
        std::fs::write(&new, made).unwrap();
        panic!(
            "ROWS.md has changed: cp {} etc/man/cwmpd-rows.5",
            new.display()
        );
    }
}

#[test]
fn b23_the_manual_is_well_formed() {
    for page in ["etc/man/cwmpd.8", "etc/man/cwmpd-rows.5"] {
        let lint = Command::new("mandoc")
            .args(["-T", "lint", "-W", "warning", page])
            .output();
        let Ok(lint) = lint else {
            eprintln!("skipped: the manual pages are not looked over, mandoc is not installed");
            return;
        };
        let said = String::from_utf8_lossy(&lint.stdout);
        // The date of a page is that of the release.
        let found = said.lines().filter(|line| !line.contains("missing date"));
        assert_eq!(found.collect::<Vec<_>>(), Vec::<&str>::new(), "{page}");
    }
}

/// A manual page of a text in the few forms of Markdown that `ROWS.md` uses: headings, paragraphs, a
/// numbered list, and code that is indented or fenced.
fn page(markdown: &str) -> String {
    let mut page = Page::default();
    for line in markdown.lines() {
        page.add(line);
    }
    page.flush();
    let title = page.title;
    format!(
        ".\\\" Made of ROWS.md; tests/house/manual.rs tells how.\n\
         .TH CWMPD\\-ROWS 5 \"\" \"cwmpd\" \"File Formats Manual\"\n\
         .SH NAME\ncwmpd\\-rows \\- {}\n.SH DESCRIPTION\n{}",
        title.to_lowercase(),
        page.text.trim_start_matches(".PP\n")
    )
}

#[derive(Default)]
struct Page {
    title: String,
    text: String,
    /// The lines of the paragraph that is being read.
    paragraph: Vec<String>,
    is_fenced: bool,
    is_code: bool,
}

impl Page {
    fn add(&mut self, line: &str) {
        if line.starts_with("```") {
            self.flush();
            self.is_fenced = !self.is_fenced;
            self.set_code(self.is_fenced);
        } else if self.is_fenced {
            for part in broken(line) {
                self.text.extend([&verbatim(&part), "\n"]);
            }
        } else if line.is_empty() {
            self.flush();
        } else if let Some(title) = line.strip_prefix("# ") {
            title.clone_into(&mut self.title);
        } else if let Some(heading) = line.strip_prefix("## ") {
            self.flush();
            let heading = heading.to_uppercase();
            self.text.extend([".SH ", &heading, "\n"]);
        } else if let Some(item) = item(line) {
            self.flush();
            self.text
                .extend([".TP 4\n", item.split_once(' ').unwrap().0, "\n"]);
            let text = item.split_once(' ').unwrap().1.trim_start();
            self.paragraph = vec![String::new(), text.to_owned()];
        } else if line.starts_with("    ") && (self.is_code || self.paragraph.is_empty()) {
            self.set_code(true);
            let line = line.strip_prefix("    ").unwrap_or(line);
            self.text.extend([&verbatim(line), "\n"]);
        } else {
            self.paragraph.push(line.trim_start().to_owned());
        }
    }

    fn set_code(&mut self, is_code: bool) {
        if self.is_code == is_code {
            return;
        }
        self.is_code = is_code;
        if is_code {
            self.begin_paragraph();
            self.text += ".EX\n";
        } else {
            self.text += ".EE\n";
        }
    }

    /// A heading leaves the space already.
    fn begin_paragraph(&mut self) {
        let last = self.text.lines().next_back();
        if !last.is_some_and(|line| line.starts_with(".SH ")) {
            self.text += ".PP\n";
        }
    }

    /// Ends the paragraph. The first line of an item's is empty: it needs no space before it.
    fn flush(&mut self) {
        self.set_code(self.is_fenced);
        if self.paragraph.is_empty() {
            return;
        }
        if self.paragraph.first().is_some_and(|line| !line.is_empty()) {
            self.begin_paragraph();
        }
        let paragraph = std::mem::take(&mut self.paragraph).join("\n");
        for line in fonts(&paragraph).lines().filter(|line| !line.is_empty()) {
            if line.starts_with(['.', '\'']) {
                self.text += "\\&";
            }
            self.text.extend([line, "\n"]);
        }
    }
}

/// What of a line that is not filled stands beside the margin of a page that is 80 columns wide.
const MAX_CODE: usize = 73;

/// A row of an example, broken behind one of its columns where it is too long for a page.
fn broken(row: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = row.to_owned();
    while rest.chars().count() > MAX_CODE {
        let most = rest.char_indices().nth(MAX_CODE).unwrap().0;
        let margin = rest.len() - rest.trim_start().len();
        let columns = &rest[margin..most];
        let end = columns.rfind([';', ' ', '|']).or(columns.rfind(['.', '/']));
        let at = margin + end.expect("a place to break it") + 1;
        let next = format!("    {}", rest[at..].trim_start());
        rest.truncate(at);
        parts.push(rest);
        rest = next;
    }
    parts.push(rest);
    parts
}

#[test]
fn b56_the_manual_fits_a_terminal() {
    let page = tree::read("etc/man/cwmpd-rows.5");
    let mut is_code = false;
    for line in page.lines() {
        match line {
            ".EX" => is_code = true,
            ".EE" => is_code = false,
            _ => {
                let shown = line.replace("\\(ti", "~").replace("\\(ha", "^");
                let shown = shown
                    .replace("\\e", "/")
                    .replace("\\&", "")
                    .replace('\\', "");
                assert!(!is_code || shown.chars().count() <= MAX_CODE, "{line}");
            }
        }
    }
    for page in ["etc/man/cwmpd.8", "etc/man/cwmpd-rows.5"] {
        let shown = Command::new("mandoc")
            .args(["-T", "utf8", "-O", "width=80", page])
            .output();
        let Ok(shown) = shown else {
            eprintln!("skipped: the manual pages are not laid out, mandoc is not installed");
            return;
        };
        // A terminal draws over: a letter, a step back, the letter again.
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        for line in shown.lines() {
            let columns = line.chars().count() - 2 * line.matches('\u{8}').count();
            assert!(columns <= 80, "{page}: {line}");
        }
    }
}

#[test]
fn the_language_of_rows_fits_a_terminal() {
    let text = tree::read("etc/cwmpd/ROWS.md");
    let mut is_fenced = false;
    for line in text.lines() {
        is_fenced ^= line.starts_with("```");
        assert!(is_fenced || line.chars().count() <= 80, "{line}");
    }
}

/// The line of a numbered list without its indent.
fn item(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let (number, _) = item.split_once(' ')?;
    let digits = number.strip_suffix('.')?;
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    (is_number && line.len() - item.len() < 4).then_some(item)
}

/// `code` and **strong** in bold.
fn fonts(text: &str) -> String {
    let mut made = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            made.extend(["\\fB", &escaped(part), "\\fR"]);
            continue;
        }
        for (index, part) in part.split("**").enumerate() {
            match index % 2 {
                1 => made.extend(["\\fB", &escaped(part), "\\fR"]),
                _ => made += &escaped(part),
            }
        }
    }
    made
}

fn verbatim(line: &str) -> String {
    let guard = if line.starts_with(['.', '\'']) {
        "\\&"
    } else {
        ""
    };
    format!("{guard}{}", escaped(line))
}

/// A text that the formatter prints as it is.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    text.replace('~', "\\(ti").replace('^', "\\(ha")
}

#[test]
fn a_page_is_made_of_each_form() {
    let made = page(
        "# The X\n\nA `b-c` of **d**\nand\n\n    code \\n\n    .more\n\n## Columns\n\n 1. **Name**: n\n    \
         on\n10. T\n\n```csv\nA;B\n\n'C\n```\n",
    );
    let text = made.split(".SH DESCRIPTION\n").nth(1).unwrap();
    assert_eq!(
        text,
        "A \\fBb\\-c\\fR of \\fBd\\fR\nand\n.PP\n.EX\ncode \\en\n\\&.more\n.EE\n.SH COLUMNS\n\
         .TP 4\n1.\n\\fBName\\fR: n\non\n.TP 4\n10.\nT\n.PP\n.EX\nA;B\n\n\\&'C\n.EE\n"
    );
    assert!(
        made.contains("cwmpd\\-rows \\- the x\n.SH DESCRIPTION"),
        "{made}"
    );
}
