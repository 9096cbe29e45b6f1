//! From a file server into a file.
//!
//! What counts as the whole file: `Content-Length`, or the end of the last chunk, exactly; a body that
//! ends before is gone on with, and if that does not help it is 9017 and nothing is left of it.
//! `FileSize` of the order is only what the ACS believes: ACSs leave it 0, or have that of an earlier
//! file. It has to find room before anything is fetched, and where the server does not say how long
//! the file is and ends it by closing the connection, a file that is shorter is one that was cut off.
//! Else a `FileSize` that is not the length is told in the log, and no more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use super::attempts::Attempts;
use super::contact::FileServer;
use super::failure::{Cause, TransferFailure};
use super::range::{ContentRange, Validator};
use super::{MAX_FILE_BYTES, Progress, Transport};
use crate::base::room;
use crate::cwmp::{Moved, TransferOrder};
use crate::http::HttpAnswer;
use crate::soap::TransferFault;

/// After so many bytes it is looked anew whether there is room for the rest: for so many more where
/// nobody knows how many come.
const LOOK_EVERY_BYTES: u64 = 128 * 1024;

/// Fetches the file of an order into a new file at `to`, which is for its owner alone; what was there
/// before goes. It returns when the file is whole and on the medium; if it fails, nothing is there.
///
/// # Errors
/// A fault that TransferComplete may have: 9010, 9012, 9015 to 9018.
pub fn download(
    order: &TransferOrder,
    to: &Path,
    transport: &Transport,
    progress: &Progress,
) -> Result<Moved, TransferFault> {
    let fetched = fetch(order, to, transport, progress);
    if fetched.is_err() {
        let _ = fs::remove_file(to);
    }
    fetched.map_err(|failure| failure.fault)
}

fn fetch(
    order: &TransferOrder,
    to: &Path,
    transport: &Transport,
    progress: &Progress,
) -> Result<Moved, TransferFailure> {
    let server = FileServer::new(order, transport, progress)?;
    let mut part = PartialFile::create(&server, to)?;
    progress.set_total(order.file_size);
    part.check_room(order.file_size)?;
    let mut attempts = Attempts::new(&transport.patience, server.end);
    while let Err(failure) = part.fill() {
        // What cannot be gone on with is no headway.
        let kept = part.validator.as_ref().map_or(0, |_| part.bytes);
        attempts.pause(failure, kept, progress)?;
    }
    part.finish()
}

/// The file, as far as it came.
struct PartialFile<'a> {
    server: &'a FileServer<'a>,
    file: File,
    bytes: u64,
    /// The length of the whole, where it is known.
    total: Option<u64>,
    /// With it the rest can be asked for.
    validator: Option<Validator>,
    /// At so many bytes it is looked again whether there is room.
    look_at: u64,
    /// Why the last write failed.
    full: Option<TransferFailure>,
}

