//! The messages as Rust values. Names and order of fields are the schema's.

use super::CwmpVersion;
use crate::base::secret::Secret;
use crate::base::xsd::XsdType;

/// One SOAP envelope: what one HTTP message carries (`MaxEnvelopes` is always 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The CWMP version whose namespace the envelope is in. On input 1.2 stands for 1.2 to 1.4.
    pub version: CwmpVersion,
    /// The header elements that CWMP defines.
    pub header: Header,
    /// The one child of the SOAP Body.
    pub body: Message,
}

/// Header elements (TR-069 §3.5, Table 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `cwmp:ID`, an opaque text that a response must echo exactly.
    pub id: Option<String>,
    /// `cwmp:HoldRequests`, ACS to CPE.
    pub hold_requests: bool,
    /// `cwmp:SessionTimeout` in seconds, CPE to ACS in Inform, CWMP ≥ 1.3.
    pub session_timeout: Option<u32>,
    /// `cwmp:SupportedCWMPVersions`, CPE to ACS in Inform, CWMP ≥ 1.4.
    pub supported_cwmp_versions: Vec<CwmpVersion>,
    /// `cwmp:UseCWMPVersion`, ACS to CPE in InformResponse, CWMP ≥ 1.4.
    pub use_cwmp_version: Option<CwmpVersion>,
}

/// A message: a request or response of either side, or a fault.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    missing_docs,
    reason = "each variant is the RPC of its name, TR-069 Annex A"
)]
pub enum Message {
    Fault(Fault),
    // Both sides
    GetRPCMethods,
    GetRPCMethodsResponse {
        method_list: Vec<String>,
    },
    // ACS to CPE
    SetParameterValues {
        parameter_list: Vec<ParameterValue>,
        parameter_key: String,
    },
    SetParameterValuesResponse {
        status: Status,
    },
    GetParameterValues {
        parameter_names: Vec<String>,
    },
    GetParameterValuesResponse {
        parameter_list: Vec<ParameterValue>,
    },
    GetParameterNames {
        parameter_path: String,
        next_level: bool,
    },
    GetParameterNamesResponse {
        parameter_list: Vec<ParameterInfo>,
    },
    SetParameterAttributes {
        parameter_list: Vec<SetParameterAttributes>,
    },
    SetParameterAttributesResponse,
    GetParameterAttributes {
        parameter_names: Vec<String>,
    },
    GetParameterAttributesResponse {
        parameter_list: Vec<ParameterAttributes>,
    },
    AddObject {
        object_name: String,
        parameter_key: String,
    },
    AddObjectResponse {
        instance_number: u32,
        status: Status,
    },
    DeleteObject {
        object_name: String,
        parameter_key: String,
    },
    DeleteObjectResponse {
        status: Status,
    },
    Reboot {
        command_key: String,
    },
    RebootResponse,
    FactoryReset,
    FactoryResetResponse,
    ScheduleInform {
        delay_seconds: u32,
        command_key: String,
    },
    ScheduleInformResponse,
    Download(Download),
    DownloadResponse(TransferResponse),
    Upload(Upload),
    UploadResponse(TransferResponse),
    ScheduleDownload(ScheduleDownload),
    ScheduleDownloadResponse,
    CancelTransfer {
        command_key: String,
    },
    CancelTransferResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse {
        transfer_list: Vec<QueuedTransfer>,
    },
    GetAllQueuedTransfers,
    GetAllQueuedTransfersResponse {
        transfer_list: Vec<AllQueuedTransfer>,
    },
    ChangeDUState {
        operations: Vec<DuOperation>,
        command_key: String,
    },
    ChangeDUStateResponse,
    // CPE to ACS
    Inform(Box<Inform>),
    InformResponse {
        max_envelopes: u32,
    },
    TransferComplete(TransferComplete),
    TransferCompleteResponse,
    AutonomousTransferComplete(AutonomousTransferComplete),
    AutonomousTransferCompleteResponse,
    RequestDownload {
        file_type: String,
        file_type_arg: Vec<(String, String)>,
    },
    RequestDownloadResponse,
    DUStateChangeComplete {
        results: Vec<DuResult>,
        command_key: String,
    },
    DUStateChangeCompleteResponse,
    AutonomousDUStateChangeComplete {
        results: Vec<AutonomousDuResult>,
    },
    AutonomousDUStateChangeCompleteResponse,
    Kicked {
        command: String,
        referer: String,
        arg: String,
        next: String,
    },
    KickedResponse {
        next_url: String,
    },
    /// A well-formed request whose method this side does not know (answered by fault 9000). To be
    /// written, the method must be an XML name.
    Unknown {
        method: String,
    },
}

