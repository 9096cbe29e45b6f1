//! What comes over the socket of ubus.

use cwmpd::device::ubus::limits::{MAX_MESSAGE_BYTES, MAX_VALUES};
use cwmpd::device::ubus::{Frame, UbusTable, UbusValue, frame_length};

/// No bytes panic, as messages one behind another and as a table alone. What was read of values is
/// within its bounds, and the same when it is written and read again.
pub fn ubus(bytes: &[u8]) {
    table(UbusTable::read(bytes).ok());
    let mut rest = bytes;
    while let Ok(Some(length)) = frame_length(rest) {
        assert!((12..=MAX_MESSAGE_BYTES + 8).contains(&length));
        let Some((first, others)) = rest.split_at_checked(length) else {
            return;
        };
        rest = others;
        let frame = Frame::read(first).expect("a whole message");
        if let Ok(attributes) = frame.attributes() {
            table(attributes.data().ok().flatten());
        }
    }
}

fn table(read: Option<UbusTable>) {
    let Some(table) = read else {
        return;
    };
    assert!(count(&UbusValue::Table(table.clone())) <= MAX_VALUES + 1);
    let _ = table.json();
    let mut bytes = Vec::new();
    table.write(&mut bytes);
    let again = UbusTable::read(&bytes).expect("what was written can be read");
    let mut same = Vec::new();
    again.write(&mut same);
    assert_eq!(same, bytes);
}

fn count(value: &UbusValue) -> usize {
    let inside: usize = match value {
        UbusValue::Table(table) => table.0.iter().map(|(_, value)| count(value)).sum(),
        UbusValue::Array(values) => values.iter().map(count).sum(),
        _ => 0,
    };
    inside + 1
}
