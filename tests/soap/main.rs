//! Envelopes: what is read, what is written, and what hostile ones cost.

mod hostile;
mod messages;
mod peer;
mod reading;
mod roundtrip;
mod schema;
