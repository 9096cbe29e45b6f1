//! Values on the wire: a `blob` each, whose number is the type, with a name before its bytes.

use super::{UbusTable, UbusValue};
use crate::device::ubus::blob::{self, BadBlob, Blob, Blobs};
use crate::device::ubus::limits::{MAX_DEPTH, MAX_VALUES};

/// The types of `blobmsg.h`.
const NULL: u8 = 0;
const ARRAY: u8 = 1;
const TABLE: u8 = 2;
const TEXT: u8 = 3;
const INT64: u8 = 4;
const INT32: u8 = 5;
const INT16: u8 = 6;
const INT8: u8 = 7;
const DOUBLE: u8 = 8;

impl UbusTable {
    /// Reads the bytes of a table.
    ///
    /// # Errors
    /// They are cut, of a type that is none, or beyond [`limits`](crate::device::ubus::limits).
    pub fn read(bytes: &[u8]) -> Result<Self, BadBlob> {
        Self::read_within(bytes, &mut MAX_VALUES.clone())
    }

    /// The same where it has so many values at most, which it uses up.
    pub(in crate::device::ubus) fn read_within(
        bytes: &[u8],
        left: &mut usize,
    ) -> Result<Self, BadBlob> {
        Reader { left }.table(bytes, MAX_DEPTH)
    }

    /// Writes the table's bytes to the end of others.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            value.write(name, out);
        }
    }
}

/// Reads values as long as there may be more of them.
struct Reader<'a> {
    left: &'a mut usize,
}

impl Reader<'_> {
    /// A table, with up to `depth` tables or arrays inside each other. libubox passes over a value
    /// that has no name at all; one whose name is empty is there, and nobody can ask for it.
    fn table(&mut self, bytes: &[u8], depth: usize) -> Result<UbusTable, BadBlob> {
        let mut values = Vec::new();
        for blob in Blobs(bytes) {
            let blob = blob?;
            let (name, data) = blob.named()?;
            let value = self.value(blob.id, data, depth)?;
            if let Some(name) = name {
                values.push((String::from_utf8_lossy(name).into_owned(), value));
            }
        }
        Ok(UbusTable(values))
    }

    fn array(&mut self, bytes: &[u8], depth: usize) -> Result<Vec<UbusValue>, BadBlob> {
        let value = |blob: Result<Blob<'_>, BadBlob>| {
            let blob = blob?;
            let (_, data) = blob.named()?;
            self.value(blob.id, data, depth)
        };
        Blobs(bytes).map(value).collect()
    }

    fn value(&mut self, kind: u8, data: &[u8], depth: usize) -> Result<UbusValue, BadBlob> {
        *self.left = self.left.checked_sub(1).ok_or(BadBlob("too many values"))?;
        let deeper = || {
            let depth = depth.checked_sub(1);
            depth.ok_or(BadBlob("values are nested too deep"))
        };
        let value = match kind {
            NULL => Some(UbusValue::Null),
            ARRAY => Some(UbusValue::Array(self.array(data, deeper()?)?)),
            TABLE => Some(UbusValue::Table(self.table(data, deeper()?)?)),
            TEXT => blob::text(data)
                .map(|text| UbusValue::Text(String::from_utf8_lossy(text).into_owned())),
            INT64 => exact(data).map(|bytes| UbusValue::Int64(i64::from_be_bytes(bytes))),
            INT32 => exact(data).map(|bytes| UbusValue::Int32(i32::from_be_bytes(bytes))),
            INT16 => exact(data).map(|bytes| UbusValue::Int16(i16::from_be_bytes(bytes))),
            INT8 => exact(data).map(|bytes| UbusValue::Bool(bytes != [0])),
            DOUBLE => exact(data).map(|bytes| UbusValue::Double(f64::from_be_bytes(bytes))),
            _ => return Err(BadBlob("a value is of a type that there is not")),
        };
        value.ok_or(BadBlob("a value has not the length of its type"))
    }
}

fn exact<const N: usize>(data: &[u8]) -> Option<[u8; N]> {
    data.try_into().ok()
}

