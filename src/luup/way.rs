//! The way to the engine: whom a request for `data_request?id=...` is sent to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::owner::OwnerWatch;
use super::relay::RelayWay;
use super::{LuupAccess, LuupError};
use crate::base::config::TlsConfig;
use crate::base::url::{self, Url};
use crate::http::{
    Credentials, ExchangeWatch, HttpAnswer, HttpClient, HttpError, HttpRequest, HttpSettings,
    Method, TimeLimits,
};

/// Of the time of a job, no server of MMS gets more than one such part to be connected with: then there is
/// time for the other in its place.
const PARTS: u32 = 4;

/// The way to the engine, for one job, which takes at most `luup.timeout` with all its requests.
pub(super) enum EngineWay {
    /// To the engine itself.
    Direct(Box<DirectWay>),
    /// Through MMS.
    Relay(Box<RelayWay>),
}

impl EngineWay {
    pub fn new(access: &LuupAccess) -> Result<Self, LuupError> {
        match &access.config.mms {
            Some(mms) => {
                let connect = access.config.timeout / PARTS;
                let http = |wait| http(access, &mms.tls, connect, wait, access.watch());
                let way =
                    RelayWay::new(access, mms.clone(), http(Duration::ZERO), http(access.wait));
                Ok(Self::Relay(Box::new(way)))
            }
            None => DirectWay::new(access).map(|way| Self::Direct(Box::new(way))),
        }
    }

    /// Asks for `id=...`: an answer with status 200, its body still to be read.
    pub fn ask(&mut self, id: &str) -> Result<HttpAnswer, LuupError> {
        let answer = match self {
            Self::Direct(way) => way.ask(id),
            Self::Relay(way) => way.ask(id),
        }?;
        match answer.status {
            200 => Ok(answer),
            status => Err(LuupError::Status(status)),
        }
    }
}

pub(super) struct DirectWay {
    http: HttpClient,
    owners: Arc<OwnerWatch>,
    base: Url,
}

impl DirectWay {
    fn new(access: &LuupAccess) -> Result<Self, LuupError> {
        let config = &access.config;
        let bad_url = |_| LuupError::BadUrl(url::shown(&config.url));
        let owners = Arc::new(OwnerWatch::new(access)?);
        let watch = Some(Arc::clone(&owners) as Arc<dyn ExchangeWatch>);
        Ok(Self {
            http: http(access, &config.tls, config.timeout, access.wait, watch),
            owners,
            base: Url::parse(&config.url).map_err(bad_url)?,
        })
    }

    fn ask(&mut self, id: &str) -> Result<HttpAnswer, LuupError> {
        let folder = self.base.target.trim_end_matches('/');
        let url = Url {
            target: format!("{folder}/data_request?id={id}"),
            ..self.base.clone()
        };
        let sent = self.http.send(&mut HttpRequest::new(Method::GET, &url));
        sent.map_err(|error| self.owners.take_refusal().unwrap_or_else(|| error.into()))
    }
}

fn http(
    access: &LuupAccess,
    tls: &TlsConfig,
    connect: Duration,
    wait: Duration,
    watch: Option<Arc<dyn ExchangeWatch>>,
) -> HttpClient {
    let timeout = access.config.timeout.saturating_add(wait);
    HttpClient::new(HttpSettings {
        tls: tls.clone(),
        kept_tls: access.kept_tls.clone(),
        check_dates: access.check_dates,
        credentials: Credentials::default(),
        limits: TimeLimits {
            connect,
            response: timeout,
            exchange: timeout,
            deadline: Instant::now().checked_add(timeout),
        },
        watch,
    })
}

impl From<Box<HttpError>> for LuupError {
    fn from(error: Box<HttpError>) -> Self {
        match *error {
            HttpError::Timeout { .. } => Self::Timeout,
            HttpError::TooLarge { .. } => Self::TooBig,
            other => Self::Unreachable(other.to_string()),
        }
    }
}
