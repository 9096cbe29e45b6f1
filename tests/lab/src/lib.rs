//! The world around cwmpd in its tests and its demo. Nothing here is shipped.
//!
//! * [`http`]: an HTTP(S) server that can misbehave on the wire as told.
//! * [`acs`]: an ACS that plays a script over it, and tells what was said.
//! * [`attack`]: somebody who wants to keep the ACS from the connection-request port.
//! * [`datagrams`]: the same over UDP.
//! * [`CountingAllocator`]: how often a thread takes memory.
//! * [`network`]: networks of a test's own: one alone, or ACS, NAT and box.
//! * [`peers`]: real servers of HTTP, STUN, XMPP and a port-mapping daemon, where they are installed.
//! * [`StunServer`]: one that shares its port with the ACS.
//! * [`luup`]: a Luup engine with a sample home.
//! * [`mms`]: the cloud side of MiOS, which leads to an engine.
//! * [`ubus`]: OpenWrt's bus, with the objects of a box, and a client of it.
//! * [`gateway`]: a gateway with UPnP, which may lie.
//! * [`FakePcp`]: a router that makes pinholes.
//! * [`packages`]: opkg and apk with a few packages.
//! * [`files`]: a file server that does what a real one is not to.
//! * [`xmpp`]: an XMPP server that can lie.
//! * [`Folder`]: a temporary folder.
//! * [`home`]: a box: its folders, its configuration, and a running `cwmpd`.
//! * [`openwrt`]: the commands of OpenWrt, which flash, back up and tell the log of such a box.
//! * [`medium`]: what of a program's files is on the medium when it promises something.
//! * [`Openings`]: how often files are opened.
//! * [`mutants`]: deliberate breakages of the code.
//! * [`properties`]: what holds for any input of each reader of foreign bytes.
//! * [`rerun`]: a test in a process of its own.
//! * [`logged`]: what was logged meanwhile.
//! * [`tools`]: what some tests need of the machine.
//! * [`shared`]: where the standard's own files are, which are not part of this project.

pub mod acs;
pub mod attack;
mod counting;
pub mod datagrams;
pub mod files;
mod folder;
pub mod gateway;
pub mod home;
pub mod http;
mod logging;
pub mod luup;
pub mod medium;
pub mod mms;
pub mod mutants;
pub mod network;
mod openings;
pub mod openwrt;
pub mod packages;
mod pcp;
pub mod peers;
pub mod properties;
mod rerun;
pub mod shared;
mod stun;
pub mod tools;
pub mod ubus;
pub mod xmpp;

pub use counting::CountingAllocator;
pub use folder::Folder;
pub use logging::logged;
pub use openings::Openings;
pub use pcp::{FakePcp, PcpAnswer};
pub use rerun::rerun;
pub use stun::{Asked, StunServer};
