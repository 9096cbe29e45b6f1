//! `id=user_data`: what the home is.

use super::{quoted, states};
use crate::luup::engine::Engine;

impl Engine {
    pub(super) fn user_data(&self) -> String {
        let mut running = 0;
        let devices: Vec<String> = self
            .home
            .iter()
            .map(|device| {
                // Numbers stand as strings in some fields and on some devices, as in the field.
                format!(
                    r#"{{"id":{},"id_parent":{},"altid":{},"name":{},"room":"{}","device_type":{},"category_num":{},"subcategory_num":{},"manufacturer":{},"model":{},"time_created":"1445000000","disabled":0,"invisible":"0","ip":"","mac":"","ControlURLs":{{"service_1":{{"service":"x","ControlURL":"upnp\/control\/x"}}}},"states":[{}],"status":{}}}"#,
                    device.id,
                    device.parent,
                    quoted(&device.altid),
                    quoted(&device.name),
                    device.room,
                    quoted(&device.device_type),
                    device.category,
                    device.subcategory,
                    quoted(&device.manufacturer),
                    quoted(&device.model),
                    states(device.turned(), &mut running),
                    device.status,
                )
            })
            .collect();
        format!(
            r#"{{"BuildVersion":"*1.7.2331*","model":"Sercomm NA930","skin":"orangefr","PK_AccessPoint":"47150001\n","sections":[{{"id":1,"name":"Maison"}}],"rooms":[{}],"scenes":[],"devices":[{}],"LoadTime":"{}","DataVersion":{}}}"#,
            self.rooms(),
            devices.join(","),
            // As openLuup has it: not when the engine was started.
            self.load_time - 1,
            self.user_data_version.unwrap_or(self.data_version)
        )
    }
}
