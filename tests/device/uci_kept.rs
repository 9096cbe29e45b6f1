//! The package whose last good text is kept: whatever happens to its file, it goes on.

use std::fs;
use std::path::PathBuf;

use cwmpd::datamodel::source::{Reading, Source};
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;
use nix::fcntl::{Flock, FlockArg};

use crate::uci_source::{Served, value};

const GOOD: &str = "\
config acs 'acs'
\toption url 'https://acs.example/'

config cpe
\toption port 7547
\toption userid 'caller'

config luup 'luup'
";

const URL: &str = "p.acs.url";
const USER: &str = "p.cpe.userid";

/// A box whose package `p` was good once, if `text` is.
fn kept(test: &str, text: &str) -> Served {
    let folder = Folder::new(test);
    folder.file("p", text);
    let mut box_ = Served::of(folder);
    keep(&mut box_);
    box_
}

fn copy(box_: &Served) -> PathBuf {
    box_.folder.join("state.good")
}

fn keep(box_: &mut Served) {
    let path = copy(box_);
    box_.source.keep_last_good("p", Some(&path));
    box_.source.keep();
}

fn restart(box_: &mut Served) {
    box_.restart();
    keep(box_);
}

fn trouble(source: &UciSource) -> Option<String> {
    source.known("p").unwrap().trouble
}

fn assert_goes_on(box_: &mut Served, case: &str) {
    assert_eq!(box_.get(URL), value("https://acs.example/"), "{case}");
    assert_eq!(box_.get(USER), value("caller"), "{case}");
    let trouble = trouble(&box_.source).unwrap_or_else(|| panic!("{case}: in silence"));
    assert!(trouble.contains("/p"), "{case}: {trouble}");
    assert!(
        trouble.contains("the last good settings go on"),
        "{trouble}"
    );
    assert_eq!(fs::read_to_string(copy(box_)).unwrap(), GOOD, "{case}");
}

/// Texts that are damaged, and words that say how.
fn damages() -> Vec<(&'static str, Vec<u8>)> {
    let bad_line = GOOD.replace("\toption port", "\toptoin port");
    vec![
        ("it is empty", Vec::new()),
        ("it is empty", b"\n# nothing\n".to_vec()),
        ("p:5: invalid command", bad_line.into_bytes()),
        ("unterminated '", b"config acs 'acs\n".to_vec()),
        ("NUL byte", vec![0; 512]),
        ("larger than", vec![b'#'; (1 << 20) + 1]),
    ]
}

#[test]
fn s01_a_damaged_file_takes_nothing_away_neither_now_nor_after_a_restart() {
    let mut box_ = kept("damaged", GOOD);
    for (words, text) in damages() {
        fs::write(box_.folder.join("p"), &text).unwrap();
        box_.source.refresh();
        assert_goes_on(&mut box_, words);
        assert!(trouble(&box_.source).unwrap().contains(words), "{words}");
        assert!(box_.source.is_to_be_tried_again(), "{words}");
        restart(&mut box_);
        assert_goes_on(&mut box_, words);
        box_.write("p", GOOD);
        assert!(box_.source.refresh(), "{words}");
        assert_eq!(trouble(&box_.source), None, "{words}");
        assert!(!box_.source.is_to_be_tried_again(), "{words}");
    }
    fs::remove_file(box_.folder.join("p")).unwrap();
    box_.source.refresh();
    assert_goes_on(&mut box_, "gone");
    restart(&mut box_);
    assert_goes_on(&mut box_, "gone");
}

#[test]
fn s01_a_file_that_is_cut_off_at_any_byte_takes_nothing_away() {
    let mut box_ = kept("torn", GOOD);
    let whole = GOOD.trim_end().len();
    for length in 0..whole {
        box_.write("p", &GOOD[..length]);
        box_.source.refresh();
        assert_goes_on(&mut box_, &format!("{length} bytes"));
        restart(&mut box_);
        assert_goes_on(&mut box_, &format!("{length} bytes at the start"));
    }
    box_.write("p", &GOOD[..whole]);
    box_.source.refresh();
    assert_eq!(trouble(&box_.source), None, "only a line feed is missing");
}

#[test]
fn s01_an_edit_that_takes_the_end_away_is_taken_where_it_cannot_be_a_cut() {
    let shorter = "config acs 'acs'\n\toption url 'https://acs.example/'\n";
    for edit in ["renamed", "marked"] {
        let mut box_ = kept(edit, GOOD);
        match edit {
            "renamed" => {
                box_.write("p.new", shorter);
                fs::rename(box_.folder.join("p.new"), box_.folder.join("p")).unwrap();
            }
            _ => box_.write("p", &format!("{shorter}# the end\n")),
        }
        box_.source.refresh();
        assert_eq!(trouble(&box_.source), None, "{edit}");
        assert_eq!(box_.get(USER), Reading::Absent, "{edit}");
    }
}

#[test]
fn s01_a_lock_of_another_program_is_not_waited_for_and_takes_nothing_away() {
    let mut box_ = kept("locked", GOOD);
    box_.write("p", &GOOD.replace("caller", "other"));
    let theirs = fs::File::open(box_.folder.join("p")).unwrap();
    let theirs = Flock::lock(theirs, FlockArg::LockExclusive).ok().unwrap();
    let start = std::time::Instant::now();
    for _ in 0..20 {
        box_.source.refresh();
        box_.source.try_again();
    }
    restart(&mut box_);
    assert!(start.elapsed().as_millis() < 400, "{:?}", start.elapsed());
    assert_goes_on(&mut box_, "locked");
    assert!(box_.source.is_to_be_tried_again());
    drop(theirs);
    box_.source.try_again();
    assert!(box_.source.refresh());
    assert_eq!(box_.get(USER), value("other"));
    assert_eq!(trouble(&box_.source), None);
}