impl UbusValue {
    /// Writes the value with a name, which is empty in an array, as libubox does.
    fn write(&self, name: &str, out: &mut Vec<u8>) {
        let kind = match self {
            Self::Null => NULL,
            Self::Bool(_) => INT8,
            Self::Int16(_) => INT16,
            Self::Int32(_) => INT32,
            Self::Int64(_) => INT64,
            Self::Double(_) => DOUBLE,
            Self::Text(_) => TEXT,
            Self::Array(_) => ARRAY,
            Self::Table(_) => TABLE,
        };
        blob::put(out, kind, Some(name), |out| match self {
            Self::Null => {}
            Self::Bool(value) => out.push(u8::from(*value)),
            Self::Int16(value) => out.extend(value.to_be_bytes()),
            Self::Int32(value) => out.extend(value.to_be_bytes()),
            Self::Int64(value) => out.extend(value.to_be_bytes()),
            Self::Double(value) => out.extend(value.to_be_bytes()),
            Self::Text(text) => blob::put_text(out, text),
            Self::Array(values) => {
                for value in values {
                    value.write("", out);
                }
            }
            Self::Table(table) => table.write(out),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: impl IntoIterator<Item = (&'static str, UbusValue)>) -> UbusTable {
        let values = values.into_iter();
        UbusTable(
            values
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    #[test]
    fn b18_each_type_is_read_and_written_as_libubox_has_it() {
        let cases: [(UbusValue, &[u8]); 9] = [
            (UbusValue::Null, b"\x80\0\0\x08\0\x01a\0"),
            (UbusValue::Bool(true), b"\x87\0\0\x09\0\x01a\0\x01\0\0\0"),
            (UbusValue::Int16(-2), b"\x86\0\0\x0a\0\x01a\0\xff\xfe\0\0"),
            (UbusValue::Int32(7), b"\x85\0\0\x0c\0\x01a\0\0\0\0\x07"),
            (
                UbusValue::Int64(-1),
                b"\x84\0\0\x10\0\x01a\0\xff\xff\xff\xff\xff\xff\xff\xff",
            ),
            (
                UbusValue::Double(1.5),
                b"\x88\0\0\x10\0\x01a\0\x3f\xf8\0\0\0\0\0\0",
            ),
            (
                UbusValue::Text("hi".to_owned()),
                b"\x83\0\0\x0b\0\x01a\0hi\0\0",
            ),
            (
                UbusValue::Array(vec![UbusValue::Bool(false)]),
                b"\x81\0\0\x14\0\x01a\0\x87\0\0\x09\0\0\0\0\0\0\0\0",
            ),
            (
                UbusValue::Table(table([("b", UbusValue::Int32(1))])),
                b"\x82\0\0\x14\0\x01a\0\x85\0\0\x0c\0\x01b\0\0\0\0\x01",
            ),
        ];
        for (value, bytes) in cases {
            let table = table([("a", value)]);
            let mut written = Vec::new();
            table.write(&mut written);
            assert_eq!(written, bytes);
            assert_eq!(UbusTable::read(bytes), Ok(table));
        }
    }

    #[test]
    fn b18_what_is_not_of_its_type_is_refused() {
        for bytes in [
            &b"\x87\0\0\x0a\0\x01a\0\x01\x01\0\0"[..],
            b"\x85\0\0\x0b\0\x01a\0\0\0\x07\0",
            b"\x84\0\0\x0c\0\x01a\0\0\0\0\x07",
            // A text of nothing, and one without an end.
            b"\x83\0\0\x08\0\x01a\0",
            b"\x83\0\0\x0a\0\x01a\0hi\0\0",
            b"\x89\0\0\x08\0\x01a\0",
            b"\xff\0\0\x08\0\x01a\0",
        ] {
            assert!(UbusTable::read(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn b18_a_text_ends_at_its_first_nul_and_may_have_any_bytes() {
        let read = UbusTable::read(b"\x83\0\0\x0d\0\x01a\0a\xffb\0c\0\0\0\0\0\0");
        assert!(read.is_err(), "zeros behind the last attribute");
        let read = UbusTable::read(b"\x83\0\0\x0e\0\x01a\0a\xffb\0c\0\0\0").unwrap();
        assert_eq!(
            read.get("a"),
            Some(&UbusValue::Text("a\u{fffd}b".to_owned()))
        );
        let mut written = Vec::new();
        table([("a\0b", UbusValue::Text("x\0y".to_owned()))]).write(&mut written);
        assert_eq!(written, b"\x83\0\0\x0a\0\x01a\0x\0\0\0");
    }

    #[test]
    fn b18_a_value_without_a_name_is_passed_over_in_a_table_and_taken_in_an_array() {
        let bytes = b"\x05\0\0\x08\0\0\0\x07\x85\0\0\x0c\0\x01a\0\0\0\0\x07";
        assert_eq!(
            UbusTable::read(bytes),
            Ok(table([("a", UbusValue::Int32(7))]))
        );
        let array = b"\x81\0\0\x10\0\x01a\0\x05\0\0\x08\0\0\0\x07";
        let seven = UbusValue::Array(vec![UbusValue::Int32(7)]);
        assert_eq!(UbusTable::read(array), Ok(table([("a", seven)])));
    }

    #[test]
    fn b18_nesting_and_the_number_of_values_are_bounded() {
        let nested = |depth: usize| {
            let deeper = |value, _| UbusValue::Table(table([("t", value)]));
            let value = (0..depth).fold(UbusValue::Null, deeper);
            let mut bytes = Vec::new();
            table([("t", value)]).write(&mut bytes);
            UbusTable::read(&bytes)
        };
        assert!(nested(MAX_DEPTH).is_ok());
        assert!(nested(MAX_DEPTH + 1).is_err());
        let many = |count: usize| UbusTable::read(&b"\x00\0\0\x04".repeat(count));
        assert!(many(MAX_VALUES).is_ok());
        assert!(many(MAX_VALUES + 1).is_err());
        // Values inside of others count as well.
        let inside = |count: usize| {
            let mut bytes = Vec::new();
            let values = vec![UbusValue::Null; count];
            table([("a", UbusValue::Array(values))]).write(&mut bytes);
            UbusTable::read(&bytes)
        };
        assert!(inside(MAX_VALUES - 1).is_ok());
        assert!(inside(MAX_VALUES).is_err());
    }
}
