//! What makes the engine open a session (TR-069 §3.2.1): timers, connection requests, changed
//! values, another ACS.

use std::time::Duration;

use super::{Engine, GoingDown, commit};
use crate::base::clock::Now;
use crate::cwmp::due::COALESCE;
use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::identity;
use crate::cwmp::interface::InformError;
use crate::cwmp::offer::Offer;
use crate::cwmp::periodic::Periodic;
use crate::cwmp::queue::EventQueue;
use crate::cwmp::record;
use crate::cwmp::rng::Rng;
use crate::cwmp::settings::Settings;
use crate::cwmp::status::{NextSession, SessionCause};
use crate::cwmp::told::ToldValues;
use crate::cwmp::transfer::Transfer;
use crate::datamodel::model::{ActiveChange, Model};

/// An interval has room for at least this many spreads of a periodic inform, whatever is configured:
/// the instants stay what they are, and only their crowd is drawn out.
const LEAST_PER_SPREAD: u64 = 10;

impl Engine {
    /// Fires the timers that are due. Whether a session should be opened now: the agent then brings
    /// [`Input::Start`](crate::cwmp::Input::Start).
    pub fn poll(&mut self, model: &mut Model, now: Now) -> bool {
        self.save_if_due(model, now);
        let is_held = self.session.is_some() || self.is_installing();
        if is_held || self.is_going_down(model, now) || !self.settings.has_acs() {
            return false;
        }
        self.fire_timers(model, now);
        let is_due = self.due.at().is_some_and(|at| at <= now.uptime);
        self.opening |= is_due;
        is_due
    }

    fn fire_timers(&mut self, model: &mut Model, now: Now) {
        if self.periodic.as_mut().is_some_and(|timer| timer.poll(now)) {
            self.raise(EventCode::Periodic.into(), now);
        }
        for event in self.wishes.due(now.uptime) {
            self.asked(event, now);
        }
        if self.schedule.len() == 0 {
            return;
        }
        let expired = self.schedule.poll(now);
        if !expired.command_keys.is_empty() {
            self.raise(EventCode::Scheduled.into(), now);
            for command_key in expired.command_keys {
                let code = EventCode::MScheduleInform;
                self.raise(Event { code, command_key }, now);
            }
        }
        if expired.on_time {
            // The ACS named this very time.
            self.due.at_once(now.uptime);
        }
        // In one commit, whenever that comes, be the timer's end of this run or of one that was
        // killed: an event is never lost between the two records.
        record::put(model, record::EVENTS, &self.queue.to_record());
        record::put(model, record::SCHEDULE, &self.schedule.to_record());
    }

    /// The uptime at which [`Engine::poll`] must be called next; `None` if nothing is timed.
    /// A wall clock that is set moves instants in absolute time: then too.
    pub fn next_wakeup(&self) -> Option<Duration> {
        let next = self.next_session();
        let all = [
            next,
            self.save_at,
            self.transfers.next(),
            self.changes.next(),
            self.change_again,
        ];
        all.into_iter().flatten().min()
    }

    /// Whether something is being done to the box that no session is to meet.
    fn is_installing(&self) -> bool {
        self.transfers.iter().any(Transfer::holds_sessions)
    }

    pub(super) fn next_session(&self) -> Option<Duration> {
        let is_busy = self.session.is_some() || self.opening || self.is_installing();
        match self.going_down {
            Some(GoingDown::By(by)) => return Some(by),
            Some(GoingDown::Ordered) => return None,
            None if is_busy || !self.settings.has_acs() => return None,
            None => {}
        }
        let periodic = self.periodic.as_ref().map(Periodic::next);
        let all = [
            self.due.at(),
            periodic,
            self.schedule.next(),
            self.wishes.next(),
        ];
        all.into_iter().flatten().min()
    }

    /// The same for people.
    pub(super) fn next_told(&self, now: Now) -> Option<NextSession> {
        let at = self.next_session()?;
        let is_at = |other: Option<Duration>| other == Some(at);
        let cause = match () {
            () if self.going_down.is_some() => SessionCause::StillUp,
            () if is_at(self.schedule.next()) => SessionCause::Scheduled,
            () if is_at(self.periodic.as_ref().map(Periodic::next)) => SessionCause::Periodic,
            () if self.retry_count > 0 => SessionCause::Retry,
            () => SessionCause::Events,
        };
        let after = at.saturating_sub(now.uptime);
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        Some(NextSession {
            after,
            unix: now.unix.saturating_add(seconds),
            cause,
        })
    }

