//! Plain files go into the folder of their type: as a whole, durably, and nowhere else.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::{Installer, UNFINISHED, unfinished};
use crate::base::excerpt::excerpt;
use crate::base::file;
use crate::base::room;
use crate::cwmp::{Direction, FileType, TransferOrder};
use crate::soap::{TransferFault, code};

/// What file systems take for a name, in bytes; some of it is for the name until the file is whole.
const MAX_NAME: usize = 200;

/// Folders above a file, within the folder of its type.
const MAX_DEPTH: usize = 8;

/// Permissions of a file that is new, and of a folder that is made for it.
const FILE_MODE: u32 = 0o644;

/// Where a plain file goes.
pub(super) struct FilePlace {
    path: PathBuf,
    service: Option<String>,
}

impl FilePlace {
    /// The folder that is there already, and takes the file or the folders above it.
    pub(super) fn folder(&self) -> &Path {
        let mut above = self.path.ancestors().skip(1);
        above
            .find(|folder| folder.is_dir())
            .unwrap_or(Path::new("/"))
    }
}

impl Installer {
    /// Where the file of an order goes.
    ///
    /// # Errors
    /// The fault of the RPC that asks for it: 9003 for a name or a type, 9010 for what is there.
    pub(super) fn place_for(&self, order: &TransferOrder) -> Result<FilePlace, TransferFault> {
        let (folder, service) = match order.file_type {
            FileType::WebContent => (&self.transfer.web_folder, None),
            _ => {
                let text = order.file_type.text(Direction::Download);
                let mut types = self.transfer.types.iter();
                let known = types.find(|known| known.name.eq_ignore_ascii_case(&text));
                let known = known.ok_or_else(|| {
                    let text = excerpt(&text, 80);
                    TransferFault::new(
                        code::INVALID_ARGUMENTS,
                        format!("this box has no folder for files of type '{text}'"),
                    )
                })?;
                (&known.folder, known.service.clone())
            }
        };
        let name = match order.target_file_name.as_str() {
            "" => name_of_url(&order.url),
            name => name,
        };
        let path = within(folder, name)?;
        Ok(FilePlace { path, service })
    }

    /// Brings a whole file to its place, and tells the service.
    ///
    /// # Errors
    /// There is no room, or the system refuses: what was there is there.
    pub(super) fn put(&self, place: &FilePlace, from: &Path) -> Result<(), TransferFault> {
        let failed = |error: io::Error| {
            TransferFault::new(
                code::TRANSFER_FAILURE,
                format!("{}: {error}", place.path.display()),
            )
        };
        let folder = place.path.parent().unwrap_or(Path::new("/"));
        let bytes = fs::metadata(from).map_err(failed)?.len();
        fs::create_dir_all(folder).map_err(failed)?;
        room::check(folder, bytes)
            .map_err(|why| TransferFault::new(code::TRANSFER_FAILURE, why))?;
        let mode = fs::metadata(&place.path).map(|data| data.permissions().mode() & 0o777);
        copy_whole(from, &place.path, mode.unwrap_or(FILE_MODE)).map_err(failed)?;
        log::info!(
            "{}: {bytes} bytes were put in their place",
            place.path.display()
        );
        if let Some(service) = &place.service {
            if let Err(error) = self.system.serve(service, "reload") {
                log::warn!("the file is in its place, and its service does not know: {error}");
            }
        }
        Ok(())
    }
}

/// The last part of a URL's path.
fn name_of_url(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The path of a name below a folder: it stays below it, whatever links there are, and what is
/// there is a plain file or nothing.
fn within(folder: &Path, name: &str) -> Result<PathBuf, TransferFault> {
    let refused = |why: &str| {
        TransferFault::new(
            code::INVALID_ARGUMENTS,
            format!("'{}' {why}", excerpt(name, 80)),
        )
    };
    let parts: Vec<&str> = name.split('/').collect();
    let is_odd = |part: &&str| {
        matches!(*part, "" | "." | "..")
            || part.len() > MAX_NAME
            || part.ends_with(UNFINISHED)
            || part.chars().any(char::is_control)
    };
    if parts.iter().any(is_odd) || parts.len() > MAX_DEPTH {
        return Err(refused(
            "is no name of a file here: it has to stay in its folder",
        ));
    }
    let unusable = |path: &Path, why: &dyn std::fmt::Display| {
        TransferFault::new(code::TRANSFER_FAILURE, format!("{}: {why}", path.display()))
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| unusable(folder, &error))?;
    if !folder.is_dir() {
        return Err(unusable(&folder, &"it is no folder"));
    }
    let mut path = folder.clone();
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.iter().enumerate() {
        path.push(part);
        match fs::symlink_metadata(&path) {
            // What is below is not there either, and is made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(&path, &error)),
            Ok(data) if at == last => {
                if !data.is_file() {
                    return Err(refused("is there already, and is no plain file"));
                }
            }
            Ok(data) if data.is_dir() => {}
            Ok(_) => {
                let real = path.canonicalize().ok();
                let inside = real.filter(|real| real.starts_with(&folder) && real.is_dir());
                path = inside.ok_or_else(|| refused("leads out of its folder"))?;
            }
        }
    }
    Ok(path)
}

/// Copies a file by way of a name that a reader does not take for it; on the medium when it returns.
fn copy_whole(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    let new = unfinished(to);
    let copied = copy_synced(from, &new, mode).and_then(|()| fs::rename(&new, to));
    if copied.is_err() {
        let _ = fs::remove_file(&new);
    }
    copied?;
    file::sync_folder(to.parent().unwrap_or(Path::new("/")))
}

fn copy_synced(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    options.custom_flags(OFlag::O_NOFOLLOW.bits());
    let mut to = options.open(to)?;
    io::copy(&mut file::open(from)?, &mut to)?;
    to.set_permissions(fs::Permissions::from_mode(mode))?;
    to.sync_all()
}
