//! The RPCs in short, for scripts that expect them to succeed.

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{
    AllQueuedTransfer, Download, Fault, Message, ParameterAttributes, ParameterInfo,
    ParameterValue, SetParameterAttributes, Status, TransferComplete, TransferResponse, Upload,
};

use super::{ScriptedAcs, Session};

/// What stands for a time that is not known (A.2.1).
pub const UNKNOWN_TIME: &str = "0001-01-01T00:00:00Z";

/// Unpacks the answer to a call, or says what came in its place.
macro_rules! expect {
    ($answer:expr, $pattern:pat => $result:expr) => {
        match $answer {
            $pattern => $result,
            other => panic!("expected {}; got {other:?}", stringify!($pattern)),
        }
    };
}

impl Session<'_> {
    /// GetRPCMethods.
    #[track_caller]
    pub fn methods(&mut self) -> Vec<String> {
        expect!(self.call(Message::GetRPCMethods),
            Message::GetRPCMethodsResponse { method_list } => method_list)
    }

    /// GetParameterNames.
    #[track_caller]
    pub fn names(&mut self, path: &str, next_level: bool) -> Vec<ParameterInfo> {
        let call = Message::GetParameterNames {
            parameter_path: path.into(),
            next_level,
        };
        expect!(self.call(call),
            Message::GetParameterNamesResponse { parameter_list } => parameter_list)
    }

    /// GetParameterValues.
    #[track_caller]
    pub fn get(&mut self, paths: &[&str]) -> Vec<ParameterValue> {
        expect!(self.call(Message::GetParameterValues { parameter_names: strings(paths) }),
            Message::GetParameterValuesResponse { parameter_list } => parameter_list)
    }

    /// GetParameterValues of one parameter.
    #[track_caller]
    pub fn value(&mut self, path: &str) -> String {
        let mut values = self.get(&[path]);
        match (values.pop(), values.len()) {
            (Some(value), 0) => value.value,
            (_, more) => panic!("expected one value of {path}; got {} more or none", more),
        }
    }

    /// SetParameterValues.
    #[track_caller]
    pub fn set(&mut self, values: &[(&str, XsdType, &str)], parameter_key: &str) -> Status {
        expect!(self.call(set_parameter_values(values, parameter_key)),
            Message::SetParameterValuesResponse { status } => status)
    }

    /// SetParameterValues that has to be refused.
    #[track_caller]
    pub fn set_refused(&mut self, values: &[(&str, XsdType, &str)], parameter_key: &str) -> Fault {
        self.refused(set_parameter_values(values, parameter_key))
    }

    /// A call that has to be answered by a fault.
    #[track_caller]
    pub fn refused(&mut self, message: Message) -> Fault {
        expect!(self.call(message), Message::Fault(fault) => fault)
    }

    /// GetParameterAttributes.
    #[track_caller]
    pub fn attributes(&mut self, paths: &[&str]) -> Vec<ParameterAttributes> {
        expect!(self.call(Message::GetParameterAttributes { parameter_names: strings(paths) }),
            Message::GetParameterAttributesResponse { parameter_list } => parameter_list)
    }

    /// SetParameterAttributes, the notification of one path.
    #[track_caller]
    pub fn notify(&mut self, path: &str, notification: u32) {
        let change = SetParameterAttributes {
            name: path.into(),
            notification: Some(notification),
            access_list: None,
        };
        let call = Message::SetParameterAttributes {
            parameter_list: vec![change],
        };
        expect!(self.call(call), Message::SetParameterAttributesResponse => ());
    }

    /// AddObject.
    #[track_caller]
    pub fn add(&mut self, table: &str, parameter_key: &str) -> (u32, Status) {
        let call = Message::AddObject {
            object_name: table.into(),
            parameter_key: parameter_key.into(),
        };
        expect!(self.call(call),
            Message::AddObjectResponse { instance_number, status } => (instance_number, status))
    }

    /// DeleteObject.
    #[track_caller]
    pub fn delete(&mut self, instance: &str, parameter_key: &str) -> Status {
        let call = Message::DeleteObject {
            object_name: instance.into(),
            parameter_key: parameter_key.into(),
        };
        expect!(self.call(call), Message::DeleteObjectResponse { status } => status)
    }

    /// Download, or Upload: the box has it before it, and will tell how it ended.
    #[track_caller]
    pub fn transfer(&mut self, call: Message) {
        let response = expect!(self.call(call),
            Message::DownloadResponse(response) | Message::UploadResponse(response) => response);
        let pending = TransferResponse {
            status: Status::Pending,
            start_time: UNKNOWN_TIME.to_owned(),
            complete_time: UNKNOWN_TIME.to_owned(),
        };
        assert_eq!(response, pending);
    }

    /// The TransferComplete that comes now, answered.
    #[track_caller]
    pub fn transfer_complete(&mut self) -> TransferComplete {
        let complete = expect!(self.receive_request(),
            Message::TransferComplete(complete) => complete);
        self.respond(Message::TransferCompleteResponse);
        complete
    }

    /// GetAllQueuedTransfers.
    #[track_caller]
    pub fn queued(&mut self) -> Vec<AllQueuedTransfer> {
        expect!(self.call(Message::GetAllQueuedTransfers),
            Message::GetAllQueuedTransfersResponse { transfer_list } => transfer_list)
    }

    /// CancelTransfer.
    #[track_caller]
    pub fn cancel(&mut self, command_key: &str) {
        let command_key = command_key.to_owned();
        expect!(self.call(Message::CancelTransfer { command_key }),
            Message::CancelTransferResponse => ());
    }
}

impl ScriptedAcs {
    /// Plays the session that tells how one transfer ended: its events, each with its key where there
    /// is one, and the completion.
    #[track_caller]
    pub fn completion(&self) -> (Vec<String>, TransferComplete) {
        self.session(|s| {
            let events = s.inform().event.into_iter().map(|event| {
                let words = [event.event_code, event.command_key];
                words.join(" ").trim_end().to_owned()
            });
            let events = events.collect();
            let complete = s.transfer_complete();
            s.end();
            (events, complete)
        })
    }
}

/// Download of a file of which the ACS knows no more than its type and where it is.
pub fn download(command_key: &str, file_type: &str, url: &str) -> Message {
    Message::Download(Download {
        command_key: command_key.into(),
        file_type: file_type.into(),
        url: url.into(),
        ..Download::default()
    })
}

/// Upload of a file to a server that lets everybody in.
pub fn upload(command_key: &str, file_type: &str, url: &str) -> Message {
    Message::Upload(Upload {
        command_key: command_key.into(),
        file_type: file_type.into(),
        url: url.into(),
        ..Upload::default()
    })
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

/// SetParameterValues of these values.
pub fn set_parameter_values(values: &[(&str, XsdType, &str)], parameter_key: &str) -> Message {
    let value = |&(name, xsi_type, value): &(&str, XsdType, &str)| ParameterValue {
        name: name.into(),
        value: value.into(),
        xsi_type: Some(xsi_type),
    };
    Message::SetParameterValues {
        parameter_list: values.iter().map(value).collect(),
        parameter_key: parameter_key.into(),
    }
}
