//! What opkg and apk say went wrong, as a fault of TR-069 (A.5). Both end with the same status for
//! everything, so that their words are all there is.

use crate::base::excerpt::excerpt;
use crate::soap::{TransferFault, code};

/// A `FaultString` has at most so many characters.
const MAX_FAULT_STRING: usize = 256;

/// Words, the fault that they mean, and what to do about it. The first that fits counts: what is
/// the cause stands before what follows from it.
const FAULTS: [(&[&str], u32, &str); 9] = [
    (
        &["UNTRUSTED signature", "untrusted signature"],
        code::REQUEST_DENIED,
        "the package is not signed with a key of the box: put the key into /etc/apk/keys",
    ),
    (
        &[
            "Only have ",
            "No space left",
            "not enough space",
            "No space on disk",
            "Out of memory",
        ],
        code::SYSTEM_RESOURCES,
        "there is no room for it",
    ),
    (
        &[
            "Malformed package file",
            "Failed to extract control file",
            "Failed to unpack",
            "Failed to extract",
            "package format error",
            "v2 package",
            "BAD signature",
            "BAD archive",
            "ADB ",
            "Checksum or size mismatch",
            "checksum",
            "unexpected end of file",
        ],
        code::FILE_CORRUPTED,
        "the file is no whole package of this system",
    ),
    (
        &[
            "cannot find dependency",
            "Cannot satisfy the following dependencies",
            "no such package",
            "unable to select packages",
        ],
        code::ENVIRONMENT_MISMATCH,
        "the box has not what it needs, nor have its feeds",
    ),
    (
        &[
            "incompatible with the architectures",
            "is unsupported.",
            "package architecture",
            "uninstallable",
            "has no valid architecture",
        ],
        code::ENVIRONMENT_MISMATCH,
        "it is not for this box",
    ),
    (
        &["wants to install file", "trying to overwrite", "conflicts"],
        code::ENVIRONMENT_MISMATCH,
        "it is at odds with what is installed",
    ),
    (
        &["is depended upon by packages", "are not removed due to"],
        code::INVALID_UNIT_STATE,
        "others need it",
    ),
    (
        &["Could not lock", "Unable to lock database"],
        code::INVALID_UNIT_STATE,
        "somebody else installs or removes just now",
    ),
    (
        &[
            "wget returned",
            "Failed to download",
            "network error",
            "DNS",
        ],
        code::INCOMPLETE_DOWNLOAD,
        "what it needs cannot be fetched from the feeds",
    ),
];

/// The fault for an operation that went wrong: what it means, and the program's own line. 9001 where
/// the words mean nothing to us: no code says *something went wrong* for these operations.
pub fn fault_of(output: &str) -> TransferFault {
    let found = FAULTS.iter().find_map(|(words, code, means)| {
        let line = output
            .lines()
            .find(|line| words.iter().any(|word| line.contains(word)))?;
        Some((*code, *means, line))
    });
    let (code, means, line) = found.unwrap_or_else(|| {
        let last = output.lines().rev().find(|line| !line.trim().is_empty());
        (
            code::REQUEST_DENIED,
            "the package manager refused",
            last.unwrap_or("it said nothing"),
        )
    });
    let line = line
        .trim()
        .trim_start_matches("* ")
        .trim_start_matches("ERROR: ");
    TransferFault {
        code,
        string: excerpt(&format!("{means} ({})", line.trim()), MAX_FAULT_STRING).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t47_what_they_say_went_wrong_has_its_code() {
        for (words, code) in [
            (
                " * Only have 8kb available on filesystem /overlay, pkg x needs 900",
                9027,
            ),
            (" * Malformed package file /tmp/x.ipk.", 9018),
            ("ERROR: /tmp/x.apk: v2 package format error", 9018),
            ("ERROR: /tmp/x.apk: UNTRUSTED signature", 9001),
            (
                " * cannot find dependency libx for x\n * Packages for x found, but incompatible \
                 with the architectures configured",
                9025,
            ),
            (" * Package x is depended upon by packages:\n *  y", 9029),
            (
                " * Could not lock /var/lock/opkg.lock: Resource temporarily unavailable.",
                9029,
            ),
            (
                "ERROR: unable to select packages:\n  libx (no such package):",
                9025,
            ),
            (
                " * Failed to download http://f/x.ipk, wget returned 4.",
                9017,
            ),
            ("odd", 9001),
            ("", 9001),
        ] {
            let fault = fault_of(words);
            assert_eq!(fault.code, code, "{words}: {}", fault.string);
            assert!(fault.string.chars().count() <= MAX_FAULT_STRING);
        }
        let long = fault_of(&"x".repeat(10_000));
        assert_eq!(long.string.chars().count(), MAX_FAULT_STRING);
    }
}
