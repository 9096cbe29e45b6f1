//! The engine: its state, and how it begins. What makes it open a session is in `triggers`, what it
//! does in one in `conduct`, what waits there for values to be taken elsewhere in `parked`, what people
//! on the box have the ACS asked in `by_hand`, what it sees done after one in `promises`, what it has
//! done to files and packages in `transfers` and `software`, and what it knows after a power cut in
//! `memory`.

mod by_hand;
mod conduct;
mod memory;
mod parked;
mod promises;
mod software;
mod transfers;
mod triggers;

use std::time::Duration;

use self::parked::Parked;
use super::acs_call::AcsCalls;
use super::budget::Budget;
use super::calm::Calm;
use super::due::Due;
use super::event::EventCode;
use super::inform_parameter;
use super::intent::Intents;
use super::interface::{Boot, EngineOptions};
use super::offer::Offer;
use super::periodic::Periodic;
use super::queue::EventQueue;
use super::record;
use super::rng::Rng;
use super::schedule::Schedule;
use super::session::Session;
use super::settings::Settings;
use super::software::{Announcements, ChangeQueue};
use super::status::{EngineStatus, LastSession, SessionCount};
use super::told::{ToldValue, ToldValues};
use super::transfer::{Transfer, TransferQueue};
use crate::base::clock::Now;
use crate::base::url;
use crate::cwmp::wishes::Wishes;
use crate::datamodel::model::Model;
use crate::soap::{CwmpVersion, DeviceId, ParameterValue};

/// The engine of one box.
pub struct Engine {
    options: EngineOptions,
    settings: Settings,
    rng: Rng,
    offer: Offer,
    /// Of the last session whose Inform this ACS accepted.
    negotiated: Option<CwmpVersion>,
    next_id: u32,
    queue: EventQueue,
    /// The events that the next reboot brings.
    at_reboot: EventQueue,
    periodic: Option<Periodic>,
    /// The bound of [`EngineOptions::periodic_spread`] that the timer goes by.
    spread: Duration,
    schedule: Schedule,
    due: Due,
    calm: Calm,
    told: ToldValues,
    /// What the Inform of the running session tells, once it is accepted.
    telling: Vec<ParameterValue>,
    /// The boot that the program runs in.
    boot: Boot,
    /// What was promised and is still to be done.
    intents: Intents,
    /// The files that come and go.
    transfers: TransferQueue,
    /// What is done to the software of the box.
    changes: ChangeQueue,
    /// Change and operation that the agent carries out.
    changing: Option<(u32, u32)>,
    /// Not before this uptime does one begin: the disk took nothing, or the one before it may not be
    /// over.
    change_again: Option<Duration>,
    /// What was done to software without the ACS.
    announcements: Announcements,
    /// The box is to go down: no session is opened.
    going_down: Option<GoingDown>,
    session: Option<Session>,
    /// The request of the running session that waits for the agent.
    parked: Option<Parked>,
    /// What people on the box wait for.
    calls: AcsCalls,
    /// Sessions that were asked for too often.
    wishes: Wishes,
    /// Of the running session.
    budget: Budget,
    /// What the Inform of the last session called the box.
    identity: DeviceId,
    /// The agent was told to open a session, and has not begun yet.
    opening: bool,
    /// What the agent was last given to keep for a restart of the program.
    kept: String,
    /// Events that are never discarded are written to the store if they still wait then.
    save_at: Option<Duration>,
    /// The events of the running session, as text.
    events: Vec<String>,
    /// The Inform of the running session has no room for all changed values.
    has_more: bool,
    /// The ACS changed parameters or objects in the running session.
    changed: bool,
    /// Something on the box may have changed during the session.
    stale: bool,
    retry_count: u32,
    last_success: Option<Duration>,
    last: Option<LastSession>,
    /// When the running session began, seconds since 1970.
    began_unix: i64,
    count: SessionCount,
    /// Somebody on the box wants the ACS to be asked which methods it knows.
    asks_methods: bool,
}

/// How far the end of the boot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GoingDown {
    /// The agent was told, and tells how it went.
    Ordered,
    /// The command for it was given; by this uptime the box should be gone.
    By(Duration),
}

