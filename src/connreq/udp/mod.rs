//! Connection requests over UDP (TR-069 §G.2.1.4 and §G.2.2.3).
//!
//! A request is one datagram, and its sender has no address that is worth anything: it may be forged.
//! So nothing is ever answered, and nothing is remembered by address, which would let a stranger keep
//! the ACS out in its own name. What counts is the signature, and it is looked at last, after all
//! that costs less:
//!
//! * `request` reads a request, where it lies; `denial` says why one is none, or is refused.
//! * `judge` decides on it, `served` remembers which were served, so that none is twice.
//! * `port` is the socket, which STUN shares, `tally` counts, for the log and the status.

mod denial;
mod judge;
mod port;
pub mod request;
mod served;
mod tally;

#[cfg(feature = "inside")]
pub use denial::UdpDenial;
pub use port::UdpPort;
