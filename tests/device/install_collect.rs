//! What an Upload sends: whole, of one moment, and not without end.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cwmpd::cwmp::{Direction, FileType, TransferOrder};
use cwmpd_lab::openwrt::{Mishap, Release};

use crate::install_firmware::{InstallBox, RELEASES, order};

fn upload(file_type: FileType) -> TransferOrder {
    TransferOrder {
        direction: Direction::Upload,
        ..order(file_type)
    }
}

#[test]
fn t29_a_backup_is_an_archive_of_the_configuration() {
    for release in RELEASES {
        let here = InstallBox::new(release);
        let to = here.dir.join("run/upload");
        for file_type in [
            FileType::VendorConfiguration(None),
            FileType::VendorConfiguration(Some(1)),
        ] {
            let order = upload(file_type.clone());
            here.installer.accepts(&order, Some(Path::new(""))).unwrap();
            here.installer
                .collect(&file_type, Some(Path::new("")), &to)
                .unwrap();
            let listed = Command::new("tar").arg("-tzf").arg(&to).output().unwrap();
            let listed = String::from_utf8(listed.stdout).unwrap();
            assert!(listed.contains("config/network"), "{listed}");
        }
    }
}

#[test]
fn t29_a_backup_that_is_cut_or_hangs_is_not_sent() {
    for release in RELEASES {
        let mut here = InstallBox::new(release);
        here.installer.system.limit = Duration::from_millis(500);
        let to = here.dir.join("run/upload");
        for mishap in [Mishap::CutBackup, Mishap::Hangs] {
            here.system.mishap(Some(mishap));
            let failed = here
                .installer
                .collect(&FileType::VendorConfiguration(None), None, &to);
            assert_eq!(failed.unwrap_err().code, 9011, "{release:?} {mishap:?}");
            assert!(!to.exists());
        }
    }
}

#[test]
fn t29_a_log_is_what_logread_says_and_has_an_end() {
    let mut here = InstallBox::new(Release::V24);
    let to = here.dir.join("run/upload");
    let log = FileType::VendorLog(None);
    here.installer.accepts(&upload(log.clone()), None).unwrap();
    here.installer.collect(&log, None, &to).unwrap();
    let text = fs::read_to_string(&to).unwrap();
    assert_eq!(text.lines().count(), 100);
    here.system.mishap(Some(Mishap::Floods));
    let failed = here.installer.collect(&log, None, &to).unwrap_err();
    assert_eq!(failed.code, 9011, "{}", failed.string);
    assert!(!to.exists());
    here.system.mishap(Some(Mishap::Hangs));
    here.installer.system.limit = Duration::from_millis(200);
    assert_eq!(
        here.installer.collect(&log, None, &to).unwrap_err().code,
        9011
    );
    fs::remove_file(here.dir.join("bin/logread")).unwrap();
    assert_eq!(
        here.installer.accepts(&upload(log), None).unwrap_err().code,
        9001
    );
}

#[test]
fn t59_a_file_with_a_number_is_sent_as_it_is_and_nothing_else() {
    let here = InstallBox::new(Release::V24);
    let to = here.dir.join("run/upload");
    let file = here.dir.file("root/firewall.user", "rules\n");
    let second = FileType::VendorConfiguration(Some(2));
    let order = upload(second.clone());
    here.installer.accepts(&order, Some(&file)).unwrap();
    here.installer.collect(&second, Some(&file), &to).unwrap();
    assert_eq!(fs::read_to_string(&to).unwrap(), "rules\n");
    assert_eq!(here.installer.accepts(&order, None).unwrap_err().code, 9003);
    for odd in ["root", "root/absent"] {
        let odd = here.dir.join(odd);
        assert_eq!(
            here.installer.accepts(&order, Some(&odd)).unwrap_err().code,
            9011
        );
        assert_eq!(
            here.installer
                .collect(&second, Some(&odd), &to)
                .unwrap_err()
                .code,
            9011
        );
    }
    let sounds = FileType::Vendor("X 001122 Sounds".to_owned());
    assert_eq!(
        here.installer
            .accepts(&upload(sounds), None)
            .unwrap_err()
            .code,
        9003
    );
}
