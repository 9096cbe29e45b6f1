//! Who answers on a port of the box itself. Port 3480 is open to every user: whoever is there before
//! the engine is could pose as it. So the kernel is asked whose the other end of each connection is, and
//! whose the port that it leads to, before anything is sent: by questions for these sockets ([`diag`]) or
//! by its tables of all ([`tables`]). Of an engine on another machine nothing can be known.

mod diag;
mod tables;

use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::unistd::{Uid, User, geteuid};

use super::{LuupAccess, LuupError};
use crate::http::ExchangeWatch;

/// States of a socket (`tcp_states.h`): one that is connected, one that is about to be, one that waits
/// for others.
const ESTABLISHED: u8 = 0x01;
const SYN_RECEIVED: u8 = 0x03;
const LISTENING: u8 = 0x0A;

/// Lets connections lead to root, to the agent's own user and to `luup.user` only.
#[derive(Debug)]
pub(super) struct OwnerWatch {
    allowed: Vec<u32>,
    /// Who else looks at the exchange.
    other: Option<Arc<dyn ExchangeWatch>>,
    /// Why the last connection was refused.
    refusal: Mutex<Option<LuupError>>,
}

impl OwnerWatch {
    pub(super) fn new(access: &LuupAccess) -> Result<Self, LuupError> {
        let mut allowed = vec![0, geteuid().as_raw()];
        if let Some(name) = &access.config.user {
            let user = User::from_name(name).ok().flatten();
            let user = user.ok_or_else(|| LuupError::UnknownUser(name.clone()))?;
            allowed.push(user.uid.as_raw());
        }
        Ok(Self {
            allowed,
            other: access.watch(),
            refusal: Mutex::default(),
        })
    }

    /// Why the last connection was refused, if it was and nobody asked yet.
    pub(super) fn take_refusal(&self) -> Option<LuupError> {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.take()
    }

    /// Of a connection that stands. One that no process took yet is whose the port is.
    fn check(&self, ours: SocketAddr, theirs: SocketAddr) -> Result<(), LuupError> {
        let (ours, theirs) = (canonical(ours), canonical(theirs));
        if !(theirs.ip().is_loopback() || theirs.ip() == ours.ip()) {
            return Ok(());
        }
        let owners = match diag::owners(ours, theirs) {
            Some(owners) => owners.to_vec(),
            None => tables::owners(ours, theirs)?,
        };
        if owners.is_empty() {
            let why = "it closed the connection, or the port";
            return Err(LuupError::NobodyTells(why.to_owned()));
        }
        let stranger = owners.iter().find(|user| !self.allowed.contains(user));
        stranger.map_or(Ok(()), |number| {
            let user = User::from_uid(Uid::from_raw(*number)).ok().flatten();
            let name = user.map_or_else(|| number.to_string(), |user| user.name);
            Err(LuupError::NotItsUser(theirs.port(), format!("user {name}")))
        })
    }
}

impl ExchangeWatch for OwnerWatch {
    fn goes_on(&self) -> bool {
        self.other.as_ref().is_none_or(|other| other.goes_on())
    }

    fn may_meet(&self, ours: SocketAddr, theirs: SocketAddr) -> bool {
        let refusal = self.check(ours, theirs).err();
        let other = self.other.as_ref();
        let may_meet = refusal.is_none() && other.is_none_or(|other| other.may_meet(ours, theirs));
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
        may_meet
    }

    fn connected(&self, socket: BorrowedFd<'_>) {
        if let Some(other) = &self.other {
            other.connected(socket);
        }
    }

    fn looks_every(&self) -> Option<Duration> {
        self.other.as_ref().and_then(|other| other.looks_every())
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use cwmpd_lab::shared::skip;

    use super::*;

    /// Where an engine may listen; it is asked at 127.0.0.1 or ::1.
    pub(super) const ADDRESSES: [&str; 4] = ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"];

    /// Somebody who listens there, and the address that leads to him.
    pub(super) fn listen(address: &str) -> Option<(TcpListener, SocketAddr)> {
        let Ok(listener) = TcpListener::bind(address) else {
            skip(&format!("{address}, which this machine does not have"));
            return None;
        };
        let mut bound = listener.local_addr().unwrap();
        if bound.ip().is_unspecified() {
            bound.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Some((listener, bound))
    }

    fn watch_for(allowed: Vec<u32>) -> OwnerWatch {
        OwnerWatch {
            allowed,
            other: None,
            refusal: Mutex::default(),
        }
    }

    fn is_refused(checked: Result<(), LuupError>) -> bool {
        let refusal = checked.err();
        matches!(
            refusal,
            Some(LuupError::NotItsUser(..) | LuupError::NobodyTells(_))
        )
    }

    #[test]
    fn s31_the_other_end_is_found_among_the_sockets_of_the_box() {
        let ours = watch_for(vec![geteuid().as_raw()]);
        let others = watch_for(vec![]);
        for address in ADDRESSES {
            let Some((listener, bound)) = listen(address) else {
                continue;
            };
            let client = TcpStream::connect(bound).unwrap();
            let ends = (client.local_addr().unwrap(), client.peer_addr().unwrap());
            let check = |watch: &OwnerWatch| watch.check(ends.0, ends.1);
            assert_eq!(check(&ours), Ok(()), "{address}, nobody took it yet");
            assert!(is_refused(check(&others)), "{address}, nobody took it yet");
            let accepted = listener.accept().unwrap();
            assert_eq!(check(&ours), Ok(()), "{address}");
            assert!(is_refused(check(&others)), "{address}");
            assert!(!others.may_meet(ends.0, ends.1));
            assert!(is_refused(others.take_refusal().map_or(Ok(()), Err)));
            assert_eq!(others.take_refusal(), None);
            drop(accepted);
            // Whoever has the port: it is not he who took the connection.
            assert!(is_refused(check(&ours)), "nobody is left");
        }
    }

    #[test]
    fn s31_of_another_machine_nothing_is_known() {
        let nobody = watch_for(vec![]);
        let [local, peer] = ["192.0.2.1:9", "192.0.2.2:9"].map(|text| text.parse().unwrap());
        assert_eq!(nobody.check(local, peer), Ok(()));
        assert!(is_refused(nobody.check(local, local)), "its own address");
    }
}
