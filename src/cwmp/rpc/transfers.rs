//! Download (A.3.2.8), Upload (A.4.1.5), ScheduleDownload (A.4.1.8), CancelTransfer (A.4.1.9),
//! GetQueuedTransfers (A.4.1.1) and GetAllQueuedTransfers (A.4.1.7). What is accepted is durable
//! before the response.

use super::{Context, check_key, check_room, keep};
use crate::base::clock::UNKNOWN_TIME;
use crate::base::excerpt::excerpt;
use crate::base::secret::Secret;
use crate::cwmp::event::EventCode;
use crate::cwmp::fault;
use crate::cwmp::limits::MAX_ECHOED_NAME;
use crate::cwmp::record;
use crate::cwmp::transfer::{
    Direction, FileType, Transfer, TransferOrder, TransferOrigin, TransferPlan, TransferRequest,
    Window, WindowMode, check,
};
use crate::soap::{
    AllQueuedTransfer, Download, Fault, MAX_TIME_WINDOWS, MAX_TRANSFERS, Message, QueuedTransfer,
    ScheduleDownload, Status, TimeWindow, TransferResponse, Upload, code,
};

/// Characters of `UserMessage` (schema).
const MAX_MESSAGE: usize = 256;

/// Repetitions in a window where the ACS leaves their number to the box.
const OWN_RETRIES: u32 = 3;

/// A file is to come. SuccessURL and FailureURL are for a browser that waits, and here none does.
pub fn download(call: Download, cx: &mut Context<'_>) -> Result<String, Fault> {
    let order = TransferOrder {
        file_size: u64::from(call.file_size),
        target_file_name: call.target_file_name,
        ..order(
            Direction::Download,
            &call.file_type,
            call.url,
            call.username,
            call.password,
        )?
    };
    let plan = TransferPlan::Delay(call.delay_seconds);
    accept(order, EventCode::MDownload, call.command_key, plan, cx)?;
    Ok(cx.respond(Message::DownloadResponse(pending())))
}

/// A file is to go.
pub fn upload(call: Upload, cx: &mut Context<'_>) -> Result<String, Fault> {
    let order = order(
        Direction::Upload,
        &call.file_type,
        call.url,
        call.username,
        call.password,
    )?;
    let plan = TransferPlan::Delay(call.delay_seconds);
    accept(order, EventCode::MUpload, call.command_key, plan, cx)?;
    Ok(cx.respond(Message::UploadResponse(pending())))
}

/// A file is to come, within windows.
pub fn schedule_download(call: ScheduleDownload, cx: &mut Context<'_>) -> Result<String, Fault> {
    let order = TransferOrder {
        file_size: u64::from(call.file_size),
        target_file_name: call.target_file_name,
        ..order(
            Direction::Download,
            &call.file_type,
            call.url,
            call.username,
            call.password,
        )?
    };
    let plan = TransferPlan::Windows(windows(call.time_window_list)?);
    accept(
        order,
        EventCode::MScheduleDownload,
        call.command_key,
        plan,
        cx,
    )?;
    Ok(cx.respond(Message::ScheduleDownloadResponse))
}

/// All transfers of this CommandKey that can be stopped are no more. Where there is none, all is
/// well.
pub fn cancel(key: &str, cx: &mut Context<'_>) -> Result<String, Fault> {
    check_key("CommandKey", key)?;
    let chosen = |t: &Transfer| t.event().is_some() && t.command_key() == key;
    let all = cx.transfers.cancel(chosen, cx.model);
    if let Err(error) = cx.model.commit() {
        // It is stopped all the same; a power cut before the next commit would bring it back.
        log::error!("that transfers are called off could not be noted: {error}");
    }
    if !all {
        let why = "it is being installed, or is complete";
        return Err(fault::because(code::CANNOT_CANCEL, why));
    }
    Ok(cx.respond(Message::CancelTransferResponse))
}

/// What the ACS asked for.
pub fn queued(cx: &Context<'_>) -> String {
    let of_acs = cx.transfers.iter().filter(|t| t.event().is_some());
    let list = of_acs.map(|transfer| QueuedTransfer {
        command_key: transfer.command_key().to_owned(),
        state: transfer.state(),
    });
    cx.respond(Message::GetQueuedTransfersResponse {
        transfer_list: list.collect(),
    })
}

