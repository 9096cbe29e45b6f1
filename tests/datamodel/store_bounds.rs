//! How large a state may become, and what a change of it costs.

use std::fs;

use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::store::{self, Batch, MAX_STATE_BYTES, RESERVED_BYTES, Store, StoreError};
use cwmpd_lab::Folder;

use crate::store_disk::{CutDisk, Medium, Trouble};
use crate::store_files::names;
use crate::store_world::{FOLDER, batch, row};

fn rows(count: usize) -> impl Iterator<Item = Row> {
    let name = |n| format!("Hosts.Host.{}.Parameter{}", n / 100 + 1, n % 100);
    (0..count).map(move |n| {
        row(
            &name(n),
            "a value as long as most are, or a little longer than that",
        )
    })
}

/// Bytes, and calls of the disk, for a change of one row and its mark in a state of so many rows.
fn effort(count: usize) -> (usize, usize) {
    let disk = CutDisk::new(&Medium::new(), Trouble::Never);
    let mut store = Store::on(Box::new(disk.clone()), FOLDER);
    store.load();
    store.checkpoint(&mut rows(count)).unwrap();
    // The first change begins the journal.
    store.append(&batch(&[("A", "0")], &[], &[])).unwrap();
    let before = disk.effort();
    for n in 0..100 {
        let value = format!("{n:03}");
        store
            .append(&batch(&[("A", &value)], &[], &["lan.mtu=1500"]))
            .unwrap();
        store.carried_out().unwrap();
    }
    let after = disk.effort();
    assert!(!store.wants_checkpoint(0));
    (after.1 - before.1, after.0 - before.0)
}

#[test]
fn f20_a_small_change_writes_few_bytes_however_big_the_state_is() {
    let (small, large) = (effort(2_000), effort(20_000));
    println!("100 changes: {small:?} at 2,000 rows, {large:?} at 20,000 rows (bytes, calls)");
    assert!(
        large.0.abs_diff(small.0) < 100,
        "checksums differ in length"
    );
    assert!(large.0 < 100 * 100, "{} bytes", large.0);
    // Open, write, sync; open, write.
    assert_eq!((small.1, large.1), (500, 500));
}

#[test]
fn f20_the_bytes_of_the_state_are_known_before_it_is_changed() {
    let folder = Folder::new("bytes");
    let mut store = Store::new(folder.path());
    store.load();
    assert_eq!(store.bytes(), 0);
    store.checkpoint(&mut rows(100)).unwrap();
    let (old, new) = (rows(1).next().unwrap(), row("Hosts.Host.1.Parameter0", "x"));
    let change = Batch {
        rows: vec![new, row("B", "y")],
        ..Batch::default()
    };
    let before = store.bytes();
    store.append(&change).unwrap();
    assert_eq!(store.bytes(), before + change.row_bytes());
    store.take_back().unwrap();
    assert_eq!(store.bytes(), before);
    store.append(&change).unwrap();
    let expected = before + change.row_bytes() - old.line_bytes();
    let mut again = Store::new(folder.path());
    let loaded = again.load();
    assert_eq!(again.bytes(), expected);
    again.checkpoint(&mut loaded.rows.into_iter()).unwrap();
    assert_eq!(again.bytes(), expected);
    let file = fs::read_to_string(folder.join(store::DATA)).unwrap();
    let rows = file.lines().filter(|line| !line.starts_with(['#', '*']));
    assert_eq!(rows.map(|line| line.len() + 1).sum::<usize>(), expected);
}

#[test]
fn f20_a_state_that_would_pass_its_bound_is_refused_and_nothing_is_written() {
    let folder = Folder::new("bound");
    let mut store = Store::new(folder.path());
    store.load();
    let long = |n: usize| row(&format!("A{n}"), &"x".repeat(60_000));
    store.checkpoint(&mut (0..60).map(long)).unwrap();
    let before = (names(&folder), store.bytes());
    let refused = store.checkpoint(&mut (0..80).map(long)).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }));
    let text = refused.to_string();
    assert!(
        text.contains("4194304") && text.contains("delete instances"),
        "{text}"
    );
    assert_eq!((names(&folder), store.bytes()), before);

    let many = Batch {
        rows: (60..80).map(long).collect(),
        ..Batch::default()
    };
    let refused = store.append(&many).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }), "{refused}");
    assert_eq!((names(&folder), store.bytes()), before);
    // As many rows in the place of others of the same size are none too many, once they are
    // counted.
    let instead = Batch {
        gone: (0..20).map(|n| format!("A{n}")).collect(),
        ..many
    };
    let refused = store.append(&instead).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }), "{refused}");
    store.checkpoint(&mut (20..80).map(long)).unwrap();
    assert!(store.bytes().abs_diff(before.1) < 100);
    let loaded = Store::new(folder.path()).load();
    assert_eq!(loaded.rows.len(), 60);
}

