//! The days of an engine.

use std::time::Duration;

/// How the engine answers `id=status`, `user_data`, `sdata`, actions and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// 200 and an empty body, as when a reload cuts the answer.
    Empty,
    /// 200 and this text: `Exiting`, `NO_CHANGES`, `Bad Device`, hostile JSON, a stored answer.
    Says(String),
    /// 200, and the devices without their variables, as shortly after a start.
    Starting,
    /// The first half of the right answer, in well-formed chunks.
    Truncated,
    /// The first half of the right answer, then nothing, the socket left open.
    Stuck,
    /// As it should, but the answer to `id=user_data` is empty.
    WithoutUserData,
    /// Chunks without an end.
    Endless,
    /// This HTTP status with a page of HTML.
    Status(u16),
    /// The right answer after a while.
    Slow(Duration),
    /// Nothing as long as it is in this mood; then what it answers in its next.
    Silent,
    /// The right answer, framed otherwise than the engine does it.
    Framed(Framing),
    /// These bytes in place of an HTTP answer, the socket left open.
    Raw(Vec<u8>),
    /// These bytes in place of an HTTP answer, and no more.
    RawAndCloses(Vec<u8>),
}

/// How the end of an answer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `Content-Length`, off by this many bytes; the socket stays open.
    Length(i64),
    /// `Content-Length`, off by this many bytes; the socket is closed.
    LengthAndCloses(i64),
    /// By the end of the connection.
    UntilClose,
    /// The first half in chunks, and the connection is closed.
    ClosesEarly,
    /// All of it in chunks, but for the last, which is empty; and the connection is closed.
    NoLastChunk,
    /// Chunks of this many bytes each.
    Chunks(usize),
    /// A byte at a time, each in a chunk, with extensions, upper-case digits and a trailer.
    OddChunks,
    /// `Content-Length` beside chunks, off by this many bytes (RFC 9112 6.3).
    Both(i64),
}
