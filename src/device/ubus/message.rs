//! Messages: a header of eight bytes, then one `blob` with the attributes in it.

use super::blob::{self, BadBlob, Blob, Blobs, WORD};
use super::limits::{MAX_MESSAGE_BYTES, MAX_SENT_BYTES};
use super::status::UbusStatus;
use super::value::UbusTable;

/// The header: version, kind, sequence number (2 bytes), peer (4).
const HEADER: usize = 8;

/// The number of the attributes' `blob`, which has none.
const ROOT: u8 = 0;

/// What kind of message it is (`ubus_msg_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageKind(pub u8);

impl MessageKind {
    /// ubusd's first word.
    pub const HELLO: Self = Self(0);
    /// The end of a call.
    pub const STATUS: Self = Self(1);
    /// An answer; a call may have several, or none.
    pub const DATA: Self = Self(2);
    /// Asks for the objects of some path.
    pub const LOOKUP: Self = Self(4);
    /// Calls a method of an object.
    pub const INVOKE: Self = Self(5);
    /// Offers an object to others.
    pub const ADD_OBJECT: Self = Self(6);
}

/// The numbers of the attributes (`ubus_msg_attr`) that are used here. Others are passed over: who
/// calls (12, 13) is ubusd's business, which holds its access lists.
mod number {
    pub(super) const STATUS: u8 = 1;
    pub(super) const PATH: u8 = 2;
    pub(super) const OBJECT: u8 = 3;
    pub(super) const METHOD: u8 = 4;
    pub(super) const SIGNATURE: u8 = 6;
    pub(super) const DATA: u8 = 7;
    pub(super) const NO_REPLY: u8 = 10;
}

/// The tag of a message: its sequence number and its peer, as they stand. Who answers a call gives back
/// those of the call; what answers a request has its sequence number, and its peer or the number of
/// the object that answers. So nobody has to read them, which is as well: until 2016 (OpenWrt 14.07,
/// 15.05) they were in the byte order of the box, since then they are big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTag {
    /// The sequence number, which who asks chooses.
    pub sequence: [u8; 2],
    /// Where it comes from, or goes to.
    pub peer: [u8; 4],
}

impl MessageTag {
    /// Whether a message with this tag answers the request with that one. Its peer counts, too: any
    /// client may send anybody an answer with any sequence number, but not in the name of another's
    /// object, nor in that of ubusd, whose number is 0.
    pub fn answers(self, request: Self) -> bool {
        let [a, b, c, d] = request.peer;
        let is_peer = self.peer == request.peer || self.peer == [d, c, b, a];
        self.sequence == request.sequence && is_peer
    }
}

/// A message that came in, whole; what its attributes say is still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: MessageKind,
    /// To which request it belongs, or how it is answered.
    pub tag: MessageTag,
    attributes: &'a [u8],
}

/// How many bytes the first message in `bytes` takes; `None` while that cannot be known.
///
/// # Errors
/// No message begins so, or it is longer than [`MAX_MESSAGE_BYTES`]. What comes behind it cannot be
/// found any more.
pub fn frame_length(bytes: &[u8]) -> Result<Option<usize>, BadBlob> {
    match bytes.first() {
        None | Some(0) => {}
        Some(_) => return Err(BadBlob("the version is not 0")),
    }
    let Some(word) = bytes.get(HEADER..).and_then(<[u8]>::first_chunk) else {
        return Ok(None);
    };
    match blob::length(*word) {
        ..WORD => Err(BadBlob("the message is shorter than its own length")),
        length if blob::padded(length) > MAX_MESSAGE_BYTES => {
            Err(BadBlob("the message is too long"))
        }
        length => Ok(Some(HEADER + length)),
    }
}

impl<'a> Frame<'a> {
    /// The message that `bytes` are, all of them, as [`frame_length`] found.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let [_, kind, s0, s1, p0, p1, p2, p3] = *header;
        Some(Self {
            kind: MessageKind(kind),
            tag: MessageTag {
                sequence: [s0, s1],
                peer: [p0, p1, p2, p3],
            },
            attributes: rest.get(WORD..)?,
        })
    }

    /// What the message says.
    ///
    /// # Errors
    /// An attribute is cut, or longer than the message.
    pub fn attributes(&self) -> Result<Attributes<'a>, BadBlob> {
        let mut attributes = Attributes::default();
        for blob in Blobs(self.attributes) {
            attributes.take(blob?);
        }
        Ok(attributes)
    }
}

