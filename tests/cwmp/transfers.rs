//! Download, Upload, CancelTransfer and the list of transfers, through whole sessions.

use std::time::Duration;

use cwmpd::cwmp::{Action, FileType, Installed, TransferOrder};
use cwmpd::soap::{Fault, Message, Status, TransferFault};

use crate::files::{download, schedule, upload};
use crate::world::World;

const HOUR: Duration = Duration::from_secs(3600);
const SUCCESS: u32 = 0;

fn cancel(key: &str) -> Message {
    Message::CancelTransfer {
        command_key: key.to_owned(),
    }
}

/// The numbers that the agent is to move.
fn moves(actions: &[Action]) -> Vec<u32> {
    let moves = actions.iter().filter_map(|action| match action {
        Action::Move(order) => Some(order.number),
        _ => None,
    });
    moves.collect()
}

fn installs(actions: &[Action]) -> Vec<&TransferOrder> {
    let installs = actions.iter().filter_map(|action| match action {
        Action::Install(order) => Some(order),
        _ => None,
    });
    installs.collect()
}

/// The next session: its events, and the key and code of each TransferComplete, all answered.
fn told(world: &mut World) -> (Vec<String>, Vec<(String, u32)>) {
    let mut talk = world.open();
    let events = talk.events();
    talk.accept();
    let mut told = Vec::new();
    while !talk.post.body.is_empty() {
        let complete = talk.hears(Message::TransferCompleteResponse);
        told.push((complete.command_key, complete.fault.code));
    }
    talk.end();
    (events, told)
}

/// `State` of each transfer of the ACS.
fn states(world: &mut World) -> Vec<(String, u32)> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    while !talk.post.body.is_empty() {
        talk.hears(Message::Fault(Fault::new(8002)));
    }
    let list = match talk.call(Message::GetQueuedTransfers) {
        Message::GetQueuedTransfersResponse { transfer_list } => transfer_list,
        other => panic!("{other:?}"),
    };
    talk.end();
    list.into_iter().map(|t| (t.command_key, t.state)).collect()
}

#[test]
fn t01_a_download_is_pending_and_moves_beside_its_session_and_is_told_once() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let Message::DownloadResponse(response) = talk.call(Message::Download(download("key"))) else {
        panic!("no response");
    };
    assert_eq!(response.status, Status::Pending);
    assert_eq!(response.start_time, "0001-01-01T00:00:00Z");
    let begun = talk.world.proceed();
    assert_eq!(moves(&begun), [1]);
    assert_eq!(talk.world.moved(1, Ok(())), [], "not while a session runs");
    talk.end();
    let begun = world.proceed();
    assert_eq!(installs(&begun)[0].file_type, FileType::Firmware);
    world.engine.connection_request(world.now);
    assert!(!world.poll(), "no session while firmware is installed");
    world.installed(1, Ok(Installed::GoingDown));
    world.power_cut(HOUR);
    assert!(!world.poll(), "nobody knows yet what became of it");
    let asked = world.proceed();
    assert!(matches!(&asked[..], [Action::Judge(order)] if order.number == 1));
    assert_eq!(world.installed(1, Ok(Installed::Done)), [Action::Settle(1)]);
    let mut talk = world.open();
    assert_eq!(
        talk.events(),
        ["1 BOOT", "7 TRANSFER COMPLETE", "M Download key"]
    );
    talk.accept();
    let complete = talk.hears(Message::TransferCompleteResponse);
    assert_eq!(complete.fault, TransferFault::default());
    assert_eq!(complete.start_time, "2026-01-02T03:04:05Z");
    assert_eq!(complete.complete_time, "2026-01-02T04:04:05Z");
    talk.end();
    assert_eq!(world.wait(HOUR), None);
    assert_eq!(states(&mut world), []);
}

