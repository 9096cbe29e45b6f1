//! What is written validates strictly against the official schemas, in every version that has it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cwmpd::base::secret::Secret;
use cwmpd::base::xsd::XsdType;
use cwmpd::soap::*;
use cwmpd_lab::shared;
use roxmltree::Document;

const ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";
const UUID: &str = "00000000-0000-5000-8000-000000000001";
const TIME: &str = "2026-01-02T03:04:05Z";

fn text(text: &str) -> String {
    text.to_owned()
}

fn value(name: &str, xsi_type: XsdType, value: &str) -> ParameterValue {
    ParameterValue {
        name: text(name),
        value: text(value),
        xsi_type: Some(xsi_type),
    }
}

fn values() -> Vec<ParameterValue> {
    vec![
        value(
            "Device.A",
            XsdType::String,
            "a <b> & ]]> \"c\" \u{1} \r\n ü",
        ),
        value("Device.B", XsdType::Int, "-1"),
        value("Device.C", XsdType::UnsignedInt, "1"),
        value("Device.D", XsdType::Long, "-9223372036854775808"),
        value("Device.E", XsdType::UnsignedLong, "18446744073709551615"),
        value("Device.F", XsdType::Boolean, "true"),
        value("Device.G", XsdType::DateTime, "0001-01-01T00:00:00Z"),
        value("Device.H", XsdType::Base64, "AAEC"),
        value("Device.I", XsdType::HexBinary, "00D09E"),
    ]
}

fn inform() -> Message {
    Message::Inform(Box::new(Inform {
        device_id: DeviceId {
            manufacturer: text("A & B"),
            oui: text("00D09E"),
            product_class: text(""),
            serial_number: text("123"),
        },
        event: ["0 BOOTSTRAP", "1 BOOT", "M Reboot"]
            .map(|code| EventStruct {
                event_code: text(code),
                command_key: text("<key>"),
            })
            .to_vec(),
        max_envelopes: 1,
        current_time: text("2026-01-02T03:04:05+02:00"),
        retry_count: 0,
        parameter_list: values(),
    }))
}

fn fault(code: u32) -> Message {
    Message::Fault(Fault {
        parameters: vec![SetParameterValuesFault {
            parameter_name: text("Device.<X>"),
            code: 9007,
            string: text("Invalid parameter value"),
        }],
        ..Fault::new(code)
    })
}

fn transfer_response() -> TransferResponse {
    TransferResponse {
        status: Status::Pending,
        start_time: text("0001-01-01T00:00:00Z"),
        complete_time: text("0001-01-01T00:00:00Z"),
    }
}

