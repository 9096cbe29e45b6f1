//! The question for what changed, which the engine answers when something does.

use std::time::Duration;

use super::client::LuupClient;
use super::snapshot::Advance;
use super::{LuupAccess, LuupError, Snapshot};
use crate::base::percent;

/// Asks the engine what changed since `before`; it may take `wait` until something does, and
/// `luup.timeout` besides. That something changed back meanwhile is not told by all engines.
///
/// # Errors
/// The engine gave no answer that can be used.
pub fn poll(access: &LuupAccess, before: &Snapshot, wait: Duration) -> Result<Advance, LuupError> {
    let Some(position) = before.position() else {
        return Ok(Advance::Outdated("it is not known where the engine was"));
    };
    let coded = |text| percent::encode(text, percent::in_url);
    let id = format!(
        "status&output_format=json&LoadTime={}&DataVersion={}&Timeout={}&MinimumDelay=0",
        coded(&position.load_time),
        coded(&position.data_version),
        wait.as_secs()
    );
    let patient = LuupAccess {
        wait,
        ..access.clone()
    };
    let mut advance = Err(LuupError::Empty);
    LuupClient::new(&patient)?.read(&id, &mut |answer| {
        advance = before.advance(answer);
        advance.as_ref().map(drop).map_err(Clone::clone)
    })?;
    advance
}
