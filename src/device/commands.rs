//! The commands that act on the box, through one trait, so that tests can put their own in place.
//!
//! No shell is started: a program is run by its path with fixed arguments. It inherits no file (all
//! of ours are closed on exec), nothing of our standard streams, environment or signals, and leads a
//! process group of its own.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

/// A command that is not done after this time is ended: `reload_config` starts services anew, one
/// after the other.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// From the request to end, which a command and what it started get after that time, to the kill.
const GRACE: Duration = Duration::from_secs(2);

/// All that a command has of an environment: what procd gives.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/")];

/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Where the system keeps its programs.
const SYSTEM_DIRS: [&str; 4] = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];

/// Resets to the factory's state, the best first. `firstboot -y` comes last: in OpenWrt 14.07 it
/// asks for a key all the same, while `jffs2reset` is there since then; `factoryreset` is its name
/// in 25.12 and later.
const RESETS: [(&str, &[&str]); 3] = [
    ("factoryreset", &["-y"]),
    ("jffs2reset", &["-y"]),
    ("firstboot", &["-y"]),
];

/// What the agent can do to the box. The calls that do it wait until the command is done: they
/// belong in a job.
pub trait Commands {
    /// Whether the box has what [`Commands::reboot`] takes.
    fn can_reboot(&self) -> Result<(), CommandError>;

    /// Whether the box has what [`Commands::factory_reset`] takes.
    fn can_factory_reset(&self) -> Result<(), CommandError>;

    /// Restarts the box (Reboot, TR-069 A.3.2.9). Returns once the restart has begun.
    fn reboot(&mut self) -> Result<(), CommandError>;

    /// Brings the box back to the state of its delivery, for the next restart (FactoryReset,
    /// TR-069 A.4.1.6).
    fn factory_reset(&mut self) -> Result<(), CommandError>;

    /// Tells the services that their configuration changed.
    fn apply(&mut self, packages: &[String]) -> Result<(), CommandError>;
}

/// Why a command was not carried out.
#[derive(Debug)]
pub enum CommandError {
    /// None of these programs is there.
    Missing(&'static str),
    /// It cannot be started.
    Start(PathBuf, io::Error),
    /// It ended with an error.
    Failed(PathBuf, ExitStatus),
    /// It took longer than this and was ended.
    TimedOut(PathBuf, Duration),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(names) => write!(f, "this system has no {names}"),
            Self::Start(path, error) => write!(f, "cannot start {}: {error}", path.display()),
            Self::Failed(path, status) => write!(f, "{} ended with {status}", path.display()),
            Self::TimedOut(path, limit) => write!(
                f,
                "{} was not done after {} s and was ended",
                path.display(),
                limit.as_secs()
            ),
        }
    }
}

impl std::error::Error for CommandError {}

/// The commands of OpenWrt, 14.07 and later.
pub struct System {
    /// How long each command may take: [`COMMAND_TIMEOUT`].
    pub limit: Duration,
    dirs: Vec<PathBuf>,
    init_dir: PathBuf,
}

impl System {
    /// The programs of the system; with `command_dir` (`cpe.command_dir`) those of that folder
    /// and no others, services in its `init.d`.
    pub fn new(command_dir: Option<&Path>) -> Self {
        match command_dir {
            Some(dir) => Self {
                limit: COMMAND_TIMEOUT,
                dirs: vec![dir.to_owned()],
                init_dir: dir.join("init.d"),
            },
            None => Self {
                limit: COMMAND_TIMEOUT,
                dirs: SYSTEM_DIRS.iter().map(PathBuf::from).collect(),
                init_dir: PathBuf::from("/etc/init.d"),
            },
        }
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let paths = self.dirs.iter().map(|dir| dir.join(name));
        paths.into_iter().find(|path| is_program(path))
    }

    fn reboot_program(&self) -> Result<PathBuf, CommandError> {
        self.find("reboot").ok_or(CommandError::Missing("reboot"))
    }

    fn reset_program(&self) -> Result<(PathBuf, &'static [&'static str]), CommandError> {
        let found = RESETS
            .iter()
            .find_map(|(name, arguments)| Some((self.find(name)?, *arguments)));
        let names = "factoryreset, jffs2reset or firstboot";
        found.ok_or(CommandError::Missing(names))
    }
}

fn is_program(path: &Path) -> bool {
    let executable = |data: fs::Metadata| data.is_file() && data.permissions().mode() & 0o111 != 0;
    fs::metadata(path).is_ok_and(executable)
}

impl Commands for System {
    fn can_reboot(&self) -> Result<(), CommandError> {
        self.reboot_program().map(drop)
    }

    fn can_factory_reset(&self) -> Result<(), CommandError> {
        self.reset_program().map(drop)
    }

    fn reboot(&mut self) -> Result<(), CommandError> {
        run(self.limit, &self.reboot_program()?, &[])
    }

    fn factory_reset(&mut self) -> Result<(), CommandError> {
        let (program, arguments) = self.reset_program()?;
        run(self.limit, &program, arguments)
    }

