//! HTTP with the Luup engine, over loopback: `GET /data_request?id=...`. Blocking, for a job.
//!
//! Luup answers in chunks (`Transfer-Encoding: Chunked`, with a capital) and keeps its sockets open
//! whatever it is told: an answer ends with its last chunk, and the connection is dropped after
//! the last request of a job.

use std::time::Instant;

use super::key::LuupKey;
use super::limits::MAX_BYTES;
use super::owner::Owners;
use super::snapshot::Builder;
use super::{LuupError, Snapshot};
use crate::base::config::{LuupConfig, TlsConfig};
use crate::base::percent;
use crate::base::url::{self, Url};
use crate::http::{
    Credentials, HttpClient, HttpError, HttpRequest, HttpSettings, KeptTls, Method, TimeLimits,
};

/// Characters of a refusing answer that are shown.
const SHOWN: usize = 60;

/// Addresses set aside for one answer, of which only the memory is used that it fills: glibc gives a
/// block back to the system when it is freed, as musl does with all that are large, but learns from
/// each that is shorter than this to keep those of its size.
const ROOM: usize = 33 << 20;

/// The state of all devices.
const STATUS: &str = "status&output_format=json";

/// The configuration, without static_data: half of the answer on a real box, of which no row needs
/// anything.
const USER_DATA: &str = "user_data&ns=1&output_format=json";

/// What is wanted of the engine.
#[derive(Clone, Copy, Debug)]
pub enum FetchScope<'a> {
    /// The state of all devices.
    Status,
    /// Besides, the configuration of the home: names, rooms, types, parents. That of a snapshot
    /// before is taken where the engine says that it is still the same.
    All(Option<&'a Snapshot>),
}

/// Fetches the home. Takes at most `cfg.timeout` in all.
///
/// # Errors
/// The engine gave no answer that can be used, or one beyond the [`limits`](super::limits).
pub fn fetch(cfg: &LuupConfig, wanted: FetchScope<'_>) -> Result<Snapshot, LuupError> {
    let mut client = LuupClient::new(cfg)?;
    let FetchScope::All(before) = wanted else {
        return Snapshot::read([client.get_json(STATUS)]);
    };
    let mut home = Builder::default();
    home.document(&client.get_json(STATUS)?)?;
    let now = home.edition(&cfg.url);
    if let (Some(before), Some(now)) = (before, &now) {
        if home.take_configuration(before, now)? {
            return Ok(home.finish());
        }
    }
    home.document(&client.get_json(USER_DATA)?)?;
    home.is_of(now);
    Ok(home.finish())
}

/// Fetches the answer to `id=status` as it is.
pub fn fetch_text(cfg: &LuupConfig) -> Result<String, LuupError> {
    LuupClient::new(cfg)?.get_json(STATUS)
}

/// Writes one value: a variable by `variableset`, name and room by `rename`. `key` and `device`
/// come from [`Home::target`](super::Home::target), since Luup wants the full name of the service.
/// Takes at most `cfg.timeout`. A node that sleeps takes the value when it wakes.
pub fn write(cfg: &LuupConfig, key: &str, device: u32, value: &str) -> Result<(), LuupError> {
    let coded = |text| percent::encode(text, percent::in_url);
    let value = coded(value);
    let request = match LuupKey::parse(key) {
        Ok(LuupKey::Variable { service, variable }) if service.contains(':') => format!(
            "variableset&DeviceNum={device}&serviceId={}&Variable={}&Value={value}",
            coded(&service),
            coded(&variable)
        ),
        Ok(LuupKey::Field(field)) if matches!(&*field, "name" | "room") => {
            format!("device&action=rename&device={device}&{field}={value}")
        }
        _ => return Err(LuupError::NotWritable(key.to_owned())),
    };
    let answer = LuupClient::new(cfg)?.get(&request)?;
    match answer.trim() {
        "" => Err(LuupError::Empty),
        // Bare on some versions, in XML on others.
        done if done == "OK" || done.contains("<OK>OK</OK>") => Ok(()),
        other => Err(LuupError::Refused(beginning(other))),
    }
}

/// The engine, for one job.
pub(super) struct LuupClient {
    http: HttpClient,
    owners: Owners,
    base: Url,
}

impl LuupClient {
    pub(super) fn new(cfg: &LuupConfig) -> Result<Self, LuupError> {
        let base = Url::parse(&cfg.url).ok().filter(|base| !base.secure);
        let base = base.ok_or_else(|| LuupError::BadUrl(url::shown(&cfg.url)))?;
        let http = HttpClient::new(HttpSettings {
            tls: TlsConfig::default(),
            kept_tls: KeptTls::default(),
            check_dates: true,
            credentials: Credentials::default(),
            limits: TimeLimits {
                connect: cfg.timeout,
                response: cfg.timeout,
                exchange: cfg.timeout,
                deadline: Instant::now().checked_add(cfg.timeout),
            },
            watch: None,
        });
        let owners = Owners::new(cfg)?;
        Ok(Self { http, owners, base })
    }

    fn get_json(&mut self, id: &str) -> Result<String, LuupError> {
        json(self.get(id)?)
    }

    pub(super) fn get(&mut self, id: &str) -> Result<String, LuupError> {
        let folder = self.base.target.trim_end_matches('/');
        let url = Url {
            target: format!("{folder}/data_request?id={id}"),
            ..self.base.clone()
        };
        self.owners.check_host(&self.base.host, self.base.port)?;
        let mut answer = self.http.send(&mut HttpRequest::new(Method::GET, &url))?;
        if answer.status != 200 {
            return Err(LuupError::Status(answer.status));
        }
        // A name in another encoding must not cost the whole home. Each byte of it that is no text
        // becomes a character of three.
        let mut bytes = Vec::new();
        if cfg!(target_env = "gnu") {
            // Where it cannot be had, the answer may do with less.
            let _ = bytes.try_reserve_exact(ROOM);
        }
        answer.copy_to(&mut bytes, MAX_BYTES)?;
        if let Some((local, peer)) = self.http.ends() {
            self.owners.check_peer(local, peer)?;
        }
        let text = String::from_utf8(bytes);
        let text = text.unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        match text.len() as u64 > MAX_BYTES {
            true => Err(LuupError::TooBig),
            false => Ok(text),
        }
    }
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
