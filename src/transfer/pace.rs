//! Watches over the exchanges of a transfer: that it was not cancelled, that something moves, and that
//! no redirect leads into the box or the home behind it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use super::{MIN_SPEED, Progress};
use crate::http::ExchangeWatch;

/// Bytes that the system has of a file on its way out. It takes megabytes by itself, and they count as
/// moved: a slow line would still carry them when the answer should be there.
const SEND_BUFFER: usize = 32 * 1024;

/// The watch of one transfer.
#[derive(Debug)]
pub(super) struct Pace {
    progress: Progress,
    window: Duration,
    state: Mutex<PaceState>,
}

#[derive(Debug, Default)]
struct PaceState {
    /// When the window began, while something has to move.
    since: Option<Instant>,
    /// Bytes that moved in it.
    moved: u64,
    too_slow: bool,
    /// Where the server is that the order names.
    home: Option<Reach>,
    redirected: bool,
}

impl Pace {
    pub fn new(progress: Progress, window: Duration) -> Self {
        Self {
            progress,
            window,
            state: Mutex::default(),
        }
    }

    /// A body begins: from now on something has to move.
    pub fn begin(&self) {
        let mut state = self.lock();
        state.since = Some(Instant::now());
        state.moved = 0;
    }

    /// So much of it moved.
    pub fn moved(&self, bytes: u64) {
        let mut state = self.lock();
        state.moved = state.moved.saturating_add(bytes);
    }

    /// It ended; what follows has the limits of an exchange.
    pub fn end(&self) {
        self.lock().since = None;
    }

    /// A new attempt, which begins at the server that the order names.
    pub fn start_over(&self) {
        *self.lock() = PaceState::default();
    }

    /// From now on connections are where a redirect leads.
    pub fn redirected(&self) {
        self.lock().redirected = true;
    }

    /// Whether that ended the last exchange.
    pub fn was_too_slow(&self) -> bool {
        self.lock().too_slow
    }

    fn lock(&self) -> MutexGuard<'_, PaceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExchangeWatch for Pace {
    fn goes_on(&self) -> bool {
        let mut state = self.lock();
        let length = |since: Instant| since.elapsed();
        if let Some(length) = state
            .since
            .map(length)
            .filter(|length| *length >= self.window)
        {
            let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            let least = millis.saturating_mul(u64::from(MIN_SPEED)) / 1000;
            state.too_slow |= state.moved < least;
            state.since = Some(Instant::now());
            state.moved = 0;
        }
        !state.too_slow && !self.progress.is_cancelled()
    }

    /// A server, or who is on the way to it, may lead the box to another server, but not to what it
    /// could not reach itself: GET is all that the Luup engine or a lamp of the home wants to be
    /// switched.
    fn may_meet(&self, ours: SocketAddr, theirs: SocketAddr) -> bool {
        let reach = Reach::of(ours.ip(), theirs.ip());
        let mut state = self.lock();
        match state.redirected {
            true => state.home.is_some_and(|home| reach >= home),
            false => {
                state.home = Some(reach);
                true
            }
        }
    }

    fn connected(&self, socket: BorrowedFd<'_>) {
        // Without it a line has to be quicker.
        let _ = setsockopt(&socket, sockopt::SndBuf, &SEND_BUFFER);
    }
}

/// How far away an address is from the home, which is not to be met by a redirect: a provider's own network
/// (RFC 6598) is as far as the world, unlike in [`crate::base::scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// This box.
    Own,
    /// The same wire.
    Link,
    /// A network that is not the world's: the home, or the operator's.
    Private,
    World,
}

impl Reach {
    fn of(ours: IpAddr, theirs: IpAddr) -> Self {
        let theirs = theirs.to_canonical();
        if theirs.is_loopback() || theirs.is_unspecified() || theirs == ours.to_canonical() {
            return Self::Own;
        }
        let (link, private) = match theirs {
            IpAddr::V4(four) => (
                four.is_link_local() || four.is_broadcast(),
                four.is_private(),
            ),
            IpAddr::V6(six) => (starts(six, 0xfe80, 10), starts(six, 0xfc00, 7)),
        };
        match (link || theirs.is_multicast(), private) {
            (true, _) => Self::Link,
            (_, true) => Self::Private,
            _ => Self::World,
        }
    }
}

/// Whether an address begins with so many bits.
fn starts(address: Ipv6Addr, with: u16, bits: u8) -> bool {
    let [first, ..] = address.segments();
    (first ^ with) >> (16 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(window: u64) -> Pace {
        Pace::new(Progress::default(), Duration::from_millis(window))
    }

    #[test]
    fn t16_what_is_too_slow_ends_and_what_is_quick_enough_or_not_to_move_does_not() {
        let short = pace(5);
        let over = || std::thread::sleep(Duration::from_millis(10));
        over();
        assert!(short.goes_on(), "nothing has to move yet");
        short.begin();
        short.moved(1 << 40);
        over();
        assert!(short.goes_on());
        over();
        assert!(!short.goes_on() && !short.goes_on(), "and it stays so");
        assert!(short.was_too_slow());
        short.start_over();
        assert!(short.goes_on() && !short.was_too_slow());
        short.begin();
        short.end();
        over();
        assert!(short.goes_on(), "nothing has to move any more");
        let long = pace(1 << 30);
        long.begin();
        assert!(long.goes_on(), "the window is not over");
    }

    #[test]
    fn t16_a_cancelled_transfer_does_not_go_on() {
        let pace = pace(1000);
        assert!(pace.goes_on());
        pace.progress.cancel();
        assert!(!pace.goes_on());
        assert!(!pace.was_too_slow());
    }

    #[test]
    fn t15_a_redirect_leads_no_nearer_to_the_box() {
        let may = |home: &str, to: &str| {
            let pace = pace(1000);
            let end = |address: &str| SocketAddr::new(address.parse().unwrap(), 80);
            let ours = |other: &str| {
                end(if other.contains(':') {
                    "2001:db8::9"
                } else {
                    "203.0.113.9"
                })
            };
            assert!(
                pace.may_meet(ours(home), end(home)),
                "whatever the order names"
            );
            assert!(pace.may_meet(ours(home), end(home)));
            pace.redirected();
            pace.may_meet(ours(to), end(to))
        };
        let world = ["198.51.100.1", "2001:db8::1", "100.64.0.1", "172.32.0.1"];
        let private = [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ];
        let link = [
            "169.254.1.1",
            "fe80::1",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
        ];
        let own = [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "0.0.0.0",
            "::",
            "203.0.113.9",
            "::ffff:127.0.0.1",
        ];
        let all = [&world[..], &private, &link, &own];
        for (at, homes) in all.iter().enumerate() {
            for (to, targets) in all.iter().enumerate() {
                for (home, target) in homes
                    .iter()
                    .flat_map(|h| targets.iter().map(move |t| (h, t)))
                {
                    assert_eq!(may(home, target), to <= at, "{home} to {target}");
                }
            }
        }
    }
}
