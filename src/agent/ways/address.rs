//! The address in the connection-request URL: that of the box on its way to the ACS.

use std::net::IpAddr;
use std::path::Path;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::url::Url;
use crate::device::sources::uci::UciSource;
use crate::device::{logical, reach};

/// The package that tells of logical interfaces.
pub(in crate::agent) const NETWORK: &str = "network";

/// The devices of the kernel.
const DEVICES: &str = "/sys/class/net";

/// The durable record of where the ACS was met: its host, a blank, its address. It is there where that
/// made a difference: without it the next run of the agent would tell the ACS another address of the
/// box, and the right one only after that.
const MET_RECORD: &str = "place.acs";

/// Where the ACS is, as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::agent) struct AcsPlace {
    /// The host of its URL.
    host: String,
    /// Its address: the URL has it, or a session found it.
    address: Option<IpAddr>,
    /// It was a session of an earlier run.
    is_recalled: bool,
}

impl AcsPlace {
    /// Its address, once it is known.
    pub(in crate::agent) fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

/// The device of an interface, as far as the configuration is known.
pub(in crate::agent) fn device_of(uci: &UciSource, interface: &str) -> String {
    let network = uci.known(NETWORK).and_then(|known| known.document);
    match network {
        Some(network) => logical::device_of(network, interface),
        None => interface.to_owned(),
    }
}

impl Agent {
    /// Chooses the address anew; whether it is another one now.
    pub(in crate::agent) fn find_address(&self) -> bool {
        let interface = self.interface();
        let find = |acs| reach::address(interface.as_deref(), acs);
        let place = &self.ways.acs_place;
        let address = find(place.address).or_else(|| {
            // Nothing may lead there any more, but to another of its addresses.
            place.is_recalled.then(|| find(None)).flatten()
        });
        if self.facts.borrow().reach.address == address {
            return false;
        }
        self.facts.borrow_mut().reach.address = address;
        self.log_address();
        true
    }

    fn log_address(&self) {
        let address = self.facts.borrow().reach.address;
        match address {
            Some(address) => log::info!("the ACS is told to reach the box at {address}"),
            None => log::warn!("the ACS cannot reach the box: {}", self.why_no_address()),
        }
    }

    /// Why there is no address, for people.
    pub(in crate::agent) fn why_no_address(&self) -> String {
        let Some(name) = &self.config.interface else {
            return "no interface leads to the ACS".to_owned();
        };
        let device = self.interface().unwrap_or_default();
        match Path::new(DEVICES).join(&device).exists() {
            true => format!("{name} has no address"),
            false => {
                format!("{name} has no address: there is no device {device} now (cpe.interface)")
            }
        }
    }

    /// The device of the configured interface, which may be a logical one.
    pub(in crate::agent) fn interface(&self) -> Option<String> {
        let name = self.config.interface.as_deref()?;
        let mut uci = self.uci.borrow_mut();
        // During a session all stays as it is.
        if !self.engine.in_session() {
            uci.look_at(NETWORK);
        }
        Some(device_of(&uci, name))
    }

    /// The ACS may be another one; whether the address is, too.
    pub(in crate::agent) fn follow_acs(&mut self) -> bool {
        let host = Url::parse(&self.engine.settings().url).map_or(String::new(), |url| url.host);
        if host == self.ways.acs_place.host {
            return false;
        }
        let met = self.model.record(MET_RECORD);
        let met = met.and_then(|met| met.strip_prefix(&*host)?.strip_prefix(' '));
        let literal = host.parse().ok();
        let is_one = !host.is_empty();
        self.ways.acs_place = AcsPlace {
            host,
            address: literal.or_else(|| met?.parse().ok()),
            is_recalled: literal.is_none(),
        };
        let is_new = self.find_address();
        if is_one && !is_new {
            // Nothing is said of it where there never was an address.
            self.log_address();
        }
        is_new
    }

    /// The ACS was met at this address.
    pub(in crate::agent) fn met_acs(&mut self, address: Option<IpAddr>, now: Now) {
        let Some(met) = address else {
            return;
        };
        self.ways.acs_place.is_recalled = false;
        if self.ways.acs_place.address.replace(met) == address {
            return;
        }
        if self.find_address() {
            let record = format!("{} {met}", self.ways.acs_place.host);
            self.model.set_record(MET_RECORD, Some(&record));
            self.commit();
            self.look(now);
        }
    }
}
