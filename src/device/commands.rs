//! The commands that act on the box, through one trait, so that tests can put their own in place.
//!
//! No shell is started: a program is run by its path with a vector of arguments. It inherits no file
//! (all of ours are closed on exec), nothing of our standard streams, environment or signals, and
//! leads a process group of its own. What it says is read as it comes, and never kept without bound.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, pipe2};

/// A command that is not done after this time is ended: `reload_config` starts services anew, one
/// after the other.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// From the request to end, which a command and what it started get after that time, to the kill.
const GRACE: Duration = Duration::from_secs(2);

/// All that a command has of an environment: what procd gives.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/")];

/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Bytes of output that are read at a time.
const CHUNK: usize = 4096;

/// What the output of a program that nobody waits for may take of the memory.
const MAX_LEFT_OUTPUT: u64 = 256 * 1024;

/// Where the system keeps its programs.
const SYSTEM_DIRS: [&str; 4] = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];

/// Resets to the factory's state, the best first. `firstboot -y` comes last: in OpenWrt 14.07 it
/// asks for a key all the same, while `jffs2reset` is there since then; `factoryreset` is its name
/// in 25.12 and later.
const RESETS: [(&str, &str); 3] = [
    ("factoryreset", "-y"),
    ("jffs2reset", "-y"),
    ("firstboot", "-y"),
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
    /// What it says cannot be taken, and it was ended.
    Output(PathBuf, io::Error),
}

/// Takes what a program says, piece by piece; with an error the program is ended.
pub type Take<'t> = &'t mut dyn FnMut(&[u8]) -> io::Result<()>;

/// What of a program's output is read. The rest goes nowhere.
pub enum Listen<'t> {
    /// Nothing.
    No,
    /// Standard output.
    Output(Take<'t>),
    /// Standard output and standard error, as they come.
    All(Take<'t>),
    /// Both go to this file, open to append: unlike a pipe it does not break with the agent, and the
    /// program with it. It is emptied where it grows too long.
    Into(&'t File),
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
            Self::Output(path, error) => write!(f, "what {} says: {error}", path.display()),
        }
    }
}

impl std::error::Error for CommandError {}

/// The commands of OpenWrt, 14.07 and later.
#[derive(Clone)]
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

    /// The program of this name.
    ///
    /// # Errors
    /// The box has none.
    pub fn program(&self, name: &'static str) -> Result<PathBuf, CommandError> {
        self.find(name).ok_or(CommandError::Missing(name))
    }

    /// Runs a program to its end, for at most the time that a command has.
    ///
    /// # Errors
    /// There is none, it failed, took too long, or said what `listen` does not take.
    pub fn run(
        &self,
        name: &'static str,
        arguments: &[&OsStr],
        listen: Listen<'_>,
    ) -> Result<(), CommandError> {
        run(self.limit, &self.program(name)?, arguments, listen)
    }

    /// Starts a program that ends all others, and must not be ended itself; waits for its end, or
    /// this long at most. What it says goes to the file `log`, not to a pipe that would break with
    /// the agent, and the program with it. Gives whether it ended, and well.
    ///
    /// # Errors
    /// There is none, or it failed.
    pub fn run_apart(
        &self,
        name: &'static str,
        arguments: &[&OsStr],
        log: &Path,
        wait: Duration,
    ) -> Result<bool, CommandError> {
        let program = self.program(name)?;
        let failed = |error| CommandError::Start(program.clone(), error);
        let log = File::options().create(true).append(true).open(log);
        let log = log.map_err(failed)?;
        let (_, streams) = streams(&Listen::Into(&log)).map_err(failed)?;
        let mut child = spawn(&program, arguments, streams)?;
        let ended = ends_within(wait, || {
            bound(&log)?;
            Ok(child.try_wait()?.is_some())
        });
        if !ended.map_err(failed)? {
            return Ok(false);
        }
        match child.wait().map_err(failed)? {
            status if status.success() => Ok(true),
            status => Err(CommandError::Failed(program, status)),
        }
    }

    /// Has a service do something: `reload`, `start`, `stop`.
    ///
    /// # Errors
    /// There is no such service, or as [`System::run`].
    pub fn serve(&self, service: &str, action: &'static str) -> Result<(), CommandError> {
        let path = self.init_dir.join(service);
        if service.contains('/') || !is_program(&path) {
            return Err(CommandError::Start(path, io::ErrorKind::NotFound.into()));
        }
        run(self.limit, &path, &[action.as_ref()], Listen::No)
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let paths = self.dirs.iter().map(|dir| dir.join(name));
        paths.into_iter().find(|path| is_program(path))
    }

    fn reset_program(&self) -> Result<(PathBuf, &'static str), CommandError> {
        let found = RESETS
            .iter()
            .find_map(|(name, argument)| Some((self.find(name)?, *argument)));
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
        self.program("reboot").map(drop)
    }

    fn can_factory_reset(&self) -> Result<(), CommandError> {
        self.reset_program().map(drop)
    }

    fn reboot(&mut self) -> Result<(), CommandError> {
        self.run("reboot", &[], Listen::No)
    }

    fn factory_reset(&mut self) -> Result<(), CommandError> {
        let (program, argument) = self.reset_program()?;
        run(self.limit, &program, &[argument.as_ref()], Listen::No)
    }

    /// `reload_config` finds out by itself which packages changed; without it, the services that
    /// are named like the packages are reloaded. The agent reads its own package itself.
    fn apply(&mut self, packages: &[String]) -> Result<(), CommandError> {
        let foreign: Vec<&String> = packages.iter().filter(|p| *p != "cwmpd").collect();
        if foreign.is_empty() {
            return Ok(());
        }
        if let Some(program) = self.find("reload_config") {
            return run(self.limit, &program, &[], Listen::No);
        }
        foreign.iter().try_for_each(|package| {
            if is_program(&self.init_dir.join(package.as_str())) {
                self.serve(package, "reload")
            } else {
                Ok(())
            }
        })
    }
}

