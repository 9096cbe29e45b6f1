//! ubus, OpenWrt's bus between daemons, as its socket speaks it: libubox's `blob` and `blobmsg`
//! (`blob.h`, `blobmsg.h`) and ubus's own messages (`ubusmsg.h`), of 2014 as of today.
//!
//! * [`value`] is what a call takes and answers, as an owned tree: read, written, shown.
//! * [`message`] is what goes over the socket: a header, and attributes of it.
//! * [`status`] is how a call ends, [`UbusError`] why it brings nothing.
//! * [`UbusLink`] is the one connection to ubusd: `place` finds it, `stream` carries bytes, `calls`
//!   are those of others' objects, `offer` is an object of our own.
//!
//! Whatever comes in was written by somebody else: all of it is bounded by [`limits`], and what is
//! cut, too big or nested too deep is refused as a whole, never taken by halves.

mod blob;
mod calls;
mod error;
pub mod limits;
mod link;
pub mod message;
mod offer;
mod place;
pub mod status;
mod stream;
pub mod value;

pub use blob::BadBlob;
pub use calls::CallId;
pub use error::UbusError;
pub use link::{UbusEvent, UbusLink};
#[cfg(feature = "inside")]
pub use message::{Attributes, Frame, SentMessage, frame_length};
pub use offer::{Invocation, UbusObject};
pub use status::UbusStatus;
pub use value::{UbusTable, UbusValue};
