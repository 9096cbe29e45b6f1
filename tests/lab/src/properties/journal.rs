//! Journals of the state file.

use cwmpd::datamodel::csv::Crc32;
use cwmpd::datamodel::store::journal::{self, Journal, JournalEnd, JournalRest};

/// No bytes panic, as a journal or as the transactions of one whose checksums are right; and what
/// is read is written so that it is read as the same.
pub fn journal(bytes: &[u8]) {
    for text in [bytes, &sealed(bytes)] {
        let Ok(read) = journal::parse(text) else {
            continue;
        };
        assert!(read.end.length <= text.len());
        let written = written(&read);
        let again = journal::parse(written.as_bytes()).expect("a journal");
        assert!(again.errors.is_empty(), "{:?}", again.errors);
        assert_eq!((again.head, again.rest), (read.head, JournalRest::Nothing));
        assert_eq!(again.entries.len(), read.entries.len());
        assert_eq!(again.end.length, written.len());
        assert_eq!(again.end.unfinished, read.end.unfinished);
        assert_eq!(self::written(&again), written);
    }
}

fn written(journal: &Journal) -> String {
    let mut text = String::new();
    let mut end = JournalEnd::begin(&journal.head, &mut text);
    for entry in &journal.entries {
        end.put_entry(entry, &mut text);
    }
    text
}

/// A journal of these lines, in which every line with a checksum has the right one.
fn sealed(lines: &[u8]) -> Vec<u8> {
    let mut text = b"@generation 1 data 2 rows 3\n".to_vec();
    let mut crc = Crc32::default();
    crc.add(&text);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let line = match line {
            [sign @ (b'*' | b'+'), ..] => {
                let mut closing = crc;
                closing.add(&[*sign]);
                format!("{}{:X}\n", char::from(*sign), closing.value()).into_bytes()
            }
            line => line.to_vec(),
        };
        crc.add(&line);
        text.extend(line);
    }
    text
}
