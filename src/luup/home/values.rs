//! What sensors and actuators say, as the rows of the table of values show it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::writes::key;
use super::{Home, HomeView};
use crate::base::config::LuupConfig;
use crate::datamodel::row::RowError;
use crate::datamodel::source::{Instance, Reading, Slot};
use crate::luup::key::{FIELDS, LuupKey, LuupTable, ValueKey};
use crate::luup::values::{self, Allowed, NotSettable, ServiceRow, ServiceTable};
use crate::luup::{LuupError, LuupOrder};

/// The file that says which variables have values, and what is wrong with it: the line, 0 for the
/// whole, and the reason.
pub type ServicesRead = (PathBuf, Vec<(u32, RowError)>);

/// A variable of a device, with the full name of its service, and its text.
pub(super) type ShownValue = (u32, LuupKey, Box<str>);

impl Home {
    /// Reads which variables have values from the folder of the model; without it none has.
    pub fn read_services(&mut self, folder: &Path) -> ServicesRead {
        let (table, errors) = ServiceTable::read(folder);
        self.services = Arc::new(table);
        (folder.join(values::FILE), errors)
    }

    /// Whether a row shows them.
    pub fn shows_values(&self) -> bool {
        let values = LuupKey::Table(LuupTable::Values);
        self.rows.iter().any(|row| row.key == values)
    }

    /// What may be switched from now on.
    pub fn allow(&mut self, config: &LuupConfig) {
        self.allowed = Allowed::by(config);
    }

    /// What may be switched of a device.
    pub(super) fn allowed(&self, view: &HomeView, device: u32) -> Allowed {
        let category = view.snapshot.names(FIELDS, "category_num");
        let category = view.snapshot.value(device, &category);
        self.allowed.of_category(category)
    }

    /// The row of the services by whose action a row is set: a value of the table, or a variable that
    /// an action sets wherever it is shown. `at` is what the instances on its path are called.
    pub(super) fn acting(&self, key: &LuupKey, at: &[Box<str>]) -> Option<&ServiceRow> {
        let (service, variable) = match key {
            LuupKey::Variable { service, variable } => (&**service, &**variable),
            LuupKey::Value(ValueKey::Value) => {
                let (_, service, variable) = values::named(at.last()?)?;
                (service, variable)
            }
            _ => return None,
        };
        let (_, row) = self.services.row_of(service, variable)?;
        let is_value = matches!(key, LuupKey::Value(_));
        (is_value || row.has_action()).then_some(row)
    }

    /// The order that sets a variable by its action, and the one that brings back what was before.
    ///
    /// # Errors
    /// It is not allowed, not of its type, or no device has the service of the action.
    pub(super) fn by_action(
        &self,
        view: &HomeView,
        device: u32,
        row: &ServiceRow,
        value: &str,
        earlier: &[ShownValue],
    ) -> Result<(LuupOrder, LuupOrder), LuupError> {
        let refused = |why: &dyn fmt::Display| {
            LuupError::NotWritable(format!("{}/{} ({why})", row.service, row.variable))
        };
        let value = row
            .check(value, self.allowed(view, device))
            .map_err(|why| refused(&why))?;
        let own = view.full_service(device, &row.service, &row.variable);
        let own = own.ok_or_else(|| refused(&"no device has the service"))?;
        let acting = match row.action_service() {
            Some(full) if full.contains(':') => Some(full),
            Some(short) => view.snapshot.service_of(device, short),
            None => Some(own),
        };
        let acting = acting.ok_or_else(|| refused(&"no device has the service of its action"))?;
        let beside = |variable: &str| {
            let wanted = key(own, variable);
            let is_it = |(of, key, _): &&ShownValue| *of == device && *key == wanted;
            let set = earlier.iter().rev().find(is_it).map(|(.., text)| &**text);
            set.or_else(|| self.text(view, device, own, variable))
                .map(Box::from)
        };
        let before = beside(&row.variable);
        let action = |value: &str| row.order(device, acting.into(), value, &beside);
        if !row.is_setting() {
            let before = before.as_ref().unwrap_or(&value);
            let orders = action(&value).zip(action(before));
            return orders.ok_or_else(|| refused(&NotSettable::NoAction));
        }
        let variable = |value: &str| LuupOrder::Variable {
            device,
            service: own.into(),
            variable: row.variable.clone(),
            value: value.into(),
        };
        let setting = |value: &str| {
            Some(LuupOrder::Setting {
                action: action(value)?.into(),
                variable: variable(value).into(),
            })
        };
        let undo = match &before {
            Some(before) => setting(before),
            // No action unsets it.
            None => Some(variable("")),
        };
        let orders = setting(&value).zip(undo);
        orders.ok_or_else(|| refused(&NotSettable::NoAction))
    }

