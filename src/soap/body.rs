//! The one child of the SOAP Body: which method has which arguments, in the order of the schema.

use super::CwmpVersion;
use super::codec::{Content, Field};
use super::element::Element;
use super::error::BadArgument;
use super::message::*;
use super::structs::unpad;
use super::xml::Writer;

/// Namespace of the envelope (SOAP 1.1 §3).
pub(super) const SOAP_ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// One list for both ways and for the names, by who sends a message: methods with their arguments,
/// and methods whose arguments are a structure of their own.
///
/// The program is a CPE: arguments that only a CPE sends are not read by it, and those that only an
/// ACS sends not written. Who is `inside` plays both sides.
macro_rules! messages {
    ($(
        #[read($reads:meta), written($writes:meta)]
        arguments { $($name:ident { $($field:ident = $element:literal),* })* }
        structures { $($whole:ident)* }
    )*) => {
        impl Message {
            /// The name of the method as the standard spells it; `Fault` for a fault.
            pub fn name(&self) -> &str {
                match self {
                    $(
                        $(Self::$name { .. } => stringify!($name),)*
                        $(Self::$whole(_) => stringify!($whole),)*
                    )*
                    Self::Fault(_) => "Fault",
                    Self::Unknown { method } => method,
                }
            }

            /// The message of a method in CWMP's namespace, its arguments empty.
            fn of(method: &str) -> Self {
                match method {
                    $(
                        $(stringify!($name) => Self::$name { $($field: Default::default()),* },)*
                        $(stringify!($whole) => Self::$whole(Default::default()),)*
                    )*
                    _ => Self::Unknown { method: method.to_owned() },
                }
            }

            /// Reads the arguments.
            fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
                match self {
                    $(
                        $(#[cfg($reads)] Self::$name { $($field),* } => {
                            $($field.fill_from(node, $element)?;)*
                        })*
                        $(#[cfg($reads)] Self::$whole(content) => content.fill(node)?,)*
                    )*
                    _ => {}
                }
                Ok(())
            }

            /// Writes the arguments.
            fn write(&self, w: &mut Writer) {
                match self {
                    $(
                        $(#[cfg($writes)] Self::$name { $($field),* } => {
                            $($field.put(w, $element);)*
                        })*
                        $(#[cfg($writes)] Self::$whole(content) => content.write(w),)*
                    )*
                    _ => {}
                }
            }
        }
    };
}

messages! {
    // Either side
    #[read(all()), written(all())]
    arguments {
        GetRPCMethods {}
        GetRPCMethodsResponse { method_list = "MethodList" }
    }
    structures {}

    // The ACS
    #[read(all()), written(feature = "inside")]
    arguments {
        SetParameterValues { parameter_list = "ParameterList", parameter_key = "ParameterKey" }
        GetParameterValues { parameter_names = "ParameterNames" }
        GetParameterNames { parameter_path = "ParameterPath", next_level = "NextLevel" }
        SetParameterAttributes { parameter_list = "ParameterList" }
        GetParameterAttributes { parameter_names = "ParameterNames" }
        AddObject { object_name = "ObjectName", parameter_key = "ParameterKey" }
        DeleteObject { object_name = "ObjectName", parameter_key = "ParameterKey" }
        Reboot { command_key = "CommandKey" }
        FactoryReset {}
        ScheduleInform { delay_seconds = "DelaySeconds", command_key = "CommandKey" }
        CancelTransfer { command_key = "CommandKey" }
        GetQueuedTransfers {}
        GetAllQueuedTransfers {}
        ChangeDUState { operations = "Operations", command_key = "CommandKey" }
        InformResponse { max_envelopes = "MaxEnvelopes" }
        TransferCompleteResponse {}
        AutonomousTransferCompleteResponse {}
        RequestDownloadResponse {}
        DUStateChangeCompleteResponse {}
        AutonomousDUStateChangeCompleteResponse {}
        KickedResponse { next_url = "NextURL" }
    }
    structures {
        Download
        Upload
        ScheduleDownload
    }

    // The CPE
    #[read(feature = "inside"), written(all())]
    arguments {
        SetParameterValuesResponse { status = "Status" }
        GetParameterValuesResponse { parameter_list = "ParameterList" }
        GetParameterNamesResponse { parameter_list = "ParameterList" }
        SetParameterAttributesResponse {}
        GetParameterAttributesResponse { parameter_list = "ParameterList" }
        AddObjectResponse { instance_number = "InstanceNumber", status = "Status" }
        DeleteObjectResponse { status = "Status" }
        RebootResponse {}
        FactoryResetResponse {}
        ScheduleInformResponse {}
        ScheduleDownloadResponse {}
        CancelTransferResponse {}
        GetQueuedTransfersResponse { transfer_list = "TransferList" }
        GetAllQueuedTransfersResponse { transfer_list = "TransferList" }
        ChangeDUStateResponse {}
        RequestDownload { file_type = "FileType", file_type_arg = "FileTypeArg" }
        DUStateChangeComplete { results = "Results", command_key = "CommandKey" }
        AutonomousDUStateChangeComplete { results = "Results" }
        Kicked { command = "Command", referer = "Referer", arg = "Arg", next = "Next" }
    }
    structures {
        Inform
        DownloadResponse
        UploadResponse
        TransferComplete
        AutonomousTransferComplete
    }
}

