use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Jar, MAX_COOKIE_BYTES, MAX_COOKIES};
use crate::base::url::Url;

/// The server's clock: 2026-11-22T12:00:00Z.
const DATE: i64 = 1_795_348_800;

/// What a jar that got these from `from` sends to `to`.
fn sent(cookies: &[&str], from: &str, to: &str) -> String {
    let now = Instant::now();
    let mut jar = Jar::default();
    for cookie in cookies {
        jar.store(cookie, &Url::parse(from).unwrap(), now, Some(DATE));
    }
    let header = jar.header(&Url::parse(to).unwrap(), now);
    header
        .map(|header| header.reveal().to_owned())
        .unwrap_or_default()
}

#[test]
fn cookies_go_back_as_they_came() {
    let set = [r#"a="x, y"; HttpOnly"#, "b = 1=2 ; Version=1", "c="];
    assert_eq!(
        sent(&set, "http://h/", "http://h/p"),
        r#"a="x, y"; b=1=2; c="#
    );
}

#[test]
fn a_new_value_replaces_the_old_in_its_place() {
    let set = ["a=1", "b=2", "a=3"];
    assert_eq!(sent(&set, "http://h/", "http://h/"), "a=3; b=2");
}

#[test]
fn paths_are_matched_at_their_slashes_and_longer_ones_come_first() {
    let set = [
        "all=1; Path=/",
        "dir=2; Path=/acs",
        "own=3",
        "odd=4; Path=x",
    ];
    let from = "http://h/acs/tr069";
    assert_eq!(
        sent(&set, from, "http://h/acs/x?y"),
        "dir=2; own=3; odd=4; all=1"
    );
    assert_eq!(sent(&set, from, "http://h/acsx"), "all=1");
}

#[test]
fn a_domain_reaches_its_subdomains_and_nothing_else() {
    let wide = ["a=1; Domain=.Example.org"];
    assert_eq!(
        sent(&wide, "http://x.example.org/", "http://y.example.org/"),
        "a=1"
    );
    assert_eq!(
        sent(&wide, "http://x.example.org/", "http://badexample.org/"),
        ""
    );
    assert_eq!(
        sent(&["a=1"], "http://example.org/", "http://y.example.org/"),
        ""
    );
    assert_eq!(
        sent(
            &["a=1; Domain=other.org"],
            "http://x.org/",
            "http://other.org/"
        ),
        "",
        "not its own to set"
    );
    for foreign in [
        "a=1; Domain=other.org",
        "a=1; Domain=org",
        "a=1; Domain=y.x.org",
    ] {
        assert_eq!(
            sent(&[foreign], "http://x.org/", "http://x.org/"),
            "",
            "{foreign}"
        );
    }
    assert_eq!(
        sent(&["a=1; Domain=0.1"], "http://10.0.0.1/", "http://10.0.0.1/"),
        ""
    );
    assert_eq!(
        sent(
            &["a=1; Domain=10.0.0.1"],
            "http://10.0.0.1/",
            "http://10.0.0.1/"
        ),
        "a=1"
    );
}

#[test]
fn secure_cookies_go_over_tls_only() {
    let set = ["s=1; Secure", "p=2"];
    assert_eq!(sent(&set, "https://h/", "http://h/"), "p=2");
    assert_eq!(sent(&set, "https://h/", "https://h/"), "s=1; p=2");
}

#[test]
fn max_age_and_expires_delete_and_max_age_wins() {
    for (delete, left) in [
        ("a=; Max-Age=0", ""),
        ("a=; Max-Age=-1", ""),
        ("a=; Expires=Thu, 01-Jan-1970 00:00:00 GMT", ""),
        ("a=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "a=2"),
        (
            "a=2; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=2",
        ),
        ("a=2; Max-Age=99999999999999999999999", "a=2"),
        ("a=2; Max-Age=x; Expires=nonsense", "a=2"),
    ] {
        assert_eq!(
            sent(&["a=1", delete], "http://h/", "http://h/"),
            left,
            "{delete}"
        );
    }
}

#[test]
fn a_lifetime_ends() {
    let url = Url::parse("http://h/").unwrap();
    let now = Instant::now();
    let mut jar = Jar::default();
    jar.store("a=1; Max-Age=5", &url, now, None);
    assert!(jar.header(&url, now + Duration::from_secs(4)).is_some());
    assert!(jar.header(&url, now + Duration::from_secs(5)).is_none());
}

#[test]
fn too_many_and_too_big_cookies_push_the_oldest_out() {
    let url = Url::parse("http://h/").unwrap();
    let mut jar = Jar::default();
    for number in 0..=MAX_COOKIES {
        jar.store(&format!("c{number}=x"), &url, Instant::now(), None);
    }
    let sent = jar.header(&url, Instant::now()).unwrap();
    assert!(sent.reveal().starts_with("c1=x; "));
    jar.store(
        &format!("big={}", "x".repeat(MAX_COOKIE_BYTES - 3)),
        &url,
        Instant::now(),
        None,
    );
    assert!(
        jar.header(&url, Instant::now())
            .unwrap()
            .reveal()
            .starts_with("big=")
    );
    jar.store(
        &format!("bigger={}", "x".repeat(MAX_COOKIE_BYTES)),
        &url,
        Instant::now(),
        None,
    );
    assert!(jar.header(&url, Instant::now()).is_none());
}

#[test]
fn f13_an_expiry_means_the_clock_of_the_server() {
    let url = Url::parse("http://h/").unwrap();
    let left = |date: Option<i64>, expires: &str| {
        let now = Instant::now();
        let mut jar = Jar::default();
        jar.store(&format!("a=1; Expires={expires}"), &url, now, date);
        let mut is_there = |seconds| {
            let later = now + Duration::from_secs(seconds);
            jar.header(&url, later).is_some()
        };
        [is_there(0), is_there(59), is_there(60)]
    };
    const EXPIRES: &str = "Sun, 22 Nov 2026 12:01:00 GMT";
    // Whatever this machine's clock says.
    assert_eq!(left(Some(DATE), EXPIRES), [true, true, false]);
    let long_ago = "Sun, 06 Nov 1994 08:50:37 GMT";
    assert_eq!(left(Some(784_111_777), long_ago), [true, true, false]);
    assert_eq!(left(Some(DATE + 60), EXPIRES), [false, false, false]);
    assert_eq!(left(Some(i64::MIN), EXPIRES), [true, true, true]);
    // A server without a clock can take a cookie back, and no more.
    assert_eq!(left(None, EXPIRES), [true, true, true]);
    assert_eq!(left(None, long_ago), [false, false, false]);
}

proptest! {
    #[test]
    fn no_set_cookie_makes_it_panic(text in "\\PC*|([a-z]+=|;|(?i)domain=|expires=|max-age=|path=|[0-9:/. -]+|jan)*") {
        let url = Url::parse("http://a.b.c/d/e").unwrap();
        let mut jar = Jar::default();
        jar.store(&text, &url, Instant::now(), Some(DATE));
        jar.header(&url, Instant::now());
    }
}
