//! Connection requests: how the ACS asks the box to call it (TR-069 §3.2.2).
//!
//! [`Listener`] answers HTTP connection requests inside the agent's poll loop: it never waits, and
//! it takes nothing from a peer on trust. It authenticates and reports; whether and when a session
//! follows is the engine's to decide. A request that does not authenticate changes nothing but a
//! log line.
//!
//! * `head` reads a request's head, `access` decides on it, `nonce` makes and checks nonces.
//! * `connection` is one peer, `http` the listener.
//!
//! Requests over UDP (Annex G) and XMPP (Annex K) are not here yet.

mod access;
mod connection;
mod head;
mod http;
mod nonce;

pub use access::Access;
pub use http::Listener;
