//! Firmware: the image is tried by `sysupgrade -T`, then flashed, which ends the agent; after the boot
//! it is judged whether that happened.
//!
//! On flash, before `sysupgrade` begins: a note of what runs and what is to run, in the folder of the
//! state, which an upgrade keeps; and a marker beside that folder, which it does not keep. What
//! sysupgrade does, as far as it matters here:
//!
//! * That of 14.07 ends all processes but its own, then flashes; it never returns.
//! * That of today hands over to procd, whose call is not answered, so that `sysupgrade` may end with
//!   an error while the box goes down. Only what it said tells.
//! * `-n -f FILE` restores that archive after the flash and nothing else; with `-n` it also takes an
//!   image that cannot take over all settings.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufWriter};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::flash_note::FlashNote;
use super::metadata::image_metadata;
use super::pack::{self, Gzip, TapeHead};
use super::{Installer, KeepList, MAX_KEPT, closed_file, within, words};
use crate::base::config::TlsConfig;
use crate::base::file::{self, Keep};
use crate::cwmp::Installed;
use crate::datamodel::csv::Crc32;
use crate::device::commands::{CommandError, Listen};
use crate::soap::{TransferFault, code};

const SYSUPGRADE: &str = "sysupgrade";

/// The test of an image may take as long as so many commands: signatures are checked by it.
const TEST_COMMANDS: u32 = 3;

/// How long `sysupgrade` is waited for. It is not ended then: the box goes down, sooner or later.
const FLASH_WAIT: Duration = Duration::from_secs(300);

/// How long the box may yet go down after `sysupgrade` ended with an error.
const AFTERMATH: Duration = Duration::from_secs(5);

/// In the boot in which a flash began, it is believed to go on for this long.
const FLASH_TIME: Duration = Duration::from_secs(900);

/// What `sysupgrade` says when it does not turn back: of 14.07, and of today.
const NO_WAY_BACK: [&str; 3] = ["Switching to ramdisk", "Commencing upgrade", "Sending TERM"];

/// What `sysupgrade` says of an image that is not for this board, or does not tell which it is for.
const OTHER_FLAWS: [&str; 2] = ["not supported by this image", "metadata"];

/// What of its words is looked at, in bytes.
const MAX_SAID: usize = 4096;

/// The file that tells which firmware runs is not looked at beyond this, in bytes.
const MAX_RELEASE: usize = 16 * 1024;

/// The line of that file, on OpenWrt, that tells the revision.
const REVISION: &str = "DISTRIB_REVISION=";

impl Installer {
    /// Flashes an image.
    pub(super) fn flash(&self, number: u32, image: &Path) -> Result<Installed, TransferFault> {
        let flashed = self.try_and_flash(number, image);
        if flashed.is_err() {
            self.settle(number);
        }
        flashed
    }

    fn try_and_flash(&self, number: u32, image: &Path) -> Result<Installed, TransferFault> {
        let kept = self.kept_path(number);
        let mut words: Vec<&OsStr> = Vec::new();
        self.note_flash(number, image).map_err(|error| {
            TransferFault::new(
                code::INTERNAL_ERROR,
                format!("no note of the flash can be made: {error}"),
            )
        })?;
        if !self.transfer.keep_settings {
            // With the note in it.
            self.pack_kept(&kept).map_err(|error| {
                TransferFault::new(code::INTERNAL_ERROR, format!("what is to be kept: {error}"))
            })?;
            words.extend(["-n".as_ref(), "-f".as_ref(), kept.as_os_str()]);
        } else {
            // As it is now: since the configuration was read links may lead elsewhere.
            self.keep_list().lay_down().map_err(|error| {
                TransferFault::new(code::INTERNAL_ERROR, format!("what is to be kept: {error}"))
            })?;
        }
        words.push(image.as_os_str());
        self.try_image(&words)?;
        // All that was written is on the medium when the flash begins, also of other programs.
        nix::unistd::sync();
        self.run_flash(number, &words)
    }

