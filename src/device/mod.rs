//! The box: its UCI configuration, its files, interfaces and counters, and the few commands that
//! act on it.
//!
//! * [`uci`] reads and writes `/etc/config` as libuci does.
//! * [`sources`] serve values to the data model, one file a kind.
//! * [`logical`] tells the device of `lan` or `wan`.
//! * [`dhcp`] reads what a DHCP server tells of the ACS.
//! * [`ubus`] is the bus on which its daemons speak with each other.
//! * [`addresses`] asks the kernel for the addresses of the box.
//! * [`routes`] asks it for the way to somebody else; `netlink` is how it is asked.
//! * [`reach`] chooses the address at which others reach the box.
//! * [`commands`] act on the box: reboot, factory reset, reload of services.
//! * [`install`] puts files that were transferred in force, and makes those that are to be.
//! * [`software`] is what is installed, and what installs it.
//!
//! The room runs no shell and never waits for the network. It does not know what a parameter is:
//! the rows of `etc/cwmpd/*.csv` say which value belongs where (TR-106 and TR-181 are theirs).

pub mod addresses;
pub mod commands;
pub mod dhcp;
pub mod install;
pub mod logical;
mod netlink;
pub mod reach;
pub mod routes;
#[cfg(feature = "software")]
pub mod software;
pub mod sources;
#[cfg(feature = "ubus")]
pub mod ubus;
pub mod uci;
