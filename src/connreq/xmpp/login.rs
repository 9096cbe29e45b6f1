//! From a connection to a Jabber ID: TLS, SASL, binding (RFC 6120 §5 to §7).

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::end::XmppEnd;
use super::jid::Jid;
use super::line::XmppLine;
use super::scram::{Scram, ScramHash};
use super::settings::XmppSettings;
use super::stanza::{Features, Iq, Payload, ServerWord, ns, parse, words};
use super::wire::{Came, StanzaWire};
use crate::base::excerpt::excerpt;
use crate::http::{ServerLink, UncheckedDates};

/// How long all of it may take.
const LOGIN_LIMIT: Duration = Duration::from_secs(45);

/// Characters of what a server offers that are told.
const MAX_TOLD: usize = 80;

/// How to authenticate, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SaslMechanism {
    Scram(ScramHash),
    Plain,
}

impl SaslMechanism {
    const ALL: [(Self, &str); 3] = [
        (Self::Scram(ScramHash::Sha256), "SCRAM-SHA-256"),
        (Self::Scram(ScramHash::Sha1), "SCRAM-SHA-1"),
        (Self::Plain, "PLAIN"),
    ];

    /// The best of those that a server offers. Without TLS the password is never sent.
    fn choose(offered: &[String], is_secure: bool) -> Option<(Self, &'static str)> {
        let mut all = Self::ALL.into_iter();
        all.find(|(mechanism, name)| {
            (is_secure || *mechanism != Self::Plain) && offered.iter().any(|other| other == name)
        })
    }
}

/// A stream on which the box has a Jabber ID.
pub(super) struct BoundStream<'a> {
    pub wire: StanzaWire<'a>,
    pub jid: String,
    pub is_secure: bool,
    pub unchecked_dates: Option<UncheckedDates>,
}

/// Logs in on a new connection.
pub(super) fn log_in<'a>(
    settings: &XmppSettings,
    link: ServerLink,
    line: &'a XmppLine,
) -> Result<BoundStream<'a>, XmppEnd> {
    let mut login = Login {
        settings,
        wire: StanzaWire::new(link, line),
        line,
        until: Instant::now() + LOGIN_LIMIT,
    };
    let mut features = login.open()?;
    let (mut is_secure, mut unchecked_dates) = (false, None);
    if settings.use_tls || features.needs_tls {
        if !features.tls {
            return Err(XmppEnd::NoTls);
        }
        login.begin_tls()?;
        let left = login.until.saturating_duration_since(Instant::now());
        (login.wire, unchecked_dates) = login.wire.secure(&settings.domain, &settings.tls, left)?;
        is_secure = true;
        features = login.open()?;
    }
    login.authenticate(&features, is_secure)?;
    login.wire.restart()?;
    let features = login.open()?;
    let jid = login.bind()?;
    if features.needs_session {
        login.begin_session()?;
    }
    // A negative priority: what is sent to the account, to no resource, is for others (RFC 6121
    // §4.7.2.3).
    login
        .wire
        .send("<presence><priority>-1</priority></presence>")?;
    Ok(BoundStream {
        wire: login.wire,
        jid,
        is_secure,
        unchecked_dates,
    })
}

struct Login<'a, 's> {
    settings: &'s XmppSettings,
    wire: StanzaWire<'a>,
    line: &'a XmppLine,
    until: Instant,
}

impl Login<'_, '_> {
    /// What the server says next, as XML.
    fn hear(&mut self) -> Result<String, XmppEnd> {
        loop {
            match self.wire.next(self.until)? {
                Came::Stanza(text) if parse(&text).is_some() => return Ok(text),
                Came::Called if self.line.is_closed() => return Err(XmppEnd::Closed),
                Came::Due => return Err(XmppEnd::Silent(LOGIN_LIMIT)),
                Came::Stanza(_) | Came::Called => {}
            }
        }
    }

    /// Begins a stream, up to what the server offers.
    fn open(&mut self) -> Result<Features, XmppEnd> {
        self.wire.send(&words(&[
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en' to='",
            &self.settings.domain,
            "'>",
        ]))?;
        let text = self.hear()?;
        match ServerWord::read(parse(&text).as_ref()) {
            ServerWord::Features(features) => Ok(features),
            other => Err(unexpected(other, "it does not say what it offers")),
        }
    }

    fn begin_tls(&mut self) -> Result<(), XmppEnd> {
        self.wire
            .send(&["<starttls xmlns='", ns::TLS, "'/>"].concat())?;
        let text = self.hear()?;
        match ServerWord::read(parse(&text).as_ref()) {
            ServerWord::Proceed => Ok(()),
            ServerWord::TlsFailure => Err(XmppEnd::TlsRefused),
            other => Err(unexpected(other, "it does not begin TLS")),
        }
    }

    fn authenticate(&mut self, features: &Features, is_secure: bool) -> Result<(), XmppEnd> {
        let offered = &features.mechanisms;
        let Some((mechanism, name)) = SaslMechanism::choose(offered, is_secure) else {
            let offered = match offered.is_empty() {
                true => "nothing".to_owned(),
                false => told(&offered.join(", ")),
            };
            return Err(XmppEnd::NoMechanism(offered));
        };
        let settings = self.settings;
        match mechanism {
            SaslMechanism::Scram(hash) => {
                let scram = Scram::new(hash, &settings.username).map_err(XmppEnd::Unusable)?;
                self.tell(
                    "auth",
                    &[" mechanism='", name, "'"].concat(),
                    &scram.first(),
                )?;
                self.prove(scram)
            }
            SaslMechanism::Plain => {
                let message = ["", &settings.username, settings.password.reveal()].join("\0");
                self.tell("auth", " mechanism='PLAIN'", &message)?;
                let text = self.hear()?;
                match ServerWord::read(parse(&text).as_ref()) {
                    ServerWord::Success(_) => Ok(()),
                    other => Err(unexpected(
                        other,
                        "it neither takes nor refuses the password",
                    )),
                }
            }
        }
    }