    fn try_image(&self, words: &[&OsStr]) -> Result<(), TransferFault> {
        let mut system = self.system.clone();
        system.limit = system.limit.saturating_mul(TEST_COMMANDS);
        let mut arguments: Vec<&OsStr> = vec!["-T".as_ref()];
        arguments.extend(words);
        let mut said = Vec::new();
        let mut take = |bytes: &[u8]| {
            let rest = MAX_SAID.saturating_sub(said.len());
            said.extend(bytes.iter().take(rest));
            Ok(())
        };
        let tried = system.run(SYSUPGRADE, &arguments, Listen::All(&mut take));
        let said = super::words(&said);
        match tried {
            Ok(()) => Ok(()),
            Err(CommandError::Failed(..)) => {
                let is_about = |word: &str| said.to_lowercase().contains(word);
                // That there is no signature is told also where none is wanted.
                let code = match is_about("signature") && !OTHER_FLAWS.into_iter().any(is_about) {
                    true => code::FILE_AUTHENTICATION,
                    false => code::FILE_CORRUPTED,
                };
                let why = format!("sysupgrade does not take this image: {said}");
                Err(TransferFault::new(code, why))
            }
            Err(error) => Err(TransferFault::new(code::INTERNAL_ERROR, error)),
        }
    }

    fn note_flash(&self, number: u32, image: &Path) -> io::Result<()> {
        let metadata = image_metadata(&mut file::open(image)?).unwrap_or_default();
        let release = self.release();
        let marker = self.marker_path(number);
        file::replace(&marker, b"", 0o600, Keep::Durably)?;
        let note = FlashNote {
            same_revision: has_word(&release, &metadata.revision),
            tells_revision: release.contains(REVISION),
            revision: metadata.revision,
            release: Crc32::of(&release),
            marked: fs::metadata(&marker)?.ctime(),
        };
        let text = note.to_string();
        file::replace(
            &self.note_path(number),
            text.as_bytes(),
            0o600,
            Keep::Durably,
        )?;
        Ok(())
    }

    fn run_flash(&self, number: u32, words: &[&OsStr]) -> Result<Installed, TransferFault> {
        let log = self.flash_log_path(number);
        let _ = fs::remove_file(&log);
        log::warn!("the firmware is being replaced: the box goes down");
        match self.system.run_apart(SYSUPGRADE, words, &log, FLASH_WAIT) {
            Ok(_) => Ok(Installed::GoingDown),
            Err(CommandError::Failed(..)) => {
                let said = file::read_beginning(&log, MAX_SAID).unwrap_or_default();
                let text = String::from_utf8_lossy(&said);
                if NO_WAY_BACK.iter().any(|sign| text.contains(sign)) {
                    return Ok(Installed::GoingDown);
                }
                thread::sleep(AFTERMATH);
                let why = format!("sysupgrade did not flash the image: {}", self::words(&said));
                Err(TransferFault::new(code::TRANSFER_FAILURE, why))
            }
            Err(error) => Err(TransferFault::new(code::INTERNAL_ERROR, error)),
        }
    }

    /// What became of a flash that began.
    pub(super) fn judge_flash(&self, number: u32) -> Result<Installed, TransferFault> {
        let note = file::read_beginning(&self.note_path(number), MAX_SAID).ok();
        let note = note.and_then(|text| FlashNote::parse(&String::from_utf8_lossy(&text)));
        let Some(note) = note else {
            let why = "the box went down before the image was flashed; it runs what it ran before";
            return Err(TransferFault::new(code::TRANSFER_FAILURE, why));
        };
        if self.goes_down(number) {
            return Ok(Installed::GoingDown);
        }
        let release = self.release();
        let is_changed = Crc32::of(&release) != note.release;
        let is_marked = fs::metadata(self.marker_path(number))
            .is_ok_and(|marker| marker.ctime() == note.marked);
        let is_wanted = has_word(&release, &note.revision);
        let runs = revision(&release).unwrap_or("what it ran before");
        let is_other = !note.revision.is_empty() && note.tells_revision && !is_wanted;
        match (is_changed, is_marked) {
            _ if is_other => {
                let wanted = &note.revision;
                Err(TransferFault::new(
                    code::TRANSFER_FAILURE,
                    format!("the box runs {runs}, and not {wanted} as flashed"),
                ))
            }
            (true, _) | (false, false) => {
                log::info!("the firmware was replaced: {runs}");
                Ok(Installed::Done)
            }
            (false, true) => Err(TransferFault::new(
                code::TRANSFER_FAILURE,
                format!("the image was not flashed: the box still runs {runs}"),
            )),
        }
    }

