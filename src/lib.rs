//! A TR-069 (CWMP) agent for OpenWrt home boxes.
//!
//! The crate is a house of five floors; a floor uses only the floors below it, and rooms on one
//! floor do not know each other.
//!
//! | floor | room | duty | may do I/O |
//! |---|---|---|---|
//! | 4 | [`cli`] | command line | yes |
//! | 3 | [`agent`] | the poll loop, the one place that waits | yes |
//! | 2 | [`acs`], [`connreq`], [`device`], [`luup`] | HTTP to the ACS, connection requests, the box, the Luup engine | yes |
//! | 1 | [`cwmp`] | sessions, RPCs, events, retry, schedule: the engine, sans-IO | no |
//! | 0 | [`soap`], [`datamodel`], [`config`], [`clock`], [`secret`], [`digest`], `url` | messages, parameters, configuration | `datamodel::store` only |
//!
//! No input, from the network or from a file, makes it panic: that is held by lint, outside tests.

#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod acs;
pub mod agent;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connreq;
pub mod cwmp;
pub mod datamodel;
pub mod device;
pub mod digest;
pub mod luup;
pub mod secret;
pub mod soap;
mod url;
