//! How often files are opened, by whomever.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Counts how often each of some files is opened, also by other programs, as long as it is the same
/// file.
pub struct Openings(Inotify);

impl Openings {
    /// Begins to count.
    ///
    /// # Panics
    /// One of the files is not there.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a Path>) -> Self {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK).expect("an inotify");
        for file in files {
            // With what closes it: the kernel makes one of two events that are the same.
            let events = AddWatchFlags::IN_OPEN | AddWatchFlags::IN_CLOSE;
            let watched = inotify.add_watch(file, events);
            watched.unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        }
        Self(inotify)
    }

    /// How often since the last call.
    pub fn count(&self) -> usize {
        let mut count = 0;
        loop {
            match self.0.read_events() {
                Ok(events) => {
                    let opened = |flags: AddWatchFlags| flags.contains(AddWatchFlags::IN_OPEN);
                    count += events.iter().filter(|event| opened(event.mask)).count();
                }
                Err(Errno::EAGAIN) => return count,
                Err(error) => panic!("inotify: {error}"),
            }
        }
    }
}
