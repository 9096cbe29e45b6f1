//! `SoftwareModules.` as the shipped rows show it: lists of opkg and apk, scripts of `/etc/init.d`.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cwmpd::datamodel::model::{Model, NewValue, Requester};
use cwmpd::datamodel::source::{
    Declaration, Instance, Listed, Noticed, Reading, Slot, Source, SourceError, Sources, Taking,
};
use cwmpd::device::software::ServiceState;
use cwmpd::device::sources::file::FileSource;
use cwmpd::device::sources::procfs::ProcSource;
use cwmpd::device::sources::software::SoftwareSource;
use cwmpd_lab::Folder;

const OPKG: &str = "usr/lib/opkg/status";
const FIRMWARE: &str = "rom/usr/lib/opkg/status";

/// The source, and a hand on it.
struct Held(Rc<RefCell<SoftwareSource>>);

impl Source for Held {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.0.borrow_mut().declare(row, key)
    }
    fn refresh(&mut self) -> bool {
        self.0.borrow_mut().refresh()
    }
    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        self.0.borrow_mut().get(slot, at).into_owned()
    }
    fn list(&mut self, slot: Slot, at: &[Instance<'_>], known: &[&str]) -> Option<Vec<Listed>> {
        self.0.borrow_mut().list(slot, at, known)
    }
    fn noticed(&self, slot: Slot) -> Noticed {
        self.0.borrow().noticed(slot)
    }
    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        self.0.borrow_mut().stage(slot, at, value)
    }
    fn taking(&self) -> Taking {
        Taking::Later
    }
}

/// A box in a folder, and the model of it.
struct SoftBox {
    folder: Folder,
    source: Rc<RefCell<SoftwareSource>>,
    model: Model,
}

fn package(name: &str, version: &str, status: &str, more: &str) -> String {
    format!("Package: {name}\nVersion: {version}\n{more}Status: install {status} installed\n\n")
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // As a package manager that writes anew in its place, and never within one tick of a clock.
    let _ = fs::remove_file(path);
    fs::write(path, text).unwrap();
}

impl SoftBox {
    fn new(test: &str) -> Self {
        let folder = Folder::new(test);
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/cwmpd/software.csv");
        let rows = fs::read_to_string(shipped).unwrap();
        folder.file(
            "software.csv",
            rows.replace("ubus:system.board:release.version || ", ""),
        );
        let (source, model) = Self::open(&folder);
        Self {
            folder,
            source,
            model,
        }
    }

    fn open(folder: &Folder) -> (Rc<RefCell<SoftwareSource>>, Model) {
        let source = Rc::new(RefCell::new(SoftwareSource::new(Some(folder.path()))));
        let sources: Sources = vec![
            ("software", Box::new(Held(Rc::clone(&source)))),
            ("file", Box::new(FileSource::new())),
            ("proc", Box::new(ProcSource::new("/proc"))),
        ];
        let model = Model::open(folder.path(), "Device.", sources).unwrap();
        (source, model)
    }

    fn restart(&mut self) {
        self.model.close().unwrap();
        (self.source, self.model) = Self::open(&self.folder);
    }

