//! The agent's part of a session: the thread that speaks with the ACS, from the first POST to the
//! last, so that connection, cookies and digest state stay with it; and the engine's steps in
//! between.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::jobs::{Job, JobId, JobKind, Reporter};
use super::poll_loop::{Agent, Done};
use crate::acs::{Link, LinkError, Reply};
use crate::base::clock::Now;
use crate::cwmp::{Contact, Input, Output, Post};
use crate::http::{Credentials, HttpError};

/// Beyond the time that the configuration gives one message, before its job counts as lost: what an
/// authentication or a redirect adds is included in that time.
const SLACK: Duration = Duration::from_secs(20);

/// A session, from the engine's word that one is due to its end.
pub(super) enum Session {
    /// The Luup home is being fetched.
    Preparing,
    /// Messages go back and forth.
    Talking {
        /// The job that carries them.
        job: JobId,
        /// Its posts; dropping this ends it.
        posts: Sender<Post>,
    },
}

fn open(contact: &Contact) -> Result<Link, LinkError> {
    let credentials = Credentials {
        username: contact.username.clone(),
        password: contact.password.clone(),
    };
    Link::open(&contact.url, credentials, &contact.link, contact.check_dates)
}

/// When a message that has no answer counts as lost; the link keeps its own limits before.
fn patience(contact: &Contact) -> Duration {
    let link = &contact.link;
    let exchange = link.connect_timeout.saturating_add(link.exchange_timeout);
    exchange.saturating_add(SLACK)
}

/// Carries each post to the ACS and its reply back, until the loop or the link gives up.
fn carry(posts: &Receiver<Post>, contact: &Contact, reporter: &Reporter<Done>) {
    let mut link = match open(contact) {
        Ok(link) => link,
        Err(error) => return reporter.say(Done::Answered(answered(Err(error)))),
    };
    while let Ok(post) = posts.recv() {
        reporter.say(Done::Answered(answered(link.post(&post))));
    }
}

/// What the engine hears of it.
fn answered(reply: Result<Reply, LinkError>) -> Input {
    match reply {
        Ok(Reply { status, body, .. }) => Input::Reply { status, body },
        Err(e @ LinkError::Http(HttpError::Disconnected(_))) => Input::Dropped(e.to_string()),
        Err(e) => Input::TransportError(e.to_string()),
    }
}

impl Agent {
    /// What had to be fetched is there: the session begins. Its Inform tells the time, in the zone
    /// of now.
    pub(super) fn open_session(&mut self) {
        self.clocks.borrow_mut().follow_zone();
        let now = self.now();
        self.step(Input::Start, now);
    }

    /// Hands an input to the engine and does what it says.
    pub(super) fn step(&mut self, input: Input, now: Now) {
        let mut host = self.own_box();
        let step = self.engine.handle(input, &mut self.model, &mut host, now);
        self.act(step.actions, now);
        match step.output {
            Output::Open(contact, post) => {
                self.connect(contact, now);
                self.post(post, now);
            }
            Output::Post(post) => self.post(post, now),
            Output::End(_) => {
                if let Some(Session::Talking { job, .. }) = self.session.take() {
                    self.jobs.cancel(job, now.uptime);
                }
                self.after_session(now);
            }
        }
    }

    fn connect(&mut self, contact: Box<Contact>, now: Now) {
        let (posts, receiver) = channel();
        let job = Job {
            kind: JobKind::Session,
            patience: patience(&contact),
            lost: Box::new(|lost| {
                let why = format!("the session broke off: {lost}");
                Done::Answered(Input::TransportError(why))
            }),
            work: Box::new(move |reporter| carry(&receiver, &contact, reporter)),
        };
        let job = self.jobs.start(job, now.uptime);
        self.session = Some(Session::Talking { job, posts });
    }

    fn post(&mut self, post: Post, now: Now) {
        self.keep();
        if let Some(Session::Talking { job, posts }) = &self.session {
            self.jobs.expect(*job, now.uptime);
            // A job that ended says why: its report comes.
            let _ = posts.send(post);
        }
    }

    fn after_session(&mut self, now: Now) {
        self.live.save(&self.model);
        self.write_to_luup(now);
        self.next_look(now);
    }
}
