//! The package as a build of OpenWrt makes it, by stand-ins for its makefiles that write down what
//! they are told; and what the CI of its feeds runs on the result.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use cwmpd_lab::{Folder, tools};

use crate::little_box::{LittleBox, project};

/// `rules.mk`, as far as packages need it.
const RULES: &str = "\
INCLUDE_DIR:=$(TOPDIR)/include
BUILD_DIR:=$(TOPDIR)/build
STAGING_DIR:=$(TOPDIR)/staging
empty:=
space:=$(empty) $(empty)
";

/// `package.mk`: prepares, installs to `pkg` a program that was built, and writes down the fields.
const PACKAGE: &str = r#"
PKG_BUILD_DIR?=$(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)
PKG_INSTALL_DIR:=$(PKG_BUILD_DIR)/ipkg-install
define BuildPackage
$(eval $(Package/$(1)))
export FIELDS_CONFFILES=$$(Package/$(1)/conffiles)
export FIELDS_DESCRIPTION=$$(Package/$(1)/description)
KEEP:=$(strip $(call Package/$(1)/conffiles))
all:
	$$(call Build/Prepare)
	mkdir -p $$(PKG_INSTALL_DIR)/bin && echo built >$$(PKG_INSTALL_DIR)/bin/cwmpd
	$$(call Package/$(1)/install,$$(TOPDIR)/pkg)
	echo "$$$$FIELDS_CONFFILES" >$$(TOPDIR)/conffiles
	for x in $$(KEEP); do [ -f "$$(TOPDIR)/pkg/$$$$x" ] || echo $$$$x; done >$$(TOPDIR)/keep
	printf '%s\n' 'version=$$(PKG_VERSION)-r$$(PKG_RELEASE)' 'depends=$$(DEPENDS)' \
		'conflicts=$$(CONFLICTS)' 'provides=$$(PROVIDES)' 'license=$$(PKG_LICENSE)' \
		'needs=$$(PKG_BUILD_DEPENDS)' 'vars=$$(CARGO_PKG_VARS)' 'title=$$(TITLE)' \
		'watched=$$(PKG_FILE_DEPENDS)' 'again=$$(PKG_CONFIG_DEPENDS)' \
		'compile=$$(strip $$(Build/Compile))' >$$(TOPDIR)/fields
endef
"#;

const RUST_PACKAGE: &str = "\
RUST_ARCH_DEPENDS:=@(arm||mips||mipsel||x86_64)
CARGO_PKG_VARS=FROM=$(TOPDIR)
Build/Compile/Cargo=cargo --features=$(strip $(RUST_PKG_FEATURES)) $(2)
define RustBinPackage
endef
";

/// What a build of OpenWrt has made.
struct Feed {
    top: Folder,
}

impl Feed {
    fn new() -> Option<Self> {
        Self::with(&[])
    }

    /// With these options of menuconfig, such as `CONFIG_CWMPD_LUUP=y`.
    fn with(options: &[String]) -> Option<Self> {
        if !tools::works(&["make", "--version"]) {
            return None;
        }
        let top = Folder::new("openwrt");
        for folder in ["include", "feeds/packages/lang/rust", "pkg"] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        top.file("rules.mk", RULES);
        top.file("include/package.mk", PACKAGE);
        top.file("feeds/packages/lang/rust/rust-package.mk", RUST_PACKAGE);
        let mut make = Command::new("make");
        make.arg("-C").arg(project().join("openwrt-package"));
        make.arg(format!("TOPDIR={}", top.path().display()));
        make.args(options);
        let output = make.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Some(Self { top })
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.top.join(name)).unwrap()
    }

    fn field(&self, name: &str) -> String {
        let begin = format!("{name}=");
        let fields = self.read("fields");
        let found = fields.lines().find_map(|line| line.strip_prefix(&begin));
        found
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn tree(&self) -> String {
        let folder = fs::read_dir(self.top.join("build")).unwrap().next();
        folder.unwrap().unwrap().path().display().to_string()
    }
}

/// Each file below a folder, with its mode and what is in it.
fn files(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        let content = match meta.is_dir() {
            true => {
                open.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
                Vec::new()
            }
            false => fs::read(&path).unwrap(),
        };
        found.insert(name, (meta.permissions().mode() & 0o7777, content));
    }
    found
}

/// Lays the package by hand, with some umask.
fn laid(umask: &str) -> Folder {
    let folder = Folder::new("laid");
    let program = folder.file("program", "built\n");
    let destination = folder.join("root");
    let script = project().join("openwrt-package/install.sh");
    let mut install = Command::new("sh");
    install.arg("-c").arg(format!(
        "umask {umask} && exec {} {} {}",
        script.display(),
        program.display(),
        destination.display()
    ));
    assert!(install.status().unwrap().success());
    folder
}

