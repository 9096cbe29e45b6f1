//! What sensors and actuators say, as the rows of the table of values show it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Home, HomeView};
use crate::base::config::LuupConfig;
use crate::datamodel::row::RowError;
use crate::datamodel::source::{Instance, Reading};
use crate::luup::key::{LuupKey, LuupTable, ValueKey};
use crate::luup::values::{self, Allowed, ServiceTable};

/// The file that says which variables have values, and what is wrong with it: the line, 0 for the
/// whole, and the reason.
pub type ServicesRead = (PathBuf, Vec<(u32, RowError)>);

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
            ValueKey::Service => Reading::of(view.full_service(&row.service)),
            ValueKey::Unit => Reading::of(Some(row.unit(&|name| view.top(name)))),
            ValueKey::Settable => {
                let digit = if row.is_settable(self.allowed) {
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
    /// The full name of the service of a variable.
    fn full_service(&self, service: &str) -> Option<&str> {
        self.snapshot.service(service)
    }

    /// What the engine says of itself.
    fn top(&self, _name: &str) -> Option<&str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datamodel::source::{Declaration, Slot};
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
}
