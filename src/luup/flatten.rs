//! A Luup answer as pairs of name and value, for people: `cwmpd luup` prints them.
//!
//! The names tell where a value stands, `ZWave.devices.1.states.1.id 208`: members by name, items
//! of lists by number from 1. They are no addresses, since devices and states change their places.

use super::LuupError;
use super::limits::{MAX_FLAT_BYTES, within};
use crate::base::json::{JsonError, JsonEvent, JsonReader};

/// Calls `each(name, value)` for every value in the JSON of `text`, in its order, its name beginning
/// with `prefix`. What is empty has no pair, and null has an empty value.
///
/// # Errors
/// The text is not, or not to its end, JSON that a lenient [`JsonReader`] reads, or its pairs are too
/// much. A value that cannot be read has what is left of it.
pub fn flatten(
    text: &str,
    prefix: &str,
    each: &mut dyn FnMut(&str, &str),
) -> Result<(), LuupError> {
    let mut bytes_of = text.as_bytes();
    let mut reader = JsonReader::lenient(&mut bytes_of);
    let mut name = prefix.to_owned();
    let mut bytes = 0;
    // A long name in front of many short values is repeated with each of them.
    let mut each = |name: &str, value: &str| {
        bytes += name.len() + value.len();
        within("bytes of names and values", MAX_FLAT_BYTES, bytes)?;
        each(name, value);
        Ok(())
    };
    while let Some(value) = reader.next()? {
        if let JsonEvent::Flawed(why) = value {
            return Err(JsonError { at: 0, why }.into());
        }
        walk(&mut reader, value, &mut name, &mut each)?;
    }
    match reader.is_at_end() {
        true => Ok(()),
        false => Err(JsonError {
            at: reader.position(),
            why: "something follows the end",
        }
        .into()),
    }
}

/// Takes a pair of name and value.
type Take<'a> = &'a mut dyn FnMut(&str, &str) -> Result<(), LuupError>;

/// Recurses as deep as the text nests, which the reader bounds.
fn walk(
    reader: &mut JsonReader<'_>,
    value: JsonEvent,
    name: &mut String,
    each: Take<'_>,
) -> Result<(), LuupError> {
    match value {
        JsonEvent::Text | JsonEvent::Number | JsonEvent::Flawed(_) => each(name, reader.text()),
        JsonEvent::Bool(true) => each(name, "true"),
        JsonEvent::Bool(false) => each(name, "false"),
        JsonEvent::Null => each(name, ""),
        JsonEvent::Object | JsonEvent::Array => inside(reader, name, each),
        JsonEvent::Name | JsonEvent::Close => Ok(()),
    }
}

fn inside(reader: &mut JsonReader<'_>, name: &mut String, each: Take<'_>) -> Result<(), LuupError> {
    let outside = name.len();
    let mut number = 0_u32;
    while let Some(event) = reader.next()? {
        let value = match event {
            JsonEvent::Close => break,
            JsonEvent::Name => {
                *name += ".";
                *name += reader.text();
                reader.next()?
            }
            item => {
                number += 1;
                *name += &format!(".{number}");
                Some(item)
            }
        };
        if let Some(value) = value {
            walk(reader, value, name, each)?;
        }
        name.truncate(outside);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        flatten(text, "ZWave", &mut |name, value| {
            pairs.push((name.to_owned(), value.to_owned()));
        })
        .unwrap();
        pairs
    }

    #[test]
    fn names_tell_the_place_and_lists_count_from_one() {
        let text = r#"{"devices":[{"id":1,"states":[{"id":208,"value":"a\tb"},{"id":209}]},{"id":2}],
            "alerts":[],"m":[[1,2],[3]],"b":true,"n":null,"f":0.50,"o":{}}"#;
        let want = [
            ("ZWave.devices.1.id", "1"),
            ("ZWave.devices.1.states.1.id", "208"),
            ("ZWave.devices.1.states.1.value", "a\tb"),
            ("ZWave.devices.1.states.2.id", "209"),
            ("ZWave.devices.2.id", "2"),
            ("ZWave.m.1.1", "1"),
            ("ZWave.m.1.2", "2"),
            ("ZWave.m.2.1", "3"),
            ("ZWave.b", "true"),
            ("ZWave.n", ""),
            ("ZWave.f", "0.50"),
        ];
        let want = want.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(pairs(text), want);
        assert_eq!(pairs("7"), [("ZWave".to_owned(), "7".to_owned())]);
    }

    #[test]
    fn more_than_99_items_keep_their_numbers_and_time_stamps_all_digits() {
        let items: Vec<String> = (0..150).map(|_| "1795374829".to_owned()).collect();
        let got = pairs(&format!("[{}]", items.join(",")));
        assert_eq!(got.len(), 150);
        assert_eq!(
            got.last().unwrap(),
            &("ZWave.150".to_owned(), "1795374829".to_owned())
        );
    }
}
