//! What is written is read by an independent implementation, the crate `cwmp`.
//!
//! Not asked of it: the messages about deployment units, which it expects in another shape than the
//! schema's, and the parameters of a fault, which it does not read.

use cwmp::protocol as peer;
use cwmpd::base::xsd::XsdType;
use cwmpd::soap::*;

const TIME: &str = "2026-01-02T03:04:05Z";

fn text(text: &str) -> String {
    text.to_owned()
}

/// Sends a message over and compares what arrived.
fn arrives(message: Message, expected: peer::BodyElement) {
    for version in CwmpVersion::ALL {
        let sent = Envelope {
            version,
            header: Header {
                id: Some(text("a<1>")),
                ..Header::default()
            },
            body: message.clone(),
        };
        let (_, minor) = version.namespace().rsplit_once('-').unwrap();
        assert_eq!(
            cwmp::parse(sent.emit()).unwrap(),
            peer::Envelope::new(
                Some(peer::CwmpVersion::new(1, minor.parse().unwrap())),
                vec![peer::HeaderElement::ID(peer::ID::new(true, text("a<1>")))],
                vec![expected.clone()],
            )
        );
    }
}

fn values() -> Vec<ParameterValue> {
    vec![
        ParameterValue {
            name: text("Device.A"),
            value: text("a <b> & ]]> ü"),
            xsi_type: Some(XsdType::String),
        },
        ParameterValue {
            name: text("Device.B"),
            value: text("17"),
            xsi_type: Some(XsdType::UnsignedInt),
        },
    ]
}

fn peer_values() -> Vec<peer::ParameterValue> {
    vec![
        peer::ParameterValue::new(text("Device.A"), text("xsd:string"), text("a <b> & ]]> ü")),
        peer::ParameterValue::new(text("Device.B"), text("xsd:unsignedInt"), text("17")),
    ]
}

#[test]
fn an_inform_arrives() {
    let inform = Inform {
        device_id: DeviceId {
            manufacturer: text("M & Co"),
            oui: text("00D09E"),
            product_class: text("Box"),
            serial_number: text("1"),
        },
        event: vec![EventStruct {
            event_code: text("M Reboot"),
            command_key: text("<k>"),
        }],
        max_envelopes: 1,
        current_time: text(TIME),
        retry_count: 3,
        parameter_list: values(),
    };
    arrives(
        Message::Inform(Box::new(inform)),
        peer::BodyElement::Inform(peer::Inform::new(
            peer::DeviceId::new(text("M & Co"), text("00D09E"), text("Box"), text("1")),
            vec![peer::EventStruct::new(text("M Reboot"), text("<k>"))],
            1,
            TIME.parse().unwrap(),
            3,
            peer_values(),
        )),
    );
}

#[test]
fn the_header_of_an_inform_arrives() {
    let sent = Envelope {
        version: CwmpVersion::V1_4,
        header: Header {
            session_timeout: Some(60),
            supported_cwmp_versions: CwmpVersion::ALL.to_vec(),
            ..Header::default()
        },
        body: Message::GetRPCMethods,
    };
    let versions = text("1.0,1.1,1.2,1.3,1.4");
    assert_eq!(
        cwmp::parse(sent.emit()).unwrap(),
        peer::Envelope::new(
            Some(peer::CwmpVersion::new(1, 2)),
            vec![
                peer::HeaderElement::SessionTimeout(peer::SessionTimeout::new(false, 60)),
                peer::HeaderElement::SupportedCWMPVersions(peer::SupportedCWMPVersions::new(
                    false, versions
                )),
            ],
            vec![peer::BodyElement::GetRPCMethods(peer::GetRPCMethods {})],
        )
    );
}

