//! `etc/cwmpd/zwave.csv` against the model of a Z-Wave home it was taken from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

mod formulas;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::model::{Model, ModelError};
use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::schema::Schema;
use cwmpd::datamodel::source::Sources;
use cwmpd::luup::{FetchScope, Home, LuupError, LuupSource, Snapshot};
use cwmpd_lab::{Folder, shared};

use crate::rows::{Shipped, folder, igd_folder, rows, rows_of};

fn zwave() -> Vec<Shipped> {
    let rows = rows().into_iter();
    rows.filter(|row| row.file == "zwave.csv").collect()
}

/// The key of a row's source, without filters.
fn key(row: &Row) -> Option<&str> {
    row.definition
        .as_deref()?
        .strip_prefix("luup:")?
        .split('|')
        .next()
}

fn luup(home: &Rc<RefCell<Home>>) -> Sources {
    vec![("luup", Box::new(LuupSource(Rc::clone(home))))]
}

/// Name, type, whether it can be written, class, and of a direct one its source.
type ModelRow = (String, &'static str, bool, String, String);

/// The rows of the model.
fn model() -> Option<Vec<ModelRow>> {
    let text = shared::text("luup/zwave_model.csv")?;
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(';').collect();
        let base = XsdType::from_local_name(columns[1]).unwrap();
        let service = columns[4].rsplit(':').next().unwrap();
        let source = match service {
            "device" => format!("device.{}", columns[5]),
            service => format!("{service}/{}", columns[5]),
        };
        let name = columns[0].strip_prefix("Device.").unwrap().to_owned();
        let is_writable = columns[2] == "RW";
        (
            name,
            base.as_str(),
            is_writable,
            columns[3].to_owned(),
            source,
        )
    };
    Some(text.lines().skip(1).map(row).collect())
}

#[test]
fn z15_every_row_of_the_model_is_there_and_what_luup_cannot_tell_is_not() {
    let Some(model) = model() else {
        return;
    };
    let of_class = |class: &str| model.iter().filter(|row| row.3 == class).count();
    let counts = ["direct", "computed", "unavailable"].map(of_class);
    assert_eq!(counts, [38, 50, 12]);
    for folder in [folder(), igd_folder()] {
        let rows = rows_of(&folder).into_iter();
        let rows: Vec<Shipped> = rows.filter(|row| row.file == "zwave.csv").collect();
        for (name, base, is_writable, class, source) in &model {
            let found = rows.iter().find(|row| {
                let path = row.path.strip_prefix("X_CWMPD_").unwrap_or(&row.path);
                path == name
            });
            let Some(row) = found else {
                assert_eq!(class, "unavailable", "{name}");
                continue;
            };
            assert_ne!(class, "unavailable", "{name}");
            assert_eq!(row.param_type().unwrap().xsd().as_str(), *base, "{name}");
            assert_eq!(row.writable, *is_writable, "{name}");
            if class == "direct" {
                assert_eq!(key(row), Some(&**source), "{name}");
            }
        }
    }
}

#[test]
fn every_source_of_the_rows_makes_sense_to_luup() {
    let home = Rc::default();
    let rows = zwave().iter().map(|row| Row::clone(row)).collect();
    let (_, found) = Schema::build("Device.", rows, &mut luup(&home));
    assert_eq!(found, []);
    let fetch = home.borrow_mut().begin_fetch();
    assert!(matches!(fetch.wanted(), FetchScope::All(_)));
}

/// What the shipped rows show of two stored answers: paths below `Device.Zwave.`, and values.
fn shown(status: &str, user_data: &str) -> Option<BTreeMap<String, String>> {
    let status = shared::text(&format!("luup/samples/{status}"))?;
    let user_data = shared::text(&format!("luup/samples/{user_data}"))?;
    let mut home = ZwaveModel::new();
    home.comes(Snapshot::read([Ok(&status), Ok(&user_data)]).unwrap());
    Some(home.shown())
}

/// The shipped rows, and the home behind them.
struct ZwaveModel {
    home: Rc<RefCell<Home>>,
    model: Model,
    _folder: Folder,
}

impl ZwaveModel {
    fn new() -> Self {
        let lines = zwave().into_iter().map(|row| row.to_line() + "\n");
        Self::of(&lines.collect::<String>())
    }

    fn of(rows: &str) -> Self {
        let folder = Folder::new("zwave");
        folder.file("zwave.csv", rows);
        let home: Rc<RefCell<Home>> = Rc::default();
        let model = Model::open(folder.path(), "Device.", luup(&home)).unwrap();
        Self {
            home,
            model,
            _folder: folder,
        }
    }

    fn comes(&mut self, snapshot: Snapshot) {
        let fetch = self.home.borrow_mut().begin_fetch();
        let view = fetch.view(snapshot);
        self.home.borrow_mut().update(fetch, Ok(view));
        self.model.refresh();
    }

