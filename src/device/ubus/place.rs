//! Where ubusd listens, and how it is noticed that it does.

use std::path::PathBuf;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Becomes ready when something new is in the folder of one of the sockets; where there is no such
/// folder, in the nearest above it. The kernel says so, so that nobody has to look again and again:
/// ubusd makes its socket anew whenever it starts. `None` where the system has no such thing left.
pub(super) fn watch(sockets: &[PathBuf]) -> Option<Inotify> {
    let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
    let new = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
    let is_watched = sockets.iter().all(|socket| {
        let mut folders = socket.ancestors().skip(1);
        folders.any(|folder| inotify.add_watch(folder, new).is_ok())
    });
    is_watched.then_some(inotify)
}

/// The sockets, for people.
pub(super) fn shown(sockets: &[PathBuf]) -> String {
    let shown = sockets.iter().map(|socket| socket.display().to_string());
    shown.collect::<Vec<_>>().join(" or ")
}