#[test]
fn responses_about_parameters_arrive() {
    arrives(
        Message::GetParameterValuesResponse {
            parameter_list: values(),
        },
        peer::BodyElement::GetParameterValuesResponse(peer::GetParameterValuesResponse::new(
            peer_values(),
        )),
    );
    arrives(
        Message::GetParameterNamesResponse {
            parameter_list: vec![ParameterInfo {
                name: text("Device.T."),
                writable: true,
            }],
        },
        peer::BodyElement::GetParameterNamesResponse(peer::GetParameterNamesResponse::new(vec![
            peer::ParameterInfoStruct::new(text("Device.T."), 1),
        ])),
    );
    arrives(
        Message::GetParameterAttributesResponse {
            parameter_list: vec![ParameterAttributes {
                name: text("Device.A"),
                notification: 2,
                access_list: vec![text("Subscriber")],
            }],
        },
        peer::BodyElement::GetParameterAttributesResponse(
            peer::GetParameterAttributesResponse::new(vec![peer::ParameterAttribute::new(
                text("Device.A"),
                text("2"),
                vec![text("Subscriber")],
            )]),
        ),
    );
    arrives(
        Message::SetParameterValuesResponse {
            status: Status::Pending,
        },
        peer::BodyElement::SetParameterValuesResponse(peer::SetParameterValuesResponse::new(1)),
    );
    arrives(
        Message::AddObjectResponse {
            instance_number: 7,
            status: Status::Applied,
        },
        peer::BodyElement::AddObjectResponse(peer::AddObjectResponse::new(7, text("0"))),
    );
    arrives(
        Message::DeleteObjectResponse {
            status: Status::Pending,
        },
        peer::BodyElement::DeleteObjectResponse(peer::DeleteObjectResponse::new(text("1"))),
    );
    arrives(
        Message::GetRPCMethodsResponse {
            method_list: vec![text("Reboot"), text("Download")],
        },
        peer::BodyElement::GetRPCMethodsResponse(peer::GetRPCMethodsResponse::new(vec![
            text("Reboot"),
            text("Download"),
        ])),
    );
}

#[test]
fn responses_and_reports_about_transfers_arrive() {
    arrives(
        Message::DownloadResponse(TransferResponse {
            status: Status::Pending,
            start_time: text(TIME),
            complete_time: text(TIME),
        }),
        peer::BodyElement::DownloadResponse(peer::DownloadResponse::new(
            text("1"),
            TIME.parse().unwrap(),
            TIME.parse().unwrap(),
        )),
    );
    arrives(
        Message::TransferComplete(TransferComplete {
            command_key: text("k"),
            fault: TransferFault {
                code: 9010,
                string: text("File transfer failure"),
            },
            start_time: text(TIME),
            complete_time: text(TIME),
        }),
        peer::BodyElement::TransferComplete(peer::TransferComplete::new(
            text("k"),
            peer::FaultStruct::new(9010, text("File transfer failure")),
            TIME.parse().ok(),
            TIME.parse().ok(),
        )),
    );
    arrives(
        Message::GetAllQueuedTransfersResponse {
            transfer_list: vec![AllQueuedTransfer {
                command_key: text("k"),
                state: 2,
                is_download: true,
                file_type: text("1 Firmware Upgrade Image"),
                file_size: 9,
                target_file_name: text("f"),
            }],
        },
        peer::BodyElement::GetAllQueuedTransfersResponse(peer::GetAllQueuedTransfersResponse::new(
            vec![peer::AllQueuedTransfers::new(
                text("k"),
                text("2"),
                1,
                text("1 Firmware Upgrade Image"),
                9,
                text("f"),
            )],
        )),
    );
}

#[test]
fn a_fault_arrives() {
    arrives(
        Message::Fault(Fault::new(9005)),
        peer::BodyElement::Fault(peer::Fault::new(
            text("Client"),
            text("CWMP fault"),
            9005,
            text("Invalid parameter name"),
        )),
    );
}

#[test]
fn requests_of_a_server_arrive() {
    arrives(
        Message::GetParameterNames {
            parameter_path: text("Device."),
            next_level: true,
        },
        peer::BodyElement::GetParameterNames(peer::GetParameterNames::new(text("Device."), 1)),
    );
    arrives(
        Message::GetParameterValues {
            parameter_names: vec![text("Device.")],
        },
        peer::BodyElement::GetParameterValues(peer::GetParameterValues::new(vec![text("Device.")])),
    );
    arrives(
        Message::SetParameterValues {
            parameter_list: values(),
            parameter_key: text("key"),
        },
        peer::BodyElement::SetParameterValues(peer::SetParameterValues::new(
            Some(text("key")),
            peer_values(),
        )),
    );
    arrives(
        Message::InformResponse { max_envelopes: 1 },
        peer::BodyElement::InformResponse(peer::InformResponse::new(1)),
    );
}
