//! One session, from Inform to its end (TR-069 §3.7.1): whose turn it is, what may be sent, and what
//! a reply of the ACS means. It knows nothing of the data model; the engine carries out the requests.

mod evidence;

pub use evidence::Evidence;

use std::collections::{BTreeSet, VecDeque};

use super::fault;
use super::limits::{MAX_ID, MAX_ODDITIES, MAX_ODDITY, MAX_REASON};
use super::post::{Post, PostKind};
use super::rpc::is_known;
use crate::base::excerpt::{excerpt, in_line};
use crate::soap::{
    CwmpVersion, Envelope, Fault, Header, Inform, Message, Oddities, ParseError, code,
    must_understand_fault,
};

/// Retry request (A.5): the same request is sent again.
const RETRY_REQUEST: u32 = 8005;
/// How often the same request is sent again before the session counts as failed (§3.7.1.6 names no
/// bound).
const MAX_RESENDS: u32 = 5;

/// What the last POST was, and so what the reply may be.
#[derive(Debug)]
enum Awaited {
    /// The Inform: only its response, or a fault.
    InformResponse(Sent),
    /// Another request of ours: only its response, or a fault.
    Response(Asked, Sent),
    /// A response or nothing: a request of the ACS, or nothing.
    Request,
}

impl Awaited {
    fn asked(&self) -> Option<Asked> {
        match self {
            Self::Response(asked, _) => Some(*asked),
            Self::InformResponse(_) | Self::Request => None,
        }
    }
}

/// A request of ours that is not answered yet.
#[derive(Debug)]
struct Sent {
    id: String,
    name: String,
    body: String,
    resends: u32,
}

/// On whose behalf a request of ours is sent. It comes back with the answer, so that each answer
/// finds what it is about; where none comes in the session, nothing comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Somebody wants to know the methods of the ACS.
    Methods,
    /// Somebody on the box wants it: the call of this number.
    ByHand(u32),
    /// The transfer of this number is over.
    Transfer(u32),
    /// The ChangeDUState of this number is over.
    Change(u32),
    /// Software was changed without the ACS; so many results.
    Announcements(usize),
}

/// What a reply means to the engine.
#[derive(Debug, PartialEq)]
pub enum Received {
    /// Nothing that concerns it.
    Nothing,
    /// The Inform was accepted: its events are delivered.
    InformResponse,
    /// The answer to another request of ours, or its refusal by a fault.
    Answer(Asked, Message),
    /// A request to carry out; [`Session::owe`] takes the answer.
    Request(Message),
}

/// Why a session failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sentence for the log.
    pub why: String,
    /// Whether the ACS may not know the namespace of the Inform.
    pub evidence: Evidence,
    /// The request of ours, other than Inform, that the ACS answered by this.
    pub refused: Option<Asked>,
}

impl Failure {
    /// The reason may quote the ACS: it is cut, and of one line.
    pub(super) fn new(why: impl AsRef<str>) -> Self {
        Self {
            why: in_line(&excerpt(why.as_ref(), MAX_REASON)).into_owned(),
            evidence: Evidence::None,
            refused: None,
        }
    }

    fn with(self, evidence: Evidence) -> Self {
        Self { evidence, ..self }
    }
}

/// A running session.
#[derive(Debug)]
pub struct Session {
    /// Of what we send now.
    version: CwmpVersion,
    awaited: Awaited,
    /// The ACS asked us to hold our requests.
    hold: bool,
    /// An empty POST was sent while requests were not held: no request of ours may follow.
    empty_sent: bool,
    /// The last reply of the ACS held no envelope.
    silent: bool,
    /// The header of the answer to the request that came last.
    answering: Header,
    /// The answer that we owe to the ACS.
    owed: Option<String>,
    requests: VecDeque<(Asked, Message)>,
    next_id: u32,
    informed: bool,
    /// What was odd so far, and is in the log.
    odd: BTreeSet<String>,
}

impl Session {
    /// A session that begins with this Inform, in the namespace of `version`; also its first POST.
    pub fn open(
        inform: Inform,
        version: CwmpVersion,
        timeout_seconds: u32,
        first_id: u32,
    ) -> (Self, Post) {
        let header = Header {
            session_timeout: Some(timeout_seconds),
            supported_cwmp_versions: CwmpVersion::ALL
                .into_iter()
                .filter(|v| *v <= version)
                .collect(),
            ..Header::default()
        };
        let mut session = Self {
            version,
            awaited: Awaited::Request,
            hold: false,
            empty_sent: false,
            silent: false,
            answering: Header::default(),
            owed: None,
            requests: VecDeque::new(),
            next_id: first_id,
            informed: false,
            odd: BTreeSet::new(),
        };
        let sent = session.request(Message::Inform(Box::new(inform)), header);
        let post = sent.post();
        session.awaited = Awaited::InformResponse(sent);
        (session, post)
    }

