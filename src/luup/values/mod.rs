//! What sensors and actuators say, and by which action they are told: data, in
//! `luup/services.csv` below the folder of the model.
//!
//! Luup keeps what a device measures or does in variables of UPnP services, the same for all makes:
//! each row of the file ([`ServiceTable`]) names one of them, what it is in words, its type, its unit,
//! and the action by which it is set; to set the variable itself switches nothing. Whatever device of
//! the home has such a variable has a value ([`SeenValues`]): nodes, the devices below them, and those
//! of plugins.
//!
//! An action that switches something is sent only where it is allowed ([`Allowed`]).

mod action;
#[cfg(feature = "inside")]
mod check;
mod form;
mod seen;
mod services;

pub(super) use self::action::Allowed;
#[cfg(feature = "inside")]
pub use self::check::check_services;
pub(super) use self::seen::{SeenValues, named, wall_clock};
pub(super) use self::services::{FILE, NotSettable, ServiceRow, ServiceTable};
