//! Messages on the socket of ubusd: a header of eight bytes, then one attribute that holds the others.

use std::io::{self, Read, Write};

use super::blob::{self, BusValue};

/// The first message of ubusd to a client, whose number is the peer.
pub const HELLO: u8 = 0;
/// How a request ended.
pub const STATUS: u8 = 1;
/// What it brought.
pub const DATA: u8 = 2;
pub const PING: u8 = 3;
pub const LOOKUP: u8 = 4;
pub const INVOKE: u8 = 5;
pub const ADD_OBJECT: u8 = 6;
pub const REMOVE_OBJECT: u8 = 7;

/// The statuses that a request ends with.
pub mod status {
    pub const OK: u32 = 0;
    pub const INVALID_COMMAND: u32 = 1;
    pub const INVALID_ARGUMENT: u32 = 2;
    pub const METHOD_NOT_FOUND: u32 = 3;
    pub const NOT_FOUND: u32 = 4;
    pub const NO_DATA: u32 = 5;
    pub const PERMISSION_DENIED: u32 = 6;
    pub const TIMEOUT: u32 = 7;
    pub const UNKNOWN_ERROR: u32 = 9;
}

/// The attributes of a message, by their ids.
pub mod attr {
    pub const STATUS: u8 = 1;
    pub const OBJPATH: u8 = 2;
    pub const OBJID: u8 = 3;
    pub const METHOD: u8 = 4;
    pub const OBJTYPE: u8 = 5;
    pub const SIGNATURE: u8 = 6;
    pub const DATA: u8 = 7;
    pub const USER: u8 = 12;
    pub const GROUP: u8 = 13;
}

/// Longest message, without its header, that ubusd and libubus take.
pub const MAX_MESSAGE: usize = 1_048_576;

/// By how old an OpenWrt messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UbusAge {
    /// Since 2016 all numbers are big-endian.
    #[default]
    Today,
    /// Before, in 14.07, those of a header were as the processor has them, and nobody was told who
    /// calls.
    Of1407,
}

/// What one side says to the other, header and attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusMessage {
    pub kind: u8,
    pub seq: u16,
    pub peer: u32,
    /// The attributes, ids with contents, in their order.
    pub attributes: Vec<(u8, Vec<u8>)>,
}

impl BusMessage {
    /// A message without attributes.
    pub fn new(kind: u8, seq: u16, peer: u32) -> Self {
        Self {
            kind,
            seq,
            peer,
            attributes: Vec::new(),
        }
    }

    /// With a number.
    pub fn number(self, id: u8, number: u32) -> Self {
        self.bytes(id, &number.to_be_bytes())
    }

    /// With a text.
    pub fn text(self, id: u8, text: &str) -> Self {
        self.bytes(id, &[text.as_bytes(), b"\0"].concat())
    }

    /// With a table.
    pub fn value(self, id: u8, value: &BusValue) -> Self {
        self.bytes(id, &value.encoded())
    }

    /// With whatever.
    pub fn bytes(mut self, id: u8, content: &[u8]) -> Self {
        self.attributes.push((id, content.to_vec()));
        self
    }

    /// The content of an attribute.
    pub fn get(&self, id: u8) -> Option<&[u8]> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(own, _)| *own == id)
            .map(|(_, content)| &**content)
    }

    /// An attribute that is a number.
    pub fn get_number(&self, id: u8) -> Option<u32> {
        self.get(id)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// An attribute that is a text.
    pub fn get_text(&self, id: u8) -> Option<&str> {
        std::str::from_utf8(self.get(id)?.strip_suffix(b"\0")?).ok()
    }

    /// As it travels.
    pub fn encoded(&self, age: UbusAge) -> Vec<u8> {
        let mut content = Vec::new();
        for (id, bytes) in &self.attributes {
            blob::attribute(0, *id, bytes, &mut content);
        }
        let mut out = vec![0, self.kind];
        match age {
            UbusAge::Today => {
                out.extend(self.seq.to_be_bytes());
                out.extend(self.peer.to_be_bytes());
            }
            UbusAge::Of1407 => {
                out.extend(self.seq.to_ne_bytes());
                out.extend(self.peer.to_ne_bytes());
            }
        }
        blob::attribute(0, 0, &content, &mut out);
        out
    }

    /// Writes it.
    ///
    /// # Errors
    /// The other side is gone.
    pub fn write(&self, to: &mut impl Write, age: UbusAge) -> io::Result<()> {
        to.write_all(&self.encoded(age))
    }

    /// Reads the next one.
    ///
    /// # Errors
    /// The other side is gone or sent something else.
    pub fn read(from: &mut impl Read, age: UbusAge) -> io::Result<Self> {
        let mut head = [0; 12];
        from.read_exact(&mut head)?;
        let [version, kind, s0, s1, p0, p1, p2, p3, _, l0, l1, l2] = head;
        let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        if version != 0 || length < 4 || length.next_multiple_of(4) > MAX_MESSAGE {
            return Err(io::Error::other("no message of ubus"));
        }
        let mut content = vec![0; length - 4];
        from.read_exact(&mut content)?;
        let attributes = blob::attributes(&content).map_err(io::Error::other)?;
        let attributes = attributes.into_iter();
        Ok(Self {
            kind,
            seq: match age {
                UbusAge::Today => u16::from_be_bytes([s0, s1]),
                UbusAge::Of1407 => u16::from_ne_bytes([s0, s1]),
            },
            peer: match age {
                UbusAge::Today => u32::from_be_bytes([p0, p1, p2, p3]),
                UbusAge::Of1407 => u32::from_ne_bytes([p0, p1, p2, p3]),
            },
            attributes: attributes
                .map(|(_, id, content)| (id, content.to_vec()))
                .collect(),
        })
    }
}
