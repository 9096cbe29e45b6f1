//! The one connection to ubusd: calls of others' objects, and an object of our own.
//!
//! It never waits: whoever owns it waits for its descriptor and its deadline, and lets it
//! [`work`](UbusLink::work). Without ubusd it sleeps until there is a socket (`place`); where
//! something is wrong of which the kernel does not tell the end, it tries again after pauses that
//! grow. Whenever it is connected anew, the object is registered anew.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::inotify::Inotify;

use super::calls::{CallId, CallResult, Calls};
use super::error::UbusError;
use super::limits::{FIRST_PAUSE, LONGEST_PAUSE, MAX_GREETING, MAX_TRIES};
use super::message::{Frame, MessageKind};
use super::offer::{Invocation, OfferedObject, UbusObject};
use super::place;
use super::status::UbusStatus;
use super::stream::UbusStream;
use super::value::UbusTable;
use crate::base::backoff::Backoff;

/// A connection that held for so long was a good one: the pauses begin anew.
const GOOD: Duration = Duration::from_secs(30);

/// After an attempt neither a call nor a sign is a reason for another one before this.
const NO_SOONER: Duration = Duration::from_millis(200);

/// What comes of the work.
#[derive(Debug)]
pub enum UbusEvent {
    /// A call has ended. What it brought: a table, with the members of all answers where there are
    /// several; an empty one where there is none.
    Answered(CallId, Result<UbusTable, UbusError>),
    /// Somebody calls a method of the object; to be answered by [`UbusLink::answer`].
    Invoked(Invocation),
}

/// The connection, and what goes over it.
pub struct UbusLink {
    sockets: Vec<PathBuf>,
    state: LinkState,
    pauses: Backoff,
    tries: u32,
    /// When it was last tried to connect.
    tried: Option<Duration>,
    calls: Calls,
    next_call: u32,
    offer: OfferedObject,
    /// What happened since the last work.
    events: Vec<UbusEvent>,
    /// Why there is no connection; said once in the log.
    trouble: Option<String>,
}

enum LinkState {
    /// Nobody is there. Waits for a sign, and tries again at this uptime.
    Down(Option<Inotify>, Option<Duration>),
    /// ubusd has this long to say its first word.
    Greeting(UbusStream, Duration),
    /// Since this uptime.
    Up(UbusStream, Duration),
}

impl UbusLink {
    /// To the first of these sockets that ubusd listens on, with this object.
    pub fn new(sockets: Vec<PathBuf>, object: UbusObject) -> Self {
        Self {
            sockets,
            state: LinkState::Down(None, Some(Duration::ZERO)),
            pauses: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            tries: 0,
            tried: None,
            calls: Calls::default(),
            next_call: 0,
            offer: OfferedObject::new(object),
            events: Vec::new(),
            trouble: None,
        }
    }

    /// The sockets that it tries.
    pub fn sockets(&self) -> &[PathBuf] {
        &self.sockets
    }

