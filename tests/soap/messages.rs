//! Every message with any content, for the property tests of the SOAP room.

use cwmpd::base::secret::Secret;
use cwmpd::base::xsd::XsdType;
use cwmpd::soap::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Any text that XML can carry, with what is awkward in it more often than chance has it.
pub fn text() -> impl Strategy<Value = String> {
    let awkward = prop_oneof![
        Just('&'),
        Just('<'),
        Just('>'),
        Just(']'),
        Just('"'),
        Just('\''),
        Just('\r'),
        Just('\n'),
        Just('\t'),
        Just(' '),
        Just('\u{85}'),
        Just('\u{2028}'),
        Just('\u{feff}'),
        Just('\u{10ffff}'),
    ];
    let character = prop_oneof![awkward, any::<char>()].prop_filter("XML 1.0 §2.2", |c| {
        *c >= ' ' && !matches!(*c, '\u{fffe}' | '\u{ffff}') || "\t\r\n".contains(*c)
    });
    prop_oneof![
        "[A-Za-z.0-9]{0,20}".boxed(),
        vec(character, 0..12).prop_map(String::from_iter).boxed(),
        "[ -~]{200,300}".boxed(),
    ]
}

fn secret() -> impl Strategy<Value = Secret> {
    text().prop_map(Secret::new)
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Applied), Just(Status::Pending)]
}

pub fn version() -> impl Strategy<Value = CwmpVersion> {
    (0..CwmpVersion::ALL.len()).prop_map(|i| CwmpVersion::ALL[i])
}

fn xsd_type() -> impl Strategy<Value = XsdType> {
    prop_oneof![
        Just(XsdType::String),
        Just(XsdType::Int),
        Just(XsdType::UnsignedInt),
        Just(XsdType::Long),
        Just(XsdType::UnsignedLong),
        Just(XsdType::Boolean),
        Just(XsdType::DateTime),
        Just(XsdType::Base64),
        Just(XsdType::HexBinary),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    (
        option::of(text()),
        any::<bool>(),
        option::of(any::<u32>()),
        vec(version(), 0..5),
        option::of(version()),
    )
        .prop_map(
            |(id, hold_requests, session_timeout, supported_cwmp_versions, use_cwmp_version)| {
                Header {
                    id,
                    hold_requests,
                    session_timeout,
                    supported_cwmp_versions,
                    use_cwmp_version,
                }
            },
        )
}

fn values() -> impl Strategy<Value = Vec<ParameterValue>> {
    vec(
        (text(), text(), xsd_type()).prop_map(|(name, value, t)| ParameterValue {
            name,
            value,
            xsi_type: Some(t),
        }),
        0..12,
    )
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..4)
}

fn transfer_fault() -> impl Strategy<Value = TransferFault> {
    (prop_oneof![Just(0), 9001..9033u32], text())
        .prop_map(|(code, string)| TransferFault { code, string })
}

fn fault() -> impl Strategy<Value = Fault> {
    let parameter = (text(), 9001..9009u32, text()).prop_map(|(parameter_name, code, string)| {
        SetParameterValuesFault {
            parameter_name,
            code,
            string,
        }
    });
    prop_oneof![
        (
            prop_oneof![8000..8900u32, 9000..9900u32],
            text(),
            vec(parameter, 0..4)
        )
            .prop_map(|(code, string, parameters)| Fault {
                code,
                string,
                parameters
            }),
        text().prop_map(|string| Fault::with(0, string)),
    ]
}

fn inform() -> impl Strategy<Value = Message> {
    let device_id = (text(), text(), text(), text()).prop_map(
        |(manufacturer, oui, product_class, serial_number)| DeviceId {
            manufacturer,
            oui,
            product_class,
            serial_number,
        },
    );
    let event = vec(
        (text(), text()).prop_map(|(event_code, command_key)| EventStruct {
            event_code,
            command_key,
        }),
        0..=64,
    );
    (
        device_id,
        event,
        any::<u32>(),
        text(),
        any::<u32>(),
        values(),
    )
        .prop_map(
            |(device_id, event, max_envelopes, current_time, retry_count, parameter_list)| {
                Message::Inform(Box::new(Inform {
                    device_id,
                    event,
                    max_envelopes,
                    current_time,
                    retry_count,
                    parameter_list,
                }))
            },
        )
}

