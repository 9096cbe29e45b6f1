//! `etc/cwmpd/ROWS.md` teaches the rows: its examples are good, and it leaves nothing out.

use std::collections::BTreeSet;

use cwmpd::datamodel::expr;
use cwmpd::datamodel::filter::{self, Filter};
use cwmpd::datamodel::key::MAX_TABLE_DEPTH;
use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::schema::{MAX_COMPUTED, MAX_COMPUTED_DEPTH, MAX_NODES};
use cwmpd::device::sources::{network, procfs};

use crate::check::{Checked, check, program};
use crate::rows::folder;

/// The program carries the text: no more than this of it.
const MAX_BYTES: usize = 20_000;

fn text() -> String {
    std::fs::read_to_string(folder().join("ROWS.md")).unwrap()
}

/// The examples, each a description of its own.
fn examples(text: &str) -> Vec<&str> {
    let blocks = text.split("```csv\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

#[track_caller]
fn documented(what: &str, words: impl IntoIterator<Item = impl AsRef<str>>) {
    let text = text();
    let known: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || "_-+:".contains(c)))
        .collect();
    for word in words {
        let word = word.as_ref();
        assert!(known.contains(&word), "{what} {word} is not in ROWS.md");
    }
}

/// The words of columns 3 to 8, as a wrong one is answered with them.
fn words() -> BTreeSet<String> {
    let mut words = BTreeSet::from(["secret".to_owned()]);
    for row in [
        "A;STRING;nosuch",
        "A;STRING;stored;nosuch",
        "A;STRING;stored;r;nosuch",
        "A;STRING;stored;rw;nosuch",
        "A;STRING;stored;r;;nosuch",
        "A;STRING;stored;r;;;nosuch",
        "A;STRING;stored;r;;;;nosuch",
    ] {
        let refused = Row::parse(row).unwrap_err().why;
        let (_, known) = refused.split_once("is none of ").unwrap();
        words.extend(
            known
                .split(", ")
                .map(|word| word.split(' ').next().unwrap().to_owned()),
        );
    }
    assert!(words.len() > 15, "{words:?}");
    words
}

#[test]
fn the_program_prints_it_and_it_is_not_too_long() {
    let text = text();
    assert!(text.len() < MAX_BYTES, "{} bytes", text.len());
    let printed = program(&["help", "rows"]);
    assert_eq!(printed.code, 0);
    // Nothing is left out but the marks of Markdown; headings are in capitals.
    let words = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("```"));
        let lines = lines.map(|line| line.trim_start_matches('#').replace("**", ""));
        let lines: Vec<String> = lines.collect();
        lines
            .join(" ")
            .to_uppercase()
            .split_whitespace()
            .collect::<String>()
    };
    assert_eq!(words(&printed.out), words(&text));
    let mut rows = examples(&text).into_iter().flat_map(str::lines);
    let lost = rows.find(|row| !printed.out.contains(&format!("\n{row}\n")));
    assert_eq!(lost, None);
}

#[test]
fn every_example_passes_check_without_a_word() {
    let text = text();
    let examples = examples(&text);
    assert!(examples.len() >= 4);
    for example in examples {
        assert_eq!(check(example), Checked::default(), "{example}");
    }
}

#[test]
fn the_shipped_rows_pass_check_without_a_word() {
    let files = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let csv = files.filter(|path| path.extension().is_some_and(|e| e == "csv"));
    let rows: String = csv
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(check(&rows), Checked::default());
}

#[test]
fn every_word_filter_function_and_source_is_there() {
    documented("the filter", Filter::names());
    documented("the function", expr::functions());
    documented("the word", words());
    documented(
        "the type",
        [
            "STRING",
            "UINT",
            "INT",
            "ULONG",
            "LONG",
            "BOOLEAN",
            "DATE",
            "BASE64",
            "HEXBINARY",
            "STATISTICS",
            "ANY",
        ],
    );
    documented("the key", procfs::KEYS);
    documented("the key", network::WHAT);
    // What an unknown source is answered with.
    let refused = check("A;STRING;source;r;;;;;;;;;;;nosuch:x\n");
    let (_, known) = refused.errors[0].split_once("there are ").unwrap();
    let kinds: Vec<&str> = known.split(", ").collect();
    assert!(kinds.len() > 5, "{kinds:?}");
    for kind in kinds {
        assert!(
            text().contains(&format!("\n    {kind}:")),
            "the source {kind} is not in ROWS.md"
        );
    }
    let refused = check("A;STRING;source;r;;;;;;;;;;;agent:nosuch\n");
    let (_, known) = refused.errors[0].split_once("agent:nosuch: ").unwrap();
    let keys: Vec<&str> = known
        .split([' ', ','])
        .filter(|word| word.contains('_'))
        .collect();
    assert!(keys.len() > 2, "{known}");
    documented("the key", keys);
}

#[test]
fn every_limit_is_there() {
    let text = text();
    let limits = text.split("## Limits").nth(1).unwrap();
    let numbers: Vec<&str> = limits.split(|c: char| !c.is_ascii_digit()).collect();
    for limit in [
        256,
        filter::MAX_LENGTH,
        cwmpd::datamodel::types::MAX_VALUE_BYTES / 1024,
        MAX_NODES,
        MAX_TABLE_DEPTH,
        filter::MAX_ALTERNATIVES,
        filter::MAX_FILTERS,
        filter::MAX_ARGUMENTS,
        MAX_COMPUTED_DEPTH.into(),
        MAX_COMPUTED.into(),
    ] {
        assert!(numbers.contains(&&*limit.to_string()), "{limit}");
    }
    assert_eq!(filter::MAX_LENGTH, expr::MAX_LENGTH);
}

#[test]
fn the_filters_that_lead_back_are_marked() {
    let text = text();
    let filters = text
        .split("## Filters")
        .nth(1)
        .unwrap()
        .split("## ")
        .next()
        .unwrap();
    for (filter, leads_back) in [
        ("bool", true),
        ("not", true),
        ("epoch", true),
        ("hex8", true),
        ("trim", true),
        ("map(a=b, c=d, *=e)", true),
        ("match(v{*}-rev)", true),
        ("scale(0.1)", true),
        ("item(2)", false),
        ("upper", false),
        ("lower", false),
        ("nocolon", false),
        ("oui", false),
    ] {
        let row = format!("A;STRING;source;rw;;;;;;;;;;;uci:a.b.c|{filter}\n");
        assert_eq!(check(&row).errors.is_empty(), leads_back, "{filter}");
        let name = filter.split('(').next().unwrap();
        let line = filters.lines().find(|line| {
            let words = line.strip_prefix("    ").map(|line| line.split([' ', '(']));
            words.is_some_and(|mut words| words.any(|word| word == name))
        });
        let line = line.unwrap_or_else(|| panic!("{name}"));
        assert_eq!(line.contains("<>"), leads_back, "{line}");
    }
}
