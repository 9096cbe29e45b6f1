//! The link to the ACS, through [`cwmpd::acs::Link`] and real sockets.

mod auth;
mod cookies;
mod dates;
mod logging;
mod messages;
mod nginx;
mod redirects;

use std::time::Duration;

use cwmpd::acs::{Link, LinkError, Reply};
use cwmpd::base::config::{LinkConfig, TlsConfig};
use cwmpd::cwmp::{Post, PostKind};
use cwmpd::http::{Credentials, KeptTls};

/// Long enough for a loaded machine; no test waits for it to pass.
const AMPLE: Duration = Duration::from_secs(30);

fn config() -> LinkConfig {
    LinkConfig {
        tls: TlsConfig::default(),
        basic_over_http: false,
        connect_timeout: AMPLE,
        response_timeout: AMPLE,
        exchange_timeout: AMPLE,
    }
}

fn credentials() -> Credentials {
    Credentials {
        username: "00D09E-Box-1".into(),
        password: "s3cret \"quoted\"".into(),
    }
}

/// A link with credentials and the default configuration.
fn link(url: &str) -> Link {
    Link::open(url, credentials(), &config(), true, KeptTls::default()).expect("a good URL")
}

/// A request of the CPE, as Inform is.
fn inform() -> Post {
    Post {
        body: "<inform>ä</inform>".into(),
        kind: PostKind::Request,
    }
}

fn response() -> Post {
    Post {
        body: "<response/>".into(),
        kind: PostKind::Response,
    }
}

fn empty() -> Post {
    Post {
        body: String::new(),
        kind: PostKind::Empty,
    }
}

/// Posts an Inform to `url` with `config`.
fn post_to(url: &str, config: &LinkConfig) -> Result<Reply, LinkError> {
    Link::open(url, credentials(), config, true, KeptTls::default())?.post(&inform())
}
