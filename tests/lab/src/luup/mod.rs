//! A Luup engine with a sample home, and with the bad days of a real one.
//!
//! It speaks as the real one does on the wire: `Transfer-Encoding: Chunked` with a capital C and no
//! length, sockets kept open whatever the client says, errors as bare texts with status 200.

mod actions;
mod alerts;
mod answers;
mod engine;
pub mod hostile;
mod jobs;
mod mood;
mod query;
mod sample;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::Engine;
use query::Query;
use wire::Door;

pub use alerts::Alert;
pub use jobs::{Job, JobState, Work};
pub use mood::{Framing, Mood};
pub use sample::{Device, State, large_home, real_home, sample_home};

/// A running engine on a port of its own of 127.0.0.1.
pub struct FakeLuup {
    engine: Arc<Mutex<Engine>>,
    port: u16,
    door: Option<Door>,
}

impl FakeLuup {
    /// Starts an engine with the sample home.
    pub fn start() -> Self {
        Self::with(sample_home())
    }

    /// Starts an engine with this home.
    pub fn with(home: Vec<Device>) -> Self {
        let mut luup = Self {
            engine: Arc::new(Mutex::new(Engine::new(home))),
            port: 0,
            door: None,
        };
        luup.up();
        luup
    }

    /// The address for `luup.url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on the engine answers in this mood.
    pub fn mood(&self, mood: Mood) {
        self.engine().mood = mood;
    }

    /// Stops listening, and cuts the connections that there are; on return connections are refused.
    pub fn down(&mut self) {
        self.door = None;
    }

    /// Listens again, on the same port.
    pub fn up(&mut self) {
        if self.door.is_none() {
            let door = Door::open(Arc::clone(&self.engine), self.port);
            self.port = door.port;
            self.door = Some(door);
        }
    }

    /// Changes a variable as a sensor does; `service` in full or its last part. A variable the
    /// device does not have is added, its service then in full. It counts as changed even where the
    /// value is the same.
    pub fn set(&self, device: u32, service: &str, variable: &str, value: &str) {
        let is_there = self.engine().set(device, service, variable, value);
        assert!(is_there, "no such device");
    }

    /// Changes what `id=user_data` alone has of a device: a name, a room, a parent.
    pub fn configure(&self, device: u32, change: impl FnOnce(&mut Device)) {
        let mut engine = self.engine();
        engine.configured();
        change(engine.device(device).expect("no such device"));
        engine.touch(device);
    }

    /// Adds a device, as when a node is included.
    pub fn add(&self, device: Device) {
        let mut engine = self.engine();
        engine.configured();
        engine.touch(device.id);
        engine.home.push(device);
    }

    /// Removes a device: no more than the version of the configuration tells of it.
    pub fn remove(&self, device: u32) {
        self.engine().remove(device);
    }

    /// Gives a room a name, and adds it where there is none of that number.
    pub fn set_room(&self, room: u32, name: &str) {
        let mut engine = self.engine();
        engine.rooms.insert(room, name.to_owned());
        engine.configured();
    }

    /// Removes a room; the devices in it stay.
    pub fn remove_room(&self, room: u32) {
        let mut engine = self.engine();
        engine.rooms.remove(&room);
        engine.configured();
    }

    /// A rename that does not name one of name and room loses it from now on, as some firmware has it.
    pub fn rename_whole(&self) {
        self.engine().renames_whole = true;
    }

    /// What it warns of from now on.
    pub fn warn(&self, alerts: Vec<Alert>) {
        let mut engine = self.engine();
        engine.alerts = alerts;
        engine.data_version += 1;
    }

    /// What becomes of jobs from now on.
    pub fn work(&self, work: Work) {
        self.engine().work = work;
    }

    /// The jobs since the start, or since they were forgotten.
    pub fn jobs(&self) -> Vec<Job> {
        self.engine().jobs.clone()
    }

    /// How a job goes on, with what is said of it. What it was to do is done with [`JobState::Done`].
    pub fn job_goes(&self, job: u32, state: JobState, comments: &str) {
        self.engine().job_goes(job, state, comments);
    }

    /// Forgets the jobs that have ended, as a real engine does after a while: whoever asks for them is
    /// told -1.
    pub fn forget_jobs(&self) {
        self.engine().jobs.retain(|job| !job.state.is_end());
    }

    /// Answers queries that contain this text with another, whatever the mood allows, and does nothing
    /// for them; an empty answer takes that back.
    pub fn refuse(&self, part: &str, answer: &str) {
        let mut engine = self.engine();
        engine.refusals.retain(|(other, _)| other != part);
        if !answer.is_empty() {
            engine.refusals.push((part.to_owned(), answer.to_owned()));
        }
    }

    /// Composes what it says of its whole home, and says that at once until it is called again: what an
    /// answer costs who asks for it is measured without what it costs the engine.
    pub fn prepare(&self) {
        let mut engine = self.engine();
        for query in ["id=status&output_format=json", "id=user_data"] {
            engine.refusals.retain(|(other, _)| other != query);
            let (_, answer) = engine.answer(query, &Query::parse(query));
            engine.refusals.push((query.to_owned(), answer));
        }
    }

    /// What it says of its configuration from now on, whatever that is: nothing, or this version.
    pub fn count_configuration(&self, version: Option<u64>) {
        self.engine().user_data_version = version;
    }

    /// A variable of a device stands in the answer to `id=user_data` alone from now on.
    pub fn hide_from_status(&self, device: u32, variable: &str) {
        self.engine().hidden.push((device, variable.to_owned()));
    }

    /// Starts it anew at once: another `LoadTime`, other versions, no jobs; who waits for a change is
    /// answered with nothing. A slower start is [`Self::down`], `reload`, [`Self::up`] and
    /// [`Mood::Starting`].
    pub fn reload(&self) {
        self.engine().restart();
    }

    /// The value of a variable.
    pub fn get(&self, device: u32, service: &str, variable: &str) -> Option<String> {
        let mut engine = self.engine();
        let state = engine.device(device)?.state(service, variable)?;
        Some(state.value.clone())
    }

    /// A device as it is now.
    pub fn device(&self, id: u32) -> Option<Device> {
        self.engine().device(id).cloned()
    }

    /// The requests since the start or the last call, as `id=status&output_format=json`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.engine().log)
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
