//! The keys of what is worked out, and where they make sense.

/// What is worked out of the values of a home; how, says `home::derived`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::luup) enum Derived {
    /// 1 when the box has a Luup engine.
    Present,
    /// Of the network: its id, eight hex digits.
    HomeId,
    /// The node number of its controller.
    Controller,
    /// That of its static update controller, 0 for none.
    Suc,
    /// How many of its nodes do not answer.
    FailedNodes,
    /// Of a node: hops to the controller, 0 for itself.
    Depth,
    /// When it will be awake, in seconds since 1970.
    NextWakeUp,
    /// `Up`, `Down`, `Error`, `NotPresent`, `Dormant`, `Unknown`.
    Status,
    /// How many of 100 polls it answered.
    PollSuccess,
    /// How many devices are below it.
    Children,
    /// What kind of device it is, by the first and by the two other classes.
    BasicClass,
    GenericClass,
    SpecificClass,
    /// 1 if it is always awake.
    Listening,
    /// 1 if it passes on what is for others.
    Routing,
    /// 1 if it is woken by a beam.
    FrequentListening,
    /// The bits of a second that it can.
    BaudRate,
    /// The numbers of what it understands, with commas.
    CommandClasses,
    /// 1 if it understands Security S0.
    Secure,
    /// `Mains`, `Battery`, `BatteryFLiRS`.
    PowerSource,
    /// Of any device: what its room is called.
    RoomName,
    /// Of a configuration parameter: its number, what it is for, its bytes, how its value is written
    /// (`d`, `h`), what is wanted of it, and what the node said of it last.
    ParameterNumber,
    ParameterText,
    ParameterSize,
    ParameterFormat,
    ParameterValue,
    ParameterReported,
}

/// The keys, by what they are of.
const KEYS: [(&str, Derived); 27] = [
    ("home.present", Derived::Present),
    ("network.home_id", Derived::HomeId),
    ("network.controller", Derived::Controller),
    ("network.suc", Derived::Suc),
    ("network.failed_nodes", Derived::FailedNodes),
    ("node.depth", Derived::Depth),
    ("node.next_wake_up", Derived::NextWakeUp),
    ("node.status", Derived::Status),
    ("node.poll_success", Derived::PollSuccess),
    ("node.children", Derived::Children),
    ("node.basic_class", Derived::BasicClass),
    ("node.generic_class", Derived::GenericClass),
    ("node.specific_class", Derived::SpecificClass),
    ("node.listening", Derived::Listening),
    ("node.routing", Derived::Routing),
    ("node.frequent_listening", Derived::FrequentListening),
    ("node.baud_rate", Derived::BaudRate),
    ("node.command_classes", Derived::CommandClasses),
    ("node.secure", Derived::Secure),
    ("node.power_source", Derived::PowerSource),
    ("room.name", Derived::RoomName),
    ("parameter.number", Derived::ParameterNumber),
    ("parameter.text", Derived::ParameterText),
    ("parameter.size", Derived::ParameterSize),
    ("parameter.format", Derived::ParameterFormat),
    ("parameter.value", Derived::ParameterValue),
    ("parameter.reported", Derived::ParameterReported),
];

impl Derived {
    /// The one of that key.
    pub(super) fn named(key: &str) -> Option<Self> {
        let found = KEYS.iter().find(|(known, _)| *known == key);
        found.map(|(_, derived)| *derived)
    }

    /// The keys that begin with `scope` and a dot.
    pub(super) fn names_of(scope: &str) -> impl Iterator<Item = &'static str> {
        let names = KEYS.iter().map(|(name, _)| *name);
        names.filter(move |name| name.split_once('.').is_some_and(|(of, _)| of == scope))
    }

    /// Its key.
    pub(super) fn name(self) -> &'static str {
        let found = KEYS.iter().find(|(_, derived)| *derived == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it takes more than `id=status` says.
    pub(super) fn in_user_data_only(self) -> bool {
        matches!(
            self,
            Self::Depth | Self::Status | Self::Children | Self::RoomName
        )
    }

    /// In how many tables a row of it has to stand: a node has parameters.
    pub(super) fn tables(self) -> usize {
        match self {
            Self::Present | Self::HomeId | Self::Controller | Self::Suc | Self::FailedNodes => 0,
            Self::ParameterNumber
            | Self::ParameterText
            | Self::ParameterSize
            | Self::ParameterFormat
            | Self::ParameterValue
            | Self::ParameterReported => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_one_key() {
        for (nth, (name, derived)) in KEYS.iter().enumerate() {
            assert_eq!(Derived::named(name), Some(*derived));
            assert_eq!(derived.name(), *name);
            assert!(KEYS.iter().skip(nth + 1).all(|(other, _)| other != name));
        }
        assert_eq!(Derived::names_of("room").collect::<Vec<_>>(), ["room.name"]);
    }
}
