//! What column 15 of a row names behind `luup:`.

/// The service under which a device's own fields are kept; no service of Luup has an empty name.
pub(super) const FIELDS: &str = "";

/// A key, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// `SERVICE/VARIABLE`: a variable of the device, its service by full name
    /// (`urn:micasaverde-com:serviceId:ZWaveDevice1`) or by the last part of it.
    Variable { service: &'a str, variable: &'a str },
    /// `device.FIELD`: a field of the device itself.
    Field(&'a str),
    /// `nodes`: the table of Z-Wave nodes.
    Nodes,
    /// `children`: the table of devices below the enclosing node.
    Children,
}

impl<'a> Key<'a> {
    /// Reads a key, or says what would be one.
    pub(super) fn parse(key: &'a str) -> Result<Self, String> {
        match key {
            "nodes" => return Ok(Self::Nodes),
            "children" => return Ok(Self::Children),
            _ => {}
        }
        match (key.strip_prefix("device."), key.split_once('/')) {
            (Some(field), None) if !field.is_empty() => Ok(Self::Field(field)),
            (_, Some((service, variable))) if !service.is_empty() && !variable.is_empty() => {
                Ok(Self::Variable { service, variable })
            }
            _ => Err(format!(
                "luup:{key} names nothing, want SERVICE/VARIABLE, device.FIELD, nodes or children"
            )),
        }
    }

    /// The service and the variable it is kept under in a snapshot; `None` for a table.
    pub(super) fn name(self) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Variable { service, variable } => Some((service, variable)),
            Self::Field(field) => Some((FIELDS, field)),
            Self::Nodes | Self::Children => None,
        }
    }

    /// Whether Luup takes a new value: variables by `variableset`, name and room by `rename`.
    pub(super) fn writable(self) -> bool {
        matches!(
            self,
            Self::Variable { .. } | Self::Field("name") | Self::Field("room")
        )
    }

    /// Whether only `id=user_data` has it: `id=status` has of a device no more than its number,
    /// the state of its job, and its variables.
    pub(super) fn in_user_data_only(self) -> bool {
        match self {
            Self::Variable { .. } | Self::Nodes | Self::Field("id" | "status" | "PendingJobs") => {
                false
            }
            Self::Field(_) | Self::Children => true,
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

    #[test]
    fn keys_are_read_and_nonsense_is_named() {
        let urn = "urn:micasaverde-com:serviceId:HaDevice1/BatteryLevel";
        assert_eq!(
            Key::parse(urn).unwrap().name(),
            Some(("urn:micasaverde-com:serviceId:HaDevice1", "BatteryLevel"))
        );
        assert_eq!(Key::parse("device.altid"), Ok(Key::Field("altid")));
        assert_eq!(Key::parse("nodes"), Ok(Key::Nodes));
        for bad in ["", "device.", "device", "BatteryLevel", "/x", "x/", "node"] {
            assert!(Key::parse(bad).unwrap_err().contains("SERVICE/VARIABLE"));
        }
        assert_eq!(short("urn:upnp-org:serviceId:SwitchPower1"), "SwitchPower1");
    }

    #[test]
    fn variables_name_and_room_are_writable() {
        let writable = |key| Key::parse(key).unwrap().writable();
        assert!(writable("ZWaveDevice1/WakeupInterval"));
        assert!(writable("device.name") && writable("device.room"));
        assert!(!writable("device.altid") && !writable("nodes"));
    }
}