fn lines_of_conffiles() -> Vec<String> {
    let text = fs::read_to_string(project().join("openwrt-package/conffiles")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What the program's features are, by Cargo.toml.
fn features() -> Vec<String> {
    let manifest = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let line = manifest.lines().find_map(|l| l.strip_prefix("default = "));
    let names = line.unwrap().trim_matches(['[', ']']).split(", ");
    names
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

#[test]
fn b17_what_a_box_may_leave_out_is_an_option_of_menuconfig() {
    let makefile = fs::read_to_string(project().join("openwrt-package/Makefile")).unwrap();
    let features = features();
    assert!(!features.is_empty());
    for feature in &features {
        let option = format!("CWMPD_{}", feature.to_uppercase());
        assert!(makefile.contains(&format!("\n\tconfig {option}\n")));
        let Some(feed) = Feed::with(&[format!("CONFIG_{option}=y")]) else {
            return;
        };
        let compile = format!("cargo --features={feature} --no-default-features");
        assert_eq!(feed.field("compile"), compile);
        let again = feed.field("again");
        assert!(again.contains(&format!("CONFIG_{option}")), "{again}");
    }
}

#[test]
fn the_package_is_the_same_by_whomever_it_is_laid() {
    let (here, there) = (laid("022"), laid("077"));
    assert_eq!(files(&here.join("root")), files(&there.join("root")));
    let Some(feed) = Feed::new() else {
        return;
    };
    assert_eq!(files(&feed.top.join("pkg")), files(&here.join("root")));
}

/// Only root reads the passwords; what is to be run can be.
#[test]
fn files_have_their_modes() {
    let laid = laid("077");
    for (name, (mode, content)) in files(&laid.join("root")) {
        let wanted = match name.as_str() {
            "etc/config/cwmpd" => 0o600,
            _ if content.is_empty() || content.starts_with(b"#!") => 0o755,
            "usr/sbin/cwmpd" => 0o755,
            _ => 0o644,
        };
        assert_eq!(mode, wanted, "{name}");
    }
}

/// Settings, and all rows with their sums; and no other, or an upgrade would not bring it.
#[test]
fn what_its_owner_may_edit_is_kept() {
    let laid = laid("022");
    let lines = lines_of_conffiles();
    let edited = |name: &&String| {
        name.as_str() == "etc/config/cwmpd" || name.ends_with(".csv") || name.ends_with(".md5")
    };
    let files = files(&laid.join("root"));
    let mut wanted: Vec<String> = files
        .keys()
        .filter(edited)
        .map(|name| format!("/{name}"))
        .collect();
    wanted.extend(["/etc/cwmpd/".to_owned(), "/etc/cwmpd-igd/".to_owned()]);
    wanted.sort();
    let mut listed = lines;
    listed.sort();
    assert_eq!(listed, wanted);
}

#[test]
fn the_feed_says_what_the_package_is() {
    let Some(feed) = Feed::new() else {
        return;
    };
    assert_eq!(
        feed.field("version"),
        format!("{}-r1", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(feed.field("license"), env!("CARGO_PKG_LICENSE"));
    let depends = feed.field("depends");
    assert!(depends.starts_with("@(") && depends.ends_with(") +libopenssl +ca-bundle"));
    for other in ["easycwmp", "icwmp", "ucwmp", "freecwmp-curl"] {
        assert!(feed.field("conflicts").split(' ').any(|name| name == other));
    }
    assert_eq!(feed.field("provides"), "cwmp-client");
    assert_eq!(feed.field("needs"), "rust/host");
    assert!(
        feed.field("vars").starts_with("FROM=")
            && feed.field("vars").contains("OPENSSL_NO_VENDOR=1")
    );
    let conffiles: Vec<String> = feed.read("conffiles").lines().map(str::to_owned).collect();
    assert_eq!(conffiles, lines_of_conffiles(), "a name a line");
    assert_eq!(feed.read("keep"), "/etc/cwmpd/\n/etc/cwmpd-igd/\n");
    for watched in feed.field("watched").split(' ') {
        assert!(Path::new(watched).exists(), "{watched}");
    }
}

/// What the compiler builds for by itself.
fn host() -> String {
    let told = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let told = String::from_utf8(told).unwrap();
    let mut lines = told.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

/// Cargo finds all that it needs to build the program in the tree that is prepared.
#[test]
fn the_feed_builds_from_what_it_prepares() {
    let Some(feed) = Feed::new() else {
        return;
    };
    let tree = feed.tree();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--format-version", "1"]);
    // What other systems need was never fetched where cwmpd was built for this one alone.
    cargo.args(["--filter-platform", &host()]);
    let output = cargo.current_dir(&tree).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Files that are compiled in.
    let sources = Command::new("grep")
        .args(["-rhoE", "include_(str|bytes)!\\(\"[^\"]*", "src"])
        .current_dir(&tree)
        .output()
        .unwrap();
    let sources = String::from_utf8(sources.stdout).unwrap();
    let mut count = 0;
    for line in sources.lines() {
        let path = line.split_once('"').unwrap().1;
        let path = path.trim_start_matches("../");
        assert!(Path::new(&tree).join(path).exists(), "{path}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn the_test_of_the_feed_passes_on_a_box() {
    let Some(new) = LittleBox::new() else {
        return;
    };
    new.install();
    new.bring(Path::new(env!("CARGO_BIN_EXE_cwmpd")), "usr/sbin/cwmpd");
    let test = fs::read_to_string(project().join("openwrt-package/test.sh")).unwrap();
    new.program("test.sh", &test);
    let version = env!("CARGO_PKG_VERSION");
    new.must(&format!("/test.sh cwmpd {version}"));
    new.must("/test.sh another 9");
    assert!(!new.sh("/test.sh cwmpd 9.9.9").status.success());
    new.write("etc/cwmpd/own.csv", "X.;NOTHING\n");
    assert!(
        !new.sh(&format!("/test.sh cwmpd {version}"))
            .status
            .success()
    );
}
