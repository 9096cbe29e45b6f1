//! What can be refused at once: the box has no way to do it, no place, or no room.

use std::path::Path;

use super::Installer;
use super::collect::{UploadSource, source_of};
use crate::base::room;
use crate::cwmp::{Direction, FileType, TransferOrder};
use crate::soap::{TransferFault, code};

impl Installer {
    /// Whether the box can do this, as far as that is known before a byte is moved; `path` as in
    /// [`Installer::collect`].
    ///
    /// # Errors
    /// The fault of the RPC: 9001 where the box has no program for it, 9003 for a type, a number or a
    /// name, 9004 where there is no room, 9010 for what stands in its way.
    pub fn accepts(&self, order: &TransferOrder, path: Option<&Path>) -> Result<(), TransferFault> {
        match order.direction {
            Direction::Download => self.accepts_download(order),
            Direction::Upload => self.accepts_upload(&order.file_type, path),
        }
    }

    fn accepts_download(&self, order: &TransferOrder) -> Result<(), TransferFault> {
        match order.file_type {
            FileType::Firmware => self.has("sysupgrade")?,
            FileType::VendorConfiguration(_) => {}
            FileType::WebContent | FileType::StoredFirmware | FileType::Vendor(_) => {
                let place = self.place_for(order)?;
                let folder = place.folder();
                room::check(folder, order.file_size)
                    .map_err(|why| TransferFault::new(code::RESOURCES_EXCEEDED, why))?;
            }
            FileType::VendorLog(_) => {
                return Err(TransferFault::new(
                    code::INVALID_ARGUMENTS,
                    "a log cannot be downloaded",
                ));
            }
        }
        room::check(&self.run_dir, order.file_size)
            .map_err(|why| TransferFault::new(code::RESOURCES_EXCEEDED, why))
    }

    fn accepts_upload(
        &self,
        file_type: &FileType,
        path: Option<&Path>,
    ) -> Result<(), TransferFault> {
        match source_of(file_type, path)? {
            UploadSource::Program(program) => self.has(program),
            UploadSource::File(path) if path.is_file() => Ok(()),
            UploadSource::File(path) => Err(TransferFault::new(
                code::UPLOAD_FAILURE,
                format!("{}: there is no such file", path.display()),
            )),
        }
    }

    fn has(&self, program: &'static str) -> Result<(), TransferFault> {
        let found = self.system.program(program);
        found
            .map(drop)
            .map_err(|error| TransferFault::new(code::REQUEST_DENIED, error))
    }
}
