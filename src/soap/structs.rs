//! The structures of the messages: which element is which field, in the order of the schema.

use super::codec::{Content, Field, Item};
use super::element::Element;
use super::error::BadArgument;
use super::fault::code_in;
use super::limits::{MAX_EVENTS, MAX_FILE_TYPE_ARGS, MAX_TIME_WINDOWS, MAX_TRANSFERS};
use super::message::*;
use super::xml::Writer;
use crate::base::xsd::XsdType;

/// One list for both ways: what is written is what is read.
macro_rules! structs {
    ($($name:ident { $($field:ident = $element:literal,)* })*) => {$(
        impl Content for $name {
            fn read(node: Element) -> Result<Self, Box<BadArgument>> {
                Ok(Self { $($field: Field::take(node, $element)?,)* })
            }

            fn write(&self, w: &mut Writer) {
                $(self.$field.put(w, $element);)*
            }
        }
    )*};
}

/// The types that are members of a SOAP array: element name, `arrayType`, bound.
macro_rules! array_members {
    ($($name:ty = $element:literal $(, $max:expr)?;)*) => {$(
        impl Item for $name {
            const ARRAY: Option<(&'static str, &'static str)> =
                Some(($element, concat!("cwmp:", $element)));
            $(const MAX: usize = $max;)?
        }
    )*};
}

structs! {
    DeviceId {
        manufacturer = "Manufacturer",
        oui = "OUI",
        product_class = "ProductClass",
        serial_number = "SerialNumber",
    }
    EventStruct {
        event_code = "EventCode",
        command_key = "CommandKey",
    }
    Inform {
        device_id = "DeviceId",
        event = "Event",
        max_envelopes = "MaxEnvelopes",
        current_time = "CurrentTime",
        retry_count = "RetryCount",
        parameter_list = "ParameterList",
    }
    ParameterInfo {
        name = "Name",
        writable = "Writable",
    }
    ParameterAttributes {
        name = "Name",
        notification = "Notification",
        access_list = "AccessList",
    }
    Download {
        command_key = "CommandKey",
        file_type = "FileType",
        url = "URL",
        username = "Username",
        password = "Password",
        file_size = "FileSize",
        target_file_name = "TargetFileName",
        delay_seconds = "DelaySeconds",
        success_url = "SuccessURL",
        failure_url = "FailureURL",
    }
    Upload {
        command_key = "CommandKey",
        file_type = "FileType",
        url = "URL",
        username = "Username",
        password = "Password",
        delay_seconds = "DelaySeconds",
    }
    TransferResponse {
        status = "Status",
        start_time = "StartTime",
        complete_time = "CompleteTime",
    }
    ScheduleDownload {
        command_key = "CommandKey",
        file_type = "FileType",
        url = "URL",
        username = "Username",
        password = "Password",
        file_size = "FileSize",
        target_file_name = "TargetFileName",
        time_window_list = "TimeWindowList",
    }
    TimeWindow {
        window_start = "WindowStart",
        window_end = "WindowEnd",
        window_mode = "WindowMode",
        user_message = "UserMessage",
        max_retries = "MaxRetries",
    }
    QueuedTransfer {
        command_key = "CommandKey",
        state = "State",
    }
    AllQueuedTransfer {
        command_key = "CommandKey",
        state = "State",
        is_download = "IsDownload",
        file_type = "FileType",
        file_size = "FileSize",
        target_file_name = "TargetFileName",
    }
    TransferComplete {
        command_key = "CommandKey",
        fault = "FaultStruct",
        start_time = "StartTime",
        complete_time = "CompleteTime",
    }
    AutonomousTransferComplete {
        announce_url = "AnnounceURL",
        transfer_url = "TransferURL",
        is_download = "IsDownload",
        file_type = "FileType",
        file_size = "FileSize",
        target_file_name = "TargetFileName",
        fault = "FaultStruct",
        start_time = "StartTime",
        complete_time = "CompleteTime",
    }
    DuResult {
        uuid = "UUID",
        deployment_unit_ref = "DeploymentUnitRef",
        version = "Version",
        current_state = "CurrentState",
        resolved = "Resolved",
        execution_unit_ref_list = "ExecutionUnitRefList",
        start_time = "StartTime",
        complete_time = "CompleteTime",
        fault = "Fault",
    }
}

