//! What the engine knows: its home, and when each of it changed.

use std::collections::BTreeMap;

use super::jobs::{Job, Work};
use super::sample::{Device, ROOMS};
use super::{Alert, Mood};

/// By how much the engine's numbers grow when it is started anew: they follow the clock.
const RESTART: u64 = 60;

/// What stays between two requests.
pub(super) struct Engine {
    pub(super) home: Vec<Device>,
    pub(super) rooms: BTreeMap<u32, String>,
    pub(super) alerts: Vec<Alert>,
    pub(super) jobs: Vec<Job>,
    pub(super) next_job: u32,
    pub(super) work: Work,
    pub(super) mood: Mood,
    pub(super) log: Vec<String>,
    pub(super) data_version: u64,
    /// Of what `id=user_data` has; none where it is not told.
    pub(super) user_data_version: Option<u64>,
    /// When it was started, in its own answers.
    pub(super) load_time: u64,
    pub(super) hidden: Vec<(u32, String)>,
    /// What is answered to queries that contain a text, in place of what they ask for.
    pub(super) refusals: Vec<(String, String)>,
    /// A rename that does not name one of name and room loses it.
    pub(super) renames_whole: bool,
    /// When a variable was last written; those that were not since the start are not here.
    changed: BTreeMap<(u32, String, String), u64>,
    /// The same of what a device is besides its variables.
    touched: BTreeMap<u32, u64>,
    /// When it was started: all is as new as that.
    first_version: u64,
}

impl Engine {
    /// One that has just been started with this home.
    pub(super) fn new(home: Vec<Device>) -> Self {
        let data_version = 374_830_741;
        Self {
            home,
            rooms: (1..).zip(ROOMS.map(str::to_owned)).collect(),
            alerts: Vec::new(),
            jobs: Vec::new(),
            next_job: 13_356,
            work: Work::AtOnce,
            mood: Mood::Well,
            log: Vec::new(),
            data_version,
            user_data_version: Some(374_829_874),
            load_time: 1_445_000_000,
            hidden: Vec::new(),
            refusals: Vec::new(),
            renames_whole: false,
            changed: BTreeMap::new(),
            touched: BTreeMap::new(),
            first_version: data_version,
        }
    }

    /// Starts it anew: its numbers are others, and all that it says is newer than what it said before.
    pub(super) fn restart(&mut self) {
        self.load_time += RESTART;
        self.data_version += RESTART * 1000;
        self.user_data_version = self.user_data_version.map(|_| self.data_version);
        self.first_version = self.data_version;
        self.changed.clear();
        self.touched.clear();
        self.jobs.clear();
    }

    /// The one of that number.
    pub(super) fn device(&mut self, id: u32) -> Option<&mut Device> {
        self.home.iter_mut().find(|device| device.id == id)
    }

    /// Writes a variable. It counts as changed even where the value is the same.
    pub(super) fn set(&mut self, id: u32, service: &str, variable: &str, value: &str) -> bool {
        let Some(device) = self.device(id) else {
            return false;
        };
        device.set(service, variable, value);
        let service = device.state(service, variable).unwrap().service.clone();
        self.data_version += 1;
        let key = (id, service, variable.to_owned());
        self.changed.insert(key, self.data_version);
        true
    }

    /// Something of a device that is no variable changed: it stands among the changes.
    pub(super) fn touch(&mut self, id: u32) {
        self.data_version += 1;
        self.touched.insert(id, self.data_version);
    }

    /// The configuration changed.
    pub(super) fn configured(&mut self) {
        self.data_version += 1;
        self.user_data_version = self.user_data_version.map(|_| self.data_version);
    }

    /// Takes a device out: no more than the version of the configuration tells of it.
    pub(super) fn remove(&mut self, id: u32) {
        self.configured();
        self.home.retain(|other| other.id != id);
    }

    /// Gives a device another name and room.
    pub(super) fn rename(&mut self, id: u32, name: Option<&str>, room: Option<&str>) {
        let number = |room: &str| {
            let by_name = || self.rooms.iter().find(|(_, name)| **name == *room);
            let number = room.parse().ok();
            number.or_else(|| by_name().map(|(number, _)| *number))
        };
        let mut room = room.map(|room| number(room).unwrap_or(0));
        let mut name = name.map(str::to_owned);
        if self.renames_whole {
            room = room.or(Some(0));
            name = name.or_else(|| Some(String::new()));
        }
        if let Some(device) = self.device(id) {
            device.name = name.unwrap_or_else(|| device.name.clone());
            device.room = room.unwrap_or(device.room);
            self.touch(id);
            self.configured();
        }
    }

    /// Whether a variable changed after a version.
    pub(super) fn is_newer(&self, id: u32, service: &str, variable: &str, version: u64) -> bool {
        let key = (id, service.to_owned(), variable.to_owned());
        let changed = self.changed.get(&key).unwrap_or(&self.first_version);
        *changed > version
    }

    /// Whether a device stands among the changes since a version though none of its variables does.
    pub(super) fn is_touched(&self, id: u32, version: u64) -> bool {
        *self.touched.get(&id).unwrap_or(&self.first_version) > version
    }
}
