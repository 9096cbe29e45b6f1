//! A change of values in the engine, all of them or none: what it is told, and what brings back what
//! was before. Blocking, for a job.
//!
//! What is to be taken back should the box go down meanwhile is noted beforehand, as a line of text
//! ([`LuupChange::note`]).

use std::time::Duration;

use super::client::LuupClient;
use super::{LuupAccess, LuupError, LuupOrder};
use crate::base::config::LuupConfig;
use crate::base::percent;

/// How long the engine has for all values of a change. An ACS waits for the answer meanwhile, and the
/// common ones do for 30 s: the two times together are less.
pub const TAKE_TIME: Duration = Duration::from_secs(15);

/// How long it has to take them back.
pub const TAKE_BACK_TIME: Duration = Duration::from_secs(10);

/// Whether it is there at all is asked first: an engine that was never told anything needs not take
/// anything back.
const ALIVE: &str = "alive";

/// One order, and the order that brings back what was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LuupChange {
    /// Of the values that were asked for, the first that it is for.
    pub index: usize,
    /// What the engine is told.
    pub order: LuupOrder,
    /// What it is told where that is not to be.
    pub undo: LuupOrder,
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFailure {
    /// Of the values that were asked for, the one that could not be set.
    pub index: usize,
    /// Why.
    pub error: LuupError,
    /// What the engine took, or may have taken, and could not be taken back yet.
    pub left: Vec<LuupChange>,
}

/// Has the engine take all of it, or nothing: what it took before it refused is taken back, the last
/// first. Takes at most [`TAKE_TIME`] and [`TAKE_BACK_TIME`].
///
/// # Errors
/// Which value, and why.
pub fn take(access: &LuupAccess, changes: &[LuupChange]) -> Result<(), ChangeFailure> {
    let fail = |index: Option<&LuupChange>, error, left| ChangeFailure {
        index: index.map_or(0, |change| change.index),
        error,
        left,
    };
    let mut engine = LuupClient::new(&within(access, TAKE_TIME))
        .and_then(|mut engine| engine.get(ALIVE).map(|_| engine))
        .map_err(|error| fail(changes.first(), error, Vec::new()))?;
    for (nth, change) in changes.iter().enumerate() {
        if let Err(error) = engine.perform(&change.order) {
            // Whether it did what it did not answer nobody knows.
            let is_refused = matches!(error, LuupError::Refused(_));
            let taken = nth + usize::from(!is_refused);
            let left = take_back(access, changes.iter().take(taken).cloned().collect());
            return Err(fail(Some(change), error, left));
        }
    }
    Ok(())
}

/// Has the engine take back what it took, the last first; what it could not. What it refuses to take
/// back is none of it: the device is gone. Takes at most [`TAKE_BACK_TIME`].
pub fn take_back(access: &LuupAccess, mut taken: Vec<LuupChange>) -> Vec<LuupChange> {
    if taken.is_empty() {
        return taken;
    }
    let Ok(mut engine) = LuupClient::new(&within(access, TAKE_BACK_TIME)) else {
        return taken;
    };
    while let Some(change) = taken.pop() {
        match engine.perform(&change.undo) {
            Ok(_) => {}
            Err(error @ LuupError::Refused(_)) => {
                log::warn!("a value that was to be taken back stays as it is: {error}");
            }
            Err(error) => {
                log::warn!("values that were to be taken back are not yet: {error}");
                taken.push(change);
                break;
            }
        }
    }
    taken
}

fn within(access: &LuupAccess, time: Duration) -> LuupAccess {
    LuupAccess {
        config: LuupConfig {
            timeout: access.config.timeout.min(time),
            ..access.config.clone()
        },
        ..access.clone()
    }
}

impl LuupChange {
    /// A line that tells of changes, in their order. Actions are left out, but for those that set
    /// a setting: what was switched is not switched back by itself after a restart, when somebody
    /// may stand before it.
    pub fn note(changes: &[Self]) -> String {
        let lines = changes.iter().filter_map(Self::to_line);
        lines.collect::<Vec<_>>().join(",")
    }

    /// Reads such a line; what is none is left out.
    pub fn noted(line: &str) -> Vec<Self> {
        line.split(',').filter_map(Self::of_line).collect()
    }

    fn to_line(&self) -> Option<String> {
        use LuupOrder::{Rename, Setting, Variable};
        let number = self.order.device().to_string();
        let fields: Vec<&str> = match (&self.order, &self.undo) {
            (
                Variable {
                    service,
                    variable,
                    value,
                    ..
                },
                Variable { value: before, .. },
            ) => vec!["variable", &number, service, variable, value, before],
            (
                Rename { name, room, .. },
                Rename {
                    name: name_before,
                    room: room_before,
                    ..
                },
            ) => vec!["rename", &number, name, room, name_before, room_before],
            (
                Setting { action, variable },
                Setting {
                    action: back,
                    variable: before,
                },
            ) => fields_of_setting(&number, [variable, before], [action, back])?,
            // It had no value, which no action brings back.
            (Setting { variable, .. }, undo @ Variable { .. }) => {
                let change = Self {
                    index: 0,
                    order: (**variable).clone(),
                    undo: undo.clone(),
                };
                return change.to_line();
            }
            _ => return None,
        };
        let coded = fields.into_iter();
        let coded = coded.map(|field| percent::encode(field, percent::in_url));
        Some(coded.collect::<Vec<_>>().join(":"))
    }

