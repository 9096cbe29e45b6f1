//! Who the box would be, had no ACS been told yet.

use std::cell::RefCell;

use super::source::Facts;
use crate::base::config::IdentityOptions;
use crate::datamodel::model::Model;
use crate::soap::DeviceId;

/// Says what the box would tell an ACS today that is not what one was told: another board, or the
/// state of another box. It stays as it was told. Called while the model does not know yet what was
/// told, so that it says what the box itself says.
pub(super) fn compare(
    model: &mut Model,
    facts: &RefCell<Facts>,
    told: &DeviceId,
    options: IdentityOptions,
) {
    facts.borrow_mut().identity = None;
    let fields = [
        (
            "Manufacturer",
            "manufacturer",
            options.manufacturer,
            &told.manufacturer,
        ),
        (
            "ManufacturerOUI",
            "manufacturer_oui",
            options.manufacturer_oui,
            &told.oui,
        ),
        (
            "ProductClass",
            "product_class",
            options.product_class,
            &told.product_class,
        ),
        (
            "SerialNumber",
            "serial_number",
            options.serial_number,
            &told.serial_number,
        ),
    ];
    let mut others = Vec::new();
    for (name, option, is_set, told) in fields {
        let now = model
            .value(&format!("DeviceInfo.{name}"))
            .unwrap_or_default();
        if !is_set && !now.is_empty() && now != *told {
            others.push(format!("{name} {now:?}, not {told:?} (cpe.{option})"));
        }
    }
    if !others.is_empty() {
        log::warn!(
            "the ACS knows this box by another identity than its own hardware and files give: {}. \
             What the ACS was told stays; the options change it, a factory reset forgets it",
            others.join("; ")
        );
    }
}
