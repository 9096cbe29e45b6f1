//! A look at a mapping that changes nothing of it.

use std::net::Ipv4Addr;

use super::action::ActionAnswer;
use super::errand::Errand;
use super::error::IgdError;
use super::gateway::Gateway;
use super::mapping::{Mapping, named};
use super::refusal::Refusal;

/// Whether a mapping is there as it was made, as far as the gateway tells; one whose external address
/// is another now is not.
///
/// # Errors
/// The gateway cannot be asked.
pub fn is_kept(mapping: &Mapping, errand: &Errand) -> Result<bool, IgdError> {
    let mut gateway = Gateway::new(errand);
    let told = gateway.ask(&mapping.service, "GetExternalIPAddress", &[])?;
    let told = told.unwrap_or_default();
    let address = ActionAnswer::argument(&told, "NewExternalIPAddress").unwrap_or_default();
    if address.parse::<Ipv4Addr>() != Ok(*mapping.external.ip()) {
        return Ok(false);
    }
    let named = named(mapping.external.port());
    let entry = match gateway.ask(&mapping.service, "GetSpecificPortMappingEntry", &named)? {
        Ok(entry) => entry,
        // Some gateways cannot tell.
        Err(refusal) => return Ok(refusal.code != Refusal::NO_SUCH_ENTRY),
    };
    // Some gateways show a name in place of an address.
    let client = ActionAnswer::argument(&entry, "NewInternalClient").unwrap_or_default();
    let client = client.parse::<Ipv4Addr>();
    Ok(client.is_err() || client == Ok(*mapping.local.ip()))
}
