//! HTTP with the Luup engine, over loopback: `GET /data_request?id=...`. Blocking, for a job.
//!
//! Luup answers in chunks (`Transfer-Encoding: Chunked`, with a capital) and keeps its sockets open
//! whatever it is told: an answer ends with its last chunk, and the connection is dropped after
//! the last request of a job.

use std::time::Instant;

use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::TcpConnector;

use super::key::Key;
use super::{LuupError, Snapshot};
use crate::base::config::LuupConfig;
use crate::base::percent;

/// Longest answer read: 371 devices are 1.5 MB, and Z-Wave knows 232 nodes.
pub const MAX_BYTES: u64 = 8 << 20;

/// Characters of a refusing answer that are shown.
const SHOWN: usize = 60;

/// Fetches the state of the home, with `want_user_data` also its configuration: names, rooms,
/// types, parents. Takes at most `cfg.timeout` in all.
pub fn fetch(cfg: &LuupConfig, want_user_data: bool) -> Result<Snapshot, LuupError> {
    let client = Client::new(cfg)?;
    let status = json(client.get("status&output_format=json")?)?;
    let user_data = match want_user_data {
        // Without static_data, half of the answer on a real box, of which no row needs anything.
        true => Some(json(client.get("user_data&ns=1&output_format=json")?)?),
        false => None,
    };
    Snapshot::read(&status, user_data.as_deref())
}

/// Fetches the answer to `id=status` as it is.
pub fn fetch_text(cfg: &LuupConfig) -> Result<String, LuupError> {
    json(Client::new(cfg)?.get("status&output_format=json")?)
}

/// Writes one value: a variable by `variableset`, name and room by `rename`. `key` and `device`
/// come from [`Home::target`](super::Home::target), since Luup wants the full name of the service.
/// Takes at most `cfg.timeout`. A node that sleeps takes the value when it wakes.
pub fn write(cfg: &LuupConfig, key: &str, device: u32, value: &str) -> Result<(), LuupError> {
    let coded = |text| percent::encode(text, percent::in_url);
    let value = coded(value);
    let request = match Key::parse(key) {
        Ok(Key::Variable { service, variable }) if service.contains(':') => format!(
            "variableset&DeviceNum={device}&serviceId={}&Variable={}&Value={value}",
            coded(service),
            coded(variable)
        ),
        Ok(Key::Field(field @ ("name" | "room"))) => {
            format!("device&action=rename&device={device}&{field}={value}")
        }
        _ => return Err(LuupError::NotWritable(key.to_owned())),
    };
    let answer = Client::new(cfg)?.get(&request)?;
    match answer.trim() {
        "" => Err(LuupError::Empty),
        // Bare on some versions, in XML on others.
        done if done == "OK" || done.contains("<OK>OK</OK>") => Ok(()),
        other => Err(LuupError::Refused(beginning(other))),
    }
}

struct Client<'a> {
    agent: Agent,
    base: &'a str,
    end: Option<Instant>,
}

impl<'a> Client<'a> {
    fn new(cfg: &'a LuupConfig) -> Result<Self, LuupError> {
        let base = cfg.url.trim_end_matches('/');
        if !base.starts_with("http://") {
            return Err(LuupError::BadUrl(cfg.url.clone()));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("cwmpd")
            .build();
        Ok(Self {
            // Without what ureq has for TLS and proxies.
            agent: Agent::with_parts(config, TcpConnector::default(), DefaultResolver::default()),
            base,
            end: Instant::now().checked_add(cfg.timeout),
        })
    }

    fn get(&self, id: &str) -> Result<String, LuupError> {
        let left = self
            .end
            .map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(LuupError::Timeout);
        }
        let request = self
            .agent
            .get(format!("{}/data_request?id={id}", self.base));
        let mut answer = request.config().timeout_global(left).build().call()?;
        if answer.status() != 200 {
            return Err(LuupError::Status(answer.status().as_u16()));
        }
        let body = answer.body_mut().with_config().limit(MAX_BYTES);
        let bytes = body.read_to_vec()?;
        // A name in another encoding must not cost the whole home.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}

impl From<ureq::Error> for LuupError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Timeout,
            ureq::Error::BodyExceedsLimit(_) => Self::TooBig,
            ureq::Error::BadUri(uri) => Self::BadUrl(uri),
            other => Self::Unreachable(other.to_string()),
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

fn beginning(text: &str) -> String {
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
