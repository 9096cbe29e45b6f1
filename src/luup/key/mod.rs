//! What column 15 of a row names behind `luup:`.

mod derived;
mod value;

use std::fmt;

pub(super) use self::derived::Derived;
pub(super) use self::value::ValueKey;
use super::health::EngineKey;
use crate::datamodel::source::TEMPLATE;

/// The service under which a device's own fields are kept; no service of Luup has an empty name.
pub(super) const FIELDS: &str = "";

/// A key, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LuupKey {
    /// `SERVICE/VARIABLE`: a variable of the device, its service by full name
    /// (`urn:micasaverde-com:serviceId:ZWaveDevice1`) or by the last part of it.
    Variable {
        service: Box<str>,
        variable: Box<str>,
    },
    /// `device.FIELD`: a field of the device itself.
    Field(Box<str>),
    /// `home.FIELD`: what Luup says of itself, beside the devices.
    Top(Box<str>),
    /// `engine.KEY`: how the engine is to the agent.
    Engine(EngineKey),
    /// `home.present`, `network.KEY`, `node.KEY`, `room.name`, `parameter.KEY`: what is worked out
    /// of more than one value, or of parts of one.
    Derived(Derived),
    /// `value.KEY`: of an instance of [`LuupTable::Values`].
    Value(ValueKey),
    /// What has instances, not a value.
    Table(LuupTable),
}

/// A key that lists instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LuupTable {
    /// `nodes`: the Z-Wave nodes of all networks.
    Nodes,
    /// `networks`: the devices that are Z-Wave networks.
    Networks,
    /// `children`: the devices below the enclosing one.
    Children,
    /// `devices`: all of them; `devices.category=N`: those of Luup's category N.
    Devices { category: Option<u32> },
    /// `parameters`: the configuration parameters of the enclosing node.
    Parameters,
    /// `values`: what sensors and actuators of all devices say.
    Values,
}

/// What begins a key of [`LuupTable::Devices`] of one category.
const CATEGORY: &str = "devices.category=";

impl LuupKey {
    /// Reads a key, or says what would be one.
    pub(super) fn parse(key: &str) -> Result<Self, String> {
        if key.contains(TEMPLATE) {
            return Err(format!(
                "luup:{key} has {TEMPLATE}, but what it names is always of the innermost instance"
            ));
        }
        if let Some(table) = LuupTable::named(key) {
            return Ok(Self::Table(table));
        }
        if let Some(derived) = Derived::named(key) {
            return Ok(Self::Derived(derived));
        }
        if let Some(value) = ValueKey::named(key) {
            return Ok(Self::Value(value));
        }
        if let Some((service, variable)) = key.split_once('/') {
            if !service.is_empty() && !variable.is_empty() {
                return Ok(Self::Variable {
                    service: service.into(),
                    variable: variable.into(),
                });
            }
        } else {
            match key.split_once('.') {
                Some(("device", field)) if !field.is_empty() => {
                    return Ok(Self::Field(field.into()));
                }
                Some(("engine", name)) => {
                    let unknown =
                        || format!("luup:{key} names nothing; there are {}", EngineKey::names());
                    return EngineKey::parse(name).map(Self::Engine).ok_or_else(unknown);
                }
                Some(("home", field)) if !field.is_empty() => return Ok(Self::Top(field.into())),
                Some((scope, _)) => {
                    let mut known: Vec<&str> = Derived::names_of(scope).collect();
                    known.extend(ValueKey::names_of(scope));
                    if !known.is_empty() {
                        let known = known.join(", ");
                        return Err(format!("luup:{key} names nothing; there are {known}"));
                    }
                }
                None => {}
            }
        }
        Err(format!(
            "luup:{key} names nothing, want SERVICE/VARIABLE, device.FIELD, home.FIELD, \
             engine.KEY, network.KEY, node.KEY, room.name, parameter.KEY or value.KEY; of a table nodes, \
             networks, children, devices, {CATEGORY}N, parameters or values"
        ))
    }

    /// The service and the variable it is kept under in a snapshot; `None` for what is not a value
    /// of a device.
    pub(super) fn name(&self) -> Option<(&str, &str)> {
        match self {
            Self::Variable { service, variable } => Some((service, variable)),
            Self::Field(field) => Some((FIELDS, field)),
            Self::Top(_) | Self::Engine(_) | Self::Derived(_) | Self::Value(_) | Self::Table(_) => {
                None
            }
        }
    }

    /// Whether it is the same as one with the full name of its service.
    pub(super) fn means(&self, full: &Self) -> bool {
        let (Some((service, variable)), Some((in_full, other))) = (self.name(), full.name()) else {
            return false;
        };
        let is_service = match service.contains(':') {
            true => service == in_full,
            false => service == short(in_full),
        };
        is_service && variable == other
    }

    /// Whether Luup takes a new value: variables by `variableset`, name and room by `rename`, values
    /// of actuators by an action.
    pub(super) fn writable(&self) -> bool {
        match self {
            Self::Variable { .. } => true,
            Self::Field(field) => matches!(&**field, "name" | "room" | "disabled"),
            Self::Value(value) => *value == ValueKey::Value,
            Self::Top(_) | Self::Engine(_) | Self::Derived(_) | Self::Table(_) => false,
        }
    }

