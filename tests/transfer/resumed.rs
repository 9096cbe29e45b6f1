//! Connections that break, and files that change meanwhile.

use cwmpd::transfer::{MAX_ATTEMPTS, MAX_FRUITLESS};
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::{Reply, Request};

use crate::{Home, pattern};

const BYTES: usize = 1_000_000;

/// Where a connection breaks at first.
const BROKEN_AT: usize = 400_000;

fn broken(file: &mut ServedFile, request: &Request) -> Reply {
    file.answer(request).stop_in_body(BROKEN_AT)
}

fn ranges(server: &FileServer) -> Vec<String> {
    let asked = server.asked("Range").into_iter();
    asked.map(Option::unwrap_or_default).collect()
}

#[test]
fn t14_a_broken_connection_is_gone_on_with_where_it_broke() {
    let home = Home::new("broken");
    let server = FileServer::start(ServedFile::new(pattern(BYTES)));
    let server = server.turn(broken).turn(broken);
    assert!(home.get(&server).unwrap() == pattern(BYTES));
    let ranges = ranges(&server);
    let from = |range: &String| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    };
    let starts: Vec<usize> = ranges.iter().filter_map(from).collect();
    assert_eq!((ranges.len(), starts.len()), (3, 2));
    // What was on its way when it broke may be lost, a buffer or two.
    assert!(
        (BROKEN_AT - 64_000..=BROKEN_AT).contains(&starts[0]),
        "{starts:?}"
    );
    assert!(starts[1] > starts[0] + BROKEN_AT - 64_000, "{starts:?}");
    let tag = Some("\"1\"".to_owned());
    assert_eq!(server.asked("If-Range"), [None, tag.clone(), tag]);
    assert_eq!(home.progress.bytes() as usize, BYTES);
}

#[test]
fn t14_as_often_as_it_breaks_if_it_comes_on_meanwhile() {
    let home = Home::new("often");
    let mut server = FileServer::start(ServedFile::new(pattern(BYTES)));
    for _ in 0..2 * MAX_FRUITLESS {
        server = server.turn(|file, request| file.answer(request).stop_in_body(80_000));
    }
    assert!(home.get(&server).unwrap() == pattern(BYTES));
    assert!(server.http.requests().len() > usize::from(MAX_FRUITLESS) + 1);
}

/// A byte at a time is none.
#[test]
fn t14_and_no_more_than_a_few_times_if_it_does_not() {
    let home = Home::new("never");
    let mut server = FileServer::start(ServedFile::new(pattern(BYTES)));
    for at in 0..3 * MAX_FRUITLESS {
        let bytes = if at == 0 { 100_000 } else { 1 };
        server = server.turn(move |file, request| file.answer(request).stop_in_body(bytes));
    }
    let fault = home.get(&server).unwrap_err();
    assert_eq!(fault.code, 9017, "{fault:?}");
    assert!(fault.string.starts_with("after "), "{fault:?}");
    // The first one brought something, the others nothing.
    assert_eq!(server.http.requests().len(), usize::from(MAX_FRUITLESS));
}

#[test]
fn t14_a_server_that_makes_headway_and_changes_its_mind_for_ever_is_left() {
    let home = Home::new("ever");
    let mut server = FileServer::start(ServedFile::new(pattern(BYTES)));
    for at in 0..2 * MAX_ATTEMPTS {
        server = server.turn(move |file, _| {
            file.tag = Some(format!("\"{at}\""));
            file.part(200, 0)
                .stop_in_body(70_000 * (1 + usize::from(at) % 3))
        });
    }
    assert_eq!(home.get(&server).unwrap_err().code, 9017);
    assert!(server.http.requests().len() <= usize::from(MAX_ATTEMPTS));
}

