//! A link for another protocol than HTTP, with the same proof of who the server is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cwmpd::http::{ExchangeWatch, KeptTls, LinkTls, ServerLink};
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Leaf};

use crate::tls::{serving, trusting};

const LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Patient;

impl ExchangeWatch for Patient {
    fn goes_on(&self) -> bool {
        true
    }

    fn may_meet(&self, _: SocketAddr, _: SocketAddr) -> bool {
        true
    }
}

#[test]
fn s35_a_dot_behind_the_name_is_none_of_it() {
    let authority = Authority::new("Lab CA");
    let server = serving(&authority.issue(&Leaf::localhost()));
    let folder = Folder::new("dot");
    let tls = LinkTls {
        config: trusting(&authority, &folder).tls,
        kept: KeptTls::default(),
        check_dates: true,
    };
    let secured = |domain: &str| {
        let addresses = [server.address()];
        let plain = ServerLink::dial(domain, &addresses, LIMIT, Arc::new(Patient)).unwrap();
        plain.secure(domain, &tls, LIMIT).map(drop)
    };
    secured("localhost").unwrap();
    secured("localhost.").unwrap();
    secured("localhost..").unwrap_err();
}
