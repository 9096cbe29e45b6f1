//! Configurations: restored, put on trial, undone.

use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use cwmpd::cwmp::{FileType, Installed, TransferOrder};
use cwmpd::device::install::{ArchiveEntry, ArchiveReader, Unpack};
use cwmpd_lab::Folder;
use cwmpd_lab::openwrt::Release;

use crate::install_firmware::{InstallBox, RELEASES, order};

const LAN: &str = "config interface 'lan'\n";
const TRIAL: Installed = Installed::OnTrial(Duration::from_secs(600));

fn restore() -> TransferOrder {
    order(FileType::VendorConfiguration(None))
}

/// An archive of these files, by GNU tar with these options.
fn archive(options: &[&str], files: &[(&str, &str)]) -> Vec<u8> {
    let dir = Folder::new("archive");
    for (name, content) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content.strip_prefix("-> ") {
            Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
            None => fs::write(path, content).unwrap(),
        }
    }
    let mut tar = Command::new("tar");
    tar.arg("-C")
        .arg(dir.path())
        .args(options)
        .args(["-cf", "-"]);
    tar.args(files.iter().map(|(name, _)| name));
    let made = tar.output().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    made.stdout
}

/// What is in the configuration, in the state and in the root, by name.
fn all(here: &InstallBox) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = ["config", "model", "root"]
        .map(|part| here.dir.join(part))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                let target = fs::read_link(&path).unwrap().display().to_string();
                found.push((path, target));
            } else if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn t25_a_backup_of_the_box_comes_into_force_and_its_services_know() {
    for options in [
        &["-z"][..],
        &[],
        &["-z", "--format=posix"],
        &["--format=ustar"],
    ] {
        let here = InstallBox::new(Release::V24);
        let long = format!("root/{}/file", "deep".repeat(30));
        let files = [
            ("etc/config/network", "config interface 'wan'\n"),
            ("etc/config/system", "config system\n"),
            ("etc/passwd", "root:x:0:0\n"),
            ("etc/localtime", "-> /usr/share/zoneinfo/UTC"),
            (long.as_str(), "long\n"),
        ];
        let file = here.downloaded(archive(options, &files));
        assert_eq!(
            here.installer.install(&restore(), &file),
            Ok(TRIAL),
            "{options:?}"
        );
        assert_eq!(here.read("config/network").unwrap(), files[0].1);
        assert_eq!(here.read("config/system").unwrap(), files[1].1);
        assert_eq!(here.read("root/etc/passwd").unwrap(), files[2].1);
        assert_eq!(here.read(&format!("root/{long}")).unwrap(), "long\n");
        let link = fs::read_link(here.dir.join("root/etc/localtime")).unwrap();
        assert_eq!(link.to_str(), Some("/usr/share/zoneinfo/UTC"));
        assert!(here.system.calls().contains(&"reload_config".to_owned()));
        here.installer.settle(7);
        assert!(here.read("model/former.7").is_none());
    }
}

#[test]
fn t25_what_is_in_force_already_is_put_on_no_trial() {
    let here = InstallBox::new(Release::V24);
    let file = here.downloaded(archive(&["-z"], &[("etc/config/network", LAN)]));
    let done = here.installer.install(&restore(), &file);
    assert_eq!(done, Ok(Installed::Done));
    assert_eq!(
        here.system.calls(),
        vec![format!("gunzip -c {}", file.display()); 2]
    );
}

#[test]
fn t25_what_sysupgrade_backs_up_can_be_restored() {
    for release in RELEASES {
        let mut here = InstallBox::new(release);
        here.installer.root = "/".into();
        let backup = here.dir.join("run/upload");
        let all_of_it = FileType::VendorConfiguration(None);
        here.installer.collect(&all_of_it, None, &backup).unwrap();
        fs::write(here.dir.join("config/network"), "config other\n").unwrap();
        assert_eq!(here.installer.install(&restore(), &backup), Ok(TRIAL));
        assert_eq!(here.read("config/network").unwrap(), LAN);
    }
}

