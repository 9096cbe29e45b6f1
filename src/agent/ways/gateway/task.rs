//! What a job does at the gateway: it opens a way in, looks after one, takes one back.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::agent::clocks::uptime;
use crate::agent::jobs::Lost;
use crate::base::digest::hex;
use crate::base::scope::AddressScope;
use crate::connreq::igd::{self, Errand, IgdError, Mapping, MappingWish, Pinhole, PinholeWish};
use crate::connreq::pcp::{
    self, MappingNonce, PcpError, PcpMapping, PcpPace, PcpWish, SERVER_PORT,
};
use crate::http::ExchangeWatch;

/// What proves to a router, by what is made of it, that a pinhole is ours.
#[derive(Clone, Copy)]
pub(super) struct PcpSecret([u8; 16]);

impl PcpSecret {
    /// A new one.
    pub(super) fn draw() -> Self {
        let mut secret = [0; 16];
        if let Err(e) = getrandom::fill(&mut secret) {
            log::warn!("no random bytes, so others may change the pinhole of this box: {e}");
        }
        Self(secret)
    }

    /// As it is kept.
    pub(super) fn write(self) -> String {
        hex(&self.0)
    }

    /// What was kept.
    pub(super) fn read(text: &str) -> Option<Self> {
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }

    /// The same for all requests about one pinhole, also after a restart of the agent: a router lets
    /// nobody else change it (RFC 6887 §11.3).
    fn nonce(self, wish: &PinholeWish) -> MappingNonce {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(wish.local.ip().octets())
            .chain_update(wish.local.port().to_be_bytes())
            .chain_update(wish.gateway.ip().octets())
            .finalize();
        let mut nonce = MappingNonce::default();
        for (byte, value) in nonce.iter_mut().zip(hash) {
            *byte = value;
        }
        nonce
    }
}

/// Longer than any task takes.
pub(super) const TASK_PATIENCE: Duration = Duration::from_secs(180);

/// For a look at what is there already.
const LOOK_TIME: Duration = Duration::from_secs(10);

/// At the end of the agent, nobody waits any longer.
const CLOSE_PACE: PcpPace = PcpPace {
    first: PcpPace::USUAL.first,
    total: Duration::from_secs(4),
};

/// A way in that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GatewayWish {
    Mapping(MappingWish),
    Pinhole(PinholeWish),
}

impl GatewayWish {
    /// The gateway that is asked.
    pub(super) fn gateway(&self) -> IpAddr {
        match self {
            Self::Mapping(wish) => wish.gateway.into(),
            Self::Pinhole(wish) => (*wish.gateway.ip()).into(),
        }
    }

    /// Whether what was made for one wish will do for another, once it is renewed.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mapping(one), Self::Mapping(other)) => {
                let lease = other.lease;
                *other
                    == MappingWish {
                        lease,
                        ..one.clone()
                    }
            }
            (Self::Pinhole(one), Self::Pinhole(other)) => {
                let lease = other.lease;
                *other
                    == PinholeWish {
                        lease,
                        ..one.clone()
                    }
            }
            _ => false,
        }
    }
}

/// A way in that the gateway made.
#[derive(Clone, Debug)]
pub(super) enum OpenedWay {
    Mapping(Mapping),
    Pcp(PcpWish, PcpMapping),
    Pinhole(Pinhole),
}

impl OpenedWay {
    /// Where others reach the box by it, if that is not its own address.
    pub(super) fn external(&self) -> Option<SocketAddr> {
        match self {
            Self::Mapping(mapping) => Some(mapping.external.into()),
            Self::Pcp(wish, mapping) => {
                let is_another = (mapping.external.ip(), mapping.external.port())
                    != (wish.local.ip(), wish.local.port());
                let is_one = is_another
                    && AddressScope::of((*mapping.external.ip()).into()) == AddressScope::Global;
                is_one.then(|| mapping.external.into())
            }
            Self::Pinhole(_) => None,
        }
    }

    /// After which time it is to be renewed.
    pub(super) fn renew_in(&self) -> Duration {
        match self {
            Self::Mapping(mapping) => mapping.renew_in(),
            Self::Pcp(_, mapping) => mapping.lease / 2,
            Self::Pinhole(pinhole) => pinhole.renew_in(),
        }
    }