    /// The version in which answers are written.
    pub fn version(&self) -> CwmpVersion {
        self.version
    }

    /// Whether the ACS accepted the Inform.
    pub fn is_informed(&self) -> bool {
        self.informed
    }

    /// Queues a request of ours; it is sent if its turn comes before the empty POST.
    pub fn ask(&mut self, request: Message, asked: Asked) {
        self.requests.push_back((asked, request));
    }

    /// The header that the answer to the request that came last has: its ID, and none if it had
    /// none (§3.5).
    pub fn answering(&self) -> &Header {
        &self.answering
    }

    /// The answer to the request that [`Session::receive`] gave.
    pub fn owe(&mut self, answer: Result<String, Fault>) {
        self.owed = Some(answer.unwrap_or_else(|fault| {
            Envelope {
                version: self.version,
                header: self.answering.clone(),
                body: Message::Fault(fault),
            }
            .emit()
        }));
    }

    /// A request with this header came. Whether its ID can be given back; otherwise the refusal is
    /// owed.
    fn answer_to(&mut self, header: Header) -> bool {
        self.hold = header.hold_requests;
        let is_long = |id: &String| id.chars().count() > MAX_ID;
        let is_bad = header.id.as_ref().is_some_and(is_long);
        self.answering = Header {
            id: header.id.filter(|_| !is_bad),
            ..Header::default()
        };
        if is_bad {
            let why = format!("the ID of the header is longer than {MAX_ID} characters");
            log::warn!("a request is refused: {why}");
            self.owe(Err(fault::because(code::INVALID_ARGUMENTS, &why)));
        }
        !is_bad
    }

    /// What is odd, and clear in its meaning, is logged once a session.
    fn note(&mut self, oddity: &str) {
        let oddity = excerpt(oddity, MAX_ODDITY);
        if self.odd.len() < MAX_ODDITIES && !self.odd.contains(&*oddity) {
            log::warn!("the ACS does not keep to the standard: {oddity}");
            self.odd.insert(oddity.into_owned());
        }
    }

    /// Takes the reply to the last POST. Afterwards [`Session::turn`] says what to send.
    pub fn receive(&mut self, status: u16, body: &str) -> Result<Received, Failure> {
        let refused = self.awaited.asked();
        let received = self.read_reply(status, body);
        received.map_err(|failure| Failure { refused, ..failure })
    }

    fn read_reply(&mut self, status: u16, body: &str) -> Result<Received, Failure> {
        self.silent = self.is_nothing(status, body);
        if self.silent {
            return self.receive_nothing();
        }
        let oddities = Oddities::default();
        let envelope = Envelope::read(body, &oddities);
        for oddity in oddities.into_sentences().filter(|_| envelope.is_ok()) {
            self.note(&oddity);
        }
        match (status, envelope) {
            (200, Ok(envelope)) => self.receive_envelope(envelope),
            (200, Err(error)) => self.receive_unreadable(error),
            // CWMP puts faults in 200; SOAP 1.1 §6.2 would have them in 500.
            (500, Ok(envelope)) if Evidence::is_told_by(&envelope.body) => {
                self.receive_envelope(envelope)
            }
            (status, envelope) => Err(self.refused_by_status(status, body, envelope.ok())),
        }
    }

    /// Whether the reply holds no envelope, and means that by it.
    fn is_nothing(&mut self, status: u16, body: &str) -> bool {
        let body = body.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        match status {
            204 => true,
            200..300 if body.is_empty() => true,
            // Node-CWMP says "OK" where it has nothing to say.
            200 if matches!(self.awaited, Awaited::Request) && !body.contains('<') => {
                self.note(&format!("a text for an empty answer: {body}"));
                true
            }
            _ => false,
        }
    }

    fn receive_nothing(&mut self) -> Result<Received, Failure> {
        self.hold = false;
        match &self.awaited {
            Awaited::Request => Ok(Received::Nothing),
            Awaited::InformResponse(sent) | Awaited::Response(_, sent) => Err(Failure::new(
                format!("the ACS gave no answer to {}", sent.name),
            )),
        }
    }