#[test]
fn f20_a_full_state_still_takes_what_the_agent_notes_and_what_empties_it() {
    let folder = Folder::new("full");
    let mut store = Store::new(folder.path());
    store.load();
    let long = |n: usize| row(&format!("T.1.A{n}"), &"x".repeat(60_000));
    let mut count = 0;
    while store.bytes() + long(count).line_bytes() <= MAX_STATE_BYTES - RESERVED_BYTES {
        let rows = vec![long(count)];
        store
            .append(&Batch {
                rows,
                ..Batch::default()
            })
            .unwrap();
        count += 1;
    }
    assert!(store.bytes() <= MAX_STATE_BYTES - RESERVED_BYTES);
    for n in 0..1000 {
        let event = format!("an event with number {n}");
        store
            .append(&batch(&[("Event", &event)], &[], &[]))
            .unwrap();
    }
    let all = Batch {
        gone: vec!["T.1.".to_owned()],
        ..Batch::default()
    };
    store.append(&all).unwrap();
    let mut again = Store::new(folder.path());
    assert_eq!(again.load().rows.len(), 1);
    assert!(again.bytes() < 100);
}

#[test]
fn f20_a_nearly_full_state_is_counted_anew_before_it_is_taken_for_full() {
    let folder = Folder::new("counted");
    let mut store = Store::new(folder.path());
    store.load();
    let full = |n: usize| row(&format!("A{n}"), &"x".repeat(60_000));
    let count = (MAX_STATE_BYTES - RESERVED_BYTES) / full(0).line_bytes();
    let mut checkpoints = 0;
    store.checkpoint(&mut (0..count).map(full)).unwrap();
    for n in 0..2000 {
        let value = format!("{n:01000}");
        store
            .append(&batch(&[("Same", &value)], &[], &["lan.mtu=1500"]))
            .unwrap();
        store.carried_out().unwrap();
        if store.wants_checkpoint(0) {
            let rows = (0..count).map(full).chain([row("Same", &value)]);
            store.checkpoint(&mut { rows }).unwrap();
            checkpoints += 1;
        }
    }
    assert!((5..20).contains(&checkpoints), "{checkpoints}");
}

/// Versions without a bound wrote up to 16 MiB.
#[test]
fn f20_a_larger_state_of_an_older_version_is_read_and_may_shrink_but_not_grow() {
    let folder = Folder::new("older");
    let long = |n: usize| row(&format!("A{n}"), &"x".repeat(60_000));
    let lines: String = (0..120).map(|n| long(n).to_line() + "\n").collect();
    assert!(lines.len() > 7 * 1000 * 1000);
    folder.file(store::DATA, format!("{lines}**\n"));
    let mut store = Store::new(folder.path());
    let mut rows = store.load().rows;
    assert!(rows.len() == 120 && store.bytes() > MAX_STATE_BYTES);
    store.append(&batch(&[("Event", "one")], &[], &[])).unwrap();
    let more = Batch {
        rows: (120..126).map(long).collect(),
        ..Batch::default()
    };
    let refused = store.append(&more).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }), "{refused}");
    store.append(&batch(&[], &["A0"], &[])).unwrap();
    rows.remove(0);
    store.checkpoint(&mut rows.into_iter()).unwrap();
    store.checkpoint(&mut (0..10).map(long)).unwrap();
    let refused = store.checkpoint(&mut (0..80).map(long)).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }), "{refused}");
}

/// As on a disk that has room for a line of the journal and none for the whole state once more: to
/// try that at each change would wear the flash out.
#[test]
fn f29_a_checkpoint_that_failed_is_tried_again_only_after_more_changes() {
    let folder = Folder::new("store-put-off");
    let mut store = Store::new(folder.path());
    store.load();
    let value = "x".repeat(1000);
    store.append(&batch(&[("A", &value)], &[], &[])).unwrap();
    let in_the_way = folder.join(store::TEMPORARY);
    fs::create_dir(&in_the_way).unwrap();
    let mut tries = 0;
    for _ in 0..250 {
        store.append(&batch(&[("A", &value)], &[], &[])).unwrap();
        if store.wants_checkpoint(0) {
            tries += 1;
            let failed = store.checkpoint(&mut rows(1)).unwrap_err();
            assert!(matches!(failed, StoreError::NotSaved(..)), "{failed}");
        }
    }
    assert_eq!(tries, 3);
    fs::remove_dir(&in_the_way).unwrap();
    store.checkpoint(&mut rows(1)).unwrap();
    assert!(!store.wants_checkpoint(0) && !store.has_journal());
}