    fn shown(&mut self) -> BTreeMap<String, String> {
        let mut shown = BTreeMap::new();
        let mut see = |path: &str, _, value: &str| {
            let path = path.strip_prefix(ROOT).unwrap().to_owned();
            shown.insert(path, value.to_owned());
        };
        self.model.values(ROOT, &mut see).unwrap();
        shown
    }

    /// The names that GetParameterNames lists below a path.
    fn names(&mut self, path: &str) -> Result<Vec<String>, ModelError> {
        let mut names = Vec::new();
        let mut see = |path: &str, _| names.push(path.to_owned());
        self.model.names(path, false, &mut see)?;
        Ok(names)
    }
}

const ROOT: &str = "Device.Zwave.";

/// Devices 1 (the network, of this home id), and others as they are written.
fn home_of(devices: &str) -> Snapshot {
    let text = format!(
        r#"{{"devices":[{{"id":1,"id_parent":0,"altid":"","states":[{}]}},{devices}]}}"#,
        state("ZWaveNetwork1", "HomeID", "House: 17abfa2 Node 1 Suc 0")
    );
    Snapshot::read([Ok(text)]).unwrap()
}

fn state(service: &str, variable: &str, value: &str) -> String {
    format!(
        r#"{{"service":"urn:micasaverde-com:serviceId:{service}","variable":"{variable}","value":"{value}"}}"#
    )
}

