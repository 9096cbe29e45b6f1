//! Why a transfer failed, for those who ordered it: in a code of the standard (TR-069 A.5.1), and in
//! words for a support engineer.

use crate::base::excerpt::excerpt;
use crate::base::url;
use crate::cwmp::{Direction, TransferOrder};
use crate::http::{ExchangePhase, HttpError};
use crate::soap::{TransferFault, code};

/// `FaultString` has as many characters at most.
const MAX_STRING: usize = 256;

/// Characters of the address in it.
const MAX_ADDRESS: usize = 100;

/// What went wrong, before it is told to a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something of this box, or nothing that the standard has a code for.
    Generic,
    /// The server does not let us in.
    Authentication,
    /// There is no talking to the server.
    Contact,
    /// It does not give the file, or does not take it.
    Access,
    /// It gave only a part.
    Incomplete,
    /// What it gave cannot be the file.
    Corrupted,
}

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(super) struct TransferFailure {
    pub fault: TransferFault,
    /// Whether another attempt may bring something else.
    pub again: bool,
}

impl TransferFailure {
    /// The failure of an order, for good.
    pub fn new(order: &TransferOrder, cause: Cause, why: &str) -> Self {
        let generic = match order.direction {
            Direction::Download => code::TRANSFER_FAILURE,
            Direction::Upload => code::UPLOAD_FAILURE,
        };
        // What is told apart of access and completion is of downloads alone.
        let code = match (cause, order.direction) {
            (Cause::Authentication, _) => code::SERVER_AUTHENTICATION,
            (Cause::Contact, _) => code::CANNOT_CONTACT_SERVER,
            (Cause::Access, Direction::Download) => code::CANNOT_ACCESS_FILE,
            (Cause::Incomplete, Direction::Download) => code::INCOMPLETE_DOWNLOAD,
            (Cause::Corrupted, Direction::Download) => code::FILE_CORRUPTED,
            _ => generic,
        };
        let address = url::shown(&order.url);
        let address = excerpt(&address, MAX_ADDRESS);
        let room = MAX_STRING.saturating_sub(address.chars().count() + 3);
        let printable: String = why.chars().filter(|c| !c.is_control()).collect();
        let string = format!("{} ({address})", excerpt(&printable, room));
        Self {
            fault: TransferFault { code, string },
            again: false,
        }
    }

    /// Another attempt may help.
    pub fn passing(mut self) -> Self {
        self.again = true;
        self
    }

    /// Where there was a part already, it is the download that is not complete.
    pub fn after_a_part(mut self, begun: bool) -> Self {
        if begun && self.fault.code == code::CANNOT_CONTACT_SERVER {
            self.fault.code = code::INCOMPLETE_DOWNLOAD;
        }
        self
    }

    /// The exchange failed, before a body began to move or after so many bytes of it.
    pub fn of(order: &TransferOrder, error: &HttpError, moved: Option<u32>) -> Self {
        use HttpError as E;
        let cause = match error {
            E::NoCredentials(_)
            | E::BadCredentials
            | E::AuthFailed(_)
            | E::AuthUnsupported { .. }
            | E::BasicRefused(_)
            | E::BasicUser(_) => Cause::Authentication,
            E::Encoded { .. } => Cause::Corrupted,
            E::TooLarge { .. } | E::BadHeader(_) | E::Source(_) | E::Sink(_) => Cause::Generic,
            E::Timeout {
                phase: ExchangePhase::Exchange | ExchangePhase::Deadline,
                ..
            } => Cause::Incomplete,
            _ if moved.is_some() => Cause::Incomplete,
            _ => Cause::Contact,
        };
        let passes = matches!(
            error,
            E::Resolve { .. }
                | E::Connect { .. }
                | E::Handshake { .. }
                | E::Timeout { .. }
                | E::Unanswered(_)
                | E::Disconnected(_)
                | E::Broken { .. }
        );
        let advice = match error {
            E::NoCredentials(_) => "; the order has no Username",
            E::BasicRefused(_) => "; or allow it with option acs.basic_over_http",
            E::AuthFailed(_) => " of the order",
            _ => "",
        };
        let moved = moved.map_or_else(String::new, |bytes| format!("after {bytes} bytes: "));
        let failure = Self::new(order, cause, &format!("{moved}{error}{advice}"));
        match passes {
            true => failure.passing(),
            false => failure,
        }
    }

    /// The server answers with a status that is no success.
    pub fn of_status(order: &TransferOrder, host: &str, status: u16) -> Self {
        let (cause, why) = match status {
            403 => (Cause::Access, "it does not allow that"),
            404 | 410 => (Cause::Access, "there is no such file, or folder"),
            405 | 501 => (Cause::Access, "it does not take such a request there"),
            407 => (
                Cause::Contact,
                "a proxy wants credentials; proxies are not supported",
            ),
            411 => (Cause::Access, "it misses the length"),
            413 | 507 => (Cause::Access, "it has no room for the file"),
            300..400 => (Cause::Access, "a redirect that is not followed"),
            408 | 429 | 502..=504 => (Cause::Access, "it is overloaded or out of order"),
            500.. => (Cause::Access, "it failed; see its log"),
            _ => (Cause::Access, "that is no file"),
        };
        let failure = Self::new(order, cause, &format!("{host} answers {status}: {why}"));
        match status {
            408 | 429 | 502..=504 => failure.passing(),
            _ => failure,
        }
    }
}
