//! Configurations: an archive, as `sysupgrade -b` makes it, or a text, as `uci export` does.
//!
//! `sysupgrade -r` unpacks an archive over what is there: not durably, not as a whole, and with the
//! state that the agent had then. So it is done here instead, in three steps, each on flash before the
//! next: what is to be replaced is looked through, then kept (`former.N`, beside the state), then
//! replaced file by file. Wherever the power is cut, what was kept comes back when the transfer is
//! judged; whatever fails, at once. Once all is in its place (`placed.N`) the trial shows the rest.
//! What was kept stays until that is over.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Installer;
use super::archive::{ArchiveReader, Unpack};
use super::replace::{BringBack, Replace, Survey, Targets, keep};
use crate::base::file::{self, Keep};
use crate::base::room;
use crate::cwmp::{Installed, TransferOrder};
use crate::device::commands::{CommandError, Commands, Listen};
use crate::device::uci::{self, Document, MAX_FILE_BYTES};
use crate::soap::{TransferFault, code};

/// What a file of gzip begins with.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What a tar archive has at this place.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Bytes that are read at a time.
const CHUNK: usize = 8192;

/// The agent's own package, which comes into force from a text that has nothing else in it.
const OWN_PACKAGE: &str = "cwmpd";

/// What a file turned out to be.
enum Configuration {
    Archive,
    /// Packages of UCI, each with its text.
    Packages(Vec<(String, Vec<u8>)>),
}

impl Installer {
    /// Puts a configuration in force.
    pub(super) fn configure(
        &self,
        order: &TransferOrder,
        from: &Path,
    ) -> Result<Installed, TransferFault> {
        let configuration = recognized(order, from)?;
        let (paths, bytes) = self.survey(&configuration, from)?;
        if paths.is_empty() {
            return Err(TransferFault::new(
                code::FILE_CORRUPTED,
                "there is no configuration in this file",
            ));
        }
        let former = self.former_path(order.number);
        let placed = self.placed_path(order.number);
        // That of an earlier attempt.
        if placed.exists() {
            file::remove(&placed)
                .map_err(|error| TransferFault::new(code::INTERNAL_ERROR, error))?;
        }
        keep(&paths, &former).map_err(|error| {
            TransferFault::new(
                code::INTERNAL_ERROR,
                format!("what it replaces cannot be kept: {error}"),
            )
        })?;
        // With that on the flash as well, so that each of them can be written, and written back.
        room::check(&self.config_dir, bytes)
            .map_err(|why| TransferFault::new(code::TRANSFER_FAILURE, why))?;
        let mut replace = Replace::new(self.targets(false));
        let replaced = match &configuration {
            Configuration::Archive => self.unpack(from, false, &mut replace),
            Configuration::Packages(packages) => packages
                .iter()
                .try_for_each(|(name, text)| replace.put_package(name, text))
                .map_err(|error| TransferFault::new(code::TRANSFER_FAILURE, error)),
        };
        if let Err(why) = replaced {
            // With what it was writing: the room is needed.
            drop(replace);
            return match self.bring_back(order.number) {
                Ok(()) => Err(why),
                Err(error) => {
                    let string = format!("{}; {error}", why.string);
                    Ok(Installed::InPieces(TransferFault { string, ..why }))
                }
            };
        }
        if replace.packages.is_empty() && !replace.others {
            log::info!("the configuration says what is in force already");
            return Ok(Installed::Done);
        }
        let packages = replace.packages.join("\n");
        let noted = file::replace(&placed, packages.as_bytes(), 0o600, Keep::Durably);
        if let Err(error) = noted {
            log::warn!("{}: cannot be written: {error}", placed.display());
        }
        self.tell(&replace.packages);
        Ok(self.in_force())
    }

    fn in_force(&self) -> Installed {
        match self.transfer.rollback {
            never if never.is_zero() => Installed::Done,
            patience => Installed::OnTrial(patience),
        }
    }

    /// What is to be replaced, and how many bytes come.
    fn survey(
        &self,
        configuration: &Configuration,
        from: &Path,
    ) -> Result<(Vec<PathBuf>, u64), TransferFault> {
        match configuration {
            Configuration::Archive => {
                let mut survey = Survey::new(self.targets(false));
                self.unpack(from, false, &mut survey)?;
                Ok((survey.paths, survey.bytes))
            }
            Configuration::Packages(packages) => {
                let bytes: usize = packages.iter().map(|(_, text)| text.len()).sum();
                let paths = packages.iter().map(|(name, _)| self.config_dir.join(name));
                Ok((paths.collect(), u64::try_from(bytes).unwrap_or(u64::MAX)))
            }
        }
    }

    /// An installation of a configuration was interrupted: what was there comes back.
    pub(super) fn judge_configuration(&self, number: u32) -> Result<Installed, TransferFault> {
        if !self.former_path(number).exists() {
            let why = "the box went down before the configuration was put in force";
            return Err(TransferFault::new(code::TRANSFER_FAILURE, why));
        }
        // All of it was in its place: the services that took it may have started the agent anew.
        if let Ok(packages) = file::read(&self.placed_path(number), MAX_FILE_BYTES) {
            let packages = String::from_utf8_lossy(&packages);
            let packages: Vec<String> = packages.lines().map(str::to_owned).collect();
            self.tell(&packages);
            return Ok(self.in_force());
        }
        let why = "the box went down while the configuration was put in force";
        match self.bring_back(number) {
            Ok(()) => Err(TransferFault::new(
                code::TRANSFER_FAILURE,
                format!("{why}: the former one is back"),
            )),
            Err(error) => Ok(Installed::InPieces(TransferFault::new(
                code::TRANSFER_FAILURE,
                format!("{why}; {error}"),
            ))),
        }
    }

