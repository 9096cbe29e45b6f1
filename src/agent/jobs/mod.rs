//! Jobs: whatever blocks, each on a thread of its own.
//!
//! A job owns its input. What it has to say comes to the loop through a channel, and an eventfd
//! wakes the loop for it. **Every job reports**: also one that panics (the program may be built to
//! unwind), one for which the system has no thread, and one that never returns, whose report the
//! loop makes when its time is over; what such a job says later is ignored. There is no pool: when
//! nothing blocks there is no thread.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::error::AgentError;
use super::parts::Part;

/// The stack of a job. A TLS handshake, the deepest of them, needs less than half of it.
const STACK: usize = 256 * 1024;

/// Threads that did not come back in time. One more, and the agent ends, so that procd starts it
/// anew: each holds its stack and whatever it hangs on, and cannot be taken back.
pub(super) const MAX_GIVEN_UP: usize = 4;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobKind {
    /// Speaks with the ACS as long as a session lasts.
    Session,
    /// Reads the Luup home.
    LuupFetch,
    /// Waits for changes of the Luup home.
    LuupFollow,
    /// Writes values to Luup.
    LuupWrite,
    /// Has Luup do something to the Z-Wave network, and waits for the end of it.
    LuupCommand,
    /// Runs a program of the box.
    Command,
    /// Moves a file from or to a server.
    Transfer,
    /// Has a connection to an XMPP server open.
    Xmpp,
    /// Asks the gateway of the network for a way in.
    Gateway,
    /// Looks up the name of a server.
    Lookup,
    /// Finds out what the box can reach.
    Diagnostic,
}

impl JobKind {
    /// What `ps -T` shows.
    fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::LuupFetch => "luup-fetch",
            Self::LuupFollow => "luup-follow",
            Self::LuupWrite => "luup-write",
            Self::LuupCommand => "luup-command",
            Self::Command => "command",
            Self::Transfer => "transfer",
            Self::Xmpp => "xmpp",
            Self::Gateway => "gateway",
            Self::Lookup => "lookup",
            Self::Diagnostic => "diagnostic",
        }
    }

    /// Whether the two must not run at the same time: programs that touch the flash would meet half of
    /// each other's work, two files at a time are more than the memory of a box has room for, and an
    /// engine, its network or a gateway is asked one thing at a time. A write to Luup does not wait for
    /// a fetch, which may hang: what it tells of before is not shown after it.
    fn excludes(self, other: Self) -> bool {
        other == self && !matches!(self, Self::Session | Self::LuupFollow | Self::Xmpp)
    }
}

/// Why a job has nothing to say of its own.
#[derive(Debug)]
pub(super) enum Lost {
    /// With what words.
    Panicked(String),
    /// It was to be done within this time.
    TimedOut(Duration),
    /// The system gave no thread.
    NoThread(io::Error),
    /// It returned and said nothing.
    Silent,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(why) => write!(f, "it broke down: {why}"),
            Self::TimedOut(patience) => write!(
                f,
                "it was not done after {} s and was given up",
                patience.as_secs()
            ),
            Self::NoThread(error) => write!(f, "the system has no thread for it: {error}"),
            Self::Silent => f.write_str("it ended without a word"),
        }
    }
}

/// A job of this run of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobId(u32);

/// What a job does on its thread.
type Work<T> = Box<dyn FnOnce(&Reporter<T>) + Send>;

/// Whether a job got on since that was last asked.
type Pulse = Box<dyn FnMut() -> bool>;

/// What a job is made of.
pub(super) struct Job<T> {
    kind: JobKind,
    patience: Duration,
    pulse: Option<Pulse>,
    lost: Box<dyn Fn(Lost) -> T>,
    work: Work<T>,
}

impl<T: 'static> Job<T> {
    /// A job that says on its thread, once or often, what there is to say. `patience` is how long it may
    /// take for its report, or for each of them; `lost` makes the report in its place where it makes none.
    pub(super) fn new(
        kind: JobKind,
        patience: Duration,
        lost: impl Fn(Lost) -> T + 'static,
        work: impl FnOnce(&Reporter<T>) + Send + 'static,
    ) -> Self {
        Self {
            kind,
            patience,
            pulse: None,
            lost: Box::new(lost),
            work: Box::new(work),
        }
    }

    /// A job that says what its work came to.
    pub(super) fn once(
        kind: JobKind,
        patience: Duration,
        lost: impl Fn(Lost) -> T + 'static,
        work: impl FnOnce(&Reporter<T>) -> T + Send + 'static,
    ) -> Self {
        Self::new(kind, patience, lost, move |reporter| {
            reporter.say(work(reporter));
        })
    }

    /// The same job, which may take as long as it gets on: it has its patience again whenever `pulse`
    /// says that it got on since that was last asked.
    pub(super) fn with_pulse(self, pulse: impl FnMut() -> bool + 'static) -> Self {
        Self {
            pulse: Some(Box::new(pulse)),
            ..self
        }
    }
}

