//! The link to the ACS: one HTTP connection for one session (TR-069 §3.3, §3.4; RFC 9112).
//!
//! It carries an envelope there and brings the answer back, and on the way does what the engine
//! need not know: TLS, authentication, cookies, redirects, a connection that has to be opened
//! again. It knows no SOAP and no session; an HTTP status that it has no part in (a 500, say) is
//! an answer like any other. It blocks, each time no longer than the configuration says: let it
//! run on a thread of its own.
//!
//! HTTP itself is ureq's; below it is our own connection (`wire.rs`), above it our own cookies,
//! redirects and authentication, which ureq lacks or does otherwise than TR-069 wants.

mod auth;
mod cookies;
mod error;
mod names;
mod socket;
mod tls;
mod wire;

pub use auth::Credentials;
pub use cookies::{MAX_COOKIE_BYTES, MAX_COOKIES};
pub use error::{CertificateProblem, LinkError, Phase};

use crate::base::config::LinkConfig;
use crate::cwmp::{Post, PostKind};
use crate::base::secret::Secret;
pub use crate::base::url::MAX_URL_BYTES;
use crate::base::url::Url;
use auth::{Auth, Refusal, Target};
use cookies::{Jar, Now};
use names::Names;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, HeaderValue};
use ureq::{Agent, Timeout};
use wire::{BUFFER_BYTES, Counters, Opener};

/// Redirects followed for one request (TR-069 §3.4.2: up to five).
pub const MAX_REDIRECTS: u8 = 5;

/// The longest answer taken. A SetParameterValues with 20,000 values has about 5 MB.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The longest head of an answer taken: what fills the buffer is too long.
const MAX_HEAD_BYTES: usize = BUFFER_BYTES - 1;

/// A kept connection is used however old: whether the ACS closed it is looked at each time.
const MAX_IDLE: Duration = Duration::from_secs(24 * 3600);

const METHOD: &str = "POST";
const USER_AGENT: &str = concat!("cwmpd/", env!("CARGO_PKG_VERSION"));

/// The link of one session. Dropping it closes the connection and forgets cookies and nonces.
pub struct Link {
    agent: Agent,
    counters: Arc<Counters>,
    config: LinkConfig,
    /// `ManagementServer.URL`.
    home: Url,
    /// Where the next request goes: after a redirect not `ManagementServer.URL`.
    url: Url,
    auth: Auth,
    cookies: Jar,
}

/// The ACS's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty where there is none.
    pub body: String,
}