/// Reads the child of the Body. A method without any namespace is CWMP's: Node-CWMP and perl-cwmp
/// forget its prefix.
pub(super) fn read(node: Element) -> Result<Message, Box<BadArgument>> {
    let name = node.name();
    let namespace = node.namespace();
    match namespace {
        Some(SOAP_ENVELOPE) if name == "Fault" => return read_fault(node).map(Message::Fault),
        Some(namespace) if CwmpVersion::from_namespace(namespace).is_some() => {}
        None => node.note("the method has no namespace, taken as CWMP's"),
        Some(_) => {
            let method = name.to_owned();
            return Ok(Message::Unknown { method });
        }
    }
    if name == "InformResponse" {
        return Ok(read_inform_response(node));
    }
    let mut message = Message::of(name);
    message.fill(node)?;
    for path in message.paths() {
        unpad(path, node);
    }
    Ok(message)
}

/// The one argument has no meaning any more (A.3.3.1); nor then has what is wrong with it.
fn read_inform_response(node: Element) -> Message {
    let mut max_envelopes = 1;
    if let Err(bad) = max_envelopes.fill_from(node, "MaxEnvelopes") {
        node.note(bad.to_string());
    }
    Message::InformResponse { max_envelopes }
}

/// A SOAP Fault. What is not CWMP's, or broken, is a fault all the same: code 0 and whatever text
/// there is.
fn read_fault(node: Element) -> Result<Fault, Box<BadArgument>> {
    let cwmp = match node.child("detail")? {
        Some(detail) => detail.child("Fault")?,
        None => None,
    };
    if let Some(Ok(fault)) = cwmp.map(Fault::read) {
        return Ok(fault);
    }
    let string = match node.child("faultstring")? {
        Some(string) => string.text()?.into_owned(),
        None => String::new(),
    };
    Ok(Fault::with(0, string))
}

impl Message {
    /// The paths of a request of the ACS that are arguments by themselves.
    fn paths(&mut self) -> impl Iterator<Item = &mut String> {
        let (one, many): (Option<&mut String>, &mut [String]) = match self {
            Self::GetParameterValues { parameter_names }
            | Self::GetParameterAttributes { parameter_names } => (None, parameter_names),
            Self::GetParameterNames { parameter_path, .. } => (Some(parameter_path), &mut []),
            Self::AddObject { object_name, .. } | Self::DeleteObject { object_name, .. } => {
                (Some(object_name), &mut [])
            }
            _ => (None, &mut []),
        };
        one.into_iter().chain(many)
    }
}

/// Writes the child of the Body.
pub(super) fn write(message: &Message, w: &mut Writer) {
    match message {
        Message::Fault(fault) => write_fault(w, fault),
        _ => {
            w.raw("<cwmp:");
            w.text(message.name());
            w.raw(">");
            message.write(w);
            w.raw("</cwmp:");
            w.text(message.name());
            w.raw(">");
        }
    }
}

/// `faultstring` is "CWMP fault" (§3.5, the text is fixed); only the fault of a foreign server, code
/// 0, has a text of its own and no detail.
fn write_fault(w: &mut Writer, fault: &Fault) {
    w.start("soap-env:Fault");
    w.element("faultcode", fault.faultcode());
    if fault.code == 0 {
        w.element("faultstring", &fault.string);
    } else {
        w.element("faultstring", "CWMP fault");
        w.start("detail");
        w.start("cwmp:Fault");
        fault.write(w);
        w.end("cwmp:Fault");
        w.end("detail");
    }
    w.end("soap-env:Fault");
}
