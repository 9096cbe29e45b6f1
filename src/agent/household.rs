//! The Luup engine beside the agent: what is fetched from it and written to it, by jobs.

use log::{error, warn};

use super::poll_loop::{Agent, Done};
use crate::luup::{self, LuupError};

impl Agent {
    /// Starts to fetch the Luup home, unless that is under way; `false` where the model has no use
    /// for it.
    pub(super) fn fetch(&mut self) -> bool {
        if !self.config.luup.enable || !self.home.borrow().is_wanted() {
            return false;
        }
        if !self.timers.fetching {
            let config = self.config.luup.clone();
            let user_data = self.home.borrow().needs_user_data();
            let started = self.jobs.start("luup", move |report| {
                report.send(Done::Fetched(luup::fetch(&config, user_data)));
            });
            match started {
                Ok(()) => self.timers.fetching = true,
                Err(e) => error!("no thread to fetch from Luup: {e}"),
            }
        }
        self.timers.fetching
    }

    /// Carries out the values that Luup is still to take.
    pub(super) fn write_to_luup(&mut self) {
        let pending = self.model.pending_writes();
        if pending.is_empty() || self.timers.writing || !self.config.luup.enable {
            return;
        }
        let mut writes = Vec::new();
        for write in pending.into_iter().filter(|write| write.kind == "luup") {
            match self.home.borrow().target(&write.key, &write.at) {
                Ok(target) => writes.push((write, target)),
                Err(e) => warn!("{}: {e}; trying again after the next session", write.path),
            }
        }
        let config = self.config.luup.clone();
        let started = self.jobs.start("luup", move |report| {
            let mut taken = Vec::new();
            for (write, target) in writes {
                match luup::write(&config, &target.key, target.device, &write.value) {
                    Ok(()) => taken.push((write.path, write.wanted)),
                    Err(e) => {
                        warn!("{}: {e}; trying again after the next session", write.path);
                        // The others would fail as well, each after its time-out.
                        if matches!(e, LuupError::Unreachable(_) | LuupError::Timeout) {
                            break;
                        }
                    }
                }
            }
            report.send(Done::Written(taken));
        });
        match started {
            Ok(()) => self.timers.writing = true,
            Err(e) => error!("no thread to write to Luup: {e}"),
        }
    }
}
