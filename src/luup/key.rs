//! What column 15 of a row names behind `luup:`.

use std::fmt;

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
    /// `nodes`: the table of Z-Wave nodes.
    Nodes,
    /// `children`: the table of devices below the enclosing node.
    Children,
}

impl LuupKey {
    /// Reads a key, or says what would be one.
    pub(super) fn parse(key: &str) -> Result<Self, String> {
        if key.contains(TEMPLATE) {
            return Err(format!(
                "luup:{key} has {TEMPLATE}, but what it names is always of the innermost instance"
            ));
        }
        match (key, key.strip_prefix("device."), key.split_once('/')) {
            ("nodes", ..) => Ok(Self::Nodes),
            ("children", ..) => Ok(Self::Children),
            (_, Some(field), None) if !field.is_empty() => Ok(Self::Field(field.into())),
            (_, _, Some((service, variable))) if !service.is_empty() && !variable.is_empty() => {
                Ok(Self::Variable {
                    service: service.into(),
                    variable: variable.into(),
                })
            }
            _ => Err(format!(
                "luup:{key} names nothing, want SERVICE/VARIABLE, device.FIELD, nodes or children"
            )),
        }
    }

    /// The service and the variable it is kept under in a snapshot; `None` for a table.
    pub(super) fn name(&self) -> Option<(&str, &str)> {
        match self {
            Self::Variable { service, variable } => Some((service, variable)),
            Self::Field(field) => Some((FIELDS, field)),
            Self::Nodes | Self::Children => None,
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

    /// Whether Luup takes a new value: variables by `variableset`, name and room by `rename`.
    pub(super) fn writable(&self) -> bool {
        match self {
            Self::Variable { .. } => true,
            Self::Field(field) => matches!(&**field, "name" | "room"),
            Self::Nodes | Self::Children => false,
        }
    }

    /// Whether only `id=user_data` has it: `id=status` has of a device no more than its number,
    /// the state of its job, and its variables.
    pub(super) fn in_user_data_only(&self) -> bool {
        match self {
            Self::Variable { .. } | Self::Nodes => false,
            Self::Field(field) => !matches!(&**field, "id" | "status" | "PendingJobs"),
            Self::Children => true,
        }
    }
}

impl fmt::Display for LuupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { service, variable } => write!(f, "{service}/{variable}"),
            Self::Field(field) => write!(f, "device.{field}"),
            Self::Nodes => f.write_str("nodes"),
            Self::Children => f.write_str("children"),
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
        assert_eq!(key("nodes"), LuupKey::Nodes);
        for bad in ["", "device.", "device", "BatteryLevel", "/x", "x/", "node"] {
            let refused = LuupKey::parse(bad).unwrap_err();
            assert!(refused.contains("SERVICE/VARIABLE"), "{refused}");
        }
        let template = LuupKey::parse("DoorLock1/Pin{i}").unwrap_err();
        assert!(template.contains("innermost instance"), "{template}");
        for text in ["urn:a:X1/V", "device.id", "nodes", "children"] {
            assert_eq!(key(text).to_string(), text);
        }
        assert_eq!(short("urn:upnp-org:serviceId:SwitchPower1"), "SwitchPower1");
    }

    #[test]
    fn variables_name_and_room_are_writable() {
        assert!(key("ZWaveDevice1/WakeupInterval").writable());
        assert!(key("device.name").writable() && key("device.room").writable());
        assert!(!key("device.altid").writable() && !key("nodes").writable());
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
