//! What an image says of itself: OpenWrt's build appends a text of JSON to it (`fwtool`, from 17.01
//! on), and maybe a signature behind that.
//!
//! Each piece stands before 16 bytes of its own, all numbers big-endian: `FWx0`, a checksum of all
//! that is before, the kind of the piece, three bytes of nothing, and its length with these 16. So
//! they are read from the end of the file. The checksum is for `sysupgrade -T` to look at.

use std::io::{self, Read, Seek, SeekFrom};

use crate::base::json::{JsonEvent, JsonReader};

/// Bytes behind each piece.
const TRAILER: u32 = 16;

/// What they begin with.
const MAGIC: &[u8] = b"FWx0";

/// The kind of a piece that is the text, behind a head of so many bytes.
const INFO: u8 = 1;
const INFO_HEAD: usize = 8;

/// `fwtool` makes no piece longer.
const MAX_PIECE: u32 = 32 * 1024;

/// No image has more pieces.
const MAX_PIECES: usize = 4;

/// The version of an image; empty where it tells none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageMetadata {
    /// `23.05.5`, as `DISTRIB_RELEASE` has it.
    pub version: String,
    /// `r24106-10cc5fcd00`, as `DISTRIB_REVISION` has it.
    pub revision: String,
}

/// What the image says; `None` where it says nothing that can be read.
pub fn image_metadata<R: Read + Seek>(image: &mut R) -> Option<ImageMetadata> {
    let text = info(image).ok()??;
    version(&text)
}

fn info<R: Read + Seek>(image: &mut R) -> io::Result<Option<Vec<u8>>> {
    let mut end = image.seek(SeekFrom::End(0))?;
    for _ in 0..MAX_PIECES {
        let Some(at) = end.checked_sub(u64::from(TRAILER)) else {
            return Ok(None);
        };
        image.seek(SeekFrom::Start(at))?;
        let mut trailer = [0; TRAILER as usize];
        image.read_exact(&mut trailer)?;
        let [m, a, g, i, _, _, _, _, kind, _, _, _, length @ ..] = trailer;
        let length = u32::from_be_bytes(length);
        let start = end.checked_sub(u64::from(length));
        let (true, Some(start)) = ([m, a, g, i] == MAGIC, start) else {
            return Ok(None);
        };
        if !(TRAILER..=MAX_PIECE + TRAILER).contains(&length) {
            return Ok(None);
        }
        if kind == INFO {
            image.seek(SeekFrom::Start(start))?;
            let length = usize::try_from(length - TRAILER).unwrap_or_default();
            let mut piece = vec![0; length];
            image.read_exact(&mut piece)?;
            return Ok(Some(piece.split_off(INFO_HEAD.min(length))));
        }
        end = start;
    }
    Ok(None)
}

/// The two of the object `version`.
fn version(mut text: &[u8]) -> Option<ImageMetadata> {
    let mut reader = JsonReader::strict(&mut text);
    let mut found = ImageMetadata::default();
    let (mut depth, mut of_version, mut name) = (0_u32, false, String::new());
    while let Some(event) = reader.next().ok()? {
        match event {
            JsonEvent::Object => {
                depth += 1;
                of_version = depth == 2 && name == "version";
            }
            JsonEvent::Array => depth += 1,
            JsonEvent::Close => {
                of_version = false;
                depth = depth.saturating_sub(1);
            }
            JsonEvent::Name => reader.text().clone_into(&mut name),
            JsonEvent::Text if of_version && depth == 2 => match name.as_str() {
                "version" => reader.text().clone_into(&mut found.version),
                "revision" => reader.text().clone_into(&mut found.revision),
                _ => {}
            },
            _ => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A piece as `fwtool` appends it; the checksum is left out.
    fn piece(kind: u8, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        bytes.extend(MAGIC);
        bytes.extend([0, 0, 0, 0, kind, 0, 0, 0]);
        bytes.extend((u32::try_from(text.len()).unwrap() + TRAILER).to_be_bytes());
        bytes
    }

    fn text(json: &str) -> Vec<u8> {
        [&[0; INFO_HEAD], json.as_bytes()].concat()
    }

    const JSON: &str = r#"{"metadata_version":"1.1","compat_version":"1.0",
        "supported_devices":["example,box"],"version":{"dist":"OpenWrt","version":"23.05.5",
        "revision":"r24106-10cc5fcd00","target":"ramips/mt7621","board":"example_box"}}"#;

    #[test]
    fn t23_an_image_tells_its_version_with_and_without_a_signature() {
        let wanted = ImageMetadata {
            version: "23.05.5".to_owned(),
            revision: "r24106-10cc5fcd00".to_owned(),
        };
        let plain = [vec![7; 1000], piece(INFO, &text(JSON))].concat();
        assert_eq!(
            image_metadata(&mut Cursor::new(&plain)),
            Some(wanted.clone())
        );
        let signed = [plain, piece(0, &[1; 500])].concat();
        assert_eq!(image_metadata(&mut Cursor::new(&signed)), Some(wanted));
    }

    #[test]
    fn t23_what_is_no_metadata_tells_nothing() {
        for image in [
            Vec::new(),
            vec![0; 15],
            vec![0; 5000],
            piece(0, b"a signature alone"),
            piece(INFO, b"short"),
            piece(INFO, &text("no json")),
            // Longer than the file.
            piece(INFO, &text(JSON))[200..].to_vec(),
        ] {
            assert_eq!(image_metadata(&mut Cursor::new(&image)), None);
        }
        let mut none = piece(INFO, &text(JSON));
        let length = none.len();
        none[length - 4..].copy_from_slice(&0_u32.to_be_bytes());
        assert_eq!(image_metadata(&mut Cursor::new(&none)), None);
        let elsewhere = r#"{"other":{"version":{"revision":"r1"}},"version":{"board":["x"]}}"#;
        let found = image_metadata(&mut Cursor::new(&piece(INFO, &text(elsewhere))));
        assert_eq!(found, Some(ImageMetadata::default()));
    }
}
