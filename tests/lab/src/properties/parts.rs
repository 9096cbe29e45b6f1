//! What file servers say of the part of a file that they send: a line each of `Content-Range`, `ETag`,
//! `Last-Modified`.

use cwmpd::transfer::{ContentRange, Validator};

/// A part that is taken has bytes, and lies within the file; a validator can be sent back as it is.
pub fn parts(headers: &[u8]) {
    let text = String::from_utf8_lossy(headers);
    let mut lines = text.split('\n');
    if let Some(part) = lines.next().and_then(ContentRange::parse) {
        let end = part.first.checked_add(part.length).expect("an end");
        assert!(part.length > 0 && part.total.is_none_or(|total| end <= total));
    }
    let (tag, modified) = (lines.next(), lines.next());
    for (tag, modified) in [(tag, modified), (None, modified), (tag, None)] {
        match Validator::new(tag, modified, Some(1 << 40)) {
            Some(Validator::Tag(sent)) => {
                assert_eq!(Some(sent.as_str()), tag);
                assert!(sent.starts_with('"') && sent.bytes().all(|byte| byte.is_ascii_graphic()));
            }
            Some(Validator::Modified(sent)) => {
                assert_eq!((None, Some(sent.as_str())), (tag, modified))
            }
            None => {}
        }
    }
}
