//! The RPCs that the ACS calls (TR-069 A.3.1, A.3.2, A.4.1), one file per family.
//!
//! An RPC gets the request and a [`Context`], and gives the envelope of the response or a fault.
//! What it promises for after the session is an [`Intent`], durable before it returns. What is not
//! here is answered with fault 9000, so the method list never promises what does not work.

mod attributes;
mod control;
mod names;
mod objects;
mod software;
mod transfers;
mod values;

pub use transfers::full_queue;
pub use values::ParkedSet;

use super::fault;
use super::intent::{Intent, Intents};
use super::interface::Host;
use super::limits::{MAX_ECHOED_NAME, MAX_ENTRIES, MAX_KEY, MAX_RESPONSE_BYTES};
use super::queue::{EventQueue, MAX_MULTIPLE};
use super::record;
use super::schedule::Schedule;
use super::software::{ChangeQueue, SOFTWARE_SINCE};
use super::told::ToldValues;
use super::transfer::TransferQueue;
use crate::base::clock::Now;
use crate::base::excerpt::excerpt;
use crate::base::sort::sort;
use crate::datamodel::model::{InForce, Model, ModelError};
use crate::soap::{
    CwmpVersion, Envelope, Fault, Header, MAX_ESCAPED_BYTES, Message, Status, code, escaped_len,
};

/// The RPCs that an ACS may call: the MethodList of GetRPCMethods (A.3.1.1), see `is_known`.
pub const METHODS: [&str; 18] = [
    "GetRPCMethods",
    "SetParameterValues",
    "GetParameterValues",
    "GetParameterNames",
    "SetParameterAttributes",
    "GetParameterAttributes",
    "AddObject",
    "DeleteObject",
    "Reboot",
    "FactoryReset",
    "ScheduleInform",
    "Download",
    "Upload",
    "ScheduleDownload",
    "CancelTransfer",
    "GetQueuedTransfers",
    "GetAllQueuedTransfers",
    "ChangeDUState",
];

/// Whether this program knows an RPC in a session of the version.
pub fn is_known(method: &str, version: CwmpVersion) -> bool {
    let is_there = match method {
        "ChangeDUState" => cfg!(feature = "software") && version >= SOFTWARE_SINCE,
        _ => true,
    };
    is_there && METHODS.contains(&method)
}

/// What an RPC may use.
pub struct Context<'a> {
    /// The data model.
    pub model: &'a mut Model,
    /// Timers of ScheduleInform.
    pub schedule: &'a mut Schedule,
    /// The events that the next reboot brings.
    pub at_reboot: &'a mut EventQueue,
    /// Places that `M` events have taken already.
    pub multiples: usize,
    /// What is promised for after the session.
    pub intents: &'a mut Intents,
    /// The files that come and go.
    pub transfers: &'a mut TransferQueue,
    /// What is done to the software of the box.
    pub changes: &'a mut ChangeQueue,
    /// The boot that it is promised in.
    pub boot: &'a str,
    /// The box.
    pub host: &'a mut dyn Host,
    /// Set where parameters or objects were changed.
    pub changed: &'a mut bool,
    /// What the ACS was told of where the box is reached.
    pub told: &'a mut ToldValues,
    /// The session's version, in which the response is written.
    pub version: CwmpVersion,
    /// The header of the response.
    pub header: &'a Header,
    /// The time.
    pub now: Now,
}

impl Context<'_> {
    /// Parameters or objects were changed. Where that concerns services, that they will hear of it
    /// is promised with the response.
    fn has_changed(&mut self) {
        *self.changed = true;
        let packages = self.host.touched();
        if packages.is_empty() {
            return;
        }
        self.intents.add(Intent::Apply(packages), self.boot);
        let kept = keep(&[(record::INTENTS, &self.intents.to_record())], self.model);
        if let Err(error) = kept {
            // The change itself is in force and stays, so its services are told, if only now.
            log::error!("that services are to be told could not be noted: {error}");
        }
    }

    /// The envelope of a response.
    fn respond(&self, body: Message) -> String {
        Envelope {
            version: self.version,
            header: self.header.clone(),
            body,
        }
        .emit()
    }
}