    /// Whether only `id=user_data` has it: `id=status` has of a device no more than its number,
    /// the state of its job, and its variables.
    pub(super) fn in_user_data_only(&self) -> bool {
        match self {
            Self::Variable { .. } => false,
            Self::Field(field) => !matches!(&**field, "id" | "status" | "PendingJobs"),
            Self::Top(_) => true,
            Self::Engine(_) => false,
            Self::Derived(derived) => derived.in_user_data_only(),
            Self::Value(value) => *value == ValueKey::Unit,
            Self::Table(table) => match table {
                LuupTable::Nodes
                | LuupTable::Networks
                | LuupTable::Parameters
                | LuupTable::Values => false,
                LuupTable::Children => true,
                LuupTable::Devices { category } => category.is_some(),
            },
        }
    }

    /// In how many tables a row has to stand for it to mean something.
    pub(super) fn tables(&self) -> usize {
        match self {
            Self::Variable { .. } | Self::Field(_) | Self::Top(_) | Self::Engine(_) => 0,
            Self::Derived(derived) => derived.tables(),
            Self::Value(_) => 1,
            Self::Table(LuupTable::Children | LuupTable::Parameters) => 1,
            Self::Table(_) => 0,
        }
    }
}

impl LuupTable {
    fn named(key: &str) -> Option<Self> {
        Some(match key {
            "nodes" => Self::Nodes,
            "networks" => Self::Networks,
            "children" => Self::Children,
            "devices" => Self::Devices { category: None },
            "parameters" => Self::Parameters,
            "values" => Self::Values,
            _ => Self::Devices {
                category: Some(key.strip_prefix(CATEGORY)?.parse().ok()?),
            },
        })
    }
}

impl fmt::Display for LuupTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nodes => "nodes",
            Self::Networks => "networks",
            Self::Children => "children",
            Self::Parameters => "parameters",
            Self::Values => "values",
            Self::Devices { category: None } => "devices",
            Self::Devices {
                category: Some(category),
            } => return write!(f, "{CATEGORY}{category}"),
        })
    }
}

impl fmt::Display for LuupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { service, variable } => write!(f, "{service}/{variable}"),
            Self::Field(field) => write!(f, "device.{field}"),
            Self::Top(field) => write!(f, "home.{field}"),
            Self::Engine(key) => write!(f, "engine.{}", key.name()),
            Self::Derived(derived) => f.write_str(derived.name()),
            Self::Value(value) => f.write_str(value.name()),
            Self::Table(table) => table.fmt(f),
        }
    }
}

/// The last part of a service's name: `ZWaveDevice1` of
/// `urn:micasaverde-com:serviceId:ZWaveDevice1`.
pub(super) fn short(service: &str) -> &str {
    service.rsplit(':').next().unwrap_or(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> LuupKey {
        LuupKey::parse(key).unwrap()
    }

    #[test]
    fn keys_are_read_and_nonsense_is_named() {
        assert_eq!(
            key("urn:micasaverde-com:serviceId:HaDevice1/BatteryLevel").name(),
            Some(("urn:micasaverde-com:serviceId:HaDevice1", "BatteryLevel"))
        );
        assert_eq!(key("device.altid"), LuupKey::Field("altid".into()));
        assert_eq!(key("nodes"), LuupKey::Table(LuupTable::Nodes));
        assert_eq!(key("home.model"), LuupKey::Top("model".into()));
        assert_eq!(key("home.present"), LuupKey::Derived(Derived::Present));
        for bad in [
            "",
            "device.",
            "device",
            "BatteryLevel",
            "/x",
            "x/",
            "node",
            "room",
            "devices.category=",
            "devices.category=x",
            "devices.room=1",
        ] {
            let refused = LuupKey::parse(bad).unwrap_err();
            assert!(refused.contains("SERVICE/VARIABLE"), "{refused}");
        }
        let slip = LuupKey::parse("node.deep").unwrap_err();
        assert!(slip.contains("node.depth"), "{slip}");
        let slip = LuupKey::parse("value.since").unwrap_err();
        assert!(slip.contains("value.changed"), "{slip}");
        let template = LuupKey::parse("DoorLock1/Pin{i}").unwrap_err();
        assert!(template.contains("innermost instance"), "{template}");
        for text in [
            "urn:a:X1/V",
            "device.id",
            "home.BuildVersion",
            "home.present",
            "network.home_id",
            "node.depth",
            "room.name",
            "parameter.value",
            "nodes",
            "networks",
            "children",
            "devices",
            "devices.category=7",
            "parameters",
            "values",
            "value.unit",
        ] {
            assert_eq!(key(text).to_string(), text);
        }
        assert_eq!(short("urn:upnp-org:serviceId:SwitchPower1"), "SwitchPower1");
    }

    #[test]
    fn variables_name_and_room_are_writable() {
        assert!(key("ZWaveDevice1/WakeupInterval").writable());
        assert!(key("device.name").writable() && key("device.room").writable());
        assert!(!key("device.altid").writable() && !key("nodes").writable());
        assert!(key("value.value").writable() && !key("value.unit").writable());
    }

    #[test]
    fn a_short_service_means_the_full_one() {
        let full = key("urn:a:X1/V");
        assert!(key("X1/V").means(&full) && key("urn:a:X1/V").means(&full));
        assert!(!key("urn:b:X1/V").means(&full) && !key("X1/W").means(&full));
        assert!(!key("X2/V").means(&full) && !key("nodes").means(&key("nodes")));
        assert!(key("device.name").means(&key("device.name")));
    }
}
