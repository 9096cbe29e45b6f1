//! What becomes of a file that was transferred, and where a file that goes out comes from
//! (TR-069 A.3.2.8, A.4.1.5).
//!
//! | file | duty |
//! |---|---|
//! | `accept` | whether the box can do what an RPC asks for, before a byte is moved |
//! | `firmware`, `flash_note` | images: tried, flashed, judged after the boot |
//! | `keep_list` | what every upgrade of the firmware has to keep |
//! | `metadata` | which version an image has |
//! | `configuration`, `replace` | archives and texts of UCI: put in force, and undone |
//! | `archive`, `pack` | tar, as it is read and as it is written |
//! | `place` | plain files go into their folder |
//! | `collect` | files that are uploaded |
//!
//! Each call blocks until it is done, and belongs in a job that no other job which touches the flash
//! runs beside. Nothing of a file from outside is kept in memory as a whole, and no word of an ACS
//! reaches a program.

mod accept;
mod archive;
mod collect;
mod configuration;
mod firmware;
mod flash_note;
mod keep_list;
mod metadata;
mod pack;
mod place;
mod replace;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::config::{TlsConfig, TransferConfig};
use crate::base::file;
use crate::base::sort::sort;
use crate::cwmp::{FileType, Installed, TransferOrder};
use crate::device::commands::System;
use crate::soap::{TransferFault, code};
#[cfg(feature = "inside")]
pub use archive::{ArchiveEntry, ArchiveReader, EntryKind, Unpack};
pub use keep_list::KeepList;
#[cfg(feature = "inside")]
pub use metadata::{ImageMetadata, image_metadata};

/// How long a call may take in all, before its job counts as lost: the longest is a flash, after the
/// image was tried.
pub const PATIENCE: Duration = Duration::from_secs(1200);

/// The most that is said of what a program said.
const MAX_WORDS: usize = 160;

/// Where the agent has its files, and what it may run: all that an installation needs to know of the
/// box.
#[derive(Clone)]
pub struct Installer {
    /// The programs of the box.
    pub system: System,
    /// Section `transfer` of the configuration, and those of the files.
    pub transfer: TransferConfig,
    /// What TLS needs comes along where only the way to the ACS is kept.
    pub tls: TlsConfig,
    /// The options of TLS of other links, whose files are not needed for that.
    pub other_tls: Vec<TlsConfig>,
    /// The configuration of the box: `/etc/config`.
    pub config_dir: PathBuf,
    /// State of the agent, on flash: `/etc/cwmpd`.
    pub model_dir: PathBuf,
    /// In memory: `/var/run/cwmpd`.
    pub run_dir: PathBuf,
    /// Where the names of an archive begin: `/`.
    pub root: PathBuf,
}

impl Installer {
    /// Puts in force what was downloaded into `file`.
    ///
    /// # Errors
    /// What TransferComplete is to say: the box is as it was.
    pub fn install(&self, order: &TransferOrder, file: &Path) -> Result<Installed, TransferFault> {
        match &order.file_type {
            FileType::Firmware => self.flash(order.number, file),
            FileType::VendorConfiguration(_) => self.configure(order, file),
            FileType::WebContent | FileType::StoredFirmware | FileType::Vendor(_) => {
                let place = self.place_for(order).map_err(not_now)?;
                self.put(&place, file)?;
                Ok(Installed::Done)
            }
            FileType::VendorLog(_) => Err(TransferFault::new(
                code::TRANSFER_FAILURE,
                "a log cannot be downloaded",
            )),
        }
    }

    /// What became of an installation after which the program or the box started anew.
    ///
    /// # Errors
    /// What TransferComplete is to say: it is not in force, and what was there before is.
    pub fn judge(&self, order: &TransferOrder) -> Result<Installed, TransferFault> {
        match &order.file_type {
            FileType::Firmware => self.judge_flash(order.number),
            FileType::VendorConfiguration(_) => self.judge_configuration(order.number),
            _ => Err(TransferFault::new(
                code::TRANSFER_FAILURE,
                "the agent was interrupted while it was put in its place",
            )),
        }
    }

    /// Brings back what the configuration of a transfer replaced.
    ///
    /// # Errors
    /// It cannot be brought back: why.
    pub fn roll_back(&self, order: &TransferOrder) -> Result<(), String> {
        self.bring_back(order.number)
    }

    /// A transfer is over: what was kept for it goes, where there is anything.
    pub fn settle(&self, number: u32) {
        let kept = [
            self.note_path(number),
            self.marker_path(number),
            self.placed_path(number),
            self.former_path(number),
        ];
        for path in kept.iter().filter(|path| path.exists()) {
            if let Err(error) = file::remove(path) {
                log::warn!("{}: cannot be removed: {error}", path.display());
            }
        }
        for path in [self.flash_log_path(number), self.kept_path(number)] {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Installer {
    /// Settles all transfers but these: the power was cut between their end and what was left to do.
    pub fn settle_others(&self, known: &[u32]) {
        // Or while that was still being kept.
        let _ = std::fs::remove_file(replace::unfinished_keep(&self.former_path(0)));
        let marker = self.marker_path(0);
        let marker = marker.file_name().unwrap_or_default().to_string_lossy();
        let marker = marker.trim_end_matches('0');
        let kept = ["former.", "placed.", "flash."].map(|prefix| (Some(&*self.model_dir), prefix));
        for (folder, prefix) in kept.into_iter().chain([(self.model_dir.parent(), marker)]) {
            let entries = folder.map(std::fs::read_dir).into_iter().flatten();
            for entry in entries.flatten().flatten() {
                let name = entry.file_name();
                let number = name.to_str().and_then(|name| name.strip_prefix(prefix));
                match number.and_then(|number| number.parse().ok()) {
                    Some(number) if !known.contains(&number) => self.settle(number),
                    _ => {}
                }
            }
        }
    }
}

/// Files that are kept, at most.
const MAX_KEPT: usize = 512;

/// The files of a folder.
fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    sort(&mut files);
    files
}

/// The end of a name until its file is whole.
const UNFINISHED: &str = ".cwmpd-new";

/// The name of a file until it is whole, in the same folder.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{UNFINISHED}"))
}

/// A file that no other user may read, empty: there are passwords in configurations.
fn closed_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}

/// What was fine when the RPC was accepted, and is not any more: TransferComplete knows fewer codes.
fn not_now(refused: TransferFault) -> TransferFault {
    TransferFault {
        code: code::TRANSFER_FAILURE,
        ..refused
    }
}

/// What a program said, in one line that can be shown.
fn words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join("; ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    crate::base::excerpt::excerpt(&line, MAX_WORDS).into_owned()
}
