//! `stub:` values from `DeviceInterfaceStubFile` in the model's folder, as the original agent's
//! test device has them. The text is [`StubFile`]'s; here it is read and replaced.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::file::{self, Keep};
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, KeyTemplate, Reading, Slot, Source, SourceError,
};
use crate::datamodel::stub::StubFile;

/// In the model's folder, as the original agent has it.
pub const FILE_NAME: &str = "DeviceInterfaceStubFile";

/// No stub file is larger.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// Permissions of a file that is made anew: there may be passwords in it.
const NEW_FILE_MODE: u32 = 0o600;

/// The source `stub`. The key is the name of the parameter without the root, with `{i}` for
/// instances. The name must match as a whole.
pub struct StubSource {
    path: PathBuf,
    keys: DeclaredKeys<KeyTemplate>,
    /// The file as last read, and its text; `None` where there was none yet.
    file: Option<(StubFile, String)>,
    /// It could not be read at the last look, which is told once.
    unreadable: bool,
    staged: Vec<(String, String)>,
    /// The texts before and after the last commit; `None` before: there was no file.
    done: Option<(Option<String>, String)>,
}

impl StubSource {
    /// Serves the stub file in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(FILE_NAME),
            keys: DeclaredKeys::default(),
            file: None,
            unreadable: false,
            staged: Vec::new(),
            done: None,
        }
    }

    /// What is on the disk; `None` where there is no file.
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match file::read(&self.path, MAX_FILE_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same as a text that can be written back: what is not UTF-8 would be lost by that.
    fn read_text(&self) -> io::Result<Option<String>> {
        let text = self.read()?.map(String::from_utf8).transpose();
        text.map_err(|_| io::Error::other("it is not UTF-8; save it in that encoding"))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mode = fs::metadata(&self.path).map_or(NEW_FILE_MODE, |m| m.mode());
        file::replace(&self.path, text.as_bytes(), mode, Keep::Durably)
    }

    fn failed(&self, error: &io::Error) -> SourceError {
        SourceError::Failed(format!("{}: {error}", self.path.display()))
    }

    /// Reads the file. One that is not there, or cannot be read now, leaves what it said.
    fn look(&mut self) {
        match self.read() {
            Ok(None) => self.unreadable = false,
            Ok(Some(bytes)) => {
                self.unreadable = false;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                // Most looks find it as it was.
                if self.file.as_ref().is_none_or(|(_, known)| *known != text) {
                    self.file = Some((StubFile::parse(&text), text));
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.unreadable, true) {
                    log::error!("{}: {error}", self.path.display());
                }
            }
        }
    }

    /// The change that `name` and `value` are, as one line.
    fn line(name: &str, value: &str) -> String {
        let mut change = StubFile::default();
        change.set(name, value);
        change.format().trim_end().to_owned()
    }
}

impl Source for StubSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if key.is_empty() || key.contains(char::is_whitespace) || key.starts_with('#') {
            return Err(format!("'{key}' is not the name of a parameter"));
        }
        if row.kind.is_none() {
            return Err("the stub file lists no instances".to_owned());
        }
        Ok(self.keys.keep(KeyTemplate::parse(key, row.tables)?))
    }

    fn stands_in(&self) -> bool {
        self.path.is_file()
    }

    fn refresh(&mut self) -> bool {
        self.look();
        true
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        if self.file.is_none() {
            self.look();
        }
        let Some(key) = self.keys.get(slot) else {
            return Reading::Absent;
        };
        match &self.file {
            Some((file, _)) => Reading::of(file.get(&key.fill(at))),
            None => Reading::Unknown,
        }
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        let key = self.keys.get(slot).ok_or(SourceError::ReadOnly)?;
        let name = key.fill(at).into_owned();
        self.staged.push((name, value.to_owned()));
        Ok(())
    }

    fn staged(&self) -> Vec<String> {
        let lines = self.staged.iter();
        lines.map(|(name, value)| Self::line(name, value)).collect()
    }

    fn replay(&mut self, line: &str) -> Result<(), SourceError> {
        let change = StubFile::parse(line);
        let values = change
            .iter()
            .filter_map(|(name, value)| Some((name, value?)));
        self.staged = values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.commit()
    }

    fn keeps_reports(&self, _slot: Slot) -> bool {
        true
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        self.done = None;
        let staged = std::mem::take(&mut self.staged);
        if staged.is_empty() {
            return Ok(());
        }
        let before = self.read_text().map_err(|e| self.failed(&e))?;
        let mut file = StubFile::parse(before.as_deref().unwrap_or_default());
        for (name, value) in &staged {
            file.set(name, value);
        }
        let after = file.format();
        if before.as_ref() != Some(&after) {
            self.write(&after).map_err(|e| self.failed(&e))?;
            self.done = Some((before, after.clone()));
        }
        self.file = Some((file, after));
        Ok(())
    }

    fn rollback(&mut self) {
        self.staged.clear();
    }

    fn undo(&mut self) -> Result<(), SourceError> {
        let Some((before, after)) = self.done.take() else {
            return Ok(());
        };
        self.file = None;
        let now = self.read().map_err(|e| self.failed(&e))?;
        if now.as_deref() != Some(after.as_bytes()) {
            let why = "changed in between; the older state is not put back";
            return Err(self.failed(&io::Error::other(why)));
        }
        match before {
            Some(text) => self.write(&text),
            None => file::remove(&self.path),
        }
        .map_err(|e| self.failed(&e))
    }
}
