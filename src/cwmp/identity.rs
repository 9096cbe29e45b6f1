//! Who the box is: the `DeviceId` of Inform (TR-069 A.3.3.1). An ACS knows a box by it, so what it
//! was told stays, whatever interface is up, whatever the box would say of itself today. Only the
//! four options of the operator change it.

use super::limits::MAX_IDENTITY;
use super::record;
use crate::base::config::IdentityOptions;
use crate::datamodel::model::Model;
use crate::soap::DeviceId;

/// The identity of this moment. `Err` is the sentence for the log: there is no OUI or serial number
/// at all.
pub fn current(model: &mut Model, options: IdentityOptions) -> Result<DeviceId, String> {
    let told = told(model);
    let mut field = |name: &str, is_set: bool, told: Option<&String>| {
        let now = model.value(&format!("DeviceInfo.{name}"));
        let now = now.filter(|now| !now.is_empty());
        match told {
            Some(told) if !is_set || now.is_none() => told.clone(),
            _ => {
                let now = now.unwrap_or_default();
                now.chars().take(MAX_IDENTITY).collect()
            }
        }
    };
    let told = told.as_ref();
    let identity = DeviceId {
        manufacturer: field(
            "Manufacturer",
            options.manufacturer,
            told.map(|told| &told.manufacturer),
        ),
        oui: field(
            "ManufacturerOUI",
            options.manufacturer_oui,
            told.map(|told| &told.oui),
        ),
        product_class: field(
            "ProductClass",
            options.product_class,
            told.map(|told| &told.product_class),
        ),
        serial_number: field(
            "SerialNumber",
            options.serial_number,
            told.map(|told| &told.serial_number),
        ),
    };
    for (name, option, value) in [
        ("ManufacturerOUI", "manufacturer_oui", &identity.oui),
        ("SerialNumber", "serial_number", &identity.serial_number),
    ] {
        if value.is_empty() {
            return Err(format!(
                "DeviceInfo.{name} is empty, so no ACS could know the box: set cpe.{option}"
            ));
        }
    }
    Ok(identity)
}

/// What an ACS was told last, if any was met yet.
pub fn told(model: &Model) -> Option<DeviceId> {
    let fields = record::split(model.record(record::IDENTITY)?);
    // A newer version may say more.
    let [manufacturer, oui, product_class, serial_number, ..] = fields.as_slice() else {
        return None;
    };
    Some(DeviceId {
        manufacturer: manufacturer.clone(),
        oui: oui.clone(),
        product_class: product_class.clone(),
        serial_number: serial_number.clone(),
    })
}

/// An ACS knows the box by this identity now; whether that is new.
pub fn tell(model: &mut Model, identity: &DeviceId) -> bool {
    if told(model).as_ref() == Some(identity) {
        return false;
    }
    let fields = [
        &identity.manufacturer,
        &identity.oui,
        &identity.product_class,
        &identity.serial_number,
    ];
    record::put(model, record::IDENTITY, &record::join(&fields));
    true
}
