//! blobmsg, the form of what travels on ubus: a codec of its own beside that of the program, so that
//! each checks the other.
//!
//! An attribute is four bytes, big-endian (the top bit: it has a name; seven bits: its id, here the
//! type; 24 bits: its length with these four), then the name (two bytes of length, the text, a zero,
//! filled up to four bytes), then the value; the next one begins at a multiple of four.

use std::fmt;

/// The attribute has a name.
const NAMED: u32 = 0x8000_0000;

/// The bits of an attribute's length.
const LENGTH: u32 = 0x00ff_ffff;

const ARRAY: u8 = 1;
const TABLE: u8 = 2;
const STRING: u8 = 3;
const INT64: u8 = 4;
const INT32: u8 = 5;
const INT16: u8 = 6;
const BOOL: u8 = 7;
const DOUBLE: u8 = 8;

/// An attribute as it was read: whether it has a name, its id, its content.
pub type BlobAttr<'a> = (bool, u8, &'a [u8]);

/// A value on the bus.
#[derive(Clone, Debug, PartialEq)]
pub enum BusValue {
    /// `null`.
    Nothing,
    Bool(bool),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Double(f64),
    Text(String),
    Array(Vec<BusValue>),
    /// In the order in which it was written.
    Table(Vec<(String, BusValue)>),
}

/// Names with values, in this order.
pub fn table<const N: usize>(members: [(&str, BusValue); N]) -> BusValue {
    let members = members.into_iter();
    BusValue::Table(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Values without names.
pub fn array<const N: usize>(items: [BusValue; N]) -> BusValue {
    BusValue::Array(items.into())
}

impl From<&str> for BusValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i32> for BusValue {
    fn from(number: i32) -> Self {
        Self::Int32(number)
    }
}

impl From<i64> for BusValue {
    fn from(number: i64) -> Self {
        Self::Int64(number)
    }
}

impl From<bool> for BusValue {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl BusValue {
    /// The member of a table, or the item of an array, by its name or number.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Table(members) => {
                let mut members = members.iter();
                members.find(|(own, _)| own == name).map(|(_, value)| value)
            }
            Self::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// What stands at a path such as `release.version`, as `ubus call` shows it.
    pub fn at(&self, path: &str) -> Option<String> {
        let mut found = Some(self);
        for name in path.split('.') {
            found = found?.get(name);
        }
        found.map(|found| match found {
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// The same table with another member, in place of one of this name.
    pub fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        if let Self::Table(members) = &mut self {
            members.retain(|(own, _)| own != name);
            members.push((name.to_owned(), value.into()));
        }
        self
    }

    /// The same table without a member.
    pub fn without(mut self, name: &str) -> Self {
        if let Self::Table(members) = &mut self {
            members.retain(|(own, _)| own != name);
        }
        self
    }

    /// The bytes of a table or array without a header: what an attribute that holds it contains.
    pub fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Table(members) => {
                for (name, value) in members {
                    value.write(name, &mut out);
                }
            }
            Self::Array(items) => items.iter().for_each(|item| item.write("", &mut out)),
            _ => panic!("only a table or an array can stand alone"),
        }
        out
    }

    fn write(&self, name: &str, out: &mut Vec<u8>) {
        let (kind, payload) = match self {
            Self::Nothing => (0, Vec::new()),
            Self::Bool(flag) => (BOOL, vec![u8::from(*flag)]),
            Self::Int16(number) => (INT16, number.to_be_bytes().into()),
            Self::Int32(number) => (INT32, number.to_be_bytes().into()),
            Self::Int64(number) => (INT64, number.to_be_bytes().into()),
            Self::Double(number) => (DOUBLE, number.to_be_bytes().into()),
            Self::Text(text) => (STRING, [text.as_bytes(), b"\0"].concat()),
            Self::Array(_) => (ARRAY, self.encoded()),
            Self::Table(_) => (TABLE, self.encoded()),
        };
        let length = u16::try_from(name.len()).expect("a name is short");
        let mut content = length.to_be_bytes().to_vec();
        content.extend(name.as_bytes());
        content.push(0);
        pad(&mut content);
        content.extend(payload);
        attribute(NAMED, kind, &content, out);
    }

    /// Reads the content of a table.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let members: Result<_, String> = attributes(bytes)?.into_iter().map(member).collect();
        members.map(Self::Table)
    }
}

/// As `ubus -S call` prints it.
impl fmt::Display for BusValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Int16(number) => write!(f, "{number}"),
            Self::Int32(number) => write!(f, "{number}"),
            Self::Int64(number) => write!(f, "{number}"),
            Self::Double(number) => write!(f, "{number:.6}"),
            Self::Text(text) => quoted(text, f),
            Self::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Self::Table(members) => {
                f.write_str("{")?;
                for (i, (name, value)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    quoted(name, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            '\u{8}' => f.write_str("\\b")?,
            c if c < ' ' => write!(f, "\\u00{:02x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// Appends an attribute, and what fills it up.
pub fn attribute(flags: u32, id: u8, content: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(content.len() + 4).expect("a length of 24 bits");
    assert!(length <= LENGTH, "a length of 24 bits");
    out.extend((flags | u32::from(id) << 24 | length).to_be_bytes());
    out.extend(content);
    pad(out);
}

/// The attributes that follow one another.
///
/// # Errors
/// One does not end where its bytes do.
pub fn attributes(mut bytes: &[u8]) -> Result<Vec<BlobAttr<'_>>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_first_chunk().ok_or("half a header")?;
        let head = u32::from_be_bytes(*head);
        let length = usize::try_from(head & LENGTH).unwrap();
        let length = length.checked_sub(4).ok_or("shorter than its header")?;
        let content = rest.get(..length).ok_or("longer than what holds it")?;
        found.push((head & NAMED != 0, (head >> 24 & 0x7f) as u8, content));
        bytes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(found)
}

fn member((is_named, kind, content): BlobAttr<'_>) -> Result<(String, BusValue), String> {
    let mut name = "";
    let mut value = content;
    if is_named {
        let (length, rest) = content.split_first_chunk().ok_or("no length of a name")?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (text, rest) = rest.split_at_checked(length).ok_or("a name that is cut")?;
        assert_eq!(rest.first(), Some(&0), "a name ends in a zero");
        name = std::str::from_utf8(text).map_err(|e| e.to_string())?;
        value = content
            .get((length + 3).next_multiple_of(4)..)
            .unwrap_or_default();
    }
    let value = match kind {
        0 => BusValue::Nothing,
        BOOL => BusValue::Bool(u8::from_be_bytes(fixed(value)?) != 0),
        INT16 => BusValue::Int16(i16::from_be_bytes(fixed(value)?)),
        INT32 => BusValue::Int32(i32::from_be_bytes(fixed(value)?)),
        INT64 => BusValue::Int64(i64::from_be_bytes(fixed(value)?)),
        DOUBLE => BusValue::Double(f64::from_be_bytes(fixed(value)?)),
        STRING => {
            let text = value.strip_suffix(b"\0").ok_or("a text without its zero")?;
            let text = std::str::from_utf8(text).map_err(|e| e.to_string())?;
            BusValue::Text(text.to_owned())
        }
        TABLE => BusValue::decode(value)?,
        ARRAY => {
            let items: Result<Vec<_>, _> = attributes(value)?.into_iter().map(member).collect();
            BusValue::Array(items?.into_iter().map(|(_, item)| item).collect())
        }
        other => return Err(format!("no type {other}")),
    };
    Ok((name.to_owned(), value))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes
        .try_into()
        .map_err(|_| format!("{} bytes in place of {N}", bytes.len()))
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