    /// What the home shows for a value that an action has set: the variable itself, where a row of the
    /// data model shows it or not.
    pub(super) fn shown_by(&self, slot: Slot, at: &[Box<str>], value: &str) -> Option<ShownValue> {
        let (view, row) = self.row(slot).ok()?;
        let service = self.acting(&row.key, at)?;
        let device = view.device(slot, at.last().map(|name| &**name))?;
        let text = service.check(value, self.allowed(view, device)).ok()?;
        let full = view.full_service(device, &service.service, &service.variable)?;
        Some((device, key(full, &service.variable), text))
    }

    /// What a row of the table shows.
    pub(super) fn of_value<'a>(
        &'a self,
        view: &'a HomeView,
        key: ValueKey,
        at: &[Instance<'_>],
    ) -> Reading<'a> {
        let identity = at.last().map(Instance::name).unwrap_or_default();
        let Some((device, service, variable)) = values::named(&identity) else {
            return Reading::Absent;
        };
        let row = self.services.row_of(service, variable);
        let seen = row.and_then(|(index, _)| view.values.get(device, index));
        let (Some((_, row)), Some(seen)) = (row, seen) else {
            return Reading::Unknown;
        };
        match key {
            ValueKey::Name => Reading::of(Some(&*row.name)),
            ValueKey::Variable => Reading::of(Some(&*row.variable)),
            ValueKey::Service => {
                Reading::of(view.full_service(device, &row.service, &row.variable))
            }
            ValueKey::Unit => Reading::of(Some(row.unit(&|name| view.snapshot.top(name)))),
            ValueKey::Settable => {
                let digit = if row.is_settable(self.allowed(view, device)) {
                    "1"
                } else {
                    "0"
                };
                Reading::of(Some(digit))
            }
            ValueKey::Changed if seen.changed > 0 => Reading::of(Some(seen.changed.to_string())),
            ValueKey::Changed => Reading::Absent,
            ValueKey::Value if !seen.is_there() => Reading::Absent,
            ValueKey::Value => {
                let full = LuupKey::Variable {
                    service: service.into(),
                    variable: variable.into(),
                };
                match (self.taken.get(device, &full), &seen.text) {
                    (Some(taken), _) => Reading::of(Some(taken)),
                    (None, Some(text)) => Reading::of(Some(&**text)),
                    (None, None) => Reading::Unknown,
                }
            }
        }
    }
}

impl HomeView {
    /// The full name of the service of a variable: as the device has it, else as others do.
    pub(super) fn full_service(&self, device: u32, service: &str, variable: &str) -> Option<&str> {
        let mut names = self.snapshot.names(service, variable);
        let is_own = |name: &u32| self.snapshot.value(device, &(*name..*name + 1)).is_some();
        let own = names.find(is_own).map(|name| self.snapshot.name(name).0);
        own.or_else(|| self.snapshot.service_of(device, service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datamodel::model::PendingWrite;
    use crate::datamodel::source::{Declaration, SourceError};
    use crate::datamodel::types::ParamType;
    use crate::luup::Snapshot;

    const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/cwmpd");

    /// A motion sensor, the thermometer below it, and a lamp that is not of Z-Wave.
    fn answer(tripped: &str, status: &str) -> String {
        format!(
            r#"{{"devices":[
            {{"id":20,"name":"Hall","id_parent":1,"states":[
              {{"service":"urn:micasaverde-com:serviceId:SecuritySensor1","variable":"Tripped","value":"{tripped}"}},
              {{"service":"urn:micasaverde-com:serviceId:SecuritySensor1","variable":"Armed","value":"1"}},
              {{"service":"urn:micasaverde-com:serviceId:SecuritySensor1","variable":"LastTrip","value":"1444883051"}}]}},
            {{"id":22,"id_parent":20,"states":[
              {{"service":"urn:upnp-org:serviceId:TemperatureSensor1","variable":"CurrentTemperature","value":"16.25"}}]}},
            {{"id":70,"name":"Hue","id_parent":60,"states":[
              {{"service":"urn:upnp-org:serviceId:SwitchPower1","variable":"Status","value":"{status}"}}]}}]}}"#
        )
    }

