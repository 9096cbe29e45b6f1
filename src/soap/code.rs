//! The fault codes of a CPE by name (TR-069 §A.5.1); what each is called in words is in the table of
//! `fault`.

/// The RPC is none of those that the box has.
pub const METHOD_NOT_SUPPORTED: u32 = 9000;
/// The box does not want to, as it is set up.
pub const REQUEST_DENIED: u32 = 9001;
/// The box could not do what is right to ask for.
pub const INTERNAL_ERROR: u32 = 9002;
/// What is asked is wrong as a whole; wrong parameters have their own faults within.
pub const INVALID_ARGUMENTS: u32 = 9003;
/// It would take more memory, flash or message than there is.
pub const RESOURCES_EXCEEDED: u32 = 9004;
/// There is no such parameter or object.
pub const INVALID_PARAMETER_NAME: u32 = 9005;
/// The value says another type than the parameter has.
pub const INVALID_PARAMETER_TYPE: u32 = 9006;
/// A value that the parameter cannot have.
pub const INVALID_PARAMETER_VALUE: u32 = 9007;
/// The ACS cannot set it, or must not.
pub const NON_WRITABLE_PARAMETER: u32 = 9008;
/// No active notification for this parameter.
pub const NOTIFICATION_REJECTED: u32 = 9009;

/// A download failed for none of the reasons that have a code, or was canceled.
pub const TRANSFER_FAILURE: u32 = 9010;
/// An upload failed, for whatever reason but the next one.
pub const UPLOAD_FAILURE: u32 = 9011;
/// The file server does not let the box in.
pub const SERVER_AUTHENTICATION: u32 = 9012;
/// The scheme of a URL is none that the box speaks.
pub const UNSUPPORTED_PROTOCOL: u32 = 9013;
pub(super) const MULTICAST_GROUP: u32 = 9014;
/// There is no talking to the file server.
pub const CANNOT_CONTACT_SERVER: u32 = 9015;
/// The file server does not give the file.
pub const CANNOT_ACCESS_FILE: u32 = 9016;
/// It gave only a part.
pub const INCOMPLETE_DOWNLOAD: u32 = 9017;
/// What came cannot be what was ordered.
pub const FILE_CORRUPTED: u32 = 9018;
/// The signature of the file is not good.
pub const FILE_AUTHENTICATION: u32 = 9019;
/// All time windows of a ScheduleDownload passed.
pub const OUT_OF_WINDOWS: u32 = 9020;
/// A transfer is past where it can be canceled.
pub const CANNOT_CANCEL: u32 = 9021;

/// Not as in RFC 4122, or none where there has to be one.
pub const INVALID_UUID: u32 = 9022;
/// There is no such execution environment.
pub const UNKNOWN_ENVIRONMENT: u32 = 9023;
pub(super) const DISABLED_ENVIRONMENT: u32 = 9024;
/// A deployment unit is not for this execution environment.
pub const ENVIRONMENT_MISMATCH: u32 = 9025;
/// The deployment unit is there already.
pub const DUPLICATE_UNIT: u32 = 9026;
/// There is no room for a deployment unit.
pub const SYSTEM_RESOURCES: u32 = 9027;
/// There is no such deployment unit.
pub const UNKNOWN_UNIT: u32 = 9028;
/// Not now: others need the unit, or it is being worked on.
pub const INVALID_UNIT_STATE: u32 = 9029;
/// An update to an older version, which is not allowed.
pub const DOWNGRADE: u32 = 9030;
pub(super) const VERSION_NOT_SPECIFIED: u32 = 9031;
/// An update to the version that is there.
pub const VERSION_EXISTS: u32 = 9032;