    /// A valid connection request arrived. During a session it causes one more session after it.
    pub fn connection_request(&mut self, now: Now) {
        if self.settings.has_acs() {
            self.asked(EventCode::ConnectionRequest, now);
        }
    }

    /// Somebody on the box wants a session, with `2 PERIODIC` or `6 CONNECTION REQUEST` (the
    /// default).
    ///
    /// # Errors
    /// There is no ACS, the event is another one, or the box is about to reboot or to be another.
    pub fn inform(&mut self, event: Option<EventCode>, now: Now) -> Result<(), InformError> {
        let event = self.informs_by_hand(event)?;
        self.asked(event, now);
        Ok(())
    }

    /// A program on the bus wants the same. Which wants it again and again gets a session for all that
    /// was asked in a few seconds.
    ///
    /// # Errors
    /// As [`Engine::inform`].
    #[cfg(any(feature = "inside", feature = "ubus"))]
    pub fn wish(&mut self, event: Option<EventCode>, now: Now) -> Result<(), InformError> {
        let event = self.informs_by_hand(event)?;
        self.wished(event, now);
        Ok(())
    }

    /// The event of a session that somebody on the box wants.
    fn informs_by_hand(&self, event: Option<EventCode>) -> Result<EventCode, InformError> {
        let event = event.unwrap_or(EventCode::ConnectionRequest);
        if !matches!(event, EventCode::Periodic | EventCode::ConnectionRequest) {
            return Err(InformError::NotByHand(event));
        }
        self.can_call()?;
        Ok(event)
    }

    /// Whether there is somebody to open a session with, and time for it.
    pub(super) fn can_call(&self) -> Result<(), InformError> {
        match self.going_down {
            _ if !self.settings.has_acs() => Err(InformError::NoAcs),
            Some(_) => Err(InformError::GoingDown),
            None if self.is_installing() => Err(InformError::Installing),
            None => Ok(()),
        }
    }

    /// The ACS is asked, in the next session, which methods it knows, for the log.
    #[cfg(any(feature = "inside", feature = "ubus"))]
    pub fn ask_methods(&mut self) {
        self.asks_methods = true;
    }

    /// A program on the box waits for a session: not too often.
    pub(super) fn wished(&mut self, event: EventCode, now: Now) {
        if self.wishes.ask(event, now.uptime) {
            self.asked(event, now);
        }
    }

    /// Somebody waits for a session, also while events wait for theirs.
    fn asked(&mut self, event: EventCode, now: Now) {
        self.raise(event.into(), now);
        if self.session.is_none() {
            self.due.at_once(now.uptime);
        }
    }

    /// What a state of TR-181's `DiagnosticsState` began has come to its end, well or not, and its
    /// results can be read: the ACS hears of it (`8 DIAGNOSTICS COMPLETE`), of several at once where
    /// it has not heard of the first yet.
    pub fn diagnostics_completed(&mut self, now: Now) {
        self.raise(EventCode::DiagnosticsComplete.into(), now);
    }

    fn raise(&mut self, event: Event, now: Now) {
        let code = event.code;
        if self.queue.raise(event) {
            self.note_event(code, now);
            if self.session.is_none() {
                self.due.for_event(now.uptime);
            }
        }
    }

    /// Something on the box may have changed: what the ACS set, other values, by whomever. During a
    /// session it takes effect after it.
    pub fn look(&mut self, model: &mut Model, now: Now) {
        self.look_after(model, COALESCE, now);
    }

    /// The same where what changed together was gathered before.
    pub fn look_gathered(&mut self, model: &mut Model, now: Now) {
        self.look_after(model, Duration::ZERO, now);
    }

    fn look_after(&mut self, model: &mut Model, gather: Duration, now: Now) {
        if self.session.is_some() {
            self.stale = true;
            // What comes and goes meanwhile is a change all the same.
            model.compare_all();
            return;
        }
        model.set_time(now);
        model.refresh();
        self.apply_settings(model, now);
        self.changes_found(model, gather, now);
        commit(model);
    }

    /// The values were compared: a change with active notification opens a session, also while a
    /// retry waits that would report it (§3.2.1.1).
    pub(super) fn values_changed(&mut self, model: &mut Model, now: Now) {
        self.changes_found(model, COALESCE, now);
    }

    fn changes_found(&mut self, model: &mut Model, gather: Duration, now: Now) {
        if self.session.is_some() || !model.has_active_change() {
            return;
        }
        let is_first = self.queue.raise(EventCode::ValueChange.into());
        let news = model.take_news();
        match is_first {
            true => self.notify(&model.active_changes(), gather, now),
            false => self.notify(&news, gather, now),
        }
    }

