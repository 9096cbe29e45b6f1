//! Connection requests: how the ACS asks the box to call it (TR-069 §3.2.2).
//!
//! [`Listener`] answers HTTP connection requests inside the agent's poll loop: it never waits, and
//! it takes nothing from a peer on trust. It authenticates and reports; whether and when a session
//! follows is the engine's to decide. A request that does not authenticate changes nothing but a
//! log line.
//!
//! The port faces everybody, so what anybody gets is bounded, and what one place takes does not keep
//! another from it:
//!
//! * `head` reads a request's head, `access` decides on it, `nonce` makes and checks nonces; `denial`
//!   says why not.
//! * `connection` is one peer, `peers` all of them and who has to go, `http` the listener.
//! * `origins` remembers what each place asked for lately, in `bucket`s; `reception` answers by that.
//! * `tally` counts, for the log and the status.
//!
//! Requests over UDP (Annex G) and XMPP (Annex K) are not here yet.

mod access;
mod bucket;
mod connection;
mod denial;
pub mod head;
mod http;
mod nonce;
mod origins;
mod peers;
mod reception;
mod tally;

pub use access::Access;
pub use http::Listener;
