//! One peer of the listener.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::head::{self, Head, HeadReading, MAX_HEAD};

/// How long a peer may take from its connect to its end, however many requests it sends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Requests on one connection: the first, its repetition with credentials, and some to spare.
const MAX_REQUESTS: u8 = 8;

/// What is read and thrown away of a peer that goes on sending after its last answer.
const MAX_DRAIN: usize = 64 * 1024;

/// A header of an answer: its name and value.
pub(super) type AnswerHeader = (&'static str, String);

/// A connected peer.
pub(super) struct Connection {
    stream: TcpStream,
    pub peer: SocketAddr,
    pub deadline: Duration,
    buffer: Vec<u8>,
    requests: u8,
    /// `Some` once the last answer is sent: what may still be thrown away. Closing at once would
    /// reset the connection under an answer that the peer has not read yet.
    draining: Option<usize>,
}

/// What a connection has to say.
pub(super) enum PeerInput {
    /// Nothing more for now.
    Wait,
    /// A request, to be answered.
    Request(Head),
    /// What came is no request: to be answered with the status, and done.
    Bad(u16),
    /// The peer is gone, or done.
    Closed,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, peer: SocketAddr, now: Duration) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            peer,
            deadline: now + PATIENCE,
            buffer: Vec::new(),
            requests: 0,
            draining: None,
        })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Reads what there is, up to the next event.
    pub(super) fn next(&mut self) -> PeerInput {
        loop {
            if self.draining.is_none() {
                match head::read(&self.buffer) {
                    HeadReading::Partial => {}
                    HeadReading::Whole(head, used) => {
                        self.buffer.drain(..used.min(self.buffer.len()));
                        self.requests += 1;
                        return PeerInput::Request(head);
                    }
                    HeadReading::TooLong => return PeerInput::Bad(431),
                    HeadReading::Malformed => return PeerInput::Bad(400),
                }
            }
            let mut chunk = [0; 1024];
            let got = match self.stream.read(&mut chunk) {
                Ok(0) => return PeerInput::Closed,
                Ok(got) => got,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return PeerInput::Wait,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return PeerInput::Closed,
            };
            match &mut self.draining {
                Some(left) => match left.checked_sub(got) {
                    Some(rest) => *left = rest,
                    None => return PeerInput::Closed,
                },
                // One chunk beyond the bound at most: `head::read` then says TooLong.
                None if self.buffer.len() <= MAX_HEAD => {
                    self.buffer.extend(chunk.iter().take(got));
                }
                None => return PeerInput::Bad(431),
            }
        }
    }

    /// Sends an answer without body; the connection goes on where `keep_alive` and its request
    /// count allow. An answer fits the empty send buffer of any socket, so what cannot be written
    /// at once is a peer that does not read.
    pub(super) fn answer(
        &mut self,
        status: u16,
        header: Option<AnswerHeader>,
        keep_alive: bool,
    ) -> io::Result<()> {
        let goes_on = keep_alive && self.requests < MAX_REQUESTS;
        let mut head = format!(
            "HTTP/1.1 {status} {}\r\nContent-Length: 0\r\n",
            reason(status)
        );
        if let Some((name, value)) = header {
            head += &format!("{name}: {value}\r\n");
        }
        if !goes_on {
            head += "Connection: close\r\n";
        }
        head += "\r\n";
        self.stream.write_all(head.as_bytes())?;
        if !goes_on {
            self.stream.shutdown(Shutdown::Write)?;
            self.buffer = Vec::new();
            self.draining = Some(MAX_DRAIN);
        }
        Ok(())
    }
}

/// The words of the status line (RFC 9110 §15, RFC 6585 §5).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request AnswerHeader Fields Too Large",
        503 => "Service Unavailable",
        _ => "",
    }
}
