//! Our reading and writing of UCI files against the real `uci`, where it was built:
//!
//!     CWMPD_UCI_ORACLE=$(tests/uci-oracle.sh) cargo test --test device uci_oracle

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::source::Source as _;
use cwmpd::datamodel::types::ParamType;
use cwmpd::device::sources::uci::UciSource;
use cwmpd::device::uci::{Document, update};
use cwmpd_lab::{Folder, shared};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::uci_corpus::{
    PACKAGES, add_list, add_section, delete, delete_section, set, set_list, show, text,
};
use crate::uci_source::declare;

/// Cases of each property; every one runs `uci` once or twice.
const CASES: u32 = 400;

struct Oracle {
    program: PathBuf,
    folder: Folder,
}

impl Oracle {
    /// `None` where it is not built, which is said.
    fn new(test: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("CWMPD_UCI_ORACLE") else {
            shared::skip("CWMPD_UCI_ORACLE is not set; tests/uci-oracle.sh builds it");
            return None;
        };
        let folder = Folder::new(test);
        fs::create_dir(folder.join("save")).unwrap();
        Some(Self {
            program: program.into(),
            folder,
        })
    }

    /// `-t`, not `-P`: that would make `commit` do nothing, and say it did.
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.program)
            .arg("-c")
            .arg(self.folder.path())
            .arg("-t")
            .arg(self.folder.join("save"))
            .args(arguments)
            .output()
            .unwrap()
    }

    fn must(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    fn put(&self, package: &str, text: &[u8]) {
        self.folder.file(package, text);
    }

    fn path(&self, package: &str) -> PathBuf {
        self.folder.join(package)
    }

    /// What `uci` reads in a text: as `uci show` shows it, else its complaint.
    fn reads(&self, package: &str, text: &[u8]) -> Result<String, String> {
        self.put(package, text);
        let output = self.run(&["show", package]);
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Both read the same in a text, or refuse it for the same reason.
    fn agree(&self, text: &[u8]) -> Result<(), TestCaseError> {
        let theirs = self.reads("p", text);
        let ours = Document::parse("p", text.to_vec());
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => prop_assert_eq!(show("p", &ours), theirs),
            (Err(theirs), Err(ours)) => {
                let why = ours.to_string();
                // Where, the words of `uci`, and sometimes plainer ones.
                let why = why.split(": ").nth(1).unwrap();
                prop_assert!(theirs.contains(why), "ours: {ours}; theirs: {theirs}");
            }
            (theirs, ours) => {
                let ours = ours.map(|d| show("p", &d)).map_err(|e| e.to_string());
                prop_assert!(false, "ours: {ours:?}; theirs: {theirs:?}");
            }
        }
        Ok(())
    }
}

fn run<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config).run(&strategy, test).unwrap();
}

/// Statements and splinters of them.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-c]{1,2}",
        2 => "'[a-c #;\"\\\\\n]{0,4}'",
        2 => "\"[a-c #;']{0,4}\"",
        1 => "[a-c;#'\"\\\\é-]{1,4}",
        1 => Just("\\\n".to_owned()),
        1 => Just("''".to_owned()),
    ];
    let keyword = prop::sample::select(vec![
        "config", "config", "option", "option", "option", "list", "list", "o", "l", "c", "package",
    ]);
    let gap = prop::sample::select(vec![" ", " ", " ", "\t", "  ", "", "\\\n"]);
    let end = prop::sample::select(vec![
        "\n", "\n", "\n", "\n", " \n", " ; ", ";", " # c\n", "#\n", "\r\n", " \\\n", "\n\n", "",
    ]);
    let words = prop::collection::vec((gap, word), 1..4);
    let statement = (keyword, words, end).prop_map(|(keyword, words, end)| {
        let words: String = words
            .iter()
            .map(|(gap, word)| format!("{gap}{word}"))
            .collect();
        format!("{keyword} {words}{end}")
    });
    (any::<bool>(), prop::collection::vec(statement, 0..6)).prop_map(|(head, statements)| {
        let head = if head { "config a 'b'\n" } else { "" };
        format!("{head}{}", statements.concat())
    })
}

#[test]
fn the_expected_readings_of_the_corpus_are_those_of_uci() {
    let Some(oracle) = Oracle::new("corpus") else {
        return;
    };
    for package in PACKAGES {
        let shown = fs::read_to_string(crate::uci_corpus::folder().join(format!("{package}.show")));
        assert_eq!(oracle.reads(package, &text(package)), Ok(shown.unwrap()));
    }
}

#[test]
fn random_texts_are_read_or_refused_as_uci_does() {
    let Some(oracle) = Oracle::new("texts") else {
        return;
    };
    run(texts(), |text| oracle.agree(text.as_bytes()));
}

