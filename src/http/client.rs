//! The client: sends a request, and says what came of it.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::http::{Request, Response};
use ureq::{Agent, AsSendBody, Body, SendBody};

use super::answer::HttpAnswer;
use super::auth::{Auth, Credentials};
use super::buffers::BUFFER_BYTES;
use super::connection::{Connections, Opener};
use super::error::{ExchangePhase, Explanation, HttpError};
use super::names::Names;
use super::request::HttpRequest;
use super::tls::{KeptTls, UncheckedDates};
use super::watch::{ExchangeWatch, Watched};
use crate::base::config::TlsConfig;

/// The longest head of an answer taken: what fills the buffer is too long.
pub(super) const MAX_HEAD_BYTES: usize = BUFFER_BYTES - 1;

/// A kept connection is used however old: whether the server closed it is looked at each time.
const MAX_IDLE: Duration = Duration::from_secs(24 * 3600);

const USER_AGENT: &str = concat!("cwmpd/", env!("CARGO_PKG_VERSION"));

/// How a client meets its servers.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// What is trusted, and who we are.
    pub tls: TlsConfig,
    /// What a client before has left of it.
    pub kept_tls: KeptTls,
    /// Whether the dates of certificates count: only when the time is known to be right. All else
    /// of a certificate counts always (TR-069 §3.3).
    pub check_dates: bool,
    /// For servers that ask for them; an empty user name: there are none.
    pub credentials: Credentials,
    /// How long it waits.
    pub limits: TimeLimits,
    /// Who may end it before.
    pub watch: Option<Arc<dyn ExchangeWatch>>,
}

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// Finding the address, connecting and the TLS handshake.
    pub connect: Duration,
    /// From the end of the request to the first byte of the answer.
    pub response: Duration,
    /// One whole request and answer, bodies included.
    pub exchange: Duration,
    /// No exchange goes on beyond this instant; `None`: there is no such.
    pub deadline: Option<Instant>,
}

impl TimeLimits {
    /// The limit for a whole exchange that begins now.
    fn whole(&self) -> (ExchangePhase, Duration) {
        let left = |end: Instant| end.saturating_duration_since(Instant::now());
        match self.deadline.map(left) {
            Some(left) if left < self.exchange => (ExchangePhase::Deadline, left),
            _ => (ExchangePhase::Exchange, self.exchange),
        }
    }
}

/// A client. Dropping it closes its connection and forgets its nonces.
pub struct HttpClient {
    agent: Agent,
    connections: Arc<Connections>,
    auth: Auth,
    limits: TimeLimits,
}

impl HttpClient {
    /// Makes ready; connects with the first [`HttpClient::send`].
    pub fn new(settings: HttpSettings) -> Self {
        let limits = settings.limits;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("")
            .accept_encoding("")
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            .max_idle_age(MAX_IDLE)
            .max_response_header_size(MAX_HEAD_BYTES)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.response))
            .timeout_per_call(Some(limits.exchange))
            .build();
        let connections = Arc::new(Connections::default());
        let watched = Watched(settings.watch);
        let opener = Opener::new(
            settings.tls,
            settings.check_dates,
            settings.kept_tls,
            Arc::clone(&connections),
            watched.clone(),
        );
        Self {
            agent: Agent::with_parts(config, opener, Names::new(watched)),
            connections,
            auth: Auth::new(settings.credentials),
            limits,
        }
    }

    /// Sends a request and waits for the head of its answer, whatever its status. To a server that
    /// has asked for it, a proof of the credentials goes along (see [`HttpClient::authenticate`]).
    ///
    /// If the server closed the kept connection just when the request was under way, so that it
    /// cannot have read it, the request goes out again.
    pub fn send(&mut self, request: &mut HttpRequest<'_>) -> Result<HttpAnswer, Box<HttpError>> {
        self.auth.turn_to(request.url);
        let explanation = Explanation {
            host: request.url.authority(),
            limits: self.limits,
            whole: self.limits.whole(),
        };
        let opened = self.connections.opened();
        self.connections.expect_answer();
        let mut result = self.exchange(request, true);
        if result.as_ref().is_err_and(is_reset)
            && opened == self.connections.opened()
            && !self.connections.has_answered()
        {
            log::debug!("{} had closed the connection: once more", explanation.host);
            result = self.exchange(request, true);
        }
        // RFC 9110 §10.1.1: a server that cannot say "continue" says so.
        if request.expects && result.as_ref().is_ok_and(|answer| answer.status() == 417) {
            result = self.exchange(request, false);
        }
        let (head, body) = result.map_err(|e| self.told(&explanation, e))?.into_parts();
        let status = head.status.as_u16();
        if status != 401 {
            self.auth.accepted();
        }
        Ok(HttpAnswer {
            status,
            headers: head.headers,
            body,
            explanation,
            connections: Arc::clone(&self.connections),
        })
    }

    /// Makes ready to answer a 401: the next [`HttpClient::send`] to the same server brings the
    /// proof that it asked for, and so do all that follow, until it asks for another. Digest with
    /// SHA-256 is taken before MD5, and Basic last: it gives the password away, and is answered
    /// only if `basic` says that whoever asks may have it.
    ///
    /// # Errors
    /// [`HttpError::NoCredentials`], [`HttpError::BasicRefused`], [`HttpError::AuthUnsupported`];
    /// [`HttpError::AuthFailed`] where the last proof was refused: the same again would be, too.
    pub fn authenticate(
        &mut self,
        refusal: &HttpAnswer,
        basic: bool,
    ) -> Result<(), Box<HttpError>> {
        let challenges = refusal.header_octets("www-authenticate");
        self.auth.answer(refusal.host(), &challenges, basic)
    }

    /// The address to which the first connection led.
    pub fn met_at(&self) -> Option<IpAddr> {
        self.connections.met_at()
    }

    /// No exchange goes on beyond this instant, from now on.
    pub fn end_by(&mut self, deadline: Option<Instant>) {
        self.limits.deadline = deadline;
    }

    /// The dates of the certificates that this client took without looking at them.
    pub fn unchecked_dates(&self) -> Option<UncheckedDates> {
        self.connections.unchecked_dates()
    }

    /// Why there is no head of an answer.
    fn told(&self, explanation: &Explanation, error: ureq::Error) -> Box<HttpError> {
        let mut error = explanation.of(error);
        if let HttpError::Disconnected(host) = &mut *error {
            if !self.connections.has_answered() {
                *error = HttpError::Unanswered(std::mem::take(host));
            }
        }
        error
    }

    fn exchange(
        &mut self,
        request: &mut HttpRequest<'_>,
        may_expect: bool,
    ) -> Result<Response<Body>, ureq::Error> {
        let (head, lines) = request.head(&mut self.auth, may_expect)?;
        self.connections.add_to_next_head(lines);
        match &mut request.body {
            None => self.run(head.body(())?),
            Some(body) => self.run(head.body(SendBody::from_reader(body.rewound()?))?),
        }
    }

    fn run(&self, request: Request<impl AsSendBody>) -> Result<Response<Body>, ureq::Error> {
        let (ExchangePhase::Deadline, left) = self.limits.whole() else {
            return self.agent.run(request);
        };
        let request = self.agent.configure_request(request);
        self.agent.run(request.timeout_per_call(Some(left)).build())
    }
}

/// Whether the other side's system refused the data: nobody has read them then.
fn is_reset(error: &ureq::Error) -> bool {
    let kinds = [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
    ];
    matches!(error, ureq::Error::Io(error) if kinds.contains(&error.kind()))
}
