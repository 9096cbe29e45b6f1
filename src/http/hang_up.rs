//! The end of an exchange that waits, from another thread: nobody has to look for it in between.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::watch::ExchangeWatch;

/// Hangs up. Clones are of the same exchange.
#[derive(Clone, Debug, Default)]
pub struct HangUp(Arc<HungLine>);

#[derive(Debug, Default)]
struct HungLine {
    is_over: AtomicBool,
    /// The connection that stands.
    socket: Mutex<Option<TcpStream>>,
}

impl HangUp {
    /// Ends the exchange, now or when it has a connection: what waits for it comes back at once.
    pub fn now(&self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.0.close();
    }

    /// Whether somebody hung up.
    pub fn is_over(&self) -> bool {
        !self.0.goes_on()
    }

    /// The watch of a client that is hung up on.
    pub fn watch(&self) -> Arc<dyn ExchangeWatch> {
        Arc::clone(&self.0) as Arc<dyn ExchangeWatch>
    }
}

impl HungLine {
    fn close(&self) {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(socket) = socket.take() {
            // One that is closed already is as good.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl ExchangeWatch for HungLine {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::SeqCst)
    }

    fn may_meet(&self, _: SocketAddr, _: SocketAddr) -> bool {
        true
    }

    fn connected(&self, socket: BorrowedFd<'_>) {
        let known = socket.try_clone_to_owned().ok().map(TcpStream::from);
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = known;
        // Somebody may have hung up in between.
        if !self.goes_on() {
            self.close();
        }
    }

    fn looks_every(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::os::fd::AsFd;
    use std::thread;

    use super::*;

    #[test]
    fn z46_who_waits_for_an_answer_is_back_at_once_when_somebody_hangs_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let hang_up = HangUp::default();
        hang_up.watch().connected(socket.as_fd());
        assert!(hang_up.watch().goes_on());
        let at_last = Some(Duration::from_secs(10));
        socket.set_read_timeout(at_last).unwrap();
        let waits = thread::spawn(move || socket.read(&mut [0]).unwrap());
        hang_up.now();
        assert_eq!(waits.join().unwrap(), 0);
        assert!(!hang_up.watch().goes_on());
        // Also before there was a connection.
        let mut late = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        late.set_read_timeout(at_last).unwrap();
        hang_up.watch().connected(late.as_fd());
        assert_eq!(late.read(&mut [0]).unwrap(), 0);
    }
}
