//! The Luup engine beside the agent: what is fetched from it and written to it, by jobs.

use std::time::Duration;

use super::jobs::{Job, JobKind, Reporter};
use super::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::base::config::LuupConfig;
use crate::datamodel::model::PendingWrite;
use crate::luup::{self, Fetch, HomeView, LuupError, Target};

/// Beyond `luup.timeout`, which each request keeps by itself, before a job counts as lost: a large
/// home is still to be read out of its JSON.
const SLACK: Duration = Duration::from_secs(20);

impl Agent {
    /// Starts to fetch the Luup home, unless that is under way; `false` where the model has no use for
    /// it.
    pub(super) fn ask_luup(&mut self, now: Now) -> bool {
        if !self.config.luup.enable || !self.home.borrow().is_wanted() {
            return false;
        }
        if !self.jobs.is_underway(JobKind::LuupFetch) {
            let config = self.config.luup.clone();
            let fetch = self.home.borrow_mut().begin_fetch();
            let lost = fetch.clone();
            let job = Job {
                kind: JobKind::LuupFetch,
                patience: config.timeout.saturating_add(SLACK),
                lost: Box::new(move |why| {
                    Done::Fetched(lost.clone(), Err(LuupError::Lost(why.to_string())))
                }),
                work: Box::new(move |reporter| {
                    let view = read_home(&config, &fetch);
                    reporter.say(Done::Fetched(fetch, view));
                }),
            };
            self.jobs.start(job, now.uptime);
        }
        true
    }

    /// Carries out the values that Luup is still to take.
    pub(super) fn write_to_luup(&mut self, now: Now) {
        let pending = self.model.pending_writes();
        let is_underway = self.jobs.is_underway(JobKind::LuupWrite);
        if pending.is_empty() || is_underway || !self.config.luup.enable {
            return;
        }
        let mut writes = Vec::new();
        for write in pending.into_iter().filter(|write| write.kind == "luup") {
            match self.home.borrow().target(write.slot, &write.at) {
                Ok(target) => writes.push((write, target)),
                Err(e) => log::warn!("{}: {e}; trying again after the next session", write.path),
            }
        }
        if writes.is_empty() {
            return;
        }
        let config = self.config.luup.clone();
        let requests = u32::try_from(writes.len()).unwrap_or(u32::MAX);
        let job = Job {
            kind: JobKind::LuupWrite,
            patience: config
                .timeout
                .saturating_mul(requests)
                .saturating_add(SLACK),
            lost: Box::new(|_| Done::Written(Vec::new())),
            work: Box::new(move |reporter| {
                reporter.say(Done::Written(write_all(&config, writes, reporter)));
            }),
        };
        self.jobs.start(job, now.uptime);
    }
}

/// The home, as the rows see it: the loop has nothing left to do with it but to show it.
fn read_home(config: &LuupConfig, fetch: &Fetch) -> Result<Box<HomeView>, LuupError> {
    luup::fetch(config, fetch.wanted()).map(|snapshot| fetch.view(snapshot))
}

/// The values that Luup took.
fn write_all(
    config: &LuupConfig,
    writes: Vec<(PendingWrite, Target)>,
    reporter: &Reporter<Done>,
) -> Vec<(PendingWrite, Target)> {
    let mut taken = Vec::new();
    for (write, target) in writes {
        if reporter.is_cancelled() {
            break;
        }
        match luup::write(config, &target.key, target.device, &write.value) {
            Ok(()) => taken.push((write, target)),
            Err(e) => {
                log::warn!("{}: {e}; trying again after the next session", write.path);
                // The others would fail as well, each after its time-out.
                if matches!(e, LuupError::Unreachable(_) | LuupError::Timeout) {
                    break;
                }
            }
        }
    }
    taken
}
