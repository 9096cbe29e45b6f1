//! How the engine is reached.

use std::sync::Arc;
use std::time::Duration;

use super::relay::KeptRelay;
use crate::base::config::LuupConfig;
use crate::http::{ExchangeWatch, HangUp, KeptTls};

/// How the engine is reached, and what is kept of that from one job to the next: clones share it, and
/// may cross threads.
#[derive(Clone, Debug)]
pub struct LuupAccess {
    /// Where it is, and how long a job may take.
    pub config: LuupConfig,
    /// What is kept of TLS.
    pub kept_tls: KeptTls,
    /// What is kept of MMS.
    pub kept_relay: KeptRelay,
    /// Whether the dates of certificates count: only when the time is known to be right.
    pub check_dates: bool,
    /// How long the engine may wait for a change before it answers, besides.
    pub wait: Duration,
    /// Who may end a question that waits for a change.
    pub hang_up: Option<HangUp>,
}

impl LuupAccess {
    /// Access by a configuration, with nothing kept yet.
    pub fn new(config: LuupConfig) -> Self {
        Self {
            config,
            kept_tls: KeptTls::default(),
            kept_relay: KeptRelay::default(),
            check_dates: true,
            wait: Duration::ZERO,
            hang_up: None,
        }
    }

    /// Who looks whether somebody ended the question.
    pub(super) fn watch(&self) -> Option<Arc<dyn ExchangeWatch>> {
        self.hang_up.as_ref().map(HangUp::watch)
    }

    /// Whether somebody ended the question.
    pub(super) fn is_hung_up(&self) -> bool {
        self.hang_up.as_ref().is_some_and(HangUp::is_over)
    }

    /// Which engine it is, of those that this box may have asked.
    pub(super) fn engine(&self) -> String {
        let mms = self.config.mms.as_ref();
        match mms.and_then(|mms| Some((mms, mms.server.as_ref()?))) {
            Some((mms, server)) => {
                let device = mms.device.as_deref().unwrap_or_default();
                [&server.authority(), " ", &mms.username, " ", device].concat()
            }
            None => self.config.url.clone(),
        }
    }
}
