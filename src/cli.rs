//! The command line. `cwmpd --help` is its manual.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::agent::control::{self, AskError, Command, Request, read_command};
use crate::agent::{self, Folders, VERSION};
use crate::luup;

/// What `cwmpd` does itself.
#[derive(Debug, PartialEq, Eq)]
enum Own {
    Run,
    Check(Option<PathBuf>),
    Luup,
    Help(&'static str),
}

/// The language of the csv files.
const ROWS: &str = include_str!("../etc/cwmpd/ROWS.md");

const OWN: [Command<Own>; 4] = [
    Command {
        name: "run",
        arguments: "",
        help: "run the agent, in the foreground, until SIGTERM; SIGHUP makes it read its\n\
               configuration again. The default where -p is given",
        read: |words| words.is_empty().then_some(Own::Run),
    },
    Command {
        name: "check",
        arguments: "[DIR]",
        help: "check the csv files of a model: one line for each bad row, and for what is\n\
               worth a note",
        read: |words| match words {
            [] => Some(Own::Check(None)),
            [dir] => Some(Own::Check(Some(PathBuf::from(dir)))),
            _ => None,
        },
    },
    Command {
        name: "luup",
        arguments: "",
        help: "print what the Luup engine says, as lines of NAME VALUE",
        read: |words| words.is_empty().then_some(Own::Luup),
    },
    Command {
        name: "help",
        arguments: "rows",
        help: "how the csv files of a model are written",
        read: |words| matches!(words, ["rows"]).then_some(Own::Help(ROWS)),
    },
];

const HELP_OPTIONS: &str = "\
Options
  -p, --path DIR         folder of the model's csv files and its state [/etc/cwmpd]
  -c, --config DIR       folder of the UCI configuration [/etc/config]
  -r, --run DIR          folder of the lock and the control socket [/var/run/cwmpd]
  -h, --help             this text
  -V, --version          the version

The agent is configured by /etc/config/cwmpd, which explains each option. To point it at an ACS:
  uci set cwmpd.acs.url=http://acs.example:7547/ ; uci commit cwmpd
A running agent notices.

Exit codes
  0  done
  1  failed, or refused, or bad rows found; the reason is on standard error
  2  this command line is not understood
  3  no agent is running there
";

fn help() -> String {
    let mut text = "\
cwmpd - the TR-069 (CWMP) agent of this box

Usage: cwmpd [COMMAND] [OPTIONS] [ARGUMENTS]

Commands
"
    .to_owned();
    OWN.iter().for_each(|command| add_help(&mut text, command));
    text += "and, of the agent that is running:\n";
    let requests = &Request::COMMANDS;
    requests
        .iter()
        .for_each(|command| add_help(&mut text, command));
    text += "  A path ends in '.' for an object. The root ('Device.') may be left out.\n\n";
    text + HELP_OPTIONS
}

fn add_help<T>(text: &mut String, command: &Command<T>) {
    let mut usage = format!("{} {}", command.name, command.arguments);
    for line in command.help.lines() {
        let _ = writeln!(text, "  {:<22} {line}", usage.trim_end());
        usage.clear();
    }
}

/// Runs what the command line asks for; the exit code is that of the program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let result = Task::read(args)
        .map_err(CliError::from)
        .and_then(Task::execute);
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
    Version,
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
    fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let mut parser = lexopt::Parser::from_iter(args);
        let mut folders = Folders::default();
        let mut words: Vec<String> = Vec::new();
        let mut csv = None;
        let mut has_path = false;
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Ok(Self::Help),
                Short('V') | Long("version") => return Ok(Self::Version),
                Short('p') | Long("path") => {
                    folders.model_dir = parser.value()?.into();
                    has_path = true;
                }
                Short('c') | Long("config") => folders.config_dir = parser.value()?.into(),
                Short('r') | Long("run") => folders.run_dir = parser.value()?.into(),
                Long("csv") => csv = Some("--csv"),
                Value(word) => {
                    words.push(word.string()?);
                    // A value may begin with a dash: -70 is one.
                    if matches!(words.as_slice(), [verb, _] if verb == "set") {
                        for value in parser.raw_args()? {
                            words.push(value.string()?);
                        }
                    }
                }
                other => return Err(other.unexpected()),
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).chain(csv).collect();
        let name = match words.first() {
            Some(name) => *name,
            None if has_path => return Ok(Self::Own(Own::Run, folders)),
            None => return Err("no command, and no folder (-p) to run the agent with".into()),
        };
        if let Some(request) = read_command(&Request::COMMANDS, &words) {
            return Ok(Self::Ask(folders.run_dir, request?));
        }
        match read_command(&OWN, &words) {
            Some(own) => Ok(Self::Own(own?, folders)),
            None => Err(format!("there is no command '{name}'").into()),
        }
    }

    fn execute(self) -> Result<(), CliError> {
        match self {
            Self::Help => print(&help()),
            Self::Version => print(&format!("cwmpd {VERSION}\n")),
            Self::Own(Own::Run, folders) => {
                agent::run(folders).map_err(|e| CliError::Failed(e.to_string()))
            }
            Self::Own(Own::Check(dir), mut folders) => {
                folders.model_dir = dir.unwrap_or(folders.model_dir);
                check(&folders)
            }
            Self::Own(Own::Luup, folders) => print_luup(&folders),
            Self::Own(Own::Help(text), _) => print(text),
            Self::Ask(run_dir, request) => print(&control::ask(&run_dir, &request)?),
        }
    }
}

fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(CliError::Output)
}

fn check(folders: &Folders) -> Result<(), CliError> {
    agent::log_to_console();
    let found = agent::check_rows(folders).map_err(|e| CliError::Failed(e.to_string()))?;
    for finding in &found {
        print(&format!("{finding}\n"))?;
    }
    let dir = folders.model_dir.display();
    match found.iter().filter(|finding| !finding.is_note).count() {
        0 => print(&format!("{dir}: every row is good\n")),
        1 => Err(CliError::Failed(format!("{dir}: 1 bad row"))),
        n => Err(CliError::Failed(format!("{dir}: {n} bad rows"))),
    }
}

fn print_luup(folders: &Folders) -> Result<(), CliError> {
    agent::log_to_console();
    let config = agent::read_config(&folders.config_dir);
    let mut out = String::new();
    luup::client::fetch_text(&config.luup)
        .and_then(|json| {
            let mut line = |name: &str, value: &str| {
                out.extend([name, " ", &control::escape(value), "\n"]);
            };
            luup::flatten(&json, "ZWave", &mut line)
        })
        .map_err(|e| CliError::Failed(e.to_string()))?;
    print(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        let words = line.split(' ').map(OsString::from);
        Task::read(words).map_err(|e| e.to_string())
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
        let set = vec![
            ("A.B".to_owned(), "-70".to_owned()),
            ("C".to_owned(), "--help".to_owned()),
        ];
        assert_eq!(
            read("cwmpd -r /r set A.B -70 C --help"),
            Ok(Task::Ask(PathBuf::from("/r"), Request::Set(set)))
        );
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
    fn the_help_lists_all_that_is_read() {
        let help = help();
        let own = OWN.iter().map(|command| command.name);
        for name in own.chain(Request::COMMANDS.iter().map(|command| command.name)) {
            assert!(help.contains(&format!("\n  {name} ")), "{name}");
        }
        assert!(help.lines().all(|line| line.len() <= 100), "{help}");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for line in [
            "cwmpd set A",
            "cwmpd get",
            "cwmpd reboot",
            "cwmpd get --csv A",
            "cwmpd -x",
            "cwmpd check a b",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
