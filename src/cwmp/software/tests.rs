//! The records: what is written reads back, and what is damaged is read as far as it goes.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::base::clock::Now;
use crate::base::secret::Secret;
use crate::base::uuid::Uuid;
use crate::cwmp::record;
use crate::soap::{AutonomousDuResult, DuResult, TransferFault};

fn uuid() -> impl Strategy<Value = Uuid> {
    ".*".prop_map(|name| Uuid::of_unit(&name, "example.org"))
}

fn task() -> impl Strategy<Value = DuTask> {
    let texts = (".*", ".*", ".*", ".*", ".*");
    (0..3, uuid(), any::<bool>(), texts).prop_map(|(kind, uuid, named, texts)| {
        let (url, username, password, version, environment) = texts;
        let password = Secret::new(password);
        let some = Some(uuid.clone()).filter(|_| named);
        match kind {
            0 => DuTask::Install {
                url,
                uuid: some,
                username,
                password,
                environment,
            },
            1 => DuTask::Update {
                uuid: some,
                version,
                url,
                username,
                password,
            },
            _ => DuTask::Uninstall {
                uuid,
                version,
                environment,
            },
        }
    })
}

fn result() -> impl Strategy<Value = DuResult> {
    let texts = (".*", ".*", ".*", ".*", ".*", ".*", ".*");
    (texts, any::<bool>(), any::<u32>(), ".*").prop_map(|(texts, resolved, code, string)| {
        let (uuid, unit, version, state, list, start_time, complete_time) = texts;
        DuResult {
            uuid,
            deployment_unit_ref: unit,
            version,
            current_state: state,
            resolved,
            execution_unit_ref_list: list,
            start_time,
            complete_time,
            fault: TransferFault { code, string },
        }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (task(), any::<u32>()).prop_map(|(task, attempts)| Operation::Waiting { task, attempts }),
        (task(), any::<u32>(), ".*").prop_map(|(task, attempts, began)| Operation::Begun {
            task,
            attempts,
            began
        }),
        vec(result(), 1..4).prop_map(Operation::Ended),
    ]
}

proptest! {
    #[test]
    fn a_change_reads_back(
        key in ".*",
        operations in vec(operation(), 1..5),
        refusals in any::<u32>(),
        unix in option::of(0..2_000_000_000i64),
    ) {
        let now = Now { unix: unix.unwrap_or_default(), ..Now::default() };
        let mut change = Change::new(3, 7, key, operations, now);
        change.refusals = refusals;
        let line = change.to_record("boot 1");
        prop_assert!(line.is_ascii());
        prop_assert_eq!(Change::from_record(3, &line, "boot 1", now), Some(change));
    }

    #[test]
    fn announcements_read_back(results in vec((result(), ".*"), 0..5)) {
        let results = results.into_iter().map(|(result, operation_performed)| {
            AutonomousDuResult { result, operation_performed }
        });
        let results: Vec<_> = results.collect();
        let mut announcements = Announcements::default();
        results.iter().cloned().for_each(|one| announcements.add(one));
        announcements.take_news();
        let back = Announcements::from_record(&announcements.to_record());
        prop_assert_eq!(back, announcements);
    }

    #[test]
    fn damaged_records_are_read_somehow(line in ".*", entry in "(begun|ended|waiting)(:[a-zA-Z0-9%-]*){0,14}") {
        Change::from_record(0, &line, "boot", Now::default());
        Change::from_record(0, &format!("1:k:b:0:::0{}{entry}", record::NEXT), "boot", Now::default());
        Announcements::from_record(&line);
        Announcements::from_record(&entry);
    }
}
