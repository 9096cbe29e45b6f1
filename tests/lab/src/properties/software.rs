//! The lists of packages, and what package managers say.

use cwmpd::device::software::{ManagerKind, Plan, fault_of};

/// No list panics, and each name in it can be given to a program: it is no option, pattern or path.
/// What they say is understood or not, and means a fault that the schema allows.
pub fn software(text: &[u8]) {
    for kind in [ManagerKind::Opkg, ManagerKind::Apk] {
        for package in kind.packages(text, text).unwrap_or_default() {
            let name = &*package.name;
            let is_word = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
            assert!(name.chars().all(is_word) && !name.starts_with(['-', '.', '+', '_']));
            assert!(!package.version.is_empty());
            assert!(
                package
                    .services
                    .iter()
                    .all(|service| !service.contains('/'))
            );
        }
    }
    let said = String::from_utf8_lossy(text);
    for plan in [Plan::of_opkg(&said), Plan::of_apk(&said)] {
        assert!(plan.steps.len() <= said.lines().count());
    }
    let fault = fault_of(&said);
    assert!(matches!(fault.code, 9001 | 9003 | 9012 | 9013 | 9015..=9018 | 9022..=9032));
    assert!(fault.string.chars().count() <= 256);
}
