//! One change: appended, marked as carried out, taken back.

use std::io;

use super::journal::JournalEnd;
use super::{Batch, DataFile, JOURNAL, JournalFile, MAX_FILE_BYTES, Store, StoreError};

impl Store {
    /// Makes one transaction durable: on return it is found at every later start, whole, and its
    /// [`Batch::writes`] are handed out until they are carried out. So this is the commit point of
    /// a SetParameterValues over several files.
    ///
    /// # Errors
    /// `TooLarge` and `NeedsCheckpoint` touch no file. What is replaced or gone counts until the next
    /// checkpoint, so that a checkpoint may still save what is `TooLarge` here. After `NotSaved` the state before holds, on
    /// disk too, unless the disk is so broken that not even that can be said: then a checkpoint has
    /// to come next.
    pub fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let bytes = self.bytes + batch.row_bytes();
        if bytes > self.limit.max(self.bytes) {
            return Err(StoreError::TooLarge { bytes });
        }
        if let (DataFile::None, JournalFile::None) = (&self.data, &self.journal) {
            // The first start: the empty state, for the journal to belong to.
            self.checkpoint(&mut std::iter::empty())?;
        }
        let mut text = String::new();
        let Some((before, mut end)) = self.begin_entry(&mut text) else {
            return Err(StoreError::NeedsCheckpoint(self.path(JOURNAL)));
        };
        end.put_batch(batch, &mut text);
        // What could not be read again must not be written.
        if end.length > MAX_FILE_BYTES {
            return Err(StoreError::NeedsCheckpoint(self.path(JOURNAL)));
        }
        self.before = None;
        if let Err(error) = self.write_entry(&text, true) {
            let _ = self.go_back(self.journal);
            return Err(StoreError::NotSaved(self.path(JOURNAL), error));
        }
        self.before = Some((before, self.bytes));
        self.journal = JournalFile::At(end);
        self.mark_is_due = false;
        self.bytes = bytes;
        Ok(())
    }

    /// Puts what has to stand before the next transaction; what a [`Store::take_back`] goes back
    /// to, and where the transaction begins.
    fn begin_entry(&self, text: &mut String) -> Option<(JournalFile, JournalEnd)> {
        match (&self.journal, &self.data) {
            (JournalFile::At(end), _) => {
                let mut end = *end;
                if self.mark_is_due {
                    end.put_carried_out(text);
                }
                Some((JournalFile::At(end), end))
            }
            (JournalFile::None, DataFile::Whole(head)) => {
                Some((JournalFile::None, JournalEnd::begin(head, text)))
            }
            _ => None,
        }
    }

    /// Says that the sources have written what the transactions so far told them to.
    ///
    /// The mark is not synced: it is with the next transaction. Until then a power cut may forget
    /// it, and the writes are handed out once more, which the sources can stand: they compare with
    /// what is there and write what differs.
    ///
    /// # Errors
    /// `NotSaved`: the mark goes before the next transaction.
    pub fn carried_out(&mut self) -> Result<(), StoreError> {
        self.before = None;
        if !self.is_unfinished() {
            return Ok(());
        }
        let mut marked = Ok(());
        if let JournalFile::At(mut end) = self.journal {
            let mut text = String::new();
            end.put_carried_out(&mut text);
            marked = self.write_entry(&text, false);
            match marked {
                Ok(()) => self.journal = JournalFile::At(end),
                Err(_) => drop(self.go_back(self.journal)),
            }
        }
        match &mut self.journal {
            JournalFile::At(end) => self.mark_is_due = end.unfinished,
            // The checkpoint that has to come next leaves the writes out.
            closed => *closed = JournalFile::Closed { unfinished: false },
        }
        marked.map_err(|error| StoreError::NotSaved(self.path(JOURNAL), error))
    }

    /// Takes the last transaction back, whose writes the sources refused: it is as if never
    /// appended. Nothing is done where it was carried out already, or there is none.
    ///
    /// # Errors
    /// `NotTakenBack`: a checkpoint has to come next, see [`Store::wants_checkpoint`]; until then a
    /// restart may find the transaction.
    pub fn take_back(&mut self) -> Result<(), StoreError> {
        let Some((journal, bytes)) = self.before.take() else {
            return Ok(());
        };
        self.bytes = bytes;
        self.go_back(journal)
            .map_err(|error| StoreError::NotTakenBack(self.path(JOURNAL), error))
    }

    /// Writes behind the last entry, in one call.
    fn write_entry(&self, text: &str, sync: bool) -> io::Result<()> {
        let path = self.path(JOURNAL);
        let (mut file, new) = match &self.journal {
            JournalFile::At(end) => (self.disk.open(&path, end.length)?, false),
            _ => (self.disk.create(&path)?, true),
        };
        file.write(text.as_bytes())?;
        if sync {
            file.sync()?;
        }
        if new {
            self.disk.sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// Makes the journal end where it did, durably. Where that fails it is closed.
    fn go_back(&mut self, before: JournalFile) -> io::Result<()> {
        let path = self.path(JOURNAL);
        let cut = match &before {
            JournalFile::At(end) => self
                .disk
                .open(&path, end.length)
                .and_then(|mut file| file.sync()),
            _ => match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => self.disk.sync_folder(&self.folder),
            },
        };
        self.journal = match (&cut, before) {
            (Ok(()), _) => before,
            (Err(_), JournalFile::At(JournalEnd { unfinished, .. })) => {
                JournalFile::Closed { unfinished }
            }
            (Err(_), _) => JournalFile::Closed { unfinished: false },
        };
        cut
    }
}
