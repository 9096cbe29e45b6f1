//! `stub:` values from `DeviceInterfaceStubFile` in the model's folder, as the original agent's
//! test device has them. The text is [`StubFile`]'s; here it is read and replaced.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::file::{self, Keep};
use crate::datamodel::source::{Source, SourceError};
use crate::datamodel::stub::StubFile;

/// The name of the file.
pub const FILE_NAME: &str = "DeviceInterfaceStubFile";

/// No stub file is larger.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// Permissions of a file that is made anew: there may be passwords in it.
const NEW_FILE_MODE: u32 = 0o600;

/// The source `stub`. The key is the name of the parameter without the root; each `{i}` stands for
/// an instance number, from left to right. The name must match as a whole.
pub struct StubSource {
    path: PathBuf,
    /// The file as last read, and its text.
    file: Option<(StubFile, String)>,
    staged: Vec<(String, String)>,
    /// The texts before and after the last commit; `None` before: there was no file.
    done: Option<(Option<String>, String)>,
}

fn name_of<'a>(key: &'a str, at: &[u32]) -> Cow<'a, str> {
    let mut name = Cow::Borrowed(key);
    for instance in at {
        if !name.contains("{i}") {
            break;
        }
        name = Cow::Owned(name.replacen("{i}", &instance.to_string(), 1));
    }
    name
}

impl StubSource {
    /// Serves the stub file in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(FILE_NAME),
            file: None,
            staged: Vec::new(),
            done: None,
        }
    }

    /// The text on the disk; `None` where there is no file.
    fn read(&self) -> io::Result<Option<String>> {
        match file::read(&self.path, MAX_FILE_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mode = fs::metadata(&self.path).map_or(NEW_FILE_MODE, |m| m.mode());
        file::replace(&self.path, text.as_bytes(), mode, Keep::Durably)
    }

    fn failed(&self, error: &io::Error) -> SourceError {
        SourceError::Failed(format!("{}: {error}", self.path.display()))
    }

    fn current(&mut self) -> Option<&StubFile> {
        if self.file.is_none() {
            let text = match self.read() {
                Ok(text) => text.unwrap_or_default(),
                Err(error) => {
                    log::error!("{}: {error}", self.path.display());
                    String::new()
                }
            };
            self.file = Some((StubFile::parse(&text), text));
        }
        self.file.as_ref().map(|(file, _)| file)
    }
}

impl Source for StubSource {
    fn declare(&mut self, key: &str, _numeric: bool) -> Result<(), String> {
        if key.is_empty() || key.contains(char::is_whitespace) || key.starts_with('#') {
            return Err(format!("'{key}' is not the name of a parameter"));
        }
        Ok(())
    }

    fn refresh(&mut self) {
        // Parsed anew only if the text is another: most refreshes find it as it was.
        if let (Some((_, known)), Ok(Some(text))) = (&self.file, self.read()) {
            if *known == text {
                return;
            }
        }
        self.file = None;
    }

    fn get(&mut self, key: &str, at: &[u32]) -> Option<Cow<'_, str>> {
        let name = name_of(key, at);
        self.current()?.get(&name).map(Cow::Borrowed)
    }

    fn stage(&mut self, key: &str, at: &[u32], value: &str) -> Result<(), SourceError> {
        self.staged
            .push((name_of(key, at).into_owned(), value.to_owned()));
        Ok(())
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        self.done = None;
        let staged = std::mem::take(&mut self.staged);
        if staged.is_empty() {
            return Ok(());
        }
        let before = self.read().map_err(|e| self.failed(&e))?;
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
        if self.read().map_err(|e| self.failed(&e))?.as_ref() != Some(&after) {
            let why = "changed in between; the older state is not put back";
            return Err(self.failed(&io::Error::other(why)));
        }
        match before {
            Some(text) => self.write(&text),
            None => fs::remove_file(&self.path),
        }
        .map_err(|e| self.failed(&e))
    }

    fn volatile(&self, _key: &str) -> bool {
        false
    }
}
