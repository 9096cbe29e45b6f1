//! The source `agent:` of the data model: what the agent knows of itself.
//!
//! | key | value |
//! |---|---|
//! | `connection_request_url` | where the ACS may ask for a session; empty while that is not possible |
//! | `current_time` | local time with its offset |
//! | `software_version` | the version of cwmpd |
//! | `told_manufacturer`, `told_manufacturer_oui`, `told_product_class`, `told_serial_number` | as an ACS was told by DeviceId; nothing before |

use std::borrow::Cow;
use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use super::clocks::Clocks;
use crate::datamodel::source::{Source, SourceError};
use crate::soap::DeviceId;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const KEYS: [&str; 7] = [
    "connection_request_url",
    "current_time",
    "software_version",
    "told_manufacturer",
    "told_manufacturer_oui",
    "told_product_class",
    "told_serial_number",
];

/// What the agent tells of itself; the loop keeps it up to date.
#[derive(Default)]
pub(super) struct Facts {
    /// The address that the ACS reaches the box at.
    pub address: Option<IpAddr>,
    /// The port that is open for connection requests.
    pub port: Option<u16>,
    /// The path of the connection-request URL, with its `/`.
    pub path: String,
    /// What an ACS was told of who the box is.
    pub identity: Option<DeviceId>,
}

impl Facts {
    /// The connection-request URL, or nothing while nobody listens or there is no address.
    pub(super) fn connection_request_url(&self) -> String {
        match (self.address, self.port) {
            (Some(IpAddr::V4(address)), Some(port)) => {
                format!("http://{address}:{port}{}", self.path)
            }
            (Some(IpAddr::V6(address)), Some(port)) => {
                format!("http://[{address}]:{port}{}", self.path)
            }
            _ => String::new(),
        }
    }
}

/// Serves [`Facts`] and the time to the data model.
pub(super) struct AgentSource {
    pub facts: Rc<RefCell<Facts>>,
    pub clocks: Rc<RefCell<Clocks>>,
}

impl Source for AgentSource {
    fn declare(&mut self, key: &str, _numeric: bool) -> Result<(), String> {
        match KEYS.contains(&key) {
            true => Ok(()),
            false => Err(format!("the agent knows {}", KEYS.join(", "))),
        }
    }

    fn get(&mut self, key: &str, _at: &[u32]) -> Option<Cow<'_, str>> {
        match key {
            "connection_request_url" => {
                let url = self.facts.borrow().connection_request_url();
                (!url.is_empty()).then_some(Cow::Owned(url))
            }
            "current_time" => {
                let mut clocks = self.clocks.borrow_mut();
                clocks.follow_zone();
                Some(Cow::Owned(clocks.now().current_time()))
            }
            "software_version" => Some(Cow::Borrowed(VERSION)),
            _ => {
                let facts = self.facts.borrow();
                let told = facts.identity.as_ref()?;
                let told = match key {
                    "told_manufacturer" => &told.manufacturer,
                    "told_manufacturer_oui" => &told.oui,
                    "told_product_class" => &told.product_class,
                    "told_serial_number" => &told.serial_number,
                    _ => return None,
                };
                Some(Cow::Owned(told.clone()))
            }
        }
    }

    fn volatile(&self, key: &str) -> bool {
        key == "current_time"
    }
}

/// A source that the agent keeps a hand on while the data model has it.
pub(super) struct Shared<S>(pub Rc<RefCell<S>>);

impl<S: Source> Source for Shared<S> {
    fn declare(&mut self, key: &str, numeric: bool) -> Result<(), String> {
        self.0.borrow_mut().declare(key, numeric)
    }

    fn refresh(&mut self) {
        self.0.borrow_mut().refresh();
    }

    fn get(&mut self, key: &str, at: &[u32]) -> Option<Cow<'_, str>> {
        let mut source = self.0.borrow_mut();
        let value = source.get(key, at)?;
        Some(Cow::Owned(value.into_owned()))
    }

    fn rows(&mut self, key: &str, at: &[u32]) -> Option<Vec<u32>> {
        self.0.borrow_mut().rows(key, at)
    }

    fn stage(&mut self, key: &str, at: &[u32], value: &str) -> Result<(), SourceError> {
        self.0.borrow_mut().stage(key, at, value)
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        self.0.borrow_mut().commit()
    }

    fn rollback(&mut self) {
        self.0.borrow_mut().rollback();
    }

    fn undo(&mut self) -> Result<(), SourceError> {
        self.0.borrow_mut().undo()
    }

    fn deferred(&self) -> bool {
        self.0.borrow().deferred()
    }

    fn volatile(&self, key: &str) -> bool {
        self.0.borrow().volatile(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_url_is_there_when_address_and_port_are() {
        let mut facts = Facts {
            path: "/t0ken".to_owned(),
            ..Facts::default()
        };
        assert_eq!(facts.connection_request_url(), "");
        facts.address = Some("192.168.1.1".parse().unwrap());
        assert_eq!(facts.connection_request_url(), "");
        facts.port = Some(7547);
        assert_eq!(
            facts.connection_request_url(),
            "http://192.168.1.1:7547/t0ken"
        );
        facts.address = Some("2001:db8::1".parse().unwrap());
        assert_eq!(
            facts.connection_request_url(),
            "http://[2001:db8::1]:7547/t0ken"
        );
    }

    #[test]
    fn keys_are_checked() {
        let nowhere = Path::new("/nowhere");
        let mut source = AgentSource {
            facts: Rc::default(),
            clocks: Rc::new(RefCell::new(Clocks::new(nowhere, nowhere, nowhere))),
        };
        for key in KEYS {
            source.declare(key, false).unwrap();
        }
        assert!(source.declare("uptime", true).is_err());
        assert_eq!(source.get("software_version", &[]).unwrap(), VERSION);
        assert_eq!(source.get("connection_request_url", &[]), None);
    }
}
