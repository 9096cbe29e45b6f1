//! The text of a journal: what was changed since the state file was written.
//!
//! ```text
//! @generation 7 data 5A1F3C22 rows BADF00D
//! -Hosts.Host.3.
//! ManagementServer.URL;STRING;0;1;1;0;0;0;;https://acs/;0;0;;;
//! !uci network.lan.ipaddr=192.0.2.1
//! *90C1D2E3
//! +4455AA66
//! ```
//!
//! The first line names the state file that the journal belongs to. Then come transactions: names
//! that are gone (all below one that ends in `.` too), rows as in the state file, what the sources
//! are to write, and the checksum that closes them. `+` says that the sources have written all that
//! stands before it. In a `-` or `!` line texts are percent-coded as in a row; a row that begins
//! with such a sign (a hidden one may) has a space before it.
//!
//! The checksum of a closing line is that of all bytes of the journal before it and its own sign, so
//! it covers where the transaction stands: one that is torn, repeated, out of order or of another
//! journal does not add up.

use std::borrow::Cow;
use std::fmt;

use super::{Batch, ForeignWrite};
use crate::base::percent;
use crate::datamodel::csv::{self, Crc32};
use crate::datamodel::row::RowError;

/// Begins the name of a row that is gone, or of all rows below it.
const GONE: char = '-';
/// Begins what a source is to write.
const WRITE: char = '!';
/// Begins the line that closes a transaction.
const CLOSED: char = '*';
/// Begins the mark that the sources have written all before it.
const CARRIED_OUT: char = '+';
/// What begins the lines with a checksum.
const CLOSING: [char; 2] = [CLOSED, CARRIED_OUT];

/// Which state file a journal belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalHead {
    /// The number in the first line of the state file; 0 where it has none.
    pub generation: u32,
    /// The checksum of the lines of the state file.
    pub data: u32,
    /// The sum, modulo 2^32, of the checksums of its rows as lines: tells whether other files lead
    /// to the same state, in whatever order.
    pub rows: u32,
}

impl fmt::Display for JournalHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            generation,
            data,
            rows,
        } = self;
        write!(f, "@generation {generation} data {data:X} rows {rows:X}")
    }
}

/// What a journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Its first line.
    pub head: JournalHead,
    /// What adds up, in order.
    pub entries: Vec<JournalEntry>,
    /// Lines of whole transactions that are no row, with their numbers.
    pub errors: Vec<(u32, RowError)>,
    /// Where the next entry is to stand.
    pub end: JournalEnd,
    /// What stands there now.
    pub rest: JournalRest,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalEntry {
    /// A transaction.
    Batch(Batch),
    /// The sources have written what the transactions before told them to.
    CarriedOut,
}

/// What stands behind the last good entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalRest {
    /// The file ends there.
    Nothing,
    /// What a power cut may leave of an entry that was being written.
    Torn,
    /// What was written whole once.
    Damaged {
        /// The line at which it begins, from 1.
        line: u32,
    },
}

/// The place behind the last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalEnd {
    /// Bytes before it.
    pub length: usize,
    /// Whether there are writes before it that are not known to be carried out.
    pub unfinished: bool,
    crc: Crc32,
}

impl JournalEnd {
    /// Begins a journal: puts its first line behind what `out` holds.
    pub fn begin(head: &JournalHead, out: &mut String) -> Self {
        let mut end = Self::nothing();
        end.put(&format!("{head}\n"), out);
        end
    }

    fn nothing() -> Self {
        Self {
            length: 0,
            unfinished: false,
            crc: Crc32::default(),
        }
    }

    /// Puts an entry behind what `out` holds: what is read is written again.
    #[cfg(feature = "inside")]
    pub fn put_entry(&mut self, entry: &JournalEntry, out: &mut String) {
        match entry {
            JournalEntry::Batch(batch) => self.put_batch(batch, out),
            JournalEntry::CarriedOut => self.put_carried_out(out),
        }
    }

    /// Puts a transaction behind what `out` holds.
    pub fn put_batch(&mut self, batch: &Batch, out: &mut String) {
        for name in &batch.gone {
            self.put(&format!("{GONE}{}\n", coded(name)), out);
        }
        for row in &batch.rows {
            let line = row.to_line();
            let space = if line.starts_with([GONE, WRITE]) {
                " "
            } else {
                ""
            };
            self.put(&format!("{space}{line}\n"), out);
        }
        for ForeignWrite { kind, line } in &batch.writes {
            let kind = percent::encode(kind, |c| percent::in_column(c) || c == ' ');
            self.put(&format!("{WRITE}{kind} {}\n", coded(line)), out);
        }
        self.close(CLOSED, out);
        self.unfinished |= !batch.writes.is_empty();
    }

