//! The addresses of the STUN server, by its name. Looking one up may take its time, so it is a job.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use crate::base::backoff::Backoff;

/// So many addresses of one name are worth a try.
const MAX_ADDRESSES: usize = 8;

/// From an attempt to look a name up to the next one.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(300));

/// What is known of the server.
pub(in crate::agent) struct ServerName {
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
    /// Why the last attempt gave nothing.
    failure: Option<String>,
    /// The next attempt, as uptime.
    again: Option<Duration>,
    pauses: Backoff,
}

impl Default for ServerName {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            addresses: Vec::new(),
            failure: None,
            again: None,
            pauses: PAUSES,
        }
    }
}

impl ServerName {
    /// The server is this one; an address, also in brackets, need not be looked up. Whether it is another
    /// one than before.
    pub(in crate::agent) fn seek(&mut self, host: &str, port: u16, now: Duration) -> bool {
        if (self.host.as_str(), self.port) == (host, port) {
            return false;
        }
        *self = Self {
            host: host.to_owned(),
            port,
            ..Self::default()
        };
        match self.literal() {
            Some(address) => self.addresses.push(SocketAddr::new(address, port)),
            None if host.is_empty() => {}
            None => self.again = Some(now),
        }
        true
    }

    /// Nobody is asked any more.
    pub(in crate::agent) fn forget(&mut self) {
        *self = Self::default();
    }

    /// No address of the server answers: the name may lead elsewhere now. It is looked up after a while,
    /// which grows.
    pub(in crate::agent) fn doubt(&mut self, now: Duration) {
        let is_name = !self.host.is_empty() && self.literal().is_none();
        if is_name && self.failure.is_none() && self.again.is_none() {
            self.again = Some(now.saturating_add(self.pauses.pause()));
        }
    }

    /// The network is another one: what could not be found may be found now.
    pub(in crate::agent) fn hope(&mut self, now: Duration) {
        if self.failure.is_some() {
            self.again = Some(now);
        }
    }

    /// The name to look up, if that is due. An attempt begins.
    pub(in crate::agent) fn due(&mut self, now: Duration) -> Option<(String, u16)> {
        self.again.filter(|at| *at <= now)?;
        self.again = None;
        Some((self.host.clone(), self.port))
    }

    /// What came of an attempt; whether the addresses are others. One of another name is no matter.
    pub(in crate::agent) fn found(&mut self, found: Found, now: Duration) -> bool {
        if (&self.host, self.port) != (&found.host, found.port) {
            return false;
        }
        match found.addresses {
            Ok(addresses) => {
                if self.failure.take().is_some() {
                    log::info!("the STUN server {} was found", self.host);
                }
                self.again = None;
                let is_new = addresses != self.addresses;
                if is_new {
                    self.pauses.reset();
                }
                self.addresses = addresses;
                is_new
            }
            Err(why) => {
                if self.failure.as_ref() != Some(&why) {
                    log::warn!("the STUN server {} is not found: {why}", self.host);
                }
                self.failure = Some(why);
                self.again = Some(now.saturating_add(self.pauses.pause()));
                false
            }
        }
    }

    /// When [`ServerName::due`] has something to do.
    pub(in crate::agent) fn deadline(&self) -> Option<Duration> {
        self.again
    }

    /// Those of the last attempt that gave any.
    pub(in crate::agent) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Why it is not found, a sentence.
    pub(in crate::agent) fn failure(&self) -> Option<String> {
        let why = self.failure.as_ref()?;
        Some(format!("{} is not found: {why}", self.host))
    }

    fn literal(&self) -> Option<IpAddr> {
        let text = self.host.trim_start_matches('[').trim_end_matches(']');
        text.parse().ok()
    }
}

/// What came of looking a name up.
pub(in crate::agent) struct Found {
    pub host: String,
    pub port: u16,
    /// Or why there are none.
    pub addresses: Result<Vec<SocketAddr>, String>,
}

impl Found {
    /// Looks it up, and waits for it.
    pub(in crate::agent) fn by_name(host: String, port: u16) -> Self {
        let addresses = match (host.as_str(), port).to_socket_addrs() {
            Ok(found) => in_order(found),
            Err(e) => Err(e.to_string()),
        };
        Self {
            host,
            port,
            addresses,
        }
    }
}