/// How jobs are run. The default is for the box; tests put faults in place of it.
#[derive(Clone)]
pub struct Conditions {
    /// Called on the thread of each job before it begins, with the name of its kind: `session`,
    /// `luup-fetch`, `luup-follow`, `luup-write`, `luup-command`, `command`, `transfer`, `gateway`,
    /// `xmpp`, `lookup`, `diagnostic`.
    pub before: Arc<dyn Fn(&'static str) + Send + Sync>,
    /// In place of the patience that each job asks for.
    pub patience: Option<Duration>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            before: Arc::new(|_| {}),
            patience: None,
        }
    }
}

/// A job's way back to the loop.
pub(super) struct Reporter<T> {
    id: JobId,
    channel: Channel<T>,
    cancelled: Arc<AtomicBool>,
}

impl<T> Reporter<T> {
    /// Hands a report to the loop.
    pub(super) fn say(&self, report: T) {
        self.channel.send(self.id, Said::Report(report), true);
    }

    /// Whether nobody waits for the job any more. What is not begun yet need not be done.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The last word. That a session that is done with has left its thread wakes nobody.
    fn end(&self, kind: JobKind, panic: Option<String>) {
        let wake = !self.is_cancelled() || kind.excludes(kind);
        self.channel.send(self.id, Said::Over(panic), wake);
    }
}

/// The channel to the loop, and what wakes it.
struct Channel<T> {
    sender: Sender<(JobId, Said<T>)>,
    wake: Arc<EventFd>,
}

enum Said<T> {
    Report(T),
    /// The thread ends, of a panic with these words.
    Over(Option<String>),
}

impl<T> Channel<T> {
    fn send(&self, id: JobId, said: Said<T>, wake: bool) {
        // A loop that is gone does not mind. The eventfd refuses only when its counter is full:
        // the loop is awake then.
        if self.sender.send((id, said)).is_ok() && wake {
            let _ = self.wake.write(1);
        }
    }
}

/// The jobs that run or wait, and those that were given up.
pub(super) struct Jobs<T> {
    conditions: Conditions,
    channel: Channel<T>,
    receiver: Receiver<(JobId, Said<T>)>,
    last_id: u32,
    waiting: VecDeque<(JobId, Job<T>)>,
    running: Vec<Running<T>>,
    /// Reports of jobs that could not be started.
    failed: Vec<(JobId, T)>,
    given_up: Vec<JobId>,
}

struct Running<T> {
    id: JobId,
    kind: JobKind,
    patience: Duration,
    pulse: Option<Pulse>,
    /// When its next report (its end, once it is cancelled) is due, as uptime; `None` while none is
    /// expected.
    due: Option<Duration>,
    lost: Box<dyn Fn(Lost) -> T>,
    cancelled: Arc<AtomicBool>,
}

