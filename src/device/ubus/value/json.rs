//! Values as `ubus call` shows them.

use std::fmt::Write as _;

use super::{UbusTable, UbusValue};

#[cfg(feature = "inside")]
impl UbusTable {
    /// The table on one line, as `ubus -S call` prints it.
    pub fn json(&self) -> String {
        let mut out = String::new();
        put_table(self, &mut out);
        out
    }
}

impl UbusValue {
    /// What `ubus call` shows for the value, a text without its quotes; tables and arrays on one line.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            value => {
                let mut out = String::new();
                put(value, &mut out);
                out
            }
        }
    }
}

fn put(value: &UbusValue, out: &mut String) {
    let _ = match value {
        UbusValue::Null => write!(out, "null"),
        UbusValue::Bool(value) => write!(out, "{value}"),
        UbusValue::Int16(value) => write!(out, "{value}"),
        UbusValue::Int32(value) => write!(out, "{value}"),
        UbusValue::Int64(value) => write!(out, "{value}"),
        // `%lf` of C.
        UbusValue::Double(value) => write!(out, "{value:.6}"),
        UbusValue::Text(text) => {
            put_text(text, out);
            return;
        }
        UbusValue::Table(table) => {
            put_table(table, out);
            return;
        }
        UbusValue::Array(values) => {
            put_list('[', ']', values, out, put);
            return;
        }
    };
}

fn put_table(table: &UbusTable, out: &mut String) {
    put_list('{', '}', &table.0, out, |(name, value), out| {
        put_text(name, out);
        out.push(':');
        put(value, out);
    });
}

fn put_list<T>(
    open: char,
    close: char,
    items: &[T],
    out: &mut String,
    put_item: impl Fn(&T, &mut String),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        put_item(item, out);
    }
    out.push(close);
}

/// A string of JSON, with the escapes that libubox has.
fn put_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_ubus_call_shows_them() {
        let mut inside = UbusTable::default();
        inside.put("a", UbusValue::Double(1.5));
        inside.put("b", UbusValue::Null);
        let mut table = UbusTable::default();
        table.put("text", "tab\t \"quoted\" \u{1} ü \\");
        table.put("true", true);
        let list = vec![UbusValue::Int16(-1), UbusValue::Int64(1 << 40), 7.into()];
        table.put("list", UbusValue::Array(list));
        table.put("table", inside);
        table.put("", UbusTable::default());
        assert_eq!(
            table.json(),
            r#"{"text":"tab\t \"quoted\" \u0001 ü \\","true":true,"list":[-1,1099511627776,7],"table":{"a":1.500000,"b":null},"":{}}"#
        );
        let at = |steps: &[&str]| {
            let table = UbusValue::Table(table.clone());
            let found = steps.iter().try_fold(&table, |value, step| value.at(step));
            found.map(UbusValue::shown)
        };
        assert_eq!(at(&["text"]).unwrap(), "tab\t \"quoted\" \u{1} ü \\");
        assert_eq!(at(&["list", "1"]).unwrap(), "1099511627776");
        assert_eq!(at(&["table", "a"]).unwrap(), "1.500000");
        assert_eq!(at(&["list"]).unwrap(), "[-1,1099511627776,7]");
        assert_eq!(at(&["list", "3"]), None);
        assert_eq!(at(&["text", "0"]), None);
    }
}
