//! The Luup engine beside the agent: what is fetched from it (`home`, `follow`), written to it (`write`)
//! and taken back (`take_back`), what is wrong by that (`alarms`), what it is told to do to the network
//! (`commands`), and why rows show what they show of it (`map`).
//!
//! In a build without the feature `luup` there is none (`absent`), and the loop is the same.

#[cfg(not(feature = "luup"))]
mod absent;
#[cfg(feature = "luup")]
mod alarms;
#[cfg(feature = "luup")]
mod commands;
#[cfg(feature = "luup")]
mod follow;
#[cfg(feature = "luup")]
mod home;
#[cfg(feature = "luup")]
mod map;
#[cfg(feature = "luup")]
mod take_back;
#[cfg(feature = "luup")]
mod write;

#[cfg(not(feature = "luup"))]
pub(super) use absent::{NoLuup as LuupEnd, NoReport as LuupReport};
#[cfg(feature = "luup")]
pub(super) use home::{LuupEnd, LuupReport};
#[cfg(feature = "luup")]
pub(super) use map::draw;
#[cfg(feature = "luup")]
pub use map::{HomeFrom, HomeMap};

use crate::datamodel::model::PendingWrite;

/// The kind of the source of the home.
#[cfg(feature = "luup")]
const KIND: &str = "luup";

/// Who waits for values to be taken by the engine.
pub(super) enum Waiter {
    /// The ACS, whose request is parked.
    Acs,
    /// The user at this connection of the control socket: all the values that he sets.
    User(u32, Vec<(String, String)>),
    /// The model: a value that waits since before an upgrade.
    Former(PendingWrite),
    /// Nobody any more.
    Nobody,
}
