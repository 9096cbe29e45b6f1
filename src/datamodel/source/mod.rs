//! Where live values come from: column 15 of a row, `kind:key|filter|filter`, and alternatives
//! behind ` || ` of which the first that has a value wins.
//!
//! A [`Source`] is implemented by a room above for one kind (`uci`, `file`, `proc`, `net`, `stub`,
//! `ubus`, `software`, `luup`, `alarm`, `command`, `diagnostic`, `diagnosed`, `xmpp`, `agent`). No source runs a shell, and none
//! waits: what blocks is fetched by a job beforehand and handed to the source. Between two calls of
//! [`Source::refresh`] a source tells the same.

mod slot;
mod template;

use std::borrow::Cow;
use std::fmt;

use super::types::ParamType;
pub use slot::{DeclaredKeys, Slot};
pub use template::KeyTemplate;

/// The part of a path, and of a key, that stands for an instance.
pub const TEMPLATE: &str = "{i}";

/// The row that names a key.
#[derive(Clone, Copy, Debug)]
pub struct Declaration<'a> {
    /// The type that the row shows; `None` for a table.
    pub kind: Option<&'a ParamType>,
    /// There are filters between the source's text and the row's: then the type is not the text's.
    pub filtered: bool,
    /// How many tables the row stands in, a table itself not counted.
    pub tables: usize,
    /// The source has to take new values (of a table: make and remove instances).
    pub writable: bool,
}

/// An instance on the path of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance<'a> {
    /// Its number in the path.
    pub number: u32,
    /// What the source that owns the table calls it; `None` in a table of the agent's own.
    pub identity: Option<&'a str>,
}

impl<'a> Instance<'a> {
    /// What `{i}` in a key stands for: the identity, else the number.
    pub fn name(&self) -> Cow<'a, str> {
        match self.identity {
            Some(identity) => Cow::Borrowed(identity),
            None => Cow::Owned(self.number.to_string()),
        }
    }
}

/// What a source says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// This, not checked against the type of the row yet.
    Value(Cow<'a, str>),
    /// There is none: the row shows its default.
    Absent,
    /// Nobody can tell now (an interface that is not up yet, an engine that does not answer, a file
    /// that is damaged): what was known last stays, and nothing counts as changed.
    Unknown,
}

impl<'a> Reading<'a> {
    /// A value, or none.
    pub fn of(value: Option<impl Into<Cow<'a, str>>>) -> Self {
        value.map_or(Self::Absent, |value| Self::Value(value.into()))
    }

    /// The value, where there is one.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }

    /// The same, borrowing from nothing.
    pub fn into_owned(self) -> Reading<'static> {
        match self {
            Self::Value(value) => Reading::Value(Cow::Owned(value.into_owned())),
            Self::Absent => Reading::Absent,
            Self::Unknown => Reading::Unknown,
        }
    }
}

/// How a change of a value comes to the agent's knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Somebody tells (a watched file, the kernel, the agent itself): then is looked.
    Pushed,
    /// Nobody tells: only looking from time to time finds it.
    Polled,
    /// It changes all the time, so that a change is no news (a clock).
    Never,
}

/// When a source takes a new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// With [`Source::commit`].
    AtOnce,
    /// Before it, from somebody else, whom a job of the agent asks while the requester waits (it
    /// needs the network): `stage` only checks, and [`Source::took`] tells when it is done.
    Elsewhere,
    /// After it, by a job of the agent: the model keeps the wanted value itself, durably, until the
    /// agent reports it as done, and `stage` only checks.
    Later,
}

/// An instance of a table, as the source that owns the table lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What the source calls it: the same as long as it is the same thing.
    pub identity: Box<str>,
    /// The number it should have, where the source has one of its own that is never used twice.
    pub number: Option<u32>,
    /// What it was called before, where its identity has changed though it is the same thing.
    pub was: Option<Box<str>>,
}

impl Listed {
    /// An instance whose number is the model's to choose.
    pub fn new(identity: impl Into<Box<str>>) -> Self {
        Self {
            identity: identity.into(),
            number: None,
            was: None,
        }
    }
}

/// The live values of one kind.
///
/// `at` holds the instances on the path of the parameter or table, outermost first.
pub trait Source {
    /// Told once for every row of the model that names this source, before anything else. The key
    /// is read here and nowhere else.
    ///
    /// # Errors
    /// The key makes no sense, or cannot be written where it has to: a sentence for
    /// `cwmpd check`.
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String>;

    /// Looks anew: at the start of every session, before every search for changed values, and
    /// before a change. Whether anything may be different since.
    fn refresh(&mut self) -> bool {
        true
    }

