//! The store on the file system of the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::csv::{MAX_LINE_BYTES, Trailer};
use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::store::{self, LoadedFrom, Store, StoreError};
use cwmpd::datamodel::types::ParamType;
use cwmpd_lab::Folder;

/// The files in the folder, by name.
pub fn names(folder: &Folder) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

fn rows(value: &str) -> Vec<Row> {
    let kind = RowKind::Parameter(ParamType::of(XsdType::String));
    vec![Row {
        value: Some(value.to_owned()),
        ..Row::new("ManagementServer.URL", kind)
    }]
}

fn load(folder: &Path) -> store::Loaded {
    Store::new(folder).load()
}

fn save(folder: &Path, value: &str) {
    let mut store = Store::new(folder);
    store.load();
    checkpoint(&mut store, rows(value)).unwrap();
}

fn checkpoint(store: &mut Store, rows: Vec<Row>) -> Result<(), StoreError> {
    store.checkpoint(&mut rows.into_iter())
}

#[test]
fn the_state_is_found_again_readable_by_its_owner_alone() {
    let folder = Folder::new("again");
    assert_eq!(load(&folder).from, LoadedFrom::Nothing);
    save(&folder, "one");
    save(&folder, "two");
    let loaded = load(&folder);
    assert_eq!((loaded.rows, loaded.from), (rows("two"), LoadedFrom::Data));
    assert_eq!(loaded.notices, Vec::<String>::new());
    assert_eq!(names(&folder), [store::DATA, store::PREVIOUS]);
    for name in names(&folder) {
        let mode = fs::metadata(folder.join(&name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// Values of every length put what stands behind them at every offset from a word's boundary: the
/// original read packed structures there, and died of it on MIPS. Here rows are text.
#[test]
fn w04_rows_are_found_again_at_every_offset_of_the_file() {
    let folder = Folder::new("offsets");
    let kind = || RowKind::Parameter(ParamType::of(XsdType::String));
    let rows: Vec<Row> = (1..200)
        .map(|length| Row {
            value: Some("é;%\n"[..].chars().cycle().take(length).collect()),
            ..Row::new(format!("X.P{length:03}"), kind())
        })
        .collect();
    let mut store = Store::new(folder.path());
    store.load();
    checkpoint(&mut store, rows.clone()).unwrap();
    let text = fs::read_to_string(folder.join("parameters.data")).unwrap();
    let mut offsets: Vec<_> = text.match_indices("X.P").map(|(at, _)| at % 16).collect();
    offsets.sort_unstable();
    offsets.dedup();
    assert_eq!(offsets, (0..16).collect::<Vec<_>>());
    assert!(load(&folder).rows == rows);
}

#[test]
fn w01_long_values_survive_a_restart() {
    let folder = Folder::new("long");
    for length in [1000, 5000] {
        let value = "v".repeat(length);
        save(&folder, &value);
        assert_eq!(load(&folder).rows, rows(&value));
    }
}

#[test]
fn a_torn_file_is_put_aside_and_the_generation_before_holds() {
    let folder = Folder::new("torn");
    save(&folder, "one");
    save(&folder, "two");
    let whole = fs::read(folder.join(store::DATA)).unwrap();
    folder.file(store::DATA, &whole[..whole.len() / 2]);
    let loaded = load(&folder);
    assert_eq!(
        (loaded.rows, loaded.from),
        (rows("one"), LoadedFrom::Previous)
    );
    assert!(
        loaded.notices[0].contains("parameters.data is not used: its checksum")
            || loaded.notices[0].contains("parameters.data is not used: its end"),
        "{:?}",
        loaded.notices
    );
    assert_eq!(names(&folder), [store::DATA, store::CORRUPT]);
    save(&folder, "three");
    assert_eq!(load(&folder).rows, rows("three"));
    assert_eq!(
        fs::read(folder.join(store::CORRUPT)).unwrap(),
        &whole[..whole.len() / 2]
    );
}

#[test]
fn damage_without_end_keeps_the_last_two_damaged_files() {
    let folder = Folder::new("damage");
    for text in ["first", "second", "third"] {
        folder.file(store::DATA, text);
        assert_eq!(load(&folder).from, LoadedFrom::Damaged);
    }
    assert_eq!(names(&folder), [store::CORRUPT, store::CORRUPT_PREVIOUS]);
    assert_eq!(fs::read(folder.join(store::CORRUPT)).unwrap(), b"third");
    assert_eq!(
        fs::read(folder.join(store::CORRUPT_PREVIOUS)).unwrap(),
        b"second"
    );
}

#[test]
fn a_file_edited_by_hand_is_taken_where_it_says_so() {
    let folder = Folder::new("edited");
    let text = "A.B;STRING;0;0;0;0;0;0;;x\nA,C;STRING\n**\n";
    folder.file(store::DATA, text);
    let loaded = load(&folder);
    assert_eq!((loaded.rows.len(), loaded.from), (2, LoadedFrom::Data));
    assert_eq!(loaded.rows[1].value.as_deref(), Some("A,C;STRING"));
    let notice = &loaded.notices[0];
    assert!(notice.contains("parameters.data:2: column 1"), "{notice}");
}

#[test]
fn b12_a_line_that_is_not_carried_along_is_not_said_to_be_kept() {
    let folder = Folder::new("carried");
    let long = "x".repeat(MAX_LINE_BYTES);
    let text = format!("A.B;STRING;0;0;0;0;0;0;;x\n%new line\n%{long}\n**\n");
    folder.file(store::DATA, text);
    let loaded = load(&folder);
    assert_eq!(loaded.rows.len(), 2);
    let [kept, gone] = &*loaded.notices else {
        panic!("{:?}", loaded.notices)
    };
    assert!(kept.contains(":2: ") && kept.contains("is kept"), "{kept}");
    assert!(gone.contains(":3: ") && gone.contains("is gone"), "{gone}");
}

#[test]
fn an_absent_folder_is_a_clear_error() {
    let folder = Folder::new("absent");
    let absent = folder.join("none");
    let mut store = Store::new(&absent);
    assert_eq!(store.load().from, LoadedFrom::Nothing);
    let error = checkpoint(&mut store, rows("x")).unwrap_err().to_string();
    assert!(
        error.contains("none/parameters.data") && error.contains("make the folder"),
        "{error}"
    );
    let error = store::read_model(&absent).unwrap_err().to_string();
    assert!(error.starts_with("cannot read "), "{error}");
}

#[test]
fn nothing_older_is_left_after_forgetting() {
    let folder = Folder::new("forget");
    folder.file(store::CORRUPT, "old");
    save(&folder, "secret");
    let mut store = Store::new(folder.path());
    store.load();
    checkpoint(&mut store, rows("new")).unwrap();
    store.forget_older().unwrap();
    assert_eq!(names(&folder), [store::DATA]);
    assert_eq!(load(&folder).rows, rows("new"));
}

#[test]
fn all_model_files_of_a_folder_are_read_in_the_order_of_their_names() {
    let folder = Folder::new("model");
    folder.file("b.csv", "B.X;STRING\nB.Y;WRONG\n");
    folder.file("a.csv", "A.X;STRING\n");
    folder.file("parameters.data", "C.X;STRING\n");
    let files = store::read_model(&folder).unwrap();
    let paths: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(paths, [folder.join("a.csv"), folder.join("b.csv")]);
    assert_eq!(files[1].1.errors[0].0, 2);
    assert_eq!(files[0].1.trailer, Trailer::Missing);
}
