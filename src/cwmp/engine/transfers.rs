//! The transfers of files from the engine's side: what is to be done for them now, and how that ended.

use super::Engine;
use crate::base::clock::Now;
use crate::cwmp::interface::{Action, Host};
use crate::cwmp::transfer::{Installed, Moved};
use crate::datamodel::model::Model;
use crate::soap::TransferFault;

impl Engine {
    /// What is to be done for the transfers now. The agent asks before it waits, each time.
    pub fn proceed(&mut self, _model: &mut Model, _host: &dyn Host, _now: Now) -> Vec<Action> {
        Vec::new()
    }

    /// How it ended what [`Action::Move`] asked for.
    pub fn moved(
        &mut self,
        _number: u32,
        _outcome: Result<Moved, TransferFault>,
        _model: &mut Model,
        _now: Now,
    ) {
    }

    /// How it ended what [`Action::Install`] or [`Action::Judge`] asked for.
    pub fn installed(
        &mut self,
        _number: u32,
        _outcome: Result<Installed, TransferFault>,
        _model: &mut Model,
        _now: Now,
    ) {
    }

    /// How it ended what [`Action::RollBack`] asked for: the former state is back, or why not.
    pub fn rolled_back(
        &mut self,
        _number: u32,
        _outcome: Result<(), String>,
        _model: &mut Model,
        _now: Now,
    ) {
    }
}
