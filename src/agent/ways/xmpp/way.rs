//! The connection for requests as it is to be, as it is, and when it is tried again.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::facts::{
    CONNECTING, DISABLED, DORMANT, ENABLED, ERROR, JabberId, XmppFacts, XmppSource,
};
use super::line::{BoundLine, OpenLine};
use super::settings::{self, LineSettings};
use crate::agent::poll_loop::Agent;
use crate::agent::timers::LoopTimer;
use crate::agent::ways::access;
use crate::base::clock::Now;
use crate::connreq::xmpp::{RequestToken, RequestVerdict, XmppEnd, XmppEvent};
use crate::datamodel::source::Source;
use crate::device::addresses;

/// A connection that stood for so long was a success: the next attempts begin anew. One that breaks
/// sooner, again and again, is tried less and less.
const STEADY: Duration = Duration::from_secs(300);

/// Connections by XMPP.
pub(in crate::agent) struct XmppWay {
    pub(super) facts: Rc<RefCell<XmppFacts>>,
    /// What is to be open now: an instance, and its settings.
    pub(super) wanted: Option<(u32, LineSettings)>,
    pub(super) open: Option<OpenLine>,
    /// Attempts in a row that failed.
    failed: u32,
    /// Why it is not open.
    pub(super) trouble: Option<String>,
    /// When it is tried again, as uptime.
    pub(super) next: Option<Duration>,
    /// The box has just come up, as may have all its neighbours.
    is_after_boot: bool,
}

impl XmppWay {
    /// None yet, and the source that shows them.
    pub(in crate::agent) fn new() -> (Self, Box<dyn Source>) {
        let facts = Rc::new(RefCell::new(XmppFacts::default()));
        let source = XmppSource(Rc::clone(&facts));
        let way = Self {
            facts,
            wanted: None,
            open: None,
            failed: 0,
            trouble: None,
            next: None,
            is_after_boot: false,
        };
        (way, Box::new(source))
    }

    /// The first connection is to come within the delay of the first session after a boot.
    pub(in crate::agent) fn after_boot(self, is_after_boot: bool) -> Self {
        Self {
            is_after_boot,
            ..self
        }
    }

    /// Whether a connection stands. The end of the program waits until it is closed.
    pub(in crate::agent) fn is_bound(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.bound.is_some())
    }

    /// The program is about to end.
    pub(in crate::agent) fn leave(&mut self) {
        if let Some(open) = &self.open {
            open.line.close();
        }
    }

    /// The end of the program waits no longer.
    pub(in crate::agent) fn forget(&mut self) {
        self.open = None;
    }

    fn set_status(&self, number: u32, status: &'static str, now: Now) {
        let at = now.current_time();
        self.facts.borrow_mut().set_status(number, status, &at);
    }
}

impl Agent {
    /// Brings the connections in line with the settings; whether `ConnReqJabberID` is another one now.
    pub(in crate::agent) fn follow_xmpp(&mut self, now: Now) -> bool {
        let before = self.ways.xmpp.facts.borrow().jabber_id();
        let connections = settings::connections(&mut self.model);
        let chosen = settings::chosen(&mut self.model).filter(|_| self.config.xmpp);
        let is_enabled = |number: &u32| connections.contains(&(*number, true));
        let chosen = chosen.filter(is_enabled);
        let numbers: Vec<u32> = connections.iter().map(|(number, _)| *number).collect();
        self.ways.xmpp.facts.borrow_mut().keep(&numbers);
        let may_open = self.engine.settings().has_acs() && !self.stopping;
        let wanted = chosen.filter(|_| may_open);
        for (number, is_enabled) in connections {
            let is_met = self.ways.xmpp.facts.borrow().find(number).is_some();
            if wanted != Some(number) || !is_met {
                let status = match is_enabled && self.config.xmpp {
                    true => DORMANT,
                    false => DISABLED,
                };
                self.ways.xmpp.set_status(number, status, now);
            }
        }
        self.ways.xmpp.facts.borrow_mut().choose(chosen);
        let wanted = wanted.map(|number| {
            let own_name = self.serial_number();
            (
                number,
                LineSettings::read(&mut self.model, number, &own_name),
            )
        });
        if wanted != self.ways.xmpp.wanted {
            self.close_xmpp(now);
            self.ways.xmpp.wanted = wanted;
            self.begin_xmpp(now);
        } else {
            self.keep_xmpp(now);
        }
        self.ways.xmpp.is_after_boot = false;
        before != self.ways.xmpp.facts.borrow().jabber_id()
    }