#[test]
fn s01_a_failed_read_is_tried_again_though_the_file_is_the_same() {
    let mut box_ = kept("failed", GOOD);
    fs::remove_file(box_.folder.join("p")).unwrap();
    fs::create_dir(box_.folder.join("p")).unwrap();
    box_.source.refresh();
    assert_goes_on(&mut box_, "a folder");
    assert!(box_.source.is_to_be_tried_again());
    fs::remove_dir(box_.folder.join("p")).unwrap();
    box_.write("p", GOOD);
    box_.source.try_again();
    assert_eq!(trouble(&box_.source), None);
}

#[test]
fn s01_without_a_last_good_text_the_good_lines_count() {
    let bad = GOOD.replace("\toption port 7547", "\toption port 7547 7548");
    let mut box_ = kept("first", &bad);
    assert_eq!(box_.get(URL), value("https://acs.example/"));
    assert_eq!(box_.get(USER), value("caller"));
    assert_eq!(box_.get("p.cpe.port"), Reading::Absent);
    let why = trouble(&box_.source).unwrap();
    assert!(
        why.ends_with("/p: it has lines that cannot be read; the others are used"),
        "{why}"
    );
    assert!(!copy(&box_).exists(), "that is not good enough to be kept");
    // What follows a bad section line is nobody's.
    let bad = GOOD.replace("config cpe", "confg cpe");
    let mut box_ = kept("section", &bad);
    assert_eq!(box_.get(URL), value("https://acs.example/"));
    assert_eq!(box_.get(USER), Reading::Absent);
    let written = box_.source.known("p").unwrap().document.unwrap().written();
    let lost: Vec<u32> = written.lost.iter().map(|lost| lost.line).collect();
    assert_eq!(lost, [4, 5, 6]);
}

#[test]
fn s01_garbage_without_a_last_good_text_is_not_known() {
    for garbage in [
        vec![0; 4096],
        vec![b'\n'; (1 << 20) + 1],
        b"x\n".repeat(100),
    ] {
        let folder = Folder::new("garbage");
        folder.file("p", &garbage);
        let mut box_ = Served::of(folder);
        keep(&mut box_);
        assert_eq!(box_.get(URL), Reading::Unknown);
        assert!(trouble(&box_.source).unwrap().contains("the defaults"));
    }
}

#[test]
fn s01_a_change_mends_the_file_and_puts_the_damaged_text_aside() {
    for (words, text) in damages() {
        let mut box_ = kept("mended", GOOD);
        fs::write(box_.folder.join("p"), &text).unwrap();
        box_.source.refresh();
        box_.stage(USER, "new").unwrap();
        box_.source.commit().unwrap();
        assert_eq!(box_.text("p"), GOOD.replace("caller", "new"), "{words}");
        assert_eq!(trouble(&box_.source), None, "{words}");
        if text.len() < 1 << 20 {
            let aside = fs::read(box_.folder.join("state.corrupt")).unwrap();
            assert_eq!(aside, text, "{words}");
        }
    }
    // The good lines of a file that was never good stay, and the bad one for people to look at.
    let bad = GOOD.replace("\toption port 7547", "\toption port 7547 7548");
    let mut box_ = kept("first", &bad);
    box_.stage(USER, "new").unwrap();
    box_.source.commit().unwrap();
    let mended = bad.replace("\toption port", "#\toption port");
    assert_eq!(box_.text("p"), mended.replace("caller", "new"));
}

#[test]
fn s01_a_change_of_a_file_that_is_gone_makes_it_again() {
    let mut box_ = kept("made", GOOD);
    fs::remove_file(box_.folder.join("p")).unwrap();
    box_.source.refresh();
    box_.stage(USER, "new").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(box_.text("p"), GOOD.replace("caller", "new"));
}

#[test]
fn s01_the_copy_is_written_when_a_good_text_is_another_one_and_by_keep_alone() {
    let mut box_ = kept("copy", GOOD);
    let text = |box_: &Served| fs::read_to_string(copy(box_)).unwrap();
    assert_eq!(text(&box_), GOOD);
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let metadata = fs::metadata(copy(&box_)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    box_.source.keep();
    let again = fs::metadata(copy(&box_)).unwrap();
    assert_eq!(again.ino(), metadata.ino(), "written though it is the same");
    box_.stage(USER, "new").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(text(&box_), GOOD);
    box_.source.keep();
    assert_eq!(text(&box_), box_.text("p"));
    box_.source.forget_kept();
    assert!(!copy(&box_).exists());
}

#[test]
fn s03_a_section_without_a_name_is_read_and_written_by_the_name_of_its_type() {
    let text = "config acs\n\toption url 'x'\n\nconfig acs\n\toption url 'y'\n";
    let mut box_ = kept("unnamed", text);
    assert_eq!(box_.get(URL), value("x"));
    box_.stage(URL, "z").unwrap();
    box_.source.commit().unwrap();
    assert_eq!(box_.text("p"), text.replace("'x'", "'z'"));
    // One with the name is meant before one without.
    let text = format!("{text}\nconfig server 'acs'\n\toption url 'n'\n");
    let mut box_ = kept("named", &text);
    assert_eq!(box_.get(URL), value("n"));
}
