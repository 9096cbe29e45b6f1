//! From a file to a file server, by PUT.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use super::attempts::Attempts;
use super::contact::FileServer;
use super::failure::{Cause, TransferFailure};
use super::{Progress, Transport};
use crate::cwmp::{Moved, TransferOrder};
use crate::soap::TransferFault;

/// Sends the file at `from`, as long as it is now, to where the order says. The server is asked for its
/// word before the body, so that this goes out once where credentials are wanted or it is to go
/// elsewhere; once more only after a connection that broke (RFC 9110 §9.2.2).
///
/// # Errors
/// A fault that TransferComplete may have: 9011, 9012, 9015.
pub fn upload(
    order: &TransferOrder,
    from: &Path,
    transport: &Transport,
    progress: &Progress,
) -> Result<Moved, TransferFault> {
    let sent = put(order, from, transport, progress);
    sent.map_err(|failure| failure.fault)
}

fn put(
    order: &TransferOrder,
    from: &Path,
    transport: &Transport,
    progress: &Progress,
) -> Result<Moved, TransferFailure> {
    let server = FileServer::new(order, transport, progress)?;
    let (file, bytes) = open(from).map_err(|error| {
        let why = format!("what is to be sent cannot be read on the box: {error}");
        server.refuse(Cause::Generic, &why)
    })?;
    progress.set_total(bytes);
    let mut attempts = Attempts::new(&transport.patience, server.end);
    while let Err(failure) = send(&server, &file, bytes) {
        attempts.pause(failure, 0, progress)?;
    }
    Ok(Moved { bytes })
}

/// A file and its length; no link, and nothing that has to be waited for.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits()).open(path)?;
    let data = file.metadata()?;
    match data.is_file() {
        true => Ok((file, data.len())),
        false => Err(io::Error::other("it is no file")),
    }
}

/// One attempt.
fn send(server: &FileServer<'_>, file: &File, bytes: u64) -> Result<(), TransferFailure> {
    let headers = [("Content-Type", "application/octet-stream")];
    let answer = server.ask(&headers, Some((file, bytes)))?;
    match answer.status {
        200..300 => Ok(()),
        status => Err(TransferFailure::of_status(
            server.order,
            answer.host(),
            status,
        )),
    }
}
