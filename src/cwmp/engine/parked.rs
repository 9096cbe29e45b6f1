//! A request that waits until the agent has had values taken elsewhere, before the rest of it is
//! carried out; then the session goes on.

use super::Engine;
use super::conduct::refuse;
use crate::base::clock::Now;
use crate::cwmp::fault;
use crate::cwmp::interface::{Host, Output};
use crate::cwmp::rpc::{self, ParkedSet};
use crate::cwmp::session::Session;
use crate::datamodel::model::{Model, SetError};
use crate::soap::Fault;

/// The RPC that waits.
const METHOD: &str = "SetParameterValues";

/// What is waited for.
pub(super) enum Parked {
    /// That its values are taken.
    Set(ParkedSet),
    /// That they are taken back: then this is the answer.
    Refused(Fault),
}

impl Parked {
    /// What the agent is to do for it.
    pub fn output(&self) -> Output {
        match self {
            Self::Set(set) => Output::Write(set.writes.clone()),
            Self::Refused(_) => Output::TakeBack,
        }
    }
}

impl Engine {
    /// All values were taken, or none.
    pub(super) fn written(
        &mut self,
        written: Result<(), SetError>,
        session: &mut Session,
        model: &mut Model,
        host: &mut dyn Host,
        now: Now,
    ) {
        let Some(Parked::Set(set)) = self.parked.take() else {
            return;
        };
        match written {
            Ok(()) => match rpc::finish(&set, &mut self.context(session, model, host, now)) {
                Ok(answer) => session.owe(Ok(answer)),
                Err(fault) => self.parked = Some(Parked::Refused(fault)),
            },
            Err(error) => refuse(METHOD, fault::of_set(&[error]), session),
        }
    }

    /// What was taken is taken back.
    pub(super) fn taken_back(&mut self, session: &mut Session) {
        if let Some(Parked::Refused(fault)) = self.parked.take() {
            refuse(METHOD, fault, session);
        }
    }
}