/// `Status` of a response: whether the change is already in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Status {
    /// 0: validated and applied.
    #[default]
    Applied,
    /// 1: validated and committed, applied later (at the end of the session or after a reboot).
    Pending,
}

/// A parameter with its value (`ParameterValueStruct`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ParameterValue {
    /// Full path.
    pub name: String,
    /// Text of `Value`, as written.
    pub value: String,
    /// `xsi:type` of `Value`; on input `None` where it is absent, on output always there (`None` is
    /// written as string).
    pub xsi_type: Option<XsdType>,
}

/// What GetParameterNames tells of a parameter or object (`ParameterInfoStruct`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ParameterInfo {
    /// Full or partial path.
    pub name: String,
    /// See `GetParameterNamesResponse`, TR-069 A.3.2.3.
    pub writable: bool,
}

/// `SetParameterAttributesStruct`; a field that is not to be changed is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SetParameterAttributes {
    /// Full or partial path.
    pub name: String,
    /// `Notification`, where `NotificationChange` is true. Any number: the engine checks 0..=6.
    pub notification: Option<u32>,
    /// `AccessList`, where `AccessListChange` is true.
    pub access_list: Option<Vec<String>>,
}

/// What GetParameterAttributes tells of a parameter (`ParameterAttributeStruct`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ParameterAttributes {
    /// Full path.
    pub name: String,
    /// 0..=6.
    pub notification: u32,
    /// `Subscriber` or vendor-specific entities.
    pub access_list: Vec<String>,
}

/// Inform (A.3.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Inform {
    /// Who the box is.
    pub device_id: DeviceId,
    /// At most 64 events.
    pub event: Vec<EventStruct>,
    /// Always 1.
    pub max_envelopes: u32,
    /// `dateTime` with UTC offset.
    pub current_time: String,
    /// Failed attempts before this one.
    pub retry_count: u32,
    /// Forced and changed parameters.
    pub parameter_list: Vec<ParameterValue>,
}

/// `DeviceIdStruct`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeviceId {
    /// At most 64 characters.
    pub manufacturer: String,
    /// Six upper-case hex digits.
    pub oui: String,
    /// At most 64 characters, may be empty.
    pub product_class: String,
    /// At most 64 characters.
    pub serial_number: String,
}

/// `EventStruct`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EventStruct {
    /// E.g. `0 BOOTSTRAP`.
    pub event_code: String,
    /// At most 32 characters, mostly empty.
    pub command_key: String,
}

/// A fault of either side (A.5), as it stands in the detail of a SOAP Fault.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Fault {
    /// 8000..=8899 from an ACS, 9000..=9899 from a CPE; 0 where a foreign SOAP Fault has no CWMP detail.
    pub code: u32,
    /// Text for people.
    pub string: String,
    /// Per parameter, in the fault of SetParameterValues.
    pub parameters: Vec<SetParameterValuesFault>,
}

/// `SetParameterValuesFault`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SetParameterValuesFault {
    /// The offending parameter as the request named it.
    pub parameter_name: String,
    /// 9001..=9008.
    pub code: u32,
    /// Text for people.
    pub string: String,
}

/// Download (A.3.2.8).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the arguments of the standard")]
pub struct Download {
    pub command_key: String,
    pub file_type: String,
    pub url: String,
    pub username: String,
    pub password: Secret,
    /// Bytes; 0 = not known.
    pub file_size: u32,
    pub target_file_name: String,
    pub delay_seconds: u32,
    pub success_url: String,
    pub failure_url: String,
}

