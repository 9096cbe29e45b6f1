//! Transfers that somebody on the box ordered, and what the ACS hears of them:
//! AutonomousTransferComplete (A.3.3.3) and `AutonomousTransferCompletePolicy.`

use std::time::Duration;

use cwmpd::cwmp::{Action, Direction, FileType, Installed, TransferOrder};
use cwmpd::soap::{AutonomousTransferComplete, Envelope, Fault, Message, TransferFault};

use crate::files::download;
use crate::world::{Talk, World, envelope};

const HOUR: Duration = Duration::from_secs(3600);

/// A known box whose policy is switched on and takes these, as they stand in a row.
fn world(transfers: &str, results: &str, types: &str) -> World {
    let row = |name: &str, kind: &str, value: &str| {
        let policy = "ManagementServer.AutonomousTransferCompletePolicy";
        format!("{policy}.{name};{kind};0;1;1;0;0;0;;{value}\n")
    };
    let rows = [
        "ManagementServer.AutonomousTransferCompletePolicy.;ANY;0;0\n".to_owned(),
        row("Enable", "BOOLEAN", "1"),
        row("TransferTypeFilter", "STRING", transfers),
        row("ResultTypeFilter", "STRING", results),
        row("FileTypeFilter", "STRING", types),
    ];
    World::known_with(1, &rows.concat())
}

/// Somebody on the box orders it; it moves at once.
fn order(world: &mut World, direction: Direction, file_type: FileType) -> u32 {
    let order = TransferOrder {
        number: 0,
        direction,
        file_type,
        url: "http://files.example/by-hand".to_owned(),
        username: "user".to_owned(),
        password: "hunter2".into(),
        file_size: 0,
        target_file_name: "name".to_owned(),
    };
    let (model, host) = (&mut world.model, &world.host);
    let ordered = world
        .engine
        .order(order, String::new(), model, host, world.now);
    let number = ordered.unwrap();
    let begun = world.proceed();
    assert!(
        matches!(&begun[..], [Action::Move(order)] if order.number == number),
        "{begun:?}"
    );
    number
}

/// The AutonomousTransferComplete that the box sends now, which the ACS answers with this.
fn hears(talk: &mut Talk<'_>, answer: Message) -> AutonomousTransferComplete {
    let told = Envelope::parse(talk.post.body.as_bytes()).unwrap();
    let Message::AutonomousTransferComplete(message) = told.body else {
        panic!("{:?}", told.body);
    };
    talk.says(200, envelope(talk.version, told.header, answer));
    message
}

