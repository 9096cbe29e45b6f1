//! What the loop and the thread of a connection share: orders one way, events the other.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::settings::XmppAskers;
use crate::http::{ExchangeWatch, UncheckedDates};

/// What the thread of a connection tells.
#[derive(Debug)]
pub enum XmppEvent {
    /// The connection stands.
    Bound {
        /// The full Jabber ID that the server gave the box.
        jid: String,
        /// The box's own address on it.
        from: Option<IpAddr>,
        /// `TLSEstablished`.
        is_secure: bool,
        /// The dates of the server's certificate, where they did not count.
        unchecked_dates: Option<UncheckedDates>,
    },
    /// Somebody who may, and who knows user and password, asks for a session. It waits for
    /// [`XmppLine::answer`], ten seconds at most.
    Asked(RequestToken),
}

/// A request that waits for its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestToken(pub(super) u32);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestVerdict {
    /// A session follows.
    Accepted,
    /// User or password are wrong.
    NotAuthorized,
    /// Who asks may not, or not now.
    ServiceUnavailable,
}

/// The loop's hold on a connection. Clones share it.
#[derive(Clone)]
pub struct XmppLine(Arc<SharedLine>);

struct SharedLine {
    wake: EventFd,
    /// Whether there are orders that the connection has not looked at: spares it a system call.
    called: AtomicBool,
    orders: Mutex<LineOrders>,
}

struct LineOrders {
    closed: bool,
    /// It was closed, and takes its leave.
    parts: bool,
    verdicts: Vec<(RequestToken, RequestVerdict)>,
    askers: Arc<XmppAskers>,
}

impl XmppLine {
    /// For one connection, which these may use.
    ///
    /// # Errors
    /// The system has no eventfd left.
    pub fn new(askers: XmppAskers) -> io::Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Self(Arc::new(SharedLine {
            wake: EventFd::from_flags(flags)?,
            called: AtomicBool::new(false),
            orders: Mutex::new(LineOrders {
                closed: false,
                parts: false,
                verdicts: Vec::new(),
                askers: Arc::new(askers),
            }),
        })))
    }

    /// Ends the connection, for good.
    pub fn close(&self) {
        self.order(|orders| orders.closed = true);
    }

    /// From now on these may ask.
    pub fn let_ask(&self, askers: XmppAskers) {
        self.order(|orders| orders.askers = Arc::new(askers));
    }

    /// Says what becomes of a request. For one that is over by now it does nothing.
    pub fn answer(&self, token: RequestToken, verdict: RequestVerdict) {
        self.order(|orders| orders.verdicts.push((token, verdict)));
    }

    /// Whether the thread of the connection has looked at its orders since this was last asked. It has
    /// to look again by the next time.
    pub fn is_looked_at(&self) -> bool {
        let is_looked_at = !self.0.called.load(Ordering::Acquire);
        self.order(|_| {});
        is_looked_at
    }

    /// Whether it was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.0.orders().closed
    }

    /// It was closed, and the server is told so.
    pub(super) fn part(&self) {
        self.0.orders().parts = true;
    }

    /// Who may ask.
    pub(super) fn askers(&self) -> Arc<XmppAskers> {
        Arc::clone(&self.0.orders().askers)
    }

    /// The verdicts that came since the last time.
    pub(super) fn take_verdicts(&self) -> Vec<(RequestToken, RequestVerdict)> {
        std::mem::take(&mut self.0.orders().verdicts)
    }

    /// Whether there were orders since the last time.
    pub(super) fn was_called(&self) -> bool {
        self.0.called.swap(false, Ordering::AcqRel)
    }

    /// It is readable: makes it wait for the next order, and keeps in mind that there was one.
    pub(super) fn wake(&self) {
        self.0.called.store(true, Ordering::Release);
        let _ = self.0.wake.read();
    }

    /// Whoever looks at an exchange of this connection: closing ends it.
    pub(super) fn watch(&self) -> Arc<dyn ExchangeWatch> {
        Arc::clone(&self.0) as Arc<dyn ExchangeWatch>
    }

    fn order(&self, change: impl FnOnce(&mut LineOrders)) {
        change(&mut self.0.orders());
        self.0.called.store(true, Ordering::Release);
        // Refused only when its counter is full: it wakes the connection then all the same.
        let _ = self.0.wake.write(1);
    }
}

/// Readable once there are orders.
impl AsFd for XmppLine {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.wake.as_fd()
    }
}

impl SharedLine {
    fn orders(&self) -> MutexGuard<'_, LineOrders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExchangeWatch for SharedLine {
    fn goes_on(&self) -> bool {
        let orders = self.orders();
        !orders.closed || orders.parts
    }

    fn may_meet(&self, _: std::net::SocketAddr, _: std::net::SocketAddr) -> bool {
        true
    }
}

impl fmt::Debug for SharedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedLine")
    }
}

impl fmt::Debug for XmppLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("XmppLine")
    }
}

#[cfg(test)]
mod tests {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn is_readable(line: &XmppLine) -> bool {
        let mut fds = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).unwrap() > 0
    }

    #[test]
    fn r43_an_order_is_noticed_once_whichever_way_it_is_seen_first() {
        let line = XmppLine::new(XmppAskers::default()).unwrap();
        assert!(!is_readable(&line) && !line.was_called());
        let (first, second) = (RequestToken(1), RequestToken(2));
        line.answer(first, RequestVerdict::Accepted);
        assert!(line.was_called() && !line.was_called());
        // It was seen, and the descriptor does not know: it must not wake for ever.
        assert!(is_readable(&line));
        line.wake();
        assert!(!is_readable(&line) && line.was_called());
        line.answer(second, RequestVerdict::ServiceUnavailable);
        assert!(is_readable(&line));
        line.wake();
        assert!(line.was_called() && !is_readable(&line));
        let verdicts = [
            (first, RequestVerdict::Accepted),
            (second, RequestVerdict::ServiceUnavailable),
        ];
        assert_eq!(line.take_verdicts(), verdicts);
        assert!(line.take_verdicts().is_empty() && !line.is_closed());
        line.close();
        assert!(line.is_closed() && !line.watch().goes_on());
    }
}
