//! How much is taken from others, and given to them.

/// The longest message that is taken, in bytes without its header: what ubusd itself takes
/// (`UBUS_MAX_MSGLEN`, in 2014 as today).
pub const MAX_MESSAGE_BYTES: usize = 1_048_576;

/// The longest message that is sent, likewise. Nothing of the agent is near it.
pub const MAX_SENT_BYTES: usize = 65_536;

/// The deepest that tables and arrays may be nested: what `ubus call` can print, for json-c stops
/// there, too.
pub const MAX_DEPTH: usize = 32;

/// The most values, tables and arrays counted, in one table with all that is in it. A value of four
/// bytes on the wire takes 56 in memory, so this is what keeps a message of a megabyte small.
pub const MAX_VALUES: usize = 16_384;
