//! STUN (TR-069 Annex G): which address and port a NAT shows of the box, and keeping that open for
//! connection requests over UDP.
//!
//! Annex G builds on classic STUN (RFC 3489); servers of today speak RFC 5389. Both are served:
//!
//! * [`message`] reads and writes their messages, [`address`] what is in some attributes, `integrity`
//!   the proof of who wrote one.

pub mod address;
mod integrity;
pub mod message;
mod settings;

pub use integrity::Padding;
pub use settings::{Outgoing, StunBinding, StunServer, StunSettings, StunSocket};