impl<T: Send + 'static> Jobs<T> {
    pub(super) fn new(conditions: Conditions) -> Result<Self, AgentError> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let wake = EventFd::from_flags(flags).map_err(|e| AgentError::System {
            what: "eventfd",
            error: e.into(),
        })?;
        let (sender, receiver) = channel();
        Ok(Self {
            conditions,
            channel: Channel {
                sender,
                wake: Arc::new(wake),
            },
            receiver,
            last_id: 0,
            waiting: VecDeque::new(),
            running: Vec::new(),
            failed: Vec::new(),
            given_up: Vec::new(),
        })
    }

    /// Begins a job, or puts it behind those that it must not run beside. Its report comes from
    /// [`Jobs::work`], whatever happens.
    pub(super) fn start(&mut self, job: Job<T>, now: Duration) -> JobId {
        self.last_id = self.last_id.wrapping_add(1);
        let id = JobId(self.last_id);
        self.waiting.push_back((id, job));
        self.start_waiting(now);
        id
    }

    /// One more report of a running job is expected: its patience begins anew.
    pub(super) fn expect(&mut self, id: JobId, now: Duration) {
        if let Some(job) = self.running.iter_mut().find(|job| job.id == id) {
            job.due = Some(now.saturating_add(job.patience));
        }
    }

    /// Nobody waits for the job any more: it reports nothing, and does no more than it must.
    pub(super) fn cancel(&mut self, id: JobId, now: Duration) {
        self.waiting.retain(|(waiting, _)| *waiting != id);
        if let Some(job) = self.running.iter_mut().find(|job| job.id == id) {
            job.cancelled.store(true, Ordering::Relaxed);
            job.due = Some(now.saturating_add(job.patience));
        }
    }

    /// Whether a job of the kind runs or waits, and its report is to come.
    pub(super) fn is_underway(&self, kind: JobKind) -> bool {
        let running = self.running.iter();
        self.waiting.iter().any(|(_, job)| job.kind == kind)
            || running
                .filter(|job| job.kind == kind)
                .any(Running::is_heard)
    }

    /// Whether a report of a job of the kind is to come: not of one that has said what it had to and
    /// is about to end.
    pub(super) fn is_awaited(&self, kind: JobKind) -> bool {
        let mut running = self.running.iter().filter(|job| job.kind == kind);
        self.waiting.iter().any(|(_, job)| job.kind == kind)
            || running.any(|job| job.is_heard() && job.due.is_some())
    }

    /// The reports that came or are due, each with the job that it is of.
    pub(super) fn work(&mut self, now: Duration) -> Vec<(JobId, T)> {
        // Nothing to read is no error: a deadline woke the loop.
        let _ = self.channel.wake.read();
        let mut reports = std::mem::take(&mut self.failed);
        while let Ok((id, said)) = self.receiver.try_recv() {
            match said {
                Said::Report(report) => reports.extend(self.heard(id, report)),
                Said::Over(panic) => reports.extend(self.over(id, panic)),
            }
        }
        let mut late = Vec::new();
        for mut job in std::mem::take(&mut self.running) {
            match job.is_late(now) {
                true => late.push(job),
                false => self.running.push(job),
            }
        }
        for job in late {
            let lost = Lost::TimedOut(job.patience);
            log::error!("job {}: {lost}", job.kind.name());
            if !job.cancelled.swap(true, Ordering::Relaxed) {
                reports.push((job.id, (job.lost)(lost)));
            }
            self.given_up.push(job.id);
        }
        self.start_waiting(now);
        reports
    }

    /// Whether more threads hang than the agent can go on with.
    pub(super) fn is_stuck(&self) -> bool {
        self.given_up.len() > MAX_GIVEN_UP
    }

    fn heard(&mut self, id: JobId, report: T) -> Option<(JobId, T)> {
        let running = self.running.iter_mut().filter(|job| job.is_heard());
        let job = running.into_iter().find(|job| job.id == id)?;
        job.due = None;
        Some((id, report))
    }

    fn over(&mut self, id: JobId, panic: Option<String>) -> Option<(JobId, T)> {
        self.given_up.retain(|given_up| *given_up != id);
        let at = self.running.iter().position(|job| job.id == id)?;
        let job = self.running.swap_remove(at);
        let lost = match panic {
            Some(why) => Lost::Panicked(why),
            None if job.is_heard() && job.due.is_some() => Lost::Silent,
            None => return None,
        };
        log::error!("job {}: {lost}", job.kind.name());
        job.is_heard().then(|| (id, (job.lost)(lost)))
    }

    fn start_waiting(&mut self, now: Duration) {
        let mut at = 0;
        while let Some((_, job)) = self.waiting.get(at) {
            let before = self.waiting.iter().take(at).map(|(_, job)| job.kind);
            let mut busy = before.chain(self.running.iter().map(|job| job.kind));
            if busy.any(|kind| job.kind.excludes(kind)) {
                at += 1;
            } else if let Some((id, job)) = self.waiting.remove(at) {
                self.spawn(id, job, now);
            }
        }
    }

    fn spawn(&mut self, id: JobId, job: Job<T>, now: Duration) {
        let Job {
            kind,
            patience,
            pulse,
            lost,
            work,
        } = job;
        let patience = self.conditions.patience.unwrap_or(patience);
        let cancelled = Arc::new(AtomicBool::new(false));
        let reporter = Reporter {
            id,
            channel: Channel {
                sender: self.channel.sender.clone(),
                wake: Arc::clone(&self.channel.wake),
            },
            cancelled: Arc::clone(&cancelled),
        };
        let before = Arc::clone(&self.conditions.before);
        let thread = thread::Builder::new()
            .name(kind.name().to_owned())
            .stack_size(STACK)
            .spawn(move || {
                // Nothing of what the job left half done is seen again: it owned its input.
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    before(kind.name());
                    work(&reporter);
                }));
                let panic = outcome.err().map(|payload| words(&*payload));
                reporter.end(kind, panic);
            });
        match thread {
            Ok(_) => {
                log::debug!("job {} begins", kind.name());
                self.running.push(Running {
                    id,
                    kind,
                    patience,
                    pulse,
                    due: Some(now.saturating_add(patience)),
                    lost,
                    cancelled,
                });
            }
            Err(error) => {
                let error = Lost::NoThread(error);
                log::error!("job {}: {error}", kind.name());
                self.failed.push((id, lost(error)));
            }
        }
    }
}

impl<T> Running<T> {
    fn is_heard(&self) -> bool {
        !self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether its time is over; one that gets on has it once more.
    fn is_late(&mut self, now: Duration) -> bool {
        let is_due = self.due.is_some_and(|due| due <= now);
        let gets_on = is_due && self.is_heard() && self.pulse.as_mut().is_some_and(|pulse| pulse());
        if gets_on {
            self.due = Some(now.saturating_add(self.patience));
        }
        is_due && !gets_on
    }
}

impl<T> Part for Jobs<T> {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.channel.wake.as_fd(), PollFlags::POLLIN)]
    }

    fn deadline(&self) -> Option<Duration> {
        match self.failed.is_empty() {
            false => Some(Duration::ZERO),
            // That nobody waits for a thread is no reason to wake for it.
            true => {
                let heard = self.running.iter().filter(|job| job.is_heard());
                heard.filter_map(|job| job.due).min()
            }
        }
    }
}

/// The words of a panic.
fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}

#[cfg(test)]
mod tests;
