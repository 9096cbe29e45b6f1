//! Connection requests over HTTP (TR-069 §3.2.2.2).
//!
//! [`Listener`] answers them inside the agent's poll loop: it never waits, and it takes nothing from a
//! peer on trust. The port faces everybody, so what anybody gets is bounded, and what one place takes
//! does not keep another from it:
//!
//! * `head` reads a request's head, `judge` decides on it, `nonce` makes and checks nonces; `denial`
//!   says why not.
//! * `connection` is one peer, `peers` all of them and who has to go, `listener` the port.
//! * `origins` remembers what each place asked for lately, in buckets; `reception` answers by that.
//! * `tally` counts, for the log and the status.

mod connection;
mod denial;
pub mod head;
mod judge;
mod listener;
mod nonce;
mod origins;
mod peers;
mod reception;
mod tally;

pub use listener::Listener;
