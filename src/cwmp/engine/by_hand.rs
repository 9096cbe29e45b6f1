//! What somebody on the box has the ACS asked.

use super::Engine;
use crate::base::clock::Now;
use crate::base::excerpt::{excerpt, in_line};
use crate::cwmp::acs_call::{AcsCall, AcsCallError, CallOutcome};
use crate::cwmp::event::By;
use crate::cwmp::interface::Action;
use crate::cwmp::limits::MAX_REASON;
use crate::cwmp::session::Session;
use crate::soap::Message;

impl Engine {
    /// Somebody on the box has the ACS called, in a session that opens at once, right after the
    /// running one, or a little later where somebody asks again and again. [`Action::CallEnded`] has
    /// the number that is returned, and what came of it.
    ///
    /// # Errors
    /// No session can be opened, the arguments are not what the ACS takes, or too many wait.
    pub fn call_acs(&mut self, call: AcsCall, now: Now) -> Result<u32, AcsCallError> {
        self.can_call().map_err(AcsCallError::NoSession)?;
        let (number, event) = self.calls.add(call)?;
        self.wished(event, now);
        Ok(number)
    }

    /// A session begins: the events of what is asked in it are in its Inform, whatever else was
    /// forgotten with another ACS.
    pub(super) fn depart_calls(&mut self) {
        for event in self.calls.depart() {
            self.queue.raise(event.into());
        }
    }

    /// The Inform was accepted: the ACS is asked.
    pub(super) fn ask_by_hand(&mut self, session: &mut Session) {
        for (message, asked) in self.calls.take_requests() {
            session.ask(message, asked);
        }
    }

    /// The ACS answered what somebody had it asked.
    pub(super) fn answered_by_hand(&mut self, number: u32, answer: Message) -> Action {
        self.calls.answered(number);
        let outcome = match answer {
            Message::KickedResponse { next_url } => {
                self.queue.delivered(By::Kicked);
                Ok(next_url)
            }
            Message::Fault(fault) => {
                let why = excerpt(&fault.string, MAX_REASON);
                let why = in_line(&why);
                Err(format!("the ACS refused: {} {why}", fault.code))
            }
            _ => {
                self.queue.delivered(By::RequestDownload);
                Ok(String::new())
            }
        };
        Action::CallEnded(number, outcome)
    }

    /// The session is over: who has no answer gets none.
    pub(super) fn end_calls(&mut self, failure: Option<&str>, actions: &mut Vec<Action>) {
        let why = match failure {
            Some(why) => format!("the session failed: {why}"),
            None => "the ACS ended the session before it could be asked".to_owned(),
        };
        let ended = |number| Action::CallEnded(number, CallOutcome::Err(why.clone()));
        actions.extend(self.calls.unanswered().into_iter().map(ended));
    }

    /// There is no ACS to call.
    pub(super) fn refuse_calls(&mut self, why: &str) -> Vec<Action> {
        let ended = |number| Action::CallEnded(number, CallOutcome::Err(why.to_owned()));
        self.calls.given_up().into_iter().map(ended).collect()
    }
}
