//! One session from the engine's side: its Inform, what its replies do, how it ends.

use std::time::Duration;

use super::parked::Parked;
use super::{Engine, commit};
use crate::base::clock::Now;
use crate::base::excerpt::excerpt;
use crate::base::sort::sort_by_key;
use crate::base::url;
use crate::cwmp::budget::Budget;
use crate::cwmp::event::{By, Event, EventCode};
use crate::cwmp::identity;
use crate::cwmp::inform;
use crate::cwmp::interface::{Action, Contact, Host, Input, Output, Step};
use crate::cwmp::limits::{MAX_ECHOED_NAME, MAX_LOGGED, MAX_REASON};
use crate::cwmp::record;
use crate::cwmp::retry;
use crate::cwmp::rpc::{self, Context, Executed};
use crate::cwmp::session::{Asked, Evidence, Failure, Received, Session};
use crate::cwmp::status::{LastSession, Outcome, list};
use crate::datamodel::model::Model;
use crate::soap::{Fault, Message};

/// `SessionTimeout` is at least this (TR-069 §3.5, Table 4).
const MIN_SESSION_TIMEOUT: u32 = 30;

/// How soon to see whether the box knows its identity now.
const IDENTITY_CHECK: Duration = Duration::from_secs(10);

impl Engine {
    /// Takes the next input of a session.
    pub fn handle(
        &mut self,
        input: Input,
        model: &mut Model,
        host: &mut dyn Host,
        now: Now,
    ) -> Step {
        model.set_time(now);
        let Some(mut session) = self.session.take() else {
            return match input {
                Input::Start => self.start(model, now),
                _ => refused("no session is open"),
            };
        };
        let mut actions = Vec::new();
        let received = match input {
            Input::Reply { status, body } => {
                // One without an envelope ends the session, or lets the box speak.
                let goes_on = !body.trim().is_empty();
                let within = if goes_on {
                    self.budget.spend(now)
                } else {
                    Ok(())
                };
                within.and_then(|()| session.receive(status, &body))
            }
            Input::TransportError(why) => Err(Failure::new(why)),
            Input::Dropped(why) => Err(session.dropped(why)),
            Input::Written(_) | Input::TakenBack if self.parked.is_none() => {
                Err(Failure::new("values were taken that nobody waits for"))
            }
            Input::Written(written) => {
                self.written(written, &mut session, model, host, now);
                Ok(Received::Nothing)
            }
            Input::TakenBack => {
                self.taken_back(&mut session);
                Ok(Received::Nothing)
            }
            Input::Start => Err(Failure::new("another session was started")),
        };
        let next = received.map(|received| {
            self.act(received, &mut session, model, host, now, &mut actions);
            let waits = self.parked.as_ref().map(Parked::output);
            waits.or_else(|| session.turn().map(Output::Post))
        });
        self.next_id = session.next_id();
        let output = match next {
            Ok(Some(output)) => {
                self.session = Some(session);
                output
            }
            Ok(None) => self.finish(None, session.is_informed(), model, now, &mut actions),
            Err(failure) => {
                let informed = session.is_informed();
                self.finish(Some(failure), informed, model, now, &mut actions)
            }
        };
        Step { output, actions }
    }

