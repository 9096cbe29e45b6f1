//! The agent's answers to the user of the box.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::control::{Request, escape};
use super::luup::Waiter;
use super::newer;
use super::own_config::Complaints;
use super::poll_loop::Agent;
use super::transfers::HowFar;
use crate::base::clock::Now;
use crate::cwmp::{Direction, EventCode};
use crate::datamodel::model::{InForce, ModelError, NewValue, Requester, SetError};

/// Of the values that cannot be used, so many are named.
const MAX_UNUSED: usize = 10;

impl Agent {
    /// The text for the user, or the sentence that says why not; `None` where he has to wait for it.
    pub(super) fn answer(
        &mut self,
        client: u32,
        request: Request,
        now: Now,
    ) -> Option<Result<String, String>> {
        self.model.set_time(now);
        Some(match request {
            Request::Get(path) => self.read(&path, now),
            Request::Set(values) => return self.set(client, values, now),
            Request::Add(object) => self.add(&object, now),
            Request::Delete(object) => self.delete(&object, now),
            Request::Inform(event) => self.inform(event.as_deref(), now),
            Request::AskDownload(file_type, arguments) => {
                return self.request_download(client, file_type, arguments, now);
            }
            Request::Kicked(arguments) => return self.kicked(client, arguments, now),
            Request::Download(order) => self.order_transfer(Direction::Download, order, now),
            Request::Upload(order) => self.order_transfer(Direction::Upload, order, now),
            Request::Transfers => Ok(self.list_transfers(now)),
            Request::Confirm(number) => self.confirm_transfer(number, now),
            Request::Cancel(number) => self.cancel_transfer(number, now),
            Request::Status => Ok(self.status(now)),
            Request::Dump { csv: false } => self.read("", now),
            Request::Dump { csv: true } => self.dump(now),
        })
    }

    /// Opens a session, with an event by its name.
    fn inform(&mut self, event: Option<&str>, now: Now) -> Result<String, String> {
        let informed = self.engine.inform(event_of(event)?, now);
        informed.map(|()| String::new()).map_err(|e| e.to_string())
    }

    /// The path with the root, which a user may leave out.
    fn full(&self, path: &str) -> String {
        let root = self.model.root();
        match path.starts_with(root) || path.is_empty() {
            true => path.to_owned(),
            false => format!("{root}{path}"),
        }
    }

    fn add(&mut self, object: &str, now: Now) -> Result<String, String> {
        let object = self.full(object);
        let added = self.model.add_object(Requester::Local, &object, None);
        let (instance, _) = added.map_err(|e| self.refusal(&object, UserWants::Table, &e))?;
        self.changed_by_hand(now);
        Ok(format!("{object}{instance}.\n"))
    }

    fn delete(&mut self, object: &str, now: Now) -> Result<String, String> {
        let object = self.full(object);
        let deleted = self.model.delete_object(Requester::Local, &object, None);
        deleted.map_err(|e| self.refusal(&object, UserWants::Instance, &e))?;
        self.changed_by_hand(now);
        Ok(String::new())
    }

    /// Values as they are now: a session keeps those of its beginning.
    pub(super) fn read(&mut self, path: &str, now: Now) -> Result<String, String> {
        self.model.set_time(now);
        self.look(now);
        let path = self.full(path);
        let is_object = path.is_empty() || path.ends_with('.');
        let mut text = String::new();
        let read = self.model.values(&path, &mut |path, _, value| {
            let _ = match is_object {
                true => writeln!(text, "{path} {}", escape(value)),
                false => writeln!(text, "{value}"),
            };
        });
        read.map_err(|e| self.refusal(&path, UserWants::Value, &e))?;
        Ok(text)
    }

    /// Sets values, or waits until those are taken that belong elsewhere.
    fn set(
        &mut self,
        client: u32,
        values: Vec<(String, String)>,
        now: Now,
    ) -> Option<Result<String, String>> {
        let values: Vec<(String, String)> = values
            .into_iter()
            .map(|(name, value)| (self.full(&name), value))
            .collect();
        match self.model.writes_elsewhere(&new_values(&values)) {
            Err(errors) => Some(Err(self.refusals(&errors))),
            Ok(writes) if writes.is_empty() => Some(self.set_here(&values, now)),
            Ok(writes) => {
                self.write_to_luup(Waiter::User(client, values), writes, now);
                None
            }
        }
    }

    /// Sets values of which those are taken that belong elsewhere; paths are with the root.
    pub(super) fn set_here(
        &mut self,
        values: &[(String, String)],
        now: Now,
    ) -> Result<String, String> {
        let set = self
            .model
            .set_values(Requester::Local, &new_values(values), None);
        let in_force = set.map_err(|errors| self.refusals(&errors))?;
        self.changed_by_hand(now);
        Ok(match in_force {
            InForce::Now => String::new(),
            InForce::Later => "kept, in force later\n".to_owned(),
        })
    }

    /// The user changed something: act on it as on a change by anybody else, and report it.
    fn changed_by_hand(&mut self, now: Now) {
        self.look(now);
        self.apply_touched(now);
        if self.session.is_none() {
            self.tell_services(now);
            self.follow_states(now);
        }
    }

