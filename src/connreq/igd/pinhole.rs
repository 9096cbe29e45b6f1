//! A pinhole in the gateway's firewall (WANIPv6FirewallControl:1 §2.5), for boxes that have an address
//! of their own and yet cannot be reached.

use std::net::SocketAddrV6;
use std::time::Duration;

use super::action::ActionAnswer;
use super::description::{ControlPoint, GatewayService};
use super::errand::Errand;
use super::error::IgdError;
use super::gateway::{Arguments, Gateway};
use super::refusal::Refusal;
use super::search::Neighbour;

/// The longest lease that there is (§2.3.6).
const MAX_LEASE: u64 = 86_400;

/// TCP, as IANA numbers protocols.
const TCP: u8 = 6;

/// A firewall that was off is asked again after this time.
const LONGEST_REST: Duration = Duration::from_secs(20 * 60);

/// What is wanted of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinholeWish {
    /// The port of ours, TCP, and the address that others are to reach. The gateway has one on its
    /// network, too.
    pub local: SocketAddrV6,
    /// The default router, with the interface that it is at if its address means something there
    /// alone; its port does not matter.
    pub gateway: SocketAddrV6,
    /// For how long.
    pub lease: Duration,
}

/// A way through the gateway's firewall to one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinhole {
    /// Its number in the gateway; `None`: none is needed, since the firewall is off.
    pub id: Option<u16>,
    /// Where others reach the box by it.
    pub local: SocketAddrV6,
    /// For how long from now.
    pub lease: Duration,
    /// What was asked for it.
    pub service: ControlPoint,
    /// Of the gateway, where it tells.
    pub boot_id: Option<u32>,
}

impl Pinhole {
    /// After which time it is asked for again: half of the lease, and before the gateway had forgotten
    /// it for long.
    pub fn renew_in(&self) -> Duration {
        (self.lease / 2).min(LONGEST_REST)
    }
}

/// Has a pinhole opened, or renewed: first where the known one was made, and only if that fails, by a
/// search for the gateway.
///
/// # Errors
/// Why there is none.
pub fn open_pinhole(
    wish: &PinholeWish,
    known: Option<&Pinhole>,
    errand: &Errand,
) -> Result<Pinhole, IgdError> {
    let mut gateway = Gateway::new(errand);
    let lease = wish.lease.as_secs().clamp(1, MAX_LEASE);
    if let Some(known) = known.filter(|known| known.local == wish.local) {
        match renewed(&mut gateway, known, lease) {
            Err(error) if !error.is_end() => log::debug!("looking for the gateway again: {error}"),
            outcome => return outcome,
        }
    }
    let neighbour = Neighbour::v6(*wish.local.ip(), wish.gateway);
    let mut failure = IgdError::NoService;
    for answer in neighbour.search(errand)? {
        let description = match gateway.description(&answer.location) {
            Err(error) if !error.is_end() => {
                failure = failure.or(error);
                continue;
            }
            outcome => outcome?,
        };
        if let Some(url) = description.elsewhere {
            let gateway = neighbour.address();
            failure = failure.or(IgdError::Elsewhere { gateway, url });
        }
        let mut services = description.services.into_iter();
        let is_firewall = |one: &ControlPoint| one.service == GatewayService::Firewall1;
        if let Some(service) = services.find(is_firewall) {
            let pinhole = Pinhole {
                id: None,
                local: wish.local,
                lease: Duration::from_secs(lease),
                service,
                boot_id: answer.boot_id,
            };
            match added(&mut gateway, pinhole) {
                Err(error) if !error.is_end() => failure = failure.or(error),
                outcome => return outcome,
            }
        }
    }
    Err(failure)
}

/// Has a pinhole closed.
///
/// # Errors
/// It may be open still.
pub fn close_pinhole(pinhole: &Pinhole, errand: &Errand) -> Result<(), IgdError> {
    let Some(id) = pinhole.id else {
        return Ok(());
    };
    let mut gateway = Gateway::new(errand);
    let named = [("UniqueID", id.to_string())];
    match gateway.ask(&pinhole.service, "DeletePinhole", &named)? {
        // Of a number that it does not know, miniupnpd 2.3 says that it makes no sense.
        Err(refusal)
            if [Refusal::NO_SUCH_PINHOLE, Refusal::INVALID_ARGUMENTS].contains(&refusal.code) =>
        {
            Ok(())
        }
        outcome => told("DeletePinhole", outcome).map(drop),
    }
}

fn renewed(gateway: &mut Gateway<'_>, known: &Pinhole, lease: u64) -> Result<Pinhole, IgdError> {
    let pinhole = Pinhole {
        lease: Duration::from_secs(lease),
        ..known.clone()
    };
    let Some(id) = known.id else {
        return added(gateway, pinhole);
    };
    let arguments = [
        ("UniqueID", id.to_string()),
        ("NewLeaseTime", lease.to_string()),
    ];
    match gateway.ask(&known.service, "UpdatePinhole", &arguments)? {
        Ok(_) => Ok(pinhole),
        // It restarted, perhaps, and may say so in several ways.
        Err(_) => added(gateway, pinhole),
    }
}

/// The pinhole, with its number.
fn added(gateway: &mut Gateway<'_>, mut pinhole: Pinhole) -> Result<Pinhole, IgdError> {
    let status = gateway.ask(&pinhole.service, "GetFirewallStatus", &[])?;
    let status = told("GetFirewallStatus", status)?;
    let is_off = |name| {
        let word = ActionAnswer::argument(&status, name).unwrap_or_default();
        word == "0" || word.eq_ignore_ascii_case("false")
    };
    pinhole.id = None;
    if is_off("FirewallEnabled") {
        return Ok(pinhole);
    }
    if is_off("InboundPinholeAllowed") {
        let refusal = Refusal {
            code: Refusal::NO_PINHOLES,
            words: String::new(),
        };
        return told("AddPinhole", Err(refusal)).map(|_| pinhole);
    }
    let arguments = [
        ("RemoteHost", String::new()),
        ("RemotePort", "0".to_owned()),
        ("InternalClient", pinhole.local.ip().to_string()),
        ("InternalPort", pinhole.local.port().to_string()),
        ("Protocol", TCP.to_string()),
        ("LeaseTime", pinhole.lease.as_secs().to_string()),
    ];
    let answer = gateway.ask(&pinhole.service, "AddPinhole", &arguments)?;
    if answer
        .as_ref()
        .is_err_and(|refusal| refusal.code == Refusal::FIREWALL_OFF)
    {
        return Ok(pinhole);
    }
    let answer = told("AddPinhole", answer)?;
    let id = ActionAnswer::argument(&answer, "UniqueID");
    let id = id.and_then(|id| id.parse().ok()).ok_or(IgdError::Markup {
        of: "AddPinhole",
        why: "it has no UniqueID".to_owned(),
    })?;
    pinhole.id = Some(id);
    Ok(pinhole)
}

fn told(action: &'static str, answer: Result<Arguments, Refusal>) -> Result<Arguments, IgdError> {
    answer.map_err(|refusal| IgdError::Refused {
        action,
        why: refusal.of_pinhole(),
        refusal,
    })
}