fn parameters() -> BoxedStrategy<Message> {
    let info =
        (text(), any::<bool>()).prop_map(|(name, writable)| ParameterInfo { name, writable });
    let set_attributes = (text(), option::of(any::<u32>()), option::of(texts())).prop_map(
        |(name, notification, access_list)| SetParameterAttributes {
            name,
            notification,
            access_list,
        },
    );
    let attributes =
        (text(), any::<u32>(), texts()).prop_map(|(name, notification, access_list)| {
            ParameterAttributes {
                name,
                notification,
                access_list,
            }
        });
    prop_oneof![
        (values(), text()).prop_map(|(parameter_list, parameter_key)| {
            Message::SetParameterValues {
                parameter_list,
                parameter_key,
            }
        }),
        status().prop_map(|status| Message::SetParameterValuesResponse { status }),
        texts().prop_map(|parameter_names| Message::GetParameterValues { parameter_names }),
        values().prop_map(|parameter_list| Message::GetParameterValuesResponse { parameter_list }),
        (text(), any::<bool>()).prop_map(|(parameter_path, next_level)| {
            Message::GetParameterNames {
                parameter_path,
                next_level,
            }
        }),
        vec(info, 0..12)
            .prop_map(|parameter_list| Message::GetParameterNamesResponse { parameter_list }),
        vec(set_attributes, 0..4)
            .prop_map(|parameter_list| Message::SetParameterAttributes { parameter_list }),
        Just(Message::SetParameterAttributesResponse),
        texts().prop_map(|parameter_names| Message::GetParameterAttributes { parameter_names }),
        vec(attributes, 0..4)
            .prop_map(|parameter_list| Message::GetParameterAttributesResponse { parameter_list }),
        (text(), text()).prop_map(|(object_name, parameter_key)| Message::AddObject {
            object_name,
            parameter_key
        }),
        (any::<u32>(), status()).prop_map(|(instance_number, status)| Message::AddObjectResponse {
            instance_number,
            status
        }),
        (text(), text()).prop_map(|(object_name, parameter_key)| Message::DeleteObject {
            object_name,
            parameter_key
        }),
        status().prop_map(|status| Message::DeleteObjectResponse { status }),
    ]
    .boxed()
}

fn transfers() -> BoxedStrategy<Message> {
    let download = (
        text(),
        text(),
        text(),
        text(),
        secret(),
        any::<u32>(),
        text(),
        any::<u32>(),
        (text(), text()),
    )
        .prop_map(
            |(
                command_key,
                file_type,
                url,
                username,
                password,
                file_size,
                target_file_name,
                delay_seconds,
                (success_url, failure_url),
            )| Download {
                command_key,
                file_type,
                url,
                username,
                password,
                file_size,
                target_file_name,
                delay_seconds,
                success_url,
                failure_url,
            },
        );
    let upload = (text(), text(), text(), text(), secret(), any::<u32>()).prop_map(
        |(command_key, file_type, url, username, password, delay_seconds)| Upload {
            command_key,
            file_type,
            url,
            username,
            password,
            delay_seconds,
        },
    );
    let response = || {
        (status(), text(), text()).prop_map(|(status, start_time, complete_time)| {
            TransferResponse {
                status,
                start_time,
                complete_time,
            }
        })
    };
    let window = (any::<u32>(), any::<u32>(), text(), text(), any::<i32>()).prop_map(
        |(window_start, window_end, window_mode, user_message, max_retries)| TimeWindow {
            window_start,
            window_end,
            window_mode,
            user_message,
            max_retries,
        },
    );
    let schedule = (
        text(),
        text(),
        text(),
        text(),
        secret(),
        any::<u32>(),
        text(),
        vec(window, 0..=2),
    )
        .prop_map(
            |(
                command_key,
                file_type,
                url,
                username,
                password,
                file_size,
                target_file_name,
                time_window_list,
            )| ScheduleDownload {
                command_key,
                file_type,
                url,
                username,
                password,
                file_size,
                target_file_name,
                time_window_list,
            },
        );
    let queued = (text(), any::<u32>())
        .prop_map(|(command_key, state)| QueuedTransfer { command_key, state });
    let all_queued = (
        text(),
        any::<u32>(),
        any::<bool>(),
        text(),
        any::<u32>(),
        text(),
    )
        .prop_map(
            |(command_key, state, is_download, file_type, file_size, target_file_name)| {
                AllQueuedTransfer {
                    command_key,
                    state,
                    is_download,
                    file_type,
                    file_size,
                    target_file_name,
                }
            },
        );
    let complete = (text(), transfer_fault(), text(), text()).prop_map(
        |(command_key, fault, start_time, complete_time)| TransferComplete {
            command_key,
            fault,
            start_time,
            complete_time,
        },
    );
    let autonomous = (
        text(),
        text(),
        any::<bool>(),
        text(),
        any::<u32>(),
        text(),
        transfer_fault(),
        text(),
        text(),
    )
        .prop_map(
            |(
                announce_url,
                transfer_url,
                is_download,
                file_type,
                file_size,
                target_file_name,
                fault,
                start_time,
                complete_time,
            )| {
                AutonomousTransferComplete {
                    announce_url,
                    transfer_url,
                    is_download,
                    file_type,
                    file_size,
                    target_file_name,
                    fault,
                    start_time,
                    complete_time,
                }
            },
        );
    prop_oneof![
        download.prop_map(Message::Download),
        response().prop_map(Message::DownloadResponse),
        upload.prop_map(Message::Upload),
        response().prop_map(Message::UploadResponse),
        schedule.prop_map(Message::ScheduleDownload),
        Just(Message::ScheduleDownloadResponse),
        text().prop_map(|command_key| Message::CancelTransfer { command_key }),
        Just(Message::CancelTransferResponse),
        Just(Message::GetQueuedTransfers),
        vec(queued, 0..=16)
            .prop_map(|transfer_list| Message::GetQueuedTransfersResponse { transfer_list }),
        Just(Message::GetAllQueuedTransfers),
        vec(all_queued, 0..=16)
            .prop_map(|transfer_list| Message::GetAllQueuedTransfersResponse { transfer_list }),
        complete.prop_map(Message::TransferComplete),
        Just(Message::TransferCompleteResponse),
        autonomous.prop_map(Message::AutonomousTransferComplete),
        Just(Message::AutonomousTransferCompleteResponse),
        (text(), vec((text(), text()), 0..=16)).prop_map(|(file_type, file_type_arg)| {
            Message::RequestDownload {
                file_type,
                file_type_arg,
            }
        }),
        Just(Message::RequestDownloadResponse),
    ]
    .boxed()
}