/// What a message says. An attribute that is not of its type is not there, as in libubus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// How the call ended.
    pub status: Option<UbusStatus>,
    /// The object by its number.
    pub object: Option<u32>,
    /// The method that is called.
    pub method: Option<&'a [u8]>,
    /// Nobody waits for an answer.
    pub no_reply: bool,
    data: Option<&'a [u8]>,
}

impl<'a> Attributes<'a> {
    fn take(&mut self, blob: Blob<'a>) {
        match blob.id {
            number::STATUS => self.status = blob.number().map(UbusStatus),
            number::OBJECT => self.object = blob.number(),
            number::METHOD => self.method = blob.text(),
            number::NO_REPLY => self.no_reply = blob.payload.first().is_some_and(|flag| *flag != 0),
            number::DATA => self.data = Some(blob.payload),
            _ => {}
        }
    }

    /// The arguments of a call, or its answer; `None` if there are none.
    ///
    /// # Errors
    /// They are malformed or beyond [`limits`](super::limits).
    pub fn data(&self) -> Result<Option<UbusTable>, BadBlob> {
        self.data.map(UbusTable::read).transpose()
    }

    /// The bytes of that.
    pub(super) fn data_bytes(&self) -> &'a [u8] {
        self.data.unwrap_or_default()
    }
}

/// A message to be sent, as a method adds its attributes. The order is that of libubus.
#[derive(Clone, Debug)]
pub struct SentMessage {
    head: [u8; HEADER],
    attributes: Vec<u8>,
}

impl SentMessage {
    /// A message with no attributes.
    pub fn new(kind: MessageKind, tag: MessageTag) -> Self {
        let MessageTag {
            sequence: [s0, s1],
            peer: [p0, p1, p2, p3],
        } = tag;
        Self {
            head: [0, kind.0, s0, s1, p0, p1, p2, p3],
            attributes: Vec::new(),
        }
    }

    /// With the number of an object.
    pub fn object(self, id: u32) -> Self {
        self.with(number::OBJECT, |out| out.extend(id.to_be_bytes()))
    }

    /// With the path of an object, such as `system`.
    pub fn path(self, path: &str) -> Self {
        self.with(number::PATH, |out| blob::put_text(out, path))
    }

    /// With the name of a method.
    pub fn method(self, method: &str) -> Self {
        self.with(number::METHOD, |out| blob::put_text(out, method))
    }

    /// With arguments or an answer.
    pub fn data(self, table: &UbusTable) -> Self {
        self.with(number::DATA, |out| table.write(out))
    }

    /// With the methods of an object: for each a table of its arguments, with the number of their type.
    pub fn signature(self, methods: &UbusTable) -> Self {
        self.with(number::SIGNATURE, |out| methods.write(out))
    }

    /// With the end of a call.
    pub fn status(self, status: UbusStatus) -> Self {
        self.with(number::STATUS, |out| out.extend(status.0.to_be_bytes()))
    }

    fn with(mut self, id: u8, payload: impl FnOnce(&mut Vec<u8>)) -> Self {
        blob::put(&mut self.attributes, id, None, payload);
        self
    }