/// Each once, in the order in which the system wants them tried (RFC 6724).
fn in_order(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, String> {
    let mut addresses = Vec::new();
    for address in found {
        if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => Err("the name has no address".to_owned()),
        false => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn found(host: &str, result: Result<&[&str], &str>) -> Found {
        Found {
            host: host.to_owned(),
            port: 3478,
            addresses: result.map(addresses).map_err(str::to_owned),
        }
    }

    #[test]
    fn r22_an_address_needs_no_look_up() {
        for host in ["192.0.2.1", "2001:db8::1", "[2001:db8::1]"] {
            let mut name = ServerName::default();
            name.seek(host, 3478, SECOND);
            assert_eq!(name.deadline(), None);
            assert_eq!(name.addresses().len(), 1, "{host}");
            name.doubt(SECOND);
            assert_eq!(name.deadline(), None, "{host}");
        }
        let mut name = ServerName::default();
        name.seek("", 3478, SECOND);
        assert_eq!((name.deadline(), name.addresses().len()), (None, 0));
    }

    #[test]
    fn r22_a_name_is_found_late_and_attempts_become_rare() {
        let mut name = ServerName::default();
        name.seek("stun.example", 3478, SECOND);
        let mut now = SECOND;
        let mut attempts = Vec::new();
        for _ in 0..10 {
            let (host, port) = name.due(now).unwrap();
            assert_eq!((host.as_str(), port), ("stun.example", 3478));
            assert_eq!(name.due(now), None, "one at a time");
            assert!(!name.found(found("stun.example", Err("no such host")), now));
            attempts.push(now.as_secs());
            now = name.deadline().unwrap();
        }
        assert_eq!(attempts[..5], [1, 6, 16, 36, 76]);
        assert_eq!(attempts[9] - attempts[8], 300);
        let told = "stun.example is not found: no such host";
        assert_eq!(name.failure().as_deref(), Some(told));
        // Another network may know it.
        let now = now.saturating_sub(SECOND);
        assert_eq!(name.due(now), None);
        name.hope(now);
        name.due(now).unwrap();
        let both = ["192.0.2.1:3478", "[2001:db8::1]:3478"];
        assert!(name.found(found("stun.example", Ok(&both)), now));
        assert_eq!(name.addresses(), addresses(&both));
        assert_eq!((name.failure(), name.deadline()), (None, None));
    }

    #[test]
    fn r22_a_server_that_is_silent_is_looked_up_again_and_may_be_another() {
        let mut name = ServerName::default();
        name.seek("stun.example", 3478, SECOND);
        name.due(SECOND).unwrap();
        name.found(found("stun.example", Ok(&["192.0.2.1:3478"])), SECOND);
        let mut now = SECOND;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            for _ in 0..100 {
                name.doubt(now);
            }
            pauses.push(name.deadline().unwrap().saturating_sub(now).as_secs());
            now = name.deadline().unwrap();
            name.due(now).unwrap();
            let same = found("stun.example", Ok(&["192.0.2.1:3478"]));
            assert!(!name.found(same, now));
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        name.doubt(now);
        name.due(now + 300 * SECOND).unwrap();
        assert!(name.found(found("stun.example", Ok(&["192.0.2.9:3478"])), now));
        // While nobody knows the name the last addresses are as good as any guess.
        name.doubt(now);
        name.due(now + 300 * SECOND).unwrap();
        assert!(!name.found(found("stun.example", Err("no answer")), now));
        assert_eq!(name.addresses(), addresses(&["192.0.2.9:3478"]));
    }

    #[test]
    fn r22_what_comes_of_another_name_is_no_matter() {
        let mut name = ServerName::default();
        name.seek("old.example", 3478, SECOND);
        name.due(SECOND).unwrap();
        name.seek("new.example", 3478, SECOND);
        assert!(!name.found(found("old.example", Ok(&["192.0.2.1:3478"])), SECOND));
        assert_eq!(name.addresses(), []);
        assert!(name.due(SECOND).is_some());
    }

    #[test]
    fn r22_many_addresses_are_some_and_each_once() {
        let many = (0..100u8).map(|n| SocketAddr::from(([192, 0, 2, n / 2], 3478)));
        let taken = in_order(many).unwrap();
        assert_eq!(taken.len(), MAX_ADDRESSES);
        assert!(taken.windows(2).all(|two| two[0] != two[1]));
        assert!(in_order(std::iter::empty()).is_err());
    }

    #[test]
    fn r22_a_name_is_looked_up() {
        let found = Found::by_name("localhost".to_owned(), 7).addresses.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()));
        let lost = Found::by_name("no name".to_owned(), 7).addresses;
        assert!(lost.is_err());
    }
}
