//! The agent's end of the control socket.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::stat::{Mode, umask};

use super::SOCKET;
use super::protocol::{MAX_REQUEST, read_request, write_answer};
use super::request::Request;
use crate::agent::trouble::Trouble;

/// Clients at a time; more wait until one is done.
const MAX_CLIENTS: usize = 4;

/// How long a client may take for its request, and again to read its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer may take that others make: the ACS, with its time for a connection and for each
/// message, or the Luup engine.
pub(super) const ANSWER_PATIENCE: Duration = Duration::from_secs(120);

/// Listens on the control socket, within the agent's loop.
pub(in crate::agent) struct Server {
    /// None while the socket could not be made, or had to be closed.
    listener: Option<UnixListener>,
    path: PathBuf,
    pub trouble: Trouble,
    clients: Vec<ControlClient>,
    next_id: u32,
}

struct ControlClient {
    id: u32,
    stream: UnixStream,
    deadline: Duration,
    phase: ControlStage,
}

enum ControlStage {
    Asking(Vec<u8>),
    Waiting,
    Reading { answer: Vec<u8>, sent: usize },
}

impl Server {
    /// Makes the socket in `run_dir`, which this process holds: one that is there is a leftover. Where
    /// that fails, the agent goes on without.
    pub(in crate::agent) fn open(run_dir: &Path) -> Self {
        let mut server = Self {
            listener: None,
            path: run_dir.join(SOCKET),
            trouble: Trouble::default(),
            clients: Vec::new(),
            next_id: 0,
        };
        server.mend();
        server
    }

    /// Tries again to make the socket that could not be made, or that had to be closed.
    pub(in crate::agent) fn mend(&mut self) {
        if self.listener.is_some() {
            return;
        }
        match listen(&self.path) {
            Ok(listener) => {
                self.listener = Some(listener);
                self.trouble.hear(Ok(()));
            }
            Err(e) => self.fail(&e),
        }
    }

    fn fail(&mut self, error: &io::Error) {
        let path = self.path.display();
        self.trouble.hear(Err(format!(
            "cannot listen on {path}: {error}; the commands that ask the agent do not work"
        )));
    }

    /// The descriptors to wait for, and for what.
    pub(in crate::agent) fn descriptors(
        &self,
    ) -> impl Iterator<Item = (BorrowedFd<'_>, PollFlags)> {
        let room = self.clients.len() < MAX_CLIENTS;
        let listener = self.listener.as_ref().filter(|_| room);
        let listener = listener.map(|listener| (listener.as_fd(), PollFlags::POLLIN));
        let clients = self.clients.iter().map(|client| {
            let flags = match client.phase {
                ControlStage::Reading { .. } => PollFlags::POLLOUT,
                ControlStage::Asking(_) | ControlStage::Waiting => PollFlags::POLLIN,
            };
            (client.stream.as_fd(), flags)
        });
        listener.into_iter().chain(clients)
    }

    /// When [`Server::work`] is due though no descriptor is ready.
    pub(in crate::agent) fn deadline(&self) -> Option<Duration> {
        self.clients.iter().map(|client| client.deadline).min()
    }

    /// Does what is ready or due, without waiting; the requests that are complete, each to be
    /// answered by [`Server::answer`].
    pub(in crate::agent) fn work(&mut self, now: Duration) -> Vec<(u32, Request)> {
        while self.clients.len() < MAX_CLIENTS {
            let Some(accepted) = self.listener.as_ref().map(UnixListener::accept) else {
                break;
            };
            let stream = match ready(accepted) {
                Ok(Some((stream, _))) => stream,
                Ok(None) => break,
                Err(e) => {
                    // Out of descriptors or memory: the socket would stay ready, and the loop busy.
                    self.listener = None;
                    self.fail(&e);
                    break;
                }
            };
            if stream.set_nonblocking(true).is_ok() {
                self.next_id = self.next_id.wrapping_add(1);
                self.clients.push(ControlClient {
                    id: self.next_id,
                    stream,
                    deadline: now + PATIENCE,
                    phase: ControlStage::Asking(Vec::new()),
                });
            }
        }
        let mut requests = Vec::new();
        self.clients.retain_mut(|client| {
            if client.deadline <= now {
                if matches!(client.phase, ControlStage::Waiting) {
                    let seconds = ANSWER_PATIENCE.as_secs();
                    let why = format!("no answer within {seconds} s; see cwmpd status");
                    client.begin_answer(Err(why), now);
                    return true;
                }
                log::warn!("control socket: a client took too long and was dropped");
                return false;
            }
            match client.work(now) {
                Ok(None) => true,
                Ok(Some(line)) => {
                    match read_request(&line) {
                        Ok(request) => requests.push((client.id, request)),
                        Err(why) => client.begin_answer(Err(why), now),
                    }
                    true
                }
                Err(_) => false,
            }
        });
        requests
    }