/// An answer before its status is looked at.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Link {
    /// Makes ready for a session with the ACS at `url` (`ManagementServer.URL`). Connects on the
    /// first [`Link::post`]. While the wall clock is not set, the dates of the ACS's certificate
    /// do not count (TR-069 §3.3); its chain and its host name do.
    ///
    /// # Errors
    /// [`LinkError::BadUrl`].
    pub fn open(
        url: &str,
        credentials: Credentials,
        config: &LinkConfig,
        clock_is_set: bool,
    ) -> Result<Self, LinkError> {
        let url = Url::parse(url).map_err(LinkError::BadUrl)?;
        let counters = Arc::new(Counters::default());
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("")
            .accept_encoding("")
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            .max_idle_age(MAX_IDLE)
            .max_response_header_size(MAX_HEAD_BYTES)
            .input_buffer_size(BUFFER_BYTES)
            .output_buffer_size(BUFFER_BYTES)
            .timeout_resolve(Some(config.connect_timeout))
            .timeout_connect(Some(config.connect_timeout))
            .timeout_recv_response(Some(config.response_timeout))
            .timeout_per_call(Some(config.exchange_timeout))
            .build();
        let opener = Opener::new(config.clone(), clock_is_set, Arc::clone(&counters));
        Ok(Self {
            agent: Agent::with_parts(settings, opener, Names::default()),
            counters,
            config: config.clone(),
            home: url.clone(),
            url,
            auth: Auth::new(credentials, config.basic_over_http),
            cookies: Jar::default(),
        })
    }

    /// Sends one message and waits for its answer. Answers to authentication, follows redirects.
    ///
    /// # Errors
    /// Every [`LinkError`] ends the session.
    pub fn post(&mut self, post: &Post) -> Result<Reply, LinkError> {
        let mut redirects = 0;
        let mut answered = 0;
        loop {
            let answer = self.exchange(post)?;
            match answer.status {
                401 => {
                    self.auth.answer(Refusal {
                        host: self.url.authority(),
                        secure: self.is_trusted(),
                        challenges: &texts(&answer.headers, "www-authenticate"),
                        answered,
                    })?;
                    answered += 1;
                }
                407 => return Err(LinkError::ProxyAuth(self.url.authority())),
                301 | 302 | 307 | 308 => {
                    let before = self.url.clone();
                    redirects += 1;
                    self.follow(&answer.headers, redirects)?;
                    if !self.url.same_origin(&before) {
                        self.auth.forget();
                    }
                    answered = 0;
                }
                _ => return self.reply(answer),
            }
        }
    }

    /// Whether it is sure who is there: over TLS, and not led to another host by a redirect that
    /// came without it.
    fn is_trusted(&self) -> bool {
        self.url.secure && (self.home.secure || self.home.host == self.url.host)
    }

    /// One request and its answer, read to the end. If the ACS closed the kept connection just
    /// when the request was under way, so that it cannot have read it, the request goes out again.
    fn exchange(&mut self, post: &Post) -> Result<Answer, LinkError> {
        let opened = self.counters.opened.load(Ordering::Relaxed);
        self.counters.received.store(false, Ordering::Relaxed);
        let mut result = self.send(post);
        if result.as_ref().is_err_and(is_reset)
            && opened == self.counters.opened.load(Ordering::Relaxed)
            && !self.counters.received.load(Ordering::Relaxed)
        {
            log::debug!(
                "{} had closed the connection: once more",
                self.url.authority()
            );
            result = self.send(post);
        }
        let answer = result.map_err(|error| self.explain(error))?;
        let now = Now::read();
        for cookie in texts(&answer.headers, "set-cookie") {
            self.cookies.store(&cookie, &self.url, now);
        }
        log::debug!(
            "{} answers {} with {} bytes",
            self.url.authority(),
            answer.status,
            answer.body.len()
        );
        Ok(answer)
    }

    fn send(&mut self, post: &Post) -> Result<Answer, ureq::Error> {
        let mut request = self.agent.post(self.url.to_string());
        // TR-069 §3.4.1
        request = match post.kind {
            PostKind::Empty => request,
            PostKind::Request => request.header("SOAPAction", "\"\""),
            PostKind::Response => request.header("SOAPAction", ""),
        };
        if post.kind != PostKind::Empty {
            request = request.header("Content-Type", "text/xml; charset=\"utf-8\"");
        }
        let target = Target {
            method: METHOD,
            uri: &self.url.target,
            body: post.body.as_bytes(),
        };
        if let Some(authorization) = self.auth.authorization(&target) {
            request = request.header("Authorization", sensitive(&authorization)?);
        }
        if let Some(cookie) = self.cookies.header(&self.url, Instant::now()) {
            request = request.header("Cookie", sensitive(&cookie)?);
        }
        let (head, body) = request.send(post.body.as_bytes())?.into_parts();
        let limit = u64::try_from(MAX_ANSWER_BYTES).unwrap_or(u64::MAX);
        let body = body.into_with_config().limit(limit).read_to_vec()?;
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    /// Turns to where a redirect points, for the rest of the session (TR-069 §3.4.2).
    fn follow(&mut self, headers: &HeaderMap, redirects: u8) -> Result<(), LinkError> {
        let host = self.url.authority();
        let location = texts(headers, "location").into_iter().next();
        let location = location.unwrap_or_default();
        let to = match location.as_str() {
            "" => Err("it does not say where to"),
            location => self.url.join(location),
        };
        let location = shown(&location);
        let to = match to {
            Ok(to) => to,
            Err(why) => {
                return Err(LinkError::BadRedirect {
                    host,
                    location,
                    why,
                });
            }
        };
        if redirects > MAX_REDIRECTS {
            return Err(LinkError::TooManyRedirects { host, location });
        }
        if self.url.secure && !to.secure {
            return Err(LinkError::Downgrade { host, location });
        }
        log::info!("{host} redirects the session to {}", to.authority());
        self.url = to;
        Ok(())
    }

    /// A body that is not text spoils an answer only where the body matters.
    fn reply(&self, answer: Answer) -> Result<Reply, LinkError> {
        let body = match String::from_utf8(answer.body) {
            Ok(body) => body,
            Err(_) if answer.status == 200 => {
                return Err(LinkError::NotUtf8(self.url.authority()));
            }
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Ok(Reply {
            status: answer.status,
            body,
        })
    }

    /// ureq's error in our words.
    fn explain(&self, error: ureq::Error) -> LinkError {
        let host = self.url.authority();
        let protocol = |why: String| LinkError::Protocol {
            host: host.clone(),
            why,
        };
        match error {
            ureq::Error::Other(error) => match error.downcast::<LinkError>() {
                Ok(error) => *error,
                Err(error) => protocol(error.to_string()),
            },
            ureq::Error::Timeout(timeout) => {
                let (phase, limit) = match timeout {
                    Timeout::Resolve | Timeout::Connect => {
                        (Phase::Connect, self.config.connect_timeout)
                    }
                    Timeout::RecvResponse => (Phase::Response, self.config.response_timeout),
                    _ => (Phase::Exchange, self.config.exchange_timeout),
                };
                LinkError::Timeout { host, phase, limit }
            }
            ureq::Error::Io(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => LinkError::Disconnected(host),
                _ => LinkError::Broken {
                    host,
                    why: error.to_string(),
                },
            },
            ureq::Error::HostNotFound => LinkError::Resolve {
                host,
                why: "the name is unknown".into(),
            },
            ureq::Error::BodyExceedsLimit(_) => LinkError::TooLarge {
                host,
                limit: MAX_ANSWER_BYTES,
            },
            ureq::Error::LargeResponseHeader(..) => {
                protocol(format!("its head is longer than {MAX_HEAD_BYTES} bytes"))
            }
            // What we put into the request is checked, but for the credentials.
            ureq::Error::Http(_) => LinkError::BadCredentials,
            error => protocol(error.to_string()),
        }
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

fn sensitive(secret: &Secret) -> Result<HeaderValue, ureq::Error> {
    let value = HeaderValue::from_bytes(secret.reveal().as_bytes());
    let mut value = value.map_err(|error| ureq::Error::Http(error.into()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The values of all headers of that name.
fn texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.get_all(name).iter().map(text).collect()
}

/// A location for an error message: short, without a password or a query.
fn shown(location: &str) -> String {
    const MAX_CHARS: usize = 100;
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let location = location.get(..end).unwrap_or_default();
    let location = match location.rfind('@') {
        Some(at) => format!("...{}", location.get(at..).unwrap_or_default()),
        None => location.to_owned(),
    };
    let visible = location.chars().filter(|c| !c.is_control());
    visible.take(MAX_CHARS).collect()
}
