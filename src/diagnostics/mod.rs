//! Connectivity diagnostics, as an ACS asks for them by `DiagnosticsState` (TR-181, `IP.Diagnostics.`).
//!
//! * [`source`] is what the data model sees: the states, by which one is begun, and the results of the
//!   last of each kind. They are in memory: a reboot forgets them, and no ping touches the flash.
//! * [`task`] is one that is to be carried out, in a job: a `ping`, or a `trace` of the route.
//! * `probe` sends echo requests and hears what comes back; `icmp` is their form.

mod icmp;
mod ping;
mod probe;
pub mod source;
pub mod task;
mod trace;

#[cfg(feature = "inside")]
pub use icmp::{Answer, parse};