/// Both ways, the messages of all versions.
fn since_1_0() -> Vec<Message> {
    vec![
        fault(9003),
        fault(9018),
        fault(9800),
        Message::Fault(Fault::with(0, "foreign")),
        inform(),
        Message::InformResponse { max_envelopes: 1 },
        Message::GetRPCMethods,
        Message::GetRPCMethodsResponse {
            method_list: vec![text("GetRPCMethods"), text("Reboot")],
        },
        Message::SetParameterValues {
            parameter_list: values(),
            parameter_key: text("key"),
        },
        Message::SetParameterValuesResponse {
            status: Status::Pending,
        },
        Message::GetParameterValues {
            parameter_names: vec![text("Device.")],
        },
        Message::GetParameterValuesResponse {
            parameter_list: values(),
        },
        Message::GetParameterValuesResponse {
            parameter_list: Vec::new(),
        },
        Message::GetParameterNames {
            parameter_path: text(""),
            next_level: true,
        },
        Message::GetParameterNamesResponse {
            parameter_list: (0..12)
                .map(|i| ParameterInfo {
                    name: format!("Device.{i}."),
                    writable: i % 2 == 0,
                })
                .collect(),
        },
        Message::SetParameterAttributes {
            parameter_list: vec![
                SetParameterAttributes {
                    name: text("Device."),
                    notification: Some(2),
                    access_list: Some(vec![text("Subscriber")]),
                },
                SetParameterAttributes {
                    name: text("Device."),
                    notification: None,
                    access_list: None,
                },
            ],
        },
        Message::SetParameterAttributesResponse,
        Message::GetParameterAttributes {
            parameter_names: vec![text("Device.")],
        },
        Message::GetParameterAttributesResponse {
            parameter_list: vec![ParameterAttributes {
                name: text("Device.A"),
                notification: 1,
                access_list: vec![text("Subscriber")],
            }],
        },
        Message::AddObject {
            object_name: text("Device.T."),
            parameter_key: text(""),
        },
        Message::AddObjectResponse {
            instance_number: 1,
            status: Status::Applied,
        },
        Message::DeleteObject {
            object_name: text("Device.T.1."),
            parameter_key: text(""),
        },
        Message::DeleteObjectResponse {
            status: Status::Applied,
        },
        Message::Reboot {
            command_key: text("k"),
        },
        Message::RebootResponse,
        Message::FactoryReset,
        Message::FactoryResetResponse,
        Message::ScheduleInform {
            delay_seconds: 5,
            command_key: text("k"),
        },
        Message::ScheduleInformResponse,
        Message::Download(Download {
            file_type: text("1 Firmware Upgrade Image"),
            url: text("http://h/?a=1&b=2"),
            password: Secret::new("p<w"),
            ..Download::default()
        }),
        Message::DownloadResponse(transfer_response()),
        Message::Upload(Upload {
            file_type: text("1 Vendor Configuration File"),
            url: text("http://h/"),
            ..Upload::default()
        }),
        Message::UploadResponse(transfer_response()),
        Message::GetQueuedTransfers,
        Message::GetQueuedTransfersResponse {
            transfer_list: vec![QueuedTransfer {
                command_key: text("k"),
                state: 1,
            }],
        },
        transfer_complete(0),
        transfer_complete(9016),
        Message::TransferCompleteResponse,
        Message::RequestDownload {
            file_type: text("2 Web Content"),
            file_type_arg: vec![(text("Version"), text("1"))],
        },
        Message::RequestDownloadResponse,
        Message::Kicked {
            command: text("c"),
            referer: text("r"),
            arg: text("a"),
            next: text("n"),
        },
        Message::KickedResponse {
            next_url: text("http://h/"),
        },
    ]
}

/// With the standard's text; 0 is success, which has none.
fn transfer_fault(code: u32) -> TransferFault {
    let string = match code {
        0 => String::new(),
        _ => fault_string(code).to_owned(),
    };
    TransferFault { code, string }
}

fn transfer_complete(code: u32) -> Message {
    Message::TransferComplete(TransferComplete {
        command_key: text("k"),
        fault: transfer_fault(code),
        start_time: text(TIME),
        complete_time: text(TIME),
    })
}

fn since_1_1() -> Vec<Message> {
    vec![
        Message::GetAllQueuedTransfers,
        Message::GetAllQueuedTransfersResponse {
            transfer_list: vec![AllQueuedTransfer {
                command_key: text("k"),
                state: 3,
                is_download: true,
                file_type: text("1 Firmware Upgrade Image"),
                file_size: 1,
                target_file_name: text("f"),
            }],
        },
        Message::AutonomousTransferComplete(AutonomousTransferComplete {
            transfer_url: text("http://h/"),
            file_type: text("1 Firmware Upgrade Image"),
            start_time: text(TIME),
            complete_time: text(TIME),
            ..AutonomousTransferComplete::default()
        }),
        Message::AutonomousTransferCompleteResponse,
    ]
}

fn du_result(code: u32) -> DuResult {
    DuResult {
        uuid: text(UUID),
        deployment_unit_ref: text(""),
        version: text("1"),
        current_state: text("Failed"),
        resolved: false,
        execution_unit_ref_list: text(""),
        start_time: text(TIME),
        complete_time: text(TIME),
        fault: transfer_fault(code),
    }
}

