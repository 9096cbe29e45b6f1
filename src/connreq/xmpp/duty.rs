//! On a stream with a Jabber ID: requests are judged, questions answered, and a line that died is
//! noticed.

use std::time::{Duration, Instant};

use super::door::Door;
use super::end::XmppEnd;
use super::jid::Jid;
use super::line::{RequestToken, RequestVerdict, XmppEvent, XmppLine};
use super::login::{BoundStream, stream_error, told};
use super::settings::XmppSettings;
use super::stanza::{Iq, Payload, ServerWord, parse, words};
use super::wire::{Came, StanzaWire};

/// How long the server may take to answer whether it is there: as long as it is not asked, within
/// these bounds.
const PING_LIMIT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// How long the loop may take for its verdict on a request.
const VERDICT_LIMIT: Duration = Duration::from_secs(10);

/// Requests that wait for their verdict; one more is refused.
const MAX_WAITING: usize = 8;

/// Does what there is to do until the connection ends.
pub(super) fn serve(
    settings: &XmppSettings,
    bound: BoundStream<'_>,
    line: &XmppLine,
    tell: &mut dyn FnMut(XmppEvent),
) -> XmppEnd {
    tell(XmppEvent::Bound {
        jid: bound.jid.clone(),
        from: bound.wire.own_address(),
        is_secure: bound.is_secure,
        unchecked_dates: bound.unchecked_dates,
    });
    let mut duty = Duty {
        domain: &settings.domain,
        keep_alive: settings.keep_alive.filter(|interval| !interval.is_zero()),
        line,
        wire: bound.wire,
        jid: bound.jid,
        began: Instant::now(),
        door: Door::new(line.askers(), &settings.domain),
        waiting: Vec::new(),
        last_token: 0,
        pinged: None,
    };
    loop {
        if let Err(end) = duty.go_on(tell) {
            return end;
        }
    }
}

struct Duty<'a> {
    domain: &'a str,
    keep_alive: Option<Duration>,
    line: &'a XmppLine,
    wire: StanzaWire<'a>,
    jid: String,
    began: Instant,
    door: Door,
    waiting: Vec<Waiting>,
    last_token: u32,
    /// When the server was asked whether it is there.
    pinged: Option<Instant>,
}

/// A request that waits for its verdict.
struct Waiting {
    token: RequestToken,
    request: XmppRequest,
    until: Instant,
}

/// What the answer to a request takes.
struct XmppRequest {
    id: String,
    from: String,
    username: String,
    password: crate::base::secret::Secret,
}