    /// Whether the flash began in this boot, not long ago: the file is in memory.
    fn goes_down(&self, number: u32) -> bool {
        let log = fs::metadata(self.flash_log_path(number));
        let changed = log.and_then(|log| log.modified());
        changed.is_ok_and(|changed| {
            let age = SystemTime::now().duration_since(changed);
            age.is_ok_and(|age| age < FLASH_TIME)
        })
    }

    fn release(&self) -> String {
        let text = file::read_beginning(&self.transfer.release_file, MAX_RELEASE);
        String::from_utf8_lossy(&text.unwrap_or_default()).into_owned()
    }

    /// An archive of what brings the box back to its ACS: the agent's configuration and state, what
    /// TLS needs, and what is named in `transfer.keep`.
    fn pack_kept(&self, to: &Path) -> io::Result<()> {
        let mut archive = Gzip::begin(BufWriter::new(closed_file(to)?))?;
        for path in self.kept_files() {
            let Ok(file) = file::open(&path) else {
                continue;
            };
            let data = file.metadata()?;
            let name = path.to_string_lossy();
            let name = name.trim_start_matches('/');
            if data.is_file() {
                let head = TapeHead::of_file(name, &data);
                pack::head(&mut archive, &head)?;
                pack::content(&mut archive, &mut &file, head.size)?;
            }
        }
        pack::end(&mut archive)?;
        archive
            .end()?
            .into_inner()
            .map_err(io::Error::other)?
            .sync_all()
    }

    fn kept_files(&self) -> Vec<PathBuf> {
        let tls = &self.tls;
        let of_tls = tls.files().into_iter().map(|(_, path)| path.to_owned());
        let mut files: Vec<PathBuf> = of_tls.collect();
        files.extend(self.transfer.keep.iter().cloned());
        files.push(self.config_dir.join("cwmpd"));
        // Not the rows: a new firmware has its own.
        let state = |path: &PathBuf| path.extension().is_none_or(|end| end != "csv");
        files.extend(within(&self.model_dir).into_iter().filter(state));
        files.extend(tls.ca_path.iter().flat_map(|folder| within(folder)));
        files.truncate(MAX_KEPT);
        files
    }

    /// What `sysupgrade` is to keep that it does not keep by itself.
    fn keep_list(&self) -> KeepList {
        let tls: Vec<&TlsConfig> = [&self.tls].into_iter().chain(&self.other_tls).collect();
        KeepList::new(&self.root, &tls, &self.transfer.keep)
    }

    /// The note, in the folder that an upgrade keeps.
    pub(super) fn note_path(&self, number: u32) -> PathBuf {
        self.model_dir.join(format!("flash.{number}"))
    }

    /// The marker, beside that folder.
    pub(super) fn marker_path(&self, number: u32) -> PathBuf {
        let mut path = self.model_dir.clone().into_os_string();
        path.push(format!("-flash.{number}"));
        path.into()
    }

    /// What `sysupgrade` says, in memory.
    pub(super) fn flash_log_path(&self, number: u32) -> PathBuf {
        self.run_dir.join(format!("flash.{number}.log"))
    }

    /// The archive of what is kept, in memory.
    pub(super) fn kept_path(&self, number: u32) -> PathBuf {
        self.run_dir.join(format!("flash.{number}.tgz"))
    }
}

/// Whether a text has this word, which is none where it is empty.
fn has_word(text: &str, word: &str) -> bool {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '=');
    !word.is_empty() && text.split(is_end).any(|other| other == word)
}

/// The revision that OpenWrt tells of itself.
fn revision(release: &str) -> Option<&str> {
    let line = release.lines().find_map(|line| line.strip_prefix(REVISION));
    line.map(|value| value.trim_matches(['\'', '"']))
}
