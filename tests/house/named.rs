//! An option or a command that a text names exists: in what the program says, in its documentation,
//! in the files it is installed with.

use std::collections::BTreeSet;
use std::process::Command;

use crate::rust_text;
use crate::tree;

/// The sections of `etc/config/cwmpd`.
const SECTIONS: [&str; 13] = [
    "acs",
    "cpe",
    "igd",
    "luup",
    "mms",
    "transfer",
    "file_type",
    "config_file",
    "log_file",
    "xmpp",
    "stun",
    "xmpp_connection",
    "xmpp_server",
];

/// What a name in a file of the box is made of.
fn is_name(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '_')
}

fn first_name(text: &str) -> &str {
    &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())]
}

/// `section.option` of all that `etc/config/cwmpd` lists: those that the program or the data model
/// reads, as `tests/device/config.rs` holds.
fn options() -> BTreeSet<String> {
    let mut section = "";
    let mut options = BTreeSet::new();
    let config = tree::files("etc/config").remove(0).text;
    for line in config.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["config", kind, ..] => section = SECTIONS.into_iter().find(|s| *s == kind).unwrap(),
            ["option", option, ..] => drop(options.insert(format!("{section}.{option}"))),
            _ => {}
        }
    }
    options
}

/// What `cwmpd --help` prints.
pub fn help() -> String {
    let help = Command::new(env!("CARGO_BIN_EXE_cwmpd"))
        .arg("--help")
        .output();
    String::from_utf8(help.expect("the program runs").stdout).unwrap()
}

/// The words that `cwmpd --help` lists: commands and options of the command line.
pub fn commands() -> BTreeSet<String> {
    let help = help();
    let lists = help.split("\nThe agent is configured").next().unwrap();
    let lines = lists.lines().filter_map(|line| line.strip_prefix("  "));
    let words = lines.flat_map(|line| {
        let listed = line.split("  ").next().unwrap_or_default();
        let words = listed.split([' ', ',', '[', ']']);
        words
            .take_while(|word| !word.starts_with(char::is_uppercase))
            .map(str::to_owned)
    });
    words.filter(|word| !word.is_empty()).collect()
}

/// Each `section.option` that a text names, also as `cwmpd.section.option`.
fn options_named(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for section in SECTIONS {
        let begin = format!("{section}.");
        for (at, _) in text.match_indices(&begin) {
            let option = first_name(&text[at + begin.len()..]);
            let before = &text[..at];
            let is_part = |c: char| is_name(c) || "./@-:".contains(c);
            let stands_alone = !before.ends_with(is_part);
            if (stands_alone || before.ends_with("cwmpd.")) && !option.is_empty() {
                named.push(format!("{section}.{option}"));
            }
        }
    }
    named
}

/// Each command, and each option of the command line, behind `cwmpd` in a text. In `prose` the name
/// is followed by any word, and a command stands in backticks or begins its line.
fn commands_named(text: &str, prose: bool) -> Vec<String> {
    let is_command = |before: &str| match prose {
        true => before.ends_with('`') || (before.len() >= 4 && before.trim().is_empty()),
        false => !before.ends_with(|c: char| is_name(c) || "./-".contains(c)),
    };
    let uses = text
        .match_indices("cwmpd ")
        .filter(|(at, _)| is_command(&text[..*at]));
    let words = uses.flat_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(['`', '\'', ';', '\n']).unwrap_or(rest.len());
        let mut words = rest[..end].split_whitespace().skip(1);
        let first = words
            .next()
            .filter(|word| word.starts_with(|c| is_name(c) || c == '-'));
        let flags = words.filter(|word| word.starts_with("--"));
        first.into_iter().chain(flags)
    });
    let words = words.map(|word| word.trim_end_matches([',', '.', ':', '?', ')']).to_owned());
    words.filter(|word| word != "-").collect()
}

/// A text that may name options and commands.
struct Passage {
    place: String,
    text: String,
    /// Not a string of the program.
    prose: bool,
}

