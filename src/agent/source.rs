//! The source `agent:` of the data model: what the agent knows of itself.
//!
//! | key | value |
//! |---|---|
//! | `connection_request_url` | where the ACS may ask for a session; empty while that is not possible |
//! | `udp_connection_request_address` | the same over UDP, as seen from outside |
//! | `nat_detected` | whether STUN found another address than the box's own |
//! | `connection_request_methods` | the ways in that this program has |
//! | `current_time` | local time with its offset |
//! | `software_version` | the version of cwmpd |
//! | `config_files`, `log_files` | tables of what an Upload can name by its number |
//! | `told_manufacturer`, `told_manufacturer_oui`, `told_product_class`, `told_serial_number` | as an ACS was told by DeviceId; nothing before |

use std::cell::RefCell;
use std::rc::Rc;

use super::clocks::Clocks;
use super::own_config::OWN_PACKAGE;
use super::ways::Reach;
use crate::base::xsd::XsdType;
use crate::datamodel::source::{
    Declaration, Instance, Listed, Noticed, Reading, Slot, Source, SourceError, Taking,
};
use crate::datamodel::types::ParamType;
use crate::device::sources::uci::UciSource;
use crate::soap::DeviceId;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const KEYS: [&str; 10] = [
    "connection_request_url",
    "udp_connection_request_address",
    "nat_detected",
    "connection_request_methods",
    "current_time",
    "software_version",
    "told_manufacturer",
    "told_manufacturer_oui",
    "told_product_class",
    "told_serial_number",
];

/// The tables of what an Upload can name by its number (A.4.1.5), and the UCI sections that they have
/// behind number 1: those that name a file. `/etc/config/cwmpd` is shipped with one of each that names
/// none, for people to fill in.
const TABLES: [(&str, &str); 2] = [("config_files", "config_file"), ("log_files", "log_file")];

/// What number 1 is called: the whole configuration, and the system log. No section has this name.
const WHOLE: &str = "*";

/// What the agent tells of itself; the loop keeps it up to date.
#[derive(Default)]
pub(super) struct Facts {
    /// Where the ACS reaches the box.
    pub reach: Reach,
    /// What an ACS was told of who the box is.
    pub identity: Option<DeviceId>,
}

/// Serves [`Facts`] and the time to the data model.
pub(super) struct AgentSource {
    pub facts: Rc<RefCell<Facts>>,
    pub clocks: Rc<RefCell<Clocks>>,
    /// Knows the time zone, and the sections of [`TABLES`].
    pub uci: Rc<RefCell<UciSource>>,
    /// Those sections and their files, for each table that there is.
    pub tables: [Option<Sections>; TABLES.len()],
}

/// Where [`UciSource`] has the sections of a table, and the file of each.
#[derive(Clone, Copy)]
pub(super) struct Sections {
    all: Slot,
    file: Slot,
}

impl AgentSource {
    /// What an ACS was told of who the box is.
    fn told(&self, key: &str) -> Option<String> {
        let facts = self.facts.borrow();
        let told = facts.identity.as_ref()?;
        let told = match key {
            "told_manufacturer" => &told.manufacturer,
            "told_manufacturer_oui" => &told.oui,
            "told_product_class" => &told.product_class,
            "told_serial_number" => &told.serial_number,
            _ => return None,
        };
        Some(told.clone())
    }
}

