//! The link to the ACS: what a session has to do on top of HTTP (TR-069 §3.4).
//!
//! It carries an envelope there and brings the answer back, and on the way does what the engine
//! need not know: the headers that CWMP wants, cookies, redirects, answers to challenges. It knows
//! no SOAP and no session; an HTTP status that it has no part in (a 500, say) is an answer like any
//! other. It blocks, each time no longer than the configuration says: let it run on a thread of
//! its own. The connection, TLS and the proofs are those of the room [`http`](crate::http).

mod cookies;
mod error;

pub use error::LinkError;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::base::config::LinkConfig;
use crate::base::url::{self, Url};
use crate::cwmp::{Post, PostKind};
use crate::http::{
    Credentials, HttpAnswer, HttpClient, HttpRequest, HttpSettings, KeptTls, Method, RequestBody,
    TimeLimits, UncheckedDates,
};
use cookies::Jar;

/// Redirects followed for one request (TR-069 §3.4.2: up to five).
pub const MAX_REDIRECTS: u8 = 5;

/// The longest answer taken. A SetParameterValues with 20,000 values has about 5 MB.
pub const MAX_ANSWER_BYTES: u64 = 8 * 1024 * 1024;

/// The link of one session. Dropping it closes the connection and forgets cookies and nonces.
pub struct Link {
    client: HttpClient,
    /// How long a message may take, all that authentication and redirects add to it included.
    patience: Duration,
    basic_over_http: bool,
    /// `ManagementServer.URL`.
    home: Url,
    /// Where the next request goes: after a redirect not `ManagementServer.URL`.
    url: Url,
    cookies: Jar,
}

/// The ACS's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty where there is none.
    pub body: String,
    /// The clock of the ACS when it answered, in seconds since 1970 (`Date`); `None` where it does
    /// not tell.
    pub date: Option<i64>,
    unchecked: Option<UncheckedDates>,
}

impl Reply {
    /// Checks the dates of the ACS's certificates after all, once the time is known to be `unix`
    /// (seconds since 1970), be it by this very answer. Where they had been checked, or there is
    /// no TLS, all is well.
    ///
    /// # Errors
    /// [`LinkError`] says whose certificate is outside its dates: the answer must not be trusted,
    /// and the session has to end with it.
    pub fn check_dates_at(&self, unix: i64) -> Result<(), LinkError> {
        let check = |dates: &UncheckedDates| dates.check_at(unix);
        let checked = self.unchecked.as_ref().map_or(Ok(()), check);
        checked.map_err(LinkError::from)
    }
}

impl Link {
    /// Makes ready for a session with the ACS at `url` (`ManagementServer.URL`). Connects on the
    /// first [`Link::post`]. The dates of the ACS's certificate count only if `check_dates`, which
    /// is to say that the box's time is known to be right (TR-069 §3.3); all else of it counts
    /// always, and its dates can be checked later by [`Reply::check_dates_at`]. `kept_tls` is what the
    /// sessions before have left of TLS.
    ///
    /// # Errors
    /// [`LinkError::BadUrl`].
    pub fn open(
        url: &str,
        credentials: Credentials,
        config: &LinkConfig,
        check_dates: bool,
        kept_tls: KeptTls,
    ) -> Result<Self, LinkError> {
        let url = Url::parse(url).map_err(LinkError::BadUrl)?;
        let client = HttpClient::new(HttpSettings {
            tls: config.tls.clone(),
            kept_tls,
            check_dates,
            credentials,
            limits: TimeLimits {
                connect: config.connect_timeout,
                response: config.response_timeout,
                exchange: config.exchange_timeout,
                deadline: None,
            },
            watch: None,
        });
        Ok(Self {
            client,
            patience: config
                .connect_timeout
                .saturating_add(config.exchange_timeout),
            basic_over_http: config.basic_over_http,
            home: url.clone(),
            url,
            cookies: Jar::default(),
        })
    }

    /// Sends one message and waits for its answer. Answers to authentication, follows redirects, all
    /// of it within the time that is given to connect and for an exchange.
    ///
    /// # Errors
    /// Every [`LinkError`] ends the session.
    pub fn post(&mut self, post: &Post) -> Result<Reply, LinkError> {
        let mut redirects = 0;
        self.client
            .end_by(Instant::now().checked_add(self.patience));
        loop {
            let mut answer = self.send(post)?;
            // Read to the end, so that the connection can be used again.
            let body = answer.read(MAX_ANSWER_BYTES)?;
            log::debug!(
                "{} answers {} with {} bytes",
                answer.host(),
                answer.status,
                body.len()
            );
            match answer.status {
                401 => self.client.authenticate(&answer, self.is_trusted())?,
                407 => return Err(LinkError::ProxyAuth(self.url.authority())),
                301 | 302 | 307 | 308 => {
                    redirects += 1;
                    self.follow(&answer, redirects)?;
                }
                _ => return self.reply(&answer, body),
            }
        }
    }

    /// The address at which the ACS was met, of those that its name has.
    pub fn met_at(&self) -> Option<IpAddr> {
        self.client.met_at()
    }

    /// Whether a password may be sent as it is: over TLS, and not led to another host by a
    /// redirect that came without it.
    fn is_trusted(&self) -> bool {
        let secure = self.url.secure && (self.home.secure || self.home.host == self.url.host);
        secure || self.basic_over_http
    }

    /// One request, with the headers of TR-069 §3.4.1, and the head of its answer.
    fn send(&mut self, post: &Post) -> Result<HttpAnswer, LinkError> {
        let mut request = HttpRequest::new(Method::POST, &self.url);
        request = match post.kind {
            PostKind::Empty => request,
            PostKind::Request => request.header("SOAPAction", "\"\""),
            PostKind::Response => request.header("SOAPAction", ""),
        };
        if post.kind != PostKind::Empty {
            request = request.header("Content-Type", "text/xml; charset=\"utf-8\"");
        }
        if let Some(cookie) = self.cookies.header(&self.url, Instant::now()) {
            request = request.header("Cookie", cookie);
        }
        let mut request = request.body(RequestBody::text(&post.body));
        let answer = self.client.send(&mut request)?;
        let (now, date) = (Instant::now(), answer.date());
        for cookie in answer.header_values("set-cookie") {
            self.cookies.store(&cookie, &self.url, now, date);
        }
        Ok(answer)
    }

    /// Turns to where a redirect points, for the rest of the session (TR-069 §3.4.2).
    fn follow(&mut self, answer: &HttpAnswer, redirects: u8) -> Result<(), LinkError> {
        let host = self.url.authority();
        let location = answer.header_values("location").into_iter().next();
        let location = location.unwrap_or_default();
        let to = match location.as_str() {
            "" => Err("it does not say where to"),
            location => self.url.join(location),
        };
        let location = url::shown(&location);
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
    fn reply(&self, answer: &HttpAnswer, body: Vec<u8>) -> Result<Reply, LinkError> {
        let body = match String::from_utf8(body) {
            Ok(body) => body,
            Err(_) if answer.status == 200 => {
                return Err(LinkError::NotUtf8(self.url.authority()));
            }
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Ok(Reply {
            status: answer.status,
            body,
            date: answer.date(),
            unchecked: self.client.unchecked_dates(),
        })
    }
}
