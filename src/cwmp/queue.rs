//! The events that the ACS does not know of yet (TR-069 §3.7.1.5).

use super::event::{By, Event, EventCode, Retention};
use crate::soap::MAX_EVENTS;

/// How many of the codes are single, and so can take a place each.
const SINGLE_CODES: usize = 15;

/// The most entries of `M` codes. A place is promised when the RPC is accepted, so all events
/// always fit one Inform and none is ever lost for want of room.
pub const MAX_MULTIPLE: usize = MAX_EVENTS - SINGLE_CODES;

/// Undelivered events: those in the Inform of the running session, and those that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQueue {
    in_flight: Vec<Event>,
    waiting: Vec<Event>,
}

impl EventQueue {
    /// Adds an event to those that wait; a single code that waits already merges. Whether it is
    /// new, not merged into one that waits.
    pub fn raise(&mut self, event: Event) -> bool {
        let known = !event.code.is_multiple() && self.waits(event.code);
        let room = !event.code.is_multiple() || self.multiples() < MAX_MULTIPLE;
        if !known && room {
            self.waiting.push(event);
        }
        !known && room
    }

    /// `0 BOOTSTRAP`: all other undelivered events are discarded. `1 BOOT` may come with it, and
    /// does as long as no ACS knows of the boot.
    pub fn bootstrap(&mut self) {
        let boot = self.iter().any(|event| event.code == EventCode::Boot);
        self.in_flight.clear();
        self.waiting = vec![EventCode::Bootstrap.into()];
        if boot {
            self.waiting.push(EventCode::Boot.into());
        }
    }

    /// Removes a waiting event whose cause is gone.
    pub fn withdraw(&mut self, code: EventCode) {
        self.waiting.retain(|event| event.code != code);
    }

    /// Whether an event of the code waits for a session.
    pub fn waits(&self, code: EventCode) -> bool {
        self.waiting.iter().any(|event| event.code == code)
    }

    /// Whether any event waits for a session.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Entries of `M` codes.
    pub fn multiples(&self) -> usize {
        self.iter().filter(|e| e.code.is_multiple()).count()
    }

