//! Asks a router for a mapping, again and again for a bounded time (RFC 6887 §8.1.1, §11).

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use super::epoch::Epoch;
use super::message::{MAX_MESSAGE, MapRequest, MapResponse, MappingNonce, PcpResponse, PcpResult};

/// From one request to the next, at most (MRT).
const LONGEST_WAIT: Duration = Duration::from_secs(1024);

/// A shorter lifetime is of no use: it would be over before it is renewed.
const MIN_LIFETIME: u32 = 60;

/// How often it is looked whether the answer is still wanted.
const GLANCE: Duration = Duration::from_millis(200);

/// So much that is no answer to the request may come from the router, until that is not heard any
/// more.
const MAX_STRAYS: u32 = 64;

/// What is wanted of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcpWish {
    /// Where others are to reach the box.
    pub local: SocketAddrV6,
    /// The router, with the port that it hears on, and the interface that it is at if its address
    /// means something there alone.
    pub router: SocketAddrV6,
    /// For how long, in whole seconds.
    pub lease: Duration,
    /// The same for all wishes about one mapping; nobody can guess it.
    pub nonce: MappingNonce,
}

/// A mapping that the router made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcpMapping {
    /// Where others reach the box.
    pub external: SocketAddrV6,
    /// For how long.
    pub lease: Duration,
    /// The router's clock, by which it is noticed that it forgot.
    pub epoch: Epoch,
    /// The router forgot the mapping that was known, and made it anew.
    pub is_anew: bool,
}

/// When a request is repeated, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcpPace {
    /// Until the first repetition, about (IRT); then twice as long each time.
    pub first: Duration,
    /// Until it is given up.
    pub total: Duration,
}

impl PcpPace {
    /// As the RFC has it, for three requests.
    pub const USUAL: Self = Self {
        first: Duration::from_secs(3),
        total: Duration::from_secs(15),
    };
}

/// Why there is no mapping.
#[derive(Debug)]
pub enum PcpError {
    /// The system does not let it be asked.
    System(io::Error),
    /// The router hears nothing on that port.
    NoServer,
    /// No answer came in that time.
    Silent(Duration),
    /// It speaks this version alone.
    OtherVersion(u8),
    /// The router refuses, and will for so long.
    Refused(PcpResult, Duration),
    /// What the router gives is none: this is missing.
    Useless(&'static str),
    /// Nobody wants the answer any more.
    Stopped,
}

impl fmt::Display for PcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "cannot ask by PCP: {error}"),
            Self::NoServer => f.write_str("it has no PCP"),
            Self::Silent(time) => write!(f, "no answer by PCP in {} s", time.as_secs()),
            Self::OtherVersion(version) => {
                write!(
                    f,
                    "it has version {version} of PCP, and only 2 is known here"
                )
            }
            Self::Refused(result, _) => write!(f, "PCP: {result}"),
            Self::Useless(what) => write!(f, "PCP: a mapping without {what}"),
            Self::Stopped => f.write_str("nobody asks any more"),
        }
    }
}

/// Has the mapping made, or kept where it is `known`. `now` is any clock that does not jump, the same
/// each time; `is_over` tells that nobody wants the answer any more.
///
/// # Errors
/// There is none; one that is known may still be there.
pub fn open(
    wish: &PcpWish,
    known: Option<&PcpMapping>,
    pace: &PcpPace,
    now: &dyn Fn() -> Duration,
    is_over: &dyn Fn() -> bool,
) -> Result<PcpMapping, PcpError> {
    let lifetime = u32::try_from(wish.lease.as_secs()).unwrap_or(u32::MAX);
    let external = known.map_or(wish.local, |known| known.external);
    let answer = exchange(wish, lifetime.max(1), external, pace, is_over)?;
    let epoch = Epoch {
        told: answer.epoch,
        at: now(),
    };
    let what = match answer {
        MapResponse { lifetime, .. } if lifetime < MIN_LIFETIME => Some("a lifetime of a minute"),
        MapResponse {
            external_port: 0, ..
        } => Some("a port"),
        _ if answer.external_address.is_unspecified() => Some("an address"),
        _ => None,
    };
    match what {
        Some(what) => Err(PcpError::Useless(what)),
        None => Ok(PcpMapping {
            external: SocketAddrV6::new(answer.external_address, answer.external_port, 0, 0),
            // One that is longer than was asked would be told long after the router is gone.
            lease: Duration::from_secs(answer.lifetime.min(lifetime.max(1)).into()),
            epoch,
            is_anew: known.is_some_and(|known| !epoch.follows(&known.epoch)),
        }),
    }
}