    fn status(&mut self, now: Now) -> String {
        let mut text = self.engine.status(now).to_string();
        self.clocks.borrow_mut().look_for_mark();
        let now = self.now();
        let clock = match (now.wall_is_set(), now.wall_is_confirmed()) {
            (false, _) => "not set: see that NTP (sysntpd) runs",
            (true, false) => "set, but nobody confirms it: see that NTP (sysntpd) runs",
            (true, true) => "right, as NTP or the ACS says",
        };
        let unused = self.model.misfits();
        for misfit in unused.iter().take(MAX_UNUSED) {
            let _ = writeln!(text, "cannot use:    {misfit}");
        }
        if let Some(more @ 1..) = unused.len().checked_sub(MAX_UNUSED) {
            let _ = writeln!(text, "cannot use:    and {more} more");
        }
        let (root, wanted) = (self.model.root(), &self.config.root);
        if root != wanted {
            let why = "that needs a restart, and the rows for it (`cwmpd check`)";
            let _ = writeln!(
                text,
                "root:          {root}, though cpe.root is {wanted}: {why}"
            );
        }
        for (order, progress) in self.transfers.moving() {
            let _ = writeln!(text, "under way:     {order}: {}", HowFar(progress));
        }
        let _ = writeln!(text, "clock:         {clock}");
        if !now.wall_is_confirmed() {
            let _ = writeln!(
                text,
                "  until then:  a certificate that has expired is taken, too"
            );
        }
        let _ = writeln!(text, "ubus:          {}", self.ubus.line());
        for failure in self.ubus.failures() {
            let _ = writeln!(text, "  no answer:   {failure}");
        }
        self.write_discovery(&mut text);
        self.write_luup(&mut text, now);
        self.write_ways(&mut text, now);
        let Complaints { lines, notes, .. } = &self.complaints;
        for complaint in lines.iter().chain(notes) {
            let _ = writeln!(text, "configuration: {complaint}");
        }
        for newer in newer::waiting(&self.folders) {
            let _ = writeln!(text, "newer file:    {newer}");
        }
        for trouble in self.troubles() {
            let _ = writeln!(text, "trouble:       {trouble}");
        }
        text
    }

    fn refusals(&mut self, errors: &[SetError]) -> String {
        let lines = errors.iter();
        let lines = lines.map(|e| self.refusal(&e.name, UserWants::Value, &e.error));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Why not, with a hint where something else is there by that name.
    fn refusal(&mut self, name: &str, wanted: UserWants, error: &ModelError) -> String {
        match error {
            _ if name.is_empty() => error.to_string(),
            ModelError::InvalidName => match self.is_there(name) {
                true => format!("{name} is {}", wanted.other()),
                false => format!("{name}: {error}{}", self.meant(name)),
            },
            _ => format!("{name}: {error}"),
        }
    }

    fn is_there(&mut self, path: &str) -> bool {
        self.model.names(path, false, &mut |_, _| {}).is_ok()
    }

    /// What was meant where the dot at the end is what is wrong.
    fn meant(&mut self, name: &str) -> String {
        let (meant, what) = match name.strip_suffix('.') {
            Some(parameter) => (parameter.to_owned(), "parameter"),
            None => (format!("{name}."), "object"),
        };
        match self.is_there(&meant) {
            true => format!("; the {what} is {meant}"),
            false => String::new(),
        }
    }

    /// The csv of GenieACS's simulator, which puts the dot behind the name of an object itself.
    fn dump(&mut self, now: Now) -> Result<String, String> {
        self.look(now);
        let failed = |e: ModelError| e.to_string();
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        self.model
            .values("", &mut |path, kind, value| {
                let columns = format!("{},{}", quoted(value), kind.as_str());
                values.insert(path.to_owned(), columns);
            })
            .map_err(failed)?;
        let mut text = "Parameter,Object,Writable,Value,Value type\n".to_owned();
        self.model
            .names("", false, &mut |path, writable| {
                let _ = match values.get(path) {
                    Some(columns) => writeln!(text, "{path},false,{writable},{columns}"),
                    None => {
                        let object = path.trim_end_matches('.');
                        writeln!(text, "{object},true,{writable},,")
                    }
                };
            })
            .map_err(failed)?;
        Ok(text)
    }
}

/// The event of a session that a user asks for, by its name.
pub(super) fn event_of(name: Option<&str>) -> Result<Option<EventCode>, String> {
    let code = |text: &str| {
        let unknown = || format!("{text:?} is no event code like '2 PERIODIC'");
        EventCode::parse(text).ok_or_else(unknown)
    };
    name.map(code).transpose()
}

/// What a user names to have something done with it.
#[derive(Clone, Copy)]
enum UserWants {
    Value,
    Table,
    Instance,
}

impl UserWants {
    /// What else it is, and what to do.
    fn other(self) -> &'static str {
        match self {
            Self::Value => "an object; name a parameter of it",
            Self::Table => "no table: nothing can be added to it",
            Self::Instance => "no instance of a table: it cannot be removed",
        }
    }
}

fn new_values(values: &[(String, String)]) -> Vec<NewValue<'_>> {
    let new = values.iter().map(|(name, value)| NewValue {
        name,
        value,
        xsi_type: None,
    });
    new.collect()
}

/// A csv field (RFC 4180).
fn quoted(value: &str) -> String {
    match value.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value.to_owned(),
    }
}
