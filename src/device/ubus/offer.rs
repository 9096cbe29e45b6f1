//! An object of our own on the bus.

use std::time::Duration;

use super::blob::BadBlob;
use super::calls::Calls;
use super::limits::{FIRST_PAUSE, LONGEST_PAUSE, MAX_GREETING};
use super::message::{Frame, MessageKind, MessageTag, SentMessage};
use super::status::UbusStatus;
use super::value::UbusTable;
use crate::base::backoff::Backoff;

/// What an object is.
#[derive(Clone, Debug)]
pub struct UbusObject {
    /// Its path, such as `system`.
    pub path: &'static str,
    /// Its methods: for each a table of its arguments with their types, as `blobmsg.h` numbers them.
    pub methods: UbusTable,
}

/// Somebody calls a method of the object. It may be answered at any time, as long as ubusd is there.
#[derive(Debug)]
pub struct Invocation {
    /// The method, which the object may not have.
    pub method: String,
    /// Its arguments; or why they cannot be read.
    pub arguments: Result<UbusTable, BadBlob>,
    tag: MessageTag,
    object: u32,
    /// Nobody waits for an answer.
    no_reply: bool,
    /// Of which connection it is.
    connection: u32,
}

/// The object, and how far it is.
pub(super) struct OfferedObject {
    object: UbusObject,
    state: OfferState,
    pauses: Backoff,
    connection: u32,
    refusal: Option<String>,
}

enum OfferState {
    /// To be registered at this uptime.
    Due(Duration),
    /// ubusd is asked, has said its number or not yet, and has time until then.
    Asked(MessageTag, Option<u32>, Duration),
    /// By this number.
    Registered(u32),
}

impl OfferedObject {
    pub(super) fn new(object: UbusObject) -> Self {
        Self {
            object,
            state: OfferState::Due(Duration::ZERO),
            pauses: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            connection: 0,
            refusal: None,
        }
    }

    /// Why ubusd does not take it, a sentence.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// When it is to be registered, or ubusd is to have answered.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.state {
            OfferState::Due(at) | OfferState::Asked(_, _, at) => Some(at),
            OfferState::Registered(_) => None,
        }
    }

    /// Whether ubusd has not answered in time.
    pub(super) fn is_overdue(&self, now: Duration) -> bool {
        matches!(self.state, OfferState::Asked(_, _, until) if until <= now)
    }

    /// The message that registers the object, where it is time for that.
    pub(super) fn register(&mut self, calls: &mut Calls, now: Duration) -> Option<Vec<u8>> {
        if !matches!(self.state, OfferState::Due(at) if at <= now) {
            return None;
        }
        let tag = calls.tag(0);
        self.state = OfferState::Asked(tag, None, now.saturating_add(MAX_GREETING));
        let message = SentMessage::new(MessageKind::ADD_OBJECT, tag);
        let message = message.path(self.object.path);
        message.signature(&self.object.methods).bytes().ok()
    }

    /// Takes an answer, if it is to the registration.
    pub(super) fn answered(&mut self, frame: &Frame<'_>, now: Duration) -> bool {
        let OfferState::Asked(tag, id, _) = &mut self.state else {
            return false;
        };
        if !frame.tag.answers(*tag) {
            return false;
        }
        let attributes = frame.attributes().unwrap_or_default();
        if frame.kind == MessageKind::DATA {
            *id = id.or(attributes.object);
            return true;
        }
        let status = attributes.status.unwrap_or(UbusStatus::UNKNOWN_ERROR);
        match (status, *id) {
            (UbusStatus::OK, Some(id)) => {
                self.state = OfferState::Registered(id);
                self.pauses.reset();
                if let Some(before) = self.refusal.take() {
                    log::info!("over: {before}");
                }
                log::debug!("ubus: the object {} is there", self.object.path);
            }
            _ => self.refused(status, now),
        }
        true
    }

    /// ubusd says no more than that the argument is invalid where somebody else has the path, and
    /// nothing when it is free.
    fn refused(&mut self, status: UbusStatus, now: Duration) {
        self.state = OfferState::Due(now.saturating_add(self.pauses.pause()));
        let path = self.object.path;
        let refusal = format!(
            "ubus does not take the object {path}: {status}; probably another agent has it"
        );
        if self.refusal.as_ref() != Some(&refusal) {
            log::warn!("{refusal}");
            self.refusal = Some(refusal);
        }
    }

    /// The connection is gone, and the object with it.
    pub(super) fn lose(&mut self) {
        self.connection = self.connection.wrapping_add(1);
        self.state = OfferState::Due(Duration::ZERO);
        self.pauses.reset();
    }

    /// A call of the object; or what is said to one that cannot be handed on.
    pub(super) fn invoked(&self, frame: &Frame<'_>) -> Result<Invocation, Option<Vec<u8>>> {
        let attributes = frame.attributes().unwrap_or_default();
        // Whose object it is nobody could tell.
        let object = attributes.object.ok_or(None)?;
        let invocation = Invocation {
            method: String::from_utf8_lossy(attributes.method.unwrap_or_default()).into_owned(),
            arguments: attributes.data().map(Option::unwrap_or_default),
            tag: frame.tag,
            object,
            no_reply: attributes.no_reply,
            connection: self.connection,
        };
        match self.state {
            OfferState::Registered(id) if id == object => Ok(invocation),
            _ => Err(self.answer(&invocation, None, UbusStatus::NOT_FOUND).pop()),
        }
    }

    /// The messages that answer a call.
    pub(super) fn answer(
        &self,
        invocation: &Invocation,
        data: Option<&UbusTable>,
        status: UbusStatus,
    ) -> Vec<Vec<u8>> {
        if invocation.no_reply || invocation.connection != self.connection {
            return Vec::new();
        }
        let message = |kind| SentMessage::new(kind, invocation.tag).object(invocation.object);
        let data = data.map(|data| message(MessageKind::DATA).data(data).bytes());
        let (data, status) = match data {
            // More than ubusd takes.
            Some(Err(_)) => (None, UbusStatus::UNKNOWN_ERROR),
            Some(Ok(data)) => (Some(data), status),
            None => (None, status),
        };
        let status = message(MessageKind::STATUS).status(status).bytes();
        data.into_iter().chain(status.ok()).collect()
    }
}