    /// For how long it was made; `None`: until somebody takes it back.
    pub(super) fn lease(&self) -> Option<Duration> {
        match self {
            Self::Mapping(mapping) => mapping.lease,
            Self::Pcp(_, mapping) => Some(mapping.lease),
            Self::Pinhole(pinhole) => Some(pinhole.lease),
        }
    }
}

impl fmt::Display for OpenedWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapping(mapping) => {
                write!(f, "{} is mapped to {}", mapping.external, mapping.local)
            }
            Self::Pcp(wish, mapping) if self.external().is_some() => {
                write!(
                    f,
                    "{} is mapped to {}, by PCP",
                    mapping.external, wish.local
                )
            }
            Self::Pcp(wish, _) => write!(f, "a pinhole to {}, by PCP", wish.local),
            Self::Pinhole(Pinhole {
                id: None, local, ..
            }) => {
                write!(f, "no firewall is before {local}, says UPnP")
            }
            Self::Pinhole(pinhole) => write!(f, "a pinhole to {}, by UPnP", pinhole.local),
        }
    }
}

/// What is to be done, in one go.
#[derive(Debug)]
pub(super) struct GatewayTask {
    /// What is to be there.
    pub wish: Option<GatewayWish>,
    /// What is there of it.
    pub known: Option<OpenedWay>,
    /// It need not be renewed yet: it is only looked whether it is there.
    pub only_look: bool,
    /// What is there and is to go, and the gateway that made it.
    pub obsolete: Option<(IpAddr, OpenedWay)>,
}

/// What came of it.
#[derive(Debug)]
pub(in crate::agent) struct GatewayReport(pub(super) GatewayOutcome);

/// See [`GatewayReport`].
#[derive(Debug)]
pub(super) enum GatewayOutcome {
    /// What was wanted is there.
    Open(OpenedWay),
    /// It is there as it was.
    Kept,
    /// Nothing was wanted but that something goes.
    Closed,
    Failed(GatewayFailure),
}

/// Why what was wanted is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GatewayFailure {
    pub why: String,
    /// The gateway says so itself; else nobody knows what of the way is there still.
    pub is_denied: bool,
    /// It says that it is no use to ask before this time is over.
    pub lasts: Duration,
}

impl GatewayReport {
    /// That of a job that has none.
    pub(super) fn lost(lost: &Lost) -> Self {
        Self::failed(lost, false, Duration::ZERO)
    }

    fn failed(why: &dyn fmt::Display, is_denied: bool, lasts: Duration) -> Self {
        Self(GatewayOutcome::Failed(GatewayFailure {
            why: why.to_string(),
            is_denied,
            lasts,
        }))
    }
}

/// Ends a task before its time.
#[derive(Clone, Debug, Default)]
pub(super) struct GatewayStop(Arc<AtomicBool>);

impl GatewayStop {
    /// The task is of no use any more.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ExchangeWatch for GatewayStop {
    fn goes_on(&self) -> bool {
        !self.is_set()
    }

    /// Whoever speaks in the gateway's name must not lead to a service of the box itself.
    fn may_meet(&self, ours: SocketAddr, theirs: SocketAddr) -> bool {
        ours.ip() != theirs.ip()
    }
}

impl GatewayTask {
    /// Does it, on the thread of a job.
    pub(super) fn run(self, secret: PcpSecret, stop: &GatewayStop) -> GatewayReport {
        let Self {
            wish,
            known,
            only_look,
            obsolete,
        } = self;
        let Some(wish) = wish else {
            if let Some((_, obsolete)) = obsolete {
                close(&obsolete, stop);
            }
            return GatewayReport(GatewayOutcome::Closed);
        };
        // The gateway may have no more room than for one; another one may not answer any more.
        let (before, after) = match obsolete {
            Some((gateway, obsolete)) if gateway == wish.gateway() => (Some(obsolete), None),
            obsolete => (None, obsolete.map(|(_, obsolete)| obsolete)),
        };
        before.iter().for_each(|way| close(way, stop));
        let report = match (&wish, known) {
            (GatewayWish::Mapping(wish), Some(OpenedWay::Mapping(known))) => {
                map(wish, Some(&known), only_look, stop)
            }
            (GatewayWish::Mapping(wish), _) => map(wish, None, false, stop),
            (GatewayWish::Pinhole(wish), known) => pierce(wish, known, secret, stop),
        };
        after.iter().for_each(|way| close(way, stop));
        report
    }
}

