//! What was promised for after a session, and what came of it.

use std::time::Duration;

use super::{Engine, GoingDown};
use crate::base::clock::Now;
use crate::base::excerpt::excerpt;
use crate::cwmp::intent::{Intent, Intents};
use crate::cwmp::interface::Action;
use crate::cwmp::queue::EventQueue;
use crate::cwmp::record;
use crate::cwmp::schedule::Schedule;
use crate::cwmp::settings::Settings;
use crate::cwmp::software::Announcements;
use crate::datamodel::model::Model;

/// After the command for a reboot no session opens for this long. Should the box still be there
/// then, it must not stay mute.
const REBOOT_GRACE: Duration = Duration::from_secs(300);

/// Tells the ACS what was promised and could not be done, by its active notification.
const LAST_FAILURE: &str = "ManagementServer.X_CWMPD_LastFailure";

/// The length of that parameter, in characters.
const MAX_FAILURE: usize = 256;

impl Engine {
    /// The start of the program: what this boot has done by itself is done.
    pub(super) fn came_up(&mut self, model: &mut Model) {
        let done = self.intents.settle(&self.boot.id);
        for intent in &done {
            forget_failure(intent, model);
        }
        let rebooted = done.contains(&Intent::Reboot);
        if rebooted || !(self.boot.told || self.intents.has(&Intent::Reboot)) {
            for event in std::mem::take(&mut self.at_reboot).iter() {
                self.queue.raise(event.clone());
            }
            // One commit takes them from the one record to the other.
            record::put(model, record::REBOOT, "");
            self.save_events(model);
        }
        if self.intents.iter().any(Intent::ends_the_boot) {
            self.going_down = Some(GoingDown::Ordered);
        }
    }

    /// What an earlier run of the program left to be done. The agent asks once, after its start.
    pub fn resume(&mut self) -> Vec<Action> {
        for intent in self.intents.iter() {
            log::info!("resuming what was promised before the restart: {intent}");
        }
        self.begin()
    }

    /// Somebody on the box changed these UCI packages: their services are to be told, as after a
    /// change of the ACS. What is to be done now; while a session runs, that is for its end.
    pub fn apply(&mut self, packages: Vec<String>, model: &mut Model) -> Vec<Action> {
        self.intents.add(Intent::Apply(packages), &self.boot.id);
        record::put(model, record::INTENTS, &self.intents.to_record());
        match self.in_session() {
            true => Vec::new(),
            false => self.begin(),
        }
    }

    /// What is to be done now.
    pub(super) fn begin(&mut self) -> Vec<Action> {
        let intents = self.intents.begin();
        if intents.iter().any(Intent::ends_the_boot) {
            self.going_down = Some(GoingDown::Ordered);
        }
        intents.into_iter().map(Action::CarryOut).collect()
    }

    /// How it ended what [`Action::CarryOut`] asked for: the commands were carried out, or why not.
    /// What is to be done next.
    pub fn ended(
        &mut self,
        intent: &Intent,
        outcome: Result<(), String>,
        model: &mut Model,
        now: Now,
    ) -> Vec<Action> {
        match (intent, outcome) {
            (_, Err(why)) => self.fail(intent, &why, model, now),
            (Intent::Apply(_), Ok(())) => {
                // Durable with the next commit: to tell services twice does no harm.
                self.intents.end(intent);
                record::put(model, record::INTENTS, &self.intents.to_record());
                forget_failure(intent, model);
            }
            // The next boot shows that it is done.
            (Intent::Reboot, Ok(())) => {
                let by = now.uptime.saturating_add(REBOOT_GRACE);
                self.going_down = Some(GoingDown::By(by));
            }
            (Intent::FactoryReset, Ok(())) => self.forget_all(model, now),
        }
        self.begin()
    }

    /// The box is in its factory state: so is the store now, but for the reboot that is still to
    /// come, and the engine.
    fn forget_all(&mut self, model: &mut Model, now: Now) {
        let mut intents = Intents::default();
        intents.add(Intent::Reboot, &self.boot.id);
        // No number is used again, though nothing else is known of what had it.
        let next_transfer = self.transfers.next_number().to_string();
        let next_change = self.changes.next_number().to_string();
        let kept = [
            (record::INTENTS, &*intents.to_record()),
            (record::NEXT_TRANSFER, &*next_transfer),
            (record::NEXT_CHANGE, &*next_change),
        ];
        if let Err(error) = model.factory_reset(&kept) {
            let why = format!("the box is reset, but the agent's own state is not: {error}");
            return self.fail(&Intent::FactoryReset, &why, model, now);
        }
        log::info!("the agent's state is that of the factory");
        self.intents = intents;
        self.queue = EventQueue::default();
        self.at_reboot = EventQueue::default();
        self.schedule = Schedule::default();
        self.transfers.forget_all();
        self.changes.forget_all();
        self.announcements = Announcements::default();
        self.due.clear();
        // None of them is known to hold, so that even the same ACS is a new one.
        self.settings = Settings::default();
        self.apply_settings(model, now);
    }

    /// It cannot be done: it is promised no more, the ACS is told, and sessions go on.
    fn fail(&mut self, intent: &Intent, why: &str, model: &mut Model, now: Now) {
        log::error!("{intent}: {why}; this will not be tried again");
        self.intents.end(intent);
        record::put(model, record::INTENTS, &self.intents.to_record());
        if *intent == Intent::Reboot {
            // No boot is the consequence of these calls any more.
            self.at_reboot = EventQueue::default();
            record::put(model, record::REBOOT, "");
        }
        if intent.ends_the_boot() {
            self.going_down = None;
        }
        let told = format!("{intent}: {why}");
        model.tell(LAST_FAILURE, &excerpt(&told, MAX_FAILURE));
        self.look(model, now);
    }

    /// Whether the box is about to go down. When that takes too long it is not any more.
    pub(super) fn is_going_down(&mut self, model: &mut Model, now: Now) -> bool {
        match self.going_down {
            None => false,
            Some(GoingDown::By(by)) if by <= now.uptime => {
                let seconds = REBOOT_GRACE.as_secs();
                let why = format!("the box did not go down within {seconds} s of the command");
                self.fail(&Intent::Reboot, &why, model, now);
                false
            }
            Some(_) => true,
        }
    }
}

/// What failed before is done now. That the message goes is no news.
fn forget_failure(intent: &Intent, model: &mut Model) {
    let told = model.value(LAST_FAILURE).unwrap_or_default();
    if told.starts_with(intent.name()) {
        model.tell_quietly(LAST_FAILURE, "");
    }
}