array_members! {
    EventStruct = "EventStruct", MAX_EVENTS;
    ParameterValue = "ParameterValueStruct";
    ParameterInfo = "ParameterInfoStruct";
    SetParameterAttributes = "SetParameterAttributesStruct";
    ParameterAttributes = "ParameterAttributeStruct";
    TimeWindow = "TimeWindowStruct", MAX_TIME_WINDOWS;
    QueuedTransfer = "QueuedTransferStruct", MAX_TRANSFERS;
    AllQueuedTransfer = "AllQueuedTransferStruct", MAX_TRANSFERS;
    (String, String) = "ArgStruct", MAX_FILE_TYPE_ARGS;
}

/// The type that the schema gives `Value`, of which all others are: to name it says nothing.
const ANY_TYPE: &str = "anySimpleType";

/// A path, in which white space has no place: what stands around it is layout.
pub(super) fn path(parent: Element, name: &str) -> Result<String, Box<BadArgument>> {
    let path: String = Field::take(parent, name)?;
    Ok(unpadded(path, parent))
}

/// The same of a text that was read already.
pub(super) fn unpadded(path: String, parent: Element) -> String {
    let trimmed = path.trim_ascii();
    if trimmed.len() == path.len() {
        return path;
    }
    parent.note("a path has white space around it, which is left out");
    trimmed.to_owned()
}

impl Content for ParameterValue {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        let value = node.child("Value")?;
        let value = value.ok_or_else(|| BadArgument::new("Value", "is missing"))?;
        let xsi_type = value
            .xsi_type()
            .filter(|name| !matches!(*name, "" | ANY_TYPE));
        if xsi_type.is_none() {
            value.note("Value has no xsi:type, taken as the type of its parameter");
        }
        Ok(Self {
            name: path(node, "Name")?,
            value: value.text()?.into_owned(),
            xsi_type: xsi_type.map(|name| XsdType::from_local_name(name).unwrap_or(XsdType::Other)),
        })
    }

    fn write(&self, w: &mut Writer) {
        write_value(
            w,
            &self.name,
            self.xsi_type.unwrap_or(XsdType::String),
            &self.value,
        );
    }
}

/// The content of a `ParameterValueStruct`.
pub(super) fn write_value(w: &mut Writer, name: &str, xsi_type: XsdType, value: &str) {
    w.raw("<Name>");
    w.text(name);
    w.raw("</Name><Value xsi:type=\"");
    w.raw(xsi_type.as_str());
    w.raw("\">");
    w.text(value);
    w.raw("</Value>");
}

/// The content of a `ParameterInfoStruct`.
pub(super) fn write_info(w: &mut Writer, name: &str, writable: bool) {
    w.element("Name", name);
    writable.put(w, "Writable");
}

/// A field whose `…Change` is false need not even be there, nor make sense (A.3.2.4).
impl Content for SetParameterAttributes {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        let notification = is_to_change(node, "NotificationChange", "Notification")?;
        let access_list = is_to_change(node, "AccessListChange", "AccessList")?;
        Ok(Self {
            name: path(node, "Name")?,
            notification: match notification {
                true => Some(Field::take(node, "Notification")?),
                false => None,
            },
            access_list: match access_list {
                true => Some(Field::take(node, "AccessList")?),
                false => None,
            },
        })
    }

    fn write(&self, w: &mut Writer) {
        self.name.put(w, "Name");
        self.notification.is_some().put(w, "NotificationChange");
        self.notification.unwrap_or(0).put(w, "Notification");
        self.access_list.is_some().put(w, "AccessListChange");
        match &self.access_list {
            Some(list) => list.put(w, "AccessList"),
            None => Vec::<String>::new().put(w, "AccessList"),
        }
    }
}

/// Whether a field is to change; where neither that nor the field is there, it is not.
fn is_to_change(node: Element, change: &str, field: &str) -> Result<bool, Box<BadArgument>> {
    match (node.child(change)?, node.child(field)?) {
        (None, None) => {
            node.note(format!("{change} is missing, taken as 0"));
            Ok(false)
        }
        _ => Field::take(node, change),
    }
}

/// `ArgStruct` of a RequestDownload.
impl Content for (String, String) {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        Ok((Field::take(node, "Name")?, Field::take(node, "Value")?))
    }

    fn write(&self, w: &mut Writer) {
        self.0.put(w, "Name");
        self.1.put(w, "Value");
    }
}

