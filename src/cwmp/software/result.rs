//! The results of an operation as DUStateChangeComplete has them (TR-069 A.4.2.3): what the box says,
//! and what the standard asks for besides.

use super::{DuKind, DuTask};
use crate::base::clock::{Now, UNKNOWN_TIME, utc};
use crate::base::excerpt::excerpt;
use crate::base::uuid::Uuid;
use crate::soap::{DuResult, TransferFault, code, fault_string};

/// Characters of `Version` (schema, `OpResultStruct`).
pub const MAX_VERSION: usize = 32;

/// Characters of a FaultString.
const MAX_STRING: usize = 256;

/// The time of a result.
pub fn time(now: Now) -> String {
    match now.wall_is_set() {
        true => utc(now.unix),
        false => UNKNOWN_TIME.to_owned(),
    }
}

/// A fault with the standard's text and the reason.
pub fn fault(code: u32, why: &str) -> TransferFault {
    let string = format!("{}: {why}", fault_string(code));
    TransferFault {
        code,
        string: excerpt(&string, MAX_STRING).into_owned(),
    }
}

/// The result of an operation that failed before any unit was found.
pub fn failed(uuid: Option<&Uuid>, version: &str, fault: TransferFault, now: Now) -> DuResult {
    DuResult {
        uuid: uuid.cloned().unwrap_or_else(Uuid::nil).to_string(),
        version: self::version(version),
        current_state: "Failed".to_owned(),
        start_time: time(now),
        complete_time: time(now),
        fault,
        ..DuResult::default()
    }
}

/// What the box says of an operation that began at `began`, at most so many results, and at least
/// one: there is no completion without.
pub fn complete(
    mut results: Vec<DuResult>,
    task: &DuTask,
    began: &str,
    now: Now,
    at_most: usize,
) -> Vec<DuResult> {
    if results.len() > at_most.max(1) {
        let more = results.len() - at_most.max(1);
        log::warn!("the results of {more} more units find no room in the DUStateChangeComplete");
        results.truncate(at_most.max(1));
    }
    if results.is_empty() {
        results.push(DuResult {
            fault: fault(code::UNKNOWN_UNIT, "no unit is concerned"),
            ..DuResult::default()
        });
    }
    for result in &mut results {
        complete_one(result, task.kind(), task.uuid(), began, now);
    }
    results
}

/// What the box says of one unit. `uuid` is the one that the ACS named.
pub fn complete_one(
    result: &mut DuResult,
    kind: DuKind,
    uuid: Option<&Uuid>,
    began: &str,
    now: Now,
) {
    let known = Uuid::parse(&result.uuid).or_else(|| uuid.cloned());
    result.uuid = known.unwrap_or_else(Uuid::nil).to_string();
    result.version = version(&result.version);
    result.fault.code = allowed(result.fault.code);
    match result.fault.code {
        0 => result.fault.string.clear(),
        _ => result.fault.string = excerpt(&result.fault.string, MAX_STRING).into_owned(),
    }
    let is_there = !result.deployment_unit_ref.is_empty();
    result.current_state = state(kind, result.fault.code, is_there).to_owned();
    if result.start_time.is_empty() {
        result.start_time = began.to_owned();
    }
    if result.complete_time.is_empty() {
        result.complete_time = time(now);
    }
}

/// As much of a version as the schema takes.
fn version(text: &str) -> String {
    text.chars().take(MAX_VERSION).collect()
}

/// The state of a unit after an operation: one that could not be updated or removed stays what it
/// was.
fn state(kind: DuKind, code: u32, is_there: bool) -> &'static str {
    match (kind, code) {
        (DuKind::Uninstall, 0) => "Uninstalled",
        (_, 0) => "Installed",
        (DuKind::Install, _) => "Failed",
        _ if is_there => "Installed",
        _ => "Failed",
    }
}

/// The code that the schema allows in a result (`DeploymentUnitCPEFaultCodeType`): where it is none
/// of them, the one that says nearly the same.
fn allowed(code: u32) -> u32 {
    match code {
        0 | 9001 | 9003 | 9012 | 9013 | 9015..=9018 | 9022..=9899 => code,
        9004 => 9027,
        9010 | 9020 => 9017,
        9014 => 9015,
        9019 => 9018,
        _ => code::REQUEST_DENIED,
    }
}