    /// A session is to tell of changes of these values, when there may be one.
    fn notify(&mut self, changes: &[ActiveChange], gather: Duration, now: Now) {
        let Some(at) = self.calm.earliest(changes, &self.settings, now.uptime) else {
            return;
        };
        let throttle = self.settings.throttle;
        let throttled = self
            .last_success
            .map_or(at, |end| end.saturating_add(throttle));
        self.due
            .for_notification(throttled.max(at), gather, now.uptime);
    }

    pub(super) fn apply_settings(&mut self, model: &mut Model, now: Now) {
        let new = Settings::read(model);
        let old = std::mem::replace(&mut self.settings, new);
        if old.url != self.settings.url {
            self.acs_changed(model, now);
        }
        let enabled = !old.enabled && self.settings.enabled;
        let spread = self.options.periodic_spread;
        if enabled || old.period != self.settings.period || spread != self.spread {
            self.spread = spread;
            let lag = self.periodic_lag(model);
            let period = self.settings.period;
            self.periodic = period.map(|period| Periodic::new(period, lag, &mut self.rng, now));
        }
        let limits = |of: &Settings| (of.throttle, of.udp_notification_limit);
        if limits(&old) != limits(&self.settings) && self.due.put_off_notification() {
            self.notify(&model.active_changes(), COALESCE, now);
        }
    }

    /// By how much this box comes after the instants of its periodic informs: always the same.
    fn periodic_lag(&mut self, model: &mut Model) -> Duration {
        let interval = self.settings.period.map_or(0, |period| period.interval);
        let tenth = Duration::from_millis(u64::from(interval) * 1000 / LEAST_PER_SPREAD);
        let bound = self.spread.min(tenth);
        match identity::current(model, self.options.identity) {
            Ok(known) => {
                let text = format!("{} {}", known.oui, known.serial_number);
                Rng::of_text(&text).between(Duration::ZERO, bound)
            }
            // Nobody yet: spread all the same.
            Err(_) => self.rng.between(Duration::ZERO, bound),
        }
    }

    /// Boxes whose power comes back together must not call together, so the first session after a
    /// boot waits for a random time. Not for an ACS that the box has not met, which somebody who
    /// installs the box may be waiting for, nor after a reboot that the ACS ordered: that is spread
    /// as its orders were.
    pub(super) fn hold_after_boot(&mut self, now: Now) {
        let is_expected = |code| self.queue.waits(code);
        let flashed = self.transfers.iter().any(Transfer::holds_sessions);
        if is_expected(EventCode::Bootstrap) || is_expected(EventCode::MReboot) || flashed {
            return;
        }
        // An earlier run of the program in this boot has drawn already.
        if self.boot.kept.is_none() && !self.options.boot_delay.is_zero() {
            let delay = self.rng.between(Duration::ZERO, self.options.boot_delay);
            log::info!(
                "the first session after this boot opens in {} s",
                delay.as_secs()
            );
            self.due.hold(now.uptime.saturating_add(delay));
        }
    }

    /// How long the first session after the boot still waits, if it does.
    pub(super) fn held(&self, now: Now) -> Option<Duration> {
        let left = self.due.held_until()?.checked_sub(now.uptime)?;
        (self.settings.has_acs() && !left.is_zero()).then_some(left)
    }

    /// Another ACS: it gets `0 BOOTSTRAP`, and nothing that was meant for the old one (§3.7.1.5).
    fn acs_changed(&mut self, model: &mut Model, now: Now) {
        (self.offer, self.negotiated) = (Offer::default(), None);
        let url = &self.settings.url;
        if url.is_empty() {
            return;
        }
        if model.record(record::ACS) == Some(url) {
            // Back to the ACS that was bootstrapped last, before the other one was met.
            self.transfers.acs_returned(model);
            self.offer = Offer::from_record(&record::get(model, record::VERSION), url, now);
            if self.queue.waits(EventCode::Bootstrap) {
                self.queue.withdraw(EventCode::Bootstrap);
                if !self.queue.is_waiting() {
                    self.due.clear();
                }
            }
            return;
        }
        self.queue.bootstrap();
        self.told = ToldValues::default();
        model.forget_changes();
        self.schedule.clear();
        self.transfers.acs_changed(model);
        self.forget_software(model);
        self.at_reboot = EventQueue::default();
        self.retry_count = 0;
        self.due.clear();
        self.due.for_event(now.uptime);
        self.save_at = None;
        for key in [record::EVENTS, record::SCHEDULE, record::REBOOT] {
            record::put(model, key, "");
        }
    }
}
