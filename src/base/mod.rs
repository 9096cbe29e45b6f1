//! What every room builds upon; knows none of them.
//!
//! * [`clock`] is time as an argument, [`datetime`] its text (TR-106 §3.2), [`xsd`] the types of
//!   texts, [`zone`] a time zone, [`truth`] what says yes and no, [`percent`] how a text stands in a column or a URL.
//! * [`config`] is the agent's own configuration, [`url`] an ACS's address, [`digest`] RFC 7616,
//!   [`mod@hmac`] RFC 2104, [`secret`] a text that is never shown, [`prefix`] a network of addresses,
//!   [`scope`] how far away an address means something, [`uuid`] the name of a piece of software.
//! * [`backoff`] is the pauses between attempts, [`decimal`] numbers with a point, [`mod@sort`] the order
//!   of short lists.
//! * [`json`] and [`mod@file`] read within bounds; [`mod@file`] also replaces a file so that a power
//!   cut leaves the old or the new one, [`stamp`] tells whether one changed, [`room`] whether there is
//!   room for one.
//! * [`excerpt`] shows of a foreign text as much as says what is meant.
//! * [`parts`] is what this build is without.
//!
//! Files are all it touches of the world.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod datetime;
pub mod decimal;
pub mod digest;
pub mod excerpt;
pub mod file;
pub mod hmac;
pub mod json;
pub mod parts;
pub mod percent;
pub mod prefix;
pub mod room;
pub mod scope;
pub mod secret;
pub mod sort;
pub mod stamp;
pub mod truth;
pub mod url;
pub mod uuid;
pub mod xsd;
pub mod zone;
