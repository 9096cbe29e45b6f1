//! From a user and his password to a session at the relay of his box. Six requests, or at most ten where
//! servers are out of order.

use std::time::Instant;

use super::answers::{self, MAX_ANSWER, MmsBox, MmsIdentity, Pair};
use super::kept::RelaySession;
use super::servers::server;
use crate::base::config::MmsConfig;
use crate::base::digest::hex;
use crate::base::percent;
use crate::base::secret::Secret;
use crate::base::url::Url;
use crate::http::{HttpClient, HttpRequest, Method};
use crate::luup::LuupError;

/// Numbers of boxes that a message names.
const SHOWN: usize = 5;

/// Logs in, and opens a session at the relay.
pub(super) fn log_in(config: &MmsConfig, http: &mut HttpClient) -> Result<RelaySession, LuupError> {
    let since = Instant::now();
    let mut login = MmsLogin { config, http };
    let identity = login.identity()?;
    let path = format!("/account/account/account/{}/devices", identity.account);
    let devices = login.ask_one_of(&identity, &identity.servers, &path)?;
    let found = answers::boxes(&devices).ok_or_else(|| not_told("the boxes of the account"))?;
    let own = own_box(config, found)?;
    let path = format!("/device/device/device/{}", own.number);
    let device = login.ask_one_of(&identity, &own.servers, &path)?;
    let relays = answers::relays(&device).ok_or_else(|| not_told("the relay of the box"))?;
    let (relay, token) = login.open_one_of(&identity, &relays)?;
    log::info!("luup: a session is open at the relay {}", relay.authority());
    Ok(RelaySession {
        relay,
        token,
        device: own.number,
        since,
        life: identity.life,
    })
}

/// `SHA1Password`.
fn proof(config: &MmsConfig) -> String {
    let name = config.username.to_lowercase();
    let text = [&name, config.password.reveal(), config.seed.reveal()].concat();
    hex(&openssl::sha::sha1(text.as_bytes()))
}

fn own_box(config: &MmsConfig, found: Vec<MmsBox>) -> Result<MmsBox, LuupError> {
    if let Some(wanted) = &config.device {
        let own = found.into_iter().find(|one| one.number == *wanted);
        let why = || format!("the account has no box {wanted}; correct mms.device");
        return own.ok_or_else(|| LuupError::Relay(why()));
    }
    let found = match <[MmsBox; 1]>::try_from(found) {
        Ok([own]) => return Ok(own),
        Err(found) => found,
    };
    let numbers: Vec<&str> = found.iter().map(|one| &*one.number).take(SHOWN).collect();
    let why = match numbers.is_empty() {
        true => "the account has no box".to_owned(),
        false => format!(
            "the account has several boxes, among them {}; set mms.device",
            numbers.join(", ")
        ),
    };
    Err(LuupError::Relay(why))
}

fn not_told(what: &str) -> LuupError {
    LuupError::Relay(format!("no server tells {what}"))
}

/// Whether another server may do better.
fn is_out_of_order(error: &LuupError) -> bool {
    matches!(
        error,
        LuupError::Unreachable(_) | LuupError::Timeout | LuupError::TooBig
    )
}

struct MmsLogin<'a> {
    config: &'a MmsConfig,
    http: &'a mut HttpClient,
}

