//! Says in words what goes over the wire.

use std::io::{IsTerminal, stdout};
use std::sync::atomic::{AtomicUsize, Ordering};

use cwmpd::soap::{Fault, Message, ParameterValue, Status};
use cwmpd_lab::acs::{Entry, Side};

/// Lines of a list that are shown; a home has hundreds.
const SHOWN: usize = 8;

/// What was counted, for the last line.
pub static MESSAGES: AtomicUsize = AtomicUsize::new(0);
pub static VALUES: AtomicUsize = AtomicUsize::new(0);

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[32m";
const BLUE: &str = "\x1b[34m";
const RED: &str = "\x1b[31m";

fn paint(colour: &str, text: &str) -> String {
    match stdout().is_terminal() {
        true => format!("{colour}{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

/// A new scene.
pub fn scene(number: usize, title: &str) {
    println!("\n{}", paint(BOLD, &format!("{number}. {title}")));
}

/// What the narrator adds between the messages.
pub fn aside(text: &str) {
    println!("   {}", paint(DIM, text));
}

/// Something went wrong.
pub fn complaint(text: &str) {
    println!("{}", paint(RED, text));
}

/// Prints the entries of one ACS as they come.
pub fn of(acs: &'static str) -> Box<dyn FnMut(&Entry) + Send> {
    Box::new(move |entry| tell(acs, entry))
}

fn tell(acs: &str, entry: &Entry) {
    MESSAGES.fetch_add(1, Ordering::Relaxed);
    let (from, to, colour) = match entry.side {
        Side::Box => ("box", acs, GREEN),
        Side::Acs => (acs, "box", BLUE),
    };
    let (headline, mut details) = match entry.message() {
        Some(message) => words(message),
        None if entry.side == Side::Box && entry.xml.is_empty() => {
            ("nothing more to say".to_owned(), Vec::new())
        }
        None => (http(&entry.note), Vec::new()),
    };
    if entry.session == 0 {
        // Said again, and in full, with credentials.
        details.clear();
    }
    println!(
        "   {} {headline}",
        paint(colour, &format!("{from:>5} → {to:<5}"))
    );
    let left_out = details.len().saturating_sub(SHOWN);
    for line in details.iter().take(SHOWN) {
        println!("                    {line}");
    }
    if left_out > 0 {
        println!(
            "                    {}",
            paint(DIM, &format!("and {left_out} more"))
        );
    }
}

fn http(note: &str) -> String {
    match note {
        "401 Unauthorized" => "first prove who you are (HTTP 401, Digest)".into(),
        "204 No Content" => "that was all, goodbye (HTTP 204)".into(),
        other => format!("HTTP {other}"),
    }
}

/// A headline, and one line for each item.
fn words(message: &Message) -> (String, Vec<String>) {
    let plain = |headline: String| (headline, Vec::new());
    match message {
        Message::Inform(inform) => {
            let events: Vec<_> = inform
                .event
                .iter()
                .map(|event| format!("`{}`", event.event_code))
                .collect();
            let id = &inform.device_id;
            let headline = format!(
                "Inform {} from {} {} {}, at {}",
                events.join(" + "),
                id.manufacturer,
                id.oui,
                id.serial_number,
                inform.current_time
            );
            (headline, values(&inform.parameter_list))
        }
        Message::InformResponse { .. } => plain("InformResponse: welcome".into()),
        Message::GetRPCMethodsResponse { method_list } => {
            plain(format!("I know {}", method_list.join(", ")))
        }
        Message::GetParameterNames {
            parameter_path,
            next_level,
        } => plain(match next_level {
            true => format!("GetParameterNames: what is directly below {parameter_path}?"),
            false => format!("GetParameterNames: what is anywhere below {parameter_path}?"),
        }),
        Message::GetParameterNamesResponse { parameter_list } => {
            let mark = |writable| if writable { "  (writable)" } else { "" };
            let lines = parameter_list
                .iter()
                .map(|info| format!("{}{}", info.name, mark(info.writable)));
            (count(parameter_list.len(), "name"), lines.collect())
        }
        Message::GetParameterValues { parameter_names } => {
            plain(format!("GetParameterValues {}", parameter_names.join(", ")))
        }
        Message::GetParameterValuesResponse { parameter_list } => {
            VALUES.fetch_add(parameter_list.len(), Ordering::Relaxed);
            (count(parameter_list.len(), "value"), values(parameter_list))
        }
        Message::SetParameterValues {
            parameter_list,
            parameter_key,
        } => (
            format!("SetParameterValues, ParameterKey {parameter_key:?}"),
            values(parameter_list),
        ),
        Message::SetParameterValuesResponse { status }
        | Message::DeleteObjectResponse { status } => plain(format!("done, {}", in_force(*status))),
        Message::SetParameterAttributes { parameter_list } => {
            let lines = parameter_list.iter().map(|change| {
                let notification = change.notification.unwrap_or_default();
                format!("{}: notification {notification}", change.name)
            });
            ("SetParameterAttributes".into(), lines.collect())
        }
        Message::GetParameterAttributesResponse { parameter_list } => {
            let lines = parameter_list
                .iter()
                .map(|one| format!("{}: notification {}", one.name, one.notification));
            ("attributes".into(), lines.collect())
        }
        Message::AddObject { object_name, .. } => plain(format!("AddObject {object_name}")),
        Message::AddObjectResponse {
            instance_number,
            status,
        } => plain(format!(
            "added as number {instance_number}, {}",
            in_force(*status)
        )),
        Message::DeleteObject { object_name, .. } => plain(format!("DeleteObject {object_name}")),
        Message::Download(call) => plain(format!(
            "Download: fetch {} from {}, CommandKey {:?}",
            call.file_type, call.url, call.command_key
        )),
        Message::Upload(call) => plain(format!(
            "Upload: send {} to {}, CommandKey {:?}",
            call.file_type, call.url, call.command_key
        )),
        Message::DownloadResponse(_) | Message::UploadResponse(_) => {
            plain("accepted, TransferComplete will tell how it ended (Status 1)".into())
        }
        Message::TransferComplete(told) if told.fault.code == 0 => plain(format!(
            "TransferComplete {:?}: it went well",
            told.command_key
        )),
        Message::TransferComplete(told) => (
            format!("TransferComplete {:?}", told.command_key),
            vec![paint(
                RED,
                &format!("{}: {}", told.fault.code, told.fault.string),
            )],
        ),
        Message::TransferCompleteResponse => plain("TransferCompleteResponse: noted".into()),
        Message::Fault(fault) => (
            paint(RED, &format!("Fault {}: {}", fault.code, fault.string)),
            refusals(fault),
        ),
        other => plain(other.name().to_owned()),
    }
}

fn in_force(status: Status) -> &'static str {
    match status {
        Status::Applied => "in force (Status 0)",
        Status::Pending => "in force later (Status 1)",
    }
}

fn values(list: &[ParameterValue]) -> Vec<String> {
    let line = |value: &ParameterValue| format!("{} = {:?}", value.name, value.value);
    list.iter().map(line).collect()
}

fn refusals(fault: &Fault) -> Vec<String> {
    fault
        .parameters
        .iter()
        .map(|one| format!("{}: {} {}", one.parameter_name, one.code, one.string))
        .collect()
}

fn count(number: usize, of: &str) -> String {
    match number {
        1 => format!("1 {of}"),
        _ => format!("{number} {of}s"),
    }
}
