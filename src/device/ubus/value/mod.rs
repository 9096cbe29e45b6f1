//! Values (`blobmsg`): numbers, texts, and tables and arrays of them.

mod json;
mod wire;

/// A value. Each keeps the width that it has on the wire, for some daemons take an argument of
/// their own width only.
#[derive(Clone, Debug, PartialEq)]
pub enum UbusValue {
    /// Nothing (`BLOBMSG_TYPE_UNSPEC`; `null` of JSON).
    Null,
    /// One byte, which stands for true or false.
    Bool(bool),
    /// Two bytes.
    Int16(i16),
    /// Four bytes.
    Int32(i32),
    /// Eight bytes.
    Int64(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text; what is not UTF-8 in it has become U+FFFD.
    Text(String),
    /// Values in order.
    Array(Vec<UbusValue>),
    /// Values by name.
    Table(UbusTable),
}

/// Values by name, in their order. A name that comes twice counts by its first value, as in libubox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UbusTable(pub Vec<(String, UbusValue)>);

impl UbusTable {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&UbusValue> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value)
    }

    /// Puts a value at the end.
    pub fn put(&mut self, name: &str, value: impl Into<UbusValue>) {
        self.0.push((name.to_owned(), value.into()));
    }
}

impl UbusValue {
    /// A value inside: that of this name in a table, that of this number, from 0, in an array.
    pub fn at(&self, step: &str) -> Option<&Self> {
        match self {
            Self::Table(table) => table.get(step),
            Self::Array(values) => values.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }
}

impl From<bool> for UbusValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for UbusValue {
    fn from(value: i32) -> Self {
        Self::Int32(value)
    }
}

impl From<&str> for UbusValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for UbusValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<UbusTable> for UbusValue {
    fn from(table: UbusTable) -> Self {
        Self::Table(table)
    }
}