#[test]
fn t14_a_file_that_changed_meanwhile_comes_anew_and_is_not_glued_together() {
    let other = || pattern(BYTES + 9).split_off(9);
    type Turn = fn(&mut ServedFile, &Request) -> Reply;
    fn change(file: &mut ServedFile) {
        file.content = pattern(BYTES + 9).split_off(9);
        file.tag = Some("\"2\"".into());
    }
    let turns: [(&str, Turn); 8] = [
        ("the server says so", |file, request| {
            change(file);
            file.answer(request)
        }),
        ("another tag with a part", |file, _| {
            change(file);
            file.part(206, BROKEN_AT)
        }),
        ("no tag with a part", |file, _| {
            change(file);
            file.tag = None;
            file.part(206, BROKEN_AT)
        }),
        ("two tags with a part", |file, _| {
            change(file);
            file.part(206, BROKEN_AT).header("ETag", "\"1\"")
        }),
        ("another length", |file, _| {
            change(file);
            let length = file.content.len();
            let part = Reply::new(206)
                .body(&file.content[BROKEN_AT..])
                .header("ETag", "\"1\"");
            part.header(
                "Content-Range",
                &format!("bytes {BROKEN_AT}-{}/{}", length - 1, length + 1),
            )
        }),
        ("no word on which part", |file, _| {
            change(file);
            Reply::new(206)
                .body(&file.content[BROKEN_AT..])
                .header("ETag", "\"1\"")
        }),
        ("several parts", |file, _| {
            change(file);
            Reply::new(206)
                .header("Content-Type", "multipart/byteranges; boundary=x")
                .header("ETag", "\"1\"")
                .body("--x\r\n\r\n--x--")
        }),
        ("it is shorter now", |file, _| {
            change(file);
            Reply::new(416).header("Content-Range", "bytes */5")
        }),
    ];
    for (what, turn) in turns {
        let home = Home::new("changed");
        let server = FileServer::start(ServedFile::new(pattern(BYTES)));
        let server = server.turn(broken).turn(turn);
        assert!(home.get(&server).unwrap() == other(), "{what}");
    }
}

#[test]
fn t14_without_a_proof_that_the_file_is_the_same_all_of_it_comes_again() {
    let far = "Sun, 06 Nov 2016 08:49:37 GMT";
    for (tag, modified, date, goes_on) in [
        (Some("W/\"1\""), None, None, false),
        (
            Some("W/\"1\""),
            Some(far),
            Some("Sun, 06 Nov 2022 08:49:37 GMT"),
            false,
        ),
        (Some("1"), None, None, false),
        (None, None, None, false),
        (None, Some(far), None, false),
        (
            None,
            Some(far),
            Some("Sun, 06 Nov 2016 08:49:57 GMT"),
            false,
        ),
        (None, Some(far), Some("Sun, 06 Nov 2022 08:49:37 GMT"), true),
        (Some("\"\""), Some("nonsense"), None, true),
    ] {
        let home = Home::new("unproven");
        let file = ServedFile {
            content: pattern(BYTES),
            tag: tag.map(str::to_owned),
            modified: modified.map(str::to_owned),
            whole_only: false,
        };
        let server = FileServer::start(file).turn(move |file, request| {
            let reply = broken(file, request);
            match date {
                Some(date) => reply.header("Date", date),
                None => reply,
            }
        });
        assert!(home.get(&server).unwrap() == pattern(BYTES));
        let asked = ranges(&server);
        assert_eq!(asked.len(), 2);
        assert_eq!(
            !asked[1].is_empty(),
            goes_on,
            "{tag:?} {modified:?} {date:?}: {asked:?}"
        );
    }
}

#[test]
fn t14_a_server_that_knows_no_ranges_sends_all_of_it_again() {
    let home = Home::new("whole-only");
    let mut file = ServedFile::new(pattern(BYTES));
    file.whole_only = true;
    let server = FileServer::start(file).turn(broken);
    assert!(home.get(&server).unwrap() == pattern(BYTES));
    assert_eq!(server.http.requests().len(), 2);
}

#[test]
fn t14_a_part_that_nobody_asked_for_is_no_file() {
    let home = Home::new("unasked");
    let server = FileServer::start(ServedFile::new(pattern(BYTES)));
    let server = server.turn(|file, _| file.part(206, 0));
    assert_eq!(home.get(&server).unwrap_err().code, 9016);
}

/// A part may be shorter than what was asked for, and another part than that.
#[test]
fn t14_parts_that_are_shorter_or_from_elsewhere_are_put_together_right_or_not_at_all() {
    for first in [BROKEN_AT - 100, BROKEN_AT, BROKEN_AT + 100] {
        let home = Home::new("parts");
        let server = FileServer::start(ServedFile::new(pattern(BYTES)));
        let server = server.turn(broken).turn(move |file, request| {
            let from: usize = request.header("Range").unwrap()[6..]
                .trim_end_matches('-')
                .parse()
                .unwrap();
            let first = from + first - BROKEN_AT;
            Reply::new(206)
                .header("ETag", "\"1\"")
                .header(
                    "Content-Range",
                    &format!("bytes {first}-{}/{BYTES}", first + 999),
                )
                .body(&file.content[first..first + 1000])
        });
        assert!(home.get(&server).unwrap() == pattern(BYTES), "{first}");
    }
}

#[test]
fn t14_a_server_that_is_overloaded_or_away_for_a_moment_is_asked_again() {
    let home = Home::new("moment");
    let server = FileServer::start(ServedFile::new("all"))
        .turn(|_, _| Reply::new(503))
        .turn(|_, _| Reply::close_without_answer())
        .turn(|_, _| Reply::new(429));
    assert_eq!(home.get(&server).unwrap(), b"all");
}