#[test]
fn t65_a_link_that_leads_to_a_folder_is_restored_as_any_other() {
    let here = InstallBox::new(Release::V24);
    let (keys, others) = (here.dir.join("run/keys"), here.dir.join("run/others"));
    for folder in [&keys, &others] {
        fs::create_dir(folder).unwrap();
    }
    let link = here.dir.join("root/etc/keys");
    fs::create_dir(here.dir.join("root/etc")).unwrap();
    std::os::unix::fs::symlink(&keys, &link).unwrap();
    let leads_to = || fs::read_link(&link).unwrap();
    let backup = |to: &std::path::Path| {
        let to = format!("-> {}", to.display());
        let files = [
            ("etc/config/network", "config interface 'wan'\n"),
            ("etc/keys", to.as_str()),
        ];
        here.downloaded(archive(&["-z"], &files))
    };
    let installed = here.installer.install(&restore(), &backup(&keys));
    assert_eq!((installed, leads_to()), (Ok(TRIAL), keys.clone()));
    let installed = here.installer.install(&restore(), &backup(&others));
    assert_eq!((installed, leads_to()), (Ok(TRIAL), others));
    here.installer.roll_back(&restore()).unwrap();
    assert_eq!(leads_to(), keys);
}

/// Where a file that its own shell code puts first fills its last block, OpenWrt's sysupgrade has one
/// more behind it.
#[test]
fn t67_an_empty_block_between_two_files_ends_no_archive() {
    let here = InstallBox::new(Release::V24);
    let first = archive(&[], &[("etc/first", &"x".repeat(512))]);
    let rest = archive(&[], &[("etc/config/network", "config interface 'wan'\n")]);
    let file = here.downloaded([&first[..3 * 512], &rest].concat());
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    assert!(here.read("config/network").unwrap().contains("'wan'"));
}

#[test]
fn t66_files_beside_the_packages_are_restored_as_they_are() {
    let here = InstallBox::new(Release::V24);
    let before = all(&here);
    let files = [
        ("etc/config/network", "config interface 'wan'\n"),
        ("etc/config/network.apk-new", "config interface 'new'\n"),
        ("etc/config/notes~", "'mine\n"),
    ];
    let file = here.downloaded(archive(&["-z"], &files));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    for (name, text) in files {
        let name = name.trim_start_matches("etc/");
        assert_eq!(here.read(name).as_deref(), Some(text), "{name}");
    }
    here.installer.roll_back(&restore()).unwrap();
    here.installer.settle(7);
    assert_eq!(all(&here), before);
}

#[test]
fn t25_a_text_of_uci_takes_the_place_of_its_packages() {
    let here = InstallBox::new(Release::V24);
    let text = "package network\n\nconfig interface 'wan'\n\npackage wireless\n\nconfig wifi-device\n\
                \tlist channel '1'\n";
    let file = here.downloaded(text);
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    assert!(here.read("config/network").unwrap().contains("'wan'"));
    assert!(
        here.read("config/wireless")
            .unwrap()
            .contains("list channel '1'")
    );
    here.installer.roll_back(&restore()).unwrap();
    assert_eq!(here.read("config/network").unwrap(), LAN);
    assert_eq!(here.read("config/wireless"), None);
    let named = TransferOrder {
        target_file_name: "/etc/config/network".to_owned(),
        ..restore()
    };
    let file = here.downloaded("config interface 'dmz'\n");
    assert_eq!(
        here.installer.install(&restore(), &file).unwrap_err().code,
        9018
    );
    assert_eq!(here.installer.install(&named, &file), Ok(TRIAL));
    assert!(here.read("config/network").unwrap().contains("'dmz'"));
}

#[test]
fn t26_a_configuration_is_undone_to_the_last_file() {
    let here = InstallBox::new(Release::V24);
    fs::create_dir(here.dir.join("root/etc")).unwrap();
    fs::write(here.dir.join("root/etc/passwd"), "mine\n").unwrap();
    std::os::unix::fs::symlink("there", here.dir.join("root/etc/link")).unwrap();
    let before = all(&here);
    let files = [
        ("etc/config/network", "config interface 'wan'\n"),
        ("etc/config/new", "config new\n"),
        ("etc/passwd", "theirs\n"),
        ("etc/link", "-> elsewhere"),
        ("etc/other", "-> anywhere"),
        ("etc/folder/file", "new\n"),
    ];
    let file = here.downloaded(archive(&["-z"], &files));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    assert_ne!(all(&here), before);
    for _ in 0..2 {
        // Again after a power cut in the middle of it.
        here.installer.roll_back(&restore()).unwrap();
    }
    here.installer.settle(7);
    assert_eq!(all(&here), before);
    let reloads = here.system.calls();
    assert_eq!(
        reloads
            .iter()
            .filter(|call| *call == "reload_config")
            .count(),
        2
    );
}