impl Engine {
    /// The engine after the program's start. `seed` is random: it decides on waits and phases.
    pub fn new(model: &mut Model, options: EngineOptions, boot: Boot, seed: u64, now: Now) -> Self {
        inform_parameter::add_rules(model);
        let mut rng = Rng::new(seed);
        let mut engine = Self {
            options,
            settings: Settings::default(),
            offer: Offer::default(),
            negotiated: None,
            // Half the range, so that an ID has one length throughout a run.
            next_id: u32::try_from(rng.next() >> 33).unwrap_or(1),
            rng,
            queue: EventQueue::default(),
            at_reboot: EventQueue::from_record(&record::get(model, record::REBOOT)),
            periodic: None,
            spread: Duration::ZERO,
            schedule: Schedule::default(),
            due: Due::default(),
            calm: Calm::default(),
            told: ToldValues::default(),
            telling: Vec::new(),
            transfers: TransferQueue::load(model, &boot.id, now),
            changes: ChangeQueue::load(model, &boot.id, now),
            changing: None,
            change_again: None,
            announcements: Announcements::from_record(&record::get(model, record::ANNOUNCEMENTS)),
            boot,
            intents: Intents::from_record(&record::get(model, record::INTENTS)),
            going_down: None,
            session: None,
            parked: None,
            calls: AcsCalls::default(),
            wishes: Wishes::default(),
            budget: Budget::default(),
            identity: DeviceId::default(),
            opening: false,
            kept: String::new(),
            save_at: None,
            events: Vec::new(),
            has_more: false,
            changed: false,
            stale: false,
            retry_count: 0,
            last_success: None,
            last: None,
            began_unix: 0,
            count: SessionCount::default(),
            asks_methods: false,
        };
        forget_acs_of_other_root(model);
        engine.recall(model, now);
        engine.came_up(model);
        engine.apply_settings(model, now);
        if !engine.boot.told {
            engine.queue.raise(EventCode::Boot.into());
            engine.hold_after_boot(now);
        }
        record::put(model, record::INTENTS, &engine.intents.to_record());
        let is_asked = engine.queue.waits(EventCode::ConnectionRequest);
        if is_asked || engine.transfers.iter().any(Transfer::is_on_trial) {
            engine.due.at_once(now.uptime);
        }
        let is_owed = engine.queue.is_waiting() || engine.owes().is_some();
        if is_owed || engine.retry_count > 0 {
            engine.due.for_event(now.uptime);
        }
        engine.values_changed(model, now);
        engine
    }

    /// What is configured outside the data model is this now; for the next session.
    pub fn configure(&mut self, options: EngineOptions) {
        self.options = options;
    }

    /// `ManagementServer` as it is in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a session is running.
    pub fn in_session(&self) -> bool {
        self.session.is_some()
    }

    /// What the ACS was told last of `ConnectionRequestURL`, `UDPConnectionRequestAddress` or
    /// `ConnReqJabberID`; `path` is without the root.
    pub fn told(&self, path: &str) -> Option<&ToldValue> {
        self.told.of(path)
    }

    /// The state, for `cwmpd status`.
    pub fn status(&self, now: Now) -> EngineStatus {
        let derived = self.derived_events();
        let pending = self.queue.iter().chain(&derived);
        let intents = self.intents.iter().map(ToString::to_string);
        EngineStatus {
            url: url::shown(&self.settings.url),
            enabled: self.settings.enabled,
            negotiated: self.negotiated,
            offered: self.offer.version(),
            in_session: self.in_session().then_some(self.began_unix),
            count: self.count,
            next: self.next_told(now),
            last: self.last.clone(),
            retry_count: self.retry_count,
            held: self.held(now),
            pending: pending.map(ToString::to_string).collect(),
            promised: intents.chain(self.changes.promised()).collect(),
        }
    }
}

/// Below another root there is not one name that the ACS knows: it meets another model, and is to have
/// `0 BOOTSTRAP`, as if it met the box for the first time (TR-069 §3.7.1.5).
fn forget_acs_of_other_root(model: &mut Model) {
    let known = model.record(record::ROOT);
    if let Some(known) = known.filter(|known| *known != model.root()) {
        log::info!(
            "the root of the data model was {known} and is {}",
            model.root()
        );
        record::put(model, record::ACS, "");
    }
}

/// A failed write, of which the model tells, does not end a session: the records stay pending.
fn commit(model: &mut Model) {
    let _ = model.commit();
}
