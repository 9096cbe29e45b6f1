//! Cookies through a session (the rules themselves are tested beside the jar).

use cwmpd_lab::http::{Reply, Server};

use crate::{empty, inform, link};

#[test]
fn several_cookies_come_back_together_and_are_replaced_in_mid_session() {
    let server = Server::start(|_, info| match info.request {
        1 => Reply::xml("<a/>")
            .header("Set-Cookie", "JSESSIONID=\"a b\"; Path=/; HttpOnly")
            .header("Set-Cookie", "route=1"),
        2 => Reply::new(204).header("Set-Cookie", "JSESSIONID=new; Path=/"),
        3 => Reply::new(204).header("Set-Cookie", "route=; Max-Age=0"),
        _ => Reply::new(204),
    });
    let mut link = link(&server.url("/"));
    for post in [inform(), empty(), empty(), empty()] {
        link.post(&post).unwrap();
    }
    let requests = server.requests();
    let cookies: Vec<_> = requests
        .iter()
        .map(|request| request.headers_named("Cookie"))
        .collect();
    assert!(cookies[0].is_empty());
    assert_eq!(cookies[1], ["JSESSIONID=\"a b\"; route=1"]);
    assert_eq!(cookies[2], ["JSESSIONID=new; route=1"]);
    assert_eq!(cookies[3], ["JSESSIONID=new"]);
}

#[test]
fn cookies_of_401_204_and_302_count() {
    let server = Server::start(|request, info| match info.request {
        1 => Reply::new(401)
            .header("Set-Cookie", "a=1")
            .header("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\""),
        2 => Reply::new(302)
            .header("Set-Cookie", "b=2")
            .header("Location", "/x"),
        3 => Reply::new(204).header("Set-Cookie", "c=3"),
        _ => Reply::xml(request.header("Cookie").unwrap_or_default()),
    });
    let mut link = link(&server.url("/"));
    link.post(&inform()).unwrap();
    assert_eq!(link.post(&empty()).unwrap().body, "a=1; b=2; c=3");
}

#[test]
fn a_cookie_stays_with_its_host_after_a_redirect() {
    let other = Server::start(|_, _| Reply::new(204));
    // Another name of the same machine: cookies do not tell ports apart, but hosts.
    let there = format!("http://localhost:{}/", other.port());
    let server = Server::start(move |_, _| {
        Reply::new(307)
            .header("Set-Cookie", "a=1")
            .header("Location", &there)
    });
    link(&server.url("/")).post(&inform()).unwrap();
    assert_eq!(other.requests()[0].header("Cookie"), None);
}

#[test]
fn cookies_end_with_the_session() {
    let server = Server::start(|_, _| Reply::new(204).header("Set-Cookie", "a=1"));
    for _ in 0..2 {
        link(&server.url("/")).post(&inform()).unwrap();
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("Cookie").is_none())
    );
}
