//! What procd says of the services that it has: `ubus call service list`.

#[cfg(feature = "ubus")]
use crate::device::ubus::{UbusTable, UbusValue};

/// How a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// What procd, and its script, call it.
    pub name: String,
    /// It runs; or procd has it and it has nothing to run, as `firewall`.
    pub is_active: bool,
    /// With what its process ended, where that is why it does not run; 0 in the procd of old, which
    /// does not say.
    pub exit_code: i32,
}

#[cfg(feature = "ubus")]
impl ServiceState {
    /// All that an answer tells of.
    pub fn all(answer: &UbusTable) -> Vec<Self> {
        let services = answer.0.iter();
        services
            .map(|(name, service)| Self::of(name, service))
            .collect()
    }

    fn of(name: &str, service: &UbusValue) -> Self {
        let instances = match service.at("instances") {
            Some(UbusValue::Table(instances)) => &*instances.0,
            _ => &[],
        };
        let runs = |(_, instance): &(String, UbusValue)| {
            instance.at("running") == Some(&UbusValue::Bool(true))
        };
        let exit_code = instances
            .iter()
            .find_map(|(_, instance)| match instance.at("exit_code") {
                Some(UbusValue::Int32(code)) if *code != 0 => Some(*code),
                _ => None,
            });
        Self {
            name: name.to_owned(),
            is_active: instances.is_empty() || instances.iter().any(runs),
            exit_code: exit_code.unwrap_or_default(),
        }
    }
}

#[cfg(all(test, feature = "ubus"))]
mod tests {
    use super::*;

    fn table(fields: Vec<(&str, UbusValue)>) -> UbusTable {
        let fields = fields.into_iter();
        UbusTable(
            fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    #[test]
    fn t49_a_service_runs_where_one_of_its_processes_does_or_it_has_none() {
        let instance = |running: bool, code: i32| {
            let fields = vec![("running", running.into()), ("exit_code", code.into())];
            UbusValue::from(table(fields))
        };
        let service = |instances: Vec<(&str, UbusValue)>| {
            UbusValue::from(table(vec![("instances", table(instances).into())]))
        };
        let answer = table(vec![
            (
                "cron",
                service(vec![("a", instance(false, 0)), ("b", instance(true, 0))]),
            ),
            ("crashed", service(vec![("a", instance(false, 139))])),
            ("firewall", table(Vec::new()).into()),
            ("odd", UbusValue::Int32(3)),
        ]);
        let states = ServiceState::all(&answer);
        let states: Vec<(&str, bool, i32)> = states
            .iter()
            .map(|s| (&*s.name, s.is_active, s.exit_code))
            .collect();
        let all = [
            ("cron", true, 0),
            ("crashed", false, 139),
            ("firewall", true, 0),
            ("odd", true, 0),
        ];
        assert_eq!(states, all);
    }
}