impl Duty<'_> {
    /// One thing after the other.
    fn go_on(&mut self, tell: &mut dyn FnMut(XmppEvent)) -> Result<(), XmppEnd> {
        let until = self.deadline();
        match self.wire.next(until)? {
            Came::Stanza(text) => self.hear(&text, tell)?,
            Came::Called => self.obey()?,
            Came::Due => {}
        }
        self.do_what_is_due()
    }

    fn deadline(&self) -> Instant {
        let keep_alive = match self.pinged {
            Some(pinged) => Some(pinged + self.ping_limit()),
            // Beyond the end of time it is never.
            None => self
                .keep_alive
                .and_then(|interval| self.wire.heard.checked_add(interval)),
        };
        let sum_up = self.door.deadline().map(|at| self.began + at);
        let waiting = self.waiting.iter().map(|waiting| waiting.until);
        let all = waiting.chain(keep_alive).chain(sum_up);
        // Without anything to do it is looked at once a day.
        all.min()
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(24 * 3600))
    }

    fn ping_limit(&self) -> Duration {
        let (least, most) = PING_LIMIT;
        self.keep_alive.unwrap_or(most).clamp(least, most)
    }

    fn do_what_is_due(&mut self) -> Result<(), XmppEnd> {
        let now = Instant::now();
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.until <= now) {
            let late = self.waiting.swap_remove(at).request;
            self.answer(&late, RequestVerdict::ServiceUnavailable)?;
        }
        self.door.sum_up(now - self.began);
        match (self.pinged, self.keep_alive) {
            // Any word proves that it is there.
            (Some(pinged), _) if self.wire.heard > pinged => self.pinged = None,
            (Some(pinged), _) if pinged + self.ping_limit() <= now => {
                return Err(XmppEnd::Silent(self.ping_limit()));
            }
            (None, Some(interval)) if now.duration_since(self.wire.heard) >= interval => {
                let words = words(&[
                    "<iq type='get' id='ping' to='",
                    self.domain,
                    "'><ping xmlns='urn:xmpp:ping'/></iq>",
                ]);
                self.wire.send(&words)?;
                self.pinged = Some(now);
            }
            _ => {}
        }
        Ok(())
    }

    /// Orders of the loop.
    fn obey(&mut self) -> Result<(), XmppEnd> {
        if self.line.is_closed() {
            self.wire.part();
            return Err(XmppEnd::Closed);
        }
        self.door.follow(self.line.askers());
        for (token, verdict) in self.line.take_verdicts() {
            if let Some(at) = self
                .waiting
                .iter()
                .position(|waiting| waiting.token == token)
            {
                let request = self.waiting.swap_remove(at).request;
                if verdict == RequestVerdict::Accepted {
                    log::info!(
                        "connection request of {} by XMPP accepted",
                        told(&request.from)
                    );
                }
                self.answer(&request, verdict)?;
            }
        }
        Ok(())
    }

    /// A stanza.
    fn hear(&mut self, text: &str, tell: &mut dyn FnMut(XmppEvent)) -> Result<(), XmppEnd> {
        let document = parse(text);
        let iq = match ServerWord::read(document.as_ref()) {
            ServerWord::Error(condition, text) => return Err(stream_error(condition, text)),
            ServerWord::Iq(iq) => iq,
            _ => return Ok(()),
        };
        // An answer has nothing in it beyond that it came. Without an id none of ours would have any.
        if !matches!(iq.kind, "get" | "set") || iq.id.is_empty() || !self.is_for_us(iq.to) {
            return Ok(());
        }
        let now = self.began.elapsed();
        match (&iq.payload, iq.kind) {
            (Payload::ConnectionRequest(username, password), "get") => {
                let request = XmppRequest {
                    id: iq.id.to_owned(),
                    from: iq.from.unwrap_or_default().to_owned(),
                    username: (*username).to_owned(),
                    password: (*password).into(),
                };
                match self.door.judge(iq.from, username, password, now) {
                    None => Ok(()),
                    Some(RequestVerdict::Accepted) if self.waiting.len() < MAX_WAITING => {
                        self.last_token = self.last_token.wrapping_add(1);
                        let token = RequestToken(self.last_token);
                        self.waiting.push(Waiting {
                            token,
                            request,
                            until: Instant::now() + VERDICT_LIMIT,
                        });
                        tell(XmppEvent::Asked(token));
                        Ok(())
                    }
                    Some(RequestVerdict::NotAuthorized) => {
                        self.answer(&request, RequestVerdict::NotAuthorized)
                    }
                    Some(_) => self.answer(&request, RequestVerdict::ServiceUnavailable),
                }
            }
            _ if !self.is_ours(iq.from) && !self.door.answers_stranger(now) => Ok(()),
            (Payload::Ping, "get") => self.reply(&iq, "result", ""),
            _ => self.reply(&iq, "error", SERVICE_UNAVAILABLE),
        }
    }

    /// Whether a stanza is for this connection: for its full Jabber ID, or for the account.
    fn is_for_us(&self, to: Option<&str>) -> bool {
        let (to, ours) = (to.map(Jid::read), Jid::read(&self.jid));
        match (to, ours) {
            (None, _) => true,
            (Some(Some(to)), Some(ours)) => to.is_within(&ours) || ours.is_within(&to),
            _ => false,
        }
    }

    /// Whether something is of the server or the account, which say little and want an answer.
    fn is_ours(&self, from: Option<&str>) -> bool {
        let (Some(from), Some(ours)) = (from, Jid::read(&self.jid)) else {
            return from.is_none();
        };
        let (from, server) = (Jid::read(from), Jid::read(self.domain));
        from.is_some_and(|from| {
            ours.is_within(&from) || server.is_some_and(|server| from.is_within(&server))
        })
    }

    /// The answer to a request: nothing, or the request once more with what is wrong (Annex K).
    fn answer(&mut self, request: &XmppRequest, verdict: RequestVerdict) -> Result<(), XmppEnd> {
        let error = match verdict {
            RequestVerdict::Accepted => {
                let parts = [
                    "<iq type='result' id='",
                    &request.id,
                    "' to='",
                    &request.from,
                    "'/>",
                ];
                return self.wire.send(&words(&parts));
            }
            RequestVerdict::NotAuthorized => NOT_AUTHORIZED,
            RequestVerdict::ServiceUnavailable => SERVICE_UNAVAILABLE,
        };
        let answer = words(&[
            "<iq type='error' id='",
            &request.id,
            "' to='",
            &request.from,
            "'><connectionRequest xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'><username>",
            &request.username,
            "</username><password>",
            request.password.reveal(),
            "</password></connectionRequest>",
        ]);
        self.wire.send(&[&answer, error, "</iq>"].concat())
    }

    /// The answer to another question.
    fn reply(&mut self, iq: &Iq<'_>, kind: &str, inside: &str) -> Result<(), XmppEnd> {
        let head = words(&["<iq type='", kind, "' id='", iq.id, "'"]);
        let to = iq
            .from
            .map(|from| words(&[" to='", from, "'"]))
            .unwrap_or_default();
        self.wire.send(&[&head, &to, ">", inside, "</iq>"].concat())
    }
}

/// With the codes of before XMPP 1.0 (XEP-0086), as Annex K shows them.
const SERVICE_UNAVAILABLE: &str = "<error type='cancel' code='503'><service-unavailable \
                                   xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

/// See above.
const NOT_AUTHORIZED: &str = "<error type='auth' code='401'><not-authorized \
                              xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
