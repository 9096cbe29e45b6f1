//! The address of a server: looked up once a client, so that a session stays with one machine.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::error::HttpError;

/// Finds addresses, and remembers the last host's.
#[derive(Debug, Default)]
pub(super) struct Names {
    system: DefaultResolver,
    last: Mutex<Option<(Uri, ResolvedSocketAddrs)>>,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |known: &Uri| known.authority() == uri.authority() && known.scheme() == uri.scheme();
        if let Some((_, addresses)) = last.as_ref().filter(|(known, _)| same(known)) {
            return Ok(addresses.clone());
        }
        let found = self.find(uri, config, timeout)?;
        *last = Some((uri.clone(), found.clone()));
        Ok(found)
    }
}

impl Names {
    /// An address needs no look-up, and so no thread to bound its time.
    fn find(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        if let Ok(address) = bare_host(uri).parse::<IpAddr>() {
            let default = if uri.scheme() == Some(&Scheme::HTTPS) {
                443
            } else {
                80
            };
            let mut found = self.empty();
            found.push(SocketAddr::new(address, uri.port_u16().unwrap_or(default)));
            return Ok(found);
        }
        let found = self.system.resolve(uri, config, timeout);
        found.map_err(|error| match error {
            Error::Io(why) => Error::Other(Box::new(HttpError::Resolve {
                host: bare_host(uri).to_owned(),
                why: why.to_string(),
            })),
            error => error,
        })
    }
}

/// The host, an IPv6 address without its brackets.
pub(super) fn bare_host(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']')
}