#[test]
fn t53_the_acs_hears_of_a_transfer_that_it_did_not_order() {
    let mut world = world("Both", "Both", "1 Firmware Upgrade Image,4 Vendor Log File");
    let number = order(&mut world, Direction::Upload, FileType::VendorLog(Some(2)));
    world.moved(number, Ok(()));
    let mut talk = world.open();
    assert_eq!(talk.events(), ["10 AUTONOMOUS TRANSFER COMPLETE"]);
    talk.accept();
    let told = hears(&mut talk, Message::AutonomousTransferCompleteResponse);
    let wanted = AutonomousTransferComplete {
        announce_url: String::new(),
        transfer_url: "http://files.example/by-hand".to_owned(),
        is_download: false,
        file_type: "7 Vendor Log File 2".to_owned(),
        file_size: 1000,
        target_file_name: "name".to_owned(),
        fault: TransferFault::default(),
        start_time: "2026-01-02T03:04:05Z".to_owned(),
        complete_time: "2026-01-02T03:04:05Z".to_owned(),
    };
    assert_eq!(told, wanted);
    talk.end();
    assert_eq!(world.wait(HOUR), None, "once");
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t53_each_answer_delivers_its_own_whoever_ordered_it() {
    let mut world = world("Both", "Both", "1 Firmware Upgrade Image,2 Web Content");
    let number = order(&mut world, Direction::Download, FileType::WebContent);
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(Message::Download(download("key")));
    talk.end();
    world.moved(number, Err(9016));
    world.moved(number + 1, Err(9015));
    let mut talk = world.open();
    assert_eq!(
        talk.events(),
        [
            "7 TRANSFER COMPLETE",
            "10 AUTONOMOUS TRANSFER COMPLETE",
            "M Download key"
        ]
    );
    talk.accept();
    let told = hears(&mut talk, Message::Fault(Fault::new(8002)));
    assert_eq!((told.fault.code, told.file_size), (9016, 0));
    assert_eq!(
        talk.hears(Message::TransferCompleteResponse).fault.code,
        9015
    );
    talk.end();
    // What was refused comes again, over a power cut too, and nothing else.
    world.power_cut(HOUR);
    let mut talk = world.open();
    assert_eq!(talk.events(), ["1 BOOT", "10 AUTONOMOUS TRANSFER COMPLETE"]);
    talk.accept();
    hears(&mut talk, Message::AutonomousTransferCompleteResponse);
    talk.end();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn t53_what_the_policy_does_not_name_is_not_told() {
    let (log, firmware) = ("4 Vendor Log File", "1 Firmware Upgrade Image");
    let vendors = FileType::Vendor("X 001122 Sounds, all".to_owned());
    for (policy, direction, file_type, succeeds, is_told) in [
        (
            ["Both", "Both", log],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            true,
        ),
        (
            ["Upload", "Success", log],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            true,
        ),
        (
            ["Upload", "Failure", log],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            false,
        ),
        (
            ["Upload", "Failure", log],
            Direction::Upload,
            FileType::VendorLog(None),
            false,
            true,
        ),
        (
            ["Download", "Both", log],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            false,
        ),
        (
            ["Both", "Both", firmware],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            false,
        ),
        (
            ["Both", "Both", ""],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            false,
        ),
        (
            ["", "Both", log],
            Direction::Upload,
            FileType::VendorLog(None),
            true,
            false,
        ),
        (
            ["Both", "Both", "2 Web Content, 3 vendor configuration file"],
            Direction::Upload,
            FileType::VendorConfiguration(Some(3)),
            true,
            true,
        ),
        (
            ["Both", "Both", "X 001122 Sounds%252C all"],
            Direction::Download,
            vendors,
            false,
            true,
        ),
    ] {
        let [transfers, results, types] = policy;
        let mut world = world(transfers, results, types);
        let number = order(&mut world, direction, file_type);
        let settled = world.moved(number, succeeds.then_some(()).ok_or(9011));
        assert_eq!(settled, [Action::Settle(number)]);
        assert_eq!(world.poll(), is_told, "{policy:?}");
        let left = world.engine.transfers(world.now).len();
        assert_eq!(left, usize::from(is_told), "{policy:?}");
    }
}

#[test]
fn t53_a_policy_that_is_off_or_absent_tells_nothing() {
    let mut absent = World::known();
    let mut off = world("Both", "Both", "2 Web Content");
    off.set(
        "ManagementServer.AutonomousTransferCompletePolicy.Enable",
        "false",
    );
    for world in [&mut absent, &mut off] {
        let number = order(world, Direction::Download, FileType::WebContent);
        world.moved(number, Err(9010));
        assert!(!world.poll());
        world.power_cut(HOUR);
        assert_eq!(world.events(), ["1 BOOT"]);
    }
}

#[test]
fn t57_a_configuration_that_was_restored_by_hand_is_on_trial_too() {
    let mut world = world("Both", "Both", "3 Vendor Configuration File");
    let number = order(
        &mut world,
        Direction::Download,
        FileType::VendorConfiguration(None),
    );
    world.moved(number, Ok(()));
    world.installed(number, Ok(Installed::OnTrial(HOUR)));
    assert!(world.wait(HOUR).is_some());
    // Somebody has to see whether the ACS is still there.
    let mut talk = world.open();
    talk.accept();
    let told = hears(&mut talk, Message::AutonomousTransferCompleteResponse);
    assert_eq!(told.fault.code, 0);
    talk.end();
    assert_eq!(world.wait(HOUR * 2), None);
}

#[test]
fn t57_another_acs_takes_nothing_from_who_ordered_it_here() {
    let mut world = world("Both", "Both", "2 Web Content");
    let number = order(&mut world, Direction::Download, FileType::WebContent);
    world.set("ManagementServer.URL", "http://other.example/");
    world.events();
    world.moved(number, Ok(()));
    world.installed(number, Ok(Installed::Done));
    let mut talk = world.open();
    assert_eq!(talk.events(), ["10 AUTONOMOUS TRANSFER COMPLETE"]);
    talk.accept();
    hears(&mut talk, Message::AutonomousTransferCompleteResponse);
    talk.end();
}
