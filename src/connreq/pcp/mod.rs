//! A pinhole in the firewall of the router, asked for by the Port Control Protocol (RFC 6887): for
//! the port for connection requests, over IPv6.
//!
//! [`open`] and [`close`] are for a job: they wait, for a bounded time. Only the router that is asked
//! is heard, and only with the nonce of the mapping. `message` is what goes over the wire, `epoch`
//! tells whether the router forgot meanwhile.

mod client;
mod epoch;
mod message;

pub use client::{PcpError, PcpMapping, PcpPace, PcpWish, close, open};
#[cfg(feature = "inside")]
pub use message::{MapResponse, PcpResponse, PcpResult};
pub use message::{MappingNonce, SERVER_PORT};