    /// What the box is called where nobody says otherwise.
    fn serial_number(&self) -> String {
        let facts = self.facts.borrow();
        let identity = facts.identity.as_ref();
        identity.map_or(String::new(), |identity| identity.serial_number.clone())
    }

    /// Ends the connection, and all attempts at it.
    pub(in crate::agent) fn close_xmpp(&mut self, now: Now) {
        self.timers.stop(LoopTimer::Xmpp);
        let XmppWay {
            open,
            next,
            failed,
            trouble,
            wanted,
            facts,
            ..
        } = &mut self.ways.xmpp;
        (*next, *failed, *trouble) = (None, 0, None);
        if let Some(open) = open.take() {
            open.line.close();
            self.jobs.cancel(open.job, now.uptime);
        }
        if let Some((number, _)) = wanted.take() {
            facts.borrow_mut().set_secure(number, false);
        }
    }

    /// The first attempt: at once, but for a box that has just come up.
    fn begin_xmpp(&mut self, now: Now) {
        let delay = self.config.boot_delay;
        match self.ways.xmpp.is_after_boot && !delay.is_zero() && self.ways.xmpp.wanted.is_some() {
            true => {
                let spread = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                self.retry_xmpp(Duration::from_millis(chance() % spread.max(1)), now);
            }
            false => self.open_xmpp(now),
        }
    }

    /// The connection is as it is to be; what need not end it is followed.
    fn keep_xmpp(&mut self, now: Now) {
        let Some(open) = &mut self.ways.xmpp.open else {
            return;
        };
        let askers = settings::askers(&mut self.model, &self.engine);
        if askers != open.askers {
            open.line.let_ask(askers.clone());
            open.askers = askers;
        }
        // The clock was not known to be right when it was opened.
        let dates = open
            .bound
            .as_ref()
            .and_then(|bound| bound.unchecked_dates.as_ref());
        let dates = dates.filter(|_| now.wall_is_confirmed());
        if let Some(Err(why)) = dates.map(|dates| dates.check_at(now.unix)) {
            log::warn!("XMPP: {why}");
            let wanted = self.ways.xmpp.wanted.clone();
            self.close_xmpp(now);
            self.ways.xmpp.wanted = wanted;
            self.open_xmpp(now);
        }
    }

    /// An attempt is due.
    pub(in crate::agent) fn open_xmpp(&mut self, now: Now) {
        let Some((number, _)) = self.ways.xmpp.wanted else {
            return;
        };
        self.ways.xmpp.next = None;
        self.ways.xmpp.set_status(number, CONNECTING, now);
        match self.start_line(now) {
            Ok(open) => self.ways.xmpp.open = Some(open),
            Err(error) => {
                let trouble = format!("the system has no descriptor for it: {error}");
                self.lost_xmpp(trouble, ERROR, now);
            }
        }
    }

    /// The box may have other addresses; `has_moved` where the ACS is told another one now. A connection
    /// from one that is gone is dead, however long it takes to show, and what could not be reached again
    /// and again may be now: after no longer a wait than the first.
    pub(in crate::agent) fn relocate_xmpp(&mut self, has_moved: bool, now: Now) {
        if let Some(open) = &self.ways.xmpp.open {
            let from = open.bound.as_ref().and_then(|bound| bound.from);
            if let Some(from) = from.filter(|from| is_gone(*from)) {
                open.line.close();
                self.jobs.cancel(open.job, now.uptime);
                let lost = format!("the box does not have its address {from} any more");
                self.lost_xmpp(lost, ERROR, now);
            }
            return;
        }
        let (Some((number, _)), Some(next)) = (&self.ways.xmpp.wanted, self.ways.xmpp.next) else {
            return;
        };
        if has_moved && self.ways.xmpp.failed > 1 {
            let wait = settings::retry_plan(&mut self.model, *number).wait(1, chance());
            self.ways.xmpp.failed = 1;
            self.retry_xmpp(wait.min(next.saturating_sub(now.uptime)), now);
        }
    }

