//! What a command line asks for.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use lexopt::prelude::*;

use super::CliError;
use crate::agent::Folders;
#[cfg(feature = "luup")]
use crate::agent::HomeFrom;
use crate::agent::control::{Command, Request, read_command};
use crate::base::sort::sort;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    Help,
    Own(Own, Folders),
    Ask(PathBuf, Request),
}

/// What `cwmpd` does itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Own {
    Run,
    Check(Option<PathBuf>),
    #[cfg(feature = "luup")]
    Luup(Option<HomeFrom>),
    Version {
        build: bool,
    },
    HelpRows,
}

pub(super) const OWN: &[Command<Own>] = &[
    Command {
        name: "run",
        arguments: "",
        help: "run the agent, in the foreground, until SIGTERM; SIGHUP makes it read its \
               configuration again. The default where -p is given",
        read: |words| words.is_empty().then_some(Own::Run),
    },
    Command {
        name: "check",
        arguments: "[DIR]",
        help: "check /etc/config/cwmpd and the csv files of a model: one line for each \
               mistake, and for what is worth a note",
        read: |words| match words {
            [] => Some(Own::Check(None)),
            [dir] => Some(Own::Check(Some(PathBuf::from(dir)))),
            _ => None,
        },
    },
    #[cfg(feature = "luup")]
    Command {
        name: "luup",
        arguments: "[--map [--status FILE [--user-data FILE]]]",
        help: "print what the Luup engine says, as lines of NAME VALUE; with --map what it says to \
               each row and why a row is empty, what each device is, and what no row names: of the \
               engine, or of its stored answers. Fails where a value does not fit its row or no \
               device is a node",
        read: |words| match words {
            [] => Some(Own::Luup(None)),
            ["--map"] => Some(Own::Luup(Some(HomeFrom::Engine))),
            ["--map", "--status", status] => {
                Some(Own::Luup(Some(HomeFrom::Files(status.into(), None))))
            }
            ["--map", "--status", status, "--user-data", user_data] => {
                let user_data = Some(user_data.into());
                Some(Own::Luup(Some(HomeFrom::Files(status.into(), user_data))))
            }
            _ => None,
        },
    },
    Command {
        name: "version",
        arguments: "[--build]",
        help: "print the version; with --build also what this program was built for and with",
        read: |words| match words {
            [] => Some(Own::Version { build: false }),
            ["--build"] => Some(Own::Version { build: true }),
            _ => None,
        },
    },
    Command {
        name: "help",
        arguments: "rows",
        help: "how the csv files of a model are written",
        read: |words| matches!(words, ["rows"]).then_some(Own::HelpRows),
    },
];

