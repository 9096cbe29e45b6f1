//! Answers that nobody should have to read.

use super::{BusValue, table};

/// A table of about so many bytes.
pub fn huge(bytes: usize) -> BusValue {
    table([("text", BusValue::Text("x".repeat(bytes)))])
}

/// A table of so many members.
pub fn wide(members: usize) -> BusValue {
    let members = 0..members;
    BusValue::Table(members.map(|i| (format!("m{i}"), 1.into())).collect())
}

/// A table with one member: an array of so many items.
pub fn long(items: usize) -> BusValue {
    let items = vec![BusValue::Nothing; items];
    table([("items", BusValue::Array(items))])
}

/// Tables in tables.
pub fn deep(levels: usize) -> BusValue {
    (0..levels).fold(table([("end", 1.into())]), |inner, _| {
        table([("in", inner)])
    })
}

/// Bytes that are no table, and what is wrong with them.
pub fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let text = table([("version", "23.05".into())]).encoded();
    let edited = |at: usize, byte: u8| {
        let mut bytes = text.clone();
        bytes[at] = byte;
        bytes
    };
    vec![
        ("nothing but ones", vec![0xff; 64]),
        ("zeros", vec![0; 64]),
        ("half a header", vec![0x83, 0]),
        ("cut", text[..text.len() - 4].to_vec()),
        ("longer than the message", edited(2, 0xff)),
        ("shorter than its header", edited(3, 3)),
        ("a name longer than its attribute", edited(4, 0xff)),
        ("a type that there is not", edited(0, 0x8f)),
        ("a text without its end", edited(text.len() - 3, b'!')),
        ("a number of one byte", edited(0, 0x85)),
    ]
}

/// Bytes that are no message, and what is wrong with them.
pub fn no_messages() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("another version", vec![1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4]),
        (
            "shorter than its header",
            vec![0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
        (
            "16 MB announced",
            vec![0, 2, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff],
        ),
        ("text", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("ones", vec![0xff; 4096]),
    ]
}
