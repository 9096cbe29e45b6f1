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
            fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
                $(self.$field.fill_from(node, $element)?;)*
                Ok(())
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

/// A path has no place for white space: what stands around it is layout.
pub(super) fn unpad(path: &mut String, parent: Element) {
    let trimmed = path.trim_ascii();
    if trimmed.len() < path.len() {
        parent.note("a path has white space around it, which is left out");
        *path = trimmed.to_owned();
    }
}

impl Content for ParameterValue {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        let value = node.child("Value")?;
        let value = value.ok_or_else(|| BadArgument::new("Value", "is missing"))?;
        let xsi_type = value
            .xsi_type()
            .filter(|name| !matches!(*name, "" | ANY_TYPE));
        if xsi_type.is_none() {
            value.note("Value has no xsi:type, taken as the type of its parameter");
        }
        self.name.fill_from(node, "Name")?;
        unpad(&mut self.name, node);
        self.value.fill(value)?;
        self.xsi_type =
            xsi_type.map(|name| XsdType::from_local_name(name).unwrap_or(XsdType::Other));
        Ok(())
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
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        let notification = is_to_change(node, "NotificationChange", "Notification")?;
        let access_list = is_to_change(node, "AccessListChange", "AccessList")?;
        self.name.fill_from(node, "Name")?;
        unpad(&mut self.name, node);
        if notification {
            self.notification
                .insert(0)
                .fill_from(node, "Notification")?;
        }
        if access_list {
            let list = self.access_list.insert(Vec::new());
            list.fill_from(node, "AccessList")?;
        }
        Ok(())
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
        (Some(change), _) => bool::read(change),
        (None, Some(_)) => Err(BadArgument::new(change, "is missing")),
    }
}

/// `ArgStruct` of a RequestDownload.
impl Content for (String, String) {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        self.0.fill_from(node, "Name")?;
        self.1.fill_from(node, "Value")
    }

    fn write(&self, w: &mut Writer) {
        self.0.put(w, "Name");
        self.1.put(w, "Value");
    }
}

/// A text that may be missing, which is the same as empty.
fn optional_text(node: Element, name: &str) -> Result<String, Box<BadArgument>> {
    node.child(name)?.map_or(Ok(String::new()), Content::read)
}

impl Content for TransferFault {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        self.code.fill_from(node, "FaultCode")?;
        self.string = optional_text(node, "FaultString")?;
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        code_in(w.version(), self.code).put(w, "FaultCode");
        self.string.put(w, "FaultString");
    }
}

impl Content for SetParameterValuesFault {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        self.parameter_name.fill_from(node, "ParameterName")?;
        self.code.fill_from(node, "FaultCode")?;
        self.string = optional_text(node, "FaultString")?;
        Ok(())
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
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        self.code.fill_from(node, "FaultCode")?;
        self.string = optional_text(node, "FaultString")?;
        self.parameters.fill_from(node, "SetParameterValuesFault")
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

impl Content for AutonomousDuResult {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        self.result.fill(node)?;
        self.operation_performed
            .fill_from(node, "OperationPerformed")
    }

    fn write(&self, w: &mut Writer) {
        self.result.write(w);
        self.operation_performed.put(w, "OperationPerformed");
    }
}

impl Item for AutonomousDuResult {
    const ARRAY: Option<(&'static str, &'static str)> = None;
}

/// The operations, by the `xsi:type` of each, and their arguments.
macro_rules! operations {
    ($($name:ident = $xsi_type:literal { $($field:ident = $element:literal),* })*) => {
        /// `Operations`: its `xsi:type` says which operation it is.
        impl Content for DuOperation {
            fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
                *self = match node.xsi_type() {
                    $(Some($xsi_type) => Self::$name { $($field: Default::default()),* },)*
                    _ => return Err(node.bad("has no xsi:type that names an operation")),
                };
                match self {
                    $(Self::$name { $($field),* } => { $($field.fill_from(node, $element)?;)* })*
                }
                Ok(())
            }

            fn write(&self, w: &mut Writer) {
                match self {
                    $(Self::$name { $($field),* } => { $($field.put(w, $element);)* })*
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
                    $(Self::$name { .. } => $xsi_type,)*
                });
                w.raw("\">");
            }
        }
    };
}

operations! {
    Install = "InstallOpStruct" {
        url = "URL",
        uuid = "UUID",
        username = "Username",
        password = "Password",
        execution_env_ref = "ExecutionEnvRef"
    }
    Update = "UpdateOpStruct" {
        uuid = "UUID",
        version = "Version",
        url = "URL",
        username = "Username",
        password = "Password"
    }
    Uninstall = "UninstallOpStruct" {
        uuid = "UUID",
        version = "Version",
        execution_env_ref = "ExecutionEnvRef"
    }
}

/// What an operation is before it is read.
impl Default for DuOperation {
    fn default() -> Self {
        Self::Uninstall {
            uuid: String::new(),
            version: None,
            execution_env_ref: None,
        }
    }
}
