//! What a row of a description says that nothing would come of.
//!
//! An error is what would be passed over in silence, or cannot be meant; the row is left out. A note
//! is what the files of the 2008 agent have and this one does without.

use super::{SchemaError, is_number};
use crate::base::xsd::XsdType;
use crate::datamodel::row::{Row, RowError, RowKind, Storage};
use crate::datamodel::source::TEMPLATE;
use crate::datamodel::types::{ParamType, TextForm};

fn error(column: u8, why: impl Into<String>) -> RowError {
    RowError {
        column,
        why: why.into(),
    }
}

/// What keeps a row by itself from being part of a description.
pub(super) fn refuse(row: &Row) -> Result<(), RowError> {
    match row.kind {
        RowKind::Object { last_instance } => refuse_object(row, last_instance),
        RowKind::Parameter(_) => refuse_parameter(row),
    }
}

fn refuse_object(row: &Row, last_instance: u32) -> Result<(), RowError> {
    let is_listed = row.definition.is_some() && !row.optional;
    let is_table = row.writable || is_listed || last_instance != 0;
    let why = match () {
        () if is_table && row.name.ends_with(&format!(".{TEMPLATE}.")) => {
            return Err(error(
                1,
                "what is true of a table stands in the row of its own name, \
                without `{i}.`",
            ));
        }
        () if is_table && row.name.is_empty() => (1, "the root is no table"),
        () if last_instance != 0 && !row.writable => (
            2,
            "nobody adds instances, so none needs to be told which numbers are used up",
        ),
        () if row.optional && (is_table || row.name.is_empty()) => (
            4,
            "a table is there though it is empty, and so is the root; only another object is optional",
        ),
        () if row.optional && row.definition.is_none() => (
            15,
            "an optional object needs a source that says whether it is there",
        ),
        () if row.secret => (
            4,
            "an object has no value; say it in the rows of its parameters",
        ),
        () if row.notification != 0 || row.limit.is_some() => {
            (6, "an object has no value, so no change is told")
        }
        () if row.forced => (7, "an object has no value, so none is in the Inform"),
        () if row.denied => (8, "an object has no value, so no change is told"),
        () if row.hidden => (9, "hide the rows of its parameters"),
        () => match (row.storage, &row.definition) {
            (Storage::Computed | Storage::Mixed, _) => (
                3,
                "a table is \"stored\" or has a \"source\" that lists its instances",
            ),
            (Storage::Stored, Some(_)) => (
                15,
                "a source, but column 3 says \"stored\"; write \"source\" there",
            ),
            (Storage::System, None) if row.writable => (
                15,
                "which instances there are has to come from a source, such as \
                    uci:network.@interface",
            ),
            _ => return Ok(()),
        },
    };
    Err(error(why.0, why.1))
}

fn refuse_parameter(row: &Row) -> Result<(), RowError> {
    let change = match (row.writable, row.immediate) {
        (true, 2 | 3) => "what can be written is \"immediate\" (1) or \"later\" (0)",
        (false, 3) => "there are no triggers (3): no value goes back by itself when it was told",
        _ => "",
    };
    if !change.is_empty() {
        return Err(error(5, change));
    }
    refuse_step(row)?;
    if row.hidden && (row.forced || row.notification != 0) {
        return Err(error(
            9,
            "no RPC sees the row (`_`), so it cannot be told to the ACS",
        ));
    }
    let has_default = row.value.as_deref().is_some_and(|text| !text.is_empty());
    if row.optional && (row.writable || row.storage == Storage::Stored || has_default) {
        let why = match (row.writable, has_default) {
            (true, _) => "what can be set is always there; only what is read-only is optional",
            (_, true) => "it has a default, so it is never missing; leave out the one or the other",
            _ => "what the agent keeps is always there; only what has a source is optional",
        };
        return Err(error(4, why));
    }
    match (row.storage, &row.definition) {
        (Storage::Stored, Some(_)) => Err(error(
            15,
            "the agent keeps the value (column 3), so nothing would be made of this",
        )),
        (Storage::Computed, None) => Err(error(15, "a computed row needs an expression")),
        _ => Ok(()),
    }
}