    fn receive_envelope(&mut self, envelope: Envelope) -> Result<Received, Failure> {
        self.hold = envelope.header.hold_requests;
        match std::mem::replace(&mut self.awaited, Awaited::Request) {
            Awaited::InformResponse(sent) => self.receive_inform_response(sent, envelope),
            Awaited::Response(asked, sent) => self.receive_answer(asked, sent, envelope),
            Awaited::Request if is_answer(envelope.body.name()) => Err(Failure::new(format!(
                "the ACS sent {} though nothing was asked",
                told(&envelope.body)
            ))),
            Awaited::Request => Ok(match self.answer_to(envelope.header) {
                true => Received::Request(envelope.body),
                false => Received::Nothing,
            }),
        }
    }

    fn receive_inform_response(
        &mut self,
        sent: Sent,
        envelope: Envelope,
    ) -> Result<Received, Failure> {
        self.check_id(&sent, &envelope.header);
        match envelope.body {
            Message::InformResponse { .. } => {
                self.version = negotiated(self.version, envelope.version, &envelope.header)?;
                self.informed = true;
                Ok(Received::InformResponse)
            }
            Message::Fault(fault) if fault.code == RETRY_REQUEST => {
                self.awaited = Awaited::InformResponse(sent.again()?);
                Ok(Received::Nothing)
            }
            Message::Fault(fault) => {
                let why = format!("the ACS refused Inform: {} {}", fault.code, fault.string);
                Err(Failure::new(why).with(Evidence::of_fault(fault.code)))
            }
            other => Err(Failure::new(format!(
                "the ACS answered Inform with {}",
                told(&other)
            ))),
        }
    }

    fn receive_answer(
        &mut self,
        asked: Asked,
        sent: Sent,
        envelope: Envelope,
    ) -> Result<Received, Failure> {
        self.check_id(&sent, &envelope.header);
        let name = envelope.body.name();
        match envelope.body {
            Message::Fault(ref fault) if fault.code == RETRY_REQUEST => {
                self.awaited = Awaited::Response(asked, sent.again()?);
                Ok(Received::Nothing)
            }
            Message::Fault(_) => Ok(Received::Answer(asked, envelope.body)),
            _ if name.strip_suffix("Response") == Some(&sent.name) => {
                Ok(Received::Answer(asked, envelope.body))
            }
            _ => Err(Failure::new(format!(
                "the ACS answered {} with {name}",
                sent.name
            ))),
        }
    }

    /// The ID of an answer tells nothing, since it comes in answer to the one request that is open:
    /// it may be missing (§3.5), and Magma's is always `null`.
    fn check_id(&mut self, sent: &Sent, header: &Header) {
        if let Some(id) = header.id.as_ref().filter(|id| **id != sent.id) {
            self.note(&format!(
                "the ID of its answers is not that of the request, but {id:?} and the like"
            ));
        }
    }

    /// What could not be read is answered if it was a request, and fails the session otherwise.
    fn receive_unreadable(&mut self, error: ParseError) -> Result<Received, Failure> {
        let why = error.to_string();
        let expected = matches!(self.awaited, Awaited::Request);
        match error {
            ParseError::Arguments {
                header,
                method,
                bad,
                ..
            } if expected && !is_answer(&method) => {
                // What arguments an unsupported method should have does not matter.
                let refused = match is_known(&method, self.version) {
                    true => fault::because(code::INVALID_ARGUMENTS, &bad.to_string()),
                    false => fault::because(code::METHOD_NOT_SUPPORTED, &method),
                };
                log::warn!("{why}: answered with fault {}", refused.code);
                if self.answer_to(*header) {
                    self.owe(Err(refused));
                }
                Ok(Received::Nothing)
            }
            ParseError::MustUnderstand { header, .. } if expected => {
                log::warn!("{why}: answered with a MustUnderstand fault");
                if self.answer_to(*header) {
                    self.owed = Some(must_understand_fault(self.version, &self.answering));
                }
                Ok(Received::Nothing)
            }
            _ => Err(Failure::new(why)),
        }
    }

