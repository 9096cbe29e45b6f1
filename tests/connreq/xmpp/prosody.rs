//! prosody, as it is.

use std::net::{IpAddr, Ipv4Addr};

use cwmpd::connreq::xmpp::XmppEnd;
use cwmpd_lab::Folder;
use cwmpd_lab::acs::{Caller, XmppAcs};
use cwmpd_lab::http::{Authority, Leaf};
use cwmpd_lab::peers::Prosody;

use super::{Connection, tls_settings};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn r45_prosody_lets_the_box_in_and_brings_it_the_requests_of_the_acs() {
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] {
        let folder = Folder::new("prosody");
        let users = [
            ("box", "secret"),
            ("acs", "acs secret"),
            ("evil", "evil secret"),
        ];
        let mechanisms = [mechanism, "PLAIN"];
        let Some(prosody) = Prosody::start(
            &folder,
            LOOPBACK,
            "localhost",
            &identity,
            &users,
            &mechanisms,
        ) else {
            return;
        };
        let settings = tls_settings(prosody.address(), &folder, &authority);
        let connection = Connection::begin(settings.clone());
        let (jid, is_secure) = connection.bound();
        assert_eq!((jid.as_str(), is_secure), ("box@localhost/cwmp", true));
        assert!(prosody.log().contains(mechanism) || mechanism == "PLAIN");
        let log_in = |user, password| {
            XmppAcs::log_in(
                prosody.address(),
                "localhost",
                &authority.pem(),
                (user, password),
            )
            .unwrap()
        };
        let mut acs = log_in("acs", "acs secret");
        let caller = |password: &str| Caller::new("acs", password);
        let answer = std::thread::scope(|scope| {
            let asked = scope.spawn(|| acs.call(&jid, &caller("call")).unwrap());
            connection.accept();
            asked.join().unwrap()
        });
        assert!(answer.contains("type='result'"), "{answer}");
        let answer = acs.call(&jid, &caller("wrong")).unwrap();
        assert!(answer.contains("<not-authorized"), "{answer}");
        let answer = log_in("evil", "evil secret")
            .call(&jid, &caller("call"))
            .unwrap();
        assert!(answer.contains("<service-unavailable"), "{answer}");
        // Another password ends as it should.
        let mut wrong = settings;
        wrong.password = "wrong".into();
        assert_eq!(
            Connection::begin(wrong).end().status(),
            "Error_AuthenticationFailure"
        );
        connection.line.close();
        assert_eq!(connection.end(), XmppEnd::Closed);
    }
}
