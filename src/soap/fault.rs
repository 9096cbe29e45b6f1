//! The fault codes of TR-069 §A.5 with the text and the SOAP `faultcode` of each.

use std::fmt::Display;

use super::{CwmpVersion, Fault, TransferFault, code};

/// The CPE's request was wrong.
const CLIENT: &str = "Client";
/// The request was right, and could not be carried out.
const SERVER: &str = "Server";

/// Code, `faultcode`, text.
const FAULTS: [(u32, &str, &str); 40] = [
    (8000, SERVER, "Method not supported"),
    (8001, SERVER, "Request denied"),
    (8002, SERVER, "Internal error"),
    (8003, CLIENT, "Invalid arguments"),
    (8004, SERVER, "Resources exceeded"),
    (8005, SERVER, "Retry request"),
    (8006, SERVER, "ACS version incompatible with CPE"),
    (code::METHOD_NOT_SUPPORTED, SERVER, "Method not supported"),
    (code::REQUEST_DENIED, SERVER, "Request denied"),
    (code::INTERNAL_ERROR, SERVER, "Internal error"),
    (code::INVALID_ARGUMENTS, CLIENT, "Invalid arguments"),
    (code::RESOURCES_EXCEEDED, SERVER, "Resources exceeded"),
    (
        code::INVALID_PARAMETER_NAME,
        CLIENT,
        "Invalid parameter name",
    ),
    (
        code::INVALID_PARAMETER_TYPE,
        CLIENT,
        "Invalid parameter type",
    ),
    (
        code::INVALID_PARAMETER_VALUE,
        CLIENT,
        "Invalid parameter value",
    ),
    (
        code::NON_WRITABLE_PARAMETER,
        CLIENT,
        "Attempt to set a non-writable parameter",
    ),
    (
        code::NOTIFICATION_REJECTED,
        SERVER,
        "Notification request rejected",
    ),
    (code::TRANSFER_FAILURE, SERVER, "File transfer failure"),
    (code::UPLOAD_FAILURE, SERVER, "Upload failure"),
    (
        code::SERVER_AUTHENTICATION,
        SERVER,
        "File transfer server authentication failure",
    ),
    (
        code::UNSUPPORTED_PROTOCOL,
        SERVER,
        "Unsupported protocol for file transfer",
    ),
    (
        code::MULTICAST_GROUP,
        SERVER,
        "File transfer failure: unable to join multicast group",
    ),
    (
        code::CANNOT_CONTACT_SERVER,
        SERVER,
        "File transfer failure: unable to contact file server",
    ),
    (
        code::CANNOT_ACCESS_FILE,
        SERVER,
        "File transfer failure: unable to access file",
    ),
    (
        code::INCOMPLETE_DOWNLOAD,
        SERVER,
        "File transfer failure: unable to complete download",
    ),
    (
        code::FILE_CORRUPTED,
        SERVER,
        "File transfer failure: file corrupted",
    ),
    (
        code::FILE_AUTHENTICATION,
        SERVER,
        "File transfer failure: file authentication failure",
    ),
    (
        code::OUT_OF_WINDOWS,
        SERVER,
        "File transfer failure: unable to complete download within specified time windows",
    ),
    (
        code::CANNOT_CANCEL,
        CLIENT,
        "Cancelation of file transfer not permitted in current transfer state",
    ),
    (code::INVALID_UUID, CLIENT, "Invalid UUID format"),
    (
        code::UNKNOWN_ENVIRONMENT,
        CLIENT,
        "Unknown execution environment",
    ),
    (
        code::DISABLED_ENVIRONMENT,
        CLIENT,
        "Disabled execution environment",
    ),
    (
        code::ENVIRONMENT_MISMATCH,
        CLIENT,
        "Deployment unit to execution environment mismatch",
    ),
    (code::DUPLICATE_UNIT, CLIENT, "Duplicate deployment unit"),
    (code::SYSTEM_RESOURCES, SERVER, "System resources exceeded"),
    (code::UNKNOWN_UNIT, CLIENT, "Unknown deployment unit"),
    (
        code::INVALID_UNIT_STATE,
        CLIENT,
        "Invalid deployment unit state",
    ),
    (
        code::DOWNGRADE,
        CLIENT,
        "Invalid deployment unit update: downgrade not permitted",
    ),
    (
        code::VERSION_NOT_SPECIFIED,
        CLIENT,
        "Invalid deployment unit update: version not specified",
    ),
    (
        code::VERSION_EXISTS,
        CLIENT,
        "Invalid deployment unit update: version already exists",
    ),
];

fn entry(code: u32) -> Option<&'static (u32, &'static str, &'static str)> {
    FAULTS.iter().find(|(known, ..)| *known == code)
}

/// The standard's text of a fault code; "Vendor fault" for a code it does not name.
pub fn fault_string(code: u32) -> &'static str {
    entry(code).map_or("Vendor fault", |(_, _, text)| text)
}

/// The code as a peer of the version knows it: 1.0 has no 9014 to 9020 (TR-069 Amendment 1 §A.5),
/// which are all file transfer failures.
pub(super) fn code_in(version: CwmpVersion, code: u32) -> u32 {
    match code {
        code::MULTICAST_GROUP..=code::OUT_OF_WINDOWS if version == CwmpVersion::V1_0 => {
            code::TRANSFER_FAILURE
        }
        _ => code,
    }
}

impl Fault {
    /// The fault of a code with the standard's text, for no parameter in particular.
    pub fn new(code: u32) -> Self {
        Self::with(code, fault_string(code))
    }

    /// The fault of a code with a text of its own.
    pub fn with(code: u32, string: impl Into<String>) -> Self {
        Self {
            code,
            string: string.into(),
            parameters: Vec::new(),
        }
    }

    /// `Client` where the request is to blame, else `Server` (§A.5.1).
    pub fn faultcode(&self) -> &'static str {
        entry(self.code).map_or(SERVER, |(_, faultcode, _)| faultcode)
    }
}

impl TransferFault {
    /// The failure of a transfer, or of an operation on software, with the reason.
    pub fn new(code: u32, why: impl Display) -> Self {
        Self {
            code,
            string: why.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_the_text_and_the_side_of_its_code() {
        let fault = Fault::new(9005);
        assert_eq!(fault.string, "Invalid parameter name");
        assert_eq!(fault.faultcode(), "Client");
        assert_eq!(Fault::new(9002).faultcode(), "Server");
        assert_eq!(Fault::new(9850).faultcode(), "Server");
        assert_eq!(Fault::with(9003, "why").string, "why");
    }

    #[test]
    fn the_table_is_in_order_and_has_every_code_once() {
        assert!(FAULTS.windows(2).all(|two| two[0].0 < two[1].0));
    }

    #[test]
    fn only_version_1_0_sees_the_fine_transfer_faults_as_9010() {
        assert_eq!(code_in(CwmpVersion::V1_0, 9018), 9010);
        assert_eq!(code_in(CwmpVersion::V1_0, 9013), 9013);
        assert_eq!(code_in(CwmpVersion::V1_1, 9018), 9018);
    }
}
