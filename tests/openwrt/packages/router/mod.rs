//! A router as a package sees it: a file system with BusyBox, in which opkg or apk installs,
//! upgrades and removes the package by the rules of each.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;

use super::apk::Apk;
use super::ipk::Ipk;
use crate::little_box::LittleBox;

const FUNCTIONS: &str = include_str!("functions.sh");
const RC_COMMON: &str = include_str!("rc.common");
const UCI: &str = include_str!("uci");

const INFO: &str = "/usr/lib/opkg/info/cwmpd";

/// A router.
pub struct Router {
    system: LittleBox,
    is_1407: bool,
    /// What the owned files were when they were installed.
    shipped: BTreeMap<String, Vec<u8>>,
    version: Option<String>,
}

impl Router {
    /// One with OpenWrt from 23.05 on; none where this machine lets no test have one, which is said.
    pub fn modern() -> Option<Self> {
        Self::new(false)
    }

    /// One with OpenWrt 14.07, which has no functions that install a package.
    pub fn of_1407() -> Option<Self> {
        Self::new(true)
    }

    fn new(is_1407: bool) -> Option<Self> {
        let router = Self {
            system: LittleBox::new()?,
            is_1407,
            shipped: BTreeMap::new(),
            version: None,
        };
        let functions = if is_1407 { "" } else { FUNCTIONS };
        router.write("/lib/functions.sh", functions.as_bytes(), 0o644);
        router.write("/etc/rc.common", RC_COMMON.as_bytes(), 0o755);
        router.write("/sbin/uci", UCI.as_bytes(), 0o755);
        Some(router)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.system.path(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, content: &[u8], mode: u32) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Another file, as the one before may be running.
        let _ = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The text of a file, none where it is absent.
    pub fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.at(path)).ok()
    }

    pub fn append(&self, path: &str, text: &str) {
        let before = self.text(path).unwrap_or_default();
        fs::write(self.at(path), before + text).unwrap();
    }

    /// Whether there is anything at a path, be it a link to nowhere.
    pub fn has(&self, path: &str) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }

    /// Whether the service starts when the router boots.
    pub fn is_enabled(&self) -> bool {
        let links = fs::read_dir(self.at("/etc/rc.d")).unwrap();
        links.map(Result::unwrap).any(|link| {
            let name = link.file_name().into_string().unwrap();
            name.starts_with('S') && name.get(3..) == Some("cwmpd")
        })
    }

    /// Whether the program that runs is the one that is installed; none where none runs.
    pub fn runs_what_is_installed(&self) -> Option<bool> {
        let running = self.text("/tmp/running")?;
        let installed = self.run(&["md5sum", "/usr/sbin/cwmpd"], &[]);
        let installed = String::from_utf8(installed.stdout).unwrap();
        Some(installed.starts_with(running.trim()))
    }

    /// Has the service do something, as its owner does.
    pub fn service(&self, action: &str) {
        let done = self.run(&["/etc/init.d/cwmpd", action], &[]);
        assert!(done.status.success(), "{done:?}");
    }

    /// Runs a command on the router.
    pub fn run(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.system.command(words);
        command.envs(environment.iter().copied());
        command.output().unwrap()
    }

    /// Runs one of the package's scripts, if it has that one.
    fn script(&self, path: &str, arguments: &[&str], is_upgrade: bool) {
        if !self.has(path) {
            return;
        }
        let words = [&[path][..], arguments].concat();
        let is_upgrade = [("PKG_UPGRADE", if is_upgrade { "1" } else { "0" })];
        // Only opkg of today says so by itself.
        let environment = if self.is_1407 { &[][..] } else { &is_upgrade };
        let done = self.run(&words, environment);
        let said = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(done.status.success(), "{path}: {said:?}");
        assert_eq!(said.concat(), "", "{path}");
    }

    /// As `opkg install` does, which is an upgrade where the package is there already.
    pub fn opkg_install(&mut self, ipk: &Ipk) {
        let new = ipk.fields()["Version"].clone();
        let old = self.version.replace(new.clone());
        if old.is_some() && !self.is_1407 {
            self.script(&format!("{INFO}.prerm"), &["upgrade", &new], true);
        }
        if let Some(preinst) = ipk.text("preinst") {
            self.write("/tmp/unpacked/preinst", preinst.as_bytes(), 0o755);
        }
        let arguments = old
            .as_ref()
            .map_or(vec!["install"], |old| vec!["upgrade", old]);
        self.script("/tmp/unpacked/preinst", &arguments, old.is_some());

        let owned = ipk.text("conffiles").unwrap_or_default();
        let edited = self.edited(owned.lines());
        for file in ipk.data.iter().filter(|member| member.kind == '0') {
            let path = &file.name[1..];
            let beside = edited.get(path).is_some_and(|own| *own != file.content);
            let path = if beside {
                format!("{path}-opkg")
            } else {
                path.to_owned()
            };
            self.write(&path, &file.content, file.mode);
        }
        self.remember(&ipk.data, owned.lines());
        let list: String = ipk
            .data
            .iter()
            .filter(|member| member.kind == '0')
            .map(|file| format!("{}\n", &file.name[1..]))
            .collect();
        self.write(&format!("{INFO}.list"), list.as_bytes(), 0o644);
        for name in ["postinst", "postinst-pkg", "prerm", "prerm-pkg", "postrm"] {
            if let Some(text) = ipk.text(name) {
                self.write(&format!("{INFO}.{name}"), text.as_bytes(), 0o755);
            }
        }
        self.script(&format!("{INFO}.postinst"), &["configure"], old.is_some());
    }

    /// The owned files that are not as they were installed, with what is in them.
    fn edited<'a>(&self, owned: impl Iterator<Item = &'a str>) -> BTreeMap<String, Vec<u8>> {
        let now = |path: &str| Some((path.to_owned(), fs::read(self.at(path)).ok()?));
        let mut found: BTreeMap<_, _> = owned.filter_map(now).collect();
        found.retain(|path, content| self.shipped.get(path) != Some(content));
        found
    }

    fn remember<'a>(&mut self, data: &[super::ipk::Member], owned: impl Iterator<Item = &'a str>) {
        let owned: Vec<_> = owned.collect();
        let files = data
            .iter()
            .map(|file| (file.name[1..].to_owned(), file.content.clone()));
        self.shipped = files
            .filter(|(path, _)| owned.contains(&path.as_str()))
            .collect();
    }

    /// As `opkg remove` does.
    pub fn opkg_remove(&mut self) {
        self.script(&format!("{INFO}.prerm"), &["remove"], false);
        let list = self.text(&format!("{INFO}.list")).unwrap();
        self.delete(list.lines());
        for name in ["list", "postinst", "prerm"] {
            let _ = fs::remove_file(self.at(&format!("{INFO}.{name}")));
        }
        self.version = None;
    }

    fn delete<'a>(&self, list: impl Iterator<Item = &'a str>) {
        let owned: Vec<_> = self.shipped.keys().map(String::as_str).collect();
        let edited = self.edited(owned.into_iter());
        for path in list.filter(|path| !edited.contains_key(*path)) {
            let _ = fs::remove_file(self.at(path));
        }
    }

    /// As `apk add` does, which is an upgrade where the package is there already.
    pub fn apk_add(&mut self, apk: &Apk) {
        let old = self.version.replace(apk.version.clone());
        let in_etc = |path: &&str| path.starts_with("/etc/");
        let paths: Vec<_> = apk
            .entries
            .iter()
            .map(|entry| entry.path.as_str())
            .collect();
        let edited = self.edited(paths.iter().copied().filter(in_etc));
        for entry in &apk.entries {
            let Some(content) = &entry.content else {
                continue;
            };
            let beside = edited.get(&entry.path).is_some_and(|own| own != content);
            let path = format!("{}{}", entry.path, if beside { ".apk-new" } else { "" });
            self.write(&path, content, u32::try_from(entry.mode).unwrap());
        }
        let files = apk
            .entries
            .iter()
            .filter(|entry| entry.path.starts_with("/etc/"));
        let files = files.filter_map(|file| Some((file.path.clone(), file.content.clone()?)));
        self.shipped = files.collect();
        match &old {
            Some(old) => self.apk_script(apk, "post-upgrade", &[&apk.version, old]),
            None => self.apk_script(apk, "post-install", &[&apk.version]),
        }
    }

    /// As `apk del` does.
    pub fn apk_del(&mut self, apk: &Apk) {
        self.apk_script(apk, "pre-deinstall", &[&apk.version]);
        let paths = apk.entries.iter().filter(|entry| entry.content.is_some());
        self.delete(paths.map(|entry| entry.path.as_str()));
        self.version = None;
    }

    fn apk_script(&self, apk: &Apk, name: &str, arguments: &[&str]) {
        let Some(text) = apk.script(name) else {
            return;
        };
        let path = format!("/tmp/cwmpd.{name}");
        self.write(&path, text.as_bytes(), 0o755);
        let done = self.run(&[&[path.as_str()][..], arguments].concat(), &[]);
        let said = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(done.status.success(), "{name}: {said:?}");
        assert_eq!(said.concat(), "", "{name}");
    }
}

/// Where the settings of the agent are.
pub const SETTINGS: &str = "/etc/config/cwmpd";
