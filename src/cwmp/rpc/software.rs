//! ChangeDUState (A.4.1.10): a request is accepted or refused as a whole; what is wrong with one
//! operation alone is the result of that one.

use super::{Context, check_key, check_room, is_known, keep};
use crate::base::clock::Now;
use crate::base::uuid::Uuid;
use crate::cwmp::fault;
use crate::cwmp::record;
use crate::cwmp::software::{self, DuTask, MAX_CHANGES, MAX_OPERATIONS, Operation};
use crate::soap::{DuOperation, Fault, Message, TransferFault, code};

/// The texts of an operation, and how many characters the schema allows each.
const TEXTS: [(&str, usize); 5] = [
    ("Version", software::MAX_VERSION),
    ("URL", 1024),
    ("Username", 256),
    ("Password", 256),
    ("ExecutionEnvRef", 256),
];

/// All of it is queued.
pub fn change(
    operations: Vec<DuOperation>,
    command_key: String,
    cx: &mut Context<'_>,
) -> Result<String, Fault> {
    let name = "ChangeDUState";
    if !is_known(name, cx.version) {
        return Err(fault::because(code::METHOD_NOT_SUPPORTED, name));
    }
    let can = cx.host.can_change_units();
    can.map_err(|why| fault::because(code::METHOD_NOT_SUPPORTED, &why))?;
    check_key("CommandKey", &command_key)?;
    if operations.is_empty() {
        let why = "there are no Operations";
        return Err(fault::because(code::INVALID_ARGUMENTS, why));
    }
    if cx.changes.is_full(operations.len()) {
        let why = format!(
            "the box queues {MAX_CHANGES} ChangeDUState with {MAX_OPERATIONS} operations in all"
        );
        return Err(fault::because(code::RESOURCES_EXCEEDED, &why));
    }
    check_room(cx)?;
    let now = cx.now;
    let queued = operations.into_iter().map(|one| queued(one, now));
    let queued: Vec<Operation> = queued.collect::<Result<_, _>>()?;
    let records = cx.changes.add(command_key, queued, cx.boot, now);
    let records = records.each_ref().map(|(key, line)| (&**key, &**line));
    if let Err(error) = keep(&records, cx.model) {
        cx.changes.undo_add();
        return Err(fault::of(&error, record::CHANGE));
    }
    Ok(cx.respond(Message::ChangeDUStateResponse))
}

/// An operation that waits; one that nothing can come of is over.
fn queued(operation: DuOperation, now: Now) -> Result<Operation, Fault> {
    let (uuid, version) = match &operation {
        DuOperation::Install { uuid, .. } => (uuid.as_deref(), None),
        DuOperation::Update { uuid, version, .. } => (uuid.as_deref(), version.clone()),
        DuOperation::Uninstall { uuid, version, .. } => (Some(&**uuid), version.clone()),
    };
    let uuid = uuid.and_then(Uuid::parse);
    let task = match task(operation) {
        Ok(task) => task,
        Err(fault) => {
            let version = version.unwrap_or_default();
            let result = software::failed(uuid.as_ref(), &version, fault, now);
            return Ok(Operation::Ended(vec![result]));
        }
    };
    for ((name, most), text) in TEXTS.iter().zip(task.texts()) {
        if text.chars().count() > *most {
            let why = format!("{name} of an operation is longer than {most} characters");
            return Err(fault::because(code::INVALID_ARGUMENTS, &why));
        }
    }
    Ok(Operation::Waiting { task, attempts: 0 })
}

/// What is to be done, or what is wrong with it.
fn task(operation: DuOperation) -> Result<DuTask, TransferFault> {
    Ok(match operation {
        DuOperation::Install {
            url,
            uuid,
            username,
            password,
            execution_env_ref,
        } => DuTask::Install {
            uuid: named(&uuid.unwrap_or_default())?,
            url: address(url)?,
            username: username.unwrap_or_default(),
            password: password.unwrap_or_default(),
            environment: execution_env_ref.unwrap_or_default(),
        },
        DuOperation::Update {
            uuid,
            version,
            url,
            username,
            password,
        } => DuTask::Update {
            uuid: named(&uuid.unwrap_or_default())?,
            version: version.unwrap_or_default(),
            url: url
                .filter(|url| !url.is_empty())
                .map_or(Ok(String::new()), address)?,
            username: username.unwrap_or_default(),
            password: password.unwrap_or_default(),
        },
        DuOperation::Uninstall {
            uuid,
            version,
            execution_env_ref,
        } => DuTask::Uninstall {
            uuid: named(&uuid)?.ok_or_else(|| no_uuid(&uuid))?,
            version: version.unwrap_or_default(),
            environment: execution_env_ref.unwrap_or_default(),
        },
    })
}

/// The UUID that an operation names, if it does.
fn named(uuid: &str) -> Result<Option<Uuid>, TransferFault> {
    match uuid.is_empty() {
        true => Ok(None),
        false => Uuid::parse(uuid).map(Some).ok_or_else(|| no_uuid(uuid)),
    }
}

fn no_uuid(text: &str) -> TransferFault {
    let why = format!("'{text}' is not 8-4-4-4-12 hexadecimal digits");
    software::fault(code::INVALID_UUID, &why)
}

/// A URL that a file can come from.
fn address(url: String) -> Result<String, TransferFault> {
    match fault::of_url(&url) {
        Ok(()) => Ok(url),
        Err(Fault { code, string, .. }) => Err(TransferFault { code, string }),
    }
}
