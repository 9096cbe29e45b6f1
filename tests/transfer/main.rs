//! Files between servers and the box, through [`cwmpd::transfer`] and real sockets.

mod fuzzed;
mod hostile;
mod memory;
mod nginx;
mod resumed;
mod room;
mod rules;
mod told;
mod upload;
mod whole;

use std::path::PathBuf;
use std::time::Duration;

use cwmpd::base::config::Config;
use cwmpd::cwmp::{Direction, FileType, Moved, TransferOrder};
use cwmpd::http::KeptTls;
use cwmpd::soap::TransferFault;
use cwmpd::transfer::{self, Progress, TransferPatience, Transport};
use cwmpd_lab::Folder;
use cwmpd_lab::files::FileServer;

/// Long enough for a loaded machine; no test waits for it to pass.
const AMPLE: Duration = Duration::from_secs(60);

/// The default rules, without long pauses between attempts.
fn transport() -> Transport {
    let mut link = Config::default().link;
    link.connect_timeout = AMPLE;
    link.response_timeout = AMPLE;
    Transport {
        link,
        kept_tls: KeptTls::default(),
        check_dates: true,
        patience: TransferPatience {
            pause: Duration::from_millis(1),
            window: AMPLE,
            whole: 2 * AMPLE,
        },
    }
}

/// An order without credentials and sizes.
fn order(direction: Direction, url: &str) -> TransferOrder {
    TransferOrder {
        number: 7,
        direction,
        file_type: match direction {
            Direction::Download => FileType::Firmware,
            Direction::Upload => FileType::VendorLog(None),
        },
        url: url.to_owned(),
        username: String::new(),
        password: "".into(),
        file_size: 0,
        target_file_name: String::new(),
    }
}

fn with_user(mut order: TransferOrder) -> TransferOrder {
    order.username = "box".into();
    order.password = "secret".into();
    order
}

/// A box with a folder, and what came of a transfer.
struct Home {
    folder: Folder,
    transport: Transport,
    progress: Progress,
}

impl Home {
    fn new(name: &str) -> Self {
        Self {
            folder: Folder::new(&format!("transfer-{name}")),
            transport: transport(),
            progress: Progress::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("7")
    }

    fn download(&self, order: &TransferOrder) -> Result<Moved, TransferFault> {
        let ended = transfer::download(order, &self.path(), &self.transport, &self.progress);
        assert_eq!(ended.is_ok(), self.path().exists(), "{ended:?}");
        if let Err(fault) = &ended {
            assert_told(fault);
            assert!(
                (9010..=9018).contains(&fault.code) && fault.code != 9013,
                "{fault:?}"
            );
        }
        ended
    }

    /// Downloads what a server has; the file.
    fn get(&self, server: &FileServer) -> Result<Vec<u8>, TransferFault> {
        let moved = self.download(&order(Direction::Download, &server.url()))?;
        let file = std::fs::read(self.path()).unwrap();
        assert_eq!(file.len() as u64, moved.bytes);
        Ok(file)
    }

    fn upload(&self, order: &TransferOrder, content: &[u8]) -> Result<Moved, TransferFault> {
        let from = self.folder.file("up", content);
        let ended = transfer::upload(order, &from, &self.transport, &self.progress);
        if let Err(fault) = &ended {
            assert_told(fault);
            assert!([9011, 9012, 9015].contains(&fault.code), "{fault:?}");
        }
        ended
    }
}

/// A FaultString has its bounds, and no secret in it.
fn assert_told(fault: &TransferFault) {
    let string = &fault.string;
    assert!(
        !string.is_empty() && string.chars().count() <= 256,
        "{string}"
    );
    for secret in ["TELLTALE", "secret"] {
        assert!(!string.contains(secret), "{string}");
    }
}

/// Bytes in which nothing can get lost or change its place unnoticed.
fn pattern(length: usize) -> Vec<u8> {
    let word = |position: usize| (position as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..length)
        .map(|position| word(position / 8).to_le_bytes()[position % 8])
        .collect()
}