    struct ShownValues {
        home: Home,
        table: Slot,
    }

    impl ShownValues {
        fn new() -> Self {
            let mut home = Home::default();
            let (_, errors) = home.read_services(Path::new(SHIPPED));
            assert_eq!(errors, []);
            let table = declare(&mut home, "values", None);
            Self { home, table }
        }

        fn update(&mut self, answer: &str) {
            let fetch = self.home.begin_fetch();
            let view = Snapshot::read([Ok(answer)]).map(|snapshot| fetch.view(snapshot));
            self.home.update(fetch, view);
        }

        fn get(&mut self, key: &str, identity: &str) -> Reading<'static> {
            let slot = declare(&mut self.home, key, Some("STRING"));
            let instance = Instance {
                number: 1,
                identity: Some(identity),
            };
            self.home.value(slot, &[instance]).into_owned()
        }

        fn instances(&self) -> Vec<(String, Option<u32>)> {
            let listed = self.home.list(self.table, &[]).unwrap().into_iter();
            listed
                .map(|one| (one.identity.into(), one.number))
                .collect()
        }
    }

    fn declare(home: &mut Home, key: &str, kind: Option<&str>) -> Slot {
        let kind = kind.map(|kind| ParamType::parse(kind).unwrap());
        let row = Declaration {
            kind: kind.as_ref(),
            filtered: false,
            tables: usize::from(kind.is_some()),
            writable: false,
        };
        home.declare(&row, key).unwrap()
    }

    fn is(text: &str) -> Reading<'_> {
        Reading::Value(text.into())
    }

    #[test]
    fn z28_values_are_of_nodes_of_the_devices_below_them_and_of_others() {
        let mut shown = ShownValues::new();
        assert!(shown.home.shows_values());
        assert_eq!(
            shown.home.list(shown.table, &[]),
            None,
            "nobody can tell yet"
        );
        shown.update(&answer("1", "0"));
        let wanted = [
            ("20/SecuritySensor1/Tripped", 2003),
            ("20/SecuritySensor1/Armed", 2004),
            ("22/TemperatureSensor1/CurrentTemperature", 2206),
            ("70/SwitchPower1/Status", 7001),
        ];
        let wanted = wanted.map(|(identity, number)| (identity.to_owned(), Some(number)));
        assert_eq!(shown.instances(), wanted);
        let tripped = "20/SecuritySensor1/Tripped";
        for (key, value) in [
            ("device.id", "20"),
            ("device.name", "Hall"),
            ("value.name", "Tripped"),
            (
                "value.service",
                "urn:micasaverde-com:serviceId:SecuritySensor1",
            ),
            ("value.variable", "Tripped"),
            ("value.value", "1"),
            ("value.unit", ""),
            ("value.settable", "0"),
            ("value.changed", "1444883051"),
        ] {
            assert_eq!(shown.get(key, tripped), is(value), "{key}");
        }
        let lamp = "70/SwitchPower1/Status";
        assert_eq!(shown.get("value.changed", lamp), Reading::Absent);
        shown.update(&answer("1", "1"));
        assert!(matches!(
            shown.get("value.changed", lamp),
            Reading::Value(_)
        ));
        assert_eq!(shown.get("value.value", lamp), is("1"));
        for odd in [
            "70",
            "70/X1/Y",
            "x/SwitchPower1/Status",
            "71/SwitchPower1/Status",
        ] {
            assert_eq!(shown.get("value.value", odd).value(), None, "{odd}");
        }
    }

    #[test]
    fn z30_what_may_be_set_is_told() {
        let mut shown = ShownValues::new();
        shown.update(&answer("0", "0"));
        let mut config = crate::base::config::Config::default().luup;
        let (lamp, armed) = ("70/SwitchPower1/Status", "20/SecuritySensor1/Armed");
        for (actuators, locks) in [(false, false), (true, false), (false, true)] {
            (config.actuators, config.locks) = (actuators, locks);
            shown.home.allow(&config);
            let digit = |allowed| if allowed { "1" } else { "0" };
            assert_eq!(shown.get("value.settable", lamp), is(digit(actuators)));
            assert_eq!(shown.get("value.settable", armed), is(digit(locks)), "z31");
        }
    }

    fn write(slot: Slot, identity: &str, value: &str) -> PendingWrite {
        PendingWrite {
            path: identity.to_owned(),
            kind: "luup",
            slot,
            at: vec![identity.into()],
            value: value.to_owned(),
            wanted: value.to_owned(),
        }
    }

    fn action(device: u32, service: &str, name: &str, argument: &str, value: &str) -> LuupOrder {
        LuupOrder::Action {
            device,
            service: service.into(),
            action: name.into(),
            arguments: vec![(argument.into(), value.into())],
        }
    }

    const SWITCH: &str = "urn:upnp-org:serviceId:SwitchPower1";
    const SENSOR: &str = "urn:micasaverde-com:serviceId:SecuritySensor1";

    #[test]
    fn z29_a_value_is_set_by_its_action_and_shown_at_once() {
        let mut shown = ShownValues::new();
        shown.update(&answer("0", "0"));
        let mut config = crate::base::config::Config::default().luup;
        (config.actuators, config.locks) = (true, true);
        shown.home.allow(&config);
        let value = declare(&mut shown.home, "value.value", Some("STRING"));
        let direct = declare(&mut shown.home, "SwitchPower1/Status", Some("STRING"));
        let lamp = "70/SwitchPower1/Status";
        let switched = |value| action(70, SWITCH, "SetTarget", "newTargetValue", value);
        for (slot, identity) in [(value, lamp), (direct, "70")] {
            let changes = shown.home.changes(&[write(slot, identity, "1")]).unwrap();
            assert_eq!(
                (&changes[0].order, &changes[0].undo),
                (&switched("1"), &switched("0"))
            );
        }
        let armed = write(value, "20/SecuritySensor1/Armed", "0");
        let changes = shown
            .home
            .changes(&[armed, write(value, lamp, "true")])
            .unwrap();
        let disarmed = action(20, SENSOR, "SetArmed", "newArmedValue", "0");
        assert_eq!(
            (&changes[0].order, &changes[1].order),
            (&disarmed, &switched("1"))
        );
        let at = Instance {
            number: 7001,
            identity: Some(lamp),
        };
        shown.home.took(value, &[at], "true");
        assert_eq!(shown.get("value.value", lamp), is("1"));
        assert_eq!(shown.get("SwitchPower1/Status", "70"), is("1"));
        shown.update(&answer("0", "0"));
        assert_eq!(shown.get("value.value", lamp), is("1"), "the node is at it");
    }

    #[test]
    fn z31_what_is_not_allowed_is_not_even_staged() {
        let mut shown = ShownValues::new();
        shown.update(&answer("0", "0"));
        let value = declare(&mut shown.home, "value.value", Some("STRING"));
        let direct = declare(&mut shown.home, "SwitchPower1/Status", Some("STRING"));
        let (lamp, armed) = ("70/SwitchPower1/Status", "20/SecuritySensor1/Armed");
        let mut config = crate::base::config::Config::default().luup;
        for (actuators, locks) in [(false, false), (true, false), (false, true)] {
            (config.actuators, config.locks) = (actuators, locks);
            shown.home.allow(&config);
            for (slot, identity, allowed, option) in [
                (value, lamp, actuators, "luup.actuators"),
                (direct, "70", actuators, "luup.actuators"),
                (value, armed, locks, "luup.locks"),
            ] {
                let staged = shown.home.check(slot, &[identity.into()], "1");
                let why = format!("not allowed while {option} is 0");
                let wanted = match allowed {
                    true => Ok(()),
                    false => Err(SourceError::Forbidden(why)),
                };
                assert_eq!(staged, wanted, "{identity} {actuators} {locks}");
                let changes = shown.home.changes(&[write(slot, identity, "1")]);
                assert_eq!(changes.is_ok(), allowed, "{identity}");
            }
        }
        (config.actuators, config.locks) = (true, true);
        shown.home.allow(&config);
        for bad in ["", "2", "on"] {
            let staged = shown.home.check(value, &[lamp.into()], bad);
            assert!(matches!(staged, Err(SourceError::BadValue(_))), "{bad}");
        }
        let reads = "22/TemperatureSensor1/CurrentTemperature";
        let staged = shown.home.check(value, &[reads.into()], "20");
        assert_eq!(staged, Err(SourceError::ReadOnly));
    }

    #[test]
    fn z80_a_door_that_a_switch_opens_is_a_lock() {
        let mut shown = ShownValues::new();
        let value = declare(&mut shown.home, "value.value", Some("STRING"));
        let door = "70/SwitchPower1/Status";
        let mut config = crate::base::config::Config::default().luup;
        for (category, is_door) in [("3", false), ("8", false), ("7", true), ("32", true)] {
            let named = format!(r#""name":"Hue","category_num":{category}"#);
            shown.update(&answer("0", "0").replace(r#""name":"Hue""#, &named));
            for (actuators, locks) in [(true, false), (false, true), (true, true)] {
                (config.actuators, config.locks) = (actuators, locks);
                shown.home.allow(&config);
                let may = actuators && (locks || !is_door);
                let staged = shown.home.check(value, &[door.into()], "1");
                assert_eq!(staged.is_ok(), may, "{category}: {staged:?}");
                let changes = shown.home.changes(&[write(value, door, "1")]);
                assert_eq!(changes.is_ok(), may, "{category}");
                let digit = if may { "1" } else { "0" };
                assert_eq!(shown.get("value.settable", door), is(digit), "{category}");
            }
        }
    }

    #[test]
    fn z33_an_action_that_takes_several_settings_gets_those_that_are_set_along() {
        let mut shown = ShownValues::new();
        let network = r#"{"devices":[{"id":1,"states":[
            {"service":"urn:micasaverde-com:serviceId:ZWaveNetwork1","variable":"PollingEnabled","value":"1"},
            {"service":"urn:micasaverde-com:serviceId:ZWaveNetwork1","variable":"PollFrequency","value":"60"}]}]}"#;
        shown.update(network);
        let enabled = declare(
            &mut shown.home,
            "ZWaveNetwork1/PollingEnabled",
            Some("STRING"),
        );
        let frequency = declare(
            &mut shown.home,
            "ZWaveNetwork1/PollFrequency",
            Some("STRING"),
        );
        let both = [write(enabled, "1", "0"), write(frequency, "1", "90")];
        let changes = shown.home.changes(&both).unwrap();
        const NETWORK: &str = "urn:micasaverde-com:serviceId:ZWaveNetwork1";
        let polling = |enabled: &str, frequency: &str, held: (&str, &str)| LuupOrder::Setting {
            action: LuupOrder::Action {
                device: 1,
                service: NETWORK.into(),
                action: "SetPolling".into(),
                arguments: vec![
                    ("PollingEnabled".into(), enabled.into()),
                    ("PollFrequency".into(), frequency.into()),
                ],
            }
            .into(),
            variable: LuupOrder::Variable {
                device: 1,
                service: NETWORK.into(),
                variable: held.0.into(),
                value: held.1.into(),
            }
            .into(),
        };
        let enabled = |value| polling(value, "60", ("PollingEnabled", value));
        assert_eq!(
            (&changes[0].order, &changes[0].undo),
            (&enabled("0"), &enabled("1"))
        );
        let frequency = |value| polling("0", value, ("PollFrequency", value));
        assert_eq!(
            (&changes[1].order, &changes[1].undo),
            (&frequency("90"), &frequency("60"))
        );
        shown.home.taken(&changes[0].order);
        let was = shown.get("ZWaveNetwork1/PollingEnabled", "1");
        assert_eq!(was, is("0"));
        assert!(shown.home.has(&enabled("0")) && !shown.home.has(&enabled("1")));
    }
}
