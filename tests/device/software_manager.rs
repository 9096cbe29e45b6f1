//! Packages that come and go, with a package manager of our own in place of opkg and apk.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use cwmpd::device::commands::System;
use cwmpd::device::software::{
    PackageManager, PackageWish, PlannedChange, Prospect, SoftwareFiles,
};
use cwmpd::soap::TransferFault;
use cwmpd_lab::Folder;
use cwmpd_lab::packages::{PackageBox, Packager, package_file};

use crate::commands::ALONE;

const BOTH: [Packager; 2] = [Packager::Opkg, Packager::Apk];

struct Managed {
    folder: Folder,
    box_: PackageBox,
    manager: PackageManager,
}

impl Managed {
    fn new(test: &str, packager: Packager) -> Self {
        let folder = Folder::new(test);
        let box_ = PackageBox::new(folder.path(), packager);
        let files = SoftwareFiles::new(Some(folder.path()));
        let manager = PackageManager::new(&files, &System::new(Some(folder.path())));
        Self {
            manager: manager.unwrap(),
            box_,
            folder,
        }
    }

    fn file(&self, name: &str, version: &str, more: &str) -> PathBuf {
        self.folder
            .file("unit.ipk", package_file(name, version, more))
    }

    fn look(&self, wish: PackageWish<'_>) -> Result<Prospect, TransferFault> {
        self.manager.look(wish)
    }

    fn bring(&self, file: &Path) -> Result<Prospect, TransferFault> {
        self.carry_out(PackageWish::File(file))
    }

    fn carry_out(&self, wish: PackageWish<'_>) -> Result<Prospect, TransferFault> {
        let prospect = self.manager.look(wish)?;
        let log = self.folder.join("unit.log");
        let done = self.manager.carry_out(wish, &prospect, &log);
        assert!(!log.exists());
        done.map(|()| prospect)
    }
}

#[test]
fn t47_a_package_comes_from_a_file_is_replaced_by_a_newer_one_and_goes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for packager in BOTH {
        let managed = Managed::new("comes", packager);
        let first = managed.file("tool", "1-r1", "Depends: libc\n");
        let came = managed.bring(&first).unwrap();
        assert_eq!(
            (&*came.name, &*came.version),
            ("tool", "1-r1"),
            "{packager:?}"
        );
        assert_eq!((came.before, came.change), (None, PlannedChange::Comes));
        assert!(managed.box_.has("tool", "1-r1"));
        // The same once more stays, and an older one is no update.
        let again = managed.look(PackageWish::File(&first)).unwrap();
        assert_eq!(again.change, PlannedChange::Stays);
        let newer = managed.file("tool", "3-r1", "");
        assert_eq!(
            managed.bring(&newer).unwrap().before.as_deref(),
            Some("1-r1")
        );
        let older = managed.file("tool", "2-r1", "");
        let older = managed.look(PackageWish::File(&older)).unwrap();
        let backwards = [PlannedChange::IsNewer, PlannedChange::GoesBack];
        assert!(backwards.contains(&older.change), "{older:?}");
        assert!(managed.box_.has("tool", "3-r1"), "looking changes nothing");
        managed.carry_out(PackageWish::Gone("tool")).unwrap();
        assert!(!managed.box_.list().contains("tool"));
    }
}

#[test]
fn t47_what_a_package_needs_comes_from_the_feeds_whose_lists_are_fetched_for_it() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for packager in BOTH {
        let managed = Managed::new("needs", packager);
        managed.box_.feed("libx", "1", "");
        let file = managed.file("tool", "1", "Depends: libc, libx\n");
        managed.bring(&file).unwrap();
        assert!(managed.box_.has("libx", "1") && managed.box_.has("tool", "1"));
        assert_eq!(managed.box_.log().matches(" update\n").count(), 1);
        let needed = managed.look(PackageWish::Gone("libx")).unwrap_err();
        assert_eq!(needed.code, 9029, "{}", needed.string);
        let nowhere = managed.file("other", "1", "Depends: nowhere\n");
        let fault = managed.bring(&nowhere).unwrap_err();
        assert_eq!(fault.code, 9025, "{}", fault.string);
        // A newer one that the feeds have.
        managed.box_.feed("tool", "2", "");
        let newest = PackageWish::Newest("tool");
        assert_eq!(&*managed.carry_out(newest).unwrap().version, "2");
        assert!(managed.box_.has("tool", "2"));
        let again = managed.look(newest).unwrap();
        assert_eq!(again.change, PlannedChange::Stays);
    }
}

#[test]
fn t42_what_the_package_manager_says_went_wrong_has_its_code_and_changes_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for packager in BOTH {
        let managed = Managed::new("faults", packager);
        let before = managed.box_.list();
        let junk = managed.folder.file("junk.ipk", "<html>");
        assert_eq!(managed.bring(&junk).unwrap_err().code, 9018);
        for (words, code) in [
            ("UNTRUSTED signature", 9001),
            (
                "Only have 8kb available on filesystem /overlay, pkg x needs 900",
                9027,
            ),
        ] {
            let file = managed.file("tool", "1", &format!("Fault: {words}\n"));
            let fault = managed.bring(&file).unwrap_err();
            assert_eq!(fault.code, code, "{}", fault.string);
            assert!(fault.string.contains(words), "{}", fault.string);
        }
        assert_eq!(managed.box_.list(), before);
    }
}

#[test]
fn t50_nothing_takes_away_or_sets_back_the_agent_or_what_it_needs() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for packager in BOTH {
        let managed = Managed::new("agent", packager);
        let before = managed.box_.list();
        for victim in ["cwmpd", "libssl"] {
            let file = managed.file("rival", "1", &format!("Removes: {victim}\n"));
            let fault = managed.bring(&file).unwrap_err();
            assert_eq!(fault.code, 9001, "{packager:?} {victim}");
            assert!(fault.string.contains(victim), "{}", fault.string);
        }
        let fault = managed.look(PackageWish::Gone("cwmpd")).unwrap_err();
        assert_eq!(fault.code, 9001, "{packager:?}");
        if packager == Packager::Apk {
            let older = managed.file("cwmpd", "1", "");
            assert_eq!(managed.bring(&older).unwrap_err().code, 9001);
        }
        assert_eq!(managed.box_.list(), before);
    }
}

#[test]
fn t51_a_box_without_a_package_manager_says_so() {
    let folder = Folder::new("unmanaged");
    let files = SoftwareFiles::new(Some(folder.path()));
    let system = System::new(Some(folder.path()));
    let why = PackageManager::new(&files, &system).err().unwrap();
    assert!(why.contains("neither opkg nor apk"), "{why}");
    folder.file("status", "");
    PackageBox::new(folder.path(), Packager::Opkg);
    std::fs::remove_file(folder.join("opkg")).unwrap();
    let why = PackageManager::new(&files, &system).err().unwrap();
    assert!(why.contains("has no opkg"), "{why}");
}