impl Task {
    /// Reads a command line; `ask` gives the value of a path that it leaves to standard input.
    pub(super) fn read(
        args: impl IntoIterator<Item = OsString>,
        ask: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<Self, CliError> {
        let mut parser = lexopt::Parser::from_iter(args);
        let mut folders = Folders::default();
        let mut words: Vec<CliWord> = Vec::new();
        let mut flags: Vec<String> = Vec::new();
        let mut files: Vec<(&str, String)> = Vec::new();
        let mut has_path = false;
        loop {
            words.extend(literal_words(&mut parser)?);
            let Some(arg) = parser.next()? else {
                break;
            };
            match arg {
                Short('h') | Long("help") => return Ok(Self::Help),
                Short('V') | Long("version") => {
                    return Ok(Self::Own(Own::Version { build: false }, folders));
                }
                Short('p') | Long("path") => {
                    folders.model_dir = parser.value()?.into();
                    has_path = true;
                }
                Short('c') | Long("config") => folders.config_dir = parser.value()?.into(),
                Short('r') | Long("run") => folders.run_dir = parser.value()?.into(),
                Long(name @ ("csv" | "build" | "map")) => flags.push(["--", name].concat()),
                Long("status") => files.push(("--status", parser.value()?.string()?)),
                Long("user-data") => files.push(("--user-data", parser.value()?.string()?)),
                Value(word) if word == FROM_INPUT => words.push(CliWord::FromInput),
                Value(word) => words.push(CliWord::Text(word.string()?)),
                other => {
                    let why = other.unexpected();
                    return Err(CliError::Usage(format!(
                        "{why} (a value that begins with a dash stands behind --)"
                    )));
                }
            }
        }
        let words = with_input(words, ask)?;
        sort(&mut files);
        let files = files.iter().flat_map(|(name, file)| [*name, file]);
        let words = words.iter().chain(&flags).map(String::as_str);
        let words: Vec<&str> = words.chain(files).collect();
        let name = match words.first() {
            Some(name) => *name,
            None if has_path => return Ok(Self::Own(Own::Run, folders)),
            None => {
                let why = "no command, and no folder (-p) to run the agent with";
                return Err(CliError::Usage(why.to_owned()));
            }
        };
        if let Some(request) = read_command(&Request::COMMANDS, &words) {
            return Ok(Self::Ask(
                folders.run_dir,
                request.map_err(CliError::Usage)?,
            ));
        }
        match read_command(OWN, &words) {
            _ if words == ["help"] => Ok(Self::Help),
            Some(own) => Ok(Self::Own(own.map_err(CliError::Usage)?, folders)),
            None => Err(CliError::Usage(format!("there is no command '{name}'"))),
        }
    }
}

/// Stands for a value on standard input.
const FROM_INPUT: &str = "-";

/// A word of the command line that is no option.
enum CliWord {
    Text(String),
    /// [`FROM_INPUT`], not behind `--`.
    FromInput,
}

/// The words that come next and are none of options, whatever they look like: a negative number, and
/// all behind `--`.
fn literal_words(parser: &mut lexopt::Parser) -> Result<Vec<CliWord>, lexopt::Error> {
    let mut words = Vec::new();
    // Nothing but the rest of an option follows in the middle of one.
    let Some(mut args) = parser.try_raw_args() else {
        return Ok(words);
    };
    let mut take = |word: OsString| -> Result<(), lexopt::Error> {
        words.push(CliWord::Text(word.string()?));
        Ok(())
    };
    while let Some(word) = args.next_if(is_negative_number) {
        take(word)?;
    }
    if args.next_if(|word| word == "--").is_some() {
        args.try_for_each(take)?;
    }
    Ok(words)
}

fn is_negative_number(word: &OsStr) -> bool {
    let number = word.to_str().and_then(|word| word.strip_prefix('-'));
    number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

/// The words before user and password of an order of a transfer, the command's name among them.
const BEFORE_CREDENTIALS: [(&str, usize); 2] = [("download", 4), ("upload", 3)];

/// The words with the values that are on standard input, where the command is one that takes values:
/// a word behind its path is one; user and password of a transfer are at its end.
fn with_input(
    words: Vec<CliWord>,
    ask: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Vec<String>, CliError> {
    let mut texts: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let is_value = texts.first().is_some_and(|verb| verb == "set") && texts.len() % 2 == 0;
        let verb = texts.first().map_or("", String::as_str);
        let order = BEFORE_CREDENTIALS.iter().find(|(name, _)| *name == verb);
        match (&word, order) {
            (CliWord::FromInput, Some((_, most))) if (3..=*most).contains(&texts.len()) => {
                for what in ["user", "password"] {
                    texts.push(ask(what).map_err(CliError::Failed)?);
                }
                continue;
            }
            (_, Some((_, most))) if texts.len() >= *most => {
                let why = "user and password of a transfer are no words of a command line, which \
                           others can see: write - for them";
                return Err(CliError::Usage(why.to_owned()));
            }
            _ => {}
        }
        let text = match (word, texts.last()) {
            (CliWord::Text(text), _) => text,
            (CliWord::FromInput, Some(path)) if is_value => ask(path).map_err(CliError::Failed)?,
            (CliWord::FromInput, _) => FROM_INPUT.to_owned(),
        };
        texts.push(text);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests;