/// How far a request came.
pub enum Executed {
    /// The envelope of its response.
    Answered(String),
    /// Values have to be taken elsewhere first; [`finish`] goes on.
    Parked(ParkedSet),
}

/// Goes on with a request whose values were taken.
pub fn finish(parked: &ParkedSet, cx: &mut Context<'_>) -> Result<String, Fault> {
    values::set(parked, cx)
}

/// Carries a request out, or says why not.
pub fn execute(request: Message, cx: &mut Context<'_>) -> Result<Executed, Fault> {
    let answer = match request {
        Message::SetParameterValues {
            parameter_list,
            parameter_key,
        } => return values::begin_set(parameter_list, parameter_key, cx),
        Message::GetRPCMethods => Ok(get_methods(cx)),
        Message::GetParameterValues { parameter_names } => values::get(&parameter_names, cx),
        Message::GetParameterNames {
            parameter_path,
            next_level,
        } => names::get(&parameter_path, next_level, cx),
        Message::SetParameterAttributes { parameter_list } => attributes::set(&parameter_list, cx),
        Message::GetParameterAttributes { parameter_names } => {
            attributes::get(&parameter_names, cx)
        }
        Message::AddObject {
            object_name,
            parameter_key,
        } => objects::add(&object_name, &parameter_key, cx),
        Message::DeleteObject {
            object_name,
            parameter_key,
        } => objects::delete(&object_name, &parameter_key, cx),
        Message::Reboot { command_key } => control::reboot(&command_key, cx),
        Message::FactoryReset => control::factory_reset(cx),
        Message::ScheduleInform {
            delay_seconds,
            command_key,
        } => control::schedule_inform(delay_seconds, &command_key, cx),
        Message::Download(call) => transfers::download(call, cx),
        Message::Upload(call) => transfers::upload(call, cx),
        Message::ScheduleDownload(call) => transfers::schedule_download(call, cx),
        Message::CancelTransfer { command_key } => transfers::cancel(&command_key, cx),
        Message::GetQueuedTransfers => Ok(transfers::queued(cx)),
        Message::GetAllQueuedTransfers => Ok(transfers::all_queued(cx)),
        Message::ChangeDUState {
            operations,
            command_key,
        } => software::change(operations, command_key, cx),
        other => {
            let name = excerpt(other.name(), MAX_ECHOED_NAME);
            Err(fault::because(code::METHOD_NOT_SUPPORTED, &name))
        }
    };
    answer.map(Executed::Answered)
}

/// What the box can do now.
fn get_methods(cx: &Context<'_>) -> String {
    let can = |method: &&str| match *method {
        "ChangeDUState" => cx.host.can_change_units().is_ok(),
        _ => true,
    };
    let known = METHODS
        .into_iter()
        .filter(|method| is_known(method, cx.version));
    cx.respond(Message::GetRPCMethodsResponse {
        method_list: known.filter(can).map(str::to_owned).collect(),
    })
}

/// A place in the Inform for the `M` event that is promised.
fn check_room(cx: &Context<'_>) -> Result<(), Fault> {
    let promised = [
        cx.multiples,
        cx.schedule.len(),
        cx.at_reboot.multiples(),
        cx.transfers.len(),
        cx.changes.len(),
    ];
    if promised.iter().sum::<usize>() < MAX_MULTIPLE {
        return Ok(());
    }
    let why = "too many events of earlier requests are outstanding";
    Err(fault::because(code::RESOURCES_EXCEEDED, why))
}

