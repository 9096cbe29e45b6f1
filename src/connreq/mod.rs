//! Connection requests: how the ACS asks the box to call it (TR-069 §3.2.2, Annex G, Annex K).
//!
//! Each way in has a room of its own, which authenticates and reports; whether and when a session
//! follows is the engine's to decide. A request that does not authenticate changes nothing but a
//! log line. What all ways share:
//!
//! * `access` is what a request has to know, and where it may come from.
//! * `quota` is how many requests are accepted, whichever way they come; `bucket` counts for it.
//! * `port` is a port that is to be open, `counts` says how often what was refused,
//!   and when the log has it.
//!
//! The ways: [`http`], [`udp`], `xmpp`; [`stun`] finds the address of the one over UDP; `igd` and `pcp`
//! open one where a gateway is in between.

mod access;
mod bucket;
mod counts;
pub mod http;
#[cfg(feature = "igd")]
pub mod igd;
#[cfg(feature = "igd")]
pub mod pcp;
mod port;
mod quota;
pub mod stun;
pub mod udp;
#[cfg(feature = "xmpp")]
pub mod xmpp;

pub use access::Access;
pub use http::Listener;
pub use quota::Quota;
pub use udp::UdpPort;
