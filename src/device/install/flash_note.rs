//! What is noted before a flash, to tell after the boot whether it happened.

use std::fmt;

/// The note of one flash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FlashNote {
    /// The revision that the image tells; empty where it tells none.
    pub revision: String,
    /// Whether what ran before told the same revision.
    pub same_revision: bool,
    /// Whether what ran before told its revision as OpenWrt does, so that one can expect it of what
    /// runs afterwards.
    pub tells_revision: bool,
    /// A checksum of what told which firmware ran.
    pub release: u32,
    /// When the marker was made, as its file system tells, in seconds since 1970: one that an upgrade
    /// kept is a copy, of another time.
    pub marked: i64,
}

impl FlashNote {
    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let note = Self {
            release: lines.next()?.parse().ok()?,
            marked: lines.next()?.parse().ok()?,
            same_revision: lines.next()?.parse().ok()?,
            tells_revision: lines.next()?.parse().ok()?,
            revision: lines.next()?.to_owned(),
        };
        (lines.next() == Some(END)).then_some(note)
    }
}

/// The last line of a note that is whole.
const END: &str = "end";

impl fmt::Display for FlashNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revision: String = self.revision.chars().filter(|c| !c.is_control()).collect();
        let Self {
            same_revision,
            tells_revision,
            release,
            marked,
            ..
        } = self;
        write!(
            f,
            "{release}\n{marked}\n{same_revision}\n{tells_revision}\n{revision}\n{END}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn t23_a_note_reads_back_and_a_part_of_it_is_none(
            revision in "[ -~é]{0,40}",
            flags in any::<(bool, bool)>(),
            release in any::<u32>(),
            marked in any::<i64>(),
            cut in 0_usize..100,
        ) {
            let (same_revision, tells_revision) = flags;
            let note = FlashNote { revision, same_revision, tells_revision, release, marked };
            let text = note.to_string();
            prop_assert_eq!(FlashNote::parse(&text), Some(note));
            if let Some(part) = text.get(..cut).filter(|part| part.len() + 1 < text.len()) {
                prop_assert_eq!(FlashNote::parse(part), None);
            }
        }
    }
}