    fn start(&mut self, model: &mut Model, now: Now) -> Step {
        self.opening = false;
        model.refresh();
        // The ACS that is contacted is the one of this moment.
        self.apply_settings(model, now);
        if !self.settings.has_acs() {
            let why = "there is no ACS any more";
            let actions = self.refuse_calls(why);
            return Step {
                actions,
                ..refused(why)
            };
        }
        self.identity = match identity::current(model, self.options.identity) {
            Ok(identity) => identity,
            Err(why) => return self.unknown(why, now),
        };
        self.budget = Budget::new(now);
        self.began_unix = now.unix;
        let is_for_changes = self.due.is_for_changes();
        self.due.clear();
        (self.changed, self.stale) = (false, false);
        // All that is new is in the Inform.
        model.take_news();
        if self.queue.waits(EventCode::Bootstrap) {
            // This ACS knows no value yet that could be another now.
            model.forget_changes();
        }
        self.calm.tells(&model.active_changes(), now.uptime);
        if model.has_change() {
            self.queue.raise(EventCode::ValueChange.into());
        } else {
            self.queue.withdraw(EventCode::ValueChange);
        }
        for event in self.wishes.take() {
            self.queue.raise(event.into());
        }
        self.depart_calls();
        let mut events = self.queue.depart().to_vec();
        events.extend(self.transfers.depart());
        events.extend(self.software_departs());
        sort_by_key(&mut events, |event| event.code);
        if events.is_empty() && is_for_changes {
            // What changed went away before anybody could tell of it.
            return refused("there is nothing to tell any more");
        }
        self.events = events.iter().map(ToString::to_string).collect();
        self.offer.begin(now);
        log::info!(
            "session with {} opens, CWMP {} is offered: {}",
            url::shown(&self.settings.url),
            self.offer.version(),
            list(&self.events)
        );
        let timeout = u32::try_from(self.options.session_timeout.as_secs()).unwrap_or(u32::MAX);
        let identity = self.identity.clone();
        let built = inform::build(identity, model, &events, self.retry_count, now);
        self.has_more = built.has_more;
        self.telling.clone_from(&built.inform.parameter_list);
        let (session, post) = Session::open(
            built.inform,
            self.offer.version(),
            timeout.max(MIN_SESSION_TIMEOUT),
            self.next_id,
        );
        self.next_id = session.next_id();
        self.session = Some(session);
        Step {
            output: Output::Open(Box::new(self.contact(now)), post),
            actions: Vec::new(),
        }
    }

    fn contact(&self, now: Now) -> Contact {
        Contact {
            url: self.settings.url.clone(),
            username: self.settings.username.clone(),
            password: self.settings.password.clone(),
            link: self.options.link.clone(),
            check_dates: now.wall_is_confirmed(),
        }
    }

    /// There is nobody to introduce: the events wait, and the retry policy is not concerned, since
    /// no ACS is.
    fn unknown(&mut self, why: String, now: Now) -> Step {
        log::warn!("no session is opened: {why}");
        self.due.clear();
        self.due
            .for_retry(now.uptime.saturating_add(IDENTITY_CHECK));
        self.last = Some(LastSession {
            began_unix: now.unix,
            ended_unix: now.unix,
            outcome: Outcome::Failure(why.clone()),
            events: Vec::new(),
        });
        refused(&why)
    }

    fn act(
        &mut self,
        received: Received,
        session: &mut Session,
        model: &mut Model,
        host: &mut dyn Host,
        now: Now,
        actions: &mut Vec<Action>,
    ) {
        match received {
            Received::Nothing => {}
            Received::InformResponse => self.delivered(session, model, now, actions),
            Received::Answer(asked, answer) => self.answered(asked, answer, model, actions),
            Received::Request(message) => {
                let method = excerpt(message.name(), MAX_ECHOED_NAME).into_owned();
                log::debug!("the ACS calls {method}");
                let mut context = self.context(session, model, host, now);
                match rpc::execute(message, &mut context) {
                    Ok(Executed::Answered(answer)) => session.owe(Ok(answer)),
                    Ok(Executed::Parked(set)) => self.parked = Some(Parked::Set(set)),
                    Err(fault) => refuse(&method, fault, session),
                }
            }
        }
    }

    /// The ACS answered a request of ours.
    fn answered(
        &mut self,
        asked: Asked,
        answer: Message,
        model: &mut Model,
        actions: &mut Vec<Action>,
    ) {
        if let Message::Fault(fault) = &answer {
            let why = excerpt(&fault.string, MAX_REASON);
            log::warn!("the ACS refused a request: {} {why}", fault.code);
        }
        match asked {
            Asked::Methods => {
                if let Message::GetRPCMethodsResponse { method_list } = answer {
                    log::info!("the ACS knows {}", method_list.join(", "));
                }
            }
            Asked::ByHand(number) => actions.push(self.answered_by_hand(number, answer)),
            Asked::Transfer(number) => self.transfer_told(number, answer, model),
            Asked::Change(number) => self.change_told(number, answer, model),
            Asked::Announcements(count) => self.announcements_told(count, answer, model),
        }
    }

