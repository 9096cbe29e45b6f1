//! How much is taken from others, and given to them.

use std::time::Duration;

/// The longest message that is taken, in bytes without its header: what ubusd itself takes
/// (`UBUS_MAX_MSGLEN`, in 2014 as today).
pub const MAX_MESSAGE_BYTES: usize = 1_048_576;

/// The longest message that is sent, likewise. Nothing of the agent is near it.
pub const MAX_SENT_BYTES: usize = 65_536;

/// The deepest that tables and arrays may be nested: what `ubus call` can print, for json-c stops
/// there, too.
pub const MAX_DEPTH: usize = 32;

/// The most values, tables and arrays counted, in one table with all that is in it, or in all that
/// the answers of one call bring. A value of four bytes on the wire takes 56 in memory, so this is
/// what keeps a message of a megabyte small.
pub const MAX_VALUES: usize = 16_384;

/// The most that the answers of one call bring together, in bytes on the wire: several times what the
/// longest list of interfaces or leases takes. With [`MAX_VALUES`] one call takes two megabytes of
/// memory at most, whatever its object says for however long, and a box may have 64.
pub const MAX_ANSWER_BYTES: usize = 262_144;

/// The most that waits to be sent, in bytes: above [`MAX_SENT_BYTES`] nothing more is taken, and so
/// no more is there than the answers to [`MAX_MESSAGES`] that were taken before.
pub const MAX_UNSENT_BYTES: usize = 4 * MAX_SENT_BYTES;

/// The most messages that are taken before others have their turn.
pub const MAX_MESSAGES: usize = 64;

/// How long so much may wait to be sent with nothing of it going. ubusd takes all at once where it has
/// nothing else to do; who takes nothing is hung.
pub const MAX_UNSENT_PATIENCE: Duration = Duration::from_secs(10);

/// How long the rest of a message may take, with nothing of it coming.
pub const MAX_MESSAGE_PATIENCE: Duration = Duration::from_secs(10);

/// How long ubusd may take for its first word.
pub const MAX_GREETING: Duration = Duration::from_secs(10);

/// The most calls under way.
pub const MAX_CALLS: usize = 32;

/// The most objects whose numbers are remembered.
pub const MAX_KNOWN_OBJECTS: usize = 64;

/// So often it is tried to reach somebody who does not listen before a sign is waited for: pauses
/// double from [`FIRST_PAUSE`], thirteen seconds in all.
pub const MAX_TRIES: u32 = 6;

/// The first pause between such tries.
pub const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause where something is wrong of which no sign says when it is over.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(300);
