//! The box: its UCI configuration, its files, interfaces and counters, and the few commands that
//! act on it.
//!
//! * [`uci`] reads and writes `/etc/config` as libuci does; [`uci::UciSource`] serves it to the
//!   data model. [`mod@file`], [`procfs`], [`network`] and [`stub`] are the sources of other values.
//! * [`system`] holds the commands: reboot, factory reset, reload of services.
//! * [`release`] says what box this is.
//! * `durable` replaces a file so that a power cut leaves the old or the new one.
//!
//! The room runs no shell and never waits for the network. It does not know what a parameter is:
//! the rows of `etc/cwmpd/*.csv` say which value belongs where (TR-106 and TR-181 are theirs).

mod durable;
pub mod file;
pub mod network;
pub mod procfs;
pub mod release;
pub mod stub;
pub mod system;
pub mod uci;
