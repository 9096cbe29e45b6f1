//! Reads tar archives as they come: those of `sysupgrade -b` (BusyBox), of GNU tar, of `pax`. What a
//! configuration can have in it is taken: files, symbolic links, folders; anything else is refused, and
//! so is a name that leads upwards.

use std::io;

use super::pack::BLOCK;

/// Entries of an archive from outside, at most. Of our own, which have what such a one replaced, that
/// may be more, and all of it has to come back.
const MAX_ENTRIES: u32 = 4096;

/// Bytes that all its files may have together.
const MAX_UNPACKED: u64 = 32 << 20;

/// No name, and no target of a link, is longer, nor what pax says of an entry; in bytes.
const MAX_TEXT: u64 = 4096;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Its bytes follow.
    File,
    /// A symbolic link.
    Link,
    /// It may stand there alone, before what is in it or behind.
    Folder,
    /// In archives of our own: there is to be nothing.
    Absent,
}

/// How archives of our own say that there was nothing: tar leaves capital letters to everybody.
pub(super) const ABSENT: u8 = b'W';

/// One thing that an archive has, as its head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// Without `/` at the beginning or the end, without `.` and `..`; never empty.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Where a link leads, as it stands there; else empty.
    pub target: String,
    /// Bytes of a file.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
}

/// Takes what is in an archive.
pub trait Unpack {
    /// An entry begins.
    ///
    /// # Errors
    /// It is not taken; nothing more is read.
    fn entry(&mut self, entry: ArchiveEntry) -> io::Result<()>;

    /// The next bytes of a file.
    ///
    /// # Errors
    /// As above.
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// A file is whole.
    ///
    /// # Errors
    /// As above.
    fn whole(&mut self) -> io::Result<()>;
}

/// What the bytes belong to that are read now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TapePart {
    Head,
    /// A file that is handed on.
    File,
    /// What is said of the next entry, by this kind.
    Text(u8),
    /// What nobody needs.
    Rest,
    End,
}

/// An archive that is being read.
pub struct ArchiveReader {
    part: TapePart,
    /// The head, or the text, as far as it came.
    gathered: Vec<u8>,
    /// Bytes to come of this part, and what fills its last block.
    left: u64,
    filling: u64,
    long_name: Option<Vec<u8>>,
    long_target: Option<Vec<u8>>,
    /// The head before was empty: two of them are the end. One alone stands behind some files of what
    /// OpenWrt's sysupgrade makes.
    is_blank: bool,
    is_own: bool,
    entries: u32,
    unpacked: u64,
}

/// A sentence for what is wrong with an archive.
pub(super) fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

impl ArchiveReader {
    /// Stands before the first byte; `is_own`: it was made by us.
    pub fn new(is_own: bool) -> Self {
        Self {
            part: TapePart::Head,
            gathered: Vec::new(),
            left: 0,
            filling: 0,
            long_name: None,
            long_target: None,
            is_blank: false,
            is_own,
            entries: 0,
            unpacked: 0,
        }
    }

    /// Reads on.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for an archive that is damaged, too large, or has what is not
    /// taken; those of `to`.
    pub fn push(&mut self, mut bytes: &[u8], to: &mut dyn Unpack) -> io::Result<()> {
        while !bytes.is_empty() && self.part != TapePart::End {
            let wanted = match self.part {
                TapePart::Head => BLOCK.saturating_sub(self.gathered.len()),
                _ if self.left > 0 => usize::try_from(self.left).unwrap_or(usize::MAX),
                _ => usize::try_from(self.filling).unwrap_or(usize::MAX),
            };
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            let count = u64::try_from(now.len()).unwrap_or(u64::MAX);
            match self.part {
                TapePart::Head => {
                    self.gathered.extend_from_slice(now);
                    if self.gathered.len() == BLOCK {
                        let head = std::mem::take(&mut self.gathered);
                        self.head(&head, to)?;
                    }
                    continue;
                }
                _ if self.left == 0 => self.filling -= count,
                part => {
                    match part {
                        TapePart::File => to.bytes(now)?,
                        TapePart::Text(_) => self.gathered.extend_from_slice(now),
                        _ => {}
                    }
                    self.left -= count;
                    if self.left == 0 {
                        self.is_whole(part, to)?;
                    }
                }
            }
            if self.left == 0 && self.filling == 0 {
                self.part = TapePart::Head;
            }
        }
        Ok(())
    }

    /// The bytes are at their end.
    ///
    /// # Errors
    /// The archive is not.
    pub fn finish(&self) -> io::Result<()> {
        match self.part {
            TapePart::End => Ok(()),
            _ => Err(damaged("the archive is cut off")),
        }
    }

