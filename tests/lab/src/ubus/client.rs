//! A client of the bus, for tests: of what the program offers there, and of the lab's ubusd itself.

use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::wire::{ADD_OBJECT, DATA, HELLO, INVOKE, LOOKUP, PING, STATUS};
use super::{BusMessage, BusValue, UbusAge, attr, status, table};

/// Why a request brought nothing.
#[derive(Debug)]
pub enum BusError {
    /// It ended with this status.
    Status(u32),
    /// Nothing came in time.
    Timeout,
    /// ubusd is gone, or speaks nonsense.
    Lost(String),
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(code) => write!(f, "status {code}"),
            Self::Timeout => f.write_str("nothing came in time"),
            Self::Lost(why) => f.write_str(why),
        }
    }
}

impl From<io::Error> for BusError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Lost(error.to_string()),
        }
    }
}

/// A connection to ubusd.
pub struct UbusClient {
    stream: UnixStream,
    age: UbusAge,
    id: u32,
    seq: u16,
}

impl UbusClient {
    /// Connects to an ubusd of today, and is greeted by it.
    ///
    /// # Errors
    /// There is none, or it is silent for 20 s.
    pub fn connect(socket: &Path) -> Result<Self, BusError> {
        Self::connect_to(UbusAge::Today, socket)
    }

