//! A port that the gateway maps to one of ours (WANIPConnection:1 §2.4, :2 §2.5).

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use super::action::ActionAnswer;
use super::description::{ControlPoint, GatewayService};
use super::errand::Errand;
use super::error::IgdError;
use super::gateway::{Arguments, Gateway};
use super::ports::Ports;
use super::refusal::{Refusal, Remedy};
use super::search::Neighbour;
use super::ssdp::SsdpAnswer;
use crate::base::excerpt::excerpt;
use crate::base::scope::AddressScope;
use crate::base::sort::sort_by_key;

/// What gateways show of who wants it.
const DESCRIPTION: &str = "cwmpd";

/// Leases of WANIPConnection:2 are a week at most.
const MAX_LEASE: u32 = 604_800;

/// A shorter lease is refused: it would be renewed all the time.
const MIN_LEASE: Duration = Duration::from_secs(60);

/// A mapping is asked for anew so often at least: gateways that restart forget theirs, and tell nobody.
const LONGEST_REST: Duration = Duration::from_secs(20 * 60);

/// Characters of a gateway's word in a message.
const MAX_WORD: usize = 40;

/// What is wanted of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingWish {
    /// The port of ours, TCP, and the address of ours that the gateway sees.
    pub local: SocketAddrV4,
    /// The default router. Nobody else is believed.
    pub gateway: Ipv4Addr,
    /// Tried first; another one where it is taken.
    pub external_port: u16,
    /// The one that others know from before, tried next.
    pub former_port: Option<u16>,
    /// For how long; the gateway may have it shorter, or for ever.
    pub lease: Duration,
    /// External ports that are of no use.
    pub avoid: Vec<u16>,
}

/// A port that the gateway maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where others reach the box. The address is a public one ([`AddressScope::Global`]).
    pub external: SocketAddrV4,
    /// What it is mapped to.
    pub local: SocketAddrV4,
    /// For how long from now; `None`: until somebody removes it.
    pub lease: Option<Duration>,
    /// What was asked for it.
    pub service: ControlPoint,
    /// Of the gateway, where it tells.
    pub boot_id: Option<u32>,
}

impl Mapping {
    /// After which time it is asked for again: half of the lease, and before the gateway had forgotten
    /// it for long.
    pub fn renew_in(&self) -> Duration {
        let half = self.lease.map_or(LONGEST_REST, |lease| lease / 2);
        half.min(LONGEST_REST)
    }
}

/// Has a port mapped, or a mapping renewed: first where the known one was made, and only if that
/// fails, by a search for the gateway.
///
/// # Errors
/// Why there is none. Nothing is left behind in the gateway then but what it says nothing of.
pub fn open(
    wish: &MappingWish,
    known: Option<&Mapping>,
    errand: &Errand,
) -> Result<Mapping, IgdError> {
    let mut mapper = Mapper {
        gateway: Gateway::new(errand),
        wish,
        known,
    };
    if let Some(known) = known.filter(|known| known.service.url.host == wish.gateway.to_string()) {
        match mapper.map(&known.service, known.boot_id) {
            Err(error) if !error.is_end() => log::debug!("looking for the gateway again: {error}"),
            outcome => return outcome,
        }
    }
    let mut failure = IgdError::NoService;
    for answer in Neighbour::v4(*wish.local.ip(), wish.gateway).search(errand)? {
        match mapper.map_at(&answer) {
            Err(error) if !error.is_end() => failure = failure.or(error),
            outcome => return outcome,
        }
    }
    Err(failure)
}

/// Has a mapping removed, unless it is somebody else's by now.
///
/// # Errors
/// It may be there still.
pub fn close(mapping: &Mapping, errand: &Errand) -> Result<(), IgdError> {
    let mut gateway = Gateway::new(errand);
    let port = mapping.external.port();
    let entry = entry(&mut gateway, &mapping.service, port)?;
    if entry.is_some_and(|entry| !entry.belongs_to(mapping.local)) {
        return Ok(());
    }
    match remove(&mut gateway, &mapping.service, port)? {
        Err(refusal) if refusal.code != Refusal::NO_SUCH_ENTRY => Err(IgdError::Refused {
            action: "DeletePortMapping",
            why: refusal.of_mapping().1,
            refusal,
        }),
        _ => Ok(()),
    }
}

