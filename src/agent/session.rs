//! The agent's part of a session: the thread that speaks with the ACS, from the first POST to the
//! last, so that connection, cookies and digest state stay with it; and the engine's steps in
//! between.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::clocks;
use super::jobs::{Job, JobId, JobKind, Reporter};
use super::luup::Waiter;
use super::orders::OwnBox;
use super::poll_loop::{Agent, Done};
use crate::acs::{Link, LinkError, Reply};
use crate::base::clock::Now;
use crate::base::url::Url;
use crate::cwmp::{Contact, Input, Output, Post};
use crate::http::{CertificateProblem, Credentials, HttpError, KeptTls};

/// Beyond the time that the configuration gives one message, before its job counts as lost: what an
/// authentication or a redirect adds is included in that time.
const SLACK: Duration = Duration::from_secs(20);

/// A session, from the engine's word that one is due to its end.
pub(super) enum SessionStage {
    /// The Luup home is being fetched.
    Preparing,
    /// Messages go back and forth.
    Talking {
        /// The job that carries them.
        job: JobId,
        /// Its posts; dropping this ends it.
        posts: Sender<Post>,
        /// The certificate of the ACS leads to a trusted root, so that it is the ACS who speaks.
        is_verified: bool,
    },
}

fn open(contact: &Contact, kept_tls: KeptTls) -> Result<Link, LinkError> {
    let credentials = Credentials {
        username: contact.username.clone(),
        password: contact.password.clone(),
    };
    Link::open(
        &contact.url,
        credentials,
        &contact.link,
        contact.check_dates,
        kept_tls,
    )
}

/// When a message that has no answer counts as lost; the link keeps its own limits before.
fn patience(contact: &Contact) -> Duration {
    let link = &contact.link;
    let exchange = link.connect_timeout.saturating_add(link.exchange_timeout);
    exchange.saturating_add(SLACK)
}

/// Why a message to the ACS has no reply.
pub(super) enum NoReply {
    /// The link says so.
    Link(LinkError),
    /// Its job was lost.
    Lost(String),
}

impl NoReply {
    /// The certificate of the ACS was refused for its dates alone.
    fn is_about_dates(&self) -> bool {
        use CertificateProblem::{Expired, NotYetValid};
        matches!(
            self,
            Self::Link(LinkError::Http(HttpError::Certificate {
                problem: Expired | NotYetValid,
                ..
            }))
        )
    }

    /// What the engine hears of it.
    fn into_input(self) -> Input {
        match self {
            Self::Link(error @ LinkError::Http(HttpError::Unanswered(_))) => {
                Input::Dropped(error.to_string())
            }
            Self::Link(error) => Input::TransportError(error.to_string()),
            Self::Lost(why) => Input::TransportError(format!("the session broke off: {why}")),
        }
    }
}

/// Carries each post to the ACS and its reply back, until the loop or the link gives up.
fn carry(posts: &Receiver<Post>, contact: &Contact, kept_tls: KeptTls, reporter: &Reporter<Done>) {
    let say = |reply: Result<Reply, LinkError>, met_at| {
        let reply = reply.map_err(NoReply::Link);
        reporter.say(Done::Answered { reply, met_at });
    };
    let mut link = match open(contact, kept_tls) {
        Ok(link) => link,
        Err(error) => return say(Err(error), None),
    };
    while let Ok(post) = posts.recv() {
        let reply = link.post(&post);
        let met_at = link.met_at().filter(|_| reply.is_ok());
        say(reply, met_at);
    }
}

fn is_secure(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.secure)
}

impl Agent {
    /// What had to be fetched is there: the session begins. Its Inform tells the time, in the zone
    /// of now.
    pub(super) fn open_session(&mut self) {
        self.follow_config();
        self.uci.borrow_mut().look_at(clocks::SYSTEM);
        let mut clocks = self.clocks.borrow_mut();
        clocks.follow_zone(&self.uci.borrow());
        if is_secure(&self.engine.settings().url) {
            clocks.look_for_mark();
        }
        let now = clocks.now();
        drop(clocks);
        self.step(Input::Start, now);
    }