/// The string literals and comments of the program, the documentation, the installed files.
fn passages() -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut add = |path: &str, line: usize, text: &str, prose: bool| {
        let (place, text) = (format!("{path}:{line}"), text.to_owned());
        passages.push(Passage { place, text, prose });
    };
    for file in tree::files("src")
        .iter()
        .filter(|file| !file.path.contains("/tests"))
    {
        let source = rust_text::parse(&file.text);
        let shipped = source.shipped_lines();
        for (parts, prose) in [(source.strings, false), (source.comments, true)] {
            let shipped = parts.iter().filter(|(line, _)| *line <= shipped);
            shipped.for_each(|(line, text)| add(&file.path, *line, text, prose));
        }
    }
    let documents = tree::files("").into_iter().filter(|file| file.is(&[".md"]));
    for file in documents.chain(tree::files("etc")) {
        let lines = file.text.lines().enumerate();
        lines.for_each(|(number, line)| add(&file.path, number + 1, line, true));
    }
    passages
}

/// Fails where something that `named` finds in a passage is not one of those that exist.
fn assert_all_exist(exist: &BTreeSet<String>, named: impl Fn(&Passage) -> Vec<String>) {
    let (mut count, mut missing) = (0, Vec::new());
    for passage in passages() {
        for name in named(&passage) {
            count += 1;
            if !exist.contains(&name) {
                missing.push(format!("{}: there is no {name}", passage.place));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(count > 15, "only {count} names found");
}

#[test]
fn options_that_are_named_exist() {
    assert_all_exist(&options(), |passage| options_named(&passage.text));
}

/// The objects whose parameters messages tell people to set or to look at.
const OBJECTS: [&str; 3] = ["ManagementServer.", "DeviceInfo.", "Time."];

/// The parameters and objects of the shipped model, without the root.
fn parameters() -> BTreeSet<String> {
    let files = tree::files("etc");
    let rows = files.iter().filter(|file| file.is(&[".csv"]));
    let names = rows.flat_map(|file| file.text.lines().filter_map(|line| line.split(';').next()));
    let objects = names.clone().flat_map(|name| {
        let dots = name.match_indices('.');
        dots.map(|(at, _)| &name[..at])
    });
    objects.chain(names).map(str::to_owned).collect()
}

/// Each parameter that a text names in full.
fn parameters_named(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for object in OBJECTS {
        for (at, _) in text.match_indices(object) {
            let rest = &text[at + object.len()..];
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let goes_on = rest[end..].starts_with(['.', '…', '{', '*']);
            let stands_alone = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            if end > 0 && stands_alone && !goes_on {
                named.push(format!("{object}{}", &rest[..end]));
            }
        }
    }
    named
}

/// The options that a text names by the word, as in `option userid` or `options a.b and a.c`: without
/// their section one has to guess which is meant.
fn options_without_section(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for word in ["option ", "options "] {
        for (at, _) in text.match_indices(word) {
            let stands_alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '\\');
            let name = first_name(&text[at + word.len()..]);
            if stands_alone && name.contains('_') {
                named.push(name.to_owned());
            }
        }
    }
    named
}

#[test]
fn s09_parameters_that_are_named_exist() {
    assert_all_exist(&parameters(), |passage| match passage.prose {
        true => Vec::new(),
        false => parameters_named(&passage.text),
    });
}

#[test]
fn s09_an_option_is_named_with_its_section() {
    let bare = passages().into_iter().filter(|passage| !passage.prose);
    let bare = bare.flat_map(|passage| {
        let names = options_without_section(&passage.text);
        names
            .into_iter()
            .map(move |name| format!("{}: {name}", passage.place))
    });
    assert_eq!(bare.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn commands_that_are_named_exist() {
    assert_all_exist(&commands(), |passage| {
        commands_named(&passage.text, passage.prose)
    });
}

#[test]
fn names_are_found_in_a_text() {
    let text = "set acs.usernam (or cwmpd.cpe.root); not http://acs.example, a@acs.net or x.acs.y";
    assert_eq!(options_named(text), ["acs.usernam", "cpe.root"]);
    let text = "set ManagementServer.Usernam (or ManagementServer.CWMPRetry…), X.DeviceInfo.Y";
    assert_eq!(
        parameters_named(text),
        ["ManagementServer.Usernam", "DeviceInfo.Y"]
    );
    let text = "option ssl_cacert, options acs.userid, suboption x_y, an option of a row";
    assert_eq!(options_without_section(text), ["ssl_cacert"]);
    let said = "run 'cwmpd -p x --all'; cwmpd frob, cwmpd DIR, cwmpd {name}, /etc/cwmpd is";
    assert_eq!(commands_named(said, false), ["-p", "--all", "frob"]);
    let prose = "cwmpd keeps what `cwmpd set A B` sets";
    assert_eq!(commands_named(prose, true), ["set"]);
    assert_eq!(commands_named("    cwmpd run", true), ["run"]);
}
