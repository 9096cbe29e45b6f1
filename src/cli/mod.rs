//! The command line. `cwmpd --help` teaches it; `etc/man/cwmpd.8` is its manual.
//!
//! * `help` is what `--help` prints, `rows` what `help rows`, `built` what `version --build` does.
//! * `fold` breaks long lines at a terminal.
//! * `input` reads the values that are not on the command line.

mod built;
mod fold;
mod help;
mod input;
mod rows;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;
use log::LevelFilter;

#[cfg(feature = "luup")]
use crate::agent::HomeFrom;
use crate::agent::control::{self, AskError, Command, Request, read_command};
use crate::agent::{self, Folders};
use crate::base::sort::sort;

/// What `cwmpd` does itself.
#[derive(Debug, PartialEq, Eq)]
enum Own {
    Run,
    Check(Option<PathBuf>),
    #[cfg(feature = "luup")]
    Luup(Option<HomeFrom>),
    Version {
        build: bool,
    },
    HelpRows,
}

const OWN: &[Command<Own>] = &[
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

/// Runs what the command line asks for; the exit code is that of the program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let result = Task::read(args, &mut input::read_value).and_then(Task::execute);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(CliError::Output(e)) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cwmpd: {error}");
            ExitCode::from(error.code())
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Help,
    Own(Own, Folders),
    Ask(PathBuf, Request),
}

enum CliError {
    Usage(String),
    Failed(String),
    NotRunning(String),
    Output(io::Error),
}

impl CliError {
    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::NotRunning(_) => 3,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) => write!(f, "{why}; see cwmpd --help"),
            Self::Failed(why) | Self::NotRunning(why) => f.write_str(why),
            Self::Output(e) => write!(f, "the output cannot be written: {e}"),
        }
    }
}

