//! Calls under way: the object's number is looked up by its path, then its method is called. What
//! there is to send is given back; nothing is sent here.

use std::time::Duration;

use super::blob::BadBlob;
use super::error::UbusError;
use super::limits::{MAX_ANSWER_BYTES, MAX_CALLS, MAX_KNOWN_OBJECTS, MAX_VALUES};
use super::message::{Attributes, Frame, MessageKind, MessageTag, SentMessage};
use super::status::UbusStatus;
use super::value::UbusTable;

/// A call, to know its answer by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(pub(super) u32);

/// What a call brought.
pub(super) type CallResult = Result<UbusTable, UbusError>;

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallStage {
    /// There is no connection yet.
    Waiting,
    /// ubusd is asked for the number of the object, and has said it, or not yet.
    LookingUp(MessageTag, Option<u32>),
    /// The object is asked; its number was known from before, or not.
    Invoked(MessageTag, Remembered),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remembered {
    Yes,
    No,
}

struct PendingCall {
    id: CallId,
    object: String,
    method: String,
    arguments: UbusTable,
    deadline: Duration,
    stage: CallStage,
    answer: UbusTable,
    /// So many values, and bytes, may yet come: of all answers together, for an object may give any
    /// number of them.
    values_left: usize,
    bytes_left: usize,
}

/// The calls under way, and the numbers of objects that were called before, as long as ubusd is the
/// same: it makes new ones for each daemon that starts.
#[derive(Default)]
pub(super) struct Calls {
    pending: Vec<PendingCall>,
    /// Each object once, [`MAX_KNOWN_OBJECTS`] at most.
    known: Vec<(String, u32)>,
    sequence: u16,
}

impl Calls {
    /// Takes a call on; it is begun by [`Calls::begin`].
    pub(super) fn add(
        &mut self,
        id: CallId,
        (object, method): (&str, &str),
        arguments: UbusTable,
        deadline: Duration,
    ) -> Result<(), UbusError> {
        if self.pending.len() >= MAX_CALLS {
            return Err(UbusError::Busy);
        }
        self.pending.push(PendingCall {
            id,
            object: object.to_owned(),
            method: method.to_owned(),
            arguments,
            deadline,
            stage: CallStage::Waiting,
            answer: UbusTable::default(),
            values_left: MAX_VALUES,
            bytes_left: MAX_ANSWER_BYTES,
        });
        Ok(())
    }

    /// The tag of a new request. Answers give it back, so that they are known by it; ubusd puts the
    /// number of who answers in place of the peer, or leaves that.
    pub(super) fn tag(&mut self, peer: u32) -> MessageTag {
        self.sequence = self.sequence.wrapping_add(1);
        MessageTag {
            sequence: self.sequence.to_be_bytes(),
            peer: peer.to_be_bytes(),
        }
    }

    /// What to send for the calls that wait; those that cannot be sent have ended.
    pub(super) fn begin(&mut self, done: &mut Vec<(CallId, CallResult)>) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        for index in 0..self.pending.len() {
            let is_waiting = |call: &PendingCall| call.stage == CallStage::Waiting;
            let Some(call) = self.pending.get(index).filter(|call| is_waiting(call)) else {
                continue;
            };
            let known = self.known.iter().find(|(name, _)| *name == call.object);
            let known = known.map(|(_, id)| (*id, Remembered::Yes));
            messages.extend(self.ask(index, known, done));
        }
        self.drop_ended(done);
        messages
    }

    /// The next message of a call: to the object of this number, or for its number.
    fn ask(
        &mut self,
        index: usize,
        object: Option<(u32, Remembered)>,
        done: &mut Vec<(CallId, CallResult)>,
    ) -> Option<Vec<u8>> {
        let tag = self.tag(object.map_or(0, |(id, _)| id));
        let call = self.pending.get_mut(index)?;
        let message = match object {
            Some((id, remembered)) => {
                call.stage = CallStage::Invoked(tag, remembered);
                let message = SentMessage::new(MessageKind::INVOKE, tag);
                let message = message.object(id).method(&call.method);
                message.data(&call.arguments)
            }
            None => {
                call.stage = CallStage::LookingUp(tag, None);
                SentMessage::new(MessageKind::LOOKUP, tag).path(&call.object)
            }
        };
        match message.bytes() {
            Ok(bytes) => Some(bytes),
            Err(why) => {
                done.push((call.id, Err(UbusError::Arguments(why))));
                None
            }
        }
    }

    /// Takes an answer. What is to be sent next, if anything.
    pub(super) fn answered(
        &mut self,
        frame: &Frame<'_>,
        done: &mut Vec<(CallId, CallResult)>,
    ) -> Option<Vec<u8>> {
        let is_its = |call: &PendingCall| match call.stage {
            CallStage::LookingUp(tag, _) | CallStage::Invoked(tag, _) => frame.tag.answers(tag),
            CallStage::Waiting => false,
        };
        let index = self.pending.iter().position(is_its)?;
        let call = self.pending.get_mut(index)?;
        let step = match frame.attributes() {
            Ok(attributes) if frame.kind == MessageKind::DATA => call.data(&attributes),
            Ok(attributes) => call.end(&attributes),
            Err(why) => AnswerStep::Done(Err(UbusError::Answer(why))),
        };
        let next = match step {
            AnswerStep::More => return None,
            AnswerStep::Found(id) => {
                self.known.retain(|(name, _)| *name != call.object);
                if self.known.len() >= MAX_KNOWN_OBJECTS {
                    self.known.clear();
                }
                self.known.push((call.object.clone(), id));
                Some((id, Remembered::No))
            }
            AnswerStep::LookUpAgain => {
                self.known.retain(|(name, _)| *name != call.object);
                None
            }
            AnswerStep::Done(result) => {
                done.push((call.id, result));
                self.drop_ended(done);
                return None;
            }
        };
        let message = self.ask(index, next, done);
        self.drop_ended(done);
        message
    }

    fn drop_ended(&mut self, done: &[(CallId, CallResult)]) {
        let has_ended = |call: &PendingCall| done.iter().any(|(id, _)| *id == call.id);
        self.pending.retain(|call| !has_ended(call));
    }

    /// When [`Calls::expire`] is due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.pending.iter().map(|call| call.deadline).min()
    }

    /// Ends the calls that have no answer in time.
    pub(super) fn expire(&mut self, now: Duration, done: &mut Vec<(CallId, CallResult)>) {
        let late = self.pending.iter().filter(|call| call.deadline <= now);
        done.extend(late.map(|call| (call.id, Err(UbusError::Timeout))));
        self.drop_ended(done);
    }

    /// The connection is gone: nothing that was asked is answered any more, and what ubusd said of
    /// objects holds no more.
    pub(super) fn lose(&mut self, why: &str, done: &mut Vec<(CallId, CallResult)>) {
        self.known.clear();
        for call in self.pending.drain(..) {
            let error = match call.stage {
                CallStage::Invoked(..) => UbusError::Lost,
                CallStage::Waiting | CallStage::LookingUp(..) => {
                    UbusError::Unreachable(why.to_owned())
                }
            };
            done.push((call.id, Err(error)));
        }
    }
}