fn modules() -> BoxedStrategy<Message> {
    let maybe = || option::of(text());
    let operation = prop_oneof![
        (text(), maybe(), maybe(), option::of(secret()), maybe()).prop_map(
            |(url, uuid, username, password, execution_env_ref)| DuOperation::Install {
                url,
                uuid,
                username,
                password,
                execution_env_ref
            }
        ),
        (maybe(), maybe(), maybe(), maybe(), option::of(secret())).prop_map(
            |(uuid, version, url, username, password)| DuOperation::Update {
                uuid,
                version,
                url,
                username,
                password
            }
        ),
        (text(), maybe(), maybe()).prop_map(|(uuid, version, execution_env_ref)| {
            DuOperation::Uninstall {
                uuid,
                version,
                execution_env_ref,
            }
        }),
    ];
    let result = (
        text(),
        text(),
        text(),
        text(),
        any::<bool>(),
        text(),
        text(),
        text(),
        transfer_fault(),
    )
        .prop_map(
            |(
                uuid,
                deployment_unit_ref,
                version,
                current_state,
                resolved,
                execution_unit_ref_list,
                start_time,
                complete_time,
                fault,
            )| DuResult {
                uuid,
                deployment_unit_ref,
                version,
                current_state,
                resolved,
                execution_unit_ref_list,
                start_time,
                complete_time,
                fault,
            },
        )
        .boxed();
    let autonomous =
        (result.clone(), text()).prop_map(|(result, operation_performed)| AutonomousDuResult {
            result,
            operation_performed,
        });
    prop_oneof![
        (vec(operation, 0..4), text()).prop_map(|(operations, command_key)| {
            Message::ChangeDUState {
                operations,
                command_key,
            }
        }),
        Just(Message::ChangeDUStateResponse),
        (vec(result, 0..4), text()).prop_map(|(results, command_key)| {
            Message::DUStateChangeComplete {
                results,
                command_key,
            }
        }),
        Just(Message::DUStateChangeCompleteResponse),
        vec(autonomous, 0..4)
            .prop_map(|results| Message::AutonomousDUStateChangeComplete { results }),
        Just(Message::AutonomousDUStateChangeCompleteResponse),
    ]
    .boxed()
}

fn others() -> BoxedStrategy<Message> {
    prop_oneof![
        Just(Message::GetRPCMethods),
        texts().prop_map(|method_list| Message::GetRPCMethodsResponse { method_list }),
        text().prop_map(|command_key| Message::Reboot { command_key }),
        Just(Message::RebootResponse),
        Just(Message::FactoryReset),
        Just(Message::FactoryResetResponse),
        (any::<u32>(), text()).prop_map(|(delay_seconds, command_key)| Message::ScheduleInform {
            delay_seconds,
            command_key
        }),
        Just(Message::ScheduleInformResponse),
        any::<u32>().prop_map(|max_envelopes| Message::InformResponse { max_envelopes }),
        (text(), text(), text(), text()).prop_map(|(command, referer, arg, next)| {
            Message::Kicked {
                command,
                referer,
                arg,
                next,
            }
        }),
        text().prop_map(|next_url| Message::KickedResponse { next_url }),
        "X_[A-Za-z0-9_.-]{1,80}".prop_map(|method| Message::Unknown { method }),
    ]
    .boxed()
}

/// An envelope of the newest version with any message.
pub fn envelope() -> impl Strategy<Value = Envelope> {
    let body = prop_oneof![
        1 => fault().prop_map(Message::Fault),
        2 => inform(),
        6 => parameters(),
        6 => transfers(),
        2 => modules(),
        4 => others(),
    ];
    (header(), body).prop_map(|(header, body)| Envelope {
        version: CwmpVersion::V1_4,
        header,
        body,
    })
}
