//! STUN (TR-069 Annex G): which address and port a NAT shows of the box, and keeping that open for
//! connection requests over UDP.
//!
//! Annex G builds on classic STUN (RFC 3489); servers of today speak RFC 5389. Both are served:
//!
//! * [`StunClient`] is in `client`, which decides what is sent when, `answers`, which decides what is
//!   believed, and `state`, which tells of it. `transaction` repeats a request, `request` has what the
//!   server wants to read in it, `life` how long the NAT keeps the binding, `doubts` what is not
//!   believed.
//! * [`message`] reads and writes messages, [`address`] what is in some attributes, `integrity` the
//!   proof of who wrote one.

pub mod address;
mod answers;
mod client;
mod doubts;
mod integrity;
mod life;
pub mod message;
mod request;
mod settings;
mod state;
mod transaction;

pub use client::StunClient;
#[cfg(feature = "inside")]
pub use integrity::Padding;
pub use settings::{Outgoing, StunBinding, StunServer, StunSettings, StunSocket};
