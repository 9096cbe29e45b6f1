//! Firmware: tried, flashed, judged after the boot.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use cwmpd::base::config::{TlsConfig, TransferConfig};
use cwmpd::base::secret::Secret;
use cwmpd::cwmp::{Direction, FileType, Installed, TransferOrder};
use cwmpd::device::commands::System;
use cwmpd::device::install::Installer;
use cwmpd_lab::Folder;
use cwmpd_lab::home::wait_for;
use cwmpd_lab::openwrt::{BOARD, Mishap, OpenWrt, Release, image};

/// A box with its programs, and what installs files in it.
pub struct InstallBox {
    pub dir: Folder,
    pub system: OpenWrt,
    pub installer: Installer,
}

impl InstallBox {
    pub fn new(release: Release) -> Self {
        let dir = Folder::new("install");
        for part in ["config", "model", "run", "www", "root"] {
            fs::create_dir(dir.join(part)).unwrap();
        }
        fs::write(dir.join("model/device.csv"), "rows of the ROM\n").unwrap();
        let system = OpenWrt::new(&dir, release);
        fs::write(dir.join("config/network"), "config interface 'lan'\n").unwrap();
        fs::write(dir.join("config/cwmpd"), "config acs 'acs'\n").unwrap();
        fs::write(dir.join("model/parameters.data"), "state\n").unwrap();
        let transfer = TransferConfig {
            web_folder: dir.join("www"),
            release_file: system.release_file(),
            ..TransferConfig::default()
        };
        let installer = Installer {
            system: System::new(Some(&dir.join("bin"))),
            transfer,
            tls: TlsConfig::default(),
            other_tls: Vec::new(),
            config_dir: dir.join("config"),
            model_dir: dir.join("model"),
            run_dir: dir.join("run"),
            root: dir.join("root"),
        };
        Self {
            dir,
            system,
            installer,
        }
    }

    /// A file that was downloaded.
    pub fn downloaded(&self, content: impl AsRef<[u8]>) -> PathBuf {
        self.dir.file("run/download", content)
    }

    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(name)).ok()
    }

    /// Waits until the box went down, and lets it come up.
    pub fn went_down(&self) {
        wait_for("the box to go down", || {
            fs::remove_file(self.dir.join("went-down")).ok()
        });
        let _ = fs::create_dir(self.dir.join("run"));
    }
}

pub fn order(file_type: FileType) -> TransferOrder {
    TransferOrder {
        number: 7,
        direction: Direction::Download,
        file_type,
        url: "http://files.example.net/path/file.bin?query".to_owned(),
        username: String::new(),
        password: Secret::new(String::new()),
        file_size: 0,
        target_file_name: String::new(),
    }
}

pub const RELEASES: [Release; 3] = [Release::V14, Release::V24, Release::V25];

pub fn new_image(release: Release) -> Vec<u8> {
    image(BOARD, "2.0", "r2-000002", release != Release::V14)
}

#[test]
fn t24_an_upgrade_that_keeps_settings_keeps_them_and_is_told_as_done() {
    for release in RELEASES {
        let here = InstallBox::new(release);
        let file = here.downloaded(new_image(release));
        let order = order(FileType::Firmware);
        here.installer.accepts(&order, None).unwrap();
        let going = here.installer.install(&order, &file);
        assert_eq!(going, Ok(Installed::GoingDown), "{release:?}");
        here.went_down();
        assert_eq!(
            here.installer.judge(&order),
            Ok(Installed::Done),
            "{release:?}"
        );
        assert_eq!(here.read("model/parameters.data").unwrap(), "state\n");
        assert!(here.read("config/network").is_some());
        let shown = file.display();
        let calls = [
            format!("sysupgrade -T {shown}"),
            format!("sysupgrade {shown}"),
        ];
        assert_eq!(here.system.calls(), calls);
        here.installer.settle(order.number);
        let left = fs::read_dir(here.dir.join("model")).unwrap().count();
        assert_eq!(left, 2, "the rows and the state");
    }
}