impl Source for AgentSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if row.writable {
            return Err("the agent tells of itself and takes nothing".to_owned());
        }
        if row.kind.is_none() {
            for (at, (table, sections)) in TABLES.into_iter().enumerate() {
                if let (true, Some(place)) = (table == key, self.tables.get_mut(at)) {
                    let mut uci = self.uci.borrow_mut();
                    let all = uci.declare(row, &format!("{OWN_PACKAGE}.@{sections}"))?;
                    let kind = ParamType::of(XsdType::String);
                    let file = Declaration {
                        kind: Some(&kind),
                        tables: row.tables + 1,
                        ..*row
                    };
                    let file = uci.declare(&file, &format!("{OWN_PACKAGE}.{{i}}.path"))?;
                    *place = Some(Sections { all, file });
                    return Ok(Slot::new(KEYS.len() + at));
                }
            }
            let names = TABLES.map(|(table, _)| table);
            return Err(format!("the tables of the agent are {}", names.join(", ")));
        }
        let known = KEYS.iter().position(|known| *known == key);
        known
            .map(Slot::new)
            .ok_or_else(|| format!("the agent knows {}", KEYS.join(", ")))
    }

    fn get(&mut self, slot: Slot, _at: &[Instance<'_>]) -> Reading<'_> {
        match KEYS.get(slot.index()) {
            Some(&"connection_request_url") => self.facts.borrow().reach.connection_request_url(),
            Some(&"udp_connection_request_address") => {
                self.facts.borrow().reach.udp_connection_request_address()
            }
            Some(&"nat_detected") => self.facts.borrow().reach.nat_detected(),
            Some(&"connection_request_methods") => self.facts.borrow().reach.methods(),
            Some(&"current_time") => {
                let mut clocks = self.clocks.borrow_mut();
                clocks.follow_zone(&self.uci.borrow());
                Reading::Value(clocks.now().current_time().into())
            }
            Some(&"software_version") => Reading::Value(VERSION.into()),
            Some(key) => Reading::of(self.told(key)),
            None => Reading::Absent,
        }
    }

    /// Number 1 is always there. While the file of the others cannot be read they stay as they were.
    fn list(&mut self, slot: Slot, at: &[Instance<'_>], known: &[&str]) -> Option<Vec<Listed>> {
        let at_table = slot.index().checked_sub(KEYS.len())?;
        let sections = (*self.tables.get(at_table)?)?;
        let others: Vec<&str> = known.iter().copied().filter(|one| *one != WHOLE).collect();
        let mut uci = self.uci.borrow_mut();
        let mut listed = uci.list(sections.all, at, &others);
        if let Some(listed) = &mut listed {
            listed.retain(|one| {
                let section = Instance {
                    number: 0,
                    identity: Some(&one.identity),
                };
                let file = uci.get(sections.file, &[section]);
                file.value().is_some_and(|path| path.starts_with('/'))
            });
        }
        let unknown = || others.iter().map(|one| Listed::new(*one)).collect();
        let mut all = vec![Listed {
            number: Some(1),
            ..Listed::new(WHOLE)
        }];
        all.extend(listed.unwrap_or_else(unknown));
        Some(all)
    }

    fn noticed(&self, slot: Slot) -> Noticed {
        match KEYS.get(slot.index()) {
            Some(&"current_time") => Noticed::Never,
            _ => Noticed::Pushed,
        }
    }

    fn keeps_reports(&self, slot: Slot) -> bool {
        KEYS.get(slot.index()) != Some(&"current_time")
    }
}

/// A source that the agent keeps a hand on while the data model has it.
pub(super) struct Shared<S>(pub Rc<RefCell<S>>);

impl<S: Source> Source for Shared<S> {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.0.borrow_mut().declare(row, key)
    }

    fn refresh(&mut self) -> bool {
        self.0.borrow_mut().refresh()
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        self.0.borrow_mut().get(slot, at).into_owned()
    }

    fn place(&self, slot: Slot, at: &[Instance<'_>]) -> Option<String> {
        self.0.borrow().place(slot, at)
    }

    fn list(&mut self, slot: Slot, at: &[Instance<'_>], known: &[&str]) -> Option<Vec<Listed>> {
        self.0.borrow_mut().list(slot, at, known)
    }

    fn noticed(&self, slot: Slot) -> Noticed {
        self.0.borrow().noticed(slot)
    }

    fn keeps_reports(&self, slot: Slot) -> bool {
        self.0.borrow().keeps_reports(slot)
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        self.0.borrow_mut().stage(slot, at, value)
    }

    fn stage_add(
        &mut self,
        slot: Slot,
        at: &[Instance<'_>],
        number: u32,
    ) -> Result<Box<str>, SourceError> {
        self.0.borrow_mut().stage_add(slot, at, number)
    }

    fn stage_remove(&mut self, slot: Slot, at: &[Instance<'_>]) -> Result<(), SourceError> {
        self.0.borrow_mut().stage_remove(slot, at)
    }

    fn staged(&self) -> Vec<String> {
        self.0.borrow().staged()
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

    fn replay(&mut self, line: &str) -> Result<(), SourceError> {
        self.0.borrow_mut().replay(line)
    }

    fn taking(&self) -> Taking {
        self.0.borrow().taking()
    }

    fn took(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) {
        self.0.borrow_mut().took(slot, at, value);
    }

    fn diagnoses(&self) -> bool {
        self.0.borrow().diagnoses()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn keys_are_checked() {
        let nowhere = Path::new("/nowhere");
        let uci = UciSource::new(nowhere);
        let mut source = AgentSource {
            facts: Rc::default(),
            clocks: Rc::new(RefCell::new(Clocks::new(nowhere, nowhere, &uci))),
            uci: Rc::new(RefCell::new(uci)),
            tables: Default::default(),
        };
        let row = Declaration {
            kind: Some(&ParamType::of(XsdType::String)),
            filtered: false,
            tables: 0,
            writable: false,
        };
        for key in KEYS {
            source.declare(&row, key).unwrap();
        }
        assert!(source.declare(&row, "uptime").is_err());
        let version = source.declare(&row, "software_version").unwrap();
        assert_eq!(source.get(version, &[]).value(), Some(VERSION));
    }
}
