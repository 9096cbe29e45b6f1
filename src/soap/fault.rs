//! The fault codes of TR-069 §A.5 with the text and the SOAP `faultcode` of each.

use super::{CwmpVersion, Fault};

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
    (9000, SERVER, "Method not supported"),
    (9001, SERVER, "Request denied"),
    (9002, SERVER, "Internal error"),
    (9003, CLIENT, "Invalid arguments"),
    (9004, SERVER, "Resources exceeded"),
    (9005, CLIENT, "Invalid parameter name"),
    (9006, CLIENT, "Invalid parameter type"),
    (9007, CLIENT, "Invalid parameter value"),
    (9008, CLIENT, "Attempt to set a non-writable parameter"),
    (9009, SERVER, "Notification request rejected"),
    (9010, SERVER, "File transfer failure"),
    (9011, SERVER, "Upload failure"),
    (9012, SERVER, "File transfer server authentication failure"),
    (9013, SERVER, "Unsupported protocol for file transfer"),
    (
        9014,
        SERVER,
        "File transfer failure: unable to join multicast group",
    ),
    (
        9015,
        SERVER,
        "File transfer failure: unable to contact file server",
    ),
    (9016, SERVER, "File transfer failure: unable to access file"),
    (
        9017,
        SERVER,
        "File transfer failure: unable to complete download",
    ),
    (9018, SERVER, "File transfer failure: file corrupted"),
    (
        9019,
        SERVER,
        "File transfer failure: file authentication failure",
    ),
    (
        9020,
        SERVER,
        "File transfer failure: unable to complete download within specified time windows",
    ),
    (
        9021,
        CLIENT,
        "Cancelation of file transfer not permitted in current transfer state",
    ),
    (9022, CLIENT, "Invalid UUID format"),
    (9023, CLIENT, "Unknown execution environment"),
    (9024, CLIENT, "Disabled execution environment"),
    (
        9025,
        CLIENT,
        "Deployment unit to execution environment mismatch",
    ),
    (9026, CLIENT, "Duplicate deployment unit"),
    (9027, SERVER, "System resources exceeded"),
    (9028, CLIENT, "Unknown deployment unit"),
    (9029, CLIENT, "Invalid deployment unit state"),
    (
        9030,
        CLIENT,
        "Invalid deployment unit update: downgrade not permitted",
    ),
    (
        9031,
        CLIENT,
        "Invalid deployment unit update: version not specified",
    ),
    (
        9032,
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
        9014..=9020 if version == CwmpVersion::V1_0 => 9010,
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
