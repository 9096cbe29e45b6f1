//! The journal on the file system of the machine: what a person finds there, and what becomes of
//! what a person, or a bad medium, did to it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::store::{self, Loaded, LoadedFrom, Store, StoreError};
use cwmpd_lab::Folder;

use crate::store_files::names;
use crate::store_world::{batch, row, write};

/// The store in the folder, loaded.
fn open(folder: &Path) -> (Store, Loaded) {
    let mut store = Store::new(folder);
    let loaded = store.load();
    (store, loaded)
}

/// `NAME=VALUE` of the rows.
fn values(loaded: &Loaded) -> Vec<String> {
    let text = |row: &Row| format!("{}={}", row.name, row.value.as_deref().unwrap_or(""));
    loaded.rows.iter().map(text).collect()
}

fn set(store: &mut Store, name: &str, value: &str) {
    store.append(&batch(&[(name, value)], &[], &[])).unwrap();
}

fn journal(folder: &Folder) -> String {
    fs::read_to_string(folder.join(store::JOURNAL)).unwrap()
}

#[test]
fn changes_are_found_again_and_can_be_read_by_a_person() {
    let folder = Folder::new("journal");
    let (mut store, loaded) = open(&folder);
    assert_eq!(loaded.from, LoadedFrom::Nothing);
    set(&mut store, "A", "1");
    let several = batch(&[("B", "2")], &["A"], &["lan.ipaddr=192.0.2.1"]);
    store.append(&several).unwrap();
    assert_eq!(names(&folder), [store::DATA, store::JOURNAL]);
    for name in names(&folder) {
        let mode = fs::metadata(folder.join(&name)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
    let text = journal(&folder);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("@generation 1 data "), "{text}");
    assert_eq!(lines[1], "A;STRING;0;0;0;0;0;0;;1;0;0;;;");
    let second = ["-A", &row("B", "2").to_line(), "!uci lan.ipaddr=192.0.2.1"];
    assert_eq!(lines[3..6], second);

    let (mut store, loaded) = open(&folder);
    assert_eq!(
        (values(&loaded), loaded.notices.len()),
        (vec!["B=2".to_owned()], 0)
    );
    assert_eq!(loaded.unfinished, [write("lan.ipaddr=192.0.2.1")]);
    store.carried_out().unwrap();
    assert_eq!(open(&folder).1.unfinished, []);
}

#[test]
fn a_checkpoint_takes_the_journal_in_and_keeps_it_with_the_generation_before() {
    let folder = Folder::new("checkpoint");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    assert!(store.has_journal());
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    assert!(!store.has_journal());
    let all = [store::DATA, store::PREVIOUS, store::JOURNAL_PREVIOUS];
    assert_eq!(names(&folder), all);
    let text = fs::read_to_string(folder.join(store::DATA)).unwrap();
    assert!(text.starts_with("# generation 2\nA;STRING;0;"), "{text}");
    assert_eq!(values(&open(&folder).1), ["A=1"]);
    store.forget_older().unwrap();
    assert_eq!(names(&folder), [store::DATA]);
}

#[test]
fn a_checkpoint_is_due_when_the_journal_is_long_for_the_state() {
    let folder = Folder::new("due");
    for (state_bytes, due_at) in [(1_000, 64 * 1024), (400_000, 200_000)] {
        let (mut store, _) = open(&folder);
        let big = row("Big", &"x".repeat(state_bytes));
        store.checkpoint(&mut [big].into_iter()).unwrap();
        assert!(!store.wants_checkpoint(usize::MAX), "nothing to take in");
        let mut changes = 0;
        while !store.wants_checkpoint(0) {
            set(&mut store, "A", &"y".repeat(1000));
            changes += 1;
        }
        let length = journal(&folder).len();
        assert!(length > due_at && length < due_at + 3000, "{length}");
        assert!(changes > 50);
        assert_eq!(values(&open(&folder).1).len(), 2);
    }
}

#[test]
fn a_torn_end_was_never_promised_and_the_next_change_does_not_stand_behind_it() {
    let folder = Folder::new("torn-journal");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    let text = journal(&folder);
    for rest in [
        "A;STRING;0",
        "A;STRING;0\n*12",
        "\0\0\0\0",
        "A;5\n\0\0\0\n*12\n",
    ] {
        folder.file(store::JOURNAL, format!("{text}{rest}"));
        let (mut store, loaded) = open(&folder);
        assert_eq!(
            (values(&loaded), loaded.notices.len()),
            (vec!["A=1".to_owned()], 0)
        );
        set(&mut store, "B", "2");
        let (_, loaded) = open(&folder);
        assert_eq!(values(&loaded), ["A=1", "B=2"], "{rest:?}");
        assert!(journal(&folder).starts_with(&text));
    }
    // The first transaction of a journal, with it the first line.
    for length in 0..text.len() {
        folder.file(store::JOURNAL, &text[..length]);
        let (mut store, loaded) = open(&folder);
        assert_eq!(
            (loaded.rows.len(), loaded.notices.len()),
            (0, 0),
            "{length}"
        );
        set(&mut store, "B", "2");
        assert_eq!(values(&open(&folder).1), ["B=2"]);
    }
}

#[test]
fn damage_in_the_middle_is_told_kept_and_what_stands_before_is_used() {
    let folder = Folder::new("damaged-journal");
    let (mut store, _) = open(&folder);
    for n in ["1", "2", "3"] {
        set(&mut store, "A", n);
    }
    let damaged = journal(&folder).replace(";2;", ";5;");
    folder.file(store::JOURNAL, &damaged);
    let (mut store, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=1"]);
    let notices = loaded.notices.join("\n");
    assert!(
        notices.contains("parameters.journal is damaged from line 4 on"),
        "{notices}"
    );
    assert!(notices.contains("parameters.journal.corrupt"), "{notices}");
    let kept = fs::read_to_string(folder.join(store::JOURNAL_CORRUPT)).unwrap();
    assert_eq!(kept, damaged);
    set(&mut store, "B", "4");
    let (_, loaded) = open(&folder);
    assert_eq!(
        (values(&loaded).join(" ").as_str(), loaded.notices.len()),
        ("A=1 B=4", 0)
    );
}

#[test]
fn a_journal_without_a_good_first_line_is_told_and_kept() {
    let folder = Folder::new("headless-journal");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    let damaged = journal(&folder).replace("@generation", "@Generation");
    folder.file(store::JOURNAL, &damaged);
    let (mut store, loaded) = open(&folder);
    assert_eq!(loaded.rows, []);
    assert!(
        loaded.notices[0].contains("first line"),
        "{:?}",
        loaded.notices
    );
    set(&mut store, "B", "2");
    assert_eq!(values(&open(&folder).1), ["B=2"]);
    let kept = fs::read_to_string(folder.join(store::JOURNAL_CORRUPT)).unwrap();
    assert_eq!(kept, damaged);
}

#[test]
fn a_state_edited_by_hand_wins_over_a_journal_that_does_not_fit_any_more() {
    let folder = Folder::new("edited-journal");
    let (mut store, _) = open(&folder);
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    set(&mut store, "A", "2");
    let text = fs::read_to_string(folder.join(store::DATA)).unwrap();
    let (rows, _) = text.rsplit_once('*').unwrap();
    folder.file(
        store::DATA,
        format!("{}**\n", rows.replace(";1;", ";by hand;")),
    );
    let (mut store, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=by hand"]);
    let notice = &loaded.notices[0];
    assert!(
        notice.contains("belongs to another parameters.data"),
        "{notice}"
    );
    assert!(notice.contains("parameters.journal.corrupt"), "{notice}");
    // What follows belongs to the edited file.
    set(&mut store, "B", "3");
    let (_, loaded) = open(&folder);
    assert_eq!(
        (values(&loaded).join(" ").as_str(), loaded.notices.len()),
        ("A=by hand B=3", 0)
    );
}

#[test]
fn a_file_of_the_2008_agent_is_continued() {
    let folder = Folder::new("original");
    folder.file(store::DATA, "A.;6:7\nA.7.B;5;0;1;1;0;0;0;;x;0;0\n**\n");
    let (mut store, loaded) = open(&folder);
    assert_eq!((loaded.from, loaded.rows.len()), (LoadedFrom::Data, 2));
    store.append(&batch(&[("C", "1")], &["A.7."], &[])).unwrap();
    assert_eq!(values(&open(&folder).1), ["A.=", "C=1"]);
}

#[test]
fn a_copy_of_an_older_generation_put_back_by_hand_does_not_get_the_newer_journal() {
    let folder = Folder::new("put-back");
    let (mut store, _) = open(&folder);
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    let old = fs::read(folder.join(store::DATA)).unwrap();
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    set(&mut store, "A", "2");
    folder.file(store::DATA, old);
    let (_, loaded) = open(&folder);
    assert_eq!(
        (values(&loaded), loaded.notices.len()),
        (vec!["A=1".to_owned()], 1)
    );
}

/// A power cut may keep the new name of the state and lose that of its journal.
#[test]
fn a_journal_that_the_state_has_taken_in_is_nothing_to_tell() {
    let folder = Folder::new("taken-in");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    let journal_previous = folder.join(store::JOURNAL_PREVIOUS);
    fs::rename(&journal_previous, folder.join(store::JOURNAL)).unwrap();
    let (mut store, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=1"]);
    assert_eq!(loaded.notices, Vec::<String>::new());
    assert!(journal_previous.is_file());
    set(&mut store, "B", "2");
    assert_eq!(values(&open(&folder).1), ["A=1", "B=2"]);
}

/// A checkpoint that changes the state stands in no journal: what follows it is of no use without
/// it.
#[test]
fn a_journal_is_not_applied_to_a_state_that_it_does_not_continue() {
    let folder = Folder::new("other-state");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    store.checkpoint(&mut [row("B", "2")].into_iter()).unwrap();
    set(&mut store, "C", "3");
    folder.file(store::DATA, "damaged");
    let (mut store, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=1"], "the state before, whole");
    let notices = loaded.notices.join("\n");
    assert!(notices.contains("parameters.data is not used"), "{notices}");
    assert!(
        notices.contains("parameters.journal is not used"),
        "{notices}"
    );
    set(&mut store, "D", "4");
    let (_, loaded) = open(&folder);
    assert_eq!(
        (values(&loaded).join(" ").as_str(), loaded.notices.len()),
        ("A=1 D=4", 0)
    );
}

/// The mark that the sources are done is not synced, so a power cut may lose it; the checkpoint
/// that came after it tells the same.
#[test]
fn what_was_carried_out_before_a_checkpoint_is_not_handed_out_again() {
    let folder = Folder::new("mark-lost");
    let (mut store, _) = open(&folder);
    store.append(&batch(&[("A", "1")], &[], &["a=1"])).unwrap();
    let unmarked = journal(&folder);
    store.carried_out().unwrap();
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    store.append(&batch(&[("B", "2")], &[], &["b=2"])).unwrap();
    folder.file(store::JOURNAL_PREVIOUS, unmarked);
    folder.file(store::DATA, "damaged");
    let (_, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=1", "B=2"]);
    assert_eq!(loaded.unfinished, [write("b=2")]);
}

#[test]
fn without_both_states_a_journal_alone_is_no_first_start() {
    let folder = Folder::new("alone");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    fs::remove_file(folder.join(store::DATA)).unwrap();
    let (_, loaded) = open(&folder);
    assert_eq!(
        (loaded.from, loaded.notices.len()),
        (LoadedFrom::Damaged, 1)
    );
    assert_eq!(names(&folder), [store::JOURNAL_CORRUPT]);
}

/// A folder in its place cannot be read as a file, whoever asks.
#[test]
fn a_state_that_cannot_be_read_is_made_up_for_and_never_overwritten() {
    let folder = Folder::new("unreadable");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    set(&mut store, "A", "2");
    fs::remove_file(folder.join(store::DATA)).unwrap();
    fs::create_dir(folder.join(store::DATA)).unwrap();
    let (mut store, loaded) = open(&folder);
    assert!(
        loaded.notices[0].contains("cannot read"),
        "{:?}",
        loaded.notices
    );
    assert_eq!(
        (values(&loaded), loaded.from),
        (vec!["A=2".to_owned()], LoadedFrom::Previous)
    );
    set(&mut store, "B", "3");
    assert!(folder.join(store::DATA).is_dir());
    let (mut store, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=2", "B=3"]);
    store.checkpoint(&mut loaded.rows.into_iter()).unwrap();
    assert!(folder.join(store::CORRUPT).is_dir());
    assert!(folder.join(store::PREVIOUS).is_file());
    assert_eq!(values(&open(&folder).1), ["A=2", "B=3"]);
}

/// The state that cannot be read may have taken the journal in: what is appended to it now would be
/// forgotten when the state can be read again.
#[test]
fn a_journal_of_the_generation_before_one_that_cannot_be_read_is_not_continued() {
    let folder = Folder::new("unreadable-newer");
    let (mut store, _) = open(&folder);
    set(&mut store, "A", "1");
    fs::rename(folder.join(store::DATA), folder.join(store::PREVIOUS)).unwrap();
    fs::create_dir(folder.join(store::DATA)).unwrap();
    let (mut store, loaded) = open(&folder);
    assert_eq!(values(&loaded), ["A=1"]);
    let refused = store.append(&batch(&[("A", "2")], &[], &[])).unwrap_err();
    assert!(
        matches!(refused, StoreError::NeedsCheckpoint(_)),
        "{refused}"
    );
    assert!(store.wants_checkpoint(0));
    store.checkpoint(&mut loaded.rows.into_iter()).unwrap();
    set(&mut store, "A", "2");
    assert!(folder.join(store::CORRUPT).is_dir());
    assert_eq!(values(&open(&folder).1), ["A=2"]);
}

#[test]
fn a_journal_that_cannot_be_read_is_told_and_never_overwritten() {
    let folder = Folder::new("unreadable-journal");
    let (mut store, _) = open(&folder);
    store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    fs::create_dir(folder.join(store::JOURNAL)).unwrap();
    let (mut store, loaded) = open(&folder);
    let notice = &loaded.notices[0];
    assert!(
        notice.contains("cannot read") && notice.contains("parameters.journal"),
        "{notice}"
    );
    let refused = store.append(&batch(&[("A", "2")], &[], &[])).unwrap_err();
    assert!(
        matches!(refused, StoreError::NeedsCheckpoint(_)),
        "{refused}"
    );
    assert!(store.wants_checkpoint(0));
    store.checkpoint(&mut loaded.rows.into_iter()).unwrap();
    assert!(folder.join(store::JOURNAL_CORRUPT).is_dir());
    set(&mut store, "A", "2");
    assert_eq!(values(&open(&folder).1), ["A=2"]);
}

#[test]
fn a_journal_that_somebody_took_away_is_noticed_at_the_next_change() {
    let folder = Folder::new("taken-away");
    for shorten in [true, false] {
        let (mut store, loaded) = open(&folder);
        let mut rows = loaded.rows;
        set(&mut store, "A", "1");
        rows = [rows, vec![row("A", "1")]].concat();
        rows.dedup();
        match shorten {
            true => drop(folder.file(store::JOURNAL, "@generation")),
            false => fs::remove_file(folder.join(store::JOURNAL)).unwrap(),
        }
        let error = store.append(&batch(&[("B", "2")], &[], &[])).unwrap_err();
        assert!(error.to_string().contains("parameters.journal"), "{error}");
        assert!(store.wants_checkpoint(0));
        store.checkpoint(&mut rows.into_iter()).unwrap();
        set(&mut store, "C", "3");
        let (mut store, loaded) = open(&folder);
        assert_eq!(values(&loaded), ["A=1", "C=3"]);
        store.checkpoint(&mut [row("A", "1")].into_iter()).unwrap();
    }
}
