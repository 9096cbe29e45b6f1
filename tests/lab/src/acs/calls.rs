//! The RPCs in short, for scripts that expect them to succeed.

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{
    Fault, Message, ParameterAttributes, ParameterInfo, ParameterValue, SetParameterAttributes,
    Status,
};

use super::Session;

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
