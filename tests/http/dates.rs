//! Certificates and the time: their dates count only where the time is known to be right
//! (TR-069 §3.3).

use std::time::UNIX_EPOCH;

use cwmpd::http::error::{CertificateProblem, HttpError};
use cwmpd::http::{HttpClient, HttpSettings};
use cwmpd_lab::http::{
    Authority, Days, EXPIRED, Identity, Leaf, NOT_YET, Reply, Server, ServerTls,
};
use cwmpd_lab::{Folder, logged};

use crate::tls::{problem, serving, trusting};
use crate::{Whole, get, get_with};

const DAY: i64 = 24 * 3600;
const TODAY: Days = (-2, 2);

fn now() -> i64 {
    i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}

/// Settings on a box that is not sure of the time.
fn unsure(authority: &Authority, folder: &Folder) -> HttpSettings {
    HttpSettings {
        check_dates: false,
        ..trusting(authority, folder)
    }
}

/// Gets from a server with this identity, trusting this root, with the dates counting or not.
fn get_from(root: &Authority, identity: &Identity, check_dates: bool) -> Result<Whole, HttpError> {
    let folder = Folder::new("dates");
    let settings = HttpSettings {
        check_dates,
        ..trusting(root, &folder)
    };
    get_with(&settings, &serving(identity).url("/"))
}

/// A chain of three whose root, intermediate and server are valid on these days.
fn chain(root: Days, above: Days, server: Days) -> (Authority, Identity) {
    let root = Authority::valid("Lab root", root);
    let above = root.intermediate("Lab CA", above);
    let identity = above.issue(&Leaf::valid(server));
    (root, identity)
}

#[test]
fn f13_dates_that_do_not_count_lock_nobody_out() {
    for (root, above, server, refusal) in [
        (TODAY, TODAY, EXPIRED, CertificateProblem::Expired),
        (TODAY, TODAY, NOT_YET, CertificateProblem::NotYetValid),
        (TODAY, EXPIRED, TODAY, CertificateProblem::Expired),
        (TODAY, NOT_YET, TODAY, CertificateProblem::NotYetValid),
        (EXPIRED, TODAY, TODAY, CertificateProblem::Expired),
        (NOT_YET, NOT_YET, NOT_YET, CertificateProblem::NotYetValid),
    ] {
        let days = format!("{root:?} {above:?} {server:?}");
        let (root, identity) = chain(root, above, server);
        let refused = problem(get_from(&root, &identity, true));
        assert_eq!(refused, refusal, "{days}");
        let taken = get_from(&root, &identity, false).unwrap();
        assert_eq!(taken.text(), "<a/>", "{days}");
    }
    let (root, identity) = chain(TODAY, TODAY, TODAY);
    assert_eq!(get_from(&root, &identity, true).unwrap().text(), "<a/>");
}

#[test]
fn f13_all_else_of_a_certificate_counts_always() {
    let root = Authority::new("Lab CA");
    for days in [TODAY, EXPIRED] {
        let get = |identity: &Identity| problem(get_from(&root, identity, false));
        let elsewhere = root.issue(&Leaf {
            days,
            ..Leaf::wrong_host()
        });
        assert_eq!(get(&elsewhere), CertificateProblem::WrongHost);
        for stranger in [
            Authority::new("Other CA").issue(&Leaf::valid(days)),
            Authority::new("Other root")
                .intermediate("Strange CA", days)
                .issue(&Leaf::valid(days)),
            Identity::self_signed(&Leaf::valid(days)),
        ] {
            assert_eq!(get(&stranger), CertificateProblem::UnknownAuthority);
        }
        let impostor = Authority::new("Lab CA").issue(&Leaf::valid(days));
        let refused = get(&impostor);
        assert!(matches!(refused, CertificateProblem::Other(_)), "{refused}");
        let client_only = root.issue(&Leaf {
            server: false,
            ..Leaf::valid(days)
        });
        let refused = get(&client_only);
        assert!(matches!(refused, CertificateProblem::Other(_)), "{refused}");
        // A server's certificate makes no authority.
        let not_ca = root.issue(&Leaf::valid(days)).as_authority();
        let refused = get(&not_ca.issue(&Leaf::valid(days)));
        assert!(
            matches!(
                refused,
                CertificateProblem::Other(_) | CertificateProblem::UnknownAuthority
            ),
            "{refused}"
        );
    }
}

