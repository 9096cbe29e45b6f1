//! One attempt with a file server, up to the answer that has to do with the file: credentials and
//! redirects (TR-069 §3.4.3).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Instant;

use super::failure::{Cause, TransferFailure};
use super::pace::Pace;
use super::{MAX_REDIRECTS, MIN_SPEED, Progress, Transport};
use crate::base::url::{self, Url};
use crate::cwmp::{Direction, TransferOrder};
use crate::http::{
    Credentials, HttpAnswer, HttpClient, HttpError, HttpRequest, HttpSettings, Method, RequestBody,
    TimeLimits,
};

/// So much of an answer that is no file is read, so that the connection can be used again.
const MAX_REFUSAL_BYTES: u64 = 64 * 1024;

/// The file server of an order.
pub(super) struct FileServer<'a> {
    pub order: &'a TransferOrder,
    transport: &'a Transport,
    pub progress: &'a Progress,
    pub pace: Arc<Pace>,
    /// Where the order leads.
    home: Url,
    /// When all attempts are over.
    pub end: Option<Instant>,
}

impl<'a> FileServer<'a> {
    /// Makes ready; connects with the first [`FileServer::ask`].
    pub fn new(
        order: &'a TransferOrder,
        transport: &'a Transport,
        progress: &'a Progress,
    ) -> Result<Self, TransferFailure> {
        let unusable = |why| {
            TransferFailure::new(
                order,
                Cause::Generic,
                &format!("the URL cannot be used: {why}"),
            )
        };
        let patience = &transport.patience;
        Ok(Self {
            order,
            transport,
            progress,
            pace: Arc::new(Pace::new(progress.clone(), patience.window)),
            home: Url::parse(&order.url).map_err(unusable)?,
            end: Instant::now().checked_add(patience.whole),
        })
    }