/// Makes one mapping.
struct Mapper<'a> {
    gateway: Gateway<'a>,
    wish: &'a MappingWish,
    known: Option<&'a Mapping>,
}

impl Mapper<'_> {
    /// By one of the services of a description, of which those that are not connected are of no use.
    fn map_at(&mut self, answer: &SsdpAnswer) -> Result<Mapping, IgdError> {
        let description = self.gateway.description(&answer.location)?;
        let services = description.services.into_iter();
        let mut points: Vec<_> = services.filter(|one| one.service.maps_ports()).collect();
        sort_by_key(&mut points, |one| one.service);
        let mut failure = match description.elsewhere {
            Some(url) => IgdError::Elsewhere {
                gateway: self.wish.gateway.into(),
                url,
            },
            None => IgdError::NoService,
        };
        for point in points {
            match self.map(&point, answer.boot_id) {
                Err(error) if !error.is_end() => failure = failure.or(error),
                outcome => return outcome,
            }
        }
        Err(failure)
    }

    /// By one service.
    fn map(&mut self, point: &ControlPoint, boot_id: Option<u32>) -> Result<Mapping, IgdError> {
        self.check_connected(point)?;
        let external = self.external(point)?;
        let known = self.known.map_or(0, |known| known.external.port());
        let wanted = [
            Some(known),
            Some(self.wish.external_port),
            self.wish.former_port,
        ];
        let wanted = wanted.into_iter().flatten().collect();
        let mut ports = Ports::new(wanted, &self.wish.avoid);
        let mut lease = seconds(self.wish.lease);
        let mut may_choose = point.service == GatewayService::WanIp2 && known == 0;
        let mut last = None;
        while let Some(wanted) = ports.next() {
            let there = entry(&mut self.gateway, point, wanted)?;
            // Old gateways take a port away from whoever has it, and all do from who has our address.
            if there.as_ref().is_some_and(|entry| !self.owns(entry)) {
                continue;
            }
            let chosen = match std::mem::take(&mut may_choose) {
                true => self.add_any(point, wanted, lease)?,
                false => None,
            };
            let mapped = match chosen {
                Some(port) => Ok(port),
                None => self.add(point, wanted, &mut lease, there.is_some())?,
            };
            match mapped {
                Ok(port) => {
                    if let Some(lease) = self.confirmed(point, port, lease)? {
                        return Ok(Mapping {
                            external: SocketAddrV4::new(external, port),
                            local: self.wish.local,
                            lease,
                            service: point.clone(),
                            boot_id,
                        });
                    }
                }
                Err(refusal) => {
                    let (remedy, why) = refusal.of_mapping();
                    match remedy {
                        Remedy::OtherPort | Remedy::Permanent => {}
                        Remedy::InternalPort => ports.only(self.wish.local.port()),
                        Remedy::None => return Err(refused(refusal, why)),
                    }
                    last = Some(refused(refusal, why));
                }
            }
        }
        Err(last.unwrap_or(IgdError::NoPort(ports.tried())))
    }

    /// Some gateways have two connections, of which one is of no use. Who does not tell may be
    /// connected.
    fn check_connected(&mut self, point: &ControlPoint) -> Result<(), IgdError> {
        let status = match self.gateway.ask(point, "GetStatusInfo", &[]) {
            Ok(Ok(status)) => status,
            Ok(Err(_)) | Err(IgdError::Markup { .. } | IgdError::Status { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        match ActionAnswer::argument(&status, "NewConnectionStatus") {
            None | Some("") => Ok(()),
            Some(word)
                if ["Connected", "Up"]
                    .iter()
                    .any(|up| word.eq_ignore_ascii_case(up)) =>
            {
                Ok(())
            }
            Some(word) => Err(IgdError::NotConnected(excerpt(word, MAX_WORD).into_owned())),
        }
    }

    fn external(&mut self, point: &ControlPoint) -> Result<Ipv4Addr, IgdError> {
        let action = "GetExternalIPAddress";
        let told = self.gateway.ask(point, action, &[])?;
        let told = told.map_err(|refusal| IgdError::Refused {
            action,
            why: refusal.of_mapping().1,
            refusal,
        })?;
        let word = ActionAnswer::argument(&told, "NewExternalIPAddress").unwrap_or_default();
        let address = word.parse::<Ipv4Addr>();
        match address.map(|address| (address, AddressScope::of(address.into()))) {
            Ok((address, AddressScope::Global)) => Ok(address),
            Ok((address, AddressScope::Private)) => Err(IgdError::DoubleNat(address)),
            _ => Err(IgdError::NoAddress(excerpt(word, MAX_WORD).into_owned())),
        }
    }

    /// WANIPConnection:2 chooses another port by itself where this one is taken.
    fn add_any(
        &mut self,
        point: &ControlPoint,
        port: u16,
        lease: u32,
    ) -> Result<Option<u16>, IgdError> {
        let arguments = self.arguments(port, lease);
        let mapped = match self.gateway.ask(point, "AddAnyPortMapping", &arguments) {
            Ok(Ok(mapped)) => mapped,
            // The action is newer than many a gateway that says it had it.
            Ok(Err(_)) | Err(IgdError::Markup { .. } | IgdError::Status { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let port = ActionAnswer::argument(&mapped, "NewReservedPort");
        let port = port
            .and_then(|port| port.parse::<u16>().ok())
            .filter(|port| *port != 0);
        match port {
            Some(port) if self.wish.avoid.contains(&port) => {
                let _ = remove(&mut self.gateway, point, port)?;
                Ok(None)
            }
            port => Ok(port),
        }
    }

    /// Maps this port, without a lease where there is none with. We may have it already.
    fn add(
        &mut self,
        point: &ControlPoint,
        port: u16,
        lease: &mut u32,
        has_it: bool,
    ) -> Result<Result<u16, Refusal>, IgdError> {
        let mut refusal = match self.add_once(point, port, *lease)? {
            Ok(_) => return Ok(Ok(port)),
            Err(refusal) => refusal,
        };
        // Some gateways do not renew what is there.
        if refusal.code == Refusal::CONFLICT && has_it {
            let _ = remove(&mut self.gateway, point, port)?;
            refusal = match self.add_once(point, port, *lease)? {
                Ok(_) => return Ok(Ok(port)),
                Err(refusal) => refusal,
            };
        }
        if refusal.of_mapping().0 == Remedy::Permanent && *lease != 0 {
            let outcome = self.add_once(point, port, 0)?;
            if outcome.is_ok() {
                *lease = 0;
            }
            return Ok(outcome.map(|_| port));
        }
        Ok(Err(refusal))
    }

    fn add_once(
        &mut self,
        point: &ControlPoint,
        port: u16,
        lease: u32,
    ) -> Result<Result<Arguments, Refusal>, IgdError> {
        let arguments = self.arguments(port, lease);
        self.gateway.ask(point, "AddPortMapping", &arguments)
    }

    /// What the gateway made of it: its lease; `None` if it is somebody else's.
    fn confirmed(
        &mut self,
        point: &ControlPoint,
        port: u16,
        lease: u32,
    ) -> Result<Option<Option<Duration>>, IgdError> {
        let mut told = entry(&mut self.gateway, point, port)?;
        let is_short = |entry: &MappingEntry| {
            entry
                .lease
                .is_some_and(|left| left != 0 && left < lease / 2)
        };
        // It was not renewed, but is as it was.
        if told
            .as_ref()
            .is_some_and(|entry| self.owns(entry) && is_short(entry))
        {
            let _ = remove(&mut self.gateway, point, port)?;
            if self.add_once(point, port, lease)?.is_err() {
                return Ok(None);
            }
            told = entry(&mut self.gateway, point, port)?;
        }
        let Some(entry) = told else {
            return Ok(Some(duration(lease)));
        };
        if !entry.belongs_to(self.wish.local) {
            return Ok(None);
        }
        if !entry.is_enabled {
            let _ = remove(&mut self.gateway, point, port)?;
            return Err(IgdError::Disabled);
        }
        let given = match (entry.lease.unwrap_or(lease), lease) {
            (given, 0) => given,
            (given, lease) => given.min(lease),
        };
        match duration(given) {
            Some(given) if given < MIN_LEASE => {
                let _ = remove(&mut self.gateway, point, port)?;
                Err(IgdError::ShortLease(given))
            }
            given => Ok(Some(given)),
        }
    }

    /// Whether it is ours, perhaps from when we had another address.
    fn owns(&self, entry: &MappingEntry) -> bool {
        let known = self.known.map_or(self.wish.local, |known| known.local);
        entry.belongs_to(self.wish.local) || entry.belongs_to(known)
    }

    fn arguments(&self, port: u16, lease: u32) -> Vec<(&'static str, String)> {
        let local = self.wish.local;
        let mut arguments = named(port);
        arguments.extend([
            ("NewInternalPort", local.port().to_string()),
            ("NewInternalClient", local.ip().to_string()),
            ("NewEnabled", "1".to_owned()),
            ("NewPortMappingDescription", DESCRIPTION.to_owned()),
            ("NewLeaseDuration", lease.to_string()),
        ]);
        arguments
    }
}

/// What names a mapping.
pub(super) fn named(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("NewRemoteHost", String::new()),
        ("NewExternalPort", port.to_string()),
        ("NewProtocol", "TCP".to_owned()),
    ]
}

/// What a gateway says of a mapping.
pub(super) struct MappingEntry {
    /// Some gateways show a name, or nothing.
    client: Option<Ipv4Addr>,
    port: Option<u16>,
    pub(super) is_enabled: bool,
    /// Seconds that are left; 0: without end.
    lease: Option<u32>,
}

impl MappingEntry {
    /// Reads what a gateway tells of one.
    pub(super) fn read(told: &Arguments) -> Self {
        let word = |name| ActionAnswer::argument(told, name).unwrap_or_default();
        let client = word("NewInternalClient").parse::<Ipv4Addr>();
        let is_off = |word: &str| word == "0" || word.eq_ignore_ascii_case("false");
        Self {
            client: client.ok().filter(|client| !client.is_unspecified()),
            port: word("NewInternalPort")
                .parse()
                .ok()
                .filter(|port| *port != 0),
            is_enabled: !is_off(word("NewEnabled")),
            lease: word("NewLeaseDuration").parse().ok(),
        }
    }

    /// Whether it leads there, as far as the gateway tells.
    pub(super) fn belongs_to(&self, local: SocketAddrV4) -> bool {
        self.client.is_none_or(|client| client == *local.ip())
            && self.port.is_none_or(|port| port == local.port())
    }
}

/// Asks for a mapping; `None` where the gateway does not tell.
fn entry(
    gateway: &mut Gateway<'_>,
    point: &ControlPoint,
    port: u16,
) -> Result<Option<MappingEntry>, IgdError> {
    match gateway.ask(point, "GetSpecificPortMappingEntry", &named(port)) {
        Ok(Ok(told)) => Ok(Some(MappingEntry::read(&told))),
        Err(error) if error.is_end() => Err(error),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}

fn remove(
    gateway: &mut Gateway<'_>,
    point: &ControlPoint,
    port: u16,
) -> Result<Result<Arguments, Refusal>, IgdError> {
    gateway.ask(point, "DeletePortMapping", &named(port))
}

fn refused(refusal: Refusal, why: &'static str) -> IgdError {
    IgdError::Refused {
        action: "AddPortMapping",
        refusal,
        why,
    }
}

/// A lease as gateways know it; zero would be for ever.
fn seconds(lease: Duration) -> u32 {
    let seconds = u32::try_from(lease.as_secs()).unwrap_or(MAX_LEASE);
    seconds.clamp(1, MAX_LEASE)
}

fn duration(lease: u32) -> Option<Duration> {
    (lease != 0).then(|| Duration::from_secs(lease.into()))
}