#[test]
fn t01_a_download_that_fails_is_told_with_its_code_and_reason() {
    let (mut world, begun) = World::with_transfers(&[Message::Download(download("key"))]);
    assert_eq!(moves(&begun), [1]);
    assert_eq!(world.moved(1, Err(9016)), [Action::Settle(1)]);
    let mut talk = world.open();
    assert_eq!(talk.events(), ["7 TRANSFER COMPLETE", "M Download key"]);
    talk.accept();
    let complete = talk.hears(Message::TransferCompleteResponse);
    assert_eq!(complete.fault.code, 9016);
    assert_eq!(complete.fault.string, "reason 9016");
    talk.end();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn t01_a_code_that_the_schema_does_not_allow_there_is_a_failure_of_the_transfer() {
    for (call, code) in [
        (Message::Download(download("key")), 9010),
        (Message::Upload(upload("key")), 9011),
    ] {
        let (mut world, _) = World::with_transfers(&[call]);
        world.moved(1, Err(9013));
        assert_eq!(told(&mut world).1, [("key".to_owned(), code)]);
    }
}

#[test]
fn t01_a_box_that_does_not_go_down_to_be_flashed_says_so() {
    let (mut world, _) = World::with_transfers(&[Message::Download(download("key"))]);
    world.moved(1, Ok(()));
    world.installed(1, Ok(Installed::GoingDown));
    world.engine.connection_request(world.now);
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(300)));
    let mut talk = world.open();
    talk.accept();
    let complete = talk.hears(Message::TransferCompleteResponse);
    assert_eq!(complete.fault.code, 9010);
    assert!(
        complete
            .fault
            .string
            .contains("did not go down within 300 s")
    );
    talk.end();
}

#[test]
fn t02_an_upload_is_pending_and_told_with_its_own_event() {
    let (mut world, begun) = World::with_transfers(&[Message::Upload(upload("key"))]);
    assert_eq!(moves(&begun), [1]);
    assert_eq!(world.moved(1, Ok(())), [Action::Settle(1)]);
    let (events, told) = told(&mut world);
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Upload key"]);
    assert_eq!(told, [("key".to_owned(), SUCCESS)]);
}

#[test]
fn t02_one_file_moves_at_a_time_in_the_order_of_the_calls() {
    let calls = ["a", "b"].map(|key| Message::Upload(upload(key)));
    let (mut world, begun) = World::with_transfers(&calls);
    assert_eq!(moves(&begun), [1]);
    let next = world.moved(1, Ok(()));
    assert_eq!(moves(&next), [2]);
}

#[test]
fn t04_what_waits_or_moves_is_gone_without_a_completion() {
    let mut later = download("key");
    later.delay_seconds = 100;
    let calls = [
        Message::Download(download("key")),
        Message::Download(later),
        Message::Upload(upload("other")),
    ];
    let (mut world, begun) = World::with_transfers(&calls);
    assert_eq!(moves(&begun), [1]);
    world.engine.connection_request(world.now);
    world.open().serve(&[cancel("key"), cancel("unheard of")]);
    let next = world.proceed();
    assert_eq!(next[..2], [Action::Abandon(1), Action::Abandon(2)]);
    assert_eq!(moves(&next), [3]);
    assert_eq!(world.moved(1, Ok(())), [], "too late");
    assert_eq!(states(&mut world), [("other".to_owned(), 2)]);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
    assert_eq!(moves(&world.proceed()), [3]);
}

#[test]
fn t04_what_is_complete_or_being_installed_cannot_be_stopped() {
    let (mut world, _) = World::with_transfers(&[
        Message::Upload(upload("done")),
        Message::ScheduleDownload(schedule("pages", &[(0, 1000, "2 Immediately", 0)])),
    ]);
    world.moved(1, Ok(()));
    world.moved(2, Ok(()));
    assert_eq!(
        states(&mut world),
        [("done".to_owned(), 3), ("pages".to_owned(), 2)]
    );
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.hears(Message::Fault(Fault::new(8002)));
    for key in ["done", "pages"] {
        assert_eq!(talk.fault(cancel(key)).code, 9021, "{key}");
    }
}

