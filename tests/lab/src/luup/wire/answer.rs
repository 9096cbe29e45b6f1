//! An answer on the wire: `Transfer-Encoding: Chunked` with a capital C and no length, for HTTP/1.0,
//! too; or what the mood makes of it.

use std::io::{self, BufWriter, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Shared, lock};
use crate::luup::engine::Engine;
use crate::luup::query::Query;
use crate::luup::{Framing, Mood};

/// Bytes of one chunk, as the real engine cuts them.
const CHUNK: usize = 16_000;

/// The header of an answer in chunks, as the real engine writes it.
const CHUNKED: &str = "Transfer-Encoding: Chunked\r\n";

/// Longer than a test goes on.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// What is written goes out in few pieces.
type Out<'a> = BufWriter<&'a TcpStream>;

/// Answers a request; whether the connection goes on.
pub(super) fn answer(shared: &Shared, socket: &TcpStream, query: &str) -> io::Result<bool> {
    lock(&shared.engine).log.push(query.to_owned());
    let loud = |engine: &mut Engine| (engine.mood != Mood::Silent).then(|| engine.mood.clone());
    let Some(Some(mood)) = shared.wait(FOR_EVER, loud) else {
        return Ok(false);
    };
    let mut out = BufWriter::with_capacity(2 * CHUNK, socket);
    let goes_on = match mood {
        Mood::Empty => chunked(&mut out, 200, ""),
        Mood::WithoutUserData if query.starts_with("id=user_data") => chunked(&mut out, 200, ""),
        Mood::Says(text) => chunked(&mut out, 200, &text),
        Mood::Status(status) => chunked(&mut out, status, "<html><body>no</body></html>"),
        Mood::Raw(bytes) => out.write_all(&bytes).map(|()| true),
        Mood::RawAndCloses(bytes) => out.write_all(&bytes).map(|()| false),
        Mood::Endless => {
            head(&mut out, 200, CHUNKED)?;
            loop {
                chunks(&mut out, &"[".repeat(CHUNK), CHUNK)?;
            }
        }
        _ => {
            let Some((status, body)) = right_answer(shared, query) else {
                return Ok(false);
            };
            in_its_way(shared, &mut out, mood, status, &body)
        }
    };
    out.flush()?;
    goes_on
}

/// The right answer, as this mood gives it.
fn in_its_way(
    shared: &Shared,
    out: &mut Out<'_>,
    mood: Mood,
    status: u16,
    body: &str,
) -> io::Result<bool> {
    let half = body.get(..body.len() / 2).unwrap_or_default();
    match mood {
        Mood::Truncated => chunked(out, 200, half),
        Mood::Slow(delay) => {
            std::thread::sleep(delay);
            chunked(out, status, body)
        }
        Mood::Stuck => {
            head(out, 200, CHUNKED)?;
            chunks(out, half, CHUNK)?;
            out.flush()?;
            // Until the engine goes.
            let _ = shared.wait(FOR_EVER, |_| None::<()>);
            Ok(false)
        }
        Mood::Framed(framing) => framed(out, status, body, framing),
        _ => chunked(out, status, body),
    }
}

/// What the engine says in a good mood: at once, or for `DataVersion` and `Timeout` when something
/// has changed; `None` where it goes away before. One that is started anew in between has nothing to
/// say.
fn right_answer(shared: &Shared, query: &str) -> Option<(u16, String)> {
    let asked = Query::parse(query);
    let started = lock(&shared.engine).load_time;
    if let Some(delay) = asked.number("MinimumDelay") {
        let _ = shared.wait(Duration::from_millis(delay), |_| None::<()>)?;
    }
    if let (Some(version), Some(time)) = (asked.number("DataVersion"), asked.number("Timeout")) {
        let is_news = |engine: &mut Engine| {
            let is_news = engine.data_version > version || engine.load_time != started;
            is_news.then_some(())
        };
        let _ = shared.wait(Duration::from_secs(time), is_news)?;
    }
    let mut engine = lock(&shared.engine);
    if engine.load_time != started {
        return Some((200, String::new()));
    }
    Some(engine.answer(query, &asked))
}

fn framed(out: &mut Out<'_>, status: u16, body: &str, framing: Framing) -> io::Result<bool> {
    let length = |off: i64| {
        let length = i64::try_from(body.len()).expect("a length") + off;
        format!("Content-Length: {length}\r\n")
    };
    match framing {
        Framing::Length(off) | Framing::LengthAndCloses(off) => {
            head(out, status, &length(off))?;
            out.write_all(body.as_bytes())?;
            Ok(matches!(framing, Framing::Length(_)))
        }
        Framing::UntilClose => {
            head(out, status, "")?;
            out.write_all(body.as_bytes())?;
            Ok(false)
        }
        Framing::ClosesEarly => {
            head(out, status, CHUNKED)?;
            let half = body.get(..body.len() / 2).unwrap_or_default();
            chunks(out, half, CHUNK)?;
            Ok(false)
        }
        Framing::NoLastChunk => {
            head(out, status, CHUNKED)?;
            chunks(out, body, CHUNK)?;
            Ok(false)
        }
        Framing::Chunks(size) => {
            head(out, status, CHUNKED)?;
            chunks(out, body, size)?;
            last_chunk(out)
        }
        Framing::OddChunks => {
            head(out, status, "Transfer-Encoding:chunked \r\n")?;
            for part in body.as_bytes().chunks(0xab) {
                write!(out, "000{:X} ; a=\"b\"\r\n", part.len())?;
                out.write_all(part)?;
                out.write_all(b"\r\n")?;
            }
            out.write_all(b"0\r\nX-Trailer: 1\r\n\r\n")?;
            Ok(true)
        }
        Framing::Both(off) => {
            let both = length(off) + CHUNKED;
            head(out, status, &both)?;
            chunks(out, body, CHUNK)?;
            last_chunk(out)
        }
    }
}

fn head(out: &mut Out<'_>, status: u16, framing: &str) -> io::Result<()> {
    write!(
        out,
        "HTTP/1.1 {status} Told\r\nServer: fake Luup\r\nContent-Type: application/json\r\n\
         Connection: Keep-Alive\r\n{framing}\r\n"
    )
}

fn chunks(out: &mut Out<'_>, text: &str, size: usize) -> io::Result<()> {
    for part in text.as_bytes().chunks(size) {
        write!(out, "{:x}\r\n", part.len())?;
        out.write_all(part)?;
        out.write_all(b"\r\n")?;
    }
    Ok(())
}

fn last_chunk(out: &mut Out<'_>) -> io::Result<bool> {
    out.write_all(b"0\r\n\r\n").map(|()| true)
}

fn chunked(out: &mut Out<'_>, status: u16, body: &str) -> io::Result<bool> {
    head(out, status, CHUNKED)?;
    chunks(out, body, CHUNK)?;
    last_chunk(out)
}
