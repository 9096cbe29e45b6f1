//! Maintenance of the Z-Wave network: what the engine does for minutes when an ACS asks for it.
//!
//! The source `command` of the data model: a state of TR-181's `DiagnosticsState`, whose key says
//! what is done (see [`CommandKey`]). The parameters beside it are what it goes by, and what came of
//! it. The model keeps the state; [`CommandTask::run`] does what was requested, in a job.

mod key;
mod run;
mod said;
mod watch;

use std::cell::RefCell;
use std::rc::Rc;

pub use self::key::{CommandKey, NODE};
pub use self::run::{CommandOutcome, CommandTask};
#[cfg(feature = "inside")]
pub use self::said::check_answer;
use crate::datamodel::model::{REQUESTED, check_state};
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, Noticed, Reading, Slot, Source, SourceError,
};

/// The commands that the rows of the data model offer.
#[derive(Default)]
pub struct NetworkCommands {
    keys: DeclaredKeys<CommandKey>,
    /// Why none is begun: a sentence.
    refusal: Option<&'static str>,
}

impl NetworkCommands {
    /// From now on they are begun, or not, for this reason.
    pub fn allow(&mut self, refusal: Option<&'static str>) {
        self.refusal = refusal;
    }

    /// Why none is begun, if that is so.
    pub fn refusal(&self) -> Option<&'static str> {
        self.refusal
    }

    /// What a state stands for.
    pub fn key(&self, slot: Slot) -> Option<&CommandKey> {
        self.keys.get(slot)
    }

    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let key = CommandKey::parse(key)?;
        check_state(row)?;
        Ok(self.keys.keep(key))
    }
}

/// The states of [`NetworkCommands`], which the agent shares.
pub struct CommandSource(pub Rc<RefCell<NetworkCommands>>);

impl Source for CommandSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.0.borrow_mut().declare(row, key)
    }

    fn refresh(&mut self) -> bool {
        false
    }

    fn get(&mut self, _: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        Reading::Absent
    }

    fn noticed(&self, _: Slot) -> Noticed {
        Noticed::Pushed
    }

    fn keeps_reports(&self, _: Slot) -> bool {
        true
    }

    fn stage(&mut self, _: Slot, _: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        match self.0.borrow().refusal {
            Some(why) if value == REQUESTED => Err(SourceError::BadValue(why.to_owned())),
            _ => Ok(()),
        }
    }

    fn diagnoses(&self) -> bool {
        true
    }
}