/// A port.
fn map(
    wish: &MappingWish,
    known: Option<&Mapping>,
    only_look: bool,
    stop: &GatewayStop,
) -> GatewayReport {
    if let Some(known) = known.filter(|_| only_look) {
        match igd::is_kept(known, &errand(LOOK_TIME, stop)) {
            Ok(true) => return GatewayReport(GatewayOutcome::Kept),
            Ok(false) => log::info!("the gateway {} has forgotten the mapping", wish.gateway),
            Err(error) => log::debug!("the mapping is looked for anew: {error}"),
        }
    }
    match igd::open(wish, known, &errand(Errand::LONG, stop)) {
        Ok(mapping) => GatewayReport(GatewayOutcome::Open(OpenedWay::Mapping(mapping))),
        Err(error) => GatewayReport::failed(&error, is_denied(&error), Duration::ZERO),
    }
}

/// A pinhole: as the one that is there was made, else by PCP, else by UPnP.
fn pierce(
    wish: &PinholeWish,
    known: Option<OpenedWay>,
    secret: PcpSecret,
    stop: &GatewayStop,
) -> GatewayReport {
    let by_pcp = PcpWish {
        local: wish.local,
        router: SocketAddrV6::new(*wish.gateway.ip(), SERVER_PORT, 0, wish.gateway.scope_id()),
        lease: wish.lease,
        nonce: secret.nonce(wish),
    };
    let (of_pcp, of_igd) = match known {
        Some(OpenedWay::Pcp(_, mapping)) => (Some(mapping), None),
        Some(OpenedWay::Pinhole(pinhole)) => (None, Some(pinhole)),
        _ => (None, None),
    };
    let why_not = match &of_igd {
        Some(_) => None,
        None => {
            let is_over = || stop.is_set();
            match pcp::open(&by_pcp, of_pcp.as_ref(), &PcpPace::USUAL, &uptime, &is_over) {
                Ok(mapping) => {
                    if mapping.is_anew {
                        log::info!("the router {} has forgotten the pinhole", wish.gateway.ip());
                    }
                    let way = OpenedWay::Pcp(by_pcp, mapping);
                    return GatewayReport(GatewayOutcome::Open(way));
                }
                Err(error) => Some(error),
            }
        }
    };
    match (
        igd::open_pinhole(wish, of_igd.as_ref(), &errand(Errand::LONG, stop)),
        why_not,
    ) {
        (Ok(pinhole), _) => GatewayReport(GatewayOutcome::Open(OpenedWay::Pinhole(pinhole))),
        (Err(error), None) => GatewayReport::failed(&error, is_denied(&error), Duration::ZERO),
        (Err(by_igd), Some(by_pcp)) => {
            let (is_refused, lasts) = match &by_pcp {
                PcpError::Refused(_, lasts) => (true, *lasts),
                PcpError::NoServer | PcpError::OtherVersion(_) => (true, Duration::ZERO),
                _ => (false, Duration::ZERO),
            };
            let is_denied = is_refused && is_denied(&by_igd);
            let why = format!("{by_pcp}; {by_igd}");
            GatewayReport::failed(&why, is_denied, lasts)
        }
    }
}

/// Takes a way back.
fn close(way: &OpenedWay, stop: &GatewayStop) {
    let failure = match way {
        OpenedWay::Mapping(mapping) => {
            let closed = igd::close(mapping, &errand(Errand::SHORT, stop));
            closed.err().map(|error| error.to_string())
        }
        OpenedWay::Pinhole(pinhole) => {
            let closed = igd::close_pinhole(pinhole, &errand(Errand::SHORT, stop));
            closed.err().map(|error| error.to_string())
        }
        OpenedWay::Pcp(wish, _) => {
            let closed = pcp::close(wish, &CLOSE_PACE, &|| stop.is_set());
            closed.err().map(|error| error.to_string())
        }
    };
    match failure {
        None => log::info!("taken back: {way}"),
        Some(why) => log::warn!("not taken back, it ends with its lease: {way}: {why}"),
    }
}

fn errand(time: Duration, stop: &GatewayStop) -> Errand {
    Errand::of(time, Some(Arc::new(stop.clone())))
}

/// Whether the gateway itself says that it will not do it, for now.
fn is_denied(error: &IgdError) -> bool {
    matches!(
        error,
        IgdError::NoService
            | IgdError::DoubleNat(_)
            | IgdError::Refused { .. }
            | IgdError::NoPort(_)
            | IgdError::Disabled
            | IgdError::ShortLease(_)
    )
}
