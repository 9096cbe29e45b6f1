//! How long a gateway is spoken with, and who may end it before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::IgdError;
use crate::base::config::TlsConfig;
use crate::base::secret::Secret;
use crate::http::{Credentials, ExchangeWatch, HttpClient, HttpSettings, KeptTls, TimeLimits};

/// Until a gateway, one hop away, has taken a connection.
const CONNECT: Duration = Duration::from_secs(4);

/// Until its answer begins. UPnP gives it 30 s for an action, of which nobody needs half.
const RESPONSE: Duration = Duration::from_secs(15);

/// One whole question and answer.
const EXCHANGE: Duration = Duration::from_secs(20);

/// The time for all of one way to the gateway and back, and who may end it before.
#[derive(Clone, Debug)]
pub struct Errand {
    until: Instant,
    watch: Option<Arc<dyn ExchangeWatch>>,
}

impl Errand {
    /// What opening a port needs, where a slow gateway is searched for, asked for a port that is taken,
    /// and for another.
    pub const LONG: Duration = Duration::from_secs(60);

    /// What closing one needs.
    pub const SHORT: Duration = Duration::from_secs(5);

    /// Begins now, and lasts so long at most.
    pub fn of(time: Duration, watch: Option<Arc<dyn ExchangeWatch>>) -> Self {
        let now = Instant::now();
        Self {
            until: now.checked_add(time).unwrap_or(now),
            watch,
        }
    }

    /// The time left.
    ///
    /// # Errors
    /// [`IgdError::OutOfTime`], [`IgdError::Interrupted`].
    pub(super) fn left(&self) -> Result<Duration, IgdError> {
        let left = self.until.saturating_duration_since(Instant::now());
        match &self.watch {
            _ if left.is_zero() => Err(IgdError::OutOfTime),
            Some(watch) if !watch.goes_on() => Err(IgdError::Interrupted),
            _ => Ok(left),
        }
    }

    /// Speaks HTTP as long as it lasts.
    pub(super) fn client(&self) -> HttpClient {
        HttpClient::new(HttpSettings {
            tls: TlsConfig::default(),
            kept_tls: KeptTls::default(),
            check_dates: false,
            credentials: Credentials {
                username: String::new(),
                password: Secret::default(),
            },
            limits: TimeLimits {
                connect: CONNECT,
                response: RESPONSE,
                exchange: EXCHANGE,
                deadline: Some(self.until),
            },
            watch: self.watch.clone(),
        })
    }
}
