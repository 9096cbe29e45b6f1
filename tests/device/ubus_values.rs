//! Values of ubus, there and back.

use cwmpd::device::ubus::{UbusTable, UbusValue};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = UbusValue> {
    let leaf = prop_oneof![
        Just(UbusValue::Null),
        any::<bool>().prop_map(UbusValue::Bool),
        any::<i16>().prop_map(UbusValue::Int16),
        any::<i32>().prop_map(UbusValue::Int32),
        any::<i64>().prop_map(UbusValue::Int64),
        any::<f64>().prop_map(UbusValue::Double),
        "[^\0]*".prop_map(UbusValue::Text),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(UbusValue::Array),
            table(inner).prop_map(UbusValue::Table),
        ]
    })
}

fn table(values: impl Strategy<Value = UbusValue>) -> impl Strategy<Value = UbusTable> {
    prop::collection::vec(("[^\0]*", values), 0..8).prop_map(UbusTable)
}

proptest! {
    #[test]
    fn b18_values_that_are_written_and_read_are_the_same(table in table(value())) {
        let mut bytes = Vec::new();
        table.write(&mut bytes);
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert_eq!(UbusTable::read(&bytes), Ok(table));
    }

    #[test]
    fn b18_a_table_that_is_cut_is_refused_or_shorter(table in table(value()), cut in 0..4096_usize) {
        let mut bytes = Vec::new();
        table.write(&mut bytes);
        if cut < bytes.len() {
            if let Ok(read) = UbusTable::read(&bytes[..cut]) {
                // Only where it was cut between two of its values.
                prop_assert!(read.0.len() < table.0.len());
                prop_assert!(table.0.starts_with(&read.0));
            }
        }
    }
}
