//! The engine through MMS, the cloud side of MiOS. Documented nowhere; so it is as public clients of it
//! have it:
//!
//! | server | request, HTTPS GET | with | says |
//! |---|---|---|---|
//! | `mms.server` | `/autha/auth/username/NAME?SHA1Password=HEX&PK_Oem=N` | | Identity, IdentitySignature, Server_Account |
//! | each of the next three | `/info/session/token` | MMSAuth, MMSAuthSig | the token of a session there, as text |
//! | Server_Account | `/account/account/account/PK_Account/devices` | MMSSession | each PK_Device, its Server_Device |
//! | Server_Device | `/device/device/device/PK_Device` | MMSSession | Server_Relay |
//! | Server_Relay | `/relay/relay/relay/device/PK_Device/port_3480/data_request?id=...` | MMSSession | what the engine answers |
//!
//! * `HEX` is the SHA-1 of the user's name in lower case, his password and a seed of the maker's.
//!   PK_Account stands in Identity, which is JSON in Base64.
//! * Where a server cannot be reached or is out of order, the one of the same name with `_Alt` is tried.
//! * All are met over TLS, and none outside of one domain ([`servers`]): what one of them says leads to
//!   no other machine.
//! * A session is kept in memory as long as Identity is said to hold, and renewed once where the
//!   relay does not know it any more. It outlives a relay that hangs up on a question that waits for
//!   a change, as it may after half a minute. What fails is not tried again before a pause ([`kept`]).

mod answers;
mod kept;
mod login;
mod servers;

#[cfg(feature = "inside")]
pub use self::answers::check_answer;
pub use self::kept::KeptRelay;
use self::kept::RelaySession;
use super::{LuupAccess, LuupError};
use crate::base::config::MmsConfig;
use crate::base::url::Url;
use crate::http::{HttpAnswer, HttpClient, HttpError, HttpRequest, Method};

/// The way through MMS, for one job.
pub(super) struct RelayWay {
    access: LuupAccess,
    config: MmsConfig,
    /// For the log-in, which is to be done in time however long the engine may wait.
    login: HttpClient,
    /// For the relay.
    http: HttpClient,
}

impl RelayWay {
    pub fn new(
        access: &LuupAccess,
        config: MmsConfig,
        login: HttpClient,
        http: HttpClient,
    ) -> Self {
        Self {
            access: access.clone(),
            config,
            login,
            http,
        }
    }

    /// Asks for `id=...`.
    pub fn ask(&mut self, id: &str) -> Result<HttpAnswer, LuupError> {
        let session = self.session()?;
        let mut answer = self.ask_in(&session, id)?;
        if is_over(&answer) && self.access.kept_relay.is_over(&session) {
            let renewed = self.session()?;
            answer = self.ask_in(&renewed, id)?;
            if is_over(&answer) {
                self.access.kept_relay.is_over(&renewed);
            }
        }
        if answer.status == 200 {
            self.access.kept_relay.has_worked();
        }
        Ok(answer)
    }

    fn session(&mut self) -> Result<RelaySession, LuupError> {
        let kept = &self.access.kept_relay;
        kept.session(&self.config, &self.access, &mut self.login)
    }

    fn ask_in(&mut self, session: &RelaySession, id: &str) -> Result<HttpAnswer, LuupError> {
        let device = &session.device;
        let url = Url {
            target: format!("/relay/relay/relay/device/{device}/port_3480/data_request?id={id}"),
            ..session.relay.clone()
        };
        let mut request = HttpRequest::new(Method::GET, &url)
            .spelled_header("MMSSession", session.token.reveal());
        self.http.send(&mut request).map_err(|error| {
            let is_impatient = !self.access.wait.is_zero() && is_cut(&error);
            let error = LuupError::from(error);
            // That we hung up ourselves tells nothing of the relay, nor that it has no more patience
            // than the engine: the next question that does not wait tells.
            let is_lost = matches!(error, LuupError::Unreachable(_)) && !is_impatient;
            if is_lost && !self.access.is_hung_up() {
                // The box may be at another relay now.
                self.access.kept_relay.is_lost(session);
            }
            error
        })
    }
}

/// Whether there was a connection, which ended.
fn is_cut(error: &HttpError) -> bool {
    matches!(
        error,
        HttpError::Unanswered(_) | HttpError::Disconnected(_) | HttpError::Broken { .. }
    )
}

/// Whether the relay does not know the session, or not any more.
fn is_over(answer: &HttpAnswer) -> bool {
    matches!(answer.status, 401 | 403)
}
