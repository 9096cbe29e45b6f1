//! The HTTP client, through [`cwmpd::http::HttpClient`] and real sockets.

mod auth;
mod beyond_ascii;
mod codings;
mod connection;
mod dates;
mod endless;
mod framing;
mod kept_tls;
#[cfg(feature = "xmpp")]
mod link;
mod memory;
mod nginx;
mod roots;
mod streams;
mod tls;

use std::time::Duration;

use cwmpd::base::config::TlsConfig;
use cwmpd::base::url::Url;
use cwmpd::http::error::HttpError;
use cwmpd::http::{
    Credentials, HttpClient, HttpRequest, HttpSettings, KeptTls, Method, RequestBody, TimeLimits,
};

/// Long enough for a loaded machine; no test waits for it to pass.
const AMPLE: Duration = Duration::from_secs(30);

/// More than any body that is read whole.
const BIG: u64 = 64 * 1024 * 1024;

fn credentials() -> Credentials {
    Credentials {
        username: "00D09E-Box-1".into(),
        password: "s3cret \"quoted\"".into(),
    }
}

/// Settings with credentials and ample time.
fn settings() -> HttpSettings {
    HttpSettings {
        tls: TlsConfig::default(),
        kept_tls: KeptTls::default(),
        check_dates: true,
        credentials: credentials(),
        limits: TimeLimits {
            connect: AMPLE,
            response: AMPLE,
            exchange: AMPLE,
            deadline: None,
        },
        watch: None,
    }
}

fn client() -> HttpClient {
    HttpClient::new(settings())
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a good URL")
}

/// An answer, its body read whole.
#[derive(Debug, PartialEq, Eq)]
struct Whole {
    status: u16,
    body: Vec<u8>,
}

impl Whole {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text")
    }
}

/// Sends a request, and answers 401 as long as there is an answer; Basic only if `basic`.
fn exchange(
    client: &mut HttpClient,
    mut request: HttpRequest<'_>,
    basic: bool,
) -> Result<Whole, HttpError> {
    loop {
        let mut answer = client.send(&mut request).map_err(|e| *e)?;
        let body = answer.read(BIG).map_err(|e| *e)?;
        if answer.status != 401 {
            let status = answer.status;
            return Ok(Whole { status, body });
        }
        client.authenticate(&answer, basic).map_err(|e| *e)?;
    }
}

fn post(client: &mut HttpClient, to: &str, text: &str) -> Result<Whole, HttpError> {
    let to = url(to);
    let request = HttpRequest::new(Method::POST, &to).body(RequestBody::text(text));
    exchange(client, request, false)
}

fn get(client: &mut HttpClient, from: &str) -> Result<Whole, HttpError> {
    exchange(client, HttpRequest::new(Method::GET, &url(from)), false)
}

/// Gets with settings of one's own.
fn get_with(settings: &HttpSettings, from: &str) -> Result<Whole, HttpError> {
    get(&mut HttpClient::new(settings.clone()), from)
}
