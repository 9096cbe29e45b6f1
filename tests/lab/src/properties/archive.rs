//! What is downloaded for the box itself: archives of its configuration, images of its firmware.

use std::io::{self, Cursor};

use cwmpd::device::install::{ArchiveEntry, ArchiveReader, EntryKind, Unpack, image_metadata};

/// The blocks of tar.
const BLOCK: usize = 512;

/// No bytes panic. What is read of an archive has names that stay below their folder, and files of the
/// length that was told; it is the same in whatever pieces it comes. Most mutants of a head fail for
/// their checksum, so each archive is tried with right ones, too.
pub fn archive(bytes: &[u8]) {
    let _ = image_metadata(&mut Cursor::new(bytes));
    let mut right = bytes.to_vec();
    right.chunks_exact_mut(BLOCK).for_each(check);
    for bytes in [bytes, &right] {
        for is_own in [false, true] {
            let whole = read(bytes, is_own, bytes.len().max(1));
            let pieces = read(bytes, is_own, 7);
            assert_eq!(whole, pieces);
        }
    }
}

/// Writes the checksum that a head has to have.
fn check(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let text = format!("{sum:06o}\0 ");
    block[148..156].copy_from_slice(&text.as_bytes()[..8]);
}

fn read(bytes: &[u8], is_own: bool, piece: usize) -> (Taken, Result<(), String>) {
    let mut reader = ArchiveReader::new(is_own);
    let mut taken = Taken {
        is_own,
        ..Taken::default()
    };
    let mut pieces = bytes.chunks(piece);
    let read = pieces.try_for_each(|piece| reader.push(piece, &mut taken));
    let read = read.and_then(|()| reader.finish());
    (taken, read.map_err(|error| error.to_string()))
}

/// What came out of it.
#[derive(Debug, Default, PartialEq)]
struct Taken {
    is_own: bool,
    entries: Vec<ArchiveEntry>,
    content: Vec<u8>,
    left: u64,
}

impl Unpack for Taken {
    fn entry(&mut self, entry: ArchiveEntry) -> io::Result<()> {
        assert_eq!(self.left, 0, "the file before is whole");
        let mut parts = entry.name.split('/');
        assert!(
            parts.all(|part| !matches!(part, "" | "." | "..")),
            "{entry:?}"
        );
        assert!(!entry.name.contains(char::is_control), "{entry:?}");
        assert!(self.is_own || entry.kind != EntryKind::Absent);
        if entry.kind == EntryKind::File {
            self.left = entry.size;
        }
        self.entries.push(entry);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u64::try_from(bytes.len()).expect("a length");
        self.left = self
            .left
            .checked_sub(length)
            .expect("no more than was told");
        self.content.extend_from_slice(bytes);
        Ok(())
    }

    fn whole(&mut self) -> io::Result<()> {
        assert_eq!(self.left, 0);
        Ok(())
    }
}