    /// The value now.
    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_>;

    /// Where people find what it says: a file, a line and what it is called there.
    fn place(&self, slot: Slot, at: &[Instance<'_>]) -> Option<String> {
        let _ = (slot, at);
        None
    }

    /// The instances of a table that this source owns, in its order. `known` are the identities
    /// that the model has of them. `None`: not known now, the model keeps what it had.
    fn list(&mut self, slot: Slot, at: &[Instance<'_>], known: &[&str]) -> Option<Vec<Listed>> {
        let _ = (slot, at, known);
        None
    }

    /// Whether the value was another for a moment, and is the same again, since the last call of
    /// [`Source::pulses_seen`].
    fn has_pulsed(&self, slot: Slot, at: &[Instance<'_>]) -> bool {
        let _ = (slot, at);
        false
    }

    /// All values were compared: what pulsed before is known.
    fn pulses_seen(&mut self) {}

    /// How a change of the value is noticed.
    fn noticed(&self, slot: Slot) -> Noticed {
        let _ = slot;
        Noticed::Polled
    }

    /// Whether what was last reported of the value may be kept on flash: it changes seldom, and
    /// means something after a reboot.
    fn keeps_reports(&self, slot: Slot) -> bool {
        let _ = slot;
        false
    }

    /// Checks and remembers a new value; nothing is changed before [`Source::commit`].
    ///
    /// # Errors
    /// The value cannot be expressed there, or nothing can be written.
    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        let _ = (slot, at, value);
        Err(SourceError::ReadOnly)
    }

    /// Remembers that the table gets an instance; gives its identity. Values for it may be staged
    /// along. Nothing is changed before [`Source::commit`].
    ///
    /// # Errors
    /// This source makes no instances, or has no room.
    fn stage_add(
        &mut self,
        slot: Slot,
        at: &[Instance<'_>],
        number: u32,
    ) -> Result<Box<str>, SourceError> {
        let _ = (slot, at, number);
        Err(SourceError::ReadOnly)
    }

    /// Remembers that the table loses an instance, the last of `at`.
    ///
    /// # Errors
    /// This source removes no instances, or has none of that identity.
    fn stage_remove(&mut self, slot: Slot, at: &[Instance<'_>]) -> Result<(), SourceError> {
        let _ = (slot, at);
        Err(SourceError::ReadOnly)
    }

    /// What is staged, as lines that [`Source::replay`] carries out, should the power fail between
    /// here and the end of [`Source::commit`]. Any text but control characters.
    fn staged(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes all that is staged, durably, or nothing.
    ///
    /// # Errors
    /// Nothing is written.
    fn commit(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Forgets what is staged.
    fn rollback(&mut self) {}

    /// Takes the last successful [`Source::commit`] back, since another source failed in the same
    /// change.
    ///
    /// # Errors
    /// Somebody changed it in between, or it cannot be written.
    fn undo(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Carries out a line of [`Source::staged`] after a power cut, where it is not done yet:
    /// doing it twice does no more than once.
    ///
    /// # Errors
    /// It cannot be written.
    fn replay(&mut self, line: &str) -> Result<(), SourceError> {
        let _ = line;
        Ok(())
    }

    /// When a new value is taken.
    fn taking(&self) -> Taking {
        Taking::AtOnce
    }

    /// A new value was taken elsewhere, and is what [`Source::get`] tells from now on, whatever was
    /// asked for before.
    fn took(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) {
        let _ = (slot, at, value);
    }

    /// Whether its values are states by which something is begun (TR-181, `DiagnosticsState`): the
    /// model then keeps them itself, durably, and by their rules; `stage` says whether it may be
    /// begun, and the agent in what word it ended.
    fn diagnoses(&self) -> bool {
        false
    }

    /// Whether rows that name no source mean this one, with their own name for the key: so it is
    /// in the files of the 2008 agent, where a `DeviceInterfaceStubFile` stands beside them.
    fn stands_in(&self) -> bool {
        false
    }
}

/// The sources of a model, by kind.
pub type Sources = Vec<(&'static str, Box<dyn Source>)>;

/// Why a source refuses a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// Nothing can be written there.
    ReadOnly,
    /// It could be written, and is not as the box is set up: which option keeps it so.
    Forbidden(String),
    /// The value cannot be expressed there.
    BadValue(String),
    /// There is no room for it.
    Full(String),
    /// The write failed: no space, no permission, I/O error.
    Failed(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("the source cannot be written"),
            Self::Forbidden(why) | Self::BadValue(why) | Self::Full(why) | Self::Failed(why) => {
                f.write_str(why)
            }
        }
    }
}

impl std::error::Error for SourceError {}
