//! A file server with what a real one lacks: Digest, answers to Range that are wrong in any way,
//! stalls, wrong lengths, bodies without end, connections that break, files that change meanwhile.
//!
//! It has one file, whatever the path. By default it does all as the standard says (RFC 9110); each
//! [`FileServer::turn`] decides one answer itself. Every request is kept for the test to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::{Auth, Guard, Reply, Request, Server};

/// What is served.
#[derive(Clone, Debug, Default)]
pub struct ServedFile {
    /// Its bytes.
    pub content: Vec<u8>,
    /// `ETag`, with its quotes.
    pub tag: Option<String>,
    /// `Last-Modified`
    pub modified: Option<String>,
    /// Whether `Range` is ignored.
    pub whole_only: bool,
}

impl ServedFile {
    /// A file whose tag is `"1"`.
    pub fn new(content: impl Into<Vec<u8>>) -> Self {
        Self {
            content: content.into(),
            tag: Some("\"1\"".into()),
            ..Self::default()
        }
    }

    /// The answer to a GET: 200, 206 or 416.
    pub fn answer(&self, request: &Request) -> Reply {
        let same = request.header("If-Range").is_none_or(|validator| {
            [&self.tag, &self.modified].contains(&&Some(validator.to_owned()))
        });
        match request.header("Range").filter(|_| same && !self.whole_only) {
            None => self.part(200, 0),
            Some(range) => {
                let from = range
                    .strip_prefix("bytes=")
                    .and_then(|range| range.strip_suffix('-'));
                let from = from
                    .and_then(|from| from.parse().ok())
                    .expect("the rest of the file");
                match from < self.content.len() {
                    true => self.part(206, from),
                    false => Reply::new(416)
                        .header("Content-Range", &format!("bytes */{}", self.content.len())),
                }
            }
        }
    }

    /// An answer with what is behind the first `from` bytes.
    pub fn part(&self, status: u16, from: usize) -> Reply {
        let mut reply = Reply::new(status).body(&self.content[from..]);
        for (name, value) in [("ETag", &self.tag), ("Last-Modified", &self.modified)] {
            if let Some(value) = value {
                reply = reply.header(name, value);
            }
        }
        let (last, length) = (self.content.len().saturating_sub(1), self.content.len());
        match status {
            206 => reply.header("Content-Range", &format!("bytes {from}-{last}/{length}")),
            _ => reply,
        }
    }
}

type Turn = Box<dyn FnOnce(&mut ServedFile, &Request) -> Reply + Send>;

struct State {
    file: ServedFile,
    guard: Guard,
    turns: VecDeque<Turn>,
    /// Bodies that came by PUT, whole.
    stored: Vec<Vec<u8>>,
}

impl State {
    fn take_turn(&mut self, request: &Request) -> Option<Reply> {
        let turn = self.turns.pop_front()?;
        Some(turn(&mut self.file, request))
    }

    fn answer(&mut self, request: &Request) -> Reply {
        if let Some(reply) = self.take_turn(request) {
            return reply;
        }
        match request.method.as_str() {
            "GET" => self.file.answer(request),
            _ => {
                self.stored.push(request.body.clone());
                Reply::new(201)
            }
        }
    }
}

/// The server; stops when dropped.
pub struct FileServer {
    /// The server below, which knows its address and what was asked.
    pub http: Server,
    state: Arc<Mutex<State>>,
}

impl FileServer {
    /// A server for everybody.
    pub fn start(file: ServedFile) -> Self {
        Self::start_for(file, Auth::Open)
    }

    /// A server that asks for the user `box` with the password `secret`.
    pub fn start_for(file: ServedFile, auth: Auth) -> Self {
        let user = ("box".to_owned(), "secret".to_owned());
        let state = Arc::new(Mutex::new(State {
            file,
            guard: Guard::new(auth, user),
            turns: VecDeque::new(),
            stored: Vec::new(),
        }));
        let gate = Arc::clone(&state);
        let handler = Arc::clone(&state);
        let http = Server::start_gated(
            move |request| {
                let mut state = lock(&gate);
                match state.guard.admits(request) {
                    false => Some(state.guard.challenge()),
                    true => state.take_turn(request),
                }
            },
            move |request, _| {
                let mut state = lock(&handler);
                let is_admitted = request.header("Expect").is_some() || state.guard.admits(request);
                match is_admitted {
                    true => state.answer(request),
                    false => state.guard.challenge(),
                }
            },
        );
        Self { http, state }
    }

    /// Decides the next answer to who may in, in place of those that follow; one after the other.
    /// Where the server is asked for its word before a body, it is the answer to that.
    #[must_use]
    pub fn turn(
        self,
        turn: impl FnOnce(&mut ServedFile, &Request) -> Reply + Send + 'static,
    ) -> Self {
        lock(&self.state).turns.push_back(Box::new(turn));
        self
    }

    /// The address of the file.
    pub fn url(&self) -> String {
        self.http.url("/folder/file.bin?token=TELLTALE")
    }

    /// The bodies that came by PUT.
    pub fn stored(&self) -> Vec<Vec<u8>> {
        lock(&self.state).stored.clone()
    }

    /// What was asked of it: `Range`, or what else is told by that header.
    pub fn asked(&self, header: &str) -> Vec<Option<String>> {
        let requests = self.http.requests();
        let value = |request: &Request| request.header(header).map(str::to_owned);
        requests.iter().map(value).collect()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
