//! The bounds on what the box says. The standard has few: it asks that an ACS reads 32 kB (§3.4.1),
//! and gives texts of the schema a length. Foreign text comes back in no message longer than what
//! tells which one it was.

/// Bytes of an Inform, roughly; what does not fit waits for the next. A box sends it unasked, so it
/// has to pass what stands before an ACS: nginx takes 1 MB unless told otherwise.
pub const MAX_INFORM_BYTES: usize = 256 * 1024;

/// What the XML around a parameter of an Inform takes, generously.
pub const PARAMETER_BYTES: usize = 160;

/// Bytes of a response; a longer one is refused with 9004. An ACS asks for what it gets, so this is
/// only the memory that one request can take.
pub const MAX_RESPONSE_BYTES: usize = 8 << 20;

/// Entries of one request; more are refused with 9004.
pub const MAX_ENTRIES: usize = 4096;

/// Characters of CommandKey and ParameterKey (schema, `CommandKeyType`, `ParameterKeyType`).
pub const MAX_KEY: usize = 32;

/// Characters of a fault's text. It is for people: a long reason is cut.
pub const MAX_FAULT_STRING: usize = 400;

/// Characters of a name of the request that a fault gives back: those of the standard are shorter
/// (A.2.2: up to 256).
pub const MAX_ECHOED_NAME: usize = 256;

/// Bytes of all SetParameterValuesFault of a fault together; those of the first parameters are told.
pub const MAX_PARAMETER_FAULTS: usize = 64 * 1024;

/// Characters of the `ID` of a request, which its answer gives back (§3.5 names no bound; ACSs use
/// numbers and UUIDs). A request with a longer one is refused.
pub const MAX_ID: usize = 1024;

/// Characters of why a session failed, for the log and the status.
pub const MAX_REASON: usize = 400;

/// Characters of what is odd about an ACS, for the log.
pub const MAX_ODDITY: usize = 200;

/// How much that is odd is told, and known to be told, in one session.
pub const MAX_ODDITIES: usize = 64;

/// Characters of each field of DeviceId (schema, `DeviceIdStruct`).
pub const MAX_IDENTITY: usize = 64;

/// Refused parameters that the log names; it counts the others.
pub const MAX_LOGGED: usize = 16;
