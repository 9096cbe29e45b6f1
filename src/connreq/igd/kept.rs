//! A look at a mapping that changes nothing of it.

use std::net::Ipv4Addr;

use super::action::ActionAnswer;
use super::errand::Errand;
use super::error::IgdError;
use super::gateway::Gateway;
use super::mapping::{Mapping, MappingEntry, named};
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
    match gateway.ask(&mapping.service, "GetSpecificPortMappingEntry", &named)? {
        Ok(told) => {
            let entry = MappingEntry::read(&told);
            Ok(entry.is_enabled && entry.belongs_to(mapping.local))
        }
        // Some gateways cannot tell.
        Err(refusal) => Ok(refusal.code != Refusal::NO_SUCH_ENTRY),
    }
}