    fn refused_by_status(&self, status: u16, body: &str, envelope: Option<Envelope>) -> Failure {
        let (to, informing) = match &self.awaited {
            Awaited::InformResponse(sent) => (sent.name.as_str(), true),
            Awaited::Response(_, sent) => (sent.name.as_str(), false),
            Awaited::Request => ("an answer of ours", false),
        };
        let answer = envelope.map(|envelope| envelope.body);
        let evidence = match &answer {
            _ if !informing => Evidence::None,
            Some(Message::Fault(fault)) if fault.code > 0 => Evidence::of_fault(fault.code),
            _ => Evidence::of_status(status, body),
        };
        // A page is for a browser.
        let text = Some(body.trim()).filter(|text| !text.contains('<') && !text.is_empty());
        let said = match &answer {
            Some(answer) => format!(": {}", told(answer)),
            None => text.map_or(String::new(), |text| format!(": {text}")),
        };
        let why = format!("the ACS answered {to} with HTTP status {status}{said}");
        Failure::new(why).with(evidence)
    }

    /// The connection ended without a byte in answer to what was sent.
    pub fn dropped(&self, why: String) -> Failure {
        let evidence = match self.awaited {
            Awaited::InformResponse(_) => Evidence::Refusal,
            _ => Evidence::None,
        };
        let refused = self.awaited.asked();
        Failure {
            evidence,
            refused,
            ..Failure::new(why)
        }
    }

    /// What to send now (§3.7.1.3, Table 7); `None` when the session has ended successfully, by the
    /// four conditions of §3.7.1.4.
    pub fn turn(&mut self) -> Option<Post> {
        if let Awaited::InformResponse(sent) | Awaited::Response(_, sent) = &self.awaited {
            return Some(sent.post()); // again, as the ACS asked by 8005
        }
        if let Some(body) = self.owed.take() {
            return Some(Post {
                body,
                kind: PostKind::Response,
            });
        }
        let free = !self.hold && !self.empty_sent;
        let next = if free {
            self.requests.pop_front()
        } else {
            None
        };
        if let Some((asked, request)) = next {
            let sent = self.request(request, Header::default());
            let post = sent.post();
            self.awaited = Awaited::Response(asked, sent);
            return Some(post);
        }
        if self.silent && self.empty_sent {
            return None;
        }
        self.empty_sent |= !self.hold;
        Some(Post {
            body: String::new(),
            kind: PostKind::Empty,
        })
    }

    fn request(&mut self, message: Message, header: Header) -> Sent {
        let id = self.next_id.to_string();
        self.next_id = self.next_id.wrapping_add(1);
        let name = message.name().to_owned();
        let envelope = Envelope {
            version: self.version,
            header: Header {
                id: Some(id.clone()),
                ..header
            },
            body: message,
        };
        Sent {
            id,
            name,
            body: envelope.emit(),
            resends: 0,
        }
    }

    /// The id after the last one used.
    pub fn next_id(&self) -> u32 {
        self.next_id
    }
}

impl Sent {
    fn post(&self) -> Post {
        Post {
            body: self.body.clone(),
            kind: PostKind::Request,
        }
    }

    fn again(self) -> Result<Self, Failure> {
        if self.resends >= MAX_RESENDS {
            return Err(Failure::new(format!(
                "the ACS asked {MAX_RESENDS} times to send {} again, and once more",
                self.name
            )));
        }
        Ok(Self {
            resends: self.resends + 1,
            ..self
        })
    }
}

/// A message that has no place where it came, for people.
fn told(message: &Message) -> String {
    match message {
        Message::Fault(fault) => format!("Fault {} {}", fault.code, fault.string),
        // Of others there is nothing that would not be known.
        Message::Unknown { method } if is_answer(method) => {
            format!("{method} in a namespace that is not CWMP's")
        }
        other => other.name().to_owned(),
    }
}

/// Responses and faults are not requests, and are never answered.
fn is_answer(method: &str) -> bool {
    method == "Fault" || method.ends_with("Response")
}

/// The version of the rest of the session (§3.7.4): what the ACS says, else what its namespace tells.
fn negotiated(
    offered: CwmpVersion,
    namespace: CwmpVersion,
    header: &Header,
) -> Result<CwmpVersion, Failure> {
    match header.use_cwmp_version {
        Some(version) if version > offered => {
            let why = format!("the ACS wants CWMP {version}, but {offered} was the newest offered");
            Err(Failure::new(why).with(Evidence::Refusal))
        }
        Some(version) => Ok(version),
        None => Ok(namespace.min(offered)),
    }
}

#[cfg(test)]
mod tests;