    fn retry_xmpp(&mut self, wait: Duration, now: Now) {
        let at = now.uptime.saturating_add(wait);
        self.ways.xmpp.next = Some(at);
        self.timers.stop(LoopTimer::Xmpp);
        self.timers.due_by(LoopTimer::Xmpp, at);
    }

    /// What the connection tells.
    pub(super) fn told_by_line(&mut self, event: XmppEvent, now: Now) {
        match event {
            XmppEvent::Bound {
                jid,
                from,
                is_secure,
                unchecked_dates,
            } => {
                let line = BoundLine {
                    since: now.uptime,
                    from,
                    unchecked_dates,
                };
                self.bound_xmpp(jid, is_secure, line, now);
            }
            XmppEvent::Asked(token) => self.asked_by_xmpp(token, now),
        }
    }

    fn bound_xmpp(&mut self, jid: String, is_secure: bool, line: BoundLine, now: Now) {
        let (Some((number, _)), Some(open)) = (&self.ways.xmpp.wanted, &mut self.ways.xmpp.open)
        else {
            return;
        };
        let number = *number;
        let tls = if is_secure { "over TLS" } else { "without TLS" };
        log::info!("XMPP: the box is {jid}, {tls}");
        open.bound = Some(line);
        self.ways.xmpp.trouble = None;
        let at = now.current_time();
        let mut facts = self.ways.xmpp.facts.borrow_mut();
        facts.set_status(number, ENABLED, &at);
        facts.set_secure(number, is_secure);
        facts.set_jabber_id(number, JabberId::Told(jid));
        drop(facts);
        self.look(now);
    }

    /// The ACS asks for a session. During one it is promised another, as over HTTP.
    fn asked_by_xmpp(&mut self, token: RequestToken, now: Now) {
        let is_taken = self.take_request(now);
        if let Some(open) = &self.ways.xmpp.open {
            let verdict = match is_taken {
                true => RequestVerdict::Accepted,
                false => RequestVerdict::ServiceUnavailable,
            };
            open.line.answer(token, verdict);
        }
        if is_taken {
            self.engine.connection_request(now);
        }
    }

    /// Takes a request from the bound that all ways share, unless nobody could follow it.
    fn take_request(&mut self, now: Now) -> bool {
        let facts = self.facts.borrow();
        let access = access(&facts.reach, self.engine.settings(), &self.config);
        self.engine.settings().has_acs()
            && !self.stopping
            && self.ways.quota.take(&access, now.uptime)
    }

    /// The connection ended, or could not be opened.
    pub(super) fn ended_xmpp(&mut self, end: &XmppEnd, now: Now) {
        self.lost_xmpp(end.to_string(), end.status(), now);
        // What is wrong with the settings is so until there are others.
        if matches!(end, XmppEnd::Unusable(_)) {
            self.ways.xmpp.next = None;
            self.timers.stop(LoopTimer::Xmpp);
        }
    }

    /// The same, with the words for it.
    pub(super) fn lost_xmpp(&mut self, why: String, status: &'static str, now: Now) {
        let Some((number, _)) = self.ways.xmpp.wanted.as_ref().filter(|_| !self.stopping) else {
            return self.ways.xmpp.forget();
        };
        let number = *number;
        let bound = self.ways.xmpp.open.take().and_then(|open| open.bound);
        if bound.is_some_and(|bound| now.uptime.saturating_sub(bound.since) >= STEADY) {
            self.ways.xmpp.failed = 0;
        }
        self.ways.xmpp.failed = self.ways.xmpp.failed.saturating_add(1);
        self.ways.xmpp.facts.borrow_mut().set_secure(number, false);
        self.ways.xmpp.set_status(number, status, now);
        let plan = settings::retry_plan(&mut self.model, number);
        let wait = plan.wait(self.ways.xmpp.failed, chance());
        log::warn!("XMPP: {why}; trying again in {} s", wait.as_secs());
        self.ways.xmpp.trouble = Some(why);
        self.retry_xmpp(wait, now);
        self.look(now);
    }
}

/// Whether an address is none of the box, as far as that is known.
fn is_gone(address: IpAddr) -> bool {
    addresses::all().is_ok_and(|all| all.iter().all(|one| one.address != address))
}

/// Any number.
fn chance() -> u64 {
    // Where the system has none that is random, all waits are the shortest.
    getrandom::u64().unwrap_or_default()
}