#[test]
fn t05_the_lists_tell_what_is_queued_and_how_far_it_is() {
    let mut big = download("big");
    (big.file_size, big.target_file_name) = (7, "image.bin".to_owned());
    big.delay_seconds = 100;
    let mut numbered = upload("log");
    numbered.file_type = "4 Vendor Log File 2".to_owned();
    let calls = [Message::Upload(numbered), Message::Download(big)];
    let (mut world, _) = World::with_transfers(&calls);
    let by_hand = world.order_by_hand("2 Web Content");
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let Message::GetQueuedTransfersResponse { transfer_list } =
        talk.call(Message::GetQueuedTransfers)
    else {
        panic!("no list");
    };
    let short: Vec<_> = transfer_list
        .iter()
        .map(|t| (t.command_key.as_str(), t.state))
        .collect();
    assert_eq!(short, [("log", 2), ("big", 1)]);
    let Message::GetAllQueuedTransfersResponse { transfer_list } =
        talk.call(Message::GetAllQueuedTransfers)
    else {
        panic!("no list");
    };
    let long: Vec<_> = transfer_list
        .iter()
        .map(|t| {
            (
                t.is_download,
                t.file_type.as_str(),
                t.file_size,
                t.target_file_name.as_str(),
            )
        })
        .collect();
    assert_eq!(
        long,
        [
            (false, "7 Vendor Log File 2", 0, ""),
            (true, "1 Firmware Upgrade Image", 7, "image.bin"),
            (true, "2 Web Content", 0, ""),
        ]
    );
    assert_eq!(by_hand, Ok(3));
    assert_eq!(transfer_list[2].command_key, "");
}

#[test]
fn t06_a_completion_comes_again_until_it_is_answered_and_each_answer_is_its_own() {
    let calls = ["a", "b"].map(|key| Message::Upload(upload(key)));
    let (mut world, _) = World::with_transfers(&calls);
    world.moved(1, Ok(()));
    world.moved(2, Err(9011));
    let mut talk = world.open();
    assert_eq!(
        talk.events(),
        ["7 TRANSFER COMPLETE", "M Upload a", "M Upload b"]
    );
    talk.accept();
    assert_eq!(
        talk.hears(Message::TransferCompleteResponse).command_key,
        "a"
    );
    talk.breaks();
    world.power_cut(HOUR);
    let (events, told) = told(&mut world);
    assert_eq!(events, ["1 BOOT", "7 TRANSFER COMPLETE", "M Upload b"]);
    assert_eq!(told, [("b".to_owned(), 9011)]);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn t06_a_completion_that_the_acs_refuses_comes_again_but_not_for_ever() {
    let (mut world, _) = World::with_transfers(&[Message::Upload(upload("key"))]);
    world.moved(1, Ok(()));
    for again in 0..10 {
        let waited = world.wait(HOUR).expect("it is told again");
        assert_eq!(waited.is_zero(), again == 0, "not at once: {waited:?}");
        let mut talk = world.open();
        assert_eq!(talk.events(), ["7 TRANSFER COMPLETE", "M Upload key"]);
        talk.accept();
        talk.hears(Message::Fault(Fault::new(8002)));
        talk.end();
    }
    assert_eq!(world.wait(24 * HOUR), None);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn t06_what_ends_during_a_session_is_told_in_the_next_one() {
    let (mut world, _) = World::with_transfers(&[Message::Upload(upload("key"))]);
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.world.moved(1, Ok(()));
    talk.end();
    assert_eq!(told(&mut world).1, [("key".to_owned(), SUCCESS)]);
}

#[test]
fn t06_a_session_that_fails_is_retried_for_the_completion_alone() {
    let (mut world, _) = World::with_transfers(&[Message::Upload(upload("key"))]);
    world.moved(1, Ok(()));
    world.unreachable();
    let waited = world.wait(HOUR).expect("retried");
    assert!(waited >= Duration::from_secs(5), "{waited:?}");
    assert_eq!(told(&mut world).1, [("key".to_owned(), SUCCESS)]);
}

#[test]
fn w13_a_transfer_without_a_key_is_told_and_blocks_nothing() {
    let (mut world, _) = World::with_transfers(&[Message::Upload(upload(""))]);
    world.moved(1, Ok(()));
    let (events, told) = told(&mut world);
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Upload"]);
    assert_eq!(told, [(String::new(), SUCCESS)]);
    world.engine.connection_request(world.now);
    assert_eq!(world.events(), ["6 CONNECTION REQUEST"]);
}

#[test]
fn t07_transfers_with_one_key_or_none_are_each_told() {
    let calls = ["", "", "same", "same"].map(|key| Message::Upload(upload(key)));
    let (mut world, _) = World::with_transfers(&calls);
    for number in 1..=4 {
        world.moved(number, Ok(()));
    }
    let (events, told) = told(&mut world);
    assert_eq!(
        events,
        [
            "7 TRANSFER COMPLETE",
            "M Upload",
            "M Upload",
            "M Upload same",
            "M Upload same"
        ]
    );
    assert_eq!(told.len(), 4);
}

#[test]
fn t08_a_full_queue_is_9004_and_holds_16() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    for number in 0..16 {
        let answer = talk.call(Message::Upload(upload(&number.to_string())));
        assert_eq!(answer.name(), "UploadResponse");
    }
    assert_eq!(talk.fault(Message::Download(download("17"))).code, 9004);
    talk.end();
    world.power_cut(HOUR);
    world.events();
    assert_eq!(states(&mut world).len(), 16);
    for number in 1..=16 {
        world.moved(number, Ok(()));
    }
    assert_eq!(told(&mut world).1.len(), 16);
}

#[test]
fn t08_every_event_that_is_promised_has_a_place_in_the_inform() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(Message::Upload(upload("key")));
    let schedule = |n: usize| Message::ScheduleInform {
        delay_seconds: 1,
        command_key: n.to_string(),
    };
    let accepted = (0..100).take_while(|n| talk.call(schedule(*n)).name() != "Fault");
    assert_eq!(accepted.count(), 48);
    assert_eq!(talk.fault(Message::Upload(upload("one more"))).code, 9004);
    talk.end();
    world.proceed();
    world.moved(1, Ok(()));
    world.pass(HOUR);
    let talk = world.open();
    assert_eq!(talk.inform.event.len(), 1 + 1 + 1 + 48);
}