/// Numbers have steps; some stand in a text, since there is no type for digits behind a point.
fn refuse_step(row: &Row) -> Result<(), RowError> {
    let has_step = row.limit.as_ref().is_some_and(|limit| limit.step.is_some());
    match &row.kind {
        RowKind::Parameter(kind) if has_step && !kind.is_list() => match kind.base {
            XsdType::Boolean | XsdType::DateTime | XsdType::Base64 | XsdType::HexBinary => {
                Err(error(6, "only a number has a step"))
            }
            _ => Ok(()),
        },
        RowKind::Parameter(_) if has_step => Err(error(6, "only a number has a step")),
        _ => Ok(()),
    }
}

/// What there is to say of a row that is part of the description.
fn notes(row: &Row) -> Vec<RowError> {
    let mut notes = Vec::new();
    let mut note = |is_so: bool, column: u8, why: &str| {
        if is_so {
            notes.push(error(column, why));
        }
    };
    let is_object = matches!(row.kind, RowKind::Object { .. });
    let system = row.storage == Storage::System;
    note(
        is_object && system && row.definition.is_none(),
        3,
        "an object has no value to ask for",
    );
    note(
        !row.writable && row.immediate != 0,
        5,
        match is_object {
            true => "nothing is added to it or deleted, be it at once or later",
            false => "a statistic; none is made here of a value that cannot be written",
        },
    );
    note(
        (3..).contains(&row.notification),
        6,
        "no light notification is sent",
    );
    note(
        is_object && row.value.is_some(),
        10,
        "an object has no value",
    );
    note(row.loading != 0, 11, "values are always read one by one");
    note(row.state != 0, 12, "the state stands in the state file");
    note(
        row.backup.is_some(),
        13,
        "what was last told stands in the state file",
    );
    note(row.config_key.is_some(), 14, "there are no extensions");
    let asks = matches!(row.storage, Storage::System | Storage::Mixed);
    let sourceless = asks && row.definition.is_none() && !is_object && !is_literal(row);
    note(
        sourceless,
        15,
        "no source; its value comes from the DeviceInterfaceStubFile",
    );
    let unsaid = row.is_secret() && !row.secret && !is_object;
    note(
        unsaid,
        4,
        "a secret, by its name; write \"rw,secret\" or \"r,secret\"",
    );
    if let RowKind::Parameter(kind) = &row.kind {
        let form = row.needed_form(kind);
        note(
            form.is_some(),
            2,
            &format!(
                "the agent can use nothing but a {0} here; write {0}",
                form.map(TextForm::name).unwrap_or_default()
            ),
        );
    }
    notes
}

/// The row of an instance (`A.B.1.X`); it has the source of its template.
pub(super) fn is_literal(row: &Row) -> bool {
    row.name.split('.').any(is_number)
}

/// What a row of an instance (`A.B.1.X`) says otherwise than the row of its template
/// (`A.B.{i}.X`), where nothing would come of it: its default, notification and access list are its
/// own.
pub(super) fn contradiction(row: &Row, template: &Row) -> Result<(), RowError> {
    let hint = matches!(row.kind, RowKind::Object { last_instance: 1.. });
    let own_kind = match (&row.kind, &template.kind) {
        // A type without bounds says nothing of them.
        (RowKind::Parameter(own), RowKind::Parameter(kind)) => {
            own != kind && *own != ParamType::of(kind.base)
        }
        _ => hint,
    };
    let differs = [
        (2, own_kind),
        (3, row.storage != template.storage),
        (
            4,
            row.writable != template.writable
                || (row.secret && !template.is_secret())
                || (row.optional && !template.optional),
        ),
        (5, row.immediate != template.immediate),
        (6, row.limit.is_some() && row.limit != template.limit),
        (7, row.forced != template.forced),
        (8, row.denied != template.denied),
        (9, row.hidden != template.hidden),
        (
            15,
            row.definition.is_some() && row.definition != template.definition,
        ),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((column, _)) => Err(error(
            *column,
            format!(
                "otherwise than in {}, the row of all instances",
                template.name
            ),
        )),
        None => Ok(()),
    }
}

/// Puts the notes of a row to what was found.
pub(super) fn note_all(rows: &[Row], found: &mut Vec<SchemaError>) {
    let mut bad = vec![false; rows.len()];
    for known in found.iter().filter(|known| !known.is_note) {
        if let Some(bad) = bad.get_mut(known.row) {
            *bad = true;
        }
    }
    for (row, described) in rows.iter().enumerate() {
        if bad.get(row) == Some(&false) {
            let notes = notes(described).into_iter();
            found.extend(notes.map(|error| SchemaError {
                row,
                error,
                is_note: true,
            }));
        }
    }
}