fn run(
    limit: Duration,
    program: &Path,
    arguments: &[&OsStr],
    listen: Listen<'_>,
) -> Result<(), CommandError> {
    let failed = |error| CommandError::Start(program.to_owned(), error);
    let (pipe, streams) = streams(&listen).map_err(failed)?;
    let mut child = spawn(program, arguments, streams)?;
    let heard = match (pipe, listen) {
        (Some(pipe), Listen::Output(take) | Listen::All(take)) => {
            hear(&mut child, File::from(pipe), take, limit)
        }
        (_, Listen::Into(log)) => ends_within(limit, || {
            bound(log)?;
            Ok(child.try_wait()?.is_some())
        }),
        _ => ends_within(limit, || Ok(child.try_wait()?.is_some())),
    };
    match heard {
        Ok(true) => match child.wait().map_err(failed)? {
            status if status.success() => Ok(()),
            status => Err(CommandError::Failed(program.to_owned(), status)),
        },
        Ok(false) => {
            end(&mut child).map_err(failed)?;
            Err(CommandError::TimedOut(program.to_owned(), limit))
        }
        Err(error) => {
            // One that ended is reaped: the number of its group may be another's.
            if child.try_wait().map_err(failed)?.is_none() {
                end(&mut child).map_err(failed)?;
            }
            Err(CommandError::Output(program.to_owned(), error))
        }
    }
}

/// Where a program's standard output and error go, and the end of the pipe that we read.
fn streams(listen: &Listen<'_>) -> io::Result<(Option<OwnedFd>, (Stdio, Stdio))> {
    match listen {
        Listen::No => return Ok((None, (Stdio::null(), Stdio::null()))),
        Listen::Into(log) => return Ok((None, (log.try_clone()?.into(), log.try_clone()?.into()))),
        Listen::Output(_) | Listen::All(_) => {}
    }
    let (ours, theirs) = pipe2(OFlag::O_CLOEXEC)?;
    let errors = match listen {
        Listen::All(_) => Stdio::from(theirs.try_clone()?),
        _ => Stdio::null(),
    };
    Ok((Some(ours), (Stdio::from(theirs), errors)))
}

fn spawn(
    program: &Path,
    arguments: &[&OsStr],
    (output, errors): (Stdio, Stdio),
) -> Result<Child, CommandError> {
    let shown: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    log::info!("running {} {}", program.display(), shown.join(" "));
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
        .stdout(output)
        .stderr(errors)
        .spawn();
    let _ = mask.map(|mask| mask.thread_set_mask());
    child.map_err(|error| CommandError::Start(program.to_owned(), error))
}

/// Reads what a child says until it ends; `false` where that takes too long. What it left in the
/// background may keep the pipe open, and is not waited for.
fn hear(child: &mut Child, mut pipe: File, take: Take<'_>, limit: Duration) -> io::Result<bool> {
    let start = Instant::now();
    let mut is_open = true;
    loop {
        let is_over = child.try_wait()?.is_some();
        let mut has_more = is_open;
        while has_more {
            // What a child that has ended said is in the pipe by now.
            let wait = if is_over { Duration::ZERO } else { POLL };
            let wait = PollTimeout::try_from(wait).unwrap_or(PollTimeout::ZERO);
            let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
            has_more = poll(&mut fds, wait)? > 0;
            if has_more {
                let mut chunk = [0; CHUNK];
                let read = pipe.read(&mut chunk)?;
                take(chunk.get(..read).unwrap_or_default())?;
                is_open = read > 0;
                has_more = is_open && start.elapsed() < limit;
            }
        }
        if is_over || start.elapsed() >= limit {
            return Ok(is_over);
        }
        if !is_open {
            thread::sleep(POLL);
        }
    }
}

