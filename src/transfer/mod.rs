//! The bytes of a transfer: between a file server and a file, over [`http`](crate::http) (TR-069
//! §3.4.3).
//!
//! It knows no types of files and no RPCs: [`fn@download`] and [`fn@upload`] move what an order names, each
//! on a thread of its own, and say how that ended in the words and codes of the standard (A.5.1). A
//! file of any length takes the memory of a few buffers. What a server, or somebody on the way to
//! it, may do to the box is bounded: bytes by the room there is, time by a least speed and by a
//! whole, redirects in number and in where they lead.

mod attempts;
mod contact;
mod download;
mod failure;
mod pace;
mod progress;
mod range;
mod upload;

pub use download::download;
pub use progress::Progress;
#[cfg(feature = "inside")]
pub use range::{ContentRange, Validator};
pub use upload::upload;

use std::time::Duration;

use crate::base::config::LinkConfig;
use crate::http::KeptTls;

/// Redirects followed for one request, as many as on the link to the ACS (TR-069 §3.4.2).
pub const MAX_REDIRECTS: u8 = 5;

/// In this time something has to move: [`MIN_SPEED`] on average.
pub const SPEED_WINDOW: Duration = Duration::from_secs(60);

/// The least speed, in bytes a second.
pub const MIN_SPEED: u32 = 1024;

/// The longest that a transfer may take, with all its attempts: no server holds up those that wait
/// behind it for longer.
pub const MAX_DURATION: Duration = Duration::from_secs(6 * 3600);

/// The first pause between two attempts; each is twice as long as the one before.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest one.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Attempts one after the other that bring nothing on: with the pauses between, half a minute.
pub const MAX_FRUITLESS: u8 = 6;

/// Attempts in all.
pub const MAX_ATTEMPTS: u8 = 50;

/// No file is longer, in bytes: `FileSize` has 32 bits.
pub const MAX_FILE_BYTES: u64 = u32::MAX as u64;

/// How file servers are met: by the rules of the link to the ACS, but for its credentials.
#[derive(Clone, Debug)]
pub struct Transport {
    /// TLS, time limits, and whether Basic is answered without TLS.
    pub link: LinkConfig,
    /// What clients before have left of TLS.
    pub kept_tls: KeptTls,
    /// Whether the dates of certificates count: only when the time is known to be right.
    pub check_dates: bool,
    /// How long a transfer is tried.
    pub patience: TransferPatience,
}

/// How long a transfer is tried.
#[derive(Clone, Copy, Debug)]
pub struct TransferPatience {
    /// [`FIRST_PAUSE`]
    pub pause: Duration,
    /// [`SPEED_WINDOW`]
    pub window: Duration,
    /// [`MAX_DURATION`]
    pub whole: Duration,
}

impl Default for TransferPatience {
    fn default() -> Self {
        Self {
            pause: FIRST_PAUSE,
            window: SPEED_WINDOW,
            whole: MAX_DURATION,
        }
    }
}
