//! Envelopes: what is read, what is written, and what hostile ones cost.

mod as_read;
mod hostile;
mod messages;
mod oddities;
mod peer;
mod reading;
mod roundtrip;
mod schema;