/// Ends a child that takes too long, with all that it started and that did not leave its process
/// group, as a service does.
fn end(child: &mut Child) -> io::Result<()> {
    let leader = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let _ = killpg(leader, Signal::SIGTERM);
    // It is not reaped yet: until then nobody else can get the number of its group.
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    let is_over = || Ok(waitid(Id::Pid(leader), flags)? != WaitStatus::StillAlive);
    let ended = ends_within(GRACE, is_over);
    let _ = killpg(leader, Signal::SIGKILL);
    child.wait()?;
    ended.map(drop)
}

/// Keeps a file small that a program writes to.
fn bound(log: &File) -> io::Result<()> {
    match log.metadata()?.len() > MAX_LEFT_OUTPUT {
        true => log.set_len(0),
        false => Ok(()),
    }
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
        let words: Vec<&OsStr> = words.map(OsStr::new).collect();
        run(limit, Path::new("/bin/sh"), &words, Listen::No)
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

    /// What the same says, up to this many bytes, and how it ended.
    fn said(text: &str, most: usize, all: bool) -> (String, Result<(), CommandError>) {
        let mut said = Vec::new();
        let mut take = |bytes: &[u8]| {
            said.extend_from_slice(bytes);
            match said.len() <= most {
                true => Ok(()),
                false => Err(io::ErrorKind::FileTooLarge.into()),
            }
        };
        let listen = match all {
            true => Listen::All(&mut take),
            false => Listen::Output(&mut take),
        };
        let words: [&OsStr; 2] = ["-c".as_ref(), text.as_ref()];
        let ran = run(
            Duration::from_secs(20),
            Path::new("/bin/sh"),
            &words,
            listen,
        );
        (String::from_utf8(said).unwrap(), ran)
    }

    #[test]
    fn t32_what_a_program_says_is_read_to_its_end_and_no_further_than_is_taken() {
        let (text, ran) = said("echo one; echo two >&2; sleep 0.1; echo three", 99, true);
        assert_eq!(text, "one\ntwo\nthree\n");
        ran.unwrap();
        let (text, ran) = said("echo one; echo two >&2; exit 3", 99, false);
        assert_eq!(text, "one\n");
        assert!(matches!(ran, Err(CommandError::Failed(..))), "{ran:?}");
        let (text, ran) = said("head -c 300000 /dev/zero | tr '\\0' x", 300_000, true);
        assert_eq!(text.len(), 300_000);
        ran.unwrap();
        let (text, ran) = said("while :; do echo flood; done", 10_000, true);
        assert!(text.len() <= 10_000 + CHUNK, "{}", text.len());
        assert!(matches!(ran, Err(CommandError::Output(..))), "{ran:?}");
    }

    #[test]
    fn t32_a_program_that_leaves_its_output_open_behind_it_is_done() {
        let start = Instant::now();
        let (text, ran) = said("sleep 15 & echo done", 99, true);
        assert_eq!(text, "done\n");
        ran.unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn t68_what_goes_into_a_file_is_bounded_and_its_program_ends_in_time() {
        let path = std::env::temp_dir().join(format!("cwmpd-into-{}", std::process::id()));
        let log = File::options().create(true).append(true).open(&path);
        let log = log.unwrap();
        let run = |text: &str, limit| {
            let words: [&OsStr; 2] = ["-c".as_ref(), text.as_ref()];
            run(limit, Path::new("/bin/sh"), &words, Listen::Into(&log))
        };
        run("echo one; echo two >&2", Duration::from_secs(20)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let flood = "while :; do echo flood; done";
        let error = run(flood, Duration::from_secs(1)).unwrap_err();
        assert!(matches!(error, CommandError::TimedOut(..)), "{error}");
        bound(&log).unwrap();
        assert!(log.metadata().unwrap().len() <= MAX_LEFT_OUTPUT);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn s30_a_command_finds_a_clean_house() {
        let clean = "test $(pwd) = / && test -z \"$(cat)\" && \
                     test \"$(env | cut -d= -f1 | sort | xargs)\" = 'HOME PATH PWD' && \
                     test $(ps -o pgid= -p $$) = $$";
        shell(Duration::from_secs(60), clean, &[]).unwrap();
    }
}
