//! What the engine warns of, as UI7 tells it.

use super::answers::quoted;

/// A warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the fields of alerts[] in the answer to id=status"
)]
pub struct Alert {
    pub pk_alert: String,
    pub device: u32,
    pub room: u32,
    pub device_name: String,
    pub device_type: String,
    pub severity: u32,
    /// Seconds since 1970.
    pub local_timestamp: u64,
    /// `DL_ARMEDTRIPPED`, `DL_LOW_BATTERY`, ...
    pub code: String,
    pub new_value: String,
    pub description: String,
}

impl Alert {
    /// As it stands among the `alerts`.
    pub(super) fn json(&self) -> String {
        format!(
            r#"{{"PK_Device":{},"Room":{},"DeviceName":{},"DeviceType":{},"PK_Alert":{},"LocalDate":"2020-07-03 16:20:00","EventType":3,"SourceType":3,"Argument":0,"Filesize":0,"Severity":{},"LocalTimestamp":{},"Code":{},"NewValue":{},"Description":{},"Users":"1435811","Server_Storage":"","Key":"","Icon":"","PK_Store":"0"}}"#,
            self.device,
            self.room,
            quoted(&self.device_name),
            quoted(&self.device_type),
            quoted(&self.pk_alert),
            self.severity,
            self.local_timestamp,
            quoted(&self.code),
            quoted(&self.new_value),
            quoted(&self.description),
        )
    }
}
