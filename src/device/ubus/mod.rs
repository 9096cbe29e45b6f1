//! ubus, OpenWrt's bus between daemons, as its socket speaks it: libubox's `blob` and `blobmsg`
//! (`blob.h`, `blobmsg.h`) and ubus's own messages (`ubusmsg.h`), of 2014 as of today.
//!
//! * [`value`] is what a call takes and answers, as an owned tree: read, written, shown.
//! * [`message`] is what goes over the socket: a header, and attributes of it.
//! * [`status`] is how a call ends.
//!
//! Whatever comes in was written by somebody else: all of it is bounded by [`limits`], and what is
//! cut, too big or nested too deep is refused as a whole, never taken by halves.

mod blob;
pub mod limits;
pub mod message;
pub mod status;
pub mod value;

pub use blob::BadBlob;
pub use message::{Attributes, Frame, SentMessage, frame_length};
pub use status::UbusStatus;
pub use value::{UbusTable, UbusValue};
