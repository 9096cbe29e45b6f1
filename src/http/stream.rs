//! A TCP connection, perhaps with TLS in it.

use std::io::{self, Read, Write};

use openssl::ssl::SslStream;

use super::socket::Socket;

/// A TCP connection, perhaps with TLS in it.
pub(super) enum Stream {
    Plain(Socket),
    Tls(TlsStream),
}

impl Stream {
    pub fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(TlsStream(stream)) => stream.get_mut(),
        }
    }

    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(TlsStream(stream)) => stream.write_all(bytes),
        }
    }

    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(TlsStream(stream)) => stream.read(buffer),
        }
    }
}

/// TLS after its handshake.
pub(super) struct TlsStream(pub SslStream<Socket>);

impl Drop for TlsStream {
    /// Says goodbye, so that the server does not log a cut connection.
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}
