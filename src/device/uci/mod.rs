//! UCI, OpenWrt's configuration files, read and written as libuci does it.
//!
//! * `parse` reads the statements of a file with libuci's grammar to the letter: what `uci show`
//!   shows is what is read here, and what `uci` refuses is refused.
//! * [`Document`] is a parsed file that can be edited; every byte that an edit does not touch
//!   stays, comments and blank lines included (`edit`, `layout`).
//! * `file` loads and replaces a file under libuci's own lock.
//!
//! It does not read or write uncommitted changes in `/tmp/.uci`: what `uci set` did without
//! `uci commit` is not the configuration of the box yet. Such a change stays where it is, and a
//! later `uci commit` adds it to what was written here. Generated names of unnamed sections
//! (`cfg04a1b2`) are not understood; `@type[index]` is.

mod document;
mod edit;
mod file;
mod layout;
mod packages;
mod parse;

use std::fmt;
use std::io;

pub use document::{Document, Section, Value};
pub use edit::{Edit, check_option, removed};
pub use file::{CONFIG_DIR, load, load_unless_busy, mend, restore, salvage, update};
pub use packages::packages;

/// No file is larger: the largest seen in the field, a list of blocked addresses, has 200 kB.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// No file has more statements: bounds the memory that a parsed file takes.
pub const MAX_STATEMENTS: usize = 16_384;

/// Why a UCI file cannot be read or changed. `file` is its package, as messages name it.
#[derive(Debug)]
#[allow(missing_docs, reason = "fields are as they are named")]
pub enum UciError {
    /// The file breaks libuci's grammar.
    Syntax {
        file: String,
        /// Counted from 1.
        line: u32,
        /// What is wrong, in libuci's words.
        why: &'static str,
    },
    /// More than [`MAX_FILE_BYTES`] or [`MAX_STATEMENTS`].
    TooLarge { file: String },
    /// It does not say what it has to, though it can be read.
    Damaged {
        file: String,
        /// `it is empty` or the like.
        why: &'static str,
    },
    /// The system refused.
    Io {
        file: String,
        /// `open`, `lock`, `read`, `write`, `make`, `remove`.
        doing: &'static str,
        /// Its reason.
        error: io::Error,
    },
    /// Another program kept the file locked.
    Busy { file: String },
    /// The file changed in between, so that an older state cannot be put back.
    Changed { file: String },
    /// There is no such section.
    NoSection {
        file: String,
        /// As it was asked for.
        section: String,
    },
    /// There is a section of that name already.
    Exists { file: String, section: String },
    /// Not a name that libuci takes.
    BadName {
        /// `package`, `section`, `type` or `option`.
        what: &'static str,
        name: String,
    },
    /// A value with a control character, which `uci set` refuses too.
    BadValue {
        /// The option; its value is not shown, it may be a password.
        option: String,
    },
}

impl fmt::Display for UciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { file, line, why } => write!(f, "{file}:{line}: {why}"),
            Self::TooLarge { file } => write!(
                f,
                "{file}: larger than {MAX_FILE_BYTES} bytes or {MAX_STATEMENTS} statements"
            ),
            Self::Damaged { file, why } => write!(f, "{file}: {why}"),
            Self::Io { file, doing, error } => write!(f, "{file}: cannot {doing}: {error}"),
            Self::Busy { file } => write!(f, "{file}: another program keeps it locked; try again"),
            Self::Changed { file } => write!(
                f,
                "{file}: another program changed it in between; the older state is not put back"
            ),
            Self::NoSection { file, section } => write!(
                f,
                "{file}: there is no section '{section}', and nothing says of which type it is; add \
                 it to the file, or write its type in the key of the row (NAME=TYPE)"
            ),
            Self::Exists { file, section } => {
                write!(f, "{file}: there is a section '{section}' already")
            }
            Self::BadName { what, name } => write!(
                f,
                "'{name}' is not a UCI {what} name: use letters, digits and _"
            ),
            Self::BadValue { option } => write!(
                f,
                "the value for '{option}' has a control character, which UCI cannot keep"
            ),
        }
    }
}

impl std::error::Error for UciError {}

/// Names of sections and options: letters, digits, `_` (`uci_validate_str`).
pub(super) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&c| c.is_ascii_alphanumeric() || c == b'_')
}

/// Names of packages, which are names of files: also `-`. libuci takes any printable character
/// but does not look for a `/`; this does.
pub(super) fn is_package(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|&c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
}

/// Types of sections: any printable ASCII.
pub(super) fn is_type(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// Values: no control characters but tab, line feed and carriage return (`uci_validate_text`).
fn is_text(value: &str) -> bool {
    value
        .bytes()
        .all(|c| c >= b' ' || matches!(c, b'\t' | b'\n' | b'\r'))
}
