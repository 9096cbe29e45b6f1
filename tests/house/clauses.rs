//! A clause that is cited is the right one: of an RPC its own, else one that TR-069 has.

use crate::tree;

/// The RPCs, and where TR-069 Amendment 6 describes them.
const RPCS: [(&str, &str); 28] = [
    ("GetRPCMethods", "A.3.1.1"),
    ("SetParameterValues", "A.3.2.1"),
    ("GetParameterValues", "A.3.2.2"),
    ("GetParameterNames", "A.3.2.3"),
    ("SetParameterAttributes", "A.3.2.4"),
    ("GetParameterAttributes", "A.3.2.5"),
    ("AddObject", "A.3.2.6"),
    ("DeleteObject", "A.3.2.7"),
    ("Download", "A.3.2.8"),
    ("Reboot", "A.3.2.9"),
    ("Inform", "A.3.3.1"),
    ("DeviceId", "A.3.3.1"),
    ("TransferComplete", "A.3.3.2"),
    ("AutonomousTransferComplete", "A.3.3.3"),
    ("GetQueuedTransfers", "A.4.1.1"),
    ("ScheduleInform", "A.4.1.2"),
    ("SetVouchers", "A.4.1.3"),
    ("GetOptions", "A.4.1.4"),
    ("Upload", "A.4.1.5"),
    ("FactoryReset", "A.4.1.6"),
    ("GetAllQueuedTransfers", "A.4.1.7"),
    ("ScheduleDownload", "A.4.1.8"),
    ("CancelTransfer", "A.4.1.9"),
    ("ChangeDUState", "A.4.1.10"),
    ("Kicked", "A.4.2.1"),
    ("RequestDownload", "A.4.2.2"),
    ("DUStateChangeComplete", "A.4.2.3"),
    ("AutonomousDUStateChangeComplete", "A.4.2.4"),
];

/// What else of Annex A is cited: methods in general, types, names, faults.
const OF_ANNEX_A: [&str; 9] = [
    "A.2.1", "A.2.2", "A.2.2.1", "A.2.3", "A.3.1", "A.3.2", "A.4.1", "A.5", "A.5.1",
];

/// The clauses of section 3 that TR-069 has, down to the depth that is cited.
const OF_SECTION_3: [&str; 29] = [
    "3.1", "3.2", "3.2.1", "3.2.1.1", "3.2.1.2", "3.2.2", "3.2.2.1", "3.2.2.2", "3.2.2.3", "3.3",
    "3.4", "3.4.1", "3.4.2", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.7", "3.5", "3.6.1", "3.6.2",
    "3.7.1", "3.7.1.1", "3.7.1.2", "3.7.1.3", "3.7.1.4", "3.7.1.5", "3.7.1.6", "3.7.4",
];

/// Each clause of Annex A in a text, and the last name of an RPC in the same parenthesis or the words
/// right before it.
fn of_annex_a(text: &str) -> Vec<(String, Option<&'static str>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("A.") {
        let clause = number(&text[at + 2..]);
        let is_clause = clause.contains('.') || clause == "5";
        let begins = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.');
        if !begins || !is_clause {
            continue;
        }
        let before = &text[..at];
        // `Reboot (A.3.2.9)`, `Reboot (TR-069 A.3.2.9)`, `(Reboot, TR-069 A.3.2.9)`.
        let before = before
            .trim_end_matches("TR-069 ")
            .trim_end_matches(['(', ',', ' ']);
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next();
        let rpc = RPCS.iter().find(|(name, _)| Some(*name) == word);
        found.push((format!("A.{clause}"), rpc.map(|(name, _)| *name)));
    }
    found
}

/// The clauses of TR-069's section 3: those behind `TR-069 3`, `TR-069 §3` and a bare `§3`.
fn of_section_3(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for begin in ["TR-069 3.", "§3."] {
        for (at, _) in text.match_indices(begin) {
            let before = text[..at].trim_end();
            let is_of_another = ["RFC", "TR-106", "TR-181", "XML"].iter().any(|other| {
                let from = before.len().saturating_sub(12);
                let near = before.get(from..).unwrap_or(before);
                near.contains(other)
            });
            if !is_of_another {
                found.push(format!("3.{}", number(&text[at + begin.len()..])));
            }
        }
    }
    found
}

/// The digits and dots that a text begins with.
fn number(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

#[test]
fn s09_clauses_that_are_cited_are_right() {
    let sources = tree::files("src").into_iter().chain(tree::files("etc"));
    let documents = tree::files("").into_iter().filter(|file| file.is(&[".md"]));
    let (mut count, mut wrong) = (0, Vec::new());
    for file in sources.chain(documents) {
        for (number, line) in file.text.lines().enumerate() {
            let mut tell =
                |what: String| wrong.push(format!("{}:{}: {what}", file.path, number + 1));
            for (clause, rpc) in of_annex_a(line) {
                count += 1;
                let of_rpc = RPCS.iter().find(|(name, _)| Some(*name) == rpc);
                let is_known = RPCS.iter().any(|(_, known)| *known == clause)
                    || OF_ANNEX_A.contains(&&*clause);
                match of_rpc {
                    Some((name, right)) if *right != clause => {
                        tell(format!("{name} is {right}, not {clause}"));
                    }
                    None if !is_known => tell(format!("there is no {clause}")),
                    _ => {}
                }
            }
            for clause in of_section_3(line) {
                count += 1;
                if !OF_SECTION_3.contains(&&*clause) {
                    tell(format!("TR-069 has no {clause}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count > 80, "only {count} clauses found");
}

#[test]
fn clauses_are_found_in_a_text() {
    let text = "/// Reboot (A.3.2.9), FactoryReset (TR-069 A.4.1.6). (Upload, TR-069 A.4.1.5): A.5";
    let found = of_annex_a(text);
    let found: Vec<_> = found
        .iter()
        .map(|(clause, rpc)| (&**clause, *rpc))
        .collect();
    assert_eq!(
        found,
        [
            ("A.3.2.9", Some("Reboot")),
            ("A.4.1.6", Some("FactoryReset")),
            ("A.4.1.5", Some("Upload")),
            ("A.5", None),
        ]
    );
    let text = "(TR-069 §3.7.1.5), TR-069 3.2.2; §3.5 but RFC 7617 §3.1 and TR-106 §3.2";
    assert_eq!(of_section_3(text), ["3.2.2", "3.7.1.5", "3.5"]);
}
