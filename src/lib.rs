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

/// Declares the rooms. The program enters through [`cli`] alone, so that the compiler finds what
/// nobody uses; tests reach inside by the feature `inside`.
macro_rules! rooms {
    ($($room:ident),*) => {$(
        #[cfg(feature = "inside")]
        pub mod $room;
        #[cfg(not(feature = "inside"))]
        mod $room;
    )*};
}

rooms!(
    acs, agent, base, connreq, cwmp, datamodel, device, luup, soap
);
pub mod cli;
