//! What the relay passes on: questions to a real engine of the lab, and its answers.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::http::Reply;

/// The engine behind the relay.
#[derive(Clone, Debug)]
pub struct PassOn {
    /// As `luup.url`.
    pub url: String,
    /// How long the relay waits for an answer; then it hangs up on who asked.
    pub patience: Duration,
}

/// The answer to `id=...`, as the relay has it of the engine.
pub(super) fn pass_on(engine: &PassOn, query: &str) -> Reply {
    match ask(engine, query) {
        Ok(answer) => Reply::new(200).body(answer),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Reply::close_without_answer()
        }
        Err(_) => Reply::new(503),
    }
}

fn ask(engine: &PassOn, query: &str) -> io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(engine.url.replace("http://", ""))?;
    socket.set_read_timeout(Some(engine.patience))?;
    write!(socket, "GET /data_request?{query} HTTP/1.0\r\n\r\n")?;
    let mut reading = BufReader::new(socket);
    while !line(&mut reading)?.is_empty() {}
    let mut body = Vec::new();
    loop {
        let size = line(&mut reading)?;
        let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        reading.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

fn line(reading: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    match reading.read_line(&mut line)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}