    /// The ACS let the session fail rather than answer a request of ours. As a fault does, that counts
    /// against the request: it comes before all that the ACS has to ask, so it must not keep the ACS
    /// from its turn for ever.
    fn left_unanswered(&mut self, asked: Asked, why: &str, model: &mut Model) {
        match asked {
            Asked::Methods | Asked::ByHand(_) => {}
            Asked::Transfer(number) => self.transfers.refused(number, why, model),
            Asked::Change(number) => {
                self.changes.refused(number, why, &self.boot.id, model);
            }
            Asked::Announcements(count) => {
                self.announcements.refused(count, why);
                self.put_announcements(model);
            }
        }
    }

    /// The InformResponse came.
    fn delivered(
        &mut self,
        session: &mut Session,
        model: &mut Model,
        now: Now,
        actions: &mut Vec<Action>,
    ) {
        self.negotiated = Some(session.version());
        if self.offer.accepted(now) {
            self.keep_offer(model, now);
        }
        let events = self.queue.delivered(By::Inform);
        let has = |code| events.iter().any(|event| event.code == code);
        model.changes_delivered();
        let root = model.root().to_owned();
        for told in std::mem::take(&mut self.telling) {
            let path = told.name.strip_prefix(&*root).unwrap_or_default();
            if self.told.tell(path, &told.value, now.unix) {
                model.told(path, &told.value);
            }
        }
        if identity::tell(model, &self.identity) {
            actions.push(Action::IdentityTold(self.identity.clone()));
        }
        record::put(model, record::ROOT, &root);
        if has(EventCode::Bootstrap) {
            // The URL of this session: a change made during it applies to the next one.
            record::put(model, record::ACS, &self.settings.url);
            self.asks_methods |= self.options.ask_acs_methods;
        }
        if std::mem::take(&mut self.asks_methods) {
            session.ask(Message::GetRPCMethods, Asked::Methods);
        }
        self.ask_by_hand(session);
        if has(EventCode::Boot) {
            actions.push(Action::BootDelivered);
        }
        self.tell_transfers(session, model, now);
        self.tell_software(session);
        self.forget_delivered(model);
        commit(model);
    }

    /// What is known of the ACS's version, for later runs.
    fn keep_offer(&self, model: &mut Model, now: Now) {
        if let Some(line) = self.offer.to_record(&self.settings.url, now) {
            record::put(model, record::VERSION, &line);
        }
    }

