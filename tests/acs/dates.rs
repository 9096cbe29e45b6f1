//! A clock that is set but wrong must not lock the ACS out (TR-069 §3.3), and one that turns out
//! to be right must not let an old certificate in.

use std::time::UNIX_EPOCH;

use cwmpd::acs::{Link, LinkError, Reply};
use cwmpd::http::error::CertificateProblem;
use cwmpd::http::{HttpError, KeptTls};
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, EXPIRED, Leaf, Server, ServerTls};

use crate::{config, credentials, empty, inform};

/// A link to a server whose certificate has expired, on a box that is sure of the time or not.
fn session(check_dates: bool, run: impl FnOnce(&mut Link, &Server)) {
    let authority = Authority::new("Lab CA");
    let folder = Folder::new("acs-dates");
    let mut config = config();
    config.tls.ca_file = Some(folder.file("ca.pem", authority.pem()));
    let tls = ServerTls::new(&authority.issue(&Leaf::valid(EXPIRED)));
    let server = Server::start_tls(tls, |_, _| {
        cwmpd_lab::http::Reply::xml("<a/>").header("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
    });
    let url = server.url("/");
    let mut link = Link::open(
        &url,
        credentials(),
        &config,
        check_dates,
        KeptTls::default(),
    )
    .unwrap();
    run(&mut link, &server);
}

/// The time, so many days from now.
fn day(offset: i64) -> i64 {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    i64::try_from(now).unwrap() + offset * 24 * 3600
}

#[test]
fn f13_an_expired_certificate_serves_a_box_that_is_not_sure_of_the_time() {
    session(false, |link, _| {
        let reply: Reply = link.post(&inform()).unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "<a/>"));
        assert_eq!(reply.date, Some(784_111_777));
    });
}

#[test]
fn f13_an_expired_certificate_does_not_serve_a_box_that_is() {
    session(true, |link, _| {
        let error = link.post(&inform()).unwrap_err();
        let LinkError::Http(HttpError::Certificate { problem, .. }) = error else {
            panic!("{error}");
        };
        assert_eq!(problem, CertificateProblem::Expired);
    });
}

#[test]
fn f13_a_box_that_learns_the_time_from_the_answer_looks_at_the_dates_after_all() {
    session(false, |link, server| {
        for post in [inform(), empty()] {
            let reply = link.post(&post).unwrap();
            assert_eq!(reply.check_dates_at(day(-5)), Ok(()));
            for (offset, told) in [(0, "has expired"), (-10, "not valid yet")] {
                let error = reply.check_dates_at(day(offset)).unwrap_err().to_string();
                assert!(error.contains(told), "{error}");
                assert!(error.contains(&server.address().to_string()), "{error}");
            }
        }
    });
}

#[test]
fn f13_without_tls_there_are_no_dates_to_look_at() {
    let server = Server::start(|_, _| cwmpd_lab::http::Reply::new(204));
    let mut link = Link::open(
        &server.url("/"),
        credentials(),
        &config(),
        false,
        KeptTls::default(),
    )
    .unwrap();
    let reply = link.post(&inform()).unwrap();
    assert_eq!(reply.check_dates_at(0), Ok(()));
    assert_eq!(reply.date, None);
}