    /// What does not work at present, a sentence.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref().or(self.offer.refusal())
    }

    /// The descriptor to wait for.
    pub fn descriptor(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match &self.state {
            LinkState::Down(sign, _) => {
                let sign = sign.as_ref()?;
                Some((sign.as_fd(), PollFlags::POLLIN))
            }
            LinkState::Greeting(stream, _) | LinkState::Up(stream, _) => Some(stream.descriptor()),
        }
    }

    /// When there is work though the descriptor is not ready, as uptime.
    pub fn deadline(&self) -> Option<Duration> {
        if !self.events.is_empty() {
            return Some(Duration::ZERO);
        }
        let own = match &self.state {
            LinkState::Down(_, again) => *again,
            LinkState::Greeting(stream, until) => {
                stream.deadline().into_iter().chain([*until]).min()
            }
            LinkState::Up(stream, _) => {
                let own = [stream.deadline(), self.offer.deadline()];
                own.into_iter().flatten().min()
            }
        };
        [own, self.calls.deadline()].into_iter().flatten().min()
    }

    /// Calls a method of an object by its path. What it brings comes as [`UbusEvent::Answered`],
    /// within `patience` after `now`, also where there is no ubusd.
    pub fn call(
        &mut self,
        object: &str,
        method: &str,
        arguments: UbusTable,
        patience: Duration,
        now: Duration,
    ) -> CallId {
        self.next_call = self.next_call.wrapping_add(1);
        let id = CallId(self.next_call);
        let is_worth_it = self
            .tried
            .is_none_or(|tried| tried.saturating_add(NO_SOONER) <= now);
        if matches!(self.state, LinkState::Down(..)) && is_worth_it {
            self.connect(now);
        }
        let taken = match (&self.state, &self.trouble) {
            (LinkState::Down(..), why) => {
                let why = why.as_deref().unwrap_or("there is no connection to ubusd");
                Err(UbusError::Unreachable(why.to_owned()))
            }
            _ => {
                let deadline = now.saturating_add(patience);
                self.calls.add(id, (object, method), arguments, deadline)
            }
        };
        match taken {
            Ok(()) => self.begin_calls(now),
            Err(error) => self.events.push(UbusEvent::Answered(id, Err(error))),
        }
        id
    }

    /// Answers a call of the object: with data, where there is some, and a status. Nothing is said
    /// where nobody waits for it, or the connection that it came by is gone.
    pub fn answer(
        &mut self,
        invocation: &Invocation,
        data: Option<&UbusTable>,
        status: UbusStatus,
        now: Duration,
    ) {
        for message in self.offer.answer(invocation, data, status) {
            self.send(&message, now);
        }
    }

    /// Does what is ready or due, without waiting.
    pub fn work(&mut self, now: Duration) -> Vec<UbusEvent> {
        match &mut self.state {
            LinkState::Down(sign, again) => {
                let told = sign.as_ref().is_some_and(|sign| sign.read_events().is_ok());
                if told {
                    self.tries = 0;
                    // A folder in which much happens is no reason to do nothing else.
                    let soon = self.tried.map(|tried| tried.saturating_add(NO_SOONER));
                    *again = soon.max(Some(now));
                }
                if again.is_some_and(|again| again <= now) {
                    self.connect(now);
                }
            }
            LinkState::Greeting(_, until) if *until <= now => {
                self.lose("ubusd says nothing", now);
            }
            LinkState::Greeting(..) | LinkState::Up(..) => self.converse(now),
        }
        if self.offer.is_overdue(now) {
            self.lose("ubusd does not answer", now);
        }
        if let LinkState::Up(..) = self.state {
            if let Some(message) = self.offer.register(&mut self.calls, now) {
                self.send(&message, now);
            }
        }
        let mut done = Vec::new();
        self.calls.expire(now, &mut done);
        self.note(done);
        std::mem::take(&mut self.events)
    }

    /// Takes what ubusd says.
    fn converse(&mut self, now: Duration) {
        let mut messages = Vec::new();
        let stream = match &mut self.state {
            LinkState::Greeting(stream, _) | LinkState::Up(stream, _) => stream,
            LinkState::Down(..) => return,
        };
        let end = stream.work(now, &mut |message| messages.push(message.to_vec()));
        for message in messages {
            if let Some(frame) = Frame::read(&message) {
                self.take(&frame, now);
            }
        }
        if let Err(why) = end {
            self.lose(&why, now);
        }
    }

    fn take(&mut self, frame: &Frame<'_>, now: Duration) {
        match frame.kind {
            MessageKind::HELLO => self.greeted(now),
            MessageKind::STATUS | MessageKind::DATA => {
                if self.offer.answered(frame, now) {
                    return;
                }
                let mut done = Vec::new();
                let next = self.calls.answered(frame, &mut done);
                self.note(done);
                if let Some(message) = next {
                    self.send(&message, now);
                }
            }
            MessageKind::INVOKE => match self.offer.invoked(frame) {
                Ok(invocation) => self.events.push(UbusEvent::Invoked(invocation)),
                Err(refusal) => {
                    if let Some(message) = refusal {
                        self.send(&message, now);
                    }
                }
            },
            // Of subscriptions, which nobody here has.
            _ => {}
        }
    }

    fn greeted(&mut self, now: Duration) {
        let state = std::mem::replace(&mut self.state, LinkState::Down(None, None));
        self.state = match state {
            LinkState::Greeting(stream, _) => {
                match self.trouble.take() {
                    Some(before) => log::info!("over: {before}"),
                    None => log::debug!("ubus: connected"),
                }
                LinkState::Up(stream, now)
            }
            other => other,
        };
        self.begin_calls(now);
    }

    fn begin_calls(&mut self, now: Duration) {
        if !matches!(self.state, LinkState::Up(..)) {
            return;
        }
        let mut done = Vec::new();
        let messages = self.calls.begin(&mut done);
        self.note(done);
        for message in messages {
            self.send(&message, now);
        }
    }

    fn send(&mut self, message: &[u8], now: Duration) {
        if let LinkState::Up(stream, _) = &mut self.state {
            if let Err(why) = stream.send(message, now) {
                self.lose(&why, now);
            }
        }
    }

    fn note(&mut self, done: Vec<(CallId, CallResult)>) {
        let events = done.into_iter();
        self.events
            .extend(events.map(|(id, result)| UbusEvent::Answered(id, result)));
    }

    /// Tries each of the sockets.
    fn connect(&mut self, now: Duration) {
        // Before they are tried, so that none is missed that comes meanwhile.
        let sign = place::watch(&self.sockets);
        self.tried = Some(now);
        let mut worst = io::Error::from(io::ErrorKind::NotFound);
        for socket in &self.sockets {
            match UbusStream::open(socket, now) {
                Ok(stream) => {
                    self.state = LinkState::Greeting(stream, now.saturating_add(MAX_GREETING));
                    return;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => worst = error,
            }
        }
        let places = place::shown(&self.sockets);
        let (why, tries) = match worst.kind() {
            io::ErrorKind::NotFound => (format!("there is no {places}"), 0),
            // Somebody makes the socket, and is about to listen; or left it behind.
            io::ErrorKind::ConnectionRefused => (format!("nobody listens on {places}"), MAX_TRIES),
            _ => (format!("cannot connect to {places}: {worst}"), u32::MAX),
        };
        let tries = if sign.is_some() { tries } else { u32::MAX };
        self.wait(&why, sign, tries, now);
    }

    /// The connection is of no use any more.
    fn lose(&mut self, why: &str, now: Duration) {
        if let LinkState::Up(_, since) = self.state {
            if since.saturating_add(GOOD) <= now {
                self.pauses.reset();
            }
        }
        self.tries = 0;
        let sign = place::watch(&self.sockets);
        self.wait(why, sign, u32::MAX, now);
        let mut done = Vec::new();
        self.calls.lose(why, &mut done);
        self.note(done);
        self.offer.lose();
    }

    /// Waits for a sign, and for the time of the next of so many tries.
    fn wait(&mut self, why: &str, sign: Option<Inotify>, tries: u32, now: Duration) {
        let again = (self.tries < tries).then(|| now.saturating_add(self.pauses.pause()));
        self.tries = self.tries.saturating_add(1);
        if again.is_none() {
            self.pauses.reset();
        }
        self.state = LinkState::Down(sign, again);
        let trouble = format!("no ubus: {why}");
        match &self.trouble {
            None => {
                log::warn!("{trouble}; the object on it is not there, nor is what is read from it");
            }
            Some(before) if *before == trouble => {}
            // That ubusd went was told; what it looks like until it is back is for `cwmpd status`.
            Some(_) => log::debug!("{trouble}"),
        }
        self.trouble = Some(trouble);
    }
}