#[test]
fn t26_wherever_the_power_is_cut_the_former_configuration_is_back() {
    let files = [
        ("etc/config/network", "config interface 'wan'\n"),
        ("etc/config/new", "config new\n"),
        ("etc/passwd", "theirs\n"),
        ("etc/group", "theirs\n"),
    ];
    // Any of the files may be replaced already, and one of them half written.
    for replaced in 0..16_u32 {
        let here = InstallBox::new(Release::V24);
        fs::create_dir(here.dir.join("root/etc")).unwrap();
        fs::write(here.dir.join("root/etc/passwd"), "mine\n").unwrap();
        let before = all(&here);
        let file = here.downloaded(archive(&["-z"], &files));
        here.installer.install(&restore(), &file).unwrap();
        let paths = [
            "config/network",
            "config/new",
            "root/etc/passwd",
            "root/etc/group",
        ];
        for (at, path) in paths.iter().enumerate() {
            let path = here.dir.join(path);
            let old = before.iter().find(|(known, _)| *known == path);
            match old {
                _ if replaced >> at & 1 == 1 => {}
                Some((path, text)) => fs::write(path, text).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
        }
        fs::write(here.dir.join("root/etc/.group.cwmpd-new"), "the").unwrap();
        fs::remove_file(here.dir.join("model/placed.7")).unwrap();
        let judged = here.installer.judge(&restore()).unwrap_err();
        assert_eq!(judged.code, 9010);
        here.installer.settle(7);
        assert_eq!(all(&here), before, "{replaced:b}");
    }
    let here = InstallBox::new(Release::V24);
    fs::write(here.dir.join("model/former.new"), "half").unwrap();
    assert_eq!(here.installer.judge(&restore()).unwrap_err().code, 9010);
}

#[test]
fn t27_what_is_no_configuration_changes_nothing() {
    let here = InstallBox::new(Release::V24);
    fs::create_dir_all(here.dir.join("root/etc/folder")).unwrap();
    fs::write(here.dir.join("root/file"), "a file\n").unwrap();
    let good = [
        ("etc/config/network", "config interface 'wan'\n"),
        ("etc/passwd", "theirs\n"),
    ];
    let whole = archive(&["-z"], &good);
    let plain = archive(&[], &good);
    let before = all(&here);
    let mut cases = vec![
        Vec::new(),
        b"<html><body>404 Not Found</body></html>".to_vec(),
        vec![0; 4000],
        b"\x1f\x8bno gzip".to_vec(),
        b"package ../network\nconfig x\n".to_vec(),
        b"package network\noption without section\n".to_vec(),
        b"# only a comment\n".to_vec(),
        archive(&["-z"], &[("etc/config/network", "config 'broken\n")]),
        archive(&["-z"], &[("etc/folder", "a file\n")]),
        archive(&["-z"], &[("file/below", "a file\n")]),
        // Names that lead upwards.
        archive(&["-z", "-P", "--transform=s,etc,../etc,"], &good),
    ];
    for at in 1..8 {
        cases.push(whole[..whole.len() * at / 8].to_vec());
        // Four blocks before the end.
        cases.push(plain[..2048 * at / 8 + 1].to_vec());
    }
    let mut flipped = plain.clone();
    flipped[3] ^= 1;
    cases.push(flipped);
    for (at, case) in cases.iter().enumerate() {
        let file = here.downloaded(case);
        let refused = here.installer.install(&restore(), &file).unwrap_err();
        assert_eq!(refused.code, 9018, "{at}: {}", refused.string);
        assert!(refused.string.chars().count() <= 256);
        assert_eq!(all(&here), before, "{at}");
    }
}

#[test]
fn t27_an_archive_with_a_device_a_hard_link_or_too_much_is_refused() {
    let here = InstallBox::new(Release::V24);
    let dir = Folder::new("odd");
    fs::create_dir(dir.join("etc")).unwrap();
    fs::write(dir.join("etc/one"), "1").unwrap();
    fs::hard_link(dir.join("etc/one"), dir.join("etc/two")).unwrap();
    nix::unistd::mkfifo(&dir.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::File::create(dir.join("large"))
        .unwrap()
        .set_len(33 << 20)
        .unwrap();
    for names in [&["etc"][..], &["pipe"], &["large"]] {
        let mut tar = Command::new("tar");
        let made = tar
            .arg("-C")
            .arg(dir.path())
            .args(["-czf", "-"])
            .args(names)
            .output();
        let file = here.downloaded(made.unwrap().stdout);
        let refused = here.installer.install(&restore(), &file).unwrap_err();
        assert_eq!(refused.code, 9018, "{names:?}: {}", refused.string);
    }
}

#[test]
fn t28_the_agents_own_state_and_settings_are_not_taken_from_an_archive() {
    let here = InstallBox::new(Release::V24);
    let state = here.read("model/parameters.data");
    let own = here.dir.join("model").display().to_string();
    fs::create_dir_all(here.dir.join("root/etc")).unwrap();
    // On a box the state is where the archive says; here a link leads there, too.
    std::os::unix::fs::symlink(&own, here.dir.join("root/etc/cwmpd")).unwrap();
    std::os::unix::fs::symlink(here.dir.join("root/etc"), here.dir.join("root/way")).unwrap();
    let files = [
        ("etc/cwmpd/parameters.data", "of another box\n"),
        ("etc/cwmpd/parameters.journal", "of another box\n"),
        ("etc/cwmpd-igd/parameters.data", "of another box\n"),
        (
            "etc/config/cwmpd",
            "config acs\n\toption url 'http://elsewhere/'\n",
        ),
        ("etc/config/network", "config interface 'wan'\n"),
        ("way/cwmpd/cwmpd.good", "of another box\n"),
    ];
    let file = here.downloaded(archive(&["-z"], &files));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    assert_eq!(here.read("model/parameters.data"), state);
    assert_eq!(here.read("model/parameters.journal"), None);
    assert_eq!(here.read("model/cwmpd.good"), None);
    assert_eq!(here.read("config/cwmpd").unwrap(), "config acs 'acs'\n");
    assert!(!here.dir.join("root/etc/cwmpd-igd").exists());
    assert!(here.read("config/network").unwrap().contains("'wan'"));
    // A text of the whole box has it, too; one of it alone is meant.
    let text = "package cwmpd\nconfig acs\n\toption url 'http://elsewhere/'\n";
    let both = here.downloaded(format!("{text}\npackage system\nconfig system\n"));
    here.installer.install(&restore(), &both).unwrap();
    assert_eq!(here.read("config/cwmpd").unwrap(), "config acs 'acs'\n");
    let alone = here.downloaded(text);
    here.installer.install(&restore(), &alone).unwrap();
    assert!(here.read("config/cwmpd").unwrap().contains("elsewhere"));
}

#[test]
fn t26_without_a_trial_it_is_in_force_at_once() {
    let mut here = InstallBox::new(Release::V14);
    here.installer.transfer.rollback = Duration::ZERO;
    let file = here.downloaded("package network\nconfig interface 'wan'\n");
    assert_eq!(
        here.installer.install(&restore(), &file),
        Ok(Installed::Done)
    );
    here.installer.settle(7);
    assert!(
        here.installer.roll_back(&restore()).is_err(),
        "nothing to bring back"
    );
}

#[test]
fn t26_what_was_kept_for_a_trial_that_is_over_goes_also_after_a_power_cut() {
    let here = InstallBox::new(Release::V24);
    let before = all(&here);
    let file = here.downloaded(archive(&["-z"], &[("etc/config/new", "config new\n")]));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    let marker = here.installer.model_dir.with_file_name("model-flash.3");
    fs::write(&marker, "").unwrap();
    here.installer.settle_others(&[3, 7]);
    assert!(here.read("model/former.7").is_some() && marker.exists());
    here.installer.settle_others(&[8]);
    assert!(!marker.exists());
    fs::remove_file(here.dir.join("config/new")).unwrap();
    assert_eq!(all(&here), before);
}

#[test]
fn t73_what_was_replaced_comes_back_however_much_it_is() {
    let here = InstallBox::new(Release::V24);
    let large = here.dir.join("root/large");
    fs::File::create(&large).unwrap().set_len(33 << 20).unwrap();
    let file = here.downloaded(archive(&["-z"], &[("large", "small\n")]));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    assert_eq!(here.read("root/large").as_deref(), Some("small\n"));
    here.installer.roll_back(&restore()).unwrap();
    assert_eq!(fs::metadata(large).unwrap().len(), 33 << 20);
}

/// Each long name takes a head of its own.
#[test]
fn t73_an_archive_of_our_own_has_as_many_heads_as_it_needs() {
    struct Nobody;
    impl Unpack for Nobody {
        fn entry(&mut self, _: ArchiveEntry) -> io::Result<()> {
            Ok(())
        }
        fn bytes(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
        fn whole(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let head = archive(&[], &[("empty", "")])[..512].repeat(5000);
    for is_own in [false, true] {
        let read = ArchiveReader::new(is_own).push(&head, &mut Nobody);
        assert_eq!(read.is_ok(), is_own);
    }
}

#[test]
fn t71_what_was_to_be_kept_and_is_not_whole_takes_no_flash() {
    let here = InstallBox::new(Release::V24);
    fs::create_dir(here.dir.join("root/etc")).unwrap();
    let _socket = UnixListener::bind(here.dir.join("root/etc/socket")).unwrap();
    let files = [
        ("etc/socket", "theirs\n"),
        ("etc/config/network", "config interface 'wan'\n"),
    ];
    let file = here.downloaded(archive(&["-z"], &files));
    let refused = here.installer.install(&restore(), &file).unwrap_err();
    assert!(refused.string.contains("cannot be kept"), "{refused:?}");
    assert_eq!(here.read("model/former.new"), None);
    // The power was cut.
    fs::write(here.dir.join("model/former.new"), "half").unwrap();
    here.installer.settle_others(&[7]);
    assert_eq!(here.read("model/former.new"), None);
}

#[test]
fn t26_one_file_that_does_not_come_back_keeps_no_other_from_it() {
    let here = InstallBox::new(Release::V24);
    let before = here.read("config/network").unwrap();
    let files = [
        ("etc/config/network", "config interface 'wan'\n"),
        ("etc/folder/file", "theirs\n"),
    ];
    let folder = here.dir.join("root/etc/folder");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file"), "mine\n").unwrap();
    let file = here.downloaded(archive(&["-z"], &files));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let why = here.installer.roll_back(&restore()).unwrap_err();
    assert!(
        why.starts_with("the former configuration does not come back: "),
        "{why}"
    );
    assert_eq!(here.read("config/network").unwrap(), before);
    fs::remove_file(&folder).unwrap();
    here.installer.roll_back(&restore()).unwrap();
    assert_eq!(here.read("root/etc/folder/file").unwrap(), "mine\n");
}

#[test]
fn t27_an_archive_of_names_alone_takes_no_memory() {
    let here = InstallBox::new(Release::V24);
    let folder = format!("etc/{}", vec!["n".repeat(250); 7].join("/"));
    let names: Vec<String> = (0..400).map(|at| format!("{folder}/{at}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let file = here.downloaded(archive(&["-z"], &files));
    let refused = here.installer.install(&restore(), &file).unwrap_err();
    assert_eq!(refused.code, 9018);
    assert!(refused.string.contains("524288 bytes"), "{refused:?}");
    assert!(here.read("model/former.7").is_none());
}

#[test]
fn t26_what_was_interrupted_and_does_not_come_back_at_once_stays_kept() {
    let here = InstallBox::new(Release::V24);
    let folder = here.dir.join("root/etc/folder");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file"), "mine\n").unwrap();
    let file = here.downloaded(archive(&["-z"], &[("etc/folder/file", "theirs\n")]));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    // As if the power had been cut before all was in its place.
    fs::remove_file(here.dir.join("model/placed.7")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let judged = here.installer.judge(&restore()).unwrap();
    let Installed::InPieces(why) = judged else {
        unreachable!("{judged:?}");
    };
    assert_eq!(why.code, 9010);
    assert!(why.string.contains("does not come back"), "{why:?}");
    fs::remove_file(&folder).unwrap();
    here.installer.roll_back(&restore()).unwrap();
    assert_eq!(here.read("root/etc/folder/file").unwrap(), "mine\n");
}

#[test]
fn t26_what_is_in_its_place_is_on_trial_also_where_a_service_starts_the_agent_anew() {
    let here = InstallBox::new(Release::V24);
    let wan = "config interface 'wan'\n";
    let file = here.downloaded(archive(&["-z"], &[("etc/config/network", wan)]));
    assert_eq!(here.installer.install(&restore(), &file), Ok(TRIAL));
    assert_eq!(here.installer.judge(&restore()), Ok(TRIAL));
    assert_eq!(here.read("config/network").unwrap(), wan);
    let reloads = here.system.calls();
    let reloads = reloads.iter().filter(|call| *call == "reload_config");
    assert_eq!(reloads.count(), 2, "who did not hear of it does now");
    here.installer.roll_back(&restore()).unwrap();
    here.installer.settle(7);
    assert!(here.read("model/placed.7").is_none());
}

#[test]
fn t27_an_archive_does_not_write_through_a_link_of_its_own() {
    let here = InstallBox::new(Release::V24);
    fs::create_dir(here.dir.join("root/etc")).unwrap();
    fs::write(here.dir.join("root/etc/passwd"), "mine\n").unwrap();
    let before = all(&here);
    let link = archive(&[], &[("a", "-> etc")]);
    let below = archive(&[], &[("a/passwd", "theirs\n")]);
    // The head of the link alone, and the other archive behind it.
    let file = here.downloaded([&link[..512], &below].concat());
    let refused = here.installer.install(&restore(), &file).unwrap_err();
    assert_eq!(refused.code, 9018, "{}", refused.string);
    assert_eq!(all(&here), before);
}
