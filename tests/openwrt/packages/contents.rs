//! What is in a package: files, owners, modes, what it says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::ipk::Ipk;
use super::{ARCHITECTURES, EPOCH, OF_1407, Packages, Workshop, elf, with_ending};

/// The files of a package by path, with their modes and contents, as `install.sh` lays them.
fn laid(workshop: &Workshop, architecture: &str) -> BTreeMap<String, (u32, Vec<u8>)> {
    let program = workshop.folder.file("laid", elf::fitting(architecture));
    let root = workshop.folder.join(format!("root-{architecture}"));
    let script = workshop.folder.join("openwrt-package/install.sh");
    let mut install = Command::new(script);
    install.arg(program).arg(&root);
    assert!(install.status().unwrap().success());
    let mut found = BTreeMap::new();
    collect(&root, "", &mut found);
    found
}

fn collect(folder: &Path, base: &str, found: &mut BTreeMap<String, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = format!("{base}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &path, found);
        } else {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            found.insert(path, (mode, fs::read(entry.path()).unwrap()));
        }
    }
}

fn files(ipk: &Ipk) -> BTreeMap<String, (u32, Vec<u8>)> {
    let files = ipk.data.iter().filter(|member| member.kind == '0');
    files
        .map(|file| (file.name[1..].to_owned(), (file.mode, file.content.clone())))
        .collect()
}

#[test]
fn b01_a_package_has_every_file_with_its_mode_for_root_alone() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for architecture in ARCHITECTURES {
        let Packages { ipk, .. } = workshop.packages(architecture);
        let laid = laid(&workshop, architecture);
        assert_eq!(files(&ipk), laid, "{architecture}");
        assert_eq!(laid["/usr/sbin/cwmpd"].0, 0o755);
        assert_eq!(laid["/etc/init.d/cwmpd"].0, 0o755);
        assert_eq!(
            laid["/etc/config/cwmpd"].0, 0o600,
            "there are passwords in it"
        );
        for path in laid.keys().filter(|path| path.ends_with(".csv")) {
            assert_eq!(laid[path].0, 0o644, "{path}");
        }

        let parts: Vec<_> = ipk.outer.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(
            parts,
            ["./debian-binary", "./data.tar.gz", "./control.tar.gz"]
        );
        assert_eq!(ipk.outer[0].content, b"2.0\n");
        for member in ipk.outer.iter().chain(&ipk.control).chain(&ipk.data) {
            assert_eq!(member.owner, (0, 0), "{}", member.name);
            assert_eq!(member.owner_names, (String::new(), String::new()));
            assert_eq!(member.time, EPOCH, "{}", member.name);
            if member.kind == '5' {
                assert_eq!(member.mode, 0o755, "{}", member.name);
            }
        }
        for members in [&ipk.control, &ipk.data] {
            let names = members.iter().map(|one| one.name.trim_end_matches('/'));
            let names: Vec<_> = names.collect();
            assert!(names.is_sorted() && names[0] == ".", "{names:?}");
        }
    }
}

#[test]
fn b01_a_folder_comes_before_what_is_in_it() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let Packages { ipk, .. } = workshop.packages("mipsel_24kc");
    for (at, member) in ipk.data.iter().enumerate().skip(1) {
        let (folder, _) = member.name.trim_end_matches('/').rsplit_once('/').unwrap();
        let folder = format!("{folder}/");
        let before = ipk.data[..at].iter().any(|one| one.name == folder);
        assert!(before, "{}", member.name);
    }
}

#[test]
fn b01_a_package_says_what_it_is_and_what_it_needs() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for architecture in ARCHITECTURES {
        let Packages { ipk, .. } = workshop.packages(architecture);
        let fields = ipk.fields();
        let field = |name: &str| fields.get(name).map(String::as_str);
        assert_eq!(field("Package"), Some("cwmpd"));
        let version = format!("{}-r1", env!("CARGO_PKG_VERSION"));
        assert_eq!(field("Version"), Some(version.as_str()));
        assert_eq!(field("Architecture"), Some(architecture));
        assert_eq!(field("License"), Some("Apache-2.0"));
        assert_eq!(field("Section"), Some("net"));
        assert_eq!(field("Maintainer"), None);
        assert_eq!(
            field("Installed-Size"),
            Some(ipk.unpacked.to_string().as_str())
        );
        assert!(field("Description").is_some_and(|text| !text.is_empty()));
        // 14.07 has neither the libraries nor the package of certificates.
        let needs = (architecture != OF_1407).then_some("libc, libopenssl3, ca-bundle");
        assert_eq!(field("Depends"), needs, "{architecture}");
    }
}