    /// All undelivered events.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.in_flight.iter().chain(&self.waiting)
    }

    /// A session starts: the waiting events are those of its Inform, in the order of their codes.
    pub fn depart(&mut self) -> &[Event] {
        for event in self.waiting.drain(..) {
            let before = |other: &Event| other.code <= event.code;
            let place = self.in_flight.partition_point(before);
            self.in_flight.insert(place, event);
        }
        &self.in_flight
    }

    /// The ACS answered a request of ours, which delivers some of the events of this session; they
    /// are returned.
    pub fn delivered(&mut self, by: By) -> Vec<Event> {
        let (delivered, rest) = std::mem::take(&mut self.in_flight)
            .into_iter()
            .partition(|event| event.code.delivery() == by);
        self.in_flight = rest;
        delivered
    }

    /// The session is over: what was not delivered waits again, except what must not be retried.
    /// Whether something waits that was not already tried in this session.
    pub fn returned(&mut self) -> bool {
        let arisen = std::mem::take(&mut self.waiting);
        self.waiting = std::mem::take(&mut self.in_flight);
        self.waiting
            .retain(|event| event.code.retention() != Retention::OneSession);
        let mut new = false;
        for event in arisen {
            new |= self.raise(event);
        }
        new
    }

    /// The events that survive a reboot, as one line; empty if there are none. `0 BOOTSTRAP` is not
    /// among them: it is known by the ACS URL that was last bootstrapped.
    pub fn to_record(&self) -> String {
        self.line_of(|code| code.retention() == Retention::UntilDelivered)
    }

    /// The events that survive a restart of the program within a boot, as one line. `1 BOOT` and
    /// `4 VALUE CHANGE` are not among them: they are known by the boot and by the values.
    pub fn to_kept(&self) -> String {
        self.line_of(|code| match code {
            EventCode::Boot | EventCode::ValueChange => false,
            // Who asked was promised a session (§3.2.2.2), and none was tried yet.
            EventCode::ConnectionRequest => self.waits(code),
            code => code.retention() != Retention::OneSession,
        })
    }

    fn line_of(&self, is_kept: impl Fn(EventCode) -> bool) -> String {
        let events = self.iter().filter(|e| e.code != EventCode::Bootstrap);
        let kept = events.filter(|e| is_kept(e.code));
        let entries = kept.map(|e| super::record::join(&[e.code.as_str(), &e.command_key]));
        entries.collect::<Vec<_>>().join(super::record::NEXT)
    }

    /// Reads [`EventQueue::to_record`] or [`EventQueue::to_kept`]; what cannot be read is left out.
    pub fn from_record(record: &str) -> Self {
        let mut queue = Self::default();
        for entry in record.split(super::record::NEXT) {
            let parts = super::record::split(entry);
            let [code, command_key, ..] = parts.as_slice() else {
                continue;
            };
            if let Some(code) = EventCode::parse(code) {
                queue.raise(Event {
                    code,
                    command_key: command_key.clone(),
                });
            }
        }
        queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(code: EventCode, key: &str) -> Event {
        Event {
            code,
            command_key: key.to_owned(),
        }
    }

    fn codes(queue: &EventQueue) -> Vec<String> {
        queue.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn single_codes_merge_and_multiple_ones_do_not() {
        let mut queue = EventQueue::default();
        assert!(queue.raise(EventCode::Periodic.into()));
        assert!(!queue.raise(EventCode::Periodic.into()));
        assert!(queue.raise(keyed(EventCode::MReboot, "a")));
        assert!(queue.raise(keyed(EventCode::MReboot, "a")));
        assert_eq!(
            codes(&queue),
            ["2 PERIODIC", "M Reboot (a)", "M Reboot (a)"]
        );
    }

    #[test]
    fn bootstrap_purges_all_others() {
        let mut queue = EventQueue::default();
        queue.raise(keyed(EventCode::MReboot, "a"));
        queue.raise(EventCode::Periodic.into());
        queue.bootstrap();
        assert_eq!(codes(&queue), ["0 BOOTSTRAP"]);
        queue.raise(EventCode::Boot.into());
        queue.bootstrap();
        assert_eq!(codes(&queue), ["0 BOOTSTRAP", "1 BOOT"]);
    }

    #[test]
    fn the_inform_response_delivers_and_what_arises_later_is_separate() {
        let mut queue = EventQueue::default();
        queue.raise(EventCode::ConnectionRequest.into());
        assert_eq!(queue.depart().len(), 1);
        assert!(queue.raise(EventCode::ConnectionRequest.into()));
        assert!(!queue.raise(EventCode::ConnectionRequest.into()));
        assert_eq!(queue.delivered(By::Inform).len(), 1);
        assert!(queue.returned());
        assert_eq!(codes(&queue), ["6 CONNECTION REQUEST"]);
    }

    #[test]
    fn a_failed_session_returns_all_but_the_connection_request() {
        let mut queue = EventQueue::default();
        queue.raise(EventCode::ConnectionRequest.into());
        queue.raise(EventCode::Periodic.into());
        queue.depart();
        queue.raise(EventCode::Periodic.into());
        assert!(!queue.returned(), "the second 2 PERIODIC is not news");
        assert_eq!(codes(&queue), ["2 PERIODIC"]);
    }

    #[test]
    fn a_transfer_event_waits_for_its_own_response() {
        let mut queue = EventQueue::default();
        queue.raise(EventCode::TransferComplete.into());
        queue.depart();
        assert_eq!(queue.delivered(By::Inform), []);
        queue.returned();
        assert_eq!(codes(&queue), ["7 TRANSFER COMPLETE"]);
    }

    #[test]
    fn the_64_entry_cap_holds_with_every_code_pending() {
        let mut queue = EventQueue::default();
        for i in 0..100 {
            queue.raise(keyed(EventCode::MScheduleInform, &i.to_string()));
        }
        for number in 0..SINGLE_CODES {
            queue.raise(EventCode::parse(&number.to_string()).unwrap().into());
        }
        assert_eq!(queue.depart().len(), MAX_EVENTS);
    }

    #[test]
    fn f05_a_restart_of_the_program_keeps_what_no_reboot_does() {
        let mut queue = EventQueue::default();
        queue.bootstrap();
        for code in ["1", "2", "4", "6", "8"] {
            queue.raise(EventCode::parse(code).unwrap().into());
        }
        let kept = |queue: &EventQueue| codes(&EventQueue::from_record(&queue.to_kept()));
        let tried = ["2 PERIODIC", "8 DIAGNOSTICS COMPLETE"];
        let untried = [tried[0], "6 CONNECTION REQUEST", tried[1]];
        assert_eq!(kept(&queue), untried);
        queue.depart();
        assert_eq!(kept(&queue), tried);
    }

    #[test]
    fn only_never_discard_events_survive_a_reboot() {
        let mut queue = EventQueue::default();
        queue.bootstrap();
        queue.raise(EventCode::Boot.into());
        queue.raise(EventCode::DiagnosticsComplete.into());
        queue.raise(EventCode::Periodic.into());
        queue.raise(keyed(EventCode::MReboot, "100 %; é,:\n"));
        let back = EventQueue::from_record(&queue.to_record());
        assert_eq!(codes(&back), ["2 PERIODIC", "M Reboot (100 %; é,:\n)"]);
        assert_eq!(EventQueue::from_record(""), EventQueue::default());
        assert_eq!(EventQueue::from_record("%zz:;;,"), EventQueue::default());
    }
}