    fn put(&mut self, file: &str, text: &str) {
        write(&self.path(file), text);
        self.model.refresh();
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    fn script(&mut self, name: &str) {
        let path = self.path("init.d").join(name);
        write(&path, "#!/bin/sh /etc/rc.common\nUSE_PROCD=1\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self.model.refresh();
    }

    /// What stands below `SoftwareModules.`, by its path.
    fn all(&mut self, of: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let path = format!("Device.SoftwareModules.{of}");
        self.model
            .values(&path, &mut |path, _, value| {
                all.push((path.to_owned(), value.to_owned()))
            })
            .unwrap();
        all
    }

    fn value(&mut self, of: &str) -> String {
        self.all(of).remove(0).1
    }

    /// The names in a table, each with its number.
    fn names(&mut self, table: &str) -> Vec<String> {
        let all = self.all(table);
        let names = all.iter().filter(|(path, _)| path.ends_with(".Name"));
        let names = names.map(|(path, name)| {
            let number = path.rsplit('.').nth(1).unwrap();
            format!("{number} {name}")
        });
        names.collect()
    }

    fn set(&mut self, of: &str, value: &str) -> Result<(), String> {
        let name = format!("Device.SoftwareModules.{of}");
        let new = NewValue {
            name: &name,
            value,
            xsi_type: None,
        };
        let set = self.model.set_values(Requester::Acs, &[new], None);
        set.map(drop).map_err(|errors| errors[0].error.to_string())
    }
}

fn shipped() -> String {
    package("libc", "1.2", "ok", "Depends: libgcc1\n")
        + &package("libgcc1", "1", "ok", "")
        + &package("dnsmasq", "2.90", "user", "Depends: libc\n")
}

#[test]
fn t48_units_are_what_somebody_asked_for_beyond_the_firmware() {
    let mut soft = SoftBox::new("units");
    write(&soft.path(FIRMWARE), &shipped());
    let info = "Description:  Looks at packets\n of all kinds\n";
    write(&soft.path("usr/lib/opkg/info/tcpdump.control"), info);
    let list = "/usr/sbin/tcpdump\n/etc/init.d/tcpdump\n/etc/config/tcpdump\n";
    write(&soft.path("usr/lib/opkg/info/tcpdump.list"), list);
    soft.script("tcpdump");
    soft.script("cron");
    let own = package("libpcap1", "1.10", "ok", "Depends: libc\n")
        + &package(
            "tcpdump",
            "4.99",
            "user",
            "Depends: libc, libpcap1\nInstalled-Time: 1700000000\n",
        )
        + &package("broken", "1", "user", "Depends: libnone\n");
    soft.put(OPKG, &(shipped() + &own));
    assert_eq!(soft.names("DeploymentUnit."), ["1 broken", "2 tcpdump"]);
    assert_eq!(soft.value("DeploymentUnitNumberOfEntries"), "2");
    for (of, value) in [
        ("Version", "4.99"),
        ("Status", "Installed"),
        ("Resolved", "1"),
        ("Description", "Looks at packets"),
        ("Installed", "2023-11-14T22:13:20Z"),
        ("LastUpdate", "0001-01-01T00:00:00Z"),
        (
            "ExecutionUnitList",
            "Device.SoftwareModules.ExecutionUnit.1",
        ),
        ("ExecutionEnvRef", "Device.SoftwareModules.ExecEnv.1"),
    ] {
        assert_eq!(soft.value(&format!("DeploymentUnit.2.{of}")), value, "{of}");
    }
    assert_eq!(soft.value("DeploymentUnit.1.Resolved"), "0");
    // A newer version of what the firmware has is a unit.
    let newer = shipped().replace("2.90", "2.91");
    soft.put(OPKG, &newer);
    assert_eq!(soft.names("DeploymentUnit."), ["3 dnsmasq"]);
}

#[test]
fn t48_a_box_of_apk_shows_the_same() {
    let mut soft = SoftBox::new("apk");
    write(&soft.path("etc/apk/world"), "base-files\ntool><Q1x3Yz=\n");
    soft.script("tool");
    soft.put(
        "lib/apk/db/installed",
        "P:base-files\nV:1\n\nP:libx\nV:1\n\nP:tool\nV:2.0-r1\nT:A tool\nD:libx\n\
         F:etc/init.d\nR:tool\n\n",
    );
    assert_eq!(soft.names("DeploymentUnit."), ["1 base-files", "2 tool"]);
    write(&soft.path("rom/etc/apk/world"), "base-files\n");
    write(
        &soft.path("rom/lib/apk/db/installed"),
        "P:base-files\nV:1\n\n",
    );
    let text = fs::read_to_string(soft.path("lib/apk/db/installed")).unwrap();
    soft.put("lib/apk/db/installed", &(text + "P:more\nV:1\n\n"));
    assert_eq!(soft.names("DeploymentUnit."), ["2 tool"]);
    assert_eq!(soft.value("DeploymentUnit.2.Description"), "A tool");
    let services = "Device.SoftwareModules.ExecutionUnit.1";
    assert_eq!(soft.value("DeploymentUnit.2.ExecutionUnitList"), services);
}

#[test]
fn t51_without_a_package_manager_and_services_all_tables_are_empty() {
    let mut soft = SoftBox::new("none");
    soft.model.refresh();
    let numbers = ["0"; 3].map(str::to_owned);
    let all = soft.all("");
    assert_eq!(
        all.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
        numbers
    );
}

#[test]
fn t51_what_a_damaged_list_said_before_stays() {
    let mut soft = SoftBox::new("damaged");
    let good = shipped() + &package("tool", "1", "user", "");
    soft.put(OPKG, &good);
    let all = ["1 dnsmasq", "2 tool"];
    assert_eq!(soft.names("DeploymentUnit."), all);
    let cut = &good[..good.find("dnsmasq").unwrap()];
    for damage in ["", "\n\n", "Package: x\nVersion", cut, "\u{0}\u{1}\n\n"] {
        soft.put(OPKG, damage);
        assert_eq!(soft.names("DeploymentUnit."), all, "{damage:?}");
    }
    soft.put(OPKG, &shipped());
    assert_eq!(soft.names("DeploymentUnit."), ["1 dnsmasq"]);
}

#[test]
fn t52_a_unit_keeps_its_number_over_updates_restarts_and_a_removal() {
    let mut soft = SoftBox::new("numbers");
    let (a, b) = (package("a", "1", "user", ""), package("b", "1", "user", ""));
    soft.put(OPKG, &(a.clone() + &b));
    assert_eq!(soft.names("DeploymentUnit."), ["1 a", "2 b"]);
    soft.put(OPKG, &b);
    soft.restart();
    soft.put(
        OPKG,
        &(b.replace("Version: 1", "Version: 2") + &package("c", "1", "user", "")),
    );
    assert_eq!(soft.names("DeploymentUnit."), ["2 b", "3 c"]);
    soft.put(OPKG, &(a + &b));
    assert_eq!(soft.names("DeploymentUnit."), ["1 a", "2 b"]);
}

#[test]
fn t49_services_stand_as_procd_says_and_the_way_to_the_box_is_kept() {
    let mut soft = SoftBox::new("services");
    for name in ["cron", "network"] {
        soft.script(name);
    }
    write(&soft.path("rc.d/S50cron"), "");
    soft.model.refresh();
    assert_eq!(soft.names("ExecutionUnit."), ["1 cron", "2 network"]);
    assert_eq!(soft.names("ExecEnv."), ["1 OpenWrt"]);
    assert_eq!(soft.value("ExecutionUnit.1.AutoStart"), "1");
    assert_eq!(soft.value("ExecutionUnit.1.EUID"), "OpenWrt:cron");
    let state = |name: &str, is_active, exit_code| ServiceState {
        name: name.to_owned(),
        is_active,
        exit_code,
    };
    soft.source
        .borrow_mut()
        .heard(vec![state("cron", false, 7), state("network", true, 0)]);
    assert_eq!(soft.value("ExecutionUnit.1.Status"), "Idle");
    assert_eq!(
        soft.value("ExecutionUnit.1.ExecutionFaultCode"),
        "FailureWhileActive"
    );
    assert_eq!(soft.value("ExecutionUnit.2.Status"), "Active");
    let active = "Device.SoftwareModules.ExecutionUnit.2";
    assert_eq!(soft.value("ExecEnv.1.ActiveExecutionUnits"), active);
    soft.set("ExecutionUnit.1.RequestedState", "Active")
        .unwrap();
    assert_eq!(soft.model.pending_writes().len(), 1);
    for (of, value) in [
        ("ExecutionUnit.2.RequestedState", "Idle"),
        ("ExecutionUnit.2.AutoStart", "0"),
    ] {
        let why = soft.set(of, value).unwrap_err();
        assert!(why.contains("network is what this agent"), "{why}");
    }
    soft.set("ExecutionUnit.2.RequestedState", "Active")
        .unwrap();
    assert!(soft.set("ExecutionUnit.2.RequestedState", "Up").is_err());
}