    fn of_line(line: &str) -> Option<Self> {
        let fields: Vec<Box<str>> = line.split(':').map(|f| percent::decode(f).into()).collect();
        let ([kind, number, first, second, third, fourth], rest) =
            fields.split_first_chunk::<6>()?;
        let device = number.parse().ok()?;
        let variable = |value: &str| LuupOrder::Variable {
            device,
            service: first.clone(),
            variable: second.clone(),
            value: value.into(),
        };
        let (order, undo) = match (&**kind, rest) {
            ("variable", []) => (variable(third), variable(fourth)),
            ("rename", []) => {
                let order = |name: &str, room: &str| LuupOrder::Rename {
                    device,
                    name: name.into(),
                    room: room.into(),
                };
                (order(first, second), order(third, fourth))
            }
            ("setting", [service, action, arguments @ ..]) => {
                let arguments = arguments.chunks(3).map(<&[Box<str>; 3]>::try_from);
                let arguments = arguments.collect::<Result<Vec<_>, _>>().ok()?;
                let order = |value: &str, is_back: bool| LuupOrder::Setting {
                    action: LuupOrder::Action {
                        device,
                        service: service.clone(),
                        action: action.clone(),
                        arguments: arguments
                            .iter()
                            .map(|[name, new, before]| {
                                let value = if is_back { before } else { new };
                                (name.clone(), value.clone())
                            })
                            .collect(),
                    }
                    .into(),
                    variable: variable(value).into(),
                };
                (order(third, false), order(fourth, true))
            }
            _ => return None,
        };
        Some(Self {
            index: 0,
            order,
            undo,
        })
    }
}

/// The fields of a setting: what its variable is to be and was, and each argument of its action so.
fn fields_of_setting<'a>(
    number: &'a str,
    [variable, before]: [&'a LuupOrder; 2],
    [action, back]: [&'a LuupOrder; 2],
) -> Option<Vec<&'a str>> {
    use LuupOrder::{Action, Variable};
    let (
        Variable {
            service,
            variable,
            value,
            ..
        },
        Variable { value: before, .. },
        Action {
            service: acting,
            action,
            arguments,
            ..
        },
        Action {
            arguments: back, ..
        },
    ) = (variable, before, action, back)
    else {
        return None;
    };
    let mut fields = vec![
        "setting", number, service, variable, value, before, acting, action,
    ];
    for ((name, new), (_, before)) in arguments.iter().zip(back) {
        fields.extend([&**name, new, before]);
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn variable(device: u32, texts: &[String; 4]) -> LuupChange {
        let [service, variable, value, before] = texts.each_ref().map(|text| &**text);
        let order = |value: &str| LuupOrder::Variable {
            device,
            service: service.into(),
            variable: variable.into(),
            value: value.into(),
        };
        LuupChange {
            index: 0,
            order: order(value),
            undo: order(before),
        }
    }

    fn rename(device: u32, texts: &[String; 4]) -> LuupChange {
        let order = |name: &str, room: &str| LuupOrder::Rename {
            device,
            name: name.into(),
            room: room.into(),
        };
        LuupChange {
            index: 0,
            order: order(&texts[0], &texts[1]),
            undo: order(&texts[2], &texts[3]),
        }
    }

    /// A setting of two arguments, one of which goes along as it is.
    fn setting(device: u32, texts: &[String; 4]) -> LuupChange {
        let held = variable(device, texts);
        let [service, name, value, before] = texts.each_ref().map(|text| &**text);
        let order = |variable: LuupOrder, value: &str| LuupOrder::Setting {
            action: LuupOrder::Action {
                device,
                service: service.into(),
                action: name.into(),
                arguments: vec![(name.into(), value.into()), (value.into(), before.into())],
            }
            .into(),
            variable: variable.into(),
        };
        let mut back = order(held.undo, before);
        // It goes along in both.
        if let LuupOrder::Setting { action, .. } = &mut back {
            if let LuupOrder::Action { arguments, .. } = &mut **action {
                arguments[1].0 = value.into();
            }
        }
        LuupChange {
            index: 0,
            order: order(held.order, value),
            undo: back,
        }
    }

    #[test]
    fn z26_what_is_switched_is_not_noted() {
        let action = LuupOrder::Action {
            device: 5,
            service: "urn:a:X1".into(),
            action: "SetTarget".into(),
            arguments: Vec::new(),
        };
        let change = LuupChange {
            index: 0,
            order: action.clone(),
            undo: action,
        };
        assert_eq!(LuupChange::note(&[change]), "");
        assert_eq!(LuupChange::noted(""), []);
    }

    proptest! {
        #[test]
        fn z26_what_is_noted_is_read_again(
            device: u32,
            texts in proptest::array::uniform4(".{0,20}"),
            others in proptest::array::uniform4("[,:%\\x00-\\x1f]{0,4}"),
        ) {
            let changes = [
                variable(device, &texts),
                setting(device, &texts),
                rename(7, &others),
                setting(2, &others),
                variable(1, &others),
            ];
            let line = LuupChange::note(&changes);
            prop_assert!(!line.contains(char::is_control));
            prop_assert_eq!(LuupChange::noted(&line), changes);
        }

        #[test]
        fn z26_no_line_makes_it_panic(line in ".{0,80}|(variable|rename|setting)(:[^,]{0,6}){0,13}") {
            let _ = LuupChange::noted(&line);
        }
    }
}
