//! What every upgrade of the firmware keeps: the list for `sysupgrade`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use cwmpd::base::config::TlsConfig;
use cwmpd::cwmp::{FileType, Installed};
use cwmpd::device::install::KeepList;
use cwmpd_lab::Folder;

use crate::install_firmware::{InstallBox, RELEASES, new_image, order};

const LIST: &str = "lib/upgrade/keep.d/cwmpd-files";

/// A box whose root is a folder.
fn rooted() -> Folder {
    let dir = Folder::new("keep");
    for folder in ["lib/upgrade/keep.d", "opt/tls", "etc"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    dir
}

fn list_of(root: &Path, ca_file: Option<PathBuf>, ca_path: Option<PathBuf>) -> KeepList {
    let tls = TlsConfig {
        ca_file,
        ca_path,
        ..TlsConfig::default()
    };
    KeepList::new(root, &[&tls], &[])
}

/// What the list names.
fn named(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(LIST)).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn b43_an_upgrade_that_keeps_settings_keeps_what_tls_needs_wherever_it_is() {
    for release in RELEASES {
        let mut here = InstallBox::new(release);
        let root = here.dir.join("root");
        for folder in ["lib/upgrade/keep.d", "opt/tls", "opt/roots", "mnt"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let files = [
            "mnt/ca-2.pem",
            "opt/tls/client cert.pem",
            "opt/tls/key[1].pem",
            "opt/roots/a.pem",
            "opt/other.pem",
        ];
        for file in files {
            fs::write(root.join(file), file).unwrap();
        }
        // A link to a link.
        symlink("../../mnt/newest.pem", root.join("opt/tls/ca.pem")).unwrap();
        symlink(root.join("mnt/ca-2.pem"), root.join("mnt/newest.pem")).unwrap();
        here.installer.tls.ca_file = Some(root.join("opt/tls/ca.pem"));
        let pair = (root.join(files[1]), root.join(files[2]));
        here.installer.tls.client_cert = Some(pair);
        here.installer.other_tls = vec![TlsConfig {
            ca_path: Some(root.join("opt/roots")),
            ..TlsConfig::usual("luup")
        }];
        here.installer.transfer.keep = vec![root.join(files[4])];
        let file = here.downloaded(new_image(release));
        let order = order(FileType::Firmware);
        let going = here.installer.install(&order, &file);
        assert_eq!(going, Ok(Installed::GoingDown), "{release:?}");
        here.went_down();
        let judged = here.installer.judge(&order);
        assert_eq!(judged, Ok(Installed::Done), "{release:?}");
        for file in files {
            let path = format!("root/{file}");
            assert_eq!(here.read(&path).as_deref(), Some(file), "{release:?}");
        }
        let through_links = here.read("root/opt/tls/ca.pem");
        assert_eq!(through_links.as_deref(), Some("mnt/ca-2.pem"));
    }
}

#[test]
fn b43_the_list_is_written_where_it_says_something_else_and_goes_with_the_options() {
    let dir = rooted();
    let ca = dir.file("opt/ca.pem", "a root");
    let list = list_of(&dir, Some(ca.clone()), None);
    list.lay_down().unwrap();
    assert_eq!(named(&dir), [shown(&ca)]);
    let written = || {
        let list = fs::metadata(dir.join(LIST)).unwrap();
        (list.ino(), list.ctime_nsec())
    };
    let before = written();
    list.lay_down().unwrap();
    assert_eq!(written(), before);
    let other = dir.file("opt/other.pem", "another root");
    list_of(&dir, Some(other.clone()), None).lay_down().unwrap();
    assert_eq!(named(&dir), [shown(&other)]);
    for _ in 0..2 {
        list_of(&dir, None, None).lay_down().unwrap();
        assert!(!dir.join(LIST).exists());
    }
    // Nor is one made where no sysupgrade looks for it.
    let elsewhere = Folder::new("keep");
    let list = list_of(&elsewhere, Some(ca), None);
    list.lay_down().unwrap();
    assert_eq!(fs::read_dir(&*elsewhere).unwrap().count(), 0);
    assert_eq!(list.unkept(), Vec::<String>::new());
}

/// A bundle that is kept would hide each newer one.
#[test]
fn b43_what_the_firmware_has_comes_with_the_firmware() {
    let dir = rooted();
    let certs = dir.join("etc/ssl/certs");
    let in_rom = dir.join("rom").join(certs.strip_prefix("/").unwrap());
    for folder in [&certs, &in_rom] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("public.pem"), "public roots").unwrap();
        fs::write(folder.join("edited.pem"), folder.display().to_string()).unwrap();
        symlink("public.pem", folder.join("link.pem")).unwrap();
    }
    fs::write(certs.join("own.pem"), "an own root").unwrap();
    list_of(&dir, Some(certs.join("link.pem")), None)
        .lay_down()
        .unwrap();
    assert_eq!(named(&dir), Vec::<String>::new());
    let edited = shown(&certs.join("edited.pem"));
    list_of(&dir, Some(certs.join("edited.pem")), None)
        .lay_down()
        .unwrap();
    assert_eq!(named(&dir).join(" "), edited);
    list_of(&dir, None, Some(certs.clone())).lay_down().unwrap();
    assert_eq!(named(&dir), [edited, shown(&certs.join("own.pem"))]);
}

#[test]
fn b43_what_no_list_names_is_told() {
    let dir = rooted();
    let ca = dir.file("opt/tls/ca.pem", "a root");
    let list = list_of(&dir, Some(ca.clone()), None);
    let told = list.unkept();
    assert_eq!(told.len(), 1);
    let begin = format!(
        "cwmpd.acs.ssl_cacert: no list of /lib/upgrade/keep.d names {}",
        ca.display()
    );
    assert!(told[0].starts_with(&begin), "{told:?}");
    let conf = dir.join("etc/sysupgrade.conf");
    let folder = ca.parent().unwrap().display();
    for (text, is_kept) in [
        (format!("# {folder}/\n"), false),
        (format!("{folder}/other\n/x {folder}/ca\n"), false),
        (format!("/x\n{folder}/\n"), true),
        (format!("/x {}\n", ca.display()), true),
    ] {
        fs::write(&conf, &text).unwrap();
        assert_eq!(list.unkept().is_empty(), is_kept, "{text}");
    }
    fs::remove_file(conf).unwrap();
    list.lay_down().unwrap();
    assert_eq!(list.unkept(), Vec::<String>::new());
}