#[test]
fn what_we_write_uci_reads() {
    let Some(oracle) = Oracle::new("write") else {
        return;
    };
    let value = "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]{0,12}";
    run((texts(), value, 0..5_u8), |(text, value, which)| {
        let text = format!("config s 's'\n{text}");
        let Ok(mut document) = Document::parse("p", text.into_bytes()) else {
            return Ok(());
        };
        let done = match which {
            0 => set(&mut document, "s", "a", &value),
            1 => add_list(&mut document, "s", "a", &value),
            2 => set_list(&mut document, "s", "b", &["1", &value, "3"]),
            3 => add_section(&mut document, "new", "new"),
            _ => delete_section(&mut document, "@[0]"),
        };
        prop_assert!(done.is_ok(), "{:?}", done);
        oracle.agree(document.bytes())
    });
}

#[test]
fn s05_uci_reads_the_lists_that_rows_write_and_we_those_that_uci_writes() {
    let Some(oracle) = Oracle::new("lists") else {
        return;
    };
    // No white space at the ends, which is none of an item (TR-106 §3.2.3).
    let item = "[!-~é]([ -~é\t]{0,6}[!-~é])?";
    let items = prop::collection::vec(item, 1..5);
    run((items, any::<bool>()), |(items, is_there)| {
        let coded = |item: &String| item.replace('%', "%25").replace(',', "%2C");
        let text = items.iter().map(coded).collect::<Vec<_>>().join(",");
        match is_there {
            true => oracle.put("p", b"config s 's'\n\tlist l 'old'\n\tlist l 'er'\n"),
            false => drop(fs::remove_file(oracle.path("p"))),
        }
        let mut source = UciSource::new(oracle.folder.path());
        let row = declare(&mut source, "p.s.l[]", &ParamType::of(XsdType::String)).unwrap();
        source.stage(row, &[], &text).unwrap();
        source.commit().unwrap();
        let shown = oracle.run(&["show", "p.s.l"]).stdout;
        let quoted = |item: &String| format!("'{}'", item.replace('\'', "'\\''"));
        let quoted: Vec<String> = items.iter().map(quoted).collect();
        let theirs = format!("p.s.l={}\n", quoted.join(" "));
        prop_assert_eq!(String::from_utf8(shown).unwrap(), theirs);
        // And back.
        oracle.must(&["delete", "p.s.l"]);
        for item in &items {
            oracle.must(&["add_list", &format!("p.s.l={item}")]);
        }
        oracle.must(&["commit", "p"]);
        source.refresh();
        let read = source.get(row, &[]);
        prop_assert_eq!(read.value(), Some(&*text));
        Ok(())
    });
}

#[test]
fn uci_and_we_make_the_same_change() {
    let Some(oracle) = Oracle::new("change") else {
        return;
    };
    let value = "[^\\x00-\\x1f]{0,12}";
    let package = prop::sample::select(PACKAGES.to_vec());
    run(
        (package, value, 0..4_u8, any::<prop::sample::Index>()),
        |(package, value, which, at)| {
            let document = crate::uci_corpus::document(package);
            let section = at.get(document.sections());
            let index = document
                .sections()
                .iter()
                .position(|s| s == section)
                .unwrap();
            let selector = format!("@[{index}]");
            let option = section
                .options
                .first()
                .map_or("fresh", |(name, _)| name.as_str());
            let target = format!("{package}.{selector}.{option}");
            if which == 2 && section.get(option).is_none() || which == 1 && value.is_empty() {
                return Ok(());
            }

            oracle.put(package, &text(package));
            match which {
                0 => oracle.must(&["set", &format!("{target}={value}")]),
                1 => oracle.must(&["add_list", &format!("{target}={value}")]),
                2 => oracle.must(&["delete", &target]),
                _ => oracle.must(&["delete", &format!("{package}.{selector}")]),
            }
            oracle.must(&["commit", package]);
            let theirs = fs::read(oracle.path(package)).unwrap();
            prop_assert_ne!(&theirs, &text(package));

            oracle.put(package, &text(package));
            let ours = update(
                &oracle.folder,
                package,
                false,
                &mut |document| match which {
                    0 => set(document, &selector, option, &value),
                    1 => add_list(document, &selector, option, &value),
                    2 => delete(document, &selector, option),
                    _ => delete_section(document, &selector),
                },
            );
            let ours = ours.unwrap().document;
            let theirs = Document::parse(package, theirs).unwrap();
            // libuci puts a changed option at the end of its section.
            let sorted = |document: &Document| {
                let text = show(package, document);
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            prop_assert_eq!(sorted(&ours), sorted(&theirs));
            Ok(())
        },
    );
}

#[test]
fn a_pending_change_of_uci_joins_ours_at_its_commit() {
    let Some(oracle) = Oracle::new("lock") else {
        return;
    };
    oracle.put("p", b"config a 'x'\n");
    oracle.must(&["set", "p.x.theirs=1"]);
    update(&oracle.folder, "p", false, &mut |d| {
        set(d, "x", "ours", "1")
    })
    .unwrap();
    oracle.must(&["commit", "p"]);
    let both = Document::parse("p", fs::read(oracle.path("p")).unwrap()).unwrap();
    assert!(both.get("x", "ours").is_some() && both.get("x", "theirs").is_some());
}
