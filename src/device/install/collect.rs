//! What an Upload sends is brought together in a file first, so that it is whole, of one moment, and
//! can be sent again (TR-069 A.4.1.5).

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::{Installer, closed_file, words};
use crate::base::file;
use crate::base::room;
use crate::cwmp::FileType;
use crate::device::commands::{CommandError, Listen};
use crate::soap::{TransferFault, code};

/// No file that is uploaded is larger, in bytes.
pub const MAX_UPLOAD: u64 = 32 << 20;

/// What of a program's complaints is kept, in bytes.
const MAX_COMPLAINT: usize = 2048;

/// How often it is looked whether there is room for more, in bytes.
const LOOK: u64 = 256 * 1024;

/// Where an upload comes from.
pub(super) enum UploadSource<'c> {
    /// What this program makes.
    Program(&'static str),
    /// This one is there already.
    File(&'c Path),
}

/// The program that makes an archive of the configuration, and the one that tells the log.
const BACKUP: &str = "sysupgrade";
const LOG: &str = "logread";

impl Installer {
    /// Makes the file of an upload. For one with a number `path` is where it is, as the data model
    /// tells (`DeviceInfo.VendorConfigFile.N.X_CWMPD_Path`, and that of `VendorLogFile.`); empty for
    /// the whole configuration and the system log, `None` where there is no such number.
    ///
    /// # Errors
    /// There is no such file, it cannot be made whole, or there is no room for it.
    pub fn collect(
        &self,
        file_type: &FileType,
        path: Option<&Path>,
        to: &Path,
    ) -> Result<(), TransferFault> {
        let source = source_of(file_type, path)?;
        let collected = match source {
            UploadSource::Program(BACKUP) => self.collect_backup(to),
            UploadSource::Program(program) => self.collect_output(program, to),
            UploadSource::File(path) => collect_file(path, to),
        };
        if collected.is_err() {
            let _ = fs::remove_file(to);
        }
        collected
    }

    /// `sysupgrade -b`. That of 14.07 says that all went well when it did not: so the archive is
    /// read again.
    fn collect_backup(&self, to: &Path) -> Result<(), TransferFault> {
        let mut said = Vec::new();
        let mut take = |bytes: &[u8]| {
            let rest = MAX_COMPLAINT.saturating_sub(said.len());
            said.extend(bytes.iter().take(rest));
            let made = fs::metadata(to).map_or(0, |data| data.len());
            fits(to, made)
        };
        // sysupgrade would let every user read it.
        closed_file(to).map_err(|error| TransferFault::new(code::UPLOAD_FAILURE, error))?;
        let arguments: [&OsStr; 2] = ["-b".as_ref(), to.as_os_str()];
        let ran = self.system.run(BACKUP, &arguments, Listen::All(&mut take));
        ran.map_err(|error| not_made(&error, &said))?;
        let made = fs::metadata(to).map_or(0, |data| data.len());
        if made == 0 {
            return Err(TransferFault::new(
                code::UPLOAD_FAILURE,
                "sysupgrade made no backup",
            ));
        }
        fits(to, made).map_err(|error| TransferFault::new(code::UPLOAD_FAILURE, error))?;
        self.check_archive(to)
            .map_err(|why| TransferFault::new(code::UPLOAD_FAILURE, why.string))
    }

    fn collect_output(&self, program: &'static str, to: &Path) -> Result<(), TransferFault> {
        let failed = |error: io::Error| {
            TransferFault::new(code::UPLOAD_FAILURE, format!("{}: {error}", to.display()))
        };
        let mut file = closed_file(to).map_err(failed)?;
        let (mut made, mut next_look) = (0_u64, 0);
        let mut take = |bytes: &[u8]| {
            if made >= next_look {
                fits(to, made)?;
                next_look = made.saturating_add(LOOK);
            }
            made = made.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            file.write_all(bytes)
        };
        let ran = self.system.run(program, &[], Listen::Output(&mut take));
        ran.map_err(|error| not_made(&error, &[]))
    }
}

/// Where the file of an upload comes from; `path` as in [`Installer::collect`].
pub(super) fn source_of<'p>(
    file_type: &FileType,
    path: Option<&'p Path>,
) -> Result<UploadSource<'p>, TransferFault> {
    let (program, instance) = match file_type {
        FileType::VendorConfiguration(instance) => (BACKUP, *instance),
        FileType::VendorLog(instance) => (LOG, *instance),
        _ => {
            return Err(TransferFault::new(
                code::INVALID_ARGUMENTS,
                "files of this type cannot be uploaded",
            ));
        }
    };
    match (instance, path) {
        (Some(instance), None) => Err(TransferFault::new(
            code::INVALID_ARGUMENTS,
            format!("there is no file with number {instance}"),
        )),
        (Some(_), Some(path)) if path.is_absolute() => Ok(UploadSource::File(path)),
        _ => Ok(UploadSource::Program(program)),
    }
}

/// Whether a file of so many bytes may grow.
fn fits(file: &Path, made: u64) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    if made > MAX_UPLOAD {
        let why = format!("it is longer than {MAX_UPLOAD} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    room::check(folder, LOOK).map_err(io::Error::other)
}

fn not_made(error: &CommandError, said: &[u8]) -> TransferFault {
    match words(said).as_str() {
        "" => TransferFault::new(code::UPLOAD_FAILURE, error),
        said => TransferFault::new(code::UPLOAD_FAILURE, format!("{error}: {said}")),
    }
}

/// A file as it is now: one that grows meanwhile, as a log does, is sent up to here.
fn collect_file(from: &Path, to: &Path) -> Result<(), TransferFault> {
    let failed = |error: io::Error| {
        TransferFault::new(code::UPLOAD_FAILURE, format!("{}: {error}", from.display()))
    };
    let source = file::open(from).map_err(failed)?;
    let data = source.metadata().map_err(failed)?;
    if !data.is_file() {
        return Err(failed(io::Error::other("it is no plain file")));
    }
    let bytes = data.len();
    fits(to, bytes).map_err(failed)?;
    let folder = to.parent().unwrap_or(Path::new("/"));
    room::check(folder, bytes).map_err(|why| TransferFault::new(code::UPLOAD_FAILURE, why))?;
    let mut to = closed_file(to).map_err(failed)?;
    let copied = io::copy(&mut io::Read::take(source, bytes), &mut to).map_err(failed)?;
    if copied < bytes {
        return Err(failed(io::Error::other("it was cut while it was read")));
    }
    Ok(())
}
