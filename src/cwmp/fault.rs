//! What the data model refuses, as the fault codes of TR-069 §A.5: the one place of the mapping.

use super::limits::{MAX_ECHOED_NAME, MAX_FAULT_STRING, MAX_PARAMETER_FAULTS, PARAMETER_BYTES};
use crate::base::excerpt::excerpt;
use crate::base::url::Url;
use crate::datamodel::model::{ModelError, SetError};
use crate::soap::{Fault, SetParameterValuesFault, code, escaped_len, fault_string};

/// A fault with the standard's text and, behind a colon, the reason.
pub fn because(code: u32, why: &str) -> Fault {
    Fault::with(code, text(code, why))
}

/// The fault for one refusal; `name` is what the request named.
pub fn of(error: &ModelError, name: &str) -> Fault {
    let (code, why) = code_and_reason(error);
    match why {
        "" => because(code, &excerpt(name, MAX_ECHOED_NAME)),
        why => because(code, why),
    }
}

/// Whether a file can come from there or go there.
pub fn of_url(url: &str) -> Result<(), Fault> {
    let Err(why) = Url::parse(url) else {
        return Ok(());
    };
    let code = match is_of_another_scheme(url) {
        true => code::UNSUPPORTED_PROTOCOL,
        false => code::INVALID_ARGUMENTS,
    };
    Err(because(code, &format!("the URL cannot be used: {why}")))
}

fn is_of_another_scheme(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        let is_name = scheme
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        is_name && !scheme.is_empty() && !is_web
    })
}

/// The fault of SetParameterValues (A.3.2.1): 9003 with an entry for each refused parameter, but
/// plain 9004 or 9002 where the cause is not a parameter.
pub fn of_set(errors: &[SetError]) -> Fault {
    let whole = errors
        .iter()
        .find(|e| matches!(e.error, ModelError::ResourcesExceeded(_)))
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
        return Fault::new(code::INTERNAL_ERROR);
    }
    let mut parameters = Vec::new();
    let mut left = MAX_PARAMETER_FAULTS;
    for parameter in errors.iter().map(of_parameter) {
        let texts = escaped_len(&parameter.parameter_name) + escaped_len(&parameter.string);
        let Some(less) = left.checked_sub(PARAMETER_BYTES + texts) else {
            break;
        };
        left = less;
        parameters.push(parameter);
    }
    let untold = errors.len() - parameters.len();
    let string = match untold {
        0 => String::new(),
        untold => format!("{untold} more parameters are refused than are named here"),
    };
    Fault {
        parameters,
        ..because(code::INVALID_ARGUMENTS, &string)
    }
}

fn of_parameter(SetError { name, error }: &SetError) -> SetParameterValuesFault {
    let (code, why) = code_and_reason(error);
    SetParameterValuesFault {
        parameter_name: excerpt(name, MAX_ECHOED_NAME).into_owned(),
        code,
        string: text(code, why),
    }
}

fn code_and_reason(error: &ModelError) -> (u32, &str) {
    match error {
        ModelError::InvalidName => (code::INVALID_PARAMETER_NAME, ""),
        ModelError::InvalidType(why) => (code::INVALID_PARAMETER_TYPE, why),
        ModelError::InvalidValue(why) => (code::INVALID_PARAMETER_VALUE, why),
        ModelError::NotWritable => (code::NON_WRITABLE_PARAMETER, ""),
        ModelError::Forbidden(why) => (code::NON_WRITABLE_PARAMETER, why),
        ModelError::NotificationRejected => (code::NOTIFICATION_REJECTED, ""),
        ModelError::InvalidArguments(why) => (code::INVALID_ARGUMENTS, why),
        ModelError::ResourcesExceeded(why) => (code::RESOURCES_EXCEEDED, why),
        ModelError::Internal(why) => (code::INTERNAL_ERROR, why),
    }
}

fn text(code: u32, why: &str) -> String {
    let standard = fault_string(code);
    match why {
        "" => standard.to_owned(),
        why => excerpt(&format!("{standard}: {why}"), MAX_FAULT_STRING).into_owned(),
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
            (ModelError::Forbidden(why()), 9008),
            (ModelError::NotificationRejected, 9009),
            (ModelError::InvalidArguments(why()), 9003),
            (ModelError::ResourcesExceeded(why()), 9004),
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
    fn f20_a_fault_gives_back_no_more_than_tells_what_it_is_about() {
        let long = "&é".repeat(4 << 20);
        let unknown = of(&ModelError::InvalidName, &long);
        assert!(unknown.string.starts_with("Invalid parameter name: &é"));
        assert!(unknown.string.chars().count() <= MAX_FAULT_STRING);
        let why = of(&ModelError::InvalidValue(long.clone()), "A.B");
        assert!(why.string.chars().count() <= MAX_FAULT_STRING);
        let errors: Vec<_> = (0..4096)
            .map(|_| refused(&"&".repeat(2000), ModelError::InvalidType("&".repeat(2000))))
            .collect();
        let fault = of_set(&errors);
        let told = fault.parameters.len();
        assert!((10..100).contains(&told), "{told}");
        let untold = format!("{} more parameters", 4096 - told);
        assert!(fault.string.contains(&untold), "{}", fault.string);
        let bytes: usize = fault
            .parameters
            .iter()
            .map(|p| escaped_len(&p.parameter_name) + escaped_len(&p.string))
            .sum();
        assert!(bytes <= MAX_PARAMETER_FAULTS);
    }

    #[test]
    fn causes_beyond_the_parameters_stand_alone() {
        let full = of_set(&[
            refused("A.B", ModelError::NotWritable),
            refused("A.C", ModelError::ResourcesExceeded("full".to_owned())),
        ]);
        assert_eq!((full.code, full.parameters.len()), (9004, 0));
        let disk = of_set(&[refused("", ModelError::Internal("disk full".to_owned()))]);
        assert_eq!((disk.code, disk.parameters.len()), (9002, 0));
    }
}
