//! What comes in: whether it is believed, and what it says. The checks that cost least go first, so
//! that a flood of foreign datagrams is refused before anything is read of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::client::StunClient;
use super::doubts::Doubt;
use super::message::{HEADER, StunKind, StunMessage};
use super::{StunBinding, StunServer, StunSocket, address};

impl StunClient {
    /// Takes a datagram that came in on one of the sockets. Whether the binding is another one now.
    pub fn datagram(
        &mut self,
        on: StunSocket,
        from: SocketAddr,
        bytes: &[u8],
        now: Duration,
    ) -> bool {
        match self.answer(on, from, bytes, now) {
            Ok(is_other) => is_other,
            Err(doubt) => {
                self.doubts.add(from, doubt, now);
                false
            }
        }
    }

    fn answer(
        &mut self,
        on: StunSocket,
        from: SocketAddr,
        bytes: &[u8],
        now: Duration,
    ) -> Result<bool, Doubt> {
        let server = self.server().filter(|server| server.address == from);
        let server = *server.ok_or(Doubt::Stranger)?;
        let id = bytes.get(4..HEADER).ok_or(Doubt::Malformed)?;
        let exchange = self.exchange.as_ref().map(|e| &e.transaction.id[..]);
        let probe = self.probe.as_ref().map(|p| &p.transaction.id[..]);
        let is_exchange = on == StunSocket::Primary && exchange == Some(id);
        if !is_exchange && probe != Some(id) {
            // Each copy of a request is answered.
            return match self.ended == id {
                true => Ok(false),
                false => Err(Doubt::Unasked),
            };
        }
        let message = StunMessage::read(bytes).ok_or(Doubt::Malformed)?;
        match message.kind {
            StunKind::Request => Err(Doubt::Malformed),
            StunKind::Error if is_exchange => self.refused(message, now),
            StunKind::Error => self.probe_refused(message, now),
            StunKind::Response => {
                let settings = self.settings.as_ref();
                if !settings.is_some_and(|s| self.manner.believes(message, s)) {
                    return Err(Doubt::Unproven);
                }
                if is_exchange {
                    return self.bound(message, server, now);
                }
                // The address in it is that of the secondary socket.
                self.probed(on, now);
                Ok(false)
            }
        }
    }

    /// The server told the address of the primary socket.
    fn bound(
        &mut self,
        message: StunMessage<'_>,
        server: StunServer,
        now: Duration,
    ) -> Result<bool, Doubt> {
        let mapped = address::mapped(message).ok_or(Doubt::Malformed)?;
        if !is_possible(mapped, server.local) {
            return Err(Doubt::Impossible);
        }
        let Some(exchange) = self.exchange.take() else {
            return Ok(false);
        };
        self.ended = message.id;
        let was_kept = self.is_kept;
        self.works(now);
        let known = self.binding;
        let is_other = known.is_none_or(|known| known.mapped != mapped);
        let is_other_server = known.is_none_or(|known| known.server != server.address);
        if was_kept && is_other_server {
            self.restart_life();
        } else if let Some(idle) = self.seems_dead.take() {
            self.life.died(idle, now);
        } else if was_kept && is_other {
            self.life.changed(exchange.idle, now);
        }
        self.seems_dead = None;
        self.binding = Some(StunBinding {
            mapped,
            server: server.address,
            is_nat: mapped != server.local,
            since: known.filter(|_| !is_other).map_or(now, |known| known.since),
        });
        if is_other || is_other_server {
            self.announce();
        } else if exchange.is_change {
            self.announced();
        }
        if is_other {
            log::info!("STUN: {} sees this box as {mapped}", server.address);
        }
        self.plan(now);
        Ok(is_other)
    }

    /// The server wants something else.
    fn refused(&mut self, message: StunMessage<'_>, now: Duration) -> Result<bool, Doubt> {
        let code = message.error_code().ok_or(Doubt::Malformed)?;
        let Some(settings) = &self.settings else {
            return Ok(false);
        };
        self.ended = message.id;
        self.touched_at = now;
        match self.manner.learn(message, code, settings) {
            true => self.ask_again(now),
            false => self.fails(Some(code), now),
        }
        Ok(false)
    }

    /// A probe came back on one of the sockets.
    fn probed(&mut self, on: StunSocket, now: Duration) {
        let Some(probe) = self.probe.take() else {
            return;
        };
        self.ended = probe.transaction.id;
        match on {
            StunSocket::Primary => self.lives(probe.idle, now),
            StunSocket::Secondary => {
                self.life.no_help(now);
                self.plan(now);
            }
        }
    }

    fn probe_refused(&mut self, message: StunMessage<'_>, now: Duration) -> Result<bool, Doubt> {
        let code = message.error_code().ok_or(Doubt::Malformed)?;
        let (Some(probe), Some(settings)) = (self.probe.take(), &self.settings) else {
            return Ok(false);
        };
        self.ended = message.id;
        if code != 420 && self.manner.learn(message, code, settings) {
            self.probe_again(probe.to, probe.idle, now);
        } else {
            self.life.no_help(now);
            self.plan(now);
        }
        Ok(false)
    }
}

/// Whether a box that is here `local` may be seen as `mapped` by others.
fn is_possible(mapped: SocketAddr, local: SocketAddr) -> bool {
    let ip = mapped.ip();
    let is_broadcast = ip == IpAddr::V4(std::net::Ipv4Addr::BROADCAST);
    let is_nowhere = ip.is_unspecified() || ip.is_multicast() || is_broadcast;
    mapped.port() != 0
        && !is_nowhere
        && ip.is_ipv4() == local.is_ipv4()
        && (!ip.is_loopback() || local.ip().is_loopback())
}
