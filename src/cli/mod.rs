//! The command line. `cwmpd --help` teaches it; `etc/man/cwmpd.8` is its manual.
//!
//! * `task` is what a command line asks for.
//! * `help` is what `--help` prints, `rows` what `help rows`, `built` what `version --build` does.
//! * `fold` breaks long lines at a terminal.
//! * `input` reads the values that are not on the command line.

mod built;
mod fold;
mod help;
mod input;
mod rows;
mod task;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use log::LevelFilter;

#[cfg(feature = "luup")]
use crate::agent::HomeFrom;
use crate::agent::control::{self, AskError, Request};
use crate::agent::{self, Folders};
use task::{Own, Task};

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