/// A text that may be missing, which is the same as empty.
fn optional_text(node: Element, name: &str) -> Result<String, Box<BadArgument>> {
    let string: Option<String> = Field::take(node, name)?;
    Ok(string.unwrap_or_default())
}

impl Content for TransferFault {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        Ok(Self {
            code: Field::take(node, "FaultCode")?,
            string: optional_text(node, "FaultString")?,
        })
    }

    fn write(&self, w: &mut Writer) {
        code_in(w.version(), self.code).put(w, "FaultCode");
        self.string.put(w, "FaultString");
    }
}

impl Content for SetParameterValuesFault {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        Ok(Self {
            parameter_name: Field::take(node, "ParameterName")?,
            code: Field::take(node, "FaultCode")?,
            string: optional_text(node, "FaultString")?,
        })
    }

    fn write(&self, w: &mut Writer) {
        self.parameter_name.put(w, "ParameterName");
        self.code.put(w, "FaultCode");
        self.string.put(w, "FaultString");
    }
}

impl Item for SetParameterValuesFault {
    const ARRAY: Option<(&'static str, &'static str)> = None;
}

/// The content of `cwmp:Fault`.
impl Content for Fault {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        Ok(Self {
            code: Field::take(node, "FaultCode")?,
            string: optional_text(node, "FaultString")?,
            parameters: Field::take(node, "SetParameterValuesFault")?,
        })
    }

    fn write(&self, w: &mut Writer) {
        code_in(w.version(), self.code).put(w, "FaultCode");
        self.string.put(w, "FaultString");
        self.parameters.put(w, "SetParameterValuesFault");
    }
}

impl Item for DuResult {
    const ARRAY: Option<(&'static str, &'static str)> = None;
}

/// `Operations`: its `xsi:type` says which operation it is.
impl Content for DuOperation {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        match node.xsi_type() {
            Some("InstallOpStruct") => Ok(Self::Install {
                url: Field::take(node, "URL")?,
                uuid: Field::take(node, "UUID")?,
                username: Field::take(node, "Username")?,
                password: Field::take(node, "Password")?,
                execution_env_ref: Field::take(node, "ExecutionEnvRef")?,
            }),
            Some("UpdateOpStruct") => Ok(Self::Update {
                uuid: Field::take(node, "UUID")?,
                version: Field::take(node, "Version")?,
                url: Field::take(node, "URL")?,
                username: Field::take(node, "Username")?,
                password: Field::take(node, "Password")?,
            }),
            Some("UninstallOpStruct") => Ok(Self::Uninstall {
                uuid: Field::take(node, "UUID")?,
                version: Field::take(node, "Version")?,
                execution_env_ref: Field::take(node, "ExecutionEnvRef")?,
            }),
            _ => Err(node.bad("has no xsi:type that names an operation")),
        }
    }

    fn write(&self, w: &mut Writer) {
        match self {
            Self::Install {
                url,
                uuid,
                username,
                password,
                execution_env_ref,
            } => {
                url.put(w, "URL");
                uuid.put(w, "UUID");
                username.put(w, "Username");
                password.put(w, "Password");
                execution_env_ref.put(w, "ExecutionEnvRef");
            }
            Self::Update {
                uuid,
                version,
                url,
                username,
                password,
            } => {
                uuid.put(w, "UUID");
                version.put(w, "Version");
                url.put(w, "URL");
                username.put(w, "Username");
                password.put(w, "Password");
            }
            Self::Uninstall {
                uuid,
                version,
                execution_env_ref,
            } => {
                uuid.put(w, "UUID");
                version.put(w, "Version");
                execution_env_ref.put(w, "ExecutionEnvRef");
            }
        }
    }
}

impl Item for DuOperation {
    const ARRAY: Option<(&'static str, &'static str)> = None;

    fn start(&self, w: &mut Writer, name: &str) {
        w.raw("<");
        w.raw(name);
        w.raw(" xsi:type=\"cwmp:");
        w.raw(match self {
            Self::Install { .. } => "InstallOpStruct",
            Self::Update { .. } => "UpdateOpStruct",
            Self::Uninstall { .. } => "UninstallOpStruct",
        });
        w.raw("\">");
    }
}
