//! Who may ask for a session: what holds for each way in.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::digest::Coding;
use crate::base::prefix::AddressPrefix;
use crate::base::secret::Secret;

/// What a valid request has to know, and where it may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access<'a> {
    /// The path of the connection-request URL, with its `/`; of a request over HTTP alone.
    pub path: &'a str,
    /// `ManagementServer.ConnectionRequestUsername`.
    pub username: &'a str,
    /// `ManagementServer.ConnectionRequestPassword`. Where one of both is empty nobody can
    /// authenticate.
    pub password: &'a Secret,
    /// Basic is taken too, over HTTP, though it shows the password to everybody on the way.
    pub takes_basic: bool,
    /// The only networks whose requests are heard; `None` = all, an empty list = none.
    pub allowed: Option<&'a [AddressPrefix]>,
    /// So many authenticated requests are accepted at once, and as many in each `period` after,
    /// whichever way they come: see [`Quota`](super::Quota).
    pub max_requests: u32,
    /// See `max_requests`.
    pub period: Duration,
}

impl Access<'_> {
    /// Whether anybody can authenticate at all.
    pub fn has_credentials(&self) -> bool {
        !self.username.is_empty() && !self.password.is_empty()
    }

    /// Whether requests from this address are heard; an IPv4 address stands as one.
    pub(super) fn hears(&self, address: IpAddr) -> bool {
        let mut networks = self.allowed.into_iter().flatten();
        self.allowed.is_none() || networks.any(|network| network.contains(address))
    }

    /// The codings in which a client may write what is to be known: one where all are the same.
    pub(super) fn codings(&self) -> &'static [Coding] {
        match self.username.is_ascii() && self.password.reveal().is_ascii() {
            true => &[Coding::Utf8],
            false => &Coding::ALL,
        }
    }
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
pub(super) fn same(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    let (one, other) = (one.as_ref(), other.as_ref());
    let pairs = one.iter().zip(other);
    let differences = pairs.fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_text_is_the_same() {
        assert!(same("secret", "secret") && same("", ""));
        for other in ["", "s", "secre", "secrets", "secreT", "Secret", "other!"] {
            assert!(!same("secret", other), "{other}");
            assert!(!same(other, "secret"), "{other}");
        }
    }
}
