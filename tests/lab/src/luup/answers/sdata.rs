//! `id=sdata`: all of it in short, the variables of some services in lower case beside the fields.

use std::fmt::Write as _;

use super::quoted;
use crate::luup::engine::Engine;
use crate::luup::sample::Device;

/// The variables that it has, and how it calls them.
const SHORT: [(&str, &str, &str); 16] = [
    ("HaDevice1", "BatteryLevel", "batterylevel"),
    ("HaDevice1", "CommFailure", "commFailure"),
    ("SwitchPower1", "Status", "status"),
    ("Dimming1", "LoadLevelStatus", "level"),
    ("DoorLock1", "Status", "locked"),
    ("SecuritySensor1", "Armed", "armed"),
    ("SecuritySensor1", "Tripped", "tripped"),
    ("SecuritySensor1", "ArmedTripped", "armedtripped"),
    ("SecuritySensor1", "LastTrip", "lasttrip"),
    ("TemperatureSensor1", "CurrentTemperature", "temperature"),
    ("HumiditySensor1", "CurrentLevel", "humidity"),
    ("LightSensor1", "CurrentLevel", "light"),
    ("EnergyMetering1", "Watts", "watts"),
    ("EnergyMetering1", "KWH", "kwh"),
    ("HVAC_UserOperatingMode1", "ModeStatus", "mode"),
    ("TemperatureSetpoint1_Heat", "CurrentSetpoint", "heatsp"),
];

impl Engine {
    pub(super) fn summary(&self) -> String {
        let devices: Vec<String> = self
            .home
            .iter()
            .map(|device| {
                format!(
                    r#"{{"name":{},"altid":{},"id":{},"category":{},"subcategory":{},"room":{},"parent":{},{}"state":{}}}"#,
                    quoted(&device.name),
                    quoted(&device.altid),
                    device.id,
                    device.category,
                    device.subcategory,
                    device.room,
                    device.parent,
                    in_short(device),
                    device.status,
                )
            })
            .collect();
        format!(
            r#"{{"full":1,"version":"*1.7.2331*","model":"Sercomm NA930","rooms":[{}],"devices":[{}],"loadtime":{},"dataversion":{},"state":-1}}"#,
            self.rooms(),
            devices.join(","),
            self.load_time,
            self.data_version
        )
    }
}

fn in_short(device: &Device) -> String {
    let mut text = String::new();
    for state in &device.states {
        let service = state.service.rsplit(':').next();
        let of = |(of, variable, _): &&(&str, &str, &str)| {
            service == Some(*of) && state.variable == *variable
        };
        if let Some((_, _, name)) = SHORT.iter().find(of) {
            let _ = write!(text, "\"{name}\":{},", quoted(&state.value));
        }
    }
    text
}