impl<'a> PartialFile<'a> {
    fn create(server: &'a FileServer<'a>, to: &Path) -> Result<Self, TransferFailure> {
        let create = || {
            match fs::remove_file(to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = OpenOptions::new();
            let new = options.write(true).create_new(true).mode(0o600);
            new.custom_flags(OFlag::O_NOFOLLOW.bits()).open(to)
        };
        let fail =
            |error: io::Error| local(server, &format!("a file for it cannot be made: {error}"));
        Ok(Self {
            server,
            file: create().map_err(fail)?,
            bytes: 0,
            total: None,
            validator: None,
            look_at: 0,
            full: None,
        })
    }

    /// One attempt to get what is missing.
    fn fill(&mut self) -> Result<(), TransferFailure> {
        let going_on = self.validator.clone().filter(|_| self.bytes > 0);
        let range = format!("bytes={}-", self.bytes);
        // Without a word about it a server may choose any coding.
        let mut headers = vec![("Accept-Encoding", "identity")];
        if let Some(validator) = &going_on {
            headers.extend([("Range", range.as_str()), ("If-Range", validator.text())]);
        }
        let begun = self.bytes > 0;
        let asked = self.server.ask(&headers, None);
        let mut answer = asked.map_err(|failure| failure.after_a_part(begun))?;
        match (answer.status, going_on) {
            (200 | 203, _) => self.begin(&answer)?,
            (206, Some(validator)) => self.go_on(&answer, &validator)?,
            (416, Some(_)) => return Err(self.changed(&answer)),
            (status, _) => {
                return Err(TransferFailure::of_status(
                    self.server.order,
                    answer.host(),
                    status,
                ));
            }
        }
        self.take(&mut answer)
    }

    /// The file comes from its beginning.
    fn begin(&mut self, answer: &HttpAnswer) -> Result<(), TransferFailure> {
        let anew = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        anew.map_err(|error| self.unwritten(&error))?;
        self.bytes = 0;
        self.look_at = 0;
        self.total = answer.length();
        self.validator = Validator::of(answer);
        let order = self.server.order;
        if let Some(total) = self
            .total
            .filter(|total| order.file_size > 0 && order.file_size != *total)
        {
            log::info!(
                "{order}: FileSize is {}, the file has {total} bytes: those count",
                order.file_size
            );
        }
        let known = self.total.unwrap_or(order.file_size);
        self.server.progress.set_total(known);
        self.server.progress.set_bytes(0);
        Ok(())
    }

    /// The rest comes, if this is the rest, and of the same file.
    fn go_on(&mut self, answer: &HttpAnswer, validator: &Validator) -> Result<(), TransferFailure> {
        let part = match answer.header_values("content-range").as_slice() {
            [one] => ContentRange::parse(one),
            _ => None,
        };
        let fits = |part: &ContentRange| {
            let total = part.total.or(self.total);
            part.first == self.bytes
                && (self.total.is_none() || total == self.total)
                && answer.length().is_none_or(|length| length == part.length)
                && validator.holds(answer)
        };
        let Some(part) = part.filter(fits) else {
            return Err(self.changed(answer));
        };
        self.total = part.total.or(self.total);
        log::info!("{}: goes on at byte {}", self.server.order, self.bytes);
        Ok(())
    }

    /// What came is of no use any more.
    fn changed(&mut self, answer: &HttpAnswer) -> TransferFailure {
        self.validator = None;
        let why = format!(
            "{} broke off at byte {}, and then had another file, or another part of it",
            answer.host(),
            self.bytes
        );
        self.server.refuse(Cause::Incomplete, &why).passing()
    }

    /// Writes what the answer has.
    fn take(&mut self, answer: &mut HttpAnswer) -> Result<(), TransferFailure> {
        let server = self.server;
        let left = MAX_FILE_BYTES.saturating_sub(self.bytes);
        server.pace.begin();
        let copied = answer.copy_to(self, left);
        server.pace.end();
        if let Err(error) = copied {
            let full = self.full.take();
            return Err(full.unwrap_or_else(|| server.failed(&error, true)));
        }
        let is_framed =
            answer.length().is_some() || !answer.header_values("transfer-encoding").is_empty();
        let least = match (self.total, is_framed) {
            (Some(total), _) if self.bytes > total => return Err(self.changed(answer)),
            (Some(total), _) => total,
            (None, true) => 0,
            (None, false) => server.order.file_size,
        };
        if self.bytes >= least {
            return Ok(());
        }
        let host = answer.host();
        let why = format!(
            "{host} ended the file after {} of {least} bytes",
            self.bytes
        );
        Err(server.refuse(Cause::Incomplete, &why).passing())
    }

    /// Bytes that are to come, where that is known.
    fn missing(&self) -> Option<u64> {
        self.total.map(|total| total.saturating_sub(self.bytes))
    }

    fn check_room(&self, bytes: u64) -> Result<(), TransferFailure> {
        let room = room::check_open(&self.file, bytes);
        room.map_err(|why| local(self.server, &why))
    }

    fn unwritten(&self, error: &io::Error) -> TransferFailure {
        local(
            self.server,
            &format!("the file cannot be written on the box: {error}"),
        )
    }

    fn finish(self) -> Result<Moved, TransferFailure> {
        self.file
            .sync_all()
            .map_err(|error| self.unwritten(&error))?;
        self.server.progress.set_total(self.bytes);
        Ok(Moved { bytes: self.bytes })
    }
}

impl Write for PartialFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let coming = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.bytes >= self.look_at {
            self.look_at = self.bytes.saturating_add(LOOK_EVERY_BYTES);
            if let Err(failure) = self.check_room(self.missing().unwrap_or(LOOK_EVERY_BYTES)) {
                self.full = Some(failure);
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        if let Err(error) = self.file.write_all(bytes) {
            self.full = Some(self.unwritten(&error));
            return Err(error);
        }
        self.bytes = self.bytes.saturating_add(coming);
        self.server.pace.moved(coming);
        self.server.progress.set_bytes(self.bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Something of the box is the reason.
fn local(server: &FileServer<'_>, why: &str) -> TransferFailure {
    server.refuse(Cause::Generic, why)
}
