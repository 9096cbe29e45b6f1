//! Who the box is: the `DeviceId` of Inform (TR-069 A.3.3.1). An ACS knows a box by it, so it may
//! not change because an interface, whose hardware address is the serial number, is not up yet.

use super::record;
use crate::datamodel::model::Model;
use crate::soap::DeviceId;

/// The identity of this moment: what `DeviceInfo` says, and where that says nothing, what an ACS
/// was told before. `Err` is the sentence for the log: there is no OUI or serial number at all.
pub fn current(model: &mut Model) -> Result<DeviceId, String> {
    let told = record::split(&record::get(model, record::IDENTITY));
    let mut told = told.into_iter();
    let mut field = |name: &str| {
        let before = told.next().unwrap_or_default();
        model
            .value(&format!("DeviceInfo.{name}"))
            .filter(|value| !value.is_empty())
            .unwrap_or(before)
    };
    let identity = DeviceId {
        manufacturer: field("Manufacturer"),
        oui: field("ManufacturerOUI"),
        product_class: field("ProductClass"),
        serial_number: field("SerialNumber"),
    };
    for (name, value) in [
        ("ManufacturerOUI", &identity.oui),
        ("SerialNumber", &identity.serial_number),
    ] {
        if value.is_empty() {
            return Err(format!(
                "DeviceInfo.{name} is empty, so no ACS could know the box: bring its interface up, \
                 or set manufacturer_oui and serial_number in the section `cpe`"
            ));
        }
    }
    Ok(identity)
}

/// An ACS knows the box by this identity now.
pub fn told(model: &mut Model, identity: &DeviceId) {
    let fields = [
        &identity.manufacturer,
        &identity.oui,
        &identity.product_class,
        &identity.serial_number,
    ];
    record::put(
        model,
        record::IDENTITY,
        &record::join(&fields.map(String::as_str)),
    );
}
