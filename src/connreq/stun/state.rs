//! What `cwmpd status` says of STUN.

use std::fmt;
use std::time::Duration;

use super::client::StunClient;
use super::life::Help;

/// The client as it is now, in words.
pub(super) struct StunState<'a> {
    client: &'a StunClient,
    now: Duration,
}

impl StunClient {
    /// What is known, since when, and why it is not more.
    pub fn state(&self, now: Duration) -> impl fmt::Display + '_ {
        StunState { client: self, now }
    }
}

/// `203.0.113.5:61234, seen by 192.0.2.1:3478 for 7200 s, behind NAT; refreshed every 162 s`
impl fmt::Display for StunState<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (client, since) = (self.client, |at| self.now.saturating_sub(at).as_secs());
        let Some(settings) = &client.settings else {
            return f.write_str("off");
        };
        match client.binding() {
            Some(binding) => {
                let (mapped, server) = (binding.mapped, binding.server);
                write!(
                    f,
                    "{mapped}, seen by {server} for {} s",
                    since(binding.since)
                )?;
                f.write_str(if binding.is_nat {
                    ", behind NAT"
                } else {
                    ", no NAT"
                })?;
            }
            None => f.write_str("no binding is known yet")?,
        }
        match client.trouble {
            _ if settings.servers.is_empty() => f.write_str("; the server has no address")?,
            Some(trouble) => {
                let since = since(trouble.since);
                match trouble.code {
                    Some(401 | 430..=432 | 436 | 438) => {
                        write!(
                            f,
                            "; the server refuses STUNUsername or STUNPassword for {since} s"
                        )?;
                    }
                    Some(code) => {
                        write!(f, "; the server refuses with error {code} for {since} s")?
                    }
                    None => write!(f, "; no server answers for {since} s")?,
                }
            }
            None if client.binding().is_some() => {
                match (client.life.help(), client.life.found()) {
                    (_, Some(period)) => write!(f, "; refreshed every {} s", period.as_secs())?,
                    _ => f.write_str("; looking how often it is to be refreshed")?,
                }
                if client.life.help() == Help::Unwilling {
                    f.write_str(" (the server does not help to find out)")?;
                }
            }
            None => {}
        }
        match client.doubts.all() {
            0 => Ok(()),
            _ => write!(f, "; answers not believed: {}", client.doubts),
        }
    }
}
