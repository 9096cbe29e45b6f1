//! What ubusd knows, and how it answers each kind of message.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::wire::{ADD_OBJECT, DATA, HELLO, INVOKE, LOOKUP, PING, REMOVE_OBJECT, STATUS};
use super::wire::{BusMessage, UbusAge, attr, status};
use super::{BusMood, BusValue, Signature, lock};

/// Numbers that look like those of ubusd, which are random and none of the first 1024: multiples of
/// this are all different, and the top bit is set in every other.
const STEP: u32 = 0x9e37_79b1;

/// An object on the bus.
pub struct BusObject {
    pub path: String,
    kind: u32,
    methods: Signature,
    /// The client that it is of; `None`: the lab answers.
    owner: Option<u32>,
    answers: HashMap<String, BusValue>,
}

/// The state of ubusd.
#[derive(Default)]
pub struct Bus {
    pub age: UbusAge,
    last: u32,
    pub objects: BTreeMap<u32, BusObject>,
    clients: HashMap<u32, Arc<Mutex<UnixStream>>>,
    /// By object and method, as `system.board`.
    pub moods: HashMap<String, BusMood>,
    pub calls: Vec<String>,
    pub connections: usize,
    pub is_mute: bool,
}

impl Bus {
    fn number(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(STEP);
            if self.last >= 1024 {
                return self.last;
            }
        }
    }

    fn find(&mut self, path: &str) -> Option<(&u32, &mut BusObject)> {
        let mut objects = self.objects.iter_mut();
        objects.find(|(_, object)| object.path == path)
    }

    pub fn offer(&mut self, path: &str, method: &str, answer: BusValue) {
        if self.find(path).is_none() {
            let (id, kind) = (self.number(), self.number());
            let object = BusObject {
                path: path.to_owned(),
                kind,
                methods: Signature::new(),
                owner: None,
                answers: HashMap::new(),
            };
            self.objects.insert(id, object);
        }
        if let Some((_, object)) = self.find(path) {
            let no_arguments = BusValue::Table(Vec::new());
            object.methods.insert(method.to_owned(), no_arguments);
            object.answers.insert(method.to_owned(), answer);
        }
    }

    pub fn remove(&mut self, path: &str) {
        self.objects.retain(|_, object| object.path != path);
    }

    /// A client comes; gives its number.
    pub fn enter(&mut self, stream: UnixStream) -> u32 {
        let id = self.number();
        self.connections += 1;
        self.clients.insert(id, Arc::new(Mutex::new(stream)));
        if !self.is_mute {
            self.send(id, &BusMessage::new(HELLO, 0, id));
        }
        id
    }

    /// A client has gone, and its objects with it.
    pub fn leave(&mut self, client: u32) {
        self.clients.remove(&client);
        self.objects
            .retain(|_, object| object.owner != Some(client));
    }

    pub fn throw_out(&mut self) {
        for (_, stream) in self.clients.drain() {
            if let Ok(stream) = stream.lock() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.objects.retain(|_, object| object.owner.is_none());
    }

    fn send(&self, client: u32, message: &BusMessage) {
        self.send_bytes(client, &message.encoded(self.age));
    }

    /// What a client does not take is lost to it.
    fn send_bytes(&self, client: u32, bytes: &[u8]) {
        if let Some(Ok(mut stream)) = self.clients.get(&client).map(|stream| stream.lock()) {
            let _ = stream.write_all(bytes);
        }
    }

    fn close(&self, client: u32) {
        if let Some(Ok(stream)) = self.clients.get(&client).map(|stream| stream.lock()) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// The objects that a path means, which may be the beginning of several with `*` behind it.
    fn lookup(&self, client: u32, message: &BusMessage) -> u32 {
        let pattern = match message.get(attr::OBJPATH) {
            None => "*",
            Some(_) => message.get_text(attr::OBJPATH).unwrap_or_default(),
        };
        if pattern.is_empty() {
            return status::INVALID_ARGUMENT;
        }
        let matches = |path: &str| match pattern.strip_suffix('*') {
            Some(begin) => path.starts_with(begin),
            None => path == pattern,
        };
        let found = self.objects.iter();
        let found = found.filter(|(_, object)| matches(&object.path));
        let mut found: Vec<(&u32, &BusObject)> = found.collect();
        found.sort_by_key(|(_, object)| &object.path);
        for (id, object) in &found {
            let mut methods: Vec<_> = object.methods.clone().into_iter().collect();
            methods.sort_by(|a, b| a.0.cmp(&b.0));
            let answer = BusMessage::new(DATA, message.seq, message.peer)
                .text(attr::OBJPATH, &object.path)
                .number(attr::OBJID, **id)
                .number(attr::OBJTYPE, object.kind)
                .value(attr::SIGNATURE, &BusValue::Table(methods));
            self.send(client, &answer);
        }
        match found.is_empty() && message.get(attr::OBJPATH).is_some() {
            true => status::NOT_FOUND,
            false => status::OK,
        }
    }

    fn add(&mut self, client: u32, message: &BusMessage) -> u32 {
        let path = message
            .get_text(attr::OBJPATH)
            .unwrap_or_default()
            .to_owned();
        let signature = message.get(attr::SIGNATURE).map(BusValue::decode);
        let methods = match signature.transpose() {
            Ok(Some(BusValue::Table(methods))) => methods.into_iter().collect(),
            Ok(_) => Signature::new(),
            Err(_) => return status::INVALID_ARGUMENT,
        };
        // ubusd has no other word for a name that is taken.
        if !path.is_empty() && self.find(&path).is_some() {
            return status::INVALID_ARGUMENT;
        }
        let (id, kind) = (self.number(), self.number());
        let object = BusObject {
            path,
            kind,
            methods,
            owner: Some(client),
            answers: HashMap::new(),
        };
        self.objects.insert(id, object);
        let answer = BusMessage::new(DATA, message.seq, message.peer)
            .number(attr::OBJID, id)
            .number(attr::OBJTYPE, kind);
        self.send(client, &answer);
        status::OK
    }

    fn take_back(&mut self, client: u32, message: &BusMessage) -> u32 {
        let Some(id) = message.get_number(attr::OBJID) else {
            return status::INVALID_ARGUMENT;
        };
        match self.objects.get(&id) {
            None => status::NOT_FOUND,
            Some(object) if object.owner != Some(client) => status::PERMISSION_DENIED,
            Some(object) => {
                let answer = BusMessage::new(DATA, message.seq, message.peer)
                    .number(attr::OBJID, id)
                    .number(attr::OBJTYPE, object.kind);
                self.send(client, &answer);
                self.objects.remove(&id);
                status::OK
            }
        }
    }

    /// An answer of the owner of an object on its way to who called it.
    fn respond(&self, client: u32, mut message: BusMessage) {
        let Some(id) = message.get_number(attr::OBJID) else {
            return;
        };
        let is_own = self.objects.get(&id).map(|object| object.owner) == Some(Some(client));
        let needed = match message.kind {
            STATUS => attr::STATUS,
            _ => attr::DATA,
        };
        if is_own && message.get(needed).is_some() {
            let caller = std::mem::replace(&mut message.peer, id);
            self.send(caller, &message);
        }
    }
}

/// Does what a client asks for.
pub fn work(bus: &Arc<Mutex<Bus>>, client: u32, message: BusMessage) {
    let mut state = lock(bus);
    if state.is_mute {
        return;
    }
    let (seq, peer) = (message.seq, message.peer);
    let ended = match message.kind {
        PING => {
            let mut pong = message;
            pong.kind = DATA;
            state.send(client, &pong);
            Some(status::OK)
        }
        LOOKUP => Some(state.lookup(client, &message)),
        ADD_OBJECT => Some(state.add(client, &message)),
        REMOVE_OBJECT => Some(state.take_back(client, &message)),
        INVOKE => invoke(bus, &mut state, client, &message),
        STATUS | DATA => {
            state.respond(client, message);
            None
        }
        _ => Some(status::INVALID_COMMAND),
    };
    if let Some(code) = ended {
        let ended = BusMessage::new(STATUS, seq, peer).number(attr::STATUS, code);
        state.send(client, &ended);
    }
}

/// Hands a call on to who has the object; the status, where ubusd itself ends it.
fn invoke(bus: &Arc<Mutex<Bus>>, state: &mut Bus, client: u32, call: &BusMessage) -> Option<u32> {
    let (Some(id), Some(method)) = (call.get_number(attr::OBJID), call.get_text(attr::METHOD))
    else {
        return Some(status::INVALID_ARGUMENT);
    };
    let Some(object) = state.objects.get(&id) else {
        return Some(status::NOT_FOUND);
    };
    if let Some(owner) = object.owner {
        let mut forwarded = BusMessage::new(INVOKE, call.seq, client)
            .number(attr::OBJID, id)
            .text(attr::METHOD, method);
        if state.age == UbusAge::Today {
            forwarded = forwarded.text(attr::USER, "root").text(attr::GROUP, "root");
        }
        if let Some(arguments) = call.get(attr::DATA) {
            forwarded = forwarded.bytes(attr::DATA, arguments);
        }
        state.send(owner, &forwarded);
        return None;
    }
    let name = format!("{}.{method}", object.path);
    let answer = object.answers.get(method).cloned();
    let mood = state.moods.get(&name).cloned().unwrap_or_default();
    state.calls.push(name);
    let ended = |code| {
        BusMessage::new(STATUS, call.seq, id)
            .number(attr::STATUS, code)
            .number(attr::OBJID, id)
    };
    let Some(answer) = answer else {
        state.send(client, &ended(status::METHOD_NOT_FOUND));
        return None;
    };
    let data = |value: &BusValue| {
        BusMessage::new(DATA, call.seq, id)
            .number(attr::OBJID, id)
            .value(attr::DATA, value)
    };
    let whole = [data(&answer), ended(status::OK)];
    let sent = match mood {
        BusMood::Well => whole.to_vec(),
        BusMood::Silent => Vec::new(),
        BusMood::Slow(delay) => {
            send_later(bus, client, whole, delay);
            Vec::new()
        }
        BusMood::Status(code) => vec![ended(code)],
        BusMood::NoStatus => vec![data(&answer)],
        BusMood::Floods(other, times) => vec![data(&other); times],
        BusMood::Says(other) => vec![data(&other), ended(status::OK)],
        BusMood::Twice(other) => vec![data(&answer), data(&other), ended(status::OK)],
        BusMood::WrongSeq => whole
            .map(|mut message| {
                message.seq = message.seq.wrapping_add(1);
                message
            })
            .to_vec(),
        BusMood::Half => {
            let bytes = data(&answer).encoded(state.age);
            state.send_bytes(client, &bytes[..bytes.len() / 2]);
            state.close(client);
            Vec::new()
        }
        BusMood::Garbage(bytes) => {
            let data = BusMessage::new(DATA, call.seq, id).number(attr::OBJID, id);
            vec![data.bytes(attr::DATA, &bytes), ended(status::OK)]
        }
        BusMood::Raw(bytes) => {
            state.send_bytes(client, &bytes);
            Vec::new()
        }
    };
    for message in sent {
        state.send(client, &message);
    }
    None
}

/// A client that went meanwhile gets nothing: numbers are used once.
fn send_later(bus: &Arc<Mutex<Bus>>, client: u32, whole: [BusMessage; 2], delay: Duration) {
    let bus = Arc::clone(bus);
    std::thread::spawn(move || {
        std::thread::sleep(delay);
        for message in whole {
            lock(&bus).send(client, &message);
        }
    });
}