impl From<lexopt::Error> for CliError {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<AskError> for CliError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NotRunning { .. } => Self::NotRunning(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl Task {
    /// Reads a command line; `ask` gives the value of a path that it leaves to standard input.
    fn read(
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

    fn execute(self) -> Result<(), CliError> {
        match self {
            Self::Help => print(&help::text()),
            Self::Own(Own::Run, folders) => {
                agent::run(folders).map_err(|e| CliError::Failed(e.to_string()))
            }
            Self::Own(Own::Check(dir), mut folders) => {
                folders.model_dir = dir.unwrap_or(folders.model_dir);
                check(&folders)
            }
            #[cfg(feature = "luup")]
            Self::Own(Own::Luup(None), folders) => print_luup(&folders),
            #[cfg(feature = "luup")]
            Self::Own(Own::Luup(Some(from)), folders) => print_map(&folders, &from),
            Self::Own(Own::Version { build: false }, _) => print(&built::version()),
            Self::Own(Own::Version { build: true }, _) => print(&built::all()),
            Self::Own(Own::HelpRows, _) => print(&rows::text()),
            Self::Ask(run_dir, Request::Status) if io::stdout().is_terminal() => {
                let status = control::ask(&run_dir, &Request::Status)?;
                print(&fold::folded(&status, help::COLUMNS))
            }
            Self::Ask(run_dir, request) => print(&control::ask(&run_dir, &request)?),
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

fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(CliError::Output)
}

fn check(folders: &Folders) -> Result<(), CliError> {
    // What there is to warn of is in the answer.
    agent::log_to_console(LevelFilter::Error);
    let found = agent::check(folders).map_err(CliError::Failed)?;
    for line in &found.config {
        print(&format!("{line}\n"))?;
    }
    for finding in &found.rows {
        print(&format!("{finding}\n"))?;
    }
    for note in &found.notes {
        print(&format!("note: {note}\n"))?;
    }
    let dir = folders.model_dir.display();
    let bad_rows = found.rows.iter().filter(|finding| !finding.is_note).count();
    let rows = match bad_rows {
        0 => format!("{dir}: every row is good"),
        1 => format!("{dir}: 1 bad row"),
        n => format!("{dir}: {n} bad rows"),
    };
    match found.config.len() + bad_rows {
        0 => print(&format!("{rows}\n")),
        _ if found.config.is_empty() => Err(CliError::Failed(rows)),
        _ => Err(CliError::Failed(format!(
            "{rows}; the configuration has mistakes: {}",
            found.config.len()
        ))),
    }
}

#[cfg(feature = "luup")]
fn print_luup(folders: &Folders) -> Result<(), CliError> {
    use crate::luup::{self, LuupAccess};

    agent::log_to_console(LevelFilter::Warn);
    let config = agent::read_config(folders);
    let mut out = String::new();
    luup::client::fetch_text(&LuupAccess::new(config.luup))
        .and_then(|json| {
            let mut line = |name: &str, value: &str| {
                let (name, value) = (control::escape_name(name), control::escape(value));
                out.extend([&name, " ", &value, "\n"]);
            };
            luup::flatten(&json, "ZWave", &mut line)
        })
        .map_err(|e| CliError::Failed(e.to_string()))?;
    print(&out)
}

#[cfg(feature = "luup")]
fn print_map(folders: &Folders, from: &HomeFrom) -> Result<(), CliError> {
    agent::log_to_console(LevelFilter::Error);
    let map = agent::map_home(folders, from).map_err(CliError::Failed)?;
    print(&map.text)?;
    map.wrong.map_or(Ok(()), |why| Err(CliError::Failed(why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        let words = line.split(' ').map(OsString::from);
        let mut ask = |path: &str| Ok(format!("input for {path}"));
        Task::read(words, &mut ask).map_err(|e| e.to_string())
    }

    /// The request of a command line, and its run folder.
    fn set(line: &str) -> (String, Vec<(String, String)>) {
        match read(line) {
            Ok(Task::Ask(dir, Request::Set(values))) => (dir.display().to_string(), values),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(path, value): &(&str, &str)| ((*path).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn s08_options_stand_anywhere_and_values_are_what_they_look_like() {
        let usual = Folders::default().run_dir.display().to_string();
        for (line, dir, values) in [
            ("cwmpd set A 1 -r /r", "/r", &[("A", "1")][..]),
            ("cwmpd set A -r /r 1", "/r", &[("A", "1")]),
            ("cwmpd set -r /r A 1", "/r", &[("A", "1")]),
            ("cwmpd -r/r set A 1", "/r", &[("A", "1")]),
            (
                "cwmpd set A 1 --run=/r B 2",
                "/r",
                &[("A", "1"), ("B", "2")],
            ),
            ("cwmpd set A -70", &usual, &[("A", "-70")]),
            (
                "cwmpd set A -70 B -.5 -r /r",
                "/r",
                &[("A", "-70"), ("B", "-.5")],
            ),
            ("cwmpd set -r /r -- A -r", "/r", &[("A", "-r")]),
            (
                "cwmpd set A -- --help B --",
                &usual,
                &[("A", "--help"), ("B", "--")],
            ),
            ("cwmpd set A -", &usual, &[("A", "input for A")]),
            (
                "cwmpd set A - B x C - -r /r",
                "/r",
                &[("A", "input for A"), ("B", "x"), ("C", "input for C")],
            ),
            ("cwmpd set A -- -", &usual, &[("A", "-")]),
        ] {
            assert_eq!(set(line), (dir.to_owned(), pairs(values)), "{line}");
        }
        let get = |path: &str| Task::Ask(PathBuf::from("/r"), Request::Get(path.to_owned()));
        assert_eq!(read("cwmpd get A -r /r"), Ok(get("A")));
        assert_eq!(read("cwmpd get -r /r -- -A"), Ok(get("-A")));
        assert_eq!(read("cwmpd get -r /r -"), Ok(get("-")));
        assert_eq!(read("cwmpd set A --help"), Ok(Task::Help));
        assert_eq!(read("cwmpd help"), Ok(Task::Help));
        let refused = read("cwmpd set A -secret").unwrap_err();
        assert!(refused.contains("stands behind --"), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
    }

    #[test]
    fn t57_user_and_password_of_a_transfer_are_no_words_of_a_command_line() {
        for (line, target, user) in [
            ("cwmpd download 1 http://a/b", "", ""),
            ("cwmpd download 1 http://a/b name", "name", ""),
            ("cwmpd download 1 http://a/b -", "", "input for user"),
            (
                "cwmpd download 1 http://a/b name -",
                "name",
                "input for user",
            ),
        ] {
            let Ok(Task::Ask(_, Request::Download(order))) = read(line) else {
                panic!("{line}");
            };
            assert_eq!((&*order.target, &*order.username), (target, user), "{line}");
            let password = user.replace("user", "password");
            assert_eq!(order.password.reveal(), password, "{line}");
        }
        let upload = read("cwmpd upload 2 http://a/b -");
        assert!(matches!(upload, Ok(Task::Ask(_, Request::Upload(order)))
            if order.password.reveal() == "input for password"));
        for line in [
            "cwmpd upload 2 http://a/b user sesame",
            "cwmpd download 1 http://a/b user sesame",
            "cwmpd download 1 http://a/b name user sesame",
            "cwmpd download 1 http://a/b - sesame",
        ] {
            let why = read(line).unwrap_err();
            assert!(why.contains("write - for them"), "{line}: {why}");
            assert!(!why.contains("sesame"), "{why}");
        }
    }

    #[test]
    fn the_folder_alone_runs_the_agent() {
        let folders = Folders {
            model_dir: PathBuf::from("/m"),
            ..Folders::default()
        };
        let run = Task::Own(Own::Run, folders);
        assert_eq!(read("cwmpd -p /m").as_ref(), Ok(&run));
        assert_eq!(read("cwmpd run -p /m"), Ok(run));
        let check = Own::Check(Some(PathBuf::from("/m")));
        let check = Task::Own(check, Folders::default());
        assert_eq!(read("cwmpd check /m"), Ok(check));
        assert!(read("cwmpd").is_err());
    }

    #[test]
    fn requests_go_to_the_run_folder() {
        let inform = Request::Inform(Some("6 CONNECTION REQUEST".to_owned()));
        assert_eq!(
            read("cwmpd inform 6 CONNECTION REQUEST -r /r"),
            Ok(Task::Ask(PathBuf::from("/r"), inform))
        );
        let dump = Task::Ask(Folders::default().run_dir, Request::Dump { csv: true });
        assert_eq!(read("cwmpd dump --csv").as_ref(), Ok(&dump));
        assert_eq!(read("cwmpd --csv dump"), Ok(dump));
    }

    #[test]
    fn the_version_is_a_command_and_an_option() {
        let version = |build| Ok(Task::Own(Own::Version { build }, Folders::default()));
        assert_eq!(read("cwmpd --version"), version(false));
        assert_eq!(read("cwmpd -V"), version(false));
        assert_eq!(read("cwmpd version"), version(false));
        assert_eq!(read("cwmpd version --build"), version(true));
        assert_eq!(read("cwmpd --build version"), version(true));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for line in [
            "cwmpd set A",
            "cwmpd get",
            "cwmpd reboot",
            "cwmpd get --csv A",
            "cwmpd version --csv",
            "cwmpd dump --build",
            "cwmpd -x",
            "cwmpd check a b",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
