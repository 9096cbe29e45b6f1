//! The peers that are connected, and which of them has to go when there are too many.
//!
//! Two kinds do not compete with each other: strangers, of whom there may be any number, and those
//! who knew the path and have a challenge to answer. So however many connect, an ACS that is on its
//! way with its credentials keeps its connection. Within a kind the place with most connections gives
//! way, among equals the one that asked for more lately, and then the eldest; but before all others
//! one that asked for more than any ACS does.

use std::cmp::Reverse;
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::connection::{Connection, PeerStage};
use super::origins::{Origin, Origins};

/// Peers of each kind at a time.
const MAX_PEERS: usize = 32;

/// Of these, from one place.
const MAX_PEERS_OF_ORIGIN: usize = 8;

/// How long one with a challenge is left alone by those who stand no better: longer than an answer
/// takes from anywhere.
const GRACE: Duration = Duration::from_secs(1);

/// The peers that are connected.
#[derive(Default)]
pub(super) struct Peers(Vec<Connection>);

/// Where one more peer fits.
enum Seat {
    Free,
    InsteadOf(usize),
    Nowhere,
}

impl Peers {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.0.iter()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The numbers of those that have something to read.
    pub(super) fn ready(&self) -> Vec<u64> {
        let fds = self.0.iter().map(|peer| peer.stream().as_fd());
        let mut fds: Vec<_> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        if fds.is_empty() || poll(&mut fds, PollTimeout::ZERO).unwrap_or(0) <= 0 {
            return Vec::new();
        }
        let ready = fds.iter().zip(&self.0);
        let ready = ready.filter(|(fd, _)| fd.any() == Some(true));
        ready.map(|(_, peer)| peer.number).collect()
    }

    /// Takes one out, to serve it.
    pub(super) fn take(&mut self, number: u64) -> Option<Connection> {
        let at = self.0.iter().position(|peer| peer.number == number)?;
        Some(self.0.swap_remove(at))
    }

    /// Takes out one whose time is over.
    pub(super) fn take_late(&mut self, now: Duration) -> Option<Connection> {
        let at = self.0.iter().position(|peer| peer.deadline() <= now)?;
        Some(self.0.swap_remove(at))
    }

    /// Puts one in; the one that has to go for it is given back, which may be itself.
    pub(super) fn put(
        &mut self,
        peer: Connection,
        origins: &Origins,
        now: Duration,
    ) -> Option<Connection> {
        let is_challenged = peer.stage == PeerStage::Challenged;
        match self.seat(peer.origin, is_challenged, origins, now) {
            Seat::Free => self.0.push(peer),
            Seat::InsteadOf(at) => {
                let gone = self.0.get_mut(at)?;
                return Some(std::mem::replace(gone, peer));
            }
            Seat::Nowhere => return Some(peer),
        }
        None
    }

    /// Whether one more with a challenge would be kept.
    pub(super) fn keeps_challenged(
        &self,
        origin: Origin,
        origins: &Origins,
        now: Duration,
    ) -> bool {
        !matches!(self.seat(origin, true, origins, now), Seat::Nowhere)
    }

    fn seat(&self, origin: Origin, is_challenged: bool, origins: &Origins, now: Duration) -> Seat {
        let kind = || {
            let all = self.0.iter().enumerate();
            all.filter(|(_, peer)| (peer.stage == PeerStage::Challenged) == is_challenged)
        };
        let number = |of: Origin| kind().filter(|(_, peer)| peer.origin == of).count();
        let own = number(origin);
        let is_full = own >= MAX_PEERS_OF_ORIGIN;
        if !is_full && kind().count() < MAX_PEERS {
            return Seat::Free;
        }
        // The more, the worse; the newcomer counts for its place.
        let standing = |of: Origin| {
            let newcomer = usize::from(of == origin);
            let debt = origins.debt(of, now);
            (
                Origins::is_deep(debt),
                number(of).saturating_add(newcomer),
                debt,
            )
        };
        let newcomer = standing(origin);
        let worst = kind()
            .filter(|(_, peer)| !is_full || peer.origin == origin)
            .map(|(at, peer)| {
                let is_done = matches!(peer.stage, PeerStage::Draining(_));
                (is_done, standing(peer.origin), Reverse(peer.number), at)
            })
            .filter(|(is_done, standing, _, at)| {
                let since = self.0.get(*at).map_or(now, |peer| peer.since);
                let is_left_alone = is_challenged && now.saturating_sub(since) < GRACE;
                *is_done || *standing > newcomer || (*standing == newcomer && !is_left_alone)
            })
            .max();
        worst.map_or(Seat::Nowhere, |(.., at)| Seat::InsteadOf(at))
    }
}
