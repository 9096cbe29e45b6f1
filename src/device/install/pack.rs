//! Writes tar archives (POSIX `ustar`), of few and small files: plain ones for ourselves, and in the
//! form of gzip for `sysupgrade -f`, which takes no other. Nothing is compressed: it is not kept long.

use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;

use crate::datamodel::csv::Crc32;

/// Everything in a tar archive begins at a multiple of this.
pub(super) const BLOCK: usize = 512;

/// Where the fields of a head are, in bytes, and how long they are.
const NAME: (usize, usize) = (0, 100);
const MODE: (usize, usize) = (100, 8);
const USER: (usize, usize) = (108, 8);
const GROUP: (usize, usize) = (116, 8);
const SIZE: (usize, usize) = (124, 12);
const TIME: (usize, usize) = (136, 12);
const CHECKSUM: (usize, usize) = (148, 8);
const KIND: (usize, usize) = (156, 1);
const LINK: (usize, usize) = (157, 100);
const USTAR: (usize, usize) = (257, 8);

/// The kind of an entry whose content is the name, or the target, of the next one.
const LONG_NAME: u8 = b'L';
const LONG_LINK: u8 = b'K';

/// What the head of an entry says.
pub(super) struct TapeHead<'h> {
    /// Without `/` at its beginning.
    pub name: &'h str,
    /// `0` a file, `2` a link, and so on.
    pub kind: u8,
    /// Of a link.
    pub target: &'h str,
    /// Bytes that follow.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub user: u32,
    /// Group of the owner.
    pub group: u32,
}

impl<'h> TapeHead<'h> {
    /// Of a file as it is on the box.
    pub(super) fn of_file(name: &'h str, data: &Metadata) -> Self {
        Self {
            name,
            kind: b'0',
            target: "",
            size: data.len(),
            mode: data.mode() & 0o7777,
            user: data.uid(),
            group: data.gid(),
        }
    }

    /// Of what has no content.
    pub(super) fn empty(name: &'h str, kind: u8, target: &'h str) -> Self {
        Self {
            name,
            kind,
            target,
            size: 0,
            mode: 0o777,
            user: 0,
            group: 0,
        }
    }
}

/// Writes a head; its content is to follow, by [`content`].
pub(super) fn head(to: &mut dyn Write, head: &TapeHead<'_>) -> io::Result<()> {
    for (kind, text, room) in [
        (LONG_NAME, head.name, NAME.1),
        (LONG_LINK, head.target, LINK.1),
    ] {
        if text.len() >= room {
            let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
            to.write_all(&block("././@LongLink", kind, "", size, (0, 0, 0)))?;
            content(to, &mut text.as_bytes(), size)?;
        }
    }
    let rights = (head.mode, head.user, head.group);
    to.write_all(&block(head.name, head.kind, head.target, head.size, rights))
}

/// Writes so many bytes, and what is missing to a whole block.
pub(super) fn content(to: &mut dyn Write, from: &mut dyn Read, size: u64) -> io::Result<()> {
    let mut from = from.take(size);
    if io::copy(&mut from, to)? < size {
        return Err(io::Error::other("a file became shorter while it was read"));
    }
    let block = u64::try_from(BLOCK).unwrap_or(1);
    let rest = (block - size % block) % block;
    io::copy(&mut io::repeat(0).take(rest), to).map(drop)
}

/// Writes the end of an archive.
pub(super) fn end(to: &mut dyn Write) -> io::Result<()> {
    to.write_all(&[0; 2 * BLOCK])
}

fn block(name: &str, kind: u8, target: &str, size: u64, rights: (u32, u32, u32)) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |(at, room): (usize, usize), bytes: &[u8]| {
        let field = block.get_mut(at..at + room).unwrap_or_default();
        for (to, from) in field.iter_mut().zip(bytes) {
            *to = *from;
        }
    };
    let (mode, user, group) = rights;
    // A field ends with a NUL, but for one that is full.
    put((NAME.0, NAME.1 - 1), name.as_bytes());
    put(MODE, format!("{mode:07o}").as_bytes());
    put(USER, format!("{user:07o}").as_bytes());
    put(GROUP, format!("{group:07o}").as_bytes());
    put(SIZE, format!("{size:011o}").as_bytes());
    put(TIME, b"00000000000");
    put(CHECKSUM, b"        ");
    put(KIND, &[kind]);
    put((LINK.0, LINK.1 - 1), target.as_bytes());
    put(USTAR, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let field = block.get_mut(CHECKSUM.0..CHECKSUM.0 + CHECKSUM.1);
    for (to, from) in field
        .unwrap_or_default()
        .iter_mut()
        .zip(format!("{sum:06o}\0 ").bytes())
    {
        *to = from;
    }
    block
}

/// What is written comes out in the form of gzip (RFC 1952), in stored blocks (RFC 1951).
pub(super) struct Gzip<W: Write> {
    to: W,
    waiting: Vec<u8>,
    crc: Crc32,
    length: u32,
}

/// A stored block takes no more.
const MAX_STORED: usize = 0x8000;

impl<W: Write> Gzip<W> {
    /// Writes the head.
    pub(super) fn begin(mut to: W) -> io::Result<Self> {
        to.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])?;
        Ok(Self {
            to,
            waiting: Vec::with_capacity(MAX_STORED),
            crc: Crc32::default(),
            length: 0,
        })
    }

    /// Writes the rest.
    pub(super) fn end(mut self) -> io::Result<W> {
        self.store(true)?;
        self.to.write_all(&self.crc.value().to_le_bytes())?;
        self.to.write_all(&self.length.to_le_bytes())?;
        Ok(self.to)
    }

    fn store(&mut self, is_last: bool) -> io::Result<()> {
        let length = u16::try_from(self.waiting.len()).unwrap_or(u16::MAX);
        self.to.write_all(&[u8::from(is_last)])?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(&(!length).to_le_bytes())?;
        self.to.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_STORED.saturating_sub(self.waiting.len());
        let (now, _) = bytes.split_at(room.min(bytes.len()));
        self.waiting.extend_from_slice(now);
        self.crc.add(now);
        let added = u32::try_from(now.len()).unwrap_or(u32::MAX);
        self.length = self.length.wrapping_add(added);
        if self.waiting.len() == MAX_STORED {
            self.store(false)?;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
