//! HTTP with the Luup engine: `GET /data_request?id=...`. Blocking, for a job.
//!
//! Luup answers in chunks (`Transfer-Encoding: Chunked`, with a capital) and keeps its sockets open
//! whatever it is told, and some never end an answer: JSON ends with its last bracket, other texts with
//! their last chunk, and the connection is dropped after the last request of a job.

use std::io::Read;

use super::limits::MAX_BYTES;
use super::snapshot::{AnswerKind, Builder};
use super::way::EngineWay;
use super::{LuupAccess, LuupError, Snapshot};

/// Characters of a refusing answer that are shown.
const SHOWN: usize = 60;

/// The state of all devices.
const STATUS: &str = "status&output_format=json";

/// The configuration, without static_data: half of the answer on a real box, of which no row needs
/// anything.
const USER_DATA: &str = "user_data&ns=1&output_format=json";

/// A summary of it, much shorter, for an engine that cannot give it.
const SUMMARY: &str = "sdata&output_format=json";

/// What is wanted of the engine.
#[derive(Clone, Copy, Debug)]
pub enum FetchScope<'a> {
    /// The state of all devices.
    Status,
    /// Besides, the configuration of the home: names, rooms, types, parents. That of a snapshot
    /// before is taken where the engine says that it is still the same.
    All(Option<&'a Snapshot>),
}

/// Fetches the home. Takes at most `luup.timeout` in all. Where only the configuration cannot be had,
/// that from before is taken, else the summary of it (`id=sdata`), else none:
/// [`Snapshot::lacks`] tells why.
///
/// # Errors
/// The engine gave no answer that can be used, or one beyond the [`limits`](super::limits).
pub fn fetch(access: &LuupAccess, wanted: FetchScope<'_>) -> Result<Snapshot, LuupError> {
    let mut client = LuupClient::new(access)?;
    let mut home = Builder::default();
    let mut read =
        |id, kind, home: &mut Builder| client.read(id, &mut |answer| home.document(kind, answer));
    read(STATUS, AnswerKind::Status, &mut home)?;
    let FetchScope::All(before) = wanted else {
        return Ok(home.finish());
    };
    let now = home.edition(&access.engine());
    if let (Some(before), Some(now)) = (before, &now) {
        if home.take_configuration(before, now)? {
            return Ok(home.finish());
        }
    }
    match read(USER_DATA, AnswerKind::UserData, &mut home) {
        Ok(()) => home.is_of(now),
        Err(why) => {
            home.lacks(why);
            match before {
                Some(before) => home.copy_configuration(before)?,
                // Without either, the states are as good as before.
                None if read(SUMMARY, AnswerKind::Summary, &mut home).is_err() => {
                    home.forget_configuration();
                }
                None => {}
            }
        }
    }
    Ok(home.finish())
}

/// Fetches the answer to `id=status` as it is.
pub fn fetch_text(access: &LuupAccess) -> Result<String, LuupError> {
    LuupClient::new(access)?.get_json(STATUS)
}

/// The engine, for one job.
pub(super) struct LuupClient(EngineWay);

impl LuupClient {
    pub(super) fn new(access: &LuupAccess) -> Result<Self, LuupError> {
        EngineWay::new(access).map(Self)
    }

    fn get_json(&mut self, id: &str) -> Result<String, LuupError> {
        json(self.get(id)?)
    }

    /// Reads an answer as it comes, so far as is wanted of it.
    pub(super) fn read(
        &mut self,
        id: &str,
        take: &mut dyn FnMut(&mut dyn Read) -> Result<(), LuupError>,
    ) -> Result<(), LuupError> {
        let mut answer = self.0.ask(id)?;
        let mut body = answer.stream(MAX_BYTES)?;
        let taken = take(&mut body);
        if let Some(failure) = body.failure {
            return Err(failure.into());
        }
        taken
    }

    pub(super) fn get(&mut self, id: &str) -> Result<String, LuupError> {
        let mut answer = self.0.ask(id)?;
        let bytes = answer.read(MAX_BYTES)?;
        // Each byte that is no text becomes a character of three.
        let text = String::from_utf8(bytes);
        let text = text.unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        match text.len() as u64 > MAX_BYTES {
            true => Err(LuupError::TooBig),
            false => Ok(text),
        }
    }
}

/// Tells apart the texts that Luup answers with 200 while it cannot do better.
fn json(answer: String) -> Result<String, LuupError> {
    match answer.trim_start_matches('\u{feff}').trim() {
        "" => Err(LuupError::Empty),
        text if !text.starts_with(['{', '[']) => Err(LuupError::Text(beginning(text))),
        _ => Ok(answer),
    }
}

pub(super) fn beginning(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_place_of_json_are_named() {
        let text = |answer: &str| json(answer.to_owned()).unwrap_err();
        assert_eq!(text(" \n"), LuupError::Empty);
        assert_eq!(text("Exiting"), LuupError::Text("Exiting".to_owned()));
        assert_eq!(
            text("NO_CHANGES\n").to_string(),
            "luup: the answer is no JSON but the text \"NO_CHANGES\""
        );
    }
}
