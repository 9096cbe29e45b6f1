//! Plain files: into their folder, as a whole, and nowhere else.

use std::fs;
use std::os::unix::fs::symlink;

use cwmpd::base::config::TypeFolder;
use cwmpd::cwmp::{FileType, Installed};
use cwmpd_lab::openwrt::Release;

use crate::install_firmware::{InstallBox, order};

#[test]
fn t19_no_name_leads_out_of_its_folder_or_onto_what_is_no_file() {
    let here = InstallBox::new(Release::V24);
    let file = here.downloaded("content");
    symlink(here.dir.join("config"), here.dir.join("www/out")).unwrap();
    symlink(here.dir.join("config/network"), here.dir.join("www/link")).unwrap();
    symlink("img", here.dir.join("www/inside")).unwrap();
    fs::create_dir(here.dir.join("www/img")).unwrap();
    let mut order = order(FileType::WebContent);
    for name in [
        "/etc/passwd",
        "../config/network",
        "img/../../config/network",
        "..",
        ".",
        "img/",
        "a//b",
        "out/network",
        "link",
        "img",
        "line\nbreak",
        "nul\0byte",
        ".name.cwmpd-new",
        &"long".repeat(60),
        &"deep/".repeat(60),
    ] {
        order.target_file_name = name.to_owned();
        let refused = here.installer.accepts(&order, None).unwrap_err();
        assert_eq!(refused.code, 9003, "{name:?}: {}", refused.string);
        assert_eq!(
            here.installer.install(&order, &file).unwrap_err().code,
            9010
        );
    }
    assert_eq!(
        here.read("config/network").unwrap(),
        "config interface 'lan'\n"
    );
    for (name, path) in [
        ("page.html", "www/page.html"),
        ("img/logo.png", "www/img/logo.png"),
        ("inside/icon.png", "www/img/icon.png"),
        ("new/folder/-rf", "www/new/folder/-rf"),
        ("", "www/file.bin"),
    ] {
        order.target_file_name = name.to_owned();
        here.installer.accepts(&order, None).unwrap();
        assert_eq!(here.installer.install(&order, &file), Ok(Installed::Done));
        assert_eq!(here.read(path).unwrap(), "content", "{name}");
    }
}

#[test]
fn t30_vendor_files_go_where_uci_says_and_their_service_knows() {
    let mut here = InstallBox::new(Release::V24);
    let sounds = FileType::Vendor("X 001122 Sounds".to_owned());
    let order_of = |file_type: &FileType| order(file_type.clone());
    assert_eq!(
        here.installer
            .accepts(&order_of(&sounds), None)
            .unwrap_err()
            .code,
        9003
    );
    let image = order_of(&FileType::StoredFirmware);
    assert_eq!(here.installer.accepts(&image, None).unwrap_err().code, 9003);
    fs::create_dir(here.dir.join("sounds")).unwrap();
    fs::create_dir(here.dir.join("bin/init.d")).unwrap();
    let script = format!(
        "#!/bin/sh\necho bell $1 >>{}/commands\n",
        here.dir.display()
    );
    let bell = here.dir.file("bin/init.d/bell", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&bell, mode).unwrap();
    here.installer.transfer.types = vec![TypeFolder {
        name: "X 001122 Sounds".to_owned(),
        folder: here.dir.join("sounds"),
        service: Some("bell".to_owned()),
    }];
    let file = here.downloaded("ding");
    let mut order = order_of(&sounds);
    order.target_file_name = "door.wav".to_owned();
    here.installer.accepts(&order, None).unwrap();
    assert_eq!(here.installer.install(&order, &file), Ok(Installed::Done));
    assert_eq!(here.read("sounds/door.wav").unwrap(), "ding");
    assert_eq!(here.system.calls(), ["bell reload"]);
    fs::remove_dir_all(here.dir.join("sounds")).unwrap();
    assert_eq!(here.installer.accepts(&order, None).unwrap_err().code, 9010);
}

#[test]
fn t17_a_file_that_does_not_fit_is_refused_before_it_comes() {
    let here = InstallBox::new(Release::V24);
    for file_type in [
        FileType::WebContent,
        FileType::Firmware,
        FileType::VendorConfiguration(None),
    ] {
        let mut order = order(file_type);
        here.installer.accepts(&order, None).unwrap();
        order.file_size = 1 << 50;
        assert_eq!(here.installer.accepts(&order, None).unwrap_err().code, 9004);
    }
}