    /// Asks for the file, or sends it where there is `body`, and gives the answer that is none of
    /// 401 and a redirect. Each time it begins anew, with the address that the order names.
    pub fn ask(
        &self,
        headers: &[(&'static str, &str)],
        body: Option<(&File, u64)>,
    ) -> Result<HttpAnswer, TransferFailure> {
        self.pace.start_over();
        let mut url = self.home.clone();
        let mut client = self.client(&url);
        let mut redirects = 0;
        loop {
            let mut request = self.request(&url, headers, body);
            let sent = client.send(&mut request);
            drop(request);
            // Nothing but the answer's head is waited for in between.
            self.pace.end();
            let in_body = body.is_some() && self.progress.bytes() > 0;
            let mut answer = sent.map_err(|error| self.failed(&error, in_body))?;
            match answer.status {
                401 => {
                    self.pass_over(&mut answer)?;
                    let basic = url.secure || self.transport.link.basic_over_http;
                    let ready = client.authenticate(&answer, basic);
                    ready.map_err(|error| self.failed(&error, false))?;
                }
                301 | 302 | 303 | 307 | 308 if self.may_follow(answer.status) => {
                    self.pass_over(&mut answer)?;
                    redirects += 1;
                    let to = self.follow(&url, &answer, redirects)?;
                    if !to.same_origin(&url) {
                        self.pace.redirected();
                        client = self.client(&to);
                    }
                    url = to;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Why an exchange failed.
    pub fn failed(&self, error: &HttpError, in_body: bool) -> TransferFailure {
        let fail = |why: &str| TransferFailure::new(self.order, Cause::Incomplete, why);
        match error {
            HttpError::Interrupted if self.pace.was_too_slow() => {
                let window = self.transport.patience.window.as_secs();
                fail(&format!(
                    "too slow: less than {MIN_SPEED} bytes a second came or went for {window} s"
                ))
                .passing()
            }
            HttpError::Interrupted => fail("it was cancelled"),
            error => {
                let moved = in_body.then(|| self.progress.bytes());
                TransferFailure::of(self.order, error, moved)
            }
        }
    }

    /// It failed for what the server did, beyond the exchange.
    pub fn refuse(&self, cause: Cause, why: &str) -> TransferFailure {
        TransferFailure::new(self.order, cause, why)
    }

    /// A client for where the order leads, or a redirect from there. The user is that of the order,
    /// and for its host alone: over https too where the order says http, not on another port.
    fn client(&self, url: &Url) -> HttpClient {
        let is_home = url.same_origin(&self.home)
            || (url.host == self.home.host && url.secure && !self.home.secure);
        let credentials = match is_home {
            true => Credentials {
                username: self.order.username.clone(),
                password: self.order.password.clone(),
            },
            false => Credentials::default(),
        };
        let link = &self.transport.link;
        HttpClient::new(HttpSettings {
            tls: link.tls.clone(),
            kept_tls: self.transport.kept_tls.clone(),
            check_dates: self.transport.check_dates,
            credentials,
            limits: TimeLimits {
                connect: link.connect_timeout,
                response: link.response_timeout,
                exchange: self.transport.patience.whole,
                deadline: self.end,
            },
            watch: Some(Arc::clone(&self.pace) as _),
        })
    }

    fn request<'r>(
        &'r self,
        url: &'r Url,
        headers: &[(&'static str, &str)],
        body: Option<(&'r File, u64)>,
    ) -> HttpRequest<'r> {
        let method = match self.order.direction {
            Direction::Download => Method::GET,
            Direction::Upload => Method::PUT,
        };
        let mut request = HttpRequest::new(method, url);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        match body {
            None => request,
            Some((file, length)) => {
                let from = OutgoingFile {
                    file,
                    length,
                    at: 0,
                    server: self,
                };
                request
                    .body(RequestBody::stream(from, length))
                    .asking_first()
            }
        }
    }

    /// Reads an answer that has no part in the file, so that its connection may be used again; where
    /// that is not worth it, it is closed.
    fn pass_over(&self, answer: &mut HttpAnswer) -> Result<(), TransferFailure> {
        self.pace.begin();
        let read = answer.read(MAX_REFUSAL_BYTES);
        self.pace.end();
        match read.map_err(|error| *error) {
            Err(error @ HttpError::Interrupted) => Err(self.failed(&error, true)),
            _ => Ok(()),
        }
    }

    /// A body goes on only where it is to go again (RFC 9110 §15.4).
    fn may_follow(&self, status: u16) -> bool {
        match self.order.direction {
            Direction::Download => true,
            Direction::Upload => matches!(status, 307 | 308),
        }
    }

    fn follow(
        &self,
        from: &Url,
        answer: &HttpAnswer,
        redirects: u8,
    ) -> Result<Url, TransferFailure> {
        let host = from.authority();
        let location = answer.header_values("location").into_iter().next();
        let location = location.unwrap_or_default();
        let to = match location.as_str() {
            "" => Err("it does not say where to"),
            location => from.join(location),
        };
        let to = match to {
            Ok(_) if redirects > MAX_REDIRECTS => Err("that is one redirect too many"),
            Ok(to) if from.secure && !to.secure => {
                Err("that would give up the protection of https")
            }
            to => to,
        };
        to.map_err(|why| {
            let location = url::shown(&location);
            let why = format!("{host} redirects to \"{location}\": {why}");
            self.refuse(Cause::Access, &why)
        })
    }
}

/// A file on its way out, which tells how far it is.
struct OutgoingFile<'a> {
    file: &'a File,
    length: u64,
    at: u64,
    server: &'a FileServer<'a>,
}

impl OutgoingFile<'_> {
    fn tell(&self) {
        self.server.progress.set_bytes(self.at);
        // What is still in the buffers goes with the wait for the answer.
        if self.at >= self.length {
            self.server.pace.end();
        }
    }
}

impl Read for OutgoingFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == 0 {
            self.server.pace.begin();
        }
        let read = self.file.read(buffer)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(bytes);
        self.server.pace.moved(bytes);
        self.tell();
        Ok(read)
    }
}

impl Seek for OutgoingFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        self.server.progress.set_bytes(self.at);
        Ok(self.at)
    }
}
