//! What the world has of transfers of files: how the agent fared with them, and the calls for them.

use cwmpd::cwmp::{Action, Direction, FileType, Installed, Moved, TransferOrder};
use cwmpd::soap::{
    Download, Envelope, Fault, Message, ScheduleDownload, TimeWindow, TransferComplete,
    TransferFault, Upload,
};

use crate::world::{Talk, World, envelope};

impl World {
    /// The file of a transfer was moved, or not for this fault; what the agent is to do next.
    pub fn moved(&mut self, number: u32, outcome: Result<(), u32>) -> Vec<Action> {
        let outcome = outcome.map(|()| Moved { bytes: 1000 }).map_err(fault_of);
        self.engine
            .moved(number, outcome, &mut self.model, self.now);
        self.proceed()
    }

    /// The same of an installation.
    pub fn installed(&mut self, number: u32, outcome: Result<Installed, u32>) -> Vec<Action> {
        let outcome = outcome.map_err(fault_of);
        self.engine
            .installed(number, outcome, &mut self.model, self.now);
        self.proceed()
    }

    /// A known box whose ACS makes these calls; what it is to do for transfers then.
    pub fn with_transfers(calls: &[Message]) -> (Self, Vec<Action>) {
        let mut world = Self::known();
        world.engine.connection_request(world.now);
        world.open().serve(calls);
        let actions = world.proceed();
        (world, actions)
    }

    /// Somebody on the box orders a download of this type; its number.
    pub fn order_by_hand(&mut self, file_type: &str) -> Result<u32, Fault> {
        let direction = Direction::Download;
        let order = TransferOrder {
            number: 0,
            direction,
            file_type: FileType::parse(file_type, direction).unwrap(),
            url: "http://files.example/by-hand".to_owned(),
            username: String::new(),
            password: "".into(),
            file_size: 0,
            target_file_name: String::new(),
        };
        let (model, host) = (&mut self.model, &self.host);
        self.engine
            .order(order, String::new(), model, host, self.now)
    }
}

impl Talk<'_> {
    /// The box tells of the end of a transfer, and the ACS answers.
    #[track_caller]
    pub fn hears(&mut self, answer: Message) -> TransferComplete {
        let told = Envelope::parse(self.post.body.as_bytes()).unwrap();
        let Message::TransferComplete(told_message) = told.body else {
            panic!("no TransferComplete but {:?}", told.body);
        };
        self.says(200, envelope(self.version, told.header, answer));
        told_message
    }
}

fn fault_of(code: u32) -> TransferFault {
    TransferFault {
        code,
        string: format!("reason {code}"),
    }
}

/// A Download of firmware at once.
pub fn download(key: &str) -> Download {
    Download {
        command_key: key.to_owned(),
        file_type: "1 Firmware Upgrade Image".to_owned(),
        url: "http://files.example/image".to_owned(),
        username: "user".to_owned(),
        password: "hunter2".into(),
        ..Download::default()
    }
}

/// An Upload of the configuration at once.
pub fn upload(key: &str) -> Upload {
    Upload {
        command_key: key.to_owned(),
        file_type: "1 Vendor Configuration File".to_owned(),
        url: "http://files.example/backup".to_owned(),
        ..Upload::default()
    }
}

/// A ScheduleDownload of web content in these windows: start, end, mode, MaxRetries.
pub fn schedule(key: &str, windows: &[(u32, u32, &str, i32)]) -> ScheduleDownload {
    let windows = windows
        .iter()
        .map(|&(start, end, mode, retries)| TimeWindow {
            window_start: start,
            window_end: end,
            window_mode: mode.to_owned(),
            user_message: "May I?".to_owned(),
            max_retries: retries,
        });
    ScheduleDownload {
        command_key: key.to_owned(),
        file_type: "2 Web Content".to_owned(),
        url: "http://files.example/pages".to_owned(),
        time_window_list: windows.collect(),
        ..ScheduleDownload::default()
    }
}