    /// The same to one of this age.
    ///
    /// # Errors
    /// As [`UbusClient::connect`].
    pub fn connect_to(age: UbusAge, socket: &Path) -> Result<Self, BusError> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let hello = BusMessage::read(&mut stream, age)?;
        assert_eq!((hello.kind, hello.seq), (HELLO, 0), "{hello:?}");
        let id = hello.peer;
        Ok(Self {
            stream,
            age,
            id,
            seq: 0,
        })
    }

    /// The number that ubusd gave it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// How long an answer is waited for; 20 s at first.
    pub fn set_patience(&self, patience: Duration) {
        let set = self.stream.set_read_timeout(Some(patience));
        set.expect("a time-out");
    }

    /// Calls a method. What it answers: a table, with all members of several answers; an empty one
    /// where it answers without data.
    ///
    /// # Errors
    /// No such object or method, or what else the object says.
    pub fn call<const N: usize>(
        &mut self,
        object: &str,
        method: &str,
        arguments: [(&str, BusValue); N],
    ) -> Result<BusValue, BusError> {
        let id = self.find(object)?;
        let call = BusMessage::new(INVOKE, 0, id)
            .number(attr::OBJID, id)
            .text(attr::METHOD, method)
            .value(attr::DATA, &table(arguments));
        let mut members = Vec::new();
        for answer in self.request(call)? {
            let data = answer.get(attr::DATA).unwrap_or_default();
            match BusValue::decode(data).map_err(BusError::Lost)? {
                BusValue::Table(own) => members.extend(own),
                other => unreachable!("decoded as a table: {other}"),
            }
        }
        Ok(BusValue::Table(members))
    }

    /// The paths of the objects that a pattern means: a path, or the beginning of several with `*`.
    ///
    /// # Errors
    /// There is none.
    pub fn list(&mut self, pattern: &str) -> Result<Vec<String>, BusError> {
        let found = self.request(BusMessage::new(LOOKUP, 0, 0).text(attr::OBJPATH, pattern))?;
        let paths = found
            .iter()
            .filter_map(|found| found.get_text(attr::OBJPATH));
        Ok(paths.map(str::to_owned).collect())
    }

    /// The methods of an object, each with the types of its arguments by their names, as blobmsg
    /// numbers them: 3 is a text, 5 a number, 7 a flag, 2 a table, 1 an array.
    ///
    /// # Errors
    /// There is no such object.
    pub fn signature(&mut self, object: &str) -> Result<BusValue, BusError> {
        let found = self.request(BusMessage::new(LOOKUP, 0, 0).text(attr::OBJPATH, object))?;
        let signature = found.first().and_then(|found| found.get(attr::SIGNATURE));
        BusValue::decode(signature.unwrap_or_default()).map_err(BusError::Lost)
    }

    /// Asks ubusd whether it is there.
    ///
    /// # Errors
    /// It is not.
    pub fn ping(&mut self) -> Result<(), BusError> {
        self.request(BusMessage::new(PING, 0, 0)).map(|_| ())
    }

    /// Puts an object on the bus, with methods and their arguments as [`UbusClient::signature`] gives
    /// them. Gives its number.
    ///
    /// # Errors
    /// There is one of that name.
    pub fn offer(&mut self, path: &str, methods: &BusValue) -> Result<u32, BusError> {
        let add = BusMessage::new(ADD_OBJECT, 0, 0)
            .text(attr::OBJPATH, path)
            .value(attr::SIGNATURE, methods);
        let answers = self.request(add)?;
        let id = answers.first().and_then(|own| own.get_number(attr::OBJID));
        id.ok_or_else(|| BusError::Lost("an object without number".to_owned()))
    }

    /// Waits for one call of an object of this client and answers it: with data, or a status.
    ///
    /// # Errors
    /// None came in time.
    pub fn serve_one(
        &mut self,
        answer: impl FnOnce(&str, BusValue) -> Result<BusValue, u32>,
    ) -> Result<(), BusError> {
        let call = BusMessage::read(&mut self.stream, self.age)?;
        assert_eq!(call.kind, INVOKE, "{call:?}");
        let id = call.get_number(attr::OBJID).unwrap_or_default();
        let method = call.get_text(attr::METHOD).unwrap_or_default();
        let arguments = BusValue::decode(call.get(attr::DATA).unwrap_or_default());
        let code = match answer(method, arguments.map_err(BusError::Lost)?) {
            Ok(data) => {
                BusMessage::new(DATA, call.seq, call.peer)
                    .number(attr::OBJID, id)
                    .value(attr::DATA, &data)
                    .write(&mut self.stream, self.age)?;
                status::OK
            }
            Err(code) => code,
        };
        let ended = BusMessage::new(STATUS, call.seq, call.peer)
            .number(attr::STATUS, code)
            .number(attr::OBJID, id);
        Ok(ended.write(&mut self.stream, self.age)?)
    }

    /// Sends whatever.
    ///
    /// # Errors
    /// ubusd is gone.
    pub fn send(&mut self, message: &BusMessage) -> Result<(), BusError> {
        Ok(message.write(&mut self.stream, self.age)?)
    }

    /// The next message, whatever it is.
    ///
    /// # Errors
    /// None came in time.
    pub fn receive(&mut self) -> Result<BusMessage, BusError> {
        Ok(BusMessage::read(&mut self.stream, self.age)?)
    }

    /// The number of an object.
    ///
    /// # Errors
    /// There is none of that path.
    pub fn find(&mut self, object: &str) -> Result<u32, BusError> {
        let found = self.request(BusMessage::new(LOOKUP, 0, 0).text(attr::OBJPATH, object))?;
        let id = found
            .first()
            .and_then(|found| found.get_number(attr::OBJID));
        id.ok_or(BusError::Status(status::NOT_FOUND))
    }

    /// The data that a request brings before it ends well.
    fn request(&mut self, mut message: BusMessage) -> Result<Vec<BusMessage>, BusError> {
        self.seq = self.seq.wrapping_add(1);
        message.seq = self.seq;
        message.write(&mut self.stream, self.age)?;
        let mut data = Vec::new();
        loop {
            let answer = BusMessage::read(&mut self.stream, self.age)?;
            if (answer.seq, answer.peer) != (message.seq, message.peer) {
                continue;
            }
            match answer.kind {
                DATA => data.push(answer),
                STATUS => match answer.get_number(attr::STATUS) {
                    Some(status::OK) => return Ok(data),
                    Some(code) => return Err(BusError::Status(code)),
                    None => return Err(BusError::Lost("a status without number".to_owned())),
                },
                _ => {}
            }
        }
    }
}