#[test]
fn t11_what_cannot_be_done_is_refused_at_once() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let changed = |change: &dyn Fn(&mut cwmpd::soap::Download)| {
        let mut call = download("key");
        change(&mut call);
        Message::Download(call)
    };
    let url = |url: &str| changed(&|call| call.url = url.to_owned());
    let kind = |kind: &str| changed(&|call| call.file_type = kind.to_owned());
    for (call, code) in [
        (changed(&|call| call.command_key = "k".repeat(33)), 9003),
        (kind("4 Tone File"), 9003),
        (kind("9 Anything"), 9003),
        (kind(""), 9003),
        (url(""), 9003),
        (url("files.example"), 9003),
        (url("http://user:secret@files.example/"), 9003),
        (url("ftp://files.example/image"), 9013),
        (url("tftp://files.example/image"), 9013),
        (changed(&|call| call.username = "é".repeat(257)), 9003),
        (
            changed(&|call| call.target_file_name = "é".repeat(257)),
            9003,
        ),
    ] {
        let fault = talk.fault(call.clone());
        assert_eq!(fault.code, code, "{call:?}");
        assert!(!fault.string.contains("secret"), "{}", fault.string);
    }
    talk.world.host.refusal = Some(TransferFault {
        code: 9001,
        string: "no place for that".to_owned(),
    });
    let fault = talk.fault(Message::Upload(upload("key")));
    assert_eq!(fault.code, 9001);
    assert_eq!(fault.string, "Request denied: no place for that");
    talk.end();
    assert_eq!(world.proceed(), []);
    world.power_cut(HOUR);
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t11_what_cannot_be_written_down_is_refused_and_not_done() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    for call in [
        Message::Download(download("key")),
        Message::Upload(upload("key")),
        Message::ScheduleDownload(schedule("key", &[(0, 10, "1 At Any Time", 0)])),
    ] {
        assert_eq!(talk.fault_without_disk(call).code, 9002);
    }
    talk.end();
    assert_eq!(world.proceed(), []);
    world.power_cut(HOUR);
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t12_credentials_are_gone_from_the_store_once_the_transfer_is_over() {
    let (mut world, _) = World::with_transfers(&[Message::Download(download("key"))]);
    assert!(
        world
            .model
            .record("cwmp.transfer.0")
            .unwrap()
            .contains("hunter2")
    );
    assert!(!format!("{:?}", world.engine.transfers(world.now)).contains("hunter2"));
    world.moved(1, Err(9012));
    assert!(
        !world
            .model
            .record("cwmp.transfer.0")
            .unwrap()
            .contains("hunter2")
    );
}

