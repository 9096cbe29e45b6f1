//! What the engine gives to be kept for a restart of the program: a small file in the run folder,
//! which lies in memory, so that a session costs no write to flash. It is held open and written
//! over by one call; length and checksum tell what was written whole.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::agent::error::AgentError;
use crate::agent::patience::Patience;
use crate::agent::trouble::Trouble;
use crate::datamodel::csv::Crc32;

/// The name of the file in the run folder.
pub(super) const FILE: &str = "undelivered";

/// The most that is read of the file: 64 events and as many timers are far less.
const MAX_BYTES: usize = 256 * 1024;

/// The file, once there was something to keep.
pub(in crate::agent) struct Memory {
    path: PathBuf,
    boot: String,
    file: Option<File>,
    /// What could not be written.
    unwritten: Option<String>,
    pub trouble: Trouble,
}

impl Memory {
    /// For the boot with this id.
    pub(in crate::agent) fn new(run_dir: &Path, boot: &str) -> Self {
        Self {
            path: path(run_dir),
            boot: boot.to_owned(),
            file: None,
            unwritten: None,
            trouble: Trouble::default(),
        }
    }

    /// What was kept last in this boot; none where that was not written whole.
    ///
    /// # Errors
    /// `Unreadable`, while patience is left.
    pub(in crate::agent) fn read(
        run_dir: &Path,
        boot: &str,
        patience: Patience,
    ) -> Result<Option<String>, AgentError> {
        let text = patience.read_text(&path(run_dir), MAX_BYTES)?;
        Ok(text.and_then(|text| Self::parse(&text, boot)))
    }

    fn parse(text: &str, boot: &str) -> Option<String> {
        let (head, rest) = text.split_once('\n')?;
        let (length, checksum) = head.split_once(' ')?;
        let body = rest.get(..length.parse().ok()?)?;
        let is_whole = u32::from_str_radix(checksum, 16) == Ok(Crc32::of(body));
        let (of, kept) = body.split_once('\n')?;
        (is_whole && of == boot).then(|| kept.to_owned())
    }

    /// Keeps this in place of what was kept.
    pub(in crate::agent) fn keep(&mut self, line: &str) {
        let written = self.write(line);
        self.unwritten = written.is_err().then(|| line.to_owned());
        self.trouble.hear(written.map_err(|e| {
            let path = self.path.display();
            format!(
                "cannot write {path}: {e}; should the agent be killed now, it forgets undelivered \
                 events"
            )
        }));
    }

    /// Tries again what could not be written.
    pub(in crate::agent) fn mend(&mut self) {
        if let Some(line) = self.unwritten.take() {
            self.keep(&line);
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let body = format!("{}\n{line}", self.boot);
        let text = format!("{} {:08X}\n{body}", body.len(), Crc32::of(&body));
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut options = OpenOptions::new();
                let options = options.write(true).create(true).truncate(false);
                options.mode(0o600).open(&self.path)?
            }
        };
        file.write_all_at(text.as_bytes(), 0)?;
        self.file = Some(file);
        Ok(())
    }
}

fn path(run_dir: &Path) -> PathBuf {
    run_dir.join(FILE)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cwmpd_lab::Folder;

    use super::*;

    fn kept(dir: &Path, boot: &str) -> Option<String> {
        Memory::read(dir, boot, Patience::Left).unwrap()
    }

    #[test]
    fn f05_what_was_kept_last_is_read_and_nothing_that_is_torn_or_of_another_boot() {
        let dir = Folder::new("memory");
        assert_eq!(kept(&dir, "boot 1"), None);
        let mut memory = Memory::new(&dir, "boot 1");
        for line in [
            "2%20PERIODIC:é",
            "a longer line than the one before",
            "",
            "x",
        ] {
            memory.keep(line);
            assert_eq!(kept(&dir, "boot 1").as_deref(), Some(line));
        }
        assert_eq!(kept(&dir, "boot 2"), None);
        let file = path(&dir);
        let whole = fs::read(&file).unwrap();
        for length in 0..whole.len() {
            fs::write(&file, &whole[..length]).unwrap();
            let read = kept(&dir, "boot 1");
            assert!(read.is_none_or(|read| read == "x"), "{length}");
        }
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            fs::write(&file, &torn).unwrap();
            let read = kept(&dir, "boot 1");
            // Behind it stands what is left of longer lines.
            assert!(read.is_none_or(|read| read == "x"), "{at}");
        }
    }
}
