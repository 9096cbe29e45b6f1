//! One session, as the script plays it.

use std::sync::PoisonError;

use cwmpd::soap::{CwmpVersion, Envelope, Fault, Header, Inform, Message};

use super::check::{self, schemas_at_hand};
use super::transcript::Entry;
use super::{PATIENCE, Post, ScriptedAcs};
use crate::http::{Reply, Request};

/// What the box POSTed: an envelope or nothing.
#[derive(Clone, Debug)]
pub struct Received {
    /// `None`: an empty POST.
    pub envelope: Option<Envelope>,
    /// The HTTP request.
    pub request: Request,
}

/// The ACS's side of a session. A POST that came is answered by the next thing the ACS says.
pub struct Session<'a> {
    acs: &'a ScriptedAcs,
    number: usize,
    /// Came before the script asked for it.
    first: Option<Post>,
    pending: Option<(Post, Option<Envelope>)>,
    calls: u32,
    connection: Option<usize>,
    cookie: Option<String>,
    asked_nothing_more: bool,
    said: Vec<(CwmpVersion, String)>,
    /// The version this session is held in; set by the Inform.
    pub version: CwmpVersion,
    /// `HoldRequests` in all that the ACS says from now on.
    pub hold_requests: bool,
    /// Closes the connection after each answer, and says so.
    pub close_connections: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(acs: &'a ScriptedAcs, number: usize, first: Option<Post>) -> Self {
        Self {
            acs,
            number,
            first,
            pending: None,
            calls: 0,
            connection: None,
            cookie: None,
            asked_nothing_more: false,
            said: Vec::new(),
            version: acs.version,
            hold_requests: false,
            close_connections: false,
        }
    }

    // ---- what the box says -------------------------------------------------------------------

    /// The next POST, whatever it is. It waits for an answer.
    #[track_caller]
    pub fn receive(&mut self) -> Received {
        assert!(self.pending.is_none(), "the last POST is not answered yet");
        let next = || self.acs.posts.recv_timeout(PATIENCE).ok();
        let Some(post) = self.first.take().or_else(next) else {
            panic!(
                "expected a POST of the box within {} s; none came",
                PATIENCE.as_secs()
            );
        };
        let record = &self.acs.record;
        record.add(
            Entry::from_box(self.number, post.connection, &post.request),
            self.acs.strict,
        );
        let broken = record.broken.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(broken.is_empty(), "the box broke a rule: {broken:?}");
        drop(broken);
        let envelope = match self.examine(&post) {
            Ok(envelope) => envelope,
            Err(rule) => panic!(
                "the box broke a rule: {rule}; it sent\n{}",
                post.request.text()
            ),
        };
        let received = Received {
            envelope: envelope.clone(),
            request: post.request.clone(),
        };
        self.pending = Some((post, envelope));
        received
    }

    /// The rules that every POST has to keep.
    fn examine(&mut self, post: &Post) -> Result<Option<Envelope>, String> {
        let request = &post.request;
        check::head(request)?;
        if let Some(first) = self.connection.filter(|first| *first != post.connection) {
            return Err(format!(
                "one connection carries the session (TR-069 §3.4.6), but after {first} came {}",
                post.connection
            ));
        }
        self.connection = Some(post.connection);
        if let Some(cookie) = &self.cookie {
            let sent = request.headers_named("Cookie").join("; ");
            if !sent.split("; ").any(|one| one == cookie) {
                return Err(format!(
                    "the cookie {cookie} has to come back (TR-069 §3.4.2); got {sent:?}"
                ));
            }
        }
        if request.body.is_empty() {
            self.asked_nothing_more = !self.hold_requests;
            return Ok(None);
        }
        let envelope = Envelope::parse(&request.body).map_err(|error| format!("{error:?}"))?;
        let is_answer = matches!(envelope.body, Message::Fault(_))
            || envelope.body.name().ends_with("Response");
        if !is_answer && self.asked_nothing_more {
            return Err("no request after an empty POST (TR-069 §3.7.1.3)".into());
        }
        if self.acs.strict {
            check::arrays(&request.text())?;
            self.said.push((envelope.version, request.text()));
        }
        Ok(Some(envelope))
    }

    /// The Inform that opens the session; it waits for an answer.
    #[track_caller]
    pub fn receive_inform(&mut self) -> Inform {
        let envelope = self.receive().envelope;
        match envelope {
            Some(Envelope {
                version,
                header,
                body: Message::Inform(inform),
            }) => {
                let offered = !header.supported_cwmp_versions.is_empty();
                self.version = match offered {
                    true => self.acs.version,
                    false => version.min(self.acs.version),
                };
                *inform
            }
            other => panic!("expected Inform; got {}", described(other.as_ref())),
        }
    }

    /// The Inform that opens the session, answered by InformResponse.
    #[track_caller]
    pub fn inform(&mut self) -> Inform {
        let inform = self.receive_inform();
        self.respond(Message::InformResponse { max_envelopes: 1 });
        inform
    }

    /// A request of the box itself (TransferComplete, ...); it waits for an answer.
    #[track_caller]
    pub fn receive_request(&mut self) -> Message {
        match self.receive().envelope {
            Some(envelope) if !envelope.body.name().ends_with("Response") => envelope.body,
            other => panic!(
                "expected a request of the box; got {}",
                described(other.as_ref())
            ),
        }
    }

    /// An empty POST: the box has nothing more to say. It waits for an answer.
    #[track_caller]
    pub fn receive_empty(&mut self) {
        if let Some(envelope) = self.receive().envelope {
            panic!("expected an empty POST; got {}", described(Some(&envelope)));
        }
    }

    // ---- what the ACS says -------------------------------------------------------------------

    /// Answers the request of the box that waits, with its ID.
    #[track_caller]
    pub fn respond(&mut self, message: Message) {
        let Some((_, Some(request))) = &self.pending else {
            panic!("no request of the box waits for an answer");
        };
        let negotiated = matches!(message, Message::InformResponse { .. })
            && !request.header.supported_cwmp_versions.is_empty();
        let header = Header {
            id: request.header.id.clone(),
            hold_requests: self.hold_requests,
            use_cwmp_version: negotiated.then_some(self.version),
            ..Header::default()
        };
        self.say(Envelope {
            version: self.version,
            header,
            body: message,
        });
    }

    /// Answers the request of the box that waits by a fault of the ACS, e.g. 8005.
    #[track_caller]
    pub fn respond_fault(&mut self, code: u32) {
        self.respond(Message::Fault(Fault::with(code, "by the script")));
    }

    /// Sends a request to the box and gives what it answers, a fault included.
    #[track_caller]
    pub fn call(&mut self, message: Message) -> Message {
        let name = message.name().to_owned();
        let id = self.ask(message);
        let Some(answer) = self.receive().envelope else {
            panic!("expected the answer to {name}; got an empty POST");
        };
        assert_eq!(
            answer.header.id.as_deref(),
            Some(id.as_str()),
            "the answer to {name} has to echo its ID"
        );
        assert_eq!(
            answer.version.namespace(),
            self.version.namespace(),
            "the answer to {name} has to be in the version of the session"
        );
        let expected = format!("{name}Response");
        if answer.body.name() != expected && !matches!(answer.body, Message::Fault(_)) {
            panic!("expected {expected}; got {}", described(Some(&answer)));
        }
        answer.body
    }

    /// Sends a request to the box and does not wait for the answer; the ID of the request.
    #[track_caller]
    pub fn ask(&mut self, message: Message) -> String {
        self.calls += 1;
        let id = format!("acs-{}-{}", self.number, self.calls);
        let header = Header {
            id: Some(id.clone()),
            hold_requests: self.hold_requests,
            ..Header::default()
        };
        if self.pending.is_none() {
            self.receive_empty();
        }
        self.say(Envelope {
            version: self.version,
            header,
            body: message,
        });
        id
    }

    /// Sends this envelope as it is, in answer to the POST that waits (or comes).
    #[track_caller]
    pub fn say(&mut self, envelope: Envelope) {
        let xml = Reply::xml(envelope.emit());
        let entry = |session, connection| Entry::from_acs(session, connection, &envelope);
        self.send(xml, entry);
    }

    /// Answers with these bytes, this status, this misbehaviour. The box may come back on another
    /// connection.
    #[track_caller]
    pub fn answer(&mut self, reply: Reply) {
        let note = reply.clone();
        self.send(reply, |session, connection| {
            Entry::wire(session, connection, &note)
        });
        self.connection = None;
    }

    /// Says that there is nothing more (204), and so ends the session.
    #[track_caller]
    pub fn end(&mut self) {
        if self.pending.is_none() {
            self.receive_empty();
        }
        let nothing = Reply::new(204);
        let note = nothing.clone();
        self.send(nothing, |session, connection| {
            Entry::wire(session, connection, &note)
        });
    }

    #[track_caller]
    fn send(&mut self, reply: Reply, entry: impl FnOnce(usize, usize) -> Entry) {
        if self.pending.is_none() {
            self.receive();
        }
        let Some((post, _)) = self.pending.take() else {
            return;
        };
        let reply = match &self.cookie {
            Some(_) => reply,
            None => {
                let cookie = format!("session={}", self.number);
                let reply = reply.header("Set-Cookie", &format!("{cookie}; Path=/; HttpOnly"));
                self.cookie = Some(cookie);
                reply
            }
        };
        let reply = match self.acs.date() {
            Some(date) => reply.header("Date", &date),
            None => reply,
        };
        let reply = match self.close_connections {
            true => {
                self.connection = None;
                reply.close()
            }
            false => reply,
        };
        let entry = entry(self.number, post.connection);
        self.acs.record.add(entry, self.acs.strict);
        // A box that hung up is noticed by what comes, or does not come, next.
        let _ = post.answer.send(reply);
    }

    /// Ends the script: nothing may wait, and all that was said has to be valid.
    #[track_caller]
    pub(super) fn close(self) {
        assert!(
            self.pending.is_none(),
            "the script ended while the box waits for an answer"
        );
        if let Some(schemas) = schemas_at_hand().filter(|_| !self.said.is_empty()) {
            if let Err(why) = check::schema(&schemas, &self.said) {
                panic!("{why}");
            }
        }
    }
}

/// A message for the sentence of a panic.
pub(super) fn described(envelope: Option<&Envelope>) -> String {
    match envelope.map(|envelope| &envelope.body) {
        None => "an empty POST".into(),
        Some(Message::Fault(fault)) => format!("fault {} {:?}", fault.code, fault.string),
        Some(other) => other.name().to_owned(),
    }
}