#[test]
fn t40_another_acs_hears_of_no_transfer_that_it_did_not_order() {
    let mut later = download("later");
    later.delay_seconds = 1000;
    let calls = [
        Message::Upload(upload("done")),
        Message::Upload(upload("moving")),
        Message::Download(later),
    ];
    let (mut world, _) = World::with_transfers(&calls);
    world.moved(1, Ok(()));
    assert_eq!(world.order_by_hand("2 Web Content"), Ok(4));
    world.set("ManagementServer.URL", "http://b.example/");
    let actions = world.proceed();
    let dropped = [1, 2, 3].map(Action::Abandon);
    assert_eq!(actions[..3], dropped);
    assert_eq!(moves(&actions), [4], "that of a person goes on");
    let (events, told) = told(&mut world);
    assert_eq!((events, told), (vec!["0 BOOTSTRAP".to_owned()], vec![]));
    world.power_cut(HOUR);
    assert_eq!(world.engine.transfers(world.now).len(), 1);
}

#[test]
fn t40_firmware_that_is_being_flashed_for_a_former_acs_ends_in_silence() {
    let (mut world, _) = World::with_transfers(&[Message::Download(download("key"))]);
    world.moved(1, Ok(()));
    world.set("ManagementServer.URL", "http://b.example/");
    world.installed(1, Ok(Installed::GoingDown));
    world.power_cut(HOUR);
    world.proceed();
    world.installed(1, Ok(Installed::Done));
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t40_a_factory_reset_forgets_all_and_no_number_comes_again() {
    let calls = [
        Message::Upload(upload("done")),
        Message::Upload(upload("moving")),
        Message::FactoryReset,
    ];
    let (mut world, _) = World::with_transfers(&calls);
    world.moved(1, Ok(()));
    world.ended(&cwmpd::cwmp::Intent::FactoryReset, Ok(()));
    assert_eq!(world.proceed(), [1, 2].map(Action::Abandon));
    world.power_cut(HOUR);
    assert_eq!(world.engine.transfers(world.now), []);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    assert_eq!(world.order_by_hand("2 Web Content"), Ok(3));
}

#[test]
fn t57_a_transfer_of_a_person_is_refused_as_an_rpc_is() {
    let mut world = World::known();
    world.host.refusal = Some(TransferFault {
        code: 9004,
        string: "no room".to_owned(),
    });
    assert_eq!(world.order_by_hand("2 Web Content").unwrap_err().code, 9004);
    world.host.refusal = None;
    for number in 1..=16 {
        assert_eq!(world.order_by_hand("2 Web Content"), Ok(number));
    }
    assert_eq!(world.order_by_hand("2 Web Content").unwrap_err().code, 9004);
}

#[test]
fn t04_a_person_who_calls_off_a_transfer_of_the_acs_lets_it_hear() {
    let (mut world, _) = World::with_transfers(&[Message::Upload(upload("key"))]);
    let now = world.now;
    assert!(world.engine.cancel(7, &mut world.model, now).is_err());
    world.engine.cancel(1, &mut world.model, now).unwrap();
    assert_eq!(world.proceed(), [Action::Abandon(1), Action::Settle(1)]);
    assert!(world.engine.cancel(1, &mut world.model, now).is_err());
    assert_eq!(told(&mut world).1, [("key".to_owned(), 9001)]);
}

#[test]
fn t22_nothing_is_installed_whose_record_says_that_it_was_not_begun() {
    let (mut world, _) = World::with_transfers(&[Message::Download(download("key"))]);
    let dir = world.dir.to_path_buf();
    let away = dir.with_extension("away");
    std::fs::rename(&dir, &away).unwrap();
    let next = world.moved(1, Ok(()));
    std::fs::rename(&away, &dir).unwrap();
    assert_eq!(installs(&next), [] as [&TransferOrder; 0]);
    assert_eq!(told(&mut world).1, [("key".to_owned(), 9002)]);
}

#[test]
fn b12_a_transfer_of_a_newer_version_is_left_to_it_and_takes_no_place() {
    let mut world = World::known();
    let line = "verifying:1:http%3A%2F%2Ffiles.example%2F";
    world.model.set_record("cwmp.transfer.0", Some(line));
    world.model.commit().unwrap();
    world.program_restart();
    for number in 1..=16 {
        assert_eq!(world.order_by_hand("2 Web Content"), Ok(number));
    }
    world.power_cut(HOUR);
    assert_eq!(world.engine.transfers(world.now).len(), 16);
    assert_eq!(world.model.record("cwmp.transfer.0"), Some(line));
}
