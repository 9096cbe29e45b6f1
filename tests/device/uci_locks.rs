//! The lock of a UCI file, which `uci` takes too.

use std::fs;
use std::time::Duration;

use cwmpd::device::uci::{Document, Edit, UciError, load, load_unless_busy, restore, update};
use cwmpd_lab::Folder;

#[test]
fn w24_a_file_that_is_locked_for_long_is_reported_as_busy() {
    let folder = Folder::new("busy");
    let path = folder.join("p");
    fs::write(&path, "config a 'x'\n").unwrap();
    let other = nix::fcntl::Flock::lock(
        fs::File::open(&path).unwrap(),
        nix::fcntl::FlockArg::LockExclusive,
    )
    .ok()
    .unwrap();
    assert!(matches!(load(&folder, "p"), Err(UciError::Busy { .. })));
    let start = std::time::Instant::now();
    let at_once = load_unless_busy(&folder, "p");
    assert!(matches!(at_once, Err(UciError::Busy { .. })));
    assert!(start.elapsed().as_millis() < 25);
    assert!(matches!(
        update(&folder, "p", false, &mut |_| Ok(())),
        Err(UciError::Busy { .. })
    ));
    drop(other);
    assert!(load(&folder, "p").unwrap().is_some());
}

#[test]
fn a_file_that_somebody_else_reads_is_read_and_not_written() {
    let folder = Folder::new("shared");
    let path = folder.file("p", "config a 'x'\n");
    let reader = nix::fcntl::Flock::lock(
        fs::File::open(&path).unwrap(),
        nix::fcntl::FlockArg::LockShared,
    );
    let reader = reader.ok().unwrap();
    let (document, _) = load_unless_busy(&folder, "p").unwrap().unwrap();
    let mut change = |document: &mut Document| document.apply(&[Edit::Remove { section: 0 }]);
    let written = update(&folder, "p", false, &mut change);
    assert!(matches!(written, Err(UciError::Busy { .. })));
    let restored = restore(&folder, "p", document.bytes(), None);
    assert!(matches!(restored, Err(UciError::Busy { .. })));
    drop(reader);
    update(&folder, "p", false, &mut change).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}

#[test]
fn a_file_that_was_replaced_while_its_lock_was_waited_for_is_read_anew() {
    let folder = Folder::new("replaced");
    let path = folder.file("p", "config a 'x'\n");
    let other = nix::fcntl::Flock::lock(
        fs::File::open(&path).unwrap(),
        nix::fcntl::FlockArg::LockExclusive,
    );
    let other = other.ok().unwrap();
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| {
            update(&folder, "p", false, &mut |document: &mut Document| {
                let section = document.find("y").ok_or_else(|| document.no_section("y"))?;
                document.apply(&[Edit::Remove { section }])
            })
        });
        // As `uci commit` does it. Whether the other waits by now does not matter to it.
        std::thread::sleep(Duration::from_millis(60));
        let new = folder.file("new", "config a 'x'\n\nconfig a 'y'\n");
        fs::rename(new, &path).unwrap();
        drop(other);
        waiting.join().unwrap().map(drop).unwrap();
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "config a 'x'\n");
}
