//! The files of transfers in the run folder: each has one, by its number, on its way in or out. They
//! lie in memory, as an image that is to be flashed must, and go with the transfer.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the names of the files begin with, before the number: the file that moves, and what an
/// installation has beside it.
const PREFIXES: [&str; 2] = ["transfer-", "flash."];

/// Where the files are.
pub(in crate::agent) struct TransferFiles {
    dir: PathBuf,
}

impl TransferFiles {
    /// In the run folder.
    pub(in crate::agent) fn new(run_dir: &Path) -> Self {
        Self {
            dir: run_dir.to_owned(),
        }
    }

    /// The file of a transfer.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("transfer-{number}"))
    }

    /// The transfer needs its file no more, nor what was made beside it.
    pub(super) fn remove(&self, number: u32) {
        self.remove_if(|of| of == number);
    }

    /// Removes what earlier runs left of transfers other than these.
    pub(super) fn remove_others(&self, known: &[u32]) {
        self.remove_if(|of| !known.contains(&of));
    }

    fn remove_if(&self, is_over: impl Fn(u32) -> bool) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if number_of(&name.to_string_lossy()).is_some_and(&is_over) {
                let path = entry.path();
                match fs::remove_file(&path) {
                    Ok(()) => log::debug!("{}: removed", path.display()),
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => log::warn!("cannot remove {}: {e}", path.display()),
                }
            }
        }
    }
}

/// Whose file in the run folder has this name: `transfer-7`, `flash.7.log`.
pub(in crate::agent) fn number_of(name: &str) -> Option<u32> {
    let mut prefixes = PREFIXES.iter();
    let rest = prefixes.find_map(|prefix| name.strip_prefix(prefix))?;
    let number = rest.split_once('.').map_or(rest, |(number, _)| number);
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use cwmpd_lab::Folder;

    use super::*;

    #[test]
    fn t36_what_is_left_of_transfers_that_are_over_is_removed_and_nothing_else() {
        let folder = Folder::new("transfer-files");
        let names = [
            "boot",
            "flash.1.log",
            "flash.12.tgz",
            "flash.2.log",
            "transfer-",
            "transfer-1",
            "transfer-1.log",
            "transfer-12",
            "transfer-2",
            "transfer-x",
            "undelivered",
        ];
        for name in names {
            folder.file(name, "");
        }
        let files = TransferFiles::new(&folder);
        files.remove(1);
        files.remove(3);
        files.remove_others(&[2]);
        let left = fs::read_dir(folder.path()).unwrap();
        let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut left: Vec<String> = left.collect();
        left.sort();
        let stays = [
            "boot",
            "flash.2.log",
            "transfer-",
            "transfer-2",
            "transfer-x",
            "undelivered",
        ];
        assert_eq!(left, stays);
    }
}