/// What follows from an answer.
enum AnswerStep {
    /// Another one comes.
    More,
    /// The object has this number.
    Found(u32),
    /// The number that was known is that of an object which is no more.
    LookUpAgain,
    Done(CallResult),
}

impl PendingCall {
    fn data(&mut self, attributes: &Attributes<'_>) -> AnswerStep {
        if let CallStage::LookingUp(_, found) = &mut self.stage {
            *found = found.or(attributes.object);
            return AnswerStep::More;
        }
        match self.take(attributes.data_bytes()) {
            Ok(()) => AnswerStep::More,
            // With the call goes all that still comes for it: it is not even taken apart.
            Err(why) => AnswerStep::Done(Err(UbusError::Answer(why))),
        }
    }

    fn take(&mut self, data: &[u8]) -> Result<(), BadBlob> {
        let left = self.bytes_left.checked_sub(data.len());
        self.bytes_left = left.ok_or(BadBlob("too many bytes"))?;
        let mut left = self.values_left;
        let more = UbusTable::read_within(data, &mut left)?;
        self.values_left = left;
        self.answer.0.extend(more.0);
        Ok(())
    }

    fn end(&mut self, attributes: &Attributes<'_>) -> AnswerStep {
        let status = attributes.status.unwrap_or(UbusStatus::UNKNOWN_ERROR);
        // The word of an object has its number in it, that of ubusd has none.
        let is_of_ubusd = attributes.object.is_none();
        match (self.stage, status) {
            (CallStage::LookingUp(_, Some(id)), UbusStatus::OK) => AnswerStep::Found(id),
            // ubusd does not show what its access lists forbid.
            (CallStage::LookingUp(..), UbusStatus::OK) => {
                AnswerStep::Done(Err(UbusError::Status(UbusStatus::NOT_FOUND)))
            }
            (CallStage::Invoked(_, Remembered::Yes), UbusStatus::NOT_FOUND) if is_of_ubusd => {
                AnswerStep::LookUpAgain
            }
            (_, UbusStatus::OK) => AnswerStep::Done(Ok(std::mem::take(&mut self.answer))),
            (_, status) => AnswerStep::Done(Err(UbusError::Status(status))),
        }
    }
}
