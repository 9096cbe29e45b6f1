//! A TR-069 (CWMP) agent for OpenWrt home boxes.
//!
//! The crate is a house of six floors: a floor uses only the floors below it, and rooms on one floor
//! do not know each other. A test reads this table and holds it (`tests/house/floors.rs`); I/O says
//! what a room may do to the world outside of the program.
//!
//! | floor | rooms | duty | I/O |
//! |---|---|---|---|
//! | 5 | [`cli`] | the command line | yes |
//! | 4 | [`agent`] | the one place that waits: its loop, its jobs, the control socket | yes |
//! | 3 | [`acs`] | the link of one session to the ACS | yes |
//! | 3 | [`connreq`] | who may wake the box, and each way in | yes |
//! | 3 | [`device`] | the box: its configuration, its files, its commands | yes |
//! | 3 | [`diagnostics`] | what the box can reach, and how | yes |
//! | 3 | [`luup`] | the Luup engine and its Z-Wave home | yes |
//! | 3 | [`transfer`] | files between a server and the box | yes |
//! | 2 | [`http`] | HTTP as a client, for all rooms above | yes |
//! | 2 | [`cwmp`] | the engine: sessions, RPCs, events, retry, schedule | no |
//! | 1 | [`soap`] | messages | no |
//! | 1 | [`datamodel`] | parameters: their description, their values, their store | store |
//! | 0 | [`base`] | what everything is built upon | files |
//!
//! No input, from the network or from a file, makes it panic: that is held by lint, outside tests.
//!
//! What is logged is for who runs the box, in words, without types of Rust; the line says what, where,
//! and what happens now. `error`: the box cannot do its duty until somebody looks. `warn`: something
//! is odd or was refused, and it goes on. `info`: what one wants to see of a normal day, such as
//! sessions, their events, and what was done to the box. `debug`: the single steps.

#![forbid(unsafe_code)]
// The table names rooms that are private without `inside`.
#![cfg_attr(not(feature = "inside"), allow(rustdoc::private_intra_doc_links))]
// What only a part uses that is left out is no mistake then: the linker drops it.
#![cfg_attr(
    not(all(
        feature = "igd",
        feature = "luup",
        feature = "software",
        feature = "ubus",
        feature = "xmpp"
    )),
    allow(dead_code, unused_imports)
)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

// The rooms. The program enters through `cli` alone, so that the compiler finds what nobody uses;
// tests reach inside by the feature `inside`. Without a macro, into which rustfmt does not look.

pub mod cli;

#[cfg(feature = "inside")]
pub mod acs;
#[cfg(not(feature = "inside"))]
mod acs;
#[cfg(feature = "inside")]
pub mod agent;
#[cfg(not(feature = "inside"))]
mod agent;
#[cfg(feature = "inside")]
pub mod base;
#[cfg(not(feature = "inside"))]
mod base;
#[cfg(feature = "inside")]
pub mod connreq;
#[cfg(not(feature = "inside"))]
mod connreq;
#[cfg(feature = "inside")]
pub mod cwmp;
#[cfg(not(feature = "inside"))]
mod cwmp;
#[cfg(feature = "inside")]
pub mod datamodel;
#[cfg(not(feature = "inside"))]
mod datamodel;
#[cfg(feature = "inside")]
pub mod device;
#[cfg(not(feature = "inside"))]
mod device;
#[cfg(feature = "inside")]
pub mod diagnostics;
#[cfg(not(feature = "inside"))]
mod diagnostics;
#[cfg(feature = "inside")]
pub mod http;
#[cfg(not(feature = "inside"))]
mod http;
#[cfg(all(feature = "luup", feature = "inside"))]
pub mod luup;
#[cfg(all(feature = "luup", not(feature = "inside")))]
mod luup;
#[cfg(feature = "inside")]
pub mod soap;
#[cfg(not(feature = "inside"))]
mod soap;
#[cfg(feature = "inside")]
pub mod transfer;
#[cfg(not(feature = "inside"))]
mod transfer;
