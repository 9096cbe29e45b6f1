//! How the engine is reached.

use crate::base::config::LuupConfig;
use crate::http::KeptTls;

/// How the engine is reached, and what is kept of that from one job to the next: clones share it, and
/// may cross threads.
#[derive(Clone, Debug)]
pub struct LuupAccess {
    /// Where it is, and how long a job may take.
    pub config: LuupConfig,
    /// What is kept of TLS.
    pub kept_tls: KeptTls,
    /// Whether the dates of certificates count: only when the time is known to be right.
    pub check_dates: bool,
}

impl LuupAccess {
    /// Access by a configuration, with nothing kept yet.
    pub fn new(config: LuupConfig) -> Self {
        Self {
            config,
            kept_tls: KeptTls::default(),
            check_dates: true,
        }
    }
}
