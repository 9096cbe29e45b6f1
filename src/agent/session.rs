//! The agent's part of a session: the thread that speaks with the ACS, from the first POST to the
//! last, so that connection, cookies and digest state stay with it; and the engine's steps in
//! between.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use log::error;

use super::changes::setting;
use super::job::{Jobs, Report};
use super::poll_loop::{Agent, Done};
use crate::acs::{Credentials, Link, LinkError, Reply};
use crate::base::clock::Now;
use crate::base::config::LinkConfig;
use crate::cwmp::{Input, Output, Post};
use crate::base::secret::Secret;

/// A session, from the engine's word that one is due to its end.
pub(super) enum Session {
    /// The Luup home is being fetched.
    Preparing,
    /// Messages go back and forth; dropping the sender ends the thread.
    Talking(Sender<Post>),
}

/// How the ACS is reached, as it is at the start of a session.
struct Target {
    url: String,
    credentials: Credentials,
    config: LinkConfig,
    clock_is_set: bool,
}

impl Target {
    fn open(&self) -> Result<Link, LinkError> {
        let credentials = self.credentials.clone();
        Link::open(&self.url, credentials, &self.config, self.clock_is_set)
    }
}

/// Starts the thread of a session; `id` comes back with each of its answers.
fn talk(jobs: &Jobs<Done>, id: u32, target: Target) -> io::Result<Sender<Post>> {
    let (sender, posts) = channel();
    jobs.start("session", move |report| carry(&posts, &target, id, &report))?;
    Ok(sender)
}

/// Carries each post to the ACS and its reply back, until the loop or the link gives up.
fn carry(posts: &Receiver<Post>, target: &Target, id: u32, report: &Report<Done>) {
    let answer = |reply: Result<Reply, LinkError>| Done::Answered { id, reply };
    let mut link = match target.open() {
        Ok(link) => link,
        Err(error) => return report.send(answer(Err(error))),
    };
    while let Ok(post) = posts.recv() {
        report.send(answer(link.post(&post)));
    }
}

impl Agent {
    /// What had to be fetched is there: the session begins.
    pub(super) fn open_session(&mut self, now: Now) {
        self.model.set_time(now);
        self.step(Input::Start, now);
    }

    /// The first message is there, and with it the settings that the engine made it for: only now
    /// is it known which ACS it goes to.
    fn connect(&mut self, now: Now) {
        let model = &mut self.model;
        let target = Target {
            url: setting(model, "URL"),
            credentials: Credentials {
                username: setting(model, "Username"),
                password: Secret::new(setting(model, "Password")),
            },
            config: self.config.link.clone(),
            clock_is_set: now.wall_is_set(),
        };
        self.timers.session_id = self.timers.session_id.wrapping_add(1);
        match talk(&self.jobs, self.timers.session_id, target) {
            Ok(posts) => self.session = Some(Session::Talking(posts)),
            Err(e) => error!("no thread for a session: {e}"),
        }
    }

    /// Hands an input to the engine and does what it says.
    pub(super) fn step(&mut self, input: Input, now: Now) {
        let step = self.engine.handle(input, &mut self.model, now);
        for action in step.actions {
            self.act(action, now);
        }
        match step.output {
            Output::Post(post) => self.post(post, now),
            Output::End(_) => {
                self.session = None;
                self.after_session(now);
            }
        }
    }

    fn post(&mut self, post: Post, now: Now) {
        if let Some(Session::Preparing) = self.session {
            self.connect(now);
        }
        let sent = match &self.session {
            Some(Session::Talking(posts)) => posts.send(post).is_ok(),
            _ => false,
        };
        // A thread that ended has said why: its report, if there is one, comes first.
        if !sent {
            while let Some(done) = self.jobs.next() {
                self.take(done, now);
            }
            if self.engine.in_session() {
                self.step(
                    Input::TransportError("the session broke off".to_owned()),
                    now,
                );
            }
        }
    }

    fn after_session(&mut self, now: Now) {
        self.live.save(&self.model);
        self.write_to_luup();
        self.compare_later(now);
        if std::mem::take(&mut self.timers.stale) {
            self.look_again(now);
        }
    }
}
