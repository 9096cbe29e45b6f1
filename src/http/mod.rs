//! HTTP as a client (RFC 9110, RFC 9112), for every room above: one [`HttpClient`] for a session
//! with one server, or for a job.
//!
//! It finds the server, connects within a time limit, proves by TLS that it is the right one
//! (TR-069 §3.3), answers challenges of Digest and Basic, and keeps the connection for the next
//! request. Bodies are streamed both ways: what goes out is read as it is sent, what comes in is
//! written as it comes, so that a file of any size takes the memory of a few buffers.
//!
//! It follows no redirect, keeps no cookie and repeats nothing that a server may have read: that
//! is for the room above, which sees every answer. It blocks, each time no longer than its
//! [`TimeLimits`] say, and no longer than its [`ExchangeWatch`] lets it: let it run on a thread of its own.
//!
//! The framing is ureq's, TLS is OpenSSL's. Between them is a connection of our own
//! (`connection.rs`), since ureq's sends head and body in separate packets, cannot demand TLS 1.2,
//! and looks the host up anew, on a new thread, for every request.

mod answer;
mod auth;
mod buffers;
mod client;
mod connection;
mod date;
pub mod error;
mod folds;
#[cfg(feature = "luup")]
mod hang_up;
#[cfg(feature = "xmpp")]
mod link;
mod names;
mod request;
mod socket;
mod stream;
mod tls;
mod watch;

pub use answer::HttpAnswer;
pub use auth::Credentials;
pub use client::{HttpClient, HttpSettings, TimeLimits};
pub use date::unix_of_date;
pub use error::{CertificateProblem, ExchangePhase, HttpError};
#[cfg(feature = "luup")]
pub use hang_up::HangUp;
#[cfg(feature = "xmpp")]
pub use link::{LinkTls, ServerLink};
pub use request::{HttpRequest, RequestBody};
pub use tls::check as check_tls;
pub use tls::{KeptTls, UncheckedDates};
pub use ureq::http::Method;
pub use watch::ExchangeWatch;