impl MmsLogin<'_> {
    fn identity(&mut self) -> Result<MmsIdentity, LuupError> {
        let config = self.config;
        let server = config.server.as_ref();
        let server = server.ok_or_else(|| LuupError::Relay("mms.server is not set".to_owned()))?;
        let name = config.username.to_lowercase();
        let path = format!(
            "/autha/auth/username/{}?SHA1Password={}&PK_Oem={}",
            percent::encode(&name, percent::in_url),
            proof(config),
            config.oem
        );
        let answer = self.get(server, &path, &[])?;
        MmsIdentity::read(&answer).ok_or_else(|| not_told("who we are"))
    }

    /// Asks for a path at the first of two servers that is in order, in a session of its own.
    fn ask_one_of(
        &mut self,
        identity: &MmsIdentity,
        servers: &Pair,
        path: &str,
    ) -> Result<String, LuupError> {
        self.at_one_of(servers, &mut |login, server| {
            let token = login.session(identity, server)?;
            login.get(server, path, &[("MMSSession", &token)])
        })
        .map(|(_, answer)| answer)
    }

    /// Opens a session at the first of two servers that is in order.
    fn open_one_of(
        &mut self,
        identity: &MmsIdentity,
        servers: &Pair,
    ) -> Result<(Url, Secret), LuupError> {
        let (server, token) = self.at_one_of(servers, &mut |login, server| {
            let token = login.session(identity, server)?;
            Ok(token.reveal().to_owned())
        })?;
        Ok((server, Secret::new(token)))
    }

    fn at_one_of(
        &mut self,
        servers: &Pair,
        each: &mut dyn FnMut(&mut Self, &Url) -> Result<String, LuupError>,
    ) -> Result<(Url, String), LuupError> {
        let mut failure = None;
        for name in servers.iter().filter(|name| !name.is_empty()) {
            let Some(server) = server(self.config, name) else {
                failure.get_or_insert(LuupError::Relay(format!(
                    "an answer leads to {name:.100?}, which is not of the domain of mms.server; if it \
                     is right, set mms.domain"
                )));
                continue;
            };
            match each(self, &server) {
                Ok(answer) => return Ok((server, answer)),
                Err(error) if is_out_of_order(&error) => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(|| not_told("the next server")))
    }

    fn session(&mut self, identity: &MmsIdentity, server: &Url) -> Result<Secret, LuupError> {
        let headers = [
            ("MMSAuth", &identity.identity),
            ("MMSAuthSig", &identity.signature),
        ];
        let answer = self.get(server, "/info/session/token", &headers)?;
        answers::token(&answer).ok_or_else(|| not_told("the token of a session"))
    }

    fn get(
        &mut self,
        server: &Url,
        target: &str,
        headers: &[(&'static str, &Secret)],
    ) -> Result<String, LuupError> {
        let url = Url {
            target: target.to_owned(),
            ..server.clone()
        };
        let mut request = HttpRequest::new(Method::GET, &url);
        for (name, value) in headers {
            request = request.spelled_header(name, value.reveal());
        }
        let mut answer = self.http.send(&mut request)?;
        match answer.status {
            200 => {}
            status @ 500.. => {
                let why = format!("{} answers with HTTP status {status}", server.authority());
                return Err(LuupError::Unreachable(why));
            }
            status => {
                return Err(LuupError::Relay(format!(
                    "{} refuses with HTTP status {status}; check mms.username, mms.password, \
                     mms.seed and mms.oem",
                    server.authority()
                )));
            }
        }
        let bytes = answer.read(MAX_ANSWER)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z49_the_proof_is_the_hash_of_name_password_and_seed() {
        let config = MmsConfig {
            username: "Alice".into(),
            password: Secret::new("secret"),
            seed: Secret::new("seed"),
            ..MmsConfig::default()
        };
        // printf alicesecretseed | sha1sum
        assert_eq!(proof(&config), "cf7e7dad6a2dfea59831abfec31a20d2af96fecd");
    }

    #[test]
    fn z51_the_box_is_the_one_that_is_named_or_the_only_one() {
        let found = |numbers: &[&str]| {
            let one = |number: &&str| MmsBox {
                number: (*number).to_owned(),
                servers: Pair::default(),
            };
            numbers.iter().map(one).collect::<Vec<_>>()
        };
        let own = |device: Option<&str>, numbers: &[&str]| {
            let config = MmsConfig {
                device: device.map(str::to_owned),
                ..MmsConfig::default()
            };
            let own = own_box(&config, found(numbers)).map(|own| own.number);
            own.map_err(|error| error.to_string())
        };
        assert_eq!(own(None, &["35"]), Ok("35".to_owned()));
        assert_eq!(own(Some("36"), &["35", "36"]), Ok("36".to_owned()));
        assert!(own(None, &["35", "36"]).unwrap_err().contains("mms.device"));
        assert!(own(Some("3"), &["35"]).unwrap_err().contains("mms.device"));
        assert!(own(None, &[]).is_err());
    }
}
