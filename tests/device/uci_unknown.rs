//! Packages that cannot be read: now, any more, or at all.

use std::cell::RefCell;
use std::fs;

use cwmpd::datamodel::source::{Reading, Source, SourceError};
use cwmpd_lab::Folder;
use nix::fcntl::{Flock, FlockArg};

use crate::uci_source::{Served, value};

const GOOD: &str = "config a 'x'\n\toption o '1'\n";
const BROKEN: &str = "config a 'x'\n\tnonsense\n";

thread_local! {
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.with(|logged| logged.borrow_mut().push(record.args().to_string()));
    }

    fn flush(&self) {}
}

/// What this thread logged since the last call.
pub fn logged() -> Vec<String> {
    // The first call sets it; each test has a thread of its own.
    let _ = log::set_logger(&Recorder);
    log::set_max_level(log::LevelFilter::Warn);
    LOGGED.with(RefCell::take)
}

fn served(test: &str, text: Option<&str>) -> Served {
    logged();
    let folder = Folder::new(test);
    if let Some(text) = text {
        folder.file("p", text);
    }
    Served::of(folder)
}

#[test]
fn a_package_that_was_never_readable_is_unknown() {
    let mut box_ = served("never", Some(BROKEN));
    assert_eq!(box_.get("p.x.o"), Reading::Unknown);
    assert_eq!(box_.list("p.@a", &[]), None);
    let Err(SourceError::Failed(why)) = box_.stage("p.x.o", "2") else {
        unreachable!();
    };
    assert!(why.contains("p:2: invalid command"), "{why}");
    box_.write("p", GOOD);
    assert!(box_.source.refresh());
    assert_eq!(box_.get("p.x.o"), value("1"));
}

#[test]
fn a_package_that_is_damaged_says_what_it_said_before() {
    let mut box_ = served("damaged", Some(GOOD));
    assert_eq!(box_.get("p.x.o"), value("1"));
    assert_eq!(box_.identities("p.@a"), ["x"]);
    box_.write("p", BROKEN);
    box_.source.refresh();
    assert_eq!(box_.get("p.x.o"), value("1"));
    assert_eq!(box_.list("p.@a", &["x"]), None);
    assert!(box_.stage("p.x.o", "2").is_err());
    assert!(box_.remove("p.@a", "x").is_err());
    let table = box_.table("p.@a");
    assert!(box_.source.stage_add(table, &[], 1).is_err());
    assert_eq!(box_.text("p"), BROKEN);
}

#[test]
fn f07_what_a_file_says_that_is_not_there_is_unknown() {
    let mut box_ = served("gone", None);
    assert_eq!(box_.get("p.x.o"), Reading::Unknown);
    assert_eq!(box_.list("p.@a", &[]), None);
    box_.source.refresh();
    assert!(!box_.source.refresh());
    box_.write("p", GOOD);
    assert!(box_.source.refresh());
    assert_eq!(box_.get("p.x.o"), value("1"));
    fs::remove_file(box_.folder.join("p")).unwrap();
    assert!(box_.source.refresh());
    assert_eq!(box_.get("p.x.o"), Reading::Unknown);
    assert_eq!(box_.list("p.@a", &["x"]), None);
    assert!(!box_.source.refresh());
    box_.write("p", GOOD);
    box_.source.refresh();
    assert_eq!(
        box_.list("p.@a", &["x"]),
        Some(vec![("x".to_owned(), None)])
    );
}

#[test]
fn a_locked_package_says_what_it_said_before_and_is_waited_for_once() {
    let mut box_ = served("locked", Some(GOOD));
    assert_eq!(box_.get("p.x.o"), value("1"));
    box_.write("p", &GOOD.replace('1', "22"));
    let theirs = fs::File::open(box_.folder.join("p")).unwrap();
    let theirs = Flock::lock(theirs, FlockArg::LockExclusive).ok().unwrap();
    box_.source.refresh();
    assert_eq!(box_.get("p.x.o"), value("1"));
    assert_eq!(box_.list("p.@a", &["x"]), None);
    let start = std::time::Instant::now();
    for _ in 0..10 {
        box_.source.refresh();
    }
    assert!(start.elapsed().as_millis() < 400, "{:?}", start.elapsed());
    let logged = logged();
    assert!(
        logged.len() == 1 && logged[0].contains("keeps it locked"),
        "{logged:?}"
    );
    drop(theirs);
    assert!(box_.source.refresh(), "though the file is the same");
    assert_eq!(box_.get("p.x.o"), value("22"));
}

#[test]
fn a_package_that_the_system_does_not_give_is_tried_again_at_each_look() {
    let mut box_ = served("system", None);
    fs::create_dir(box_.folder.join("p")).unwrap();
    assert_eq!(box_.get("p.x.o"), Reading::Unknown);
    box_.source.refresh();
    box_.source.refresh();
    assert_eq!(box_.get("p.x.o"), Reading::Unknown);
    let logged = logged();
    assert!(
        logged.len() == 1 && logged[0].contains("no regular file"),
        "{logged:?}"
    );
    fs::remove_dir(box_.folder.join("p")).unwrap();
    box_.source.refresh();
    assert_eq!(box_.get("p.x.o"), Reading::Unknown, "there was something");
}

#[test]
fn what_is_wrong_is_logged_once_for_each_state_of_the_file() {
    let mut box_ = served("logged", Some(BROKEN));
    for _ in 0..3 {
        box_.source.refresh();
        box_.get("p.x.o");
    }
    assert_eq!(logged().len(), 1);
    box_.write("p", "config a 'x'\n\n\tnonsense\n");
    box_.source.refresh();
    box_.source.refresh();
    let second = logged();
    assert!(second.len() == 1 && second[0].contains("p:3"), "{second:?}");
    box_.write("p", GOOD);
    box_.source.refresh();
    assert_eq!(logged(), Vec::<String>::new());
    box_.write("p", "config a 'x'\n\n\tnonsense\n");
    box_.source.refresh();
    assert_eq!(logged().len(), 1, "it was good in between");
}

#[test]
fn f07_a_file_that_is_emptied_is_about_to_be_written() {
    let mut box_ = served("emptied", Some(GOOD));
    assert_eq!(box_.get("p.x.o"), value("1"));
    box_.write("p", "");
    assert!(!box_.source.refresh(), "that is no news");
    assert_eq!(box_.get("p.x.o"), value("1"));
    assert!(box_.source.is_to_be_tried_again());
    box_.write("p", &GOOD.replace('1', "2"));
    assert!(box_.source.refresh());
    assert_eq!(box_.get("p.x.o"), value("2"));
    // Whoever wants it empty leaves it so.
    box_.write("p", "");
    box_.source.refresh();
    assert!(box_.source.refresh());
    assert_eq!(box_.get("p.x.o"), Reading::Absent);
    assert!(!box_.source.is_to_be_tried_again());
}