    /// `reload_config` finds out by itself which packages changed; without it, the services that
    /// are named like the packages are reloaded. The agent reads its own package itself.
    fn apply(&mut self, packages: &[String]) -> Result<(), CommandError> {
        let foreign: Vec<&String> = packages.iter().filter(|p| *p != "cwmpd").collect();
        if foreign.is_empty() {
            return Ok(());
        }
        if let Some(program) = self.find("reload_config") {
            return run(self.limit, &program, &[]);
        }
        foreign.iter().try_for_each(|package| {
            let service = self.init_dir.join(package);
            if is_program(&service) {
                run(self.limit, &service, &["reload"])
            } else {
                Ok(())
            }
        })
    }
}

fn run(limit: Duration, program: &Path, arguments: &[&str]) -> Result<(), CommandError> {
    log::info!("running {} {}", program.display(), arguments.join(" "));
    // The agent's threads block the signals that its loop takes. A child inherits that, and a
    // service that it starts could not be stopped.
    let mask = SigSet::thread_get_mask();
    let _ = SigSet::empty().thread_set_mask();
    let child = Command::new(program)
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .envs(ENVIRONMENT)
        // A group of its own, so that what it starts can be ended with it.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _ = mask.map(|mask| mask.thread_set_mask());
    let mut child = child.map_err(|error| CommandError::Start(program.to_owned(), error))?;
    match wait(&mut child, limit) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(CommandError::Failed(program.to_owned(), status)),
        Ok(None) => Err(CommandError::TimedOut(program.to_owned(), limit)),
        Err(error) => Err(CommandError::Start(program.to_owned(), error)),
    }
}

/// Waits for a child, and ends it where it takes too long (`None`), with all that it started and
/// that did not leave its process group, as a service does.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    if ends_within(limit, || Ok(child.try_wait()?.is_some()))? {
        return child.wait().map(Some);
    }
    let leader = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let _ = killpg(leader, Signal::SIGTERM);
    // It is not reaped yet: until then nobody else can get the number of its group.
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    let is_over = || Ok(waitid(Id::Pid(leader), flags)? != WaitStatus::StillAlive);
    let ended = ends_within(GRACE, is_over);
    let _ = killpg(leader, Signal::SIGKILL);
    child.wait()?;
    ended.map(|_| None)
}

fn ends_within(limit: Duration, mut is_over: impl FnMut() -> io::Result<bool>) -> io::Result<bool> {
    let start = Instant::now();
    while !is_over()? {
        if start.elapsed() >= limit {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs this text by a shell, which hands its words on to it.
    fn shell(limit: Duration, text: &str, words: &[&str]) -> Result<(), CommandError> {
        let words = ["-c", text, "sh"].into_iter().chain(words.iter().copied());
        let words: Vec<&str> = words.collect();
        run(limit, Path::new("/bin/sh"), &words)
    }

    /// How many processes have this word among their arguments.
    fn count(word: &str) -> usize {
        let processes = fs::read_dir("/proc").unwrap();
        let lines = processes.filter_map(|process| {
            let line = fs::read(process.ok()?.path().join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&line).into_owned())
        });
        let has = |line: &String| line.split('\0').any(|argument| argument == word);
        lines.filter(has).count()
    }

    #[test]
    fn s30_a_command_that_hangs_is_ended_with_all_that_it_started() {
        let mark = format!("600.{}", std::process::id());
        // One that listens to nobody but the kernel, one in the background, and one in front.
        let text = "(trap '' TERM; sleep $1; :) & sleep $1 & sleep $1; :";
        let error = shell(Duration::from_secs(1), text, &[&mark]).unwrap_err();
        assert!(matches!(error, CommandError::TimedOut(..)), "{error}");
        assert!(error.to_string().contains("after 1 s"), "{error}");
        let patience = Instant::now() + Duration::from_secs(20);
        while count(&mark) > 0 {
            assert!(Instant::now() < patience, "{} are left", count(&mark));
            thread::sleep(POLL);
        }
    }

    #[test]
    fn s30_a_command_that_left_something_in_the_background_is_done() {
        let pipe = std::env::temp_dir().join(format!("cwmpd-serves-{}", std::process::id()));
        let path = pipe.display().to_string();
        let text = "mkfifo $1; sh -c 'read line <$1' sh $1 & :";
        shell(Duration::from_secs(60), text, &[&path]).unwrap();
        assert_eq!(count(&path), 1, "a service lives on");
        fs::write(&pipe, "go\n").unwrap();
        fs::remove_file(&pipe).unwrap();
    }

    #[test]
    fn s30_a_command_finds_a_clean_house() {
        let clean = "test $(pwd) = / && test -z \"$(cat)\" && \
                     test \"$(env | cut -d= -f1 | sort | xargs)\" = 'HOME PATH PWD' && \
                     test $(ps -o pgid= -p $$) = $$";
        shell(Duration::from_secs(60), clean, &[]).unwrap();
    }
}