    /// Puts the mark of writes carried out behind what `out` holds.
    pub fn put_carried_out(&mut self, out: &mut String) {
        self.close(CARRIED_OUT, out);
        self.unfinished = false;
    }

    fn close(&mut self, sign: char, out: &mut String) {
        let line = self.closing_line(sign);
        self.put(&line, out);
    }

    /// The one that is due here. Its sum covers the sign too.
    fn closing_line(&self, sign: char) -> String {
        let mut crc = self.crc;
        crc.add(sign.encode_utf8(&mut [0; 4]).as_bytes());
        format!("{sign}{:X}\n", crc.value())
    }

    fn put(&mut self, line: &str, out: &mut String) {
        out.push_str(line);
        self.pass(line.as_bytes());
    }

    fn pass(&mut self, line: &[u8]) {
        self.crc.add(line);
        self.length += line.len();
    }
}

fn coded(text: &str) -> Cow<'_, str> {
    percent::encode(text, percent::in_column)
}

/// Reads a journal as far as it adds up. An error tells what is left of one without a good first
/// line.
pub fn parse(bytes: &[u8]) -> Result<Journal, JournalRest> {
    let mut lines = bytes.split_inclusive(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let Some(head) = whole_line(first).and_then(parse_head) else {
        return Err(classify(bytes, 1));
    };
    let mut here = JournalEnd::nothing();
    here.pass(first);
    let mut journal = Journal {
        head,
        entries: Vec::new(),
        errors: Vec::new(),
        end: here,
        rest: JournalRest::Nothing,
    };
    let (mut batch, mut errors) = (Batch::default(), Vec::new());
    let (mut number, mut first_open) = (1, 2);
    for (raw, line) in lines.map_while(|raw| Some((raw, whole_line(raw)?))) {
        number += 1;
        let Some(sign) = line.chars().next().filter(|c| CLOSING.contains(c)) else {
            here.pass(raw);
            let error = parse_line(line, &mut batch);
            errors.extend(error.map(|error| (number, error)));
            continue;
        };
        let in_transaction = here.length > journal.end.length;
        if here.closing_line(sign).as_bytes() != raw || sign == CARRIED_OUT && in_transaction {
            break;
        }
        here.pass(raw);
        journal.entries.push(if sign == CARRIED_OUT {
            here.unfinished = false;
            JournalEntry::CarriedOut
        } else {
            here.unfinished |= !batch.writes.is_empty();
            JournalEntry::Batch(std::mem::take(&mut batch))
        });
        journal.errors.append(&mut errors);
        journal.end = here;
        first_open = number + 1;
    }
    let rest = bytes.get(journal.end.length..).unwrap_or_default();
    journal.rest = classify(rest, first_open);
    Ok(journal)
}

/// A line without its end; `None` where that is missing or it is no text.
fn whole_line(raw: &[u8]) -> Option<&str> {
    std::str::from_utf8(raw.strip_suffix(b"\n")?).ok()
}

fn parse_head(line: &str) -> Option<JournalHead> {
    let mut words = line.strip_prefix('@')?.split(' ');
    let mut value = |name, radix| {
        let named = words.next() == Some(name);
        let value = words.next().filter(|_| named)?;
        u32::from_str_radix(value, radix).ok()
    };
    let head = JournalHead {
        generation: value("generation", 10)?,
        data: value("data", 16)?,
        rows: value("rows", 16)?,
    };
    // As we write it and in no other way, but for what a newer version may say behind it.
    let more = line.strip_prefix(&head.to_string())?;
    (more.is_empty() || more.starts_with(' ')).then_some(head)
}

/// Takes a line of a transaction in; what is wrong with it. A line that cannot be read is carried
/// along as a row.
fn parse_line(line: &str, batch: &mut Batch) -> Option<RowError> {
    let text = |coded| percent::decode(coded).into_owned();
    if let Some(name) = line.strip_prefix(GONE) {
        batch.gone.push(text(name));
    } else if let Some(write) = line.strip_prefix(WRITE) {
        let (kind, line) = write.split_once(' ').unwrap_or((write, ""));
        batch.writes.push(ForeignWrite {
            kind: text(kind),
            line: text(line),
        });
    } else if let Some((row, error)) = csv::parse_kept_line(line.as_bytes()) {
        batch.rows.extend(row);
        return error;
    }
    None
}

/// What a rest is, beginning at a line: a power cut leaves of an entry some of its bytes, or zeros
/// in their place, and nothing behind it. So a closing line with more behind it was written whole
/// once, and one at the end if nothing before it reads as never written.
fn classify(rest: &[u8], line: u32) -> JournalRest {
    let mut seen = 0;
    let closing = rest.split_inclusive(|b| *b == b'\n').find(|raw| {
        seen += raw.len();
        matches!(raw, [sign, .., b'\n'] if CLOSING.contains(&char::from(*sign)))
    });
    match closing {
        None if rest.is_empty() => JournalRest::Nothing,
        None => JournalRest::Torn,
        Some(_) if seen == rest.len() && rest.contains(&0) => JournalRest::Torn,
        Some(_) => JournalRest::Damaged { line },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::xsd::XsdType;
    use crate::datamodel::row::{Row, RowKind};
    use crate::datamodel::types::ParamType;

    const HEAD: JournalHead = JournalHead {
        generation: 7,
        data: 0x5A1F_3C22,
        rows: 0x0BAD_F00D,
    };

    fn row(name: &str, value: &str) -> Row {
        let kind = RowKind::Parameter(ParamType::of(XsdType::String));
        Row {
            value: Some(value.to_owned()),
            hidden: true,
            ..Row::new(name, kind)
        }
    }

    fn batch(n: usize) -> JournalEntry {
        JournalEntry::Batch(Batch {
            gone: vec![format!("A.{n}.")],
            rows: vec![row("A.B", &format!("é{n}")), row("-A.C!", "\n;")],
            writes: vec![ForeignWrite {
                kind: "u ci".to_owned(),
                line: format!("a b=\n*{n}"),
            }],
        })
    }

    fn text(entries: &[JournalEntry]) -> String {
        let mut out = String::new();
        let mut end = JournalEnd::begin(&HEAD, &mut out);
        for entry in entries {
            end.put_entry(entry, &mut out);
        }
        assert_eq!(end.length, out.len());
        out
    }

    /// The text in pieces: the first line, then one piece an entry.
    fn pieces(entries: &[JournalEntry]) -> Vec<String> {
        let whole = text(entries);
        let mut pieces = vec![String::new()];
        for line in whole.split_inclusive('\n') {
            pieces.last_mut().unwrap().push_str(line);
            if line.starts_with(['@', '*', '+']) {
                pieces.push(String::new());
            }
        }
        assert_eq!(pieces.pop().as_deref(), Some(""));
        pieces
    }

    fn some() -> Vec<JournalEntry> {
        let empty = JournalEntry::Batch(Batch::default());
        vec![batch(1), JournalEntry::CarriedOut, empty, batch(2)]
    }

    #[test]
    fn what_is_written_is_read_and_can_be_read_by_a_person() {
        let read = parse(text(&some()).as_bytes()).unwrap();
        assert_eq!((read.head, &read.entries), (HEAD, &some()));
        assert_eq!((read.errors.len(), read.rest), (0, JournalRest::Nothing));
        assert!(read.end.unfinished);
        let pieces = pieces(&some());
        assert_eq!(pieces[0], "@generation 7 data 5A1F3C22 rows BADF00D\n");
        let lines: Vec<&str> = pieces[1].lines().collect();
        let rows = ["A.B;STRING;0;0;0;0;0;0;_;é1;0;0;;;"];
        let rows = [rows[0], " -A.C!;STRING;0;0;0;0;0;0;_;%0A%3B;0;0;;;"];
        assert_eq!(lines[..4], ["-A.1.", rows[0], rows[1], "!u%20ci a b=%0A*1"]);
        assert!(lines[4].starts_with('*') && pieces[2].starts_with('+'));
    }

    #[test]
    fn a_journal_cut_anywhere_is_torn_and_what_stands_before_is_read() {
        let (whole, pieces) = (text(&some()), pieces(&some()));
        for cut in 0..whole.len() {
            for zeros in [false, true] {
                let mut bytes = whole.as_bytes()[..cut].to_vec();
                if zeros {
                    bytes.resize(whole.len(), 0);
                }
                let mut before = 0;
                let passed = pieces.iter().filter(|piece| {
                    before += piece.len();
                    before <= cut
                });
                match (parse(&bytes), passed.count()) {
                    (Err(rest), 0) => assert_ne!(rest, JournalRest::Damaged { line: 1 }),
                    (Ok(read), passed @ 1..) => {
                        assert_eq!(read.entries, some()[..passed - 1]);
                        let length: usize = pieces[..passed].iter().map(String::len).sum();
                        assert_eq!(read.end.length, length);
                        let nothing = length == bytes.len();
                        assert_eq!(read.rest == JournalRest::Nothing, nothing);
                        assert!(!matches!(read.rest, JournalRest::Damaged { .. }));
                    }
                    (read, passed) => panic!("{passed} passed, {read:?}"),
                }
            }
        }
    }

    /// A page that was not written before the power went, in the midst of those that were.
    #[test]
    fn a_hole_in_the_last_transaction_is_torn() {
        let mut bytes = text(&some()).into_bytes();
        let length = bytes.len();
        bytes[length - 30..length - 20].fill(0);
        let read = parse(&bytes).unwrap();
        assert_eq!(read.entries, some()[..3]);
        assert_eq!(read.rest, JournalRest::Torn);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_damage_and_nothing_from_there_on_is_taken() {
        let (whole, pieces) = (text(&some()), pieces(&some()));
        let mut passed = 0;
        let mut begin = 0;
        for at in 0..whole.len() {
            if at == begin + pieces[passed].len() {
                begin = at;
                passed += 1;
            }
            for bit in 0..8 {
                let mut bytes = whole.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                match parse(&bytes) {
                    Ok(read) if read.head == HEAD => {
                        assert_eq!(read.entries, some()[..passed - 1]);
                        // Without its last line end, or its sign, it looks unfinished.
                        let unfinished = at + 1 == whole.len() || passed == 4;
                        let damaged = matches!(read.rest, JournalRest::Damaged { .. });
                        assert!(damaged || unfinished, "bit {bit} of byte {at}");
                    }
                    // Of another state file, or of none.
                    _ => assert_eq!(passed, 0),
                }
            }
        }
    }

    #[test]
    fn a_transaction_that_is_missing_repeated_moved_or_of_another_journal_is_not_taken() {
        let pieces = pieces(&[batch(1), batch(2), batch(3)]);
        let read = |order: &[usize]| {
            let text: String = order.iter().map(|piece| &*pieces[*piece]).collect();
            let read = parse(text.as_bytes()).unwrap();
            (read.entries.len(), read.rest)
        };
        let nothing = JournalRest::Nothing;
        let from_line = |line| JournalRest::Damaged { line };
        assert_eq!(read(&[0, 1, 2, 3]), (3, nothing));
        assert_eq!(read(&[0, 2, 3]), (0, from_line(2)));
        assert_eq!(read(&[0, 1, 3]), (1, from_line(7)));
        assert_eq!(read(&[0, 1, 1, 2, 3]), (1, from_line(7)));
        assert_eq!(read(&[0, 1, 2, 3, 3]), (3, from_line(17)));
        assert_eq!(read(&[0, 2, 1, 3]), (0, from_line(2)));
        let other = text(&[batch(1)]).replace("generation 7", "generation 8");
        assert_eq!(parse(other.as_bytes()).unwrap().entries, []);
    }

    #[test]
    fn a_line_that_is_no_row_is_named_and_does_not_keep_the_others_out() {
        let mut out = String::new();
        let mut end = JournalEnd::begin(&HEAD, &mut out);
        end.put("A B;STRING\n", &mut out);
        end.put("A.B;STRNG\n", &mut out);
        end.put("A.C;STRING\n", &mut out);
        end.close(CLOSED, &mut out);
        let read = parse(out.as_bytes()).unwrap();
        assert_eq!((read.errors.len(), read.errors[0].0), (1, 2));
        let JournalEntry::Batch(batch) = &read.entries[0] else {
            panic!("no batch");
        };
        let names: Vec<&str> = batch.rows.iter().map(|row| &*row.name).collect();
        // The type is in the description as well.
        assert_eq!(names[1..], ["A.B", "A.C"]);
        assert_eq!(batch.rows[0].value.as_deref(), Some("A B;STRING"));
    }

    #[test]
    fn b12_what_a_newer_version_adds_takes_nothing_of_the_rest_away() {
        let mut out = String::new();
        let mut end = JournalEnd::nothing();
        end.put(&format!("{HEAD} format 9\n"), &mut out);
        end.put("A.B;STRING;;;;;;;;1\n", &mut out);
        end.put("%rename A.C=A.D\n", &mut out);
        end.close(CLOSED, &mut out);
        end.put_batch(&Batch::default(), &mut out);
        let read = parse(out.as_bytes()).unwrap();
        assert_eq!((read.head, read.rest), (HEAD, JournalRest::Nothing));
        assert_eq!((read.entries.len(), read.errors.len()), (2, 1));
        let JournalEntry::Batch(batch) = &read.entries[0] else {
            panic!("no batch");
        };
        let values: Vec<_> = batch.rows.iter().map(|row| row.value.as_deref()).collect();
        assert_eq!(values, [Some("1"), Some("%rename A.C=A.D")]);
        let glued = out.replacen(" format", "format", 1);
        assert!(parse(glued.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_texts_come_back(gone in ".*", kind in ".*", line in "(?s).*", value in ".+") {
            let batch = JournalEntry::Batch(Batch {
                rows: vec![row("A.B", &value)],
                gone: vec![gone],
                writes: vec![ForeignWrite { kind, line }],
            });
            let read = parse(text(std::slice::from_ref(&batch)).as_bytes()).unwrap();
            prop_assert_eq!(read.entries, [batch]);
        }
    }
}
