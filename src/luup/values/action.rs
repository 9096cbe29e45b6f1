//! The action by which a variable is set, and whether it is allowed.

use crate::base::config::LuupConfig;
use crate::luup::LuupOrder;

/// What somebody has to allow before an action is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Danger {
    /// Nothing: it is a setting, as those that are written as variables, and its variable holds it.
    Setting,
    /// `luup.actuators`: something in the home moves, is lit or heated.
    Actuator,
    /// `luup.locks`: what keeps others out gives way. A sensor that is not armed lets a burglar in as
    /// a lock does that is open.
    Lock,
}

/// The words of the column.
const DANGERS: [(&str, Danger); 3] = [
    ("setting", Danger::Setting),
    ("actuator", Danger::Actuator),
    ("lock", Danger::Lock),
];

/// What is allowed: `luup.actuators` and `luup.locks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::luup) struct Allowed {
    actuators: bool,
    locks: bool,
    /// The device is one of [`DOORS`].
    is_door: bool,
}

/// Luup's categories of what keeps others out, by whatever action it is opened: the locks of doors, and
/// garage doors, which are switches.
const DOORS: [&str; 2] = ["7", "32"];

impl Allowed {
    /// By the configuration.
    pub(in crate::luup) fn by(config: &LuupConfig) -> Self {
        Self {
            actuators: config.actuators,
            locks: config.locks,
            is_door: false,
        }
    }

    /// The same of a device of this category.
    pub(in crate::luup) fn of_category(self, category: Option<&str>) -> Self {
        let is_door = category.is_some_and(|category| DOORS.contains(&category.trim()));
        Self { is_door, ..self }
    }
}

impl Danger {
    pub(super) fn parse(word: &str) -> Option<Self> {
        let found = DANGERS.iter().find(|(known, _)| *known == word);
        found.map(|(_, danger)| *danger)
    }

    /// The words, for who wrote another.
    pub(super) fn words() -> String {
        DANGERS.map(|(word, _)| word).join(", ")
    }

    /// The option that has to allow it and does not.
    fn forbidden_by(self, allowed: Allowed) -> Option<&'static str> {
        match self {
            Self::Actuator if !allowed.actuators => Some("luup.actuators"),
            Self::Lock if !allowed.locks => Some("luup.locks"),
            Self::Actuator if allowed.is_door && !allowed.locks => Some("luup.locks"),
            Self::Setting | Self::Actuator | Self::Lock => None,
        }
    }
}

/// An action with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueAction {
    /// Its service, full or short, where it is not that of the variable.
    pub service: Option<Box<str>>,
    pub name: Box<str>,
    /// Exactly one of them is the new value.
    pub arguments: Vec<ValueArgument>,
    pub danger: Danger,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueArgument {
    pub name: Box<str>,
    /// The variable beside the one that is set whose present value it is; `None`: the new value.
    pub from: Option<Box<str>>,
}

impl ValueAction {
    /// The option that does not allow it.
    pub(super) fn forbidden_by(&self, allowed: Allowed) -> Option<&'static str> {
        self.danger.forbidden_by(allowed)
    }

    /// The order for `value`; `beside` tells what a variable of the same service says now. An argument
    /// that nobody can tell is left out, as where the engine does not know it either.
    pub(super) fn order(
        &self,
        device: u32,
        service: Box<str>,
        value: &str,
        beside: &dyn Fn(&str) -> Option<Box<str>>,
    ) -> LuupOrder {
        let arguments = self.arguments.iter().filter_map(|argument| {
            let text = match &argument.from {
                None => Some(value.into()),
                Some(variable) => beside(variable),
            };
            Some((argument.name.clone(), text?))
        });
        LuupOrder::Action {
            device,
            service,
            action: self.name.clone(),
            arguments: arguments.collect(),
        }
    }
}
