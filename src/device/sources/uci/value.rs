//! What an option says, as the text of a parameter: a list is its items with a comma between them,
//! `%` and `,` within an item as `%25` and `%2C` (TR-106 §3.2.3). An item without text is none.

use std::borrow::Cow;

use crate::device::uci::Value;

/// The text of a parameter for what an option says.
pub(super) fn shown(value: &Value) -> Cow<'_, str> {
    match value {
        Value::One(value) => Cow::Borrowed(value),
        Value::List(items) => {
            let items = items.iter().filter(|item| !item.is_empty());
            let items: Vec<String> = items.map(|item| encoded(item)).collect();
            Cow::Owned(items.join(","))
        }
    }
}

/// What an option that says `old` is to say for the text of a parameter.
pub(super) fn written(text: &str, old: Option<&Value>, is_list: bool) -> Value {
    if !is_list && !matches!(old, Some(Value::List(_))) {
        return Value::One(text.to_owned());
    }
    let items = text.split(',').map(str::trim);
    Value::List(items.filter(|item| !item.is_empty()).map(decoded).collect())
}

/// Whether an option that is to say this is not set.
pub(super) fn is_unset(value: &Value) -> bool {
    value.items().iter().all(String::is_empty)
}

fn encoded(item: &str) -> String {
    item.replace('%', "%25").replace(',', "%2C")
}

fn decoded(item: &str) -> String {
    item.replace("%2C", ",")
        .replace("%2c", ",")
        .replace("%25", "%")
}
