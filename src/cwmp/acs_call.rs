//! What somebody on the box has the ACS asked: RequestDownload (A.4.2.2) and Kicked (A.4.2.1), each
//! with an event of its own. Who asked waits for the answer, so nothing of it outlives its session.

use std::fmt;

use super::event::EventCode;
use super::interface::InformError;
use super::session::Asked;
use super::transfer::{Direction, FileType};
use crate::soap::{MAX_FILE_TYPE_ARGS, Message};

/// Calls at a time: each has somebody who waits for it.
const MAX_CALLS: usize = 2;

/// Characters of FileType and of the name of an argument (A.4.2.2).
const MAX_NAME: usize = 64;

/// Characters of the value of an argument (A.4.2.2), and of Arg (A.4.2.1).
const MAX_ARGUMENT: usize = 256;

/// Characters of Command, Referer and Next (A.4.2.1).
const MAX_COMMAND: usize = 32;
const MAX_REFERER: usize = 64;
const MAX_NEXT: usize = 1024;

/// A call of the ACS that somebody on the box wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcsCall {
    /// The ACS is asked to order a Download.
    RequestDownload {
        /// What is to be downloaded.
        file_type: FileType,
        /// At most 16 names and their values.
        arguments: Vec<(String, String)>,
    },
    /// The user of a LAN-side browser was sent here (Annex D); the ACS says where he goes next.
    Kicked {
        /// For the ACS alone, as are the next two.
        command: String,
        /// Where the browser came from.
        referer: String,
        /// For the ACS alone.
        arg: String,
        /// Where the browser goes unless the ACS decides otherwise.
        next: String,
    },
}

impl AcsCall {
    fn event(&self) -> EventCode {
        match self {
            Self::RequestDownload { .. } => EventCode::RequestDownload,
            Self::Kicked { .. } => EventCode::Kicked,
        }
    }

    /// Whether the schema takes it.
    fn check(&self) -> Result<(), AcsCallError> {
        match self {
            Self::RequestDownload {
                file_type,
                arguments,
            } => {
                if arguments.len() > MAX_FILE_TYPE_ARGS {
                    return Err(AcsCallError::TooManyArguments);
                }
                fits("TYPE", &file_type.text(Direction::Download), MAX_NAME)?;
                let mut names = arguments.iter().map(|(name, _)| name);
                names.try_for_each(|name| fits("NAME", name, MAX_NAME))?;
                let mut values = arguments.iter().map(|(_, value)| value);
                values.try_for_each(|value| fits("VALUE", value, MAX_ARGUMENT))
            }
            Self::Kicked {
                command,
                referer,
                arg,
                next,
            } => {
                fits("COMMAND", command, MAX_COMMAND)?;
                fits("REFERER", referer, MAX_REFERER)?;
                fits("ARG", arg, MAX_ARGUMENT)?;
                fits("NEXT", next, MAX_NEXT)
            }
        }
    }

    fn into_message(self) -> Message {
        match self {
            Self::RequestDownload {
                file_type,
                arguments,
            } => Message::RequestDownload {
                file_type: file_type.text(Direction::Download),
                file_type_arg: arguments,
            },
            Self::Kicked {
                command,
                referer,
                arg,
                next,
            } => Message::Kicked {
                command,
                referer,
                arg,
                next,
            },
        }
    }
}

fn fits(what: &'static str, text: &str, characters: usize) -> Result<(), AcsCallError> {
    match text.chars().nth(characters) {
        None => Ok(()),
        Some(_) => Err(AcsCallError::TooLong { what, characters }),
    }
}

/// Why the ACS is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcsCallError {
    /// No session can be opened.
    NoSession(InformError),
    /// A text is longer than the ACS has to take.
    TooLong {
        /// Which.
        what: &'static str,
        /// The most it may have.
        characters: usize,
    },
    /// More arguments than the ACS has to take.
    TooManyArguments,
    /// Others wait for theirs.
    Busy,
}

impl fmt::Display for AcsCallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSession(error) => error.fmt(f),
            Self::TooLong { what, characters } => {
                write!(f, "{what} is longer than {characters} characters")
            }
            Self::TooManyArguments => {
                write!(f, "there are more than {MAX_FILE_TYPE_ARGS} arguments")
            }
            Self::Busy => write!(
                f,
                "{MAX_CALLS} others wait for an answer of the ACS already; try again after them"
            ),
        }
    }
}

impl std::error::Error for AcsCallError {}

/// What a call came to: a text of the ACS's for who asked, or why there is none.
pub type CallOutcome = Result<String, String>;

/// The calls that have no answer yet.
#[derive(Debug, Default)]
pub struct AcsCalls {
    last: u32,
    /// For the next session.
    waiting: Vec<(u32, AcsCall)>,
    /// Of the running session; without the call once it is the ACS's turn to be asked.
    under_way: Vec<(u32, Option<AcsCall>)>,
}

impl AcsCalls {
    /// One more, for the next session: its number, and the event that it brings.
    ///
    /// # Errors
    /// It is not what the ACS takes, or there is no room.
    pub fn add(&mut self, call: AcsCall) -> Result<(u32, EventCode), AcsCallError> {
        call.check()?;
        if self.waiting.len() + self.under_way.len() >= MAX_CALLS {
            return Err(AcsCallError::Busy);
        }
        self.last = self.last.wrapping_add(1);
        let event = call.event();
        self.waiting.push((self.last, call));
        Ok((self.last, event))
    }

    /// A session begins, for all that wait: their events are those of its Inform.
    pub fn depart(&mut self) -> Vec<EventCode> {
        let departing = std::mem::take(&mut self.waiting);
        let events = departing.iter().map(|(_, call)| call.event()).collect();
        let under_way = departing
            .into_iter()
            .map(|(number, call)| (number, Some(call)));
        self.under_way.extend(under_way);
        events
    }

    /// What the ACS is to be asked in this session.
    pub fn take_requests(&mut self) -> Vec<(Message, Asked)> {
        let calls = self.under_way.iter_mut();
        let calls = calls.filter_map(|(number, call)| Some((call.take()?, *number)));
        calls
            .map(|(call, number)| (call.into_message(), Asked::ByHand(number)))
            .collect()
    }

    /// The ACS answered a call.
    pub fn answered(&mut self, number: u32) {
        self.under_way.retain(|(waiting, _)| *waiting != number);
    }

    /// The session is over: those that the ACS did not answer.
    pub fn unanswered(&mut self) -> Vec<u32> {
        let rest = std::mem::take(&mut self.under_way);
        rest.into_iter().map(|(number, _)| number).collect()
    }

    /// Those that wait for a session, which will not come.
    pub fn given_up(&mut self) -> Vec<u32> {
        let rest = std::mem::take(&mut self.waiting);
        rest.into_iter().map(|(number, _)| number).collect()
    }
}