/// Makes records durable, all or none.
pub fn keep(records: &[(&str, &str)], model: &mut Model) -> Result<(), ModelError> {
    let before: Vec<String> = records
        .iter()
        .map(|(key, _)| record::get(model, key))
        .collect();
    for (key, line) in records {
        record::put(model, key, line);
    }
    let kept = model.commit().map(drop);
    if kept.is_err() {
        for ((key, _), line) in records.iter().zip(&before) {
            record::put(model, key, line);
        }
    }
    kept
}

/// CommandKey or ParameterKey: at most 32 characters, however many bytes (TP-181 5.7).
fn check_key(argument: &str, key: &str) -> Result<(), Fault> {
    if key.chars().count() <= MAX_KEY {
        return Ok(());
    }
    let why = format!("{argument} is longer than {MAX_KEY} characters");
    Err(fault::because(code::INVALID_ARGUMENTS, &why))
}

/// `Status` of a response.
fn status(in_force: InForce) -> Status {
    match in_force {
        InForce::Now => Status::Applied,
        InForce::Later => Status::Pending,
    }
}

/// The bound on the entries of one request.
fn check_entries(entries: usize) -> Result<(), Fault> {
    if entries <= MAX_ENTRIES {
        return Ok(());
    }
    let why = format!("{entries} entries in one request, at most {MAX_ENTRIES} are possible");
    Err(fault::because(code::RESOURCES_EXCEEDED, &why))
}

/// Whether a response has room for these texts too. Nearly always the quick bound says so, and
/// nothing is counted.
fn has_room(bytes: usize, texts: &[&str]) -> bool {
    let most: usize = texts
        .iter()
        .map(|text| text.len() * MAX_ESCAPED_BYTES)
        .sum();
    let exactly = || texts.iter().map(|text| escaped_len(text)).sum::<usize>();
    bytes + most <= MAX_RESPONSE_BYTES || bytes + exactly() <= MAX_RESPONSE_BYTES
}

/// The fault for a response beyond [`MAX_RESPONSE_BYTES`].
fn too_long() -> Fault {
    let why =
        format!("the response is longer than {MAX_RESPONSE_BYTES} bytes, ask for less at once");
    fault::because(code::RESOURCES_EXCEEDED, &why)
}

/// Which of the requested paths to walk: none that another one of them contains, so that no
/// parameter is reported twice.
fn apart(paths: &[String]) -> Vec<bool> {
    let contains = |outer: &str, inner: &str| {
        (outer.is_empty() || outer.ends_with('.')) && inner.starts_with(outer)
    };
    let mut apart: Vec<&str> = paths.iter().map(String::as_str).collect();
    sort(&mut apart);
    // What a path contains follows it.
    apart.dedup_by(|path, outer| path == outer || contains(outer, path));
    let first = |path: &String| {
        let found = apart.binary_search(&path.as_str());
        found.map(|at| apart.remove(at)).is_ok()
    };
    paths.iter().map(first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(paths: &[&str]) -> Vec<bool> {
        let paths: Vec<String> = paths.iter().map(|p| (*p).to_owned()).collect();
        apart(&paths)
    }

    #[test]
    fn overlapping_paths_are_walked_once() {
        assert_eq!(walked(&["D.A", "D.A"]), [true, false]);
        assert_eq!(walked(&["D.A.B", "D.", "D.A."]), [false, true, false]);
        assert_eq!(walked(&["D.A.1.", "D.A.10.", "D.A.1"]), [true, true, true]);
        assert_eq!(walked(&["D.A-", "D.A.", "D.A.B"]), [true, true, false]);
        assert_eq!(walked(&["D.X", ""]), [false, true]);
        assert_eq!(walked(&[]), [] as [bool; 0]);
    }

    #[test]
    fn keys_are_counted_in_characters() {
        assert!(check_key("CommandKey", &"é".repeat(32)).is_ok());
        let fault = check_key("CommandKey", &"k".repeat(33)).unwrap_err();
        assert_eq!(fault.code, 9003);
    }
}