    /// Brings back what a configuration replaced; may be done again.
    pub(super) fn bring_back(&self, number: u32) -> Result<(), String> {
        let mut back = BringBack {
            replace: Replace::new(self.targets(true)),
            failed: None,
        };
        let read = self.unpack(&self.former_path(number), true, &mut back);
        // Also where some of it does not come: what came is in force.
        self.tell(&back.replace.packages);
        let failed = back.failed.take().map(|error| error.to_string());
        match read.err().map(|why| why.string).or(failed) {
            Some(why) => Err(format!(
                "the former configuration does not come back: {why}"
            )),
            None => {
                log::warn!("the former configuration is back");
                Ok(())
            }
        }
    }

    /// The services hear of it. That one does not take it is for the trial to show.
    fn tell(&self, packages: &[String]) {
        if let Err(error) = self.system.clone().apply(packages) {
            log::warn!("a new configuration: {error}");
        }
    }

    /// Hands on what is in an archive.
    fn unpack(
        &self,
        archive: &Path,
        is_own: bool,
        to: &mut dyn Unpack,
    ) -> Result<(), TransferFault> {
        let mut reader = ArchiveReader::new(is_own);
        let mut take = |bytes: &[u8]| reader.push(bytes, to);
        let begin = file::read_beginning(archive, GZIP.len()).unwrap_or_default();
        let unpacked = if begin == GZIP {
            let arguments = ["-c".as_ref(), archive.as_os_str()];
            match self
                .system
                .run("gunzip", &arguments, Listen::Output(&mut take))
            {
                Ok(()) => Ok(()),
                Err(CommandError::Output(_, error)) => Err(error),
                Err(CommandError::Failed(..)) => {
                    return Err(TransferFault::new(
                        code::FILE_CORRUPTED,
                        "the archive is damaged or cut off",
                    ));
                }
                Err(error) => return Err(TransferFault::new(code::INTERNAL_ERROR, error)),
            }
        } else {
            read(archive, &mut take)
        };
        unpacked.and_then(|()| reader.finish()).map_err(|error| {
            let code = match error.kind() {
                io::ErrorKind::InvalidData => code::FILE_CORRUPTED,
                _ => code::TRANSFER_FAILURE,
            };
            TransferFault::new(code, error)
        })
    }

    /// Whether an archive is whole.
    pub(super) fn check_archive(&self, archive: &Path) -> Result<(), TransferFault> {
        struct Nobody;
        impl Unpack for Nobody {
            fn entry(&mut self, _: super::archive::ArchiveEntry) -> io::Result<()> {
                Ok(())
            }
            fn bytes(&mut self, _: &[u8]) -> io::Result<()> {
                Ok(())
            }
            fn whole(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        self.unpack(archive, false, &mut Nobody)
    }

    fn targets(&self, is_own: bool) -> Targets<'_> {
        Targets {
            root: &self.root,
            config_dir: &self.config_dir,
            model_dir: &self.model_dir,
            is_own,
        }
    }

    /// What a configuration replaced, on flash.
    pub(super) fn former_path(&self, number: u32) -> PathBuf {
        self.model_dir.join(format!("former.{number}"))
    }

    /// Tells that all of a configuration is in its place, and which packages are others; on flash.
    pub(super) fn placed_path(&self, number: u32) -> PathBuf {
        self.model_dir.join(format!("placed.{number}"))
    }
}

fn read(path: &Path, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut file = file::open(path)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            length => take(chunk.get(..length).unwrap_or_default())?,
        }
    }
}

/// What a file is, by its first bytes.
fn recognized(order: &TransferOrder, from: &Path) -> Result<Configuration, TransferFault> {
    let (at, tar) = TAR;
    let begin = file::read_beginning(from, at + tar.len());
    let begin = begin.map_err(|error| TransferFault::new(code::TRANSFER_FAILURE, error))?;
    if begin.starts_with(GZIP) || begin.get(at..) == Some(tar) {
        return Ok(Configuration::Archive);
    }
    let damaged = |why: &dyn std::fmt::Display| {
        TransferFault::new(
            code::FILE_CORRUPTED,
            format!("it is no configuration: {why}"),
        )
    };
    let text = file::read(from, MAX_FILE_BYTES).map_err(|error| damaged(&error))?;
    let default = order.target_file_name.rsplit('/').next();
    let default = default.filter(|name| !name.is_empty());
    let packages = uci::packages("the text", &text, default).map_err(|error| damaged(&error))?;
    for (name, text) in &packages {
        Document::parse(name, text.clone()).map_err(|error| damaged(&error))?;
    }
    let alone = packages.len() == 1;
    let taken = packages
        .into_iter()
        .filter(|(name, _)| alone || name != OWN_PACKAGE);
    Ok(Configuration::Packages(taken.collect()))
}
