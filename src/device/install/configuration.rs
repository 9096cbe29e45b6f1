//! Configurations: an archive, as `sysupgrade -b` makes it, or a text, as `uci export` does.
//!
//! `sysupgrade -r` unpacks an archive over what is there: not durably, not as a whole, and with the
//! state that the agent had then. So it is done here instead, in three steps, each on flash before the
//! next: what is to be replaced is looked through, then kept (`former.N`, beside the state), then
//! replaced file by file. Wherever the power is cut, what was kept comes back when the transfer is
//! judged; whatever fails, at once. What was kept stays until the trial is over.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::archive::{ArchiveReader, Unpack};
use super::replace::{Replace, Survey, Targets, keep};
use super::{Installer, fault};
use crate::base::{file, room};
use crate::cwmp::{Installed, TransferOrder};
use crate::device::commands::{CommandError, Commands, Listen};
use crate::device::uci::{self, Document, MAX_FILE_BYTES};
use crate::soap::TransferFault;

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
            return Err(fault(9018, "there is no configuration in this file"));
        }
        room::check(&self.config_dir, bytes).map_err(|why| fault(9010, why))?;
        let former = self.former_path(order.number);
        keep(&paths, &former)
            .map_err(|error| fault(9002, format!("what it replaces cannot be kept: {error}")))?;
        let mut replace = Replace::new(self.targets(false));
        let replaced = match &configuration {
            Configuration::Archive => self.unpack(from, false, &mut replace),
            Configuration::Packages(packages) => packages
                .iter()
                .try_for_each(|(name, text)| replace.put_package(name, text))
                .map_err(|error| fault(9010, error)),
        };
        if let Err(why) = replaced {
            if let Err(error) = self.bring_back(order.number) {
                log::error!("{error}");
            }
            return Err(why);
        }
        if replace.packages.is_empty() && !replace.others {
            log::info!("the configuration says what is in force already");
            return Ok(Installed::Done);
        }
        self.tell(&replace.packages);
        match self.transfer.rollback {
            never if never.is_zero() => Ok(Installed::Done),
            patience => Ok(Installed::OnTrial(patience)),
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
            return Err(fault(9010, why));
        }
        Err(match self.bring_back(number) {
            Ok(()) => fault(
                9010,
                "the box went down while the configuration was put in force; the former one is back",
            ),
            Err(why) => fault(9002, why),
        })
    }

    /// Brings back what a configuration replaced; may be done again.
    pub(super) fn bring_back(&self, number: u32) -> Result<(), String> {
        let mut replace = Replace::new(self.targets(true));
        let back = self.unpack(&self.former_path(number), true, &mut replace);
        back.map_err(|why| {
            format!(
                "the former configuration does not come back: {}",
                why.string
            )
        })?;
        log::warn!("the former configuration is back");
        self.tell(&replace.packages);
        Ok(())
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
                    return Err(fault(9018, "the archive is damaged or cut off"));
                }
                Err(error) => return Err(fault(9002, error)),
            }
        } else {
            read(archive, &mut take)
        };
        unpacked.and_then(|()| reader.finish()).map_err(|error| {
            let code = match error.kind() {
                io::ErrorKind::InvalidData => 9018,
                _ => 9010,
            };
            fault(code, error)
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
    let begin = begin.map_err(|error| fault(9010, error))?;
    if begin.starts_with(GZIP) || begin.get(at..) == Some(tar) {
        return Ok(Configuration::Archive);
    }
    let damaged =
        |why: &dyn std::fmt::Display| fault(9018, format!("it is no configuration: {why}"));
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