    /// Answers a request, at once or when what makes the answer is done. The client is closed once it has read all of it.
    pub(in crate::agent) fn answer(
        &mut self,
        id: u32,
        answer: Result<String, String>,
        now: Duration,
    ) {
        if let Some(client) = self.clients.iter_mut().find(|client| client.id == id) {
            client.begin_answer(answer, now);
        }
        self.clients
            .retain_mut(|client| client.id != id || client.work(now).is_ok());
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    // The mode is that of the socket from its first instant on.
    let before = umask(Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl ControlClient {
    fn begin_answer(&mut self, answer: Result<String, String>, now: Duration) {
        self.deadline = now + PATIENCE;
        self.phase = ControlStage::Reading {
            answer: write_answer(answer),
            sent: 0,
        };
    }

    /// The request line, once it is there. An error is the end of the client, be it only that it
    /// has its answer.
    fn work(&mut self, now: Duration) -> io::Result<Option<String>> {
        match &mut self.phase {
            ControlStage::Asking(line) => {
                let mut chunk = [0; 4096];
                let Some(got) = ready(self.stream.read(&mut chunk))? else {
                    return Ok(None);
                };
                line.extend(chunk.iter().take(got));
                let end = line.iter().position(|byte| *byte == b'\n');
                if got == 0 || (end.is_none() && line.len() > MAX_REQUEST) {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                let Some(end) = end else {
                    return Ok(None);
                };
                line.truncate(end);
                let line = String::from_utf8(std::mem::take(line));
                self.phase = ControlStage::Waiting;
                self.deadline = now.saturating_add(ANSWER_PATIENCE);
                line.map(Some)
                    .map_err(|_| io::ErrorKind::InvalidData.into())
            }
            // Nothing more is to come: who closes does not wait any more.
            ControlStage::Waiting => match ready(self.stream.read(&mut [0]))? {
                None => Ok(None),
                Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            },
            ControlStage::Reading { answer, sent } => {
                while let Some(rest) = answer.get(*sent..).filter(|rest| !rest.is_empty()) {
                    match ready(self.stream.write(rest))? {
                        Some(written) => *sent += written,
                        None => return Ok(None),
                    }
                }
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}

fn ready<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use cwmpd_lab::Folder;

    use super::*;

    /// A server in a folder of its own.
    struct Listening {
        dir: Folder,
        server: Server,
    }

    impl Listening {
        fn new(name: &str) -> Self {
            let dir = Folder::new(name);
            let server = Server::open(&dir);
            Self { dir, server }
        }

        fn connect(&self) -> UnixStream {
            let stream = UnixStream::connect(self.dir.join(SOCKET)).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        }
    }

    fn is_dropped(mut stream: &UnixStream) -> bool {
        // What the server left unread makes a reset of its end.
        match stream.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn nobody_but_the_owner_may_connect() {
        let bench = Listening::new("owner");
        let mode = fs::metadata(bench.dir.join(SOCKET)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }

    #[test]
    fn a_client_that_says_nothing_is_dropped_in_the_end_and_until_then_holds_one_place_of_four() {
        let mut bench = Listening::new("silent");
        let clients: Vec<_> = (0..5).map(|_| bench.connect()).collect();
        assert_eq!(bench.server.work(NOW), []);
        assert_eq!(bench.server.clients.len(), 4);
        assert_eq!(
            bench.server.descriptors().count(),
            4,
            "nobody else is heard"
        );
        let (deadline, moment) = (Duration::from_secs(110), Duration::from_millis(1));
        assert_eq!(bench.server.deadline(), Some(deadline));
        bench.server.work(deadline - moment);
        assert!(!clients.iter().any(is_dropped));
        bench.server.work(deadline);
        let dropped: Vec<_> = clients.iter().map(is_dropped).collect();
        assert_eq!(dropped, [true, true, true, true, false]);
        (&clients[4]).write_all(b"status\n").unwrap();
        let asked = bench.server.work(deadline);
        assert!(matches!(asked[..], [(_, Request::Status)]), "{asked:?}");
    }

    #[test]
    fn t56_who_waits_for_the_acs_is_answered_in_the_end_and_who_is_gone_is_let_go() {
        let mut bench = Listening::new("waiting");
        let (waits, goes) = (bench.connect(), bench.connect());
        for mut client in [&waits, &goes] {
            client.write_all(b"kicked\ta\tb\tc\td\n").unwrap();
        }
        assert_eq!(bench.server.work(NOW).len(), 2);
        drop(goes);
        assert_eq!(bench.server.work(NOW), []);
        assert_eq!(bench.server.clients.len(), 1, "its socket would stay ready");
        let end = NOW + ANSWER_PATIENCE;
        assert_eq!(bench.server.deadline(), Some(end));
        bench.server.work(end);
        assert_eq!(bench.server.deadline(), Some(end + PATIENCE));
        bench.server.work(end);
        let mut answer = String::new();
        let _ = (&waits).read_to_string(&mut answer);
        assert!(answer.starts_with("error no answer within"), "{answer}");
    }

    #[test]
    fn a_request_without_end_is_dropped() {
        let mut bench = Listening::new("endless");
        let client = bench.connect();
        let mut sent = 0;
        while !is_dropped(&client) {
            sent += (&client).write(&[b'x'; 4096]).unwrap_or_default();
            assert_eq!(bench.server.work(NOW), []);
            assert!(sent < 4 * MAX_REQUEST, "{sent}");
        }
        assert!(sent >= MAX_REQUEST, "{sent}");
    }
}
