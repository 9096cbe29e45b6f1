//! HTTP as engines speak it, on good days and on others.

use std::time::{Duration, Instant};

use cwmpd::luup::{FetchScope, LuupAccess, LuupError, fetch};
use cwmpd_lab::luup::{FakeLuup, Framing, Mood};

use crate::fetch::access;
use crate::rows::Rows;

/// The program gives up after this time, so that a test of silence does not take long.
const PATIENCE: Duration = Duration::from_secs(2);

fn impatient(luup: &FakeLuup) -> LuupAccess {
    let mut access = access(luup);
    access.config.timeout = PATIENCE;
    access
}

fn all(luup: &FakeLuup) -> Result<(), LuupError> {
    let fetched = fetch(&impatient(luup), FetchScope::All(None))?;
    let mut rows = Rows::of(Ok(fetched));
    assert_eq!(rows.list("nodes", &[]).len(), 12);
    assert_eq!(rows.get("device.name", &[20]).unwrap(), "Porte d'entrée");
    assert_eq!(rows.get("HaDevice1/BatteryLevel", &[20]).unwrap(), "100");
    Ok(())
}

/// Both answers come over one connection where that is possible, and over two where the engine closed
/// the first without a word.
#[test]
fn z56_an_answer_ends_where_its_framing_says() {
    let luup = FakeLuup::start();
    let framings = [
        Framing::Chunks(1),
        Framing::Chunks(1 << 20),
        Framing::OddChunks,
        Framing::Length(0),
        Framing::LengthAndCloses(0),
        Framing::UntilClose,
    ];
    for framing in framings {
        luup.mood(Mood::Framed(framing));
        all(&luup).unwrap_or_else(|e| panic!("{framing:?}: {e}"));
    }
}

#[test]
fn z56_an_answer_that_is_not_whole_is_none() {
    let luup = FakeLuup::start();
    for framing in [
        Framing::ClosesEarly,
        Framing::Length(-1),
        Framing::LengthAndCloses(-1),
    ] {
        luup.mood(Mood::Framed(framing));
        let start = Instant::now();
        assert!(all(&luup).is_err(), "{framing:?}");
        assert!(start.elapsed() < 10 * PATIENCE, "{framing:?}");
        luup.mood(Mood::Well);
        all(&luup).unwrap();
    }
}

/// The home is whole, and what is wrong comes behind it: it counts or not, but nothing of what comes
/// behind it is taken for the next answer.
#[test]
fn z56_what_is_wrong_behind_a_whole_home_does_not_get_into_the_next() {
    let luup = FakeLuup::start();
    let framings = [
        Framing::NoLastChunk,
        Framing::Length(1),
        Framing::Length(1 << 40),
        Framing::LengthAndCloses(1),
        // Two ways to tell the end that do not agree (RFC 9112 6.3).
        Framing::Both(0),
        Framing::Both(1),
        Framing::Both(-1),
        Framing::Both(-1000),
    ];
    for framing in framings {
        luup.mood(Mood::Framed(framing));
        let start = Instant::now();
        let _ = all(&luup);
        assert!(start.elapsed() < 10 * PATIENCE, "{framing:?}");
        luup.mood(Mood::Well);
        all(&luup).unwrap();
    }
}

#[test]
fn z56_what_is_no_http_is_no_home() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";
    let luup = FakeLuup::start();
    let home = r#"{"devices":[{"id":7,"status":1}]}"#;
    let half = &home[..home.len() / 2];
    let answers = [
        home.to_owned(),
        String::new(),
        "\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
        format!("HTTP/1.1 99999 OK\r\n\r\n{home}"),
        format!("HTTP/9.9 200 OK\r\n\r\n{home}"),
        format!("ICY 200 OK\r\n\r\n{home}"),
        format!("HTTP/1.1 204 None\r\n\r\n{home}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{home}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{home}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{home}"),
        format!("{HEAD}{home}"),
        format!("{HEAD}ffffffffffffffffff\r\n{home}\r\n0\r\n\r\n"),
        format!("{HEAD}7fffffffffffffff\r\n{half}\r\n0\r\n\r\n"),
        format!("{HEAD}-21\r\n{home}\r\n0\r\n\r\n"),
        format!("{HEAD}0x21\r\n{home}\r\n0\r\n\r\n"),
        format!("{HEAD}\r\n{home}\r\n0\r\n\r\n"),
        format!("{HEAD}{}", "1;\r\n".repeat(1000)),
        format!(
            "HTTP/1.1 200 OK\r\n{}\r\n{home}",
            "X: y\r\n".repeat(100_000)
        ),
        format!(
            "HTTP/1.1 200 OK\r\nX: {}\r\n\r\n{home}",
            "y".repeat(1 << 20)
        ),
        "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000),
        "x".repeat(1 << 20),
    ];
    for answer in answers {
        let shown: String = answer.chars().take(80).collect();
        luup.mood(Mood::RawAndCloses(answer.clone().into_bytes()));
        let start = Instant::now();
        assert!(all(&luup).is_err(), "{shown}");
        assert!(start.elapsed() < 10 * PATIENCE, "{shown}");
    }
    // And where it does not even close.
    luup.mood(Mood::Raw(b"HTTP/1.1 200 OK\r\nX: ".to_vec()));
    assert_eq!(all(&luup), Err(LuupError::Timeout));
    luup.mood(Mood::Well);
    all(&luup).unwrap();
}