/// Ends a mapping (§15.1).
///
/// # Errors
/// It may still be there, until its lease is over.
pub fn close(wish: &PcpWish, pace: &PcpPace, is_over: &dyn Fn() -> bool) -> Result<(), PcpError> {
    let none = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0);
    exchange(wish, 0, none, pace, is_over).map(drop)
}

/// Asks until there is an answer.
fn exchange(
    wish: &PcpWish,
    lifetime: u32,
    external: SocketAddrV6,
    pace: &PcpPace,
    is_over: &dyn Fn() -> bool,
) -> Result<MapResponse, PcpError> {
    let request = MapRequest {
        lifetime,
        client: *wish.local.ip(),
        nonce: wish.nonce,
        internal_port: wish.local.port(),
        external_port: external.port(),
        external_address: *external.ip(),
    };
    let own_end = SocketAddrV6::new(*wish.local.ip(), 0, 0, wish.local.scope_id());
    let socket = UdpSocket::bind(own_end).map_err(PcpError::System)?;
    // So the kernel lets nobody else be heard (§8.3), and tells where nobody hears.
    let router = SocketAddr::V6(wish.router);
    socket.connect(router).map_err(PcpError::System)?;
    let (start, mut strays) = (Instant::now(), 0);
    let mut wait = jittered(pace.first);
    loop {
        let sent = socket.send(&request.write());
        if let Some(error) = sent.err().filter(|e| !is_passing(e)) {
            return Err(PcpError::System(error));
        }
        let until = start.elapsed().saturating_add(wait).min(pace.total);
        while let Some(left) = until
            .checked_sub(start.elapsed())
            .filter(|left| !left.is_zero())
        {
            if is_over() {
                return Err(PcpError::Stopped);
            }
            match heard(&socket, &request, left.min(GLANCE))? {
                Heard::Answer(answer) => return Ok(answer),
                Heard::Nothing => {}
                Heard::Stray => strays += 1,
            }
            if strays > MAX_STRAYS {
                return Err(PcpError::Silent(start.elapsed()));
            }
        }
        if start.elapsed() >= pace.total {
            return Err(PcpError::Silent(pace.total));
        }
        wait = jittered(wait.saturating_mul(2).min(LONGEST_WAIT));
    }
}

/// What came from the router.
enum Heard {
    Nothing,
    /// What is no answer to our request.
    Stray,
    Answer(MapResponse),
}

fn heard(socket: &UdpSocket, request: &MapRequest, wait: Duration) -> Result<Heard, PcpError> {
    socket
        .set_read_timeout(Some(wait))
        .map_err(PcpError::System)?;
    // A longer one is none.
    let mut message = [0; MAX_MESSAGE + 1];
    let length = match socket.recv(&mut message) {
        Ok(length) => length,
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => return Err(PcpError::NoServer),
        Err(e) if is_passing(&e) => return Ok(Heard::Nothing),
        Err(e) => return Err(PcpError::System(e)),
    };
    let message = message.get(..length).unwrap_or_default();
    match PcpResponse::read(message) {
        Some(PcpResponse::OtherVersion(version)) => Err(PcpError::OtherVersion(version)),
        Some(PcpResponse::Map(answer))
            if answer.nonce == request.nonce && answer.internal_port == request.internal_port =>
        {
            match answer.result {
                PcpResult::SUCCESS => Ok(Heard::Answer(answer)),
                refusal => {
                    let lasts = Duration::from_secs(answer.lifetime.into());
                    Err(PcpError::Refused(refusal, lasts))
                }
            }
        }
        _ => Ok(Heard::Stray),
    }
}

/// What may be otherwise the next time: an interface that comes up, a full buffer.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionRefused, HostUnreachable, Interrupted, NetworkUnreachable, TimedOut, WouldBlock,
    };
    matches!(
        error.kind(),
        ConnectionRefused
            | HostUnreachable
            | Interrupted
            | NetworkUnreachable
            | TimedOut
            | WouldBlock
    )
}

/// The same, up to a tenth less or more (RAND of §8.1.1).
fn jittered(wait: Duration) -> Duration {
    let mut random = [128];
    // Without random bytes boxes are only more alike.
    let _ = getrandom::fill(&mut random);
    let [random] = random;
    let tenth = wait / 10;
    (wait - tenth).saturating_add(tenth.saturating_mul(random.into()) / 128)
}