fn since_1_2() -> Vec<Message> {
    vec![
        Message::ScheduleDownload(ScheduleDownload {
            file_type: text("1 Firmware Upgrade Image"),
            time_window_list: vec![TimeWindow {
                window_start: 0,
                window_end: 60,
                window_mode: text("1 At Any Time"),
                user_message: text(""),
                max_retries: -1,
            }],
            ..ScheduleDownload::default()
        }),
        Message::ScheduleDownloadResponse,
        Message::CancelTransfer {
            command_key: text("k"),
        },
        Message::CancelTransferResponse,
        Message::ChangeDUState {
            operations: vec![
                DuOperation::Install {
                    url: text("http://h/x.ipk"),
                    uuid: Some(text(UUID)),
                    username: Some(text("u")),
                    password: Some(Secret::new("p")),
                    execution_env_ref: None,
                },
                DuOperation::Update {
                    uuid: Some(text(UUID)),
                    version: Some(text("1")),
                    url: Some(text("http://h/")),
                    username: None,
                    password: None,
                },
                DuOperation::Uninstall {
                    uuid: text(UUID),
                    version: Some(text("1")),
                    execution_env_ref: Some(text("Device.E.1.")),
                },
            ],
            command_key: text("k"),
        },
        Message::ChangeDUStateResponse,
        Message::DUStateChangeComplete {
            results: [0, 9026].map(du_result).to_vec(),
            command_key: text("k"),
        },
        Message::DUStateChangeCompleteResponse,
        Message::AutonomousDUStateChangeComplete {
            results: vec![AutonomousDuResult {
                result: du_result(0),
                operation_performed: text("Install"),
            }],
        },
        Message::AutonomousDUStateChangeCompleteResponse,
        fault(9021),
        transfer_complete(9020),
    ]
}

fn messages(version: CwmpVersion) -> Vec<Message> {
    let mut all = since_1_0();
    if version >= CwmpVersion::V1_1 {
        all.extend(since_1_1());
    }
    if version >= CwmpVersion::V1_2 {
        all.extend(since_1_2());
    }
    all
}

/// Everything we can write in a version.
fn envelopes(version: CwmpVersion) -> Vec<String> {
    let header = Header {
        id: Some(text("<1>")),
        hold_requests: true,
        session_timeout: Some(60),
        supported_cwmp_versions: CwmpVersion::ALL.to_vec(),
        use_cwmp_version: Some(CwmpVersion::V1_4),
    };
    let mut all: Vec<_> = messages(version)
        .into_iter()
        .map(|body| {
            Envelope {
                version,
                header: header.clone(),
                body,
            }
            .emit()
        })
        .collect();
    all.push(must_understand_fault(version, &Header::default()));
    all
}

#[test]
fn every_message_validates_strictly_in_every_version_that_has_it() {
    let Some(schemas) = shared::find("spec/xsd") else {
        return;
    };
    if Command::new("xmllint").arg("--version").output().is_err() {
        shared::skip("xmllint is absent (Debian: libxml2-utils)");
        return;
    }
    for version in CwmpVersion::ALL {
        let minor = version.as_str().replace("1.", "");
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("soap-schema-{minor}"));
        fs::create_dir_all(&folder).unwrap();
        let files = envelopes(version)
            .into_iter()
            .enumerate()
            .map(|(i, envelope)| {
                let file = folder.join(format!("{i}.xml"));
                fs::write(&file, envelope).unwrap();
                file
            });
        let output = Command::new("xmllint")
            .env("XML_CATALOG_FILES", schemas.join("catalog-strict.xml"))
            .args(["--nonet", "--noout", "--schema"])
            .arg(schemas.join(format!("cwmp-env-1-{minor}.xsd")))
            .args(files)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "CWMP {version}: {}",
            String::from_utf8_lossy(&output.stderr)
                .lines()
                .filter(|line| !line.ends_with(" validates"))
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
}

#[test]
fn the_array_type_names_and_counts_the_members() {
    let mut arrays = 0;
    for envelope in envelopes(CwmpVersion::V1_4) {
        let document = Document::parse(&envelope).unwrap();
        for array in document.descendants() {
            let Some(array_type) = array.attribute((ENCODING, "arrayType")) else {
                continue;
            };
            arrays += 1;
            let (member, count) = array_type
                .strip_suffix(']')
                .unwrap()
                .split_once('[')
                .unwrap();
            let (prefix, member) = member.split_once(':').unwrap();
            assert_eq!(prefix, if member == "string" { "xsd" } else { "cwmp" });
            assert_eq!(array.children().count().to_string(), count, "{array_type}");
            assert!(
                array.children().all(|m| m.has_tag_name(member)),
                "{array_type}"
            );
        }
    }
    assert_eq!(arrays, 18);
}