/// What anybody asked for.
pub fn all_queued(cx: &Context<'_>) -> String {
    let list = cx.transfers.iter().map(|transfer| {
        let order = &transfer.order;
        AllQueuedTransfer {
            command_key: transfer.command_key().to_owned(),
            state: transfer.state(),
            is_download: order.direction == Direction::Download,
            file_type: order.file_type.transfer_text(),
            file_size: u32::try_from(order.file_size).unwrap_or(u32::MAX),
            target_file_name: order.target_file_name.clone(),
        }
    });
    cx.respond(Message::GetAllQueuedTransfersResponse {
        transfer_list: list.collect(),
    })
}

/// TransferComplete follows.
fn pending() -> TransferResponse {
    TransferResponse {
        status: Status::Pending,
        start_time: UNKNOWN_TIME.to_owned(),
        complete_time: UNKNOWN_TIME.to_owned(),
    }
}

fn accept(
    order: TransferOrder,
    event: EventCode,
    command_key: String,
    plan: TransferPlan,
    cx: &mut Context<'_>,
) -> Result<(), Fault> {
    check_key("CommandKey", &command_key)?;
    if cx.transfers.is_full() {
        return Err(full_queue());
    }
    check_room(cx)?;
    check(&order, cx.model, cx.host)?;
    let request = TransferRequest {
        order,
        origin: TransferOrigin::Rpc { event, command_key },
        plan,
    };
    let records = cx.transfers.add(request, cx.boot, cx.now);
    let records = records.each_ref().map(|(key, line)| (&**key, &**line));
    keep(&records, cx.model).map_err(|error| {
        cx.transfers.undo_add();
        fault::of(&error, record::TRANSFER)
    })
}

/// The queue has no place for one more.
pub fn full_queue() -> Fault {
    let why = format!("{MAX_TRANSFERS} transfers are queued already");
    fault::because(code::RESOURCES_EXCEEDED, &why)
}

/// What all three RPCs say of the file; its number is given by the queue.
fn order(
    direction: Direction,
    text: &str,
    url: String,
    username: String,
    password: Secret,
) -> Result<TransferOrder, Fault> {
    Ok(TransferOrder {
        number: 0,
        direction,
        file_type: file_type(text, direction)?,
        url,
        username,
        password,
        file_size: 0,
        target_file_name: String::new(),
    })
}

fn file_type(text: &str, direction: Direction) -> Result<FileType, Fault> {
    FileType::parse(text, direction).ok_or_else(|| {
        let text = excerpt(text, MAX_ECHOED_NAME);
        let way = match direction {
            Direction::Download => "downloaded to",
            Direction::Upload => "uploaded from",
        };
        let why = format!("files of the FileType {text:?} cannot be {way} this box");
        fault::because(code::INVALID_ARGUMENTS, &why)
    })
}

/// One window or two, one after the other.
fn windows(list: Vec<TimeWindow>) -> Result<Vec<Window>, Fault> {
    let refused = |why: String| fault::because(code::INVALID_ARGUMENTS, &why);
    if list.is_empty() || list.len() > MAX_TIME_WINDOWS {
        return Err(refused(format!(
            "{} windows, there must be 1 or {MAX_TIME_WINDOWS}",
            list.len()
        )));
    }
    let mut after = 0;
    let mut windows = Vec::new();
    for window in list {
        let (start, end) = (window.window_start, window.window_end);
        if start >= end || start < after {
            return Err(refused(format!(
                "the window from {start} to {end} ends before it begins, or overlaps another"
            )));
        }
        after = end;
        let Some(mode) = WindowMode::parse(&window.window_mode) else {
            let mode = excerpt(&window.window_mode, MAX_ECHOED_NAME);
            return Err(refused(format!("the WindowMode {mode:?} is not supported")));
        };
        if window.user_message.chars().count() > MAX_MESSAGE {
            return Err(refused(format!(
                "UserMessage is longer than {MAX_MESSAGE} characters"
            )));
        }
        let retries = match window.max_retries {
            -1 => OWN_RETRIES,
            retries => u32::try_from(retries)
                .map_err(|_| refused(format!("MaxRetries is {retries}, the least is -1")))?,
        };
        windows.push(Window {
            start,
            end,
            mode,
            message: window.user_message,
            retries,
        });
    }
    Ok(windows)
}
