//! One diagnostic that is to be carried out, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use nix::errno::Errno;

use super::probe::Prober;
use super::source::{DiagnosticKind, Hop};
use super::{ping, trace};

/// No diagnostic takes longer, whatever it is asked for.
pub const MAX_TIME: Duration = Duration::from_secs(600);

/// Where a row is absent or says nothing: requests, time for each, bytes, hops.
const DEFAULT_TRIES: u32 = 3;
const DEFAULT_TIMEOUT: u32 = 5000;
const DEFAULT_SIZE: u32 = 56;
const DEFAULT_HOPS: u32 = 30;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosticTask {
    kind: DiagnosticKind,
    host: String,
    /// `ProtocolVersion`, where it is not any.
    is_v6: Option<bool>,
    device: Option<String>,
    pub(super) tries: u32,
    pub(super) timeout: Duration,
    pub(super) size: usize,
    dscp: u32,
    pub(super) max_hops: u32,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosticOutcome {
    /// The state.
    pub word: &'static str,
    /// Why, for the log; empty where it is complete.
    pub why: String,
    pub(super) results: BTreeMap<String, String>,
    pub(super) hops: Vec<Hop>,
}

impl DiagnosticOutcome {
    /// Without results so far.
    pub fn new(word: &'static str, why: impl Into<String>) -> Self {
        Self {
            word,
            why: why.into(),
            results: BTreeMap::new(),
            hops: Vec::new(),
        }
    }

    pub(super) fn tell(&mut self, name: &str, value: impl fmt::Display) {
        self.results.insert(name.to_owned(), value.to_string());
    }
}

/// What the system says instead of sending.
pub(super) fn failure(error: &io::Error) -> DiagnosticOutcome {
    let no_way = [Errno::ENETUNREACH, Errno::EHOSTUNREACH, Errno::ENETDOWN];
    let code = error.raw_os_error();
    let word = match error.kind() {
        _ if no_way.iter().any(|errno| code == Some(*errno as i32)) => "Error_NoRouteToHost",
        io::ErrorKind::PermissionDenied => "Error_Internal",
        _ => "Error_Other",
    };
    DiagnosticOutcome::new(word, error.to_string())
}

impl DiagnosticTask {
    /// From the parameters beside the state; `device` is that of the interface that `Interface` names.
    ///
    /// # Errors
    /// Nothing can be done by them.
    pub fn new(
        kind: DiagnosticKind,
        device: Option<String>,
        value: &mut dyn FnMut(&str) -> String,
    ) -> Result<Self, DiagnosticOutcome> {
        let host = value("Host");
        if host.is_empty() {
            return Err(DiagnosticOutcome::new("Error_Other", "Host is empty"));
        }
        let tries = match kind {
            DiagnosticKind::Ping => "NumberOfRepetitions",
            DiagnosticKind::Trace => "NumberOfTries",
        };
        let mut number = |name: &str, usual: u32| value(name).parse().unwrap_or(usual);
        let (tries, timeout) = (
            number(tries, DEFAULT_TRIES),
            number("Timeout", DEFAULT_TIMEOUT),
        );
        let (size, dscp) = (number("DataBlockSize", DEFAULT_SIZE), number("DSCP", 0));
        let max_hops = number("MaxHopCount", DEFAULT_HOPS);
        let is_v6 = match &*value("ProtocolVersion") {
            "IPv4" => Some(false),
            "IPv6" => Some(true),
            _ => None,
        };
        Ok(Self {
            kind,
            host,
            is_v6,
            device,
            tries,
            timeout: Duration::from_millis(timeout.into()).min(MAX_TIME),
            size: usize::try_from(size).unwrap_or(usize::MAX),
            dscp,
            max_hops,
        })
    }

    /// Waits until it is done, or nobody wants it any more.
    pub fn run(&self, is_cancelled: &dyn Fn() -> bool) -> DiagnosticOutcome {
        let target = match self.target() {
            Ok(target) => target,
            Err(why) => return DiagnosticOutcome::new("Error_CannotResolveHostName", why),
        };
        let prober = match Prober::open(target, self.device.as_deref(), self.dscp) {
            Ok(prober) => prober,
            Err(error) => return failure(&error),
        };
        match self.kind {
            DiagnosticKind::Ping => ping::run(self, prober, is_cancelled),
            DiagnosticKind::Trace => trace::run(self, prober, is_cancelled),
        }
    }

    fn target(&self) -> Result<SocketAddr, String> {
        let host = self.host.trim_matches(['[', ']']);
        let found = (host, 0).to_socket_addrs();
        let mut found = found.map_err(|error| format!("{}: {error}", self.host))?;
        let is_wanted = |address: &SocketAddr| self.is_v6.is_none_or(|v6| v6 == address.is_ipv6());
        let found = found.find(is_wanted);
        found.ok_or_else(|| format!("{} has no address of that version of IP", self.host))
    }
}