fn node(id: u32, node: u32, states: &[String]) -> String {
    let states = states.join(",");
    format!(r#"{{"id":{id},"id_parent":1,"altid":"{node}","states":[{states}]}}"#)
}

/// The parts of a path that a line of `by_hand.txt` begins with: of which object it tells.
fn object(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    parts[..parts.len().min(2) - usize::from(parts.len() == 1)].join(".")
}

#[test]
fn z15_the_values_are_those_worked_out_by_hand() {
    let Some(shown) = shown(
        "openluup_status_small.json",
        "openluup_user_data_small.json",
    ) else {
        return;
    };
    let lines = include_str!("by_hand.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    let by_hand: BTreeMap<String, String> = lines
        .map(|line| line.split_once('=').unwrap())
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .collect();
    let objects: BTreeSet<String> = by_hand.keys().map(|path| object(path)).collect();
    assert!(objects.contains("Interface.30"), "{objects:?}");
    let shown: BTreeMap<String, String> = shown
        .into_iter()
        .filter(|(path, _)| {
            let of = object(path);
            objects.contains(&of) || (of == "Network" || path.starts_with("Network."))
        })
        .collect();
    let differences: Vec<String> = by_hand
        .keys()
        .chain(shown.keys())
        .filter(|path| by_hand.get(*path) != shown.get(*path))
        .map(|path| {
            format!(
                "{path}: {:?} by hand, {:?}",
                by_hand.get(path),
                shown.get(path)
            )
        })
        .collect();
    assert_eq!(differences, [] as [&str; 0], "{differences:#?}");
}

#[test]
fn z07_what_luup_does_not_tell_of_a_node_is_not_there() {
    let mut home = ZwaveModel::new();
    let configured = state("HaDevice1", "Configured", "1");
    let battery = state("HaDevice1", "BatteryLevel", "0");
    let failed = state("HaDevice1", "CommFailure", "2");
    home.comes(home_of(&format!(
        "{},{}",
        node(3, 2, &[configured]),
        node(4, 3, &[battery, failed]),
    )));
    let shown = home.shown();
    let value = |path: &str| shown.get(path).map(String::as_str);
    assert_eq!(value("Interface.4.BatteryLevel"), Some("0"));
    assert_eq!(value("Interface.3.BatteryLevel"), None);
    assert_eq!(value("Interface.3.PollOk"), None);
    assert_eq!(value("Interface.3.Listening"), None);
    assert_eq!(value("Interface.3.ManufacturerID"), None);
    // What can be set is there, so that it can be.
    assert_eq!(value("Interface.3.PollInterval"), Some("0"));
    // A failure to prove who it is counts as any other.
    assert_eq!(value("Interface.4.CommFailure"), Some("1"));
    assert_eq!(value("Interface.4.Status"), Some("Error"));
    assert_eq!(value("Interface.3.CommFailure"), Some("0"));
    assert_eq!(value("Interface.3.Status"), Some("Unknown"));
    assert_eq!(value("Network.FailedNodeCount"), Some("1"));
    let absent = "Device.Zwave.Interface.3.BatteryLevel";
    assert_eq!(home.names(absent), Err(ModelError::InvalidName));
    assert_eq!(home.model.find(absent), Err(ModelError::InvalidName));
    let listed = home.names("Device.Zwave.Interface.").unwrap();
    assert!(!listed.contains(&absent.to_owned()));
    assert!(listed.contains(&"Device.Zwave.Interface.4.BatteryLevel".to_owned()));
}

#[test]
fn z08_a_box_without_an_engine_has_no_zwave() {
    let mut home = ZwaveModel::new();
    let is_there = |home: &mut ZwaveModel| {
        home.model.refresh();
        let listed = home.names("Device.").unwrap();
        let is_listed = listed.iter().any(|name| name.starts_with(ROOT));
        assert_eq!(home.model.find(ROOT).is_ok(), is_listed);
        let within = "Device.Zwave.Network.Status";
        assert_eq!(home.model.find(within).is_ok(), is_listed);
        let mut values = 0;
        home.model
            .values("Device.", &mut |_, _, _| values += 1)
            .unwrap();
        assert_eq!(values > 0, is_listed);
        is_listed
    };
    assert!(!is_there(&mut home), "no engine ever answered");
    let failed = home.home.borrow_mut().begin_fetch();
    home.home
        .borrow_mut()
        .update(failed, Err(LuupError::Timeout));
    assert!(!is_there(&mut home));
    home.comes(home_of(&node(3, 2, &[])));
    assert!(is_there(&mut home));
    home.home.borrow_mut().set_enabled(false);
    assert!(!is_there(&mut home), "luup.enable 0");
    home.home.borrow_mut().set_enabled(true);
    assert!(is_there(&mut home));
}

#[test]
fn z08_a_home_that_is_known_stays_while_the_engine_has_not_answered_yet() {
    let mut home = ZwaveModel::new();
    home.comes(home_of(&node(3, 2, &[])));
    let again: Rc<RefCell<Home>> = Rc::default();
    let folder = home._folder;
    // As after a session.
    home.model.set_record("session", Some("1"));
    home.model.commit().unwrap();
    drop(home.model);
    let model = Model::open(folder.path(), "Device.", luup(&again)).unwrap();
    let mut home = ZwaveModel {
        home: again,
        model,
        _folder: folder,
    };
    home.model.refresh();
    assert!(home.model.find("Device.Zwave.Interface.3.").is_ok());
    home.home.borrow_mut().set_enabled(false);
    assert_eq!(home.model.find(ROOT), Err(ModelError::InvalidName));
}

#[test]
fn z22_another_firmware_is_another_csv() {
    let rows = [
        "X_ACME.;ANY;source;r,optional;;;;;;;;;;;luup:home.present",
        "X_ACME.Firmware;STRING;source;r;;;;;;;;;;;luup:home.BuildVersion|match(\"\\**{*}\\*\")",
        "X_ACME.Depth;UINT;source;r,optional;;;;;;;;;;;luup:network.controller",
        "X_ACME.Thing.;ANY;source;r;;;;;;;;;;;luup:devices.category=3",
        "X_ACME.Thing.{i}.Room;STRING;source;r;;;;;;;;;;;luup:room.name",
        "X_ACME.Thing.{i}.Build;STRING;source;r;;;;;;;;;;;luup:ZWaveDevice1/VersionInfo|item(5)",
        "X_ACME.All.;ANY;source;r;;;;;;;;;;;luup:devices",
        "X_ACME.All.{i}.Name;STRING;source;r;;;;;;;;;;;luup:device.name",
        "X_ACME.Net.;ANY;source;r;;;;;;;;;;;luup:networks",
        "X_ACME.Net.{i}.HomeID;STRING;source;r;;;;;;;;;;;luup:network.home_id",
        "X_ACME.Net.{i}.Mode;UINT;source;r;;;;;;;;;;;luup:home.Mode",
    ];
    let samples = [
        "openluup_status_small.json",
        "openluup_user_data_small.json",
    ];
    let answers = samples.map(|name| shared::text(&format!("luup/samples/{name}")));
    let [Some(status), Some(user_data)] = answers else {
        return;
    };
    let mut home = ZwaveModel::of(&rows.map(|row| format!("{row}\n")).concat());
    home.comes(Snapshot::read([Ok(&status), Ok(&user_data)]).unwrap());
    let mut value = |path: &str| {
        let mut found = None;
        let full = format!("Device.X_ACME.{path}");
        let mut see = |_: &str, _, value: &str| found = Some(value.to_owned());
        home.model.values(&full, &mut see).ok()?;
        found
    };
    let mut is = |path: &str, wanted: &str| assert_eq!(value(path).as_deref(), Some(wanted));
    is("Firmware", "1.5.622");
    is("Depth", "1");
    is("Thing.3.Room", "Office");
    is("Thing.57.Build", "25");
    is("All.65.Name", "Alternate App Store");
    is("Net.1.HomeID", "017ABFA2");
    is("Net.1.Mode", "1");
    assert_eq!(
        value("Thing.20.Room"),
        None,
        "a sensor is of another category"
    );
    assert_eq!(value("Net.3.HomeID"), None);
}
