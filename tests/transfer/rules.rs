//! Whom the box believes, who it is to others, and where it goes: the rules of the link to the ACS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cwmpd::cwmp::{Direction, Moved, TransferOrder};
use cwmpd::soap::TransferFault;
use cwmpd::transfer::MAX_REDIRECTS;
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::{Auth, Authority, EXPIRED, Leaf, Reply, Server, ServerTls};

use crate::{Home, order, with_user};

fn download(home: &Home, server: &FileServer) -> Result<Moved, TransferFault> {
    home.download(&with_user(order(Direction::Download, &server.url())))
}

#[test]
fn t15_digest_opens_a_server_for_the_user_of_the_order() {
    let home = Home::new("digest");
    let server = FileServer::start_for(ServedFile::new("in"), Auth::Digest);
    assert_eq!(download(&home, &server), Ok(Moved { bytes: 2 }));
    let mut stranger = with_user(order(Direction::Download, &server.url()));
    stranger.password = "other".into();
    assert_eq!(home.download(&stranger).unwrap_err().code, 9012);
    let nobody = order(Direction::Download, &server.url());
    assert_eq!(home.download(&nobody).unwrap_err().code, 9012);
}

#[test]
fn t15_basic_without_tls_gives_a_password_away_only_if_uci_says_so() {
    let mut home = Home::new("basic");
    let server = FileServer::start_for(ServedFile::new("in"), Auth::Basic);
    let fault = download(&home, &server).unwrap_err();
    assert_eq!(fault.code, 9012);
    assert!(fault.string.contains("acs.basic_over_http"), "{fault:?}");
    assert!(server.asked("Authorization").iter().all(Option::is_none));
    home.transport.link.basic_over_http = true;
    assert_eq!(download(&home, &server), Ok(Moved { bytes: 2 }));
}

#[test]
fn t15_a_server_that_does_not_ask_learns_no_name() {
    let home = Home::new("unasked");
    let server = FileServer::start(ServedFile::new("in"));
    assert_eq!(download(&home, &server), Ok(Moved { bytes: 2 }));
    assert_eq!(server.asked("Authorization"), [None]);
}

#[test]
fn t15_redirects_are_followed_and_the_user_stays_with_the_host_of_the_order() {
    for status in [301, 302, 303, 307, 308] {
        let home = Home::new("redirect");
        // Another port of the same machine is another server.
        let other = FileServer::start_for(ServedFile::new("other"), Auth::Digest);
        let to = other.url();
        let first = FileServer::start_for(ServedFile::new(""), Auth::Digest);
        let first = first.turn(move |_, _| Reply::new(status).header("Location", &to));
        let fault = download(&home, &first).unwrap_err();
        assert_eq!(fault.code, 9012, "{fault:?}");
        assert_eq!(other.asked("Authorization"), [None]);
        let open = FileServer::start(ServedFile::new("open"));
        let to = open.url();
        let first = FileServer::start_for(ServedFile::new(""), Auth::Digest);
        let first = first.turn(move |_, _| Reply::new(status).header("Location", &to));
        assert_eq!(download(&home, &first), Ok(Moved { bytes: 4 }));
        assert_eq!(open.asked("Authorization"), [None]);
        assert_eq!(open.asked("Referer"), [None]);
        // On the same server the user goes along.
        let same = FileServer::start_for(ServedFile::new("same"), Auth::Digest);
        let same = same.turn(move |_, _| Reply::new(status).header("Location", "../else"));
        assert_eq!(download(&home, &same), Ok(Moved { bytes: 4 }));
    }
}

#[test]
fn t15_redirects_have_an_end_and_a_place_to_lead_to() {
    let home = Home::new("loop");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = Server::start(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Reply::new(302).header("Location", "/again?TELLTALE")
    });
    let fault = home
        .download(&order(Direction::Download, &server.url("/")))
        .unwrap_err();
    assert_eq!(fault.code, 9016, "{fault:?}");
    assert_eq!(
        count.load(Ordering::Relaxed),
        usize::from(MAX_REDIRECTS) + 1
    );
    for location in [
        "",
        "ftp://files.example/x",
        "file:///etc/shadow",
        "http://user:TELLTALE@files.example/",
        "http://[::1/",
        "javascript:alert(1)",
    ] {
        let server = FileServer::start(ServedFile::new(""));
        let server = server.turn(move |_, _| Reply::new(302).header("Location", location));
        let fault = home.get(&server).unwrap_err();
        assert_eq!(fault.code, 9016, "{location}: {fault:?}");
    }
    let server = FileServer::start(ServedFile::new("")).turn(|_, _| Reply::new(302));
    assert_eq!(home.get(&server).unwrap_err().code, 9016);
}

/// A server over TLS that this authority vouches for.
fn secure(authority: &Authority, leaf: &Leaf<'_>, reply: Reply) -> Server {
    let tls = ServerTls::new(&authority.issue(leaf));
    Server::start_tls(tls, move |_, _| reply.clone())
}

fn at_localhost(server: &Server) -> TransferOrder {
    let url = format!("https://localhost:{}/file", server.port());
    order(Direction::Download, &url)
}

#[test]
fn t15_a_server_over_tls_is_believed_by_the_rules_of_the_link() {
    let mut home = Home::new("tls");
    let authority = Authority::new("Lab CA");
    let server = secure(&authority, &Leaf::localhost(), Reply::new(200).body("in"));
    let fault = home.download(&at_localhost(&server)).unwrap_err();
    assert_eq!(fault.code, 9015);
    assert!(fault.string.contains("certificate"), "{fault:?}");
    assert!(server.requests().is_empty(), "nothing was asked of it");
    home.transport.link.tls.ca_file = Some(home.folder.file("ca.pem", authority.pem()));
    assert_eq!(
        home.download(&at_localhost(&server)),
        Ok(Moved { bytes: 2 })
    );
    let wrong = secure(
        &authority,
        &Leaf {
            dns: &["other.example"],
            ip: &[],
            ..Leaf::localhost()
        },
        Reply::new(200),
    );
    assert_eq!(home.download(&at_localhost(&wrong)).unwrap_err().code, 9015);
    let leaf = Leaf {
        days: EXPIRED,
        ..Leaf::localhost()
    };
    let expired = secure(&authority, &leaf, Reply::new(200).body("in"));
    assert_eq!(
        home.download(&at_localhost(&expired)).unwrap_err().code,
        9015
    );
    home.transport.check_dates = false;
    assert_eq!(
        home.download(&at_localhost(&expired)),
        Ok(Moved { bytes: 2 })
    );
    home.transport.link.tls.unusable = Some("acs.ssl_cacert is no file".into());
    let fault = home.download(&at_localhost(&server)).unwrap_err();
    assert_eq!(fault.code, 9015, "{fault:?}");
}

#[test]
fn t15_https_is_not_given_up_by_a_redirect() {
    let mut home = Home::new("downgrade");
    let plain = FileServer::start(ServedFile::new("forged"));
    let authority = Authority::new("Lab CA");
    home.transport.link.tls.ca_file = Some(home.folder.file("ca.pem", authority.pem()));
    let reply = Reply::new(302).header("Location", &plain.url());
    let server = secure(&authority, &Leaf::localhost(), reply);
    let fault = home.download(&at_localhost(&server)).unwrap_err();
    assert_eq!(fault.code, 9016);
    assert!(fault.string.contains("https"), "{fault:?}");
    assert!(plain.http.requests().is_empty());
}