#[test]
fn b01_what_belongs_to_the_owner_of_the_box_is_listed_file_by_file() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for architecture in ["mipsel_24kc", OF_1407] {
        let Packages { ipk, .. } = workshop.packages(architecture);
        let listed = ipk.text("conffiles").unwrap();
        let listed: Vec<_> = listed.lines().collect();
        assert!(listed.contains(&"/etc/config/cwmpd"));
        assert!(listed.contains(&"/etc/cwmpd/device.csv"));
        assert!(listed.is_sorted());
        for path in listed {
            assert!(
                ipk.file(path).is_some_and(|file| file.kind == '0'),
                "{path}"
            );
        }
    }
}

#[test]
fn b01_scripts_are_there_and_can_run() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for architecture in ["mips_24kc", OF_1407] {
        let Packages { ipk, .. } = workshop.packages(architecture);
        for script in ipk
            .control
            .iter()
            .filter(|one| one.name.contains("inst") || one.name.contains("rm"))
        {
            assert_eq!(script.mode, 0o755, "{}", script.name);
            assert!(
                script.content.starts_with(b"#!/bin/sh\n"),
                "{}",
                script.name
            );
        }
        assert!(ipk.text("postinst").is_some() && ipk.text("prerm").is_some());
    }
}

#[test]
fn b04_apk_finds_the_same_files_and_facts() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for architecture in ARCHITECTURES {
        let Packages { paths, ipk, apk } = workshop.packages(architecture);
        let Some(apk) = apk else {
            assert_eq!((architecture, paths.len()), (OF_1407, 1));
            continue;
        };
        let path = with_ending(&paths, "apk").unwrap();
        let name = path.file_name().unwrap().to_str();
        assert_eq!(name, Some(format!("cwmpd-{}.apk", apk.version).as_str()));
        assert_eq!(apk.name, "cwmpd");
        assert_eq!(apk.version, format!("{}-r1", env!("CARGO_PKG_VERSION")));
        assert_eq!(apk.architecture, architecture);
        assert_eq!(apk.license, "Apache-2.0");
        assert!(!apk.description.is_empty());
        let needs = apk.depends.iter().filter(|name| !name.starts_with('!'));
        let needs: Vec<_> = needs.collect();
        assert_eq!(needs, ["ca-bundle", "libc", "libopenssl3"]);
        let fields = ipk.fields();
        let list = |name: &str| -> Vec<String> {
            let names = fields.get(name).map(String::as_str).unwrap_or_default();
            names
                .split(", ")
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let conflicts = apk.depends.iter().filter_map(|name| name.strip_prefix('!'));
        let conflicts: Vec<_> = conflicts.map(str::to_owned).collect();
        assert_eq!(conflicts, list("Conflicts"));
        let provides = list("Provides").into_iter();
        let provides: Vec<_> = provides
            .map(|name| format!("{name}={}", apk.version))
            .collect();
        assert_eq!(apk.provides, provides);

        let mut size = 0;
        for entry in &apk.entries {
            assert_eq!(entry.owner, ("root".to_owned(), "root".to_owned()));
            let Some(content) = &entry.content else {
                assert_eq!(entry.mode, 0o755, "{}", entry.path);
                continue;
            };
            size += content.len() as u64;
            assert_eq!(entry.time, EPOCH, "{}", entry.path);
            if !entry.path.starts_with("/lib/apk/") {
                let file = ipk.file(&entry.path).unwrap();
                assert_eq!((u64::from(file.mode), &file.content), (entry.mode, content));
            }
        }
        assert_eq!(apk.installed_size, size);
        for path in files(&ipk).keys() {
            assert!(apk.entry(path).is_some(), "{path}");
        }
    }
}

#[test]
fn b04_what_opkg_has_in_control_files_apk_has_in_files_of_the_package() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let Packages { ipk, apk, .. } = workshop.packages("x86_64");
    let apk = apk.unwrap();
    let list = apk.text("/lib/apk/packages/cwmpd.list").unwrap();
    let listed: Vec<_> = list.lines().map(str::to_owned).collect();
    let files: Vec<_> = files(&ipk).into_keys().collect();
    assert_eq!(listed, files);
    let owned = apk.text("/lib/apk/packages/cwmpd.conffiles").unwrap();
    assert_eq!(Some(owned.clone()), ipk.text("conffiles"));
    let shipped = apk
        .text("/lib/apk/packages/cwmpd.conffiles_static")
        .unwrap();
    let sums = owned.lines().map(|path| {
        let content = &ipk.file(path).unwrap().content;
        let sum: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{path} {sum}\n")
    });
    assert_eq!(shipped, sums.collect::<String>());
    for name in ["post-install", "post-upgrade", "pre-deinstall"] {
        let script = apk.script(name).unwrap();
        assert!(script.starts_with("#!/bin/sh\n"), "{name}");
        assert_eq!(script.matches("#!").count(), 1, "{name}");
        assert!(script.contains("pkgname=\"cwmpd\""), "{name}");
    }
}