#[test]
fn f13_dates_can_be_checked_once_the_time_is_known() {
    let (root, identity) = chain((-20, 300), (-9, 200), (-30, 20));
    let folder = Folder::new("later");
    let server = serving(&identity);
    let mut client = HttpClient::new(unsure(&root, &folder));
    assert_eq!(client.unchecked_dates(), None);
    get(&mut client, &server.url("/")).unwrap();
    let dates = client.unchecked_dates().unwrap();
    let at = |day: i64| dates.check_at(now() + day * DAY);
    for day in [-8, 0, 19] {
        assert_eq!(at(day), Ok(()), "{day}");
    }
    for (day, expected) in [
        (-10, CertificateProblem::NotYetValid),
        (21, CertificateProblem::Expired),
    ] {
        let error = at(day).unwrap_err();
        let HttpError::Certificate { host, problem } = *error else {
            panic!("{error}");
        };
        assert_eq!(host, server.address().to_string());
        assert_eq!(problem, expected);
    }
    assert!(dates.check_at(i64::MIN).is_err() && dates.check_at(i64::MAX).is_err());
}

#[test]
fn f13_every_certificate_that_a_client_took_has_to_be_good_in_the_end() {
    let root = Authority::new("Lab CA");
    let folder = Folder::new("several");
    let servers = [(-9, -1), (-5, 5)].map(|days| serving(&root.issue(&Leaf::valid(days))));
    let mut client = HttpClient::new(unsure(&root, &folder));
    for server in &servers {
        get(&mut client, &server.url("/")).unwrap();
    }
    let dates = client.unchecked_dates().unwrap();
    assert_eq!(dates.check_at(now() - 3 * DAY), Ok(()));
    for (day, blamed) in [(0, &servers[0]), (-7, &servers[1])] {
        let error = dates.check_at(now() + day * DAY).unwrap_err();
        let host = blamed.address().to_string();
        assert!(error.to_string().contains(&host), "{error}");
    }
}

#[test]
fn f13_there_is_nothing_to_check_later_where_dates_count_or_there_is_no_proof_at_all() {
    let root = Authority::new("Lab CA");
    let folder = Folder::new("nothing");
    let server = serving(&root.issue(&Leaf::localhost()));
    let plain = Server::start(|_, _| Reply::new(204));
    let mut insecure = unsure(&root, &folder);
    insecure.tls.insecure = true;
    for (settings, url) in [
        (trusting(&root, &folder), server.url("/")),
        (insecure, server.url("/")),
        (unsure(&root, &folder), plain.url("/")),
    ] {
        let mut client = HttpClient::new(settings);
        let lines = logged(|| {
            get(&mut client, &url).unwrap();
        });
        assert_eq!(client.unchecked_dates(), None);
        assert!(!lines.iter().any(|line| line.contains("valid from")));
    }
}

#[test]
fn f13_each_connection_whose_dates_do_not_count_is_warned_of_once() {
    let root = Authority::new("Lab CA");
    let folder = Folder::new("warned");
    let tls = ServerTls::new(&root.issue(&Leaf::valid(EXPIRED)));
    // Every second answer closes the connection.
    let server = Server::start_tls(tls, |_, info| match info.request {
        1 => Reply::new(204),
        _ => Reply::new(204).close(),
    });
    let mut client = HttpClient::new(unsure(&root, &folder));
    let lines = logged(|| {
        for _ in 0..4 {
            get(&mut client, &server.url("/")).unwrap();
        }
    });
    assert_eq!(server.connections(), 2);
    let warnings: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("WARN"))
        .collect();
    assert_eq!(warnings.len(), 2, "{lines:?}");
    let day = |offset: i64| cwmpd::base::clock::utc(now() + offset * DAY);
    for warning in warnings {
        for told in [
            server.address().to_string(),
            day(EXPIRED.0)[..10].to_owned(),
            day(EXPIRED.1)[..10].to_owned(),
        ] {
            assert!(warning.contains(&told), "{warning}");
        }
    }
}
