//! Whole states under power cuts and disk errors at every call: what is found at the next start is
//! the old state or the new one, complete, and never nothing.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::store::{LoadedFrom, Store, StoreError};
use cwmpd::datamodel::types::ParamType;

use crate::store_disk::{CutDisk, Medium, Trouble};

/// Generation `n` of the state: two rows, so that half a file is never a state.
fn generation(n: u32) -> Vec<Row> {
    let kind = RowKind::Parameter(ParamType::of(XsdType::String));
    ["ManagementServer.URL", "ManagementServer.ParameterKey"]
        .map(|name| Row {
            value: Some(format!("é{n}")),
            ..Row::new(name, kind.clone())
        })
        .to_vec()
}

fn store(disk: &CutDisk) -> Store {
    Store::on(Box::new(disk.clone()), "/etc/cwmpd")
}

fn save(store: &mut Store, n: u32) -> Result<(), StoreError> {
    store.checkpoint(&mut generation(n).into_iter())
}

/// The state that a start finds on the medium.
fn found(medium: &Medium) -> Vec<Row> {
    store(&CutDisk::new(medium, Trouble::Never)).load().rows
}

/// The medium after `generations` saves and a clean stop.
fn saved(generations: u32) -> Medium {
    let disk = CutDisk::new(&Medium::new(), Trouble::Never);
    let mut store = store(&disk);
    store.load();
    for n in 0..generations {
        save(&mut store, n).unwrap();
    }
    disk.cuts(false).pop_first().unwrap()
}

/// Starts from the medium, saves generation `next`, and cuts before every single call and at the
/// end. Every medium left must hold the old state or the new one; they are returned.
fn cut_everywhere(medium: &Medium, next: u32, thorough: bool) -> BTreeMap<Medium, Vec<Row>> {
    let (old, new) = (found(medium), generation(next));
    let mut left = BTreeMap::new();
    for call in 0.. {
        let disk = CutDisk::new(medium, Trouble::CutBefore(call));
        let mut store = store(&disk);
        store.load();
        let saved = save(&mut store, next).is_ok();
        for after in disk.cuts(thorough) {
            let rows = found(&after);
            assert!(
                rows == new || (!saved && rows == old),
                "cut before call {call}, saved: {saved}, left {after:?}, found {rows:?}"
            );
            left.insert(after, rows);
        }
        if disk.was_spared() {
            assert!(saved);
            return left;
        }
    }
    unreachable!()
}

#[test]
fn a_cut_at_any_call_and_any_byte_leaves_the_old_or_the_new_state() {
    for generations in 0..3 {
        let left = cut_everywhere(&saved(generations), generations, true);
        assert!(left.len() > 100, "only {} ways to be cut", left.len());
    }
}

#[test]
fn w09_two_cuts_in_a_row_lose_nothing() {
    for first in cut_everywhere(&saved(2), 2, true).into_keys() {
        cut_everywhere(&first, 3, false);
    }
}

#[test]
fn w09_three_cuts_in_a_row_lose_nothing() {
    let mut media: BTreeMap<_, _> = cut_everywhere(&saved(2), 2, false);
    for next in 3..5 {
        let mut left = BTreeMap::new();
        for medium in media.keys() {
            left.append(&mut cut_everywhere(medium, next, false));
        }
        media = left;
    }
    assert!(media.values().all(|rows| rows.len() == 2));
}

#[test]
fn a_failing_call_leaves_the_old_state_and_says_why() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for call in 0.. {
            let disk = CutDisk::new(&saved(2), Trouble::FailAt(call, kind));
            let mut failing = store(&disk);
            let loaded = failing.load();
            let result = save(&mut failing, 2);
            let spared = disk.was_spared();
            disk.heal();
            if let Err(error) = result {
                assert!(matches!(error, StoreError::NotSaved(..)));
                let text = error.to_string();
                assert!(text.contains("/etc/cwmpd/parameters.data"), "{text}");
                assert_eq!(store(&disk).load().rows, generation(1), "call {call}");
            }
            assert_ne!(loaded.from, LoadedFrom::Nothing, "call {call}");
            save(&mut failing, 3).unwrap();
            for medium in disk.cuts(true) {
                assert_eq!(found(&medium), generation(3), "call {call}");
            }
            if spared {
                break;
            }
        }
    }
}

#[test]
fn a_disk_that_dies_for_good_holds_the_old_or_the_new_state() {
    for call in 0.. {
        let disk = CutDisk::new(&saved(2), Trouble::FailFrom(call, ErrorKind::Other));
        let mut dying = store(&disk);
        dying.load();
        let _ = save(&mut dying, 2);
        for medium in disk.cuts(true) {
            let rows = found(&medium);
            assert!(
                rows == generation(1) || rows == generation(2),
                "call {call}"
            );
        }
        if disk.was_spared() {
            break;
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_a_first_start_and_never_hides_the_other() {
    for call in 0..3 {
        let disk = CutDisk::new(&saved(2), Trouble::FailAt(call, ErrorKind::Other));
        let loaded = store(&disk).load();
        assert_ne!(loaded.from, LoadedFrom::Nothing);
        assert!(!loaded.rows.is_empty());
    }
    let disk = CutDisk::new(&saved(2), Trouble::FailFrom(0, ErrorKind::Other));
    let loaded = store(&disk).load();
    assert_eq!(loaded.from, LoadedFrom::Damaged);
    assert_eq!(loaded.notices.len(), 3);
    let mut notices = loaded.notices.iter();
    assert!(notices.all(|notice| notice.contains("cannot read")));
}
