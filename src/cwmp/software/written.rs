//! A result as fields of a record.

use crate::soap::{DuResult, TransferFault};

/// How many there are.
pub const FIELDS: usize = 10;

/// A result as fields of a record.
pub fn to_fields(result: &DuResult) -> [String; FIELDS] {
    let DuResult {
        uuid,
        deployment_unit_ref,
        version,
        current_state,
        resolved,
        execution_unit_ref_list,
        start_time,
        complete_time,
        fault,
    } = result.clone();
    [
        uuid,
        deployment_unit_ref,
        version,
        current_state,
        String::from(if resolved { "resolved" } else { "" }),
        execution_unit_ref_list,
        start_time,
        complete_time,
        fault.code.to_string(),
        fault.string,
    ]
}

/// Reads [`to_fields`].
pub fn read(fields: &[String]) -> Option<DuResult> {
    let [
        uuid,
        deployment_unit_ref,
        version,
        current_state,
        resolved,
        execution_unit_ref_list,
        start_time,
        complete_time,
        code,
        string,
    ] = fields
    else {
        return None;
    };
    Some(DuResult {
        uuid: uuid.clone(),
        deployment_unit_ref: deployment_unit_ref.clone(),
        version: version.clone(),
        current_state: current_state.clone(),
        resolved: !resolved.is_empty(),
        execution_unit_ref_list: execution_unit_ref_list.clone(),
        start_time: start_time.clone(),
        complete_time: complete_time.clone(),
        fault: TransferFault {
            code: code.parse().ok()?,
            string: string.clone(),
        },
    })
}