    /// Hands an input to the engine and does what it says.
    pub(super) fn step(&mut self, input: Input, now: Now) {
        let mut host = OwnBox {
            config: &self.config,
            folders: &self.folders,
            uci: &self.uci,
        };
        let step = self.engine.handle(input, &mut self.model, &mut host, now);
        self.act(step.actions, now);
        match step.output {
            Output::Open(contact, post) => {
                self.connect(contact, now);
                self.post(post, now);
            }
            Output::Post(post) => self.post(post, now),
            Output::Write(writes) => self.write_to_luup(Waiter::Acs, writes, now),
            Output::TakeBack => self.take_back_for_acs(now),
            Output::End(_) => {
                self.forget_write_of_acs();
                if let Some(SessionStage::Talking { job, .. }) = self.session.take() {
                    self.jobs.cancel(job, now.uptime);
                }
                self.after_session(now);
            }
        }
    }

    fn connect(&mut self, contact: Box<Contact>, now: Now) {
        let (posts, receiver) = channel();
        // A redirect from there never leads to a place without TLS.
        let is_verified = is_secure(&contact.url) && !contact.link.tls.insecure;
        let kept_tls = self.kept_tls.clone();
        let job = Job::new(
            JobKind::Session,
            patience(&contact),
            |lost| Done::Answered {
                reply: Err(NoReply::Lost(lost.to_string())),
                met_at: None,
            },
            move |reporter| carry(&receiver, &contact, kept_tls, reporter),
        );
        let job = self.jobs.start(job, now.uptime);
        self.session = Some(SessionStage::Talking {
            job,
            posts,
            is_verified,
        });
    }

    /// What came of the last message to the ACS; nothing where that is of a session before.
    pub(super) fn answered(&mut self, of: JobId, reply: Result<Reply, NoReply>, now: Now) {
        let is_verified = match &self.session {
            Some(SessionStage::Talking {
                job, is_verified, ..
            }) if *job == of => *is_verified,
            _ => return,
        };
        let reply = reply.and_then(|reply| {
            let checked = self.check_time(&reply, is_verified);
            checked.map_err(NoReply::Link).map(|()| reply)
        });
        let input = match reply {
            Ok(Reply { status, body, .. }) => Input::Reply { status, body },
            Err(error) => {
                // Maybe it is the clock: the next session finds out.
                if error.is_about_dates() {
                    self.clocks.borrow_mut().doubt();
                }
                error.into_input()
            }
        };
        self.step(input, now);
    }

    /// A reply tells the time too. Once that is known, the dates of a certificate that was taken
    /// without them are looked at after all.
    fn check_time(&self, reply: &Reply, is_verified: bool) -> Result<(), LinkError> {
        let mut clocks = self.clocks.borrow_mut();
        if let (Some(date), true) = (reply.date, is_verified) {
            clocks.hear(date);
        }
        let now = clocks.now();
        match now.wall_is_confirmed() {
            true => reply.check_dates_at(clocks.agreed(reply.date)),
            false => Ok(()),
        }
    }

    fn post(&mut self, post: Post, now: Now) {
        self.keep();
        if let Some(SessionStage::Talking { job, posts, .. }) = &self.session {
            self.jobs.expect(*job, now.uptime);
            // A job that ended says why: its report comes.
            let _ = posts.send(post);
        }
    }

    fn after_session(&mut self, now: Now) {
        self.kept.live.save(&self.model);
        self.end_units(now);
        self.tell_services(now);
        self.follow_states(now);
        // It looked at all tables, of which this may be the first time.
        self.follow_xmpp(now);
        match self.follow_config() {
            true => self.look(now),
            false => self.next_look(now),
        }
        self.discover(now);
    }
}
