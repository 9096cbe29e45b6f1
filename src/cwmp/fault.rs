//! What the data model refuses, as the fault codes of TR-069 §A.5: the one place of the mapping.

use crate::datamodel::model::{ModelError, SetError};
use crate::soap::{Fault, SetParameterValuesFault, fault_string};

/// Method not supported.
pub const METHOD_NOT_SUPPORTED: u32 = 9000;
/// Internal error.
pub const INTERNAL_ERROR: u32 = 9002;
/// Invalid arguments.
pub const INVALID_ARGUMENTS: u32 = 9003;
/// Resources exceeded.
pub const RESOURCES_EXCEEDED: u32 = 9004;

/// A fault with the standard's text and, behind a colon, the reason.
pub fn because(code: u32, why: &str) -> Fault {
    Fault::with(code, text(code, why))
}

/// The fault for one refusal; `name` is what the request named.
pub fn of(error: &ModelError, name: &str) -> Fault {
    let (code, why) = code_and_reason(error);
    because(code, if why.is_empty() { name } else { why })
}

/// The fault of SetParameterValues (A.3.2.1): 9003 with an entry for each refused parameter, but
/// plain 9004 or 9002 where the cause is not a parameter.
pub fn of_set(errors: &[SetError]) -> Fault {
    let whole = errors
        .iter()
        .find(|e| matches!(e.error, ModelError::ResourcesExceeded))
        .or_else(|| {
            let internal = |e: &&SetError| matches!(e.error, ModelError::Internal(_));
            errors
                .iter()
                .find(internal)
                .filter(|_| errors.iter().all(|e| internal(&e)))
        });
    if let Some(SetError { name, error }) = whole {
        return of(error, name);
    }
    if errors.is_empty() {
        return Fault::new(INTERNAL_ERROR);
    }
    Fault {
        parameters: errors.iter().map(of_parameter).collect(),
        ..Fault::new(INVALID_ARGUMENTS)
    }
}

fn of_parameter(SetError { name, error }: &SetError) -> SetParameterValuesFault {
    let (code, why) = code_and_reason(error);
    SetParameterValuesFault {
        parameter_name: name.clone(),
        code,
        string: text(code, why),
    }
}

fn code_and_reason(error: &ModelError) -> (u32, &str) {
    match error {
        ModelError::InvalidName => (9005, ""),
        ModelError::InvalidType(why) => (9006, why),
        ModelError::InvalidValue(why) => (9007, why),
        ModelError::NotWritable => (9008, ""),
        ModelError::NotificationRejected => (9009, ""),
        ModelError::InvalidArguments(why) => (INVALID_ARGUMENTS, why),
        ModelError::ResourcesExceeded => (RESOURCES_EXCEEDED, ""),
        ModelError::Internal(why) => (INTERNAL_ERROR, why),
    }
}

fn text(code: u32, why: &str) -> String {
    let standard = fault_string(code);
    match why {
        "" => standard.to_owned(),
        why => format!("{standard}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, error: ModelError) -> SetError {
        SetError {
            name: name.to_owned(),
            error,
        }
    }

    #[test]
    fn every_refusal_has_its_code() {
        let why = || "why".to_owned();
        for (error, code) in [
            (ModelError::InvalidName, 9005),
            (ModelError::InvalidType(why()), 9006),
            (ModelError::InvalidValue(why()), 9007),
            (ModelError::NotWritable, 9008),
            (ModelError::NotificationRejected, 9009),
            (ModelError::InvalidArguments(why()), 9003),
            (ModelError::ResourcesExceeded, 9004),
            (ModelError::Internal(why()), 9002),
        ] {
            let fault = of(&error, "A.B");
            assert_eq!(fault.code, code);
            assert!(fault.string.ends_with(": A.B") || fault.string.ends_with(": why"));
        }
    }

    #[test]
    fn set_faults_name_every_bad_parameter_under_9003() {
        let fault = of_set(&[
            refused("A.B", ModelError::NotWritable),
            refused("A.C", ModelError::InvalidName),
        ]);
        assert_eq!(fault.code, 9003);
        let entries: Vec<_> = fault
            .parameters
            .iter()
            .map(|p| (p.parameter_name.as_str(), p.code))
            .collect();
        assert_eq!(entries, [("A.B", 9008), ("A.C", 9005)]);
    }

    #[test]
    fn causes_beyond_the_parameters_stand_alone() {
        let full = of_set(&[
            refused("A.B", ModelError::NotWritable),
            refused("A.C", ModelError::ResourcesExceeded),
        ]);
        assert_eq!((full.code, full.parameters.len()), (9004, 0));
        let disk = of_set(&[refused("", ModelError::Internal("disk full".to_owned()))]);
        assert_eq!((disk.code, disk.parameters.len()), (9002, 0));
    }
}