    /// What an RPC may use.
    pub(super) fn context<'a>(
        &'a mut self,
        session: &'a Session,
        model: &'a mut Model,
        host: &'a mut dyn Host,
        now: Now,
    ) -> Context<'a> {
        Context {
            model,
            schedule: &mut self.schedule,
            at_reboot: &mut self.at_reboot,
            multiples: self.queue.multiples(),
            intents: &mut self.intents,
            transfers: &mut self.transfers,
            changes: &mut self.changes,
            boot: &self.boot.id,
            host,
            changed: &mut self.changed,
            told: &mut self.told,
            version: session.version(),
            header: session.answering(),
            now,
        }
    }

    fn finish(
        &mut self,
        failure: Option<Failure>,
        informed: bool,
        model: &mut Model,
        now: Now,
        actions: &mut Vec<Action>,
    ) -> Output {
        self.parked = None;
        let news = self.queue.returned() | self.transfers.returned() | self.software_returned();
        self.end_calls(failure.as_ref().map(|failure| &*failure.why), actions);
        let outcome = match failure {
            None => self.succeeded(now),
            Some(failure) => self.failed(failure, informed, news, model, now),
        };
        self.last = Some(LastSession {
            began_unix: self.began_unix,
            ended_unix: now.unix,
            outcome: outcome.clone(),
            events: std::mem::take(&mut self.events),
        });
        if std::mem::take(&mut self.stale) {
            model.refresh();
            self.changed = true;
        }
        if std::mem::take(&mut self.changed) {
            self.apply_settings(model, now);
            actions.push(Action::SettingsApplied);
        }
        actions.extend(self.begin());
        commit(model);
        self.values_changed(model, now);
        Output::End(outcome)
    }

    fn succeeded(&mut self, now: Now) -> Outcome {
        match self.negotiated {
            Some(version) => log::info!("session ended: success, in CWMP {version}"),
            None => log::info!("session ended: success"),
        }
        self.count.succeeded = self.count.succeeded.saturating_add(1);
        self.retry_count = 0;
        self.last_success = Some(now.uptime);
        if std::mem::take(&mut self.has_more) {
            self.queue.raise(EventCode::ValueChange.into());
        }
        if self.queue.is_waiting() {
            self.due.for_event(now.uptime);
        }
        self.tell_later(now);
        Outcome::Success
    }

    /// What this session could not tell is for the next one; what the ACS refused to hear is told
    /// again later.
    fn tell_later(&mut self, now: Now) {
        match self.owes() {
            None => {}
            Some(0) => self.due.for_event(now.uptime),
            Some(refusals) => {
                let wait = retry::wait(
                    refusals,
                    self.settings.retry_minimum,
                    self.settings.retry_multiplier,
                    &mut self.rng,
                );
                self.due.for_retry(now.uptime.saturating_add(wait));
            }
        }
    }

    /// How often the ACS has refused what it still has to hear; `None` if there is nothing.
    pub(super) fn owes(&self) -> Option<u32> {
        let owed = [self.transfers.owes(), self.software_owes()];
        owed.into_iter().flatten().min()
    }

    /// The events of what the ACS still has to hear.
    pub(super) fn derived_events(&self) -> Vec<Event> {
        let mut events = self.transfers.pending();
        events.extend(self.software_pending());
        events
    }

    /// `news`: something happened during the session that requires one itself.
    fn failed(
        &mut self,
        failure: Failure,
        informed: bool,
        news: bool,
        model: &mut Model,
        now: Now,
    ) -> Outcome {
        log::warn!("session failed: {}", failure.why);
        self.count.failed = self.count.failed.saturating_add(1);
        if let Some(asked) = failure.refused {
            self.left_unanswered(asked, &failure.why, model);
        }
        let refused = !informed && failure.evidence != Evidence::None;
        let was_tried_on = refused && self.offer.is_probing();
        if !informed && self.offer.failed(failure.evidence, now) {
            self.keep_offer(model, now);
        }
        // Also when all is delivered: the ACS may have had more to ask (§3.2.1.1), in this session or
        // the one that this was to repeat, or when the box tried a version on it. But a session that
        // only a connection request caused is not retried.
        let is_owed = self.queue.is_waiting() || self.owes().is_some();
        if informed || was_tried_on || is_owed || self.retry_count > 0 {
            self.retry_count = self.retry_count.saturating_add(1);
            let wait = retry::wait(
                self.retry_count,
                self.settings.retry_minimum,
                self.settings.retry_multiplier,
                &mut self.rng,
            );
            log::info!("retry {} in {} s", self.retry_count, wait.as_secs());
            self.due.for_retry(now.uptime.saturating_add(wait));
        }
        if news {
            self.due.for_event(now.uptime);
        }
        self.save_events(model);
        Outcome::Failure(failure.why)
    }
}

/// A request is answered with a fault.
pub(super) fn refuse(method: &str, fault: Fault, session: &mut Session) {
    log::warn!("{method} refused: {} {}", fault.code, fault.string);
    for bad in fault.parameters.iter().take(MAX_LOGGED) {
        log::warn!("  {}: {} {}", bad.parameter_name, bad.code, bad.string);
    }
    let others = fault.parameters.len().saturating_sub(MAX_LOGGED);
    if others > 0 {
        log::warn!("  and {others} more");
    }
    session.owe(Err(fault));
}

/// No session, for a reason that is no failure of one.
fn refused(why: &str) -> Step {
    Step {
        output: Output::End(Outcome::Failure(why.to_owned())),
        actions: Vec::new(),
    }
}