    /// The bytes for the socket.
    ///
    /// # Errors
    /// They are more than [`MAX_SENT_BYTES`].
    pub fn bytes(self) -> Result<Vec<u8>, BadBlob> {
        if self.attributes.len() > MAX_SENT_BYTES - WORD {
            return Err(BadBlob("the message would be too long"));
        }
        let mut bytes = self.head.to_vec();
        blob::put(&mut bytes, ROOT, None, |out| out.extend(self.attributes));
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: MessageTag = MessageTag {
        sequence: [0x12, 0x34],
        peer: [1, 2, 3, 4],
    };

    #[test]
    fn b18_a_call_is_written_as_libubus_writes_it() {
        let mut arguments = UbusTable::default();
        arguments.put("a", 7);
        let sent = SentMessage::new(MessageKind::INVOKE, TAG);
        let sent = sent.object(0x55).method("board").data(&arguments);
        let bytes = sent.bytes().unwrap();
        let expected = [
            &b"\0\x05\x12\x34\x01\x02\x03\x04"[..],
            b"\0\0\0\x28",
            b"\x03\0\0\x08\0\0\0\x55",
            b"\x04\0\0\x0aboard\0\0\0",
            b"\x07\0\0\x10\x85\0\0\x0c\0\x01a\0\0\0\0\x07",
        ]
        .concat();
        assert_eq!(bytes, expected);
        assert_eq!(frame_length(&bytes), Ok(Some(bytes.len())));
        let frame = Frame::read(&bytes).unwrap();
        assert_eq!((frame.kind, frame.tag), (MessageKind::INVOKE, TAG));
        let read = frame.attributes().unwrap();
        assert_eq!(read.object, Some(0x55));
        assert_eq!(read.method, Some(&b"board"[..]));
        assert_eq!(read.data(), Ok(Some(arguments)));
        assert!(!read.no_reply);
    }

    #[test]
    fn b18_an_answer_is_believed_of_who_was_asked_alone() {
        let tag = |sequence, peer: u32| MessageTag {
            sequence: [0, sequence],
            peer: peer.to_be_bytes(),
        };
        let asked = tag(7, 0x1234_5678);
        assert!(asked.answers(asked));
        assert!(tag(7, 0x7856_3412).answers(asked), "as 14.07 writes it");
        assert!(!tag(8, 0x1234_5678).answers(asked));
        assert!(!tag(7, 0x9abc_def0).answers(asked));
        assert!(!tag(7, 0x9abc_def0).answers(tag(7, 0)), "no word of ubusd");
    }

    #[test]
    fn b18_the_length_of_a_message_is_known_from_its_first_twelve_bytes() {
        let hello = b"\0\0\0\0\0\0\0\x07\0\0\0\x04";
        assert_eq!(frame_length(hello), Ok(Some(12)));
        for cut in 0..12 {
            assert_eq!(frame_length(&hello[..cut]), Ok(None));
        }
        let with = |word: &[u8]| frame_length(&[&hello[..8], word].concat());
        assert!(with(b"\0\0\0\x03").is_err());
        assert!(with(b"\0\0\0\x00").is_err());
        assert_eq!(with(b"\0\x10\0\0"), Ok(Some(HEADER + MAX_MESSAGE_BYTES)));
        assert!(with(b"\0\x10\0\x01").is_err());
        assert!(with(b"\0\xff\xff\xff").is_err());
        assert!(frame_length(b"\x01").is_err());
        assert!(frame_length(b"GET / HTTP/1.1\r\n").is_err());
    }

    #[test]
    fn b18_an_attribute_that_is_not_of_its_type_is_not_there() {
        let read = |attributes: &[u8]| {
            let bytes = [&b"\0\x01\0\0\0\0\0\0\0\0\0\0"[..], attributes].concat();
            let frame = Frame::read(&bytes).unwrap();
            let read = frame.attributes();
            read.map(|read| (read.status, read.no_reply, read.data()))
        };
        let none = Ok((None, false, Ok(None)));
        assert_eq!(read(b""), none);
        assert_eq!(read(b"\x01\0\0\x05\x07\0\0\0"), none);
        assert_eq!(read(b"\x0c\0\0\x06u\0\0\0\x3f\0\0\x04"), none, "unknown");
        let status = Some(UbusStatus::NOT_FOUND);
        assert_eq!(
            read(b"\x01\0\0\x08\0\0\0\x04"),
            Ok((status, false, Ok(None)))
        );
        assert_eq!(read(b"\x0a\0\0\x05\x01\0\0\0"), Ok((None, true, Ok(None))));
        assert_eq!(read(b"\x0a\0\0\x05\0\0\0\0"), none);
        assert!(read(b"\x01\0\0\x09\0\0\0\x04").is_err());
        let (_, _, data) = read(b"\x07\0\0\x08\x85\0\0\x0c").unwrap();
        assert!(data.is_err());
    }

    #[test]
    fn b18_a_message_that_ubusd_would_not_take_is_not_sent() {
        let sent = |length: usize| {
            let mut table = UbusTable::default();
            table.put("", "x".repeat(length));
            let sent = SentMessage::new(MessageKind::INVOKE, TAG).data(&table);
            sent.bytes().map(|bytes| bytes.len())
        };
        // Of the text its NUL, of the rest four words.
        let most = MAX_SENT_BYTES - 1 - 4 * WORD;
        assert_eq!(sent(most), Ok(HEADER + MAX_SENT_BYTES));
        assert!(sent(most + 1).is_err());
        assert!(sent(20_000_000).is_err());
    }
}