/// Upload (A.4.1.5).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the arguments of the standard")]
pub struct Upload {
    pub command_key: String,
    pub file_type: String,
    pub url: String,
    pub username: String,
    pub password: Secret,
    pub delay_seconds: u32,
}

/// DownloadResponse and UploadResponse.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TransferResponse {
    /// Applied: the transfer is complete; Pending: TransferComplete follows.
    pub status: Status,
    /// UTC, Unknown Time when pending.
    pub start_time: String,
    /// UTC, Unknown Time when pending.
    pub complete_time: String,
}

/// ScheduleDownload (A.4.1.8).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the arguments of the standard")]
pub struct ScheduleDownload {
    pub command_key: String,
    pub file_type: String,
    pub url: String,
    pub username: String,
    pub password: Secret,
    pub file_size: u32,
    pub target_file_name: String,
    /// One or two windows.
    pub time_window_list: Vec<TimeWindow>,
}

/// `TimeWindowStruct`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TimeWindow {
    /// Seconds from the receipt of the request.
    pub window_start: u32,
    /// Seconds from the receipt of the request.
    pub window_end: u32,
    /// `1 At Any Time` … `4 Confirmation Needed`, or vendor-specific.
    pub window_mode: String,
    /// Asked of the user in mode 4.
    pub user_message: String,
    /// -1: the CPE decides.
    pub max_retries: i32,
}

/// `QueuedTransferStruct` (deprecated GetQueuedTransfers).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct QueuedTransfer {
    /// Of the request.
    pub command_key: String,
    /// 1 not started, 2 in progress, 3 completed.
    pub state: u32,
}

/// `AllQueuedTransferStruct`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields of the standard")]
pub struct AllQueuedTransfer {
    pub command_key: String,
    pub state: u32,
    pub is_download: bool,
    pub file_type: String,
    pub file_size: u32,
    pub target_file_name: String,
}

/// `FaultStruct` of TransferComplete: code 0 is success.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TransferFault {
    /// 0, or a code the schema allows there (9013 is not).
    pub code: u32,
    /// Empty on success.
    pub string: String,
}

/// TransferComplete (A.3.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the arguments of the standard")]
pub struct TransferComplete {
    pub command_key: String,
    pub fault: TransferFault,
    pub start_time: String,
    pub complete_time: String,
}

/// AutonomousTransferComplete (A.3.3.3).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the arguments of the standard")]
pub struct AutonomousTransferComplete {
    pub announce_url: String,
    pub transfer_url: String,
    pub is_download: bool,
    pub file_type: String,
    pub file_size: u32,
    pub target_file_name: String,
    pub fault: TransferFault,
    pub start_time: String,
    pub complete_time: String,
}

/// One operation of ChangeDUState (A.4.1.10).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the arguments of the standard")]
pub enum DuOperation {
    Install {
        url: String,
        uuid: Option<String>,
        username: Option<String>,
        password: Option<Secret>,
        execution_env_ref: Option<String>,
    },
    Update {
        uuid: Option<String>,
        version: Option<String>,
        url: Option<String>,
        username: Option<String>,
        password: Option<Secret>,
    },
    Uninstall {
        uuid: String,
        version: Option<String>,
        execution_env_ref: Option<String>,
    },
}

/// One result of DUStateChangeComplete (A.4.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields of the standard")]
pub struct DuResult {
    pub uuid: String,
    pub deployment_unit_ref: String,
    pub version: String,
    /// `Installed`, `Uninstalled` or `Failed`.
    pub current_state: String,
    pub resolved: bool,
    pub execution_unit_ref_list: String,
    pub start_time: String,
    pub complete_time: String,
    pub fault: TransferFault,
}

/// One result of AutonomousDUStateChangeComplete (A.4.2.4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AutonomousDuResult {
    /// As if the ACS had ordered it.
    pub result: DuResult,
    /// `Install`, `Update` or `Uninstall`.
    pub operation_performed: String,
}
