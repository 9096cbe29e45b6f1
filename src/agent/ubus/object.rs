//! The object `tr069`: what its methods take, and how they say what came of it.

use crate::base::excerpt::excerpt;
use crate::base::truth;
use crate::cwmp::EventCode;
use crate::device::ubus::{UbusObject, UbusStatus, UbusTable, UbusValue};

/// The types of arguments, as `blobmsg.h` numbers them.
const TEXT: i32 = 3;
const FLAG: i32 = 7;

/// The most that is said of what came of a call, in characters.
const MAX_INFO: usize = 200;

/// The methods with their arguments: `command` by icwmp's word and by easycwmp's, `notify` with those of
/// freecwmp, which easycwmp has no more.
const METHODS: [(&str, &[(&str, i32)]); 4] = [
    ("command", &[("command", TEXT), ("name", TEXT)]),
    ("status", &[]),
    ("inform", &[("GetRPCMethods", FLAG), ("event", TEXT)]),
    (
        "notify",
        &[("parameter", TEXT), ("value", TEXT), ("type", TEXT)],
    ),
];

/// The object.
pub(super) fn tr069() -> UbusObject {
    let mut methods = UbusTable::default();
    for (method, arguments) in METHODS {
        let mut table = UbusTable::default();
        for (name, kind) in arguments {
            table.put(name, *kind);
        }
        methods.put(method, table);
    }
    UbusObject {
        path: "tr069",
        methods,
    }
}

/// A text among the arguments. Of another type it is refused, rather than passed over.
pub(super) fn text<'t>(
    arguments: &'t UbusTable,
    name: &str,
) -> Result<Option<&'t str>, UbusStatus> {
    match arguments.get(name) {
        None | Some(UbusValue::Null) => Ok(None),
        Some(UbusValue::Text(text)) => Ok(Some(text)),
        Some(_) => Err(UbusStatus::INVALID_ARGUMENT),
    }
}

/// A flag among the arguments; scripts write it as a number or a text, too.
pub(super) fn flag(arguments: &UbusTable, name: &str) -> Result<bool, UbusStatus> {
    let flag = match arguments.get(name) {
        None | Some(UbusValue::Null) => Some(false),
        Some(UbusValue::Bool(flag)) => Some(*flag),
        Some(value @ (UbusValue::Int32(_) | UbusValue::Text(_))) => {
            truth::of_option(&value.shown())
        }
        Some(_) => None,
    };
    flag.ok_or(UbusStatus::INVALID_ARGUMENT)
}

/// An event by the name that easycwmp takes: small or large, with `_` in it, or without its number.
/// One that is no such name stays as it is.
pub(super) fn event(text: &str) -> String {
    let plain = text.replace('_', " ");
    let raised = [EventCode::Periodic, EventCode::ConnectionRequest];
    let is_it = |code: &EventCode| {
        let name = code.as_str();
        let (_, word) = name.split_once(' ').unwrap_or_default();
        [name, word]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&plain))
    };
    match raised.iter().find(|code| is_it(code)) {
        Some(code) => code.as_str().to_owned(),
        None => text.to_owned(),
    }
}

/// What came of it, as both agents say it: -1 where it was refused. The words of a caller may be in it,
/// which are cut.
pub(super) fn said(status: i32, info: &str) -> UbusTable {
    let mut table = UbusTable::default();
    table.put("status", status);
    table.put("info", &*excerpt(info, MAX_INFO));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b19_an_event_is_known_by_each_name_that_the_others_take() {
        for text in ["2 PERIODIC", "2 periodic", "periodic", "PERIODIC"] {
            assert_eq!(event(text), "2 PERIODIC", "{text}");
        }
        for text in [
            "6 CONNECTION REQUEST",
            "connection_request",
            "Connection Request",
        ] {
            assert_eq!(event(text), "6 CONNECTION REQUEST", "{text}");
        }
        for text in ["", "boot", "8 DIAGNOSTICS COMPLETE", "7 PERIODIC"] {
            assert_eq!(event(text), text);
        }
    }

    #[test]
    fn b19_an_argument_of_another_type_is_refused_and_a_flag_may_be_a_number_or_a_text() {
        let mut table = UbusTable::default();
        table.put("text", "a");
        table.put("number", 1);
        table.put("zero", "0");
        table.put("flag", true);
        table.put("none", UbusValue::Null);
        table.put("odd", UbusValue::Double(1.0));
        assert_eq!(text(&table, "text"), Ok(Some("a")));
        assert_eq!(text(&table, "none"), Ok(None));
        assert_eq!(text(&table, "absent"), Ok(None));
        let refused = UbusStatus::INVALID_ARGUMENT;
        assert_eq!(text(&table, "flag"), Err(refused));
        assert_eq!(flag(&table, "flag"), Ok(true));
        assert_eq!(flag(&table, "number"), Ok(true));
        assert_eq!(flag(&table, "zero"), Ok(false));
        assert_eq!(flag(&table, "none"), Ok(false));
        assert_eq!(flag(&table, "absent"), Ok(false));
        assert_eq!(flag(&table, "text"), Err(refused));
        assert_eq!(flag(&table, "odd"), Err(refused));
    }
}
