//! The Luup engine of the box: what it knows of the Z-Wave home, for the data model.
//!
//! * [`flatten()`] shows an answer of Luup as name and value pairs.
//! * [`client`] fetches a [`Snapshot`] over HTTP. It blocks, so it runs in a job; a snapshot may cross
//!   threads. The configuration of the home, half of all it says, is fetched again only when Luup
//!   counts another one. `way` is how the engine is reached: itself, or through MMS (`relay`).
//! * [`LuupOrder`] is what the engine is told to do, and [`perform`] reads whether it did. [`take`] has
//!   it take all of several [`LuupChange`]s or none; [`take_back`] brings back what was before.
//! * [`EngineHealth`] tells how the engine is.
//! * By files: `access` and `owner` are whom the agent asks, `snapshot` is all that was said, `home` what
//!   is made of it, `key` and `values` what rows want of it, `change` and `order` what is written,
//!   `health` and `error` why there is nothing.
//! * [`Home`] keeps the last good snapshot, and what was written since. An engine that is down,
//!   reloading or talking nonsense changes nothing in it; nor does an answer beyond the [`limits`].
//!   What its rows make of a snapshot, the job makes too: the loop takes it as it is.
//! * [`follow`] decides what to ask next, so that the home is followed, [`poll()`] asks it.
//! * What sensors say, and by which action an actuator is told, is data: `luup/services.csv` beside the
//!   rows.
//! * [`alarms`] are what is wrong in it, [`commands`] what the engine is asked to do to the network.
//! * [`LuupSource`] answers the data model from the home (kind `luup`, see [`source`]); alarms and
//!   commands are sources of their own.
//!
//! Devices are known by their Luup number and values by service and variable, never by their
//! position in a list, which changes between two answers of one engine. What is shown, and how, say the
//! rows (`zwave.csv`, `zwavevalues.csv`, `upkeep.csv`, `faultmgmt.csv`); what takes more than one value
//! is worked out here under a key of its own.

mod access;
pub mod alarms;
mod change;
pub mod client;
pub mod commands;
mod error;
pub mod flatten;
pub mod follow;
mod health;
mod home;
mod key;
pub mod limits;
mod order;
mod owner;
mod poll;
mod relay;
mod snapshot;
pub mod source;
mod values;
mod way;

pub use access::LuupAccess;
pub use change::{ChangeFailure, LuupChange, TAKE_BACK_TIME, TAKE_TIME, take, take_back};
pub use client::{FetchScope, fetch};
pub use error::LuupError;
pub use flatten::flatten;
pub use health::EngineHealth;
pub use home::{Fetch, Home, HomeView, ServicesRead, Verdict};
#[cfg(feature = "inside")]
pub use order::check_answer as check_order_answer;
pub use order::{LuupOrder, perform};
pub use poll::poll;
pub use relay::KeptRelay;
#[cfg(feature = "inside")]
pub use relay::check_answer as check_mms_answer;
pub use snapshot::{Advance, Alert, Snapshot};
pub use source::LuupSource;
#[cfg(feature = "inside")]
pub use values::check_services;