    /// Sends a part of a SASL exchange.
    fn tell(&mut self, name: &str, attribute: &str, message: &str) -> Result<(), XmppEnd> {
        let coded = BASE64_STANDARD.encode(message);
        let parts = [
            "<",
            name,
            " xmlns='",
            ns::SASL,
            "'",
            attribute,
            ">",
            &coded,
            "</",
            name,
            ">",
        ];
        self.wire.send(&parts.concat())
    }

    /// The exchange of SCRAM: nothing but the server's proof ends it well.
    fn prove(&mut self, mut scram: Scram) -> Result<(), XmppEnd> {
        let (mut has_answered, mut is_proven) = (false, false);
        loop {
            let text = self.hear()?;
            match ServerWord::read(parse(&text).as_ref()) {
                ServerWord::Challenge(coded) if !has_answered => {
                    let asked = decode(coded)?;
                    let answer = scram.answer(&asked, &self.settings.password);
                    self.tell("response", "", &answer.map_err(XmppEnd::Untrue)?)?;
                    has_answered = true;
                }
                // Its proof may come by itself (RFC 6120 §6.4.6).
                ServerWord::Challenge(coded) if !is_proven => {
                    scram.check(&decode(coded)?).map_err(XmppEnd::Untrue)?;
                    is_proven = true;
                    self.tell("response", "", "")?;
                }
                ServerWord::Success(coded) => {
                    if !is_proven {
                        scram.check(&decode(coded)?).map_err(XmppEnd::Untrue)?;
                    }
                    return Ok(());
                }
                other => return Err(unexpected(other, "its SASL is none")),
            }
        }
    }

    /// Asks for the Jabber ID. Where the resource is taken, the server chooses another one (RFC 6120
    /// §7.7.2.2).
    fn bind(&mut self) -> Result<String, XmppEnd> {
        let resource = self.settings.resource.as_str();
        let mut wishes = [resource, ""].into_iter();
        if resource.is_empty() {
            wishes.next();
        }
        let mut refusal = String::new();
        for wish in wishes {
            let wanted = match wish {
                "" => String::new(),
                wish => words(&["<resource>", wish, "</resource>"]),
            };
            match self.ask("bind", ns::BIND, &wanted)? {
                Ok(jid) => {
                    let is_good = Jid::read(&jid)
                        .is_some_and(|jid| jid.is_full() && jid.is_of(&self.settings.domain));
                    let why = "the Jabber ID that it gives is none of its domain";
                    return if is_good {
                        Ok(jid)
                    } else {
                        Err(XmppEnd::NoXmpp(why))
                    };
                }
                Err(condition) if condition == "conflict" => refusal = condition,
                Err(condition) => return Err(XmppEnd::NotBound(condition)),
            }
        }
        Err(XmppEnd::NotBound(refusal))
    }

    fn begin_session(&mut self) -> Result<(), XmppEnd> {
        let answer = self.ask("session", ns::SESSION, "")?;
        answer.map(drop).map_err(XmppEnd::NotBound)
    }

    /// Asks the server for something of this name, and waits for its answer: the Jabber ID in it, or
    /// the condition of the error.
    fn ask(
        &mut self,
        name: &str,
        space: &str,
        inside: &str,
    ) -> Result<Result<String, String>, XmppEnd> {
        let parts = [
            "<iq type='set' id='",
            name,
            "'><",
            name,
            " xmlns='",
            space,
            "'>",
            inside,
            "</",
            name,
            "></iq>",
        ];
        self.wire.send(&parts.concat())?;
        loop {
            let text = self.hear()?;
            match ServerWord::read(parse(&text).as_ref()) {
                ServerWord::Iq(Iq {
                    kind, id, payload, ..
                }) => match (kind, payload) {
                    _ if id != name => {}
                    ("result", Payload::Bound(jid)) => return Ok(Ok(jid.to_owned())),
                    ("result", _) => return Ok(Ok(String::new())),
                    (_, Payload::Error(condition)) => return Ok(Err(told(condition))),
                    _ => return Err(XmppEnd::NoXmpp("its answer is none")),
                },
                ServerWord::Error(condition, text) => return Err(stream_error(condition, text)),
                _ => {}
            }
        }
    }
}

/// What a server says that ends the stream.
pub(super) fn stream_error(condition: &str, text: &str) -> XmppEnd {
    XmppEnd::StreamError {
        condition: told(condition),
        text: told(text),
    }
}

/// What stands there in place of what was to come.
fn unexpected(word: ServerWord<'_>, why: &'static str) -> XmppEnd {
    match word {
        ServerWord::Error(condition, text) => stream_error(condition, text),
        // It cannot tell now (RFC 6120 §6.5.10), which says nothing of the password.
        ServerWord::Refusal(condition @ "temporary-auth-failure") => stream_error(condition, ""),
        ServerWord::Refusal(condition) => XmppEnd::Refused(told(condition)),
        _ => XmppEnd::NoXmpp(why),
    }
}

/// Words of the server in ours, in one line.
pub(super) fn told(text: &str) -> String {
    excerpt(text, MAX_TOLD).replace(char::is_control, " ")
}

/// A part of a SASL exchange (RFC 6120 §6.4).
fn decode(coded: &str) -> Result<String, XmppEnd> {
    let bytes = BASE64_STANDARD.decode(coded.trim()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or(XmppEnd::NoXmpp("its SASL is none"))
}