#[test]
fn t24_one_that_keeps_only_the_way_to_the_acs_keeps_that() {
    for release in RELEASES {
        let mut here = InstallBox::new(release);
        fs::write(here.dir.join("root/ca.pem"), "a root\n").unwrap();
        fs::write(here.dir.join("config/wireless"), "config wifi-iface\n").unwrap();
        fs::write(here.dir.join("model/device.csv"), "edited\n").unwrap();
        here.installer.tls.ca_file = Some(here.dir.join("root/ca.pem"));
        here.installer.transfer.keep_settings = false;
        here.installer.transfer.keep = vec![here.dir.join("config/network")];
        let file = here.downloaded(new_image(release));
        let order = order(FileType::Firmware);
        let going = here.installer.install(&order, &file);
        assert_eq!(going, Ok(Installed::GoingDown), "{release:?}");
        here.went_down();
        assert_eq!(
            here.installer.judge(&order),
            Ok(Installed::Done),
            "{release:?}"
        );
        assert_eq!(here.read("model/parameters.data").unwrap(), "state\n");
        assert_eq!(here.read("config/cwmpd").unwrap(), "config acs 'acs'\n");
        assert_eq!(
            here.read("config/network").unwrap(),
            "config interface 'lan'\n"
        );
        assert_eq!(here.read("root/ca.pem").unwrap(), "a root\n");
        assert_eq!(here.read("config/wireless"), None);
        assert_eq!(here.read("model/device.csv").unwrap(), "rows of the ROM\n");
        assert!(here.system.calls()[1].starts_with("sysupgrade -n -f "));
    }
}

#[test]
fn t21_an_image_for_another_box_is_never_flashed() {
    for release in RELEASES {
        let here = InstallBox::new(release);
        let file = here.downloaded(image("other,box", "2.0", "r2", true));
        let order = order(FileType::Firmware);
        let refused = here.installer.install(&order, &file).unwrap_err();
        assert_eq!(refused.code, 9018);
        assert!(refused.string.contains("Image check"), "{}", refused.string);
        assert!(refused.string.len() <= 256);
        assert_eq!(here.system.calls().len(), 1, "the test alone");
        assert_eq!(fs::read_dir(here.dir.join("model")).unwrap().count(), 2);
    }
}

#[test]
fn t70_an_image_without_signature_is_refused_for_that_where_nothing_else_is_wrong() {
    let here = InstallBox::new(Release::V24);
    let order = order(FileType::Firmware);
    for (signature, board, code) in [
        ("wanted", BOARD, 9019),
        ("wanted", "other,box", 9018),
        ("looked for", "other,box", 9018),
    ] {
        fs::write(here.dir.join("signature"), signature).unwrap();
        let file = here.downloaded(image(board, "2.0", "r2", true));
        let refused = here.installer.install(&order, &file).unwrap_err();
        assert_eq!(refused.code, code, "{signature}, {board}: {refused:?}");
    }
}

#[test]
fn t23_a_flash_that_never_happened_is_told_as_one_that_failed() {
    for release in RELEASES {
        for mishap in [Mishap::NotFlashed, Mishap::OldAgain] {
            let here = InstallBox::new(release);
            here.system.mishap(Some(mishap));
            let file = here.downloaded(new_image(release));
            let order = order(FileType::Firmware);
            here.installer.install(&order, &file).unwrap();
            here.went_down();
            let judged = here.installer.judge(&order).unwrap_err();
            assert_eq!(judged.code, 9010, "{}", judged.string);
            assert!(judged.string.contains("r1-000001"), "{}", judged.string);
        }
        let here = InstallBox::new(release);
        let judged = here
            .installer
            .judge(&order(FileType::Firmware))
            .unwrap_err();
        assert_eq!(judged.code, 9010, "{}", judged.string);
    }
}

#[test]
fn t23_the_same_version_again_is_told_by_what_the_flash_left_behind() {
    for keep_settings in [true, false] {
        let mut here = InstallBox::new(Release::V24);
        here.installer.transfer.keep_settings = keep_settings;
        let same = image(BOARD, "1.0", "r1-000001", true);
        let file = here.downloaded(&same);
        let order = order(FileType::Firmware);
        here.installer.install(&order, &file).unwrap();
        here.went_down();
        assert_eq!(here.installer.judge(&order), Ok(Installed::Done));
        here.installer.settle(order.number);
        here.system.mishap(Some(Mishap::NotFlashed));
        let file = here.downloaded(&same);
        here.installer.install(&order, &file).unwrap();
        here.went_down();
        assert_eq!(here.installer.judge(&order).unwrap_err().code, 9010);
    }
}