    fn is_whole(&mut self, part: TapePart, to: &mut dyn Unpack) -> io::Result<()> {
        match part {
            TapePart::File => return to.whole(),
            TapePart::Text(kind) => {
                let text = std::mem::take(&mut self.gathered);
                match kind {
                    b'L' => self.long_name = Some(text),
                    b'K' => self.long_target = Some(text),
                    _ => {
                        self.long_name = pax(&text, b"path=").or(self.long_name.take());
                        self.long_target = pax(&text, b"linkpath=").or(self.long_target.take());
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn head(&mut self, head: &[u8], to: &mut dyn Unpack) -> io::Result<()> {
        let is_blank = head.iter().all(|byte| *byte == 0);
        let was_blank = std::mem::replace(&mut self.is_blank, is_blank);
        if is_blank {
            self.part = match was_blank {
                true => TapePart::End,
                false => TapePart::Head,
            };
            return Ok(());
        }
        let field = |at: usize, room: usize| head.get(at..at + room).unwrap_or_default();
        let before = field(0, 148).iter().chain(field(156, 356));
        let sum: u32 = before.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        if octal(field(148, 8)) != Some(u64::from(sum)) {
            return Err(damaged("it is no tar archive, or a damaged one"));
        }
        let number = |at, room| {
            octal(field(at, room)).ok_or_else(|| damaged("a number in the archive is none"))
        };
        let small = |at, room| number(at, room).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let kind = field(156, 1).first().copied().unwrap_or_default();
        let size = number(124, 12)?;
        self.entries += 1;
        if self.entries > MAX_ENTRIES && !self.is_own {
            return Err(damaged(format!("it has more than {MAX_ENTRIES} entries")));
        }
        let is_text = matches!(kind, b'L' | b'K' | b'x');
        if is_text && size > MAX_TEXT {
            return Err(damaged("a name in it is too long"));
        }
        self.left = size;
        let block = u64::try_from(BLOCK).unwrap_or(1);
        self.filling = (block - size % block) % block;
        self.part = match kind {
            _ if is_text => TapePart::Text(kind),
            b'g' => TapePart::Rest,
            _ => {
                let prefix = match field(257, 6) {
                    b"ustar\0" => until_nul(field(345, 155)),
                    _ => b"",
                };
                let short = [prefix, until_nul(field(0, 100))].join(&b'/');
                let name = self.long_name.take().unwrap_or(short);
                let target = self.long_target.take();
                let target = target.unwrap_or_else(|| until_nul(field(157, 100)).to_vec());
                let entry = ArchiveEntry {
                    name: name_of(&name)?,
                    kind: self.kind(kind, &name)?,
                    target: text_of(&target)?,
                    size,
                    mode: small(100, 8)? & 0o7777,
                    owner: (small(108, 8)?, small(116, 8)?),
                };
                self.begin(entry, to)?
            }
        };
        if self.left == 0 && self.filling == 0 {
            self.part = match self.part {
                TapePart::End => TapePart::End,
                _ => TapePart::Head,
            };
        }
        Ok(())
    }

    fn begin(&mut self, entry: ArchiveEntry, to: &mut dyn Unpack) -> io::Result<TapePart> {
        if entry.kind != EntryKind::File {
            // The root itself.
            if !entry.name.is_empty() {
                to.entry(entry)?;
            }
            return Ok(TapePart::Rest);
        }
        self.unpacked = self.unpacked.saturating_add(entry.size);
        if self.unpacked > MAX_UNPACKED && !self.is_own {
            return Err(damaged(format!(
                "it has more than {MAX_UNPACKED} bytes in it"
            )));
        }
        if entry.name.is_empty() {
            return Err(damaged("a file in it has no name"));
        }
        let is_empty = entry.size == 0;
        to.entry(entry)?;
        if is_empty {
            to.whole()?;
        }
        Ok(TapePart::File)
    }

    fn kind(&self, kind: u8, name: &[u8]) -> io::Result<EntryKind> {
        match kind {
            // Before POSIX a folder was a file whose name ends with a slash.
            0 if name.ends_with(b"/") => Ok(EntryKind::Folder),
            0 | b'0' | b'7' => Ok(EntryKind::File),
            b'2' => Ok(EntryKind::Link),
            b'5' => Ok(EntryKind::Folder),
            ABSENT if self.is_own => Ok(EntryKind::Absent),
            _ => Err(damaged(
                "there is something in it that is no file, link or folder",
            )),
        }
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, with blanks and NULs around it. One beyond eleven digits is in another
/// form, and too large anyway.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches([' ', '\0']);
    match text {
        "" => Some(0),
        text => u64::from_str_radix(text, 8).ok(),
    }
}

/// The value of a record of pax: `LENGTH KEY=VALUE` and a line feed.
fn pax(mut text: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut found = None;
    while let Some(at) = text.iter().position(|byte| *byte == b' ') {
        let (length, _) = text.split_at(at);
        let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
        let (record, rest) = text.split_at_checked(length)?;
        let record = record.get(at + 1..)?.strip_suffix(b"\n")?;
        found = record.strip_prefix(key).map(<[u8]>::to_vec).or(found);
        text = rest;
    }
    found
}

fn text_of(bytes: &[u8]) -> io::Result<String> {
    let text = std::str::from_utf8(until_nul(bytes)).ok();
    let text = text.filter(|text| !text.chars().any(char::is_control));
    text.map(str::to_owned)
        .ok_or_else(|| damaged("a name in it is no text"))
}

/// The name without what does not count.
fn name_of(bytes: &[u8]) -> io::Result<String> {
    let text = text_of(bytes)?;
    let parts = text.split('/').filter(|part| !matches!(*part, "" | "."));
    let parts: Vec<&str> = parts.collect();
    if parts.contains(&"..") {
        return Err(damaged("a name in it leads upwards"));
    }
    Ok(parts.join("/"))
}
