//! Real programs that cwmpd speaks with, as operators and homes run them, where they are installed.
//! Each runs in the network of the thread that starts it, and ends when dropped; what it needs lies
//! in the folder it is given.

mod coturn;
mod miniupnpd;
mod nginx;
mod openluup;
mod process;
mod prosody;
mod stund;
#[cfg(test)]
mod tests;

pub use coturn::Coturn;
pub use miniupnpd::{Miniupnpd, MiniupnpdOptions};
pub use nginx::Nginx;
pub use openluup::OpenLuup;
pub use prosody::Prosody;
pub use stund::Stund;

use process::Process;