#[test]
fn t23_a_flash_that_goes_on_is_not_judged() {
    let here = InstallBox::new(Release::V24);
    let file = here.downloaded(new_image(Release::V24));
    let order = order(FileType::Firmware);
    here.installer.install(&order, &file).unwrap();
    // The agent started anew before the box went down.
    fs::create_dir_all(here.dir.join("run")).unwrap();
    fs::write(here.dir.join("run/flash.7.log"), "Commencing upgrade").unwrap();
    assert_eq!(here.installer.judge(&order), Ok(Installed::GoingDown));
    here.went_down();
}

#[test]
fn t22_note_and_marker_are_on_flash_before_it_begins() {
    let here = InstallBox::new(Release::V24);
    here.system.mishap(Some(Mishap::NotFlashed));
    let file = here.downloaded(new_image(Release::V24));
    here.installer
        .install(&order(FileType::Firmware), &file)
        .unwrap();
    assert!(here.read("model/flash.7").unwrap().contains("r2-000002"));
    assert!(here.read("model-flash.7").is_some());
    here.went_down();
}

#[test]
fn t38_a_flash_that_does_not_begin_is_told_at_once_with_the_reason() {
    for release in RELEASES {
        let here = InstallBox::new(release);
        here.system.mishap(Some(Mishap::Refused));
        let file = here.downloaded(new_image(release));
        let failed = here.installer.install(&order(FileType::Firmware), &file);
        let failed = failed.unwrap_err();
        assert_eq!(failed.code, 9010);
        assert!(
            failed.string.contains("Could not open mtd device"),
            "{}",
            failed.string
        );
        assert_eq!(fs::read_dir(here.dir.join("model")).unwrap().count(), 2);
        assert!(here.read("model-flash.7").is_none());
    }
}

#[test]
fn t32_a_sysupgrade_that_hangs_floods_or_is_absent_fails_the_transfer() {
    let mut here = InstallBox::new(Release::V24);
    here.installer.system.limit = Duration::from_millis(300);
    let file = here.downloaded(new_image(Release::V24));
    let order = order(FileType::Firmware);
    here.system.mishap(Some(Mishap::Hangs));
    assert_eq!(
        here.installer.install(&order, &file).unwrap_err().code,
        9002
    );
    here.installer.system.limit = Duration::from_secs(30);
    here.system.mishap(Some(Mishap::Floods));
    let flooded = here.installer.install(&order, &file).unwrap_err();
    assert_eq!(flooded.code, 9018);
    assert!(flooded.string.chars().count() <= 256, "{}", flooded.string);
    fs::remove_file(here.dir.join("bin/sysupgrade")).unwrap();
    assert_eq!(here.installer.accepts(&order, None).unwrap_err().code, 9001);
    assert_eq!(
        here.installer.install(&order, &file).unwrap_err().code,
        9002
    );
}

#[test]
fn t31_no_word_of_an_acs_reaches_a_program() {
    let mut here = InstallBox::new(Release::V24);
    here.installer.transfer.rollback = Duration::ZERO;
    let hostile = "$(reboot) `reboot`;reboot -rf";
    for (file_type, content) in [
        (FileType::Firmware, new_image(Release::V24)),
        (
            FileType::VendorConfiguration(None),
            b"package network\n".to_vec(),
        ),
        (FileType::WebContent, b"page".to_vec()),
        (
            FileType::Vendor(format!("X 001122 {hostile}")),
            b"ding".to_vec(),
        ),
    ] {
        let file = here.downloaded(content);
        let order = TransferOrder {
            url: format!("http://files.example.net/{hostile}"),
            username: hostile.to_owned(),
            password: Secret::new(hostile.to_owned()),
            target_file_name: hostile.to_owned(),
            ..order(file_type)
        };
        let _ = here.installer.accepts(&order, None);
        let _ = here.installer.install(&order, &file);
    }
    for call in here.system.calls() {
        assert!(!call.contains("reboot") && !call.contains("-rf"), "{call}");
    }
    assert_eq!(here.read(&format!("www/{hostile}")).unwrap(), "page");
}
