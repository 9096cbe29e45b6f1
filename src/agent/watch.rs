//! What the kernel tells of the box: edited configuration, changed addresses, a clock that jumped.
//! Each is a descriptor, so that none of it needs looking up again and again.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use super::parts::Part;

/// `RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR` (rtnetlink(7)).
const ADDRESS_GROUPS: u32 = 0x10 | 0x100;

/// `RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE`, likewise.
const ROUTE_GROUPS: u32 = 0x40 | 0x400;

/// The most that is read from a descriptor before others have their turn. Whoever writes faster
/// than it is read does not hold the loop.
const MAX_READS: usize = 16;

/// A file is another one: it was written, or renamed over the old one, as `uci commit` does.
const WRITTEN: AddWatchFlags = AddWatchFlags::IN_CLOSE_WRITE.union(AddWatchFlags::IN_MOVED_TO);

/// A name came or went.
const LISTED: AddWatchFlags = AddWatchFlags::IN_CREATE
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_MOVED_FROM);

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BoxChange {
    /// Somebody says that the configuration is another one (SIGHUP).
    Configuration,
    /// A file of the configuration was written.
    Files,
    /// A package or a service came, went, or is another.
    Software,
    /// A DHCP server told something.
    Offers,
    /// An interface got an address, or lost one.
    Addresses,
    /// The way to somewhere.
    Routes,
    /// The wall clock was set.
    Clock,
}

/// Descriptors that become ready when something changed. Where the system does not have one, the
/// change is seen at the next session instead.
pub(super) struct Watch {
    files: Option<Inotify>,
    software: Option<Inotify>,
    offers: Option<Inotify>,
    addresses: Option<OwnedFd>,
    routes: Option<OwnedFd>,
    clock: Option<TimerFd>,
}

impl Watch {
    /// Watches the files in `config_dir`, the addresses and the clock of the box.
    pub(super) fn new(config_dir: &Path) -> Self {
        let files = folders(&[config_dir], WRITTEN).inspect_err(|e| {
            log::warn!(
                "{} cannot be watched ({e}): changes there are seen at the next session",
                config_dir.display()
            );
        });
        Self {
            files: files.ok(),
            software: None,
            offers: None,
            addresses: netlink(ADDRESS_GROUPS).ok(),
            routes: netlink(ROUTE_GROUPS).ok(),
            clock: clock().ok(),
        }
    }

    /// Watches these folders, too, as far as they are there.
    pub(super) fn watch_software(&mut self, watched: &[PathBuf]) {
        let watched: Vec<&Path> = watched.iter().map(|dir| &**dir).collect();
        let watched: Vec<&Path> = watched.into_iter().filter(|dir| dir.is_dir()).collect();
        if !watched.is_empty() {
            self.software = folders(&watched, WRITTEN.union(LISTED)).ok();
        }
    }

    /// Watches the folder of what DHCP servers tell, too.
    pub(super) fn watch_offers(&mut self, folder: &Path) {
        self.offers = folders(&[folder], WRITTEN).ok();
    }

    /// Whether it is watched.
    pub(super) fn sees_offers(&self) -> bool {
        self.offers.is_some()
    }

    /// Takes what the descriptors have to say, so that they become silent.
    pub(super) fn work(&self) -> Vec<BoxChange> {
        let mut changes = Vec::new();
        changes.extend(is_written(self.files.as_ref()).then_some(BoxChange::Files));
        changes.extend(is_written(self.software.as_ref()).then_some(BoxChange::Software));
        changes.extend(is_written(self.offers.as_ref()).then_some(BoxChange::Offers));
        changes.extend(told(self.addresses.as_ref()).then_some(BoxChange::Addresses));
        changes.extend(told(self.routes.as_ref()).then_some(BoxChange::Routes));
        if let Some(timer) = &self.clock {
            // The clock was set, which cancelled the timer: it has to be armed again.
            if timer.wait().is_ok() {
                let _ = arm(timer);
                changes.push(BoxChange::Clock);
            }
        }
        changes
    }
}

impl Part for Watch {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let files = self.files.as_ref().map(AsFd::as_fd);
        let software = self.software.as_ref().map(AsFd::as_fd);
        let offers = self.offers.as_ref().map(AsFd::as_fd);
        let addresses = self.addresses.as_ref().map(AsFd::as_fd);
        let routes = self.routes.as_ref().map(AsFd::as_fd);
        let clock = self.clock.as_ref().map(AsFd::as_fd);
        let all = [files, software, offers, addresses, routes, clock];
        let all = all.into_iter().flatten();
        all.map(|fd| (fd, PollFlags::POLLIN)).collect()
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }
}

fn folders(dirs: &[&Path], changes: AddWatchFlags) -> nix::Result<Inotify> {
    let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
    for dir in dirs {
        inotify.add_watch(*dir, changes | AddWatchFlags::IN_ONLYDIR)?;
    }
    Ok(inotify)
}

/// Whether something changed in one of the folders.
fn is_written(folders: Option<&Inotify>) -> bool {
    let reads =
        (0..MAX_READS).take_while(|_| folders.is_some_and(|dirs| dirs.read_events().is_ok()));
    reads.count() > 0
}

/// Whether the kernel told something here.
fn told(socket: Option<&OwnedFd>) -> bool {
    let Some(socket) = socket else {
        return false;
    };
    let mut message = [0; 4096];
    let mut read = || recv(socket.as_raw_fd(), &mut message, MsgFlags::MSG_DONTWAIT);
    // More than the kernel could keep (ENOBUFS) says that something changed, too.
    let mut told = || matches!(read(), Ok(1..) | Err(Errno::ENOBUFS));
    (0..MAX_READS).take_while(|_| told()).count() > 0
}

fn netlink(groups: u32) -> nix::Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
    Ok(socket)
}

fn clock() -> nix::Result<TimerFd> {
    let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
    let timer = TimerFd::new(ClockId::CLOCK_REALTIME, flags)?;
    arm(&timer)?;
    Ok(timer)
}

/// A timer that never expires, but is cancelled when the clock is set (timerfd_settime(2)).
fn arm(timer: &TimerFd) -> nix::Result<()> {
    let never = Expiration::OneShot(TimeSpec::new(nix::libc::time_t::MAX, 0));
    let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
    timer.set(never, flags)
}

#[cfg(test)]
mod tests {
    use cwmpd_lab::Folder;

    use super::*;
    use nix::poll::{PollFd, PollTimeout, poll};

    fn is_ready(watch: &Watch) -> bool {
        let fds = watch.descriptors().into_iter();
        let mut fds: Vec<_> = fds.map(|(fd, flags)| PollFd::new(fd, flags)).collect();
        poll(&mut fds, PollTimeout::ZERO).unwrap() > 0
    }

    #[test]
    fn an_edit_is_noticed_once_and_silence_stays_silent() {
        let dir = Folder::new("watch");
        let watch = Watch::new(&dir);
        assert_eq!(watch.descriptors().len(), 4);
        assert!(!is_ready(&watch));
        std::fs::write(dir.join("new"), "config cpe 'cpe'\n").unwrap();
        std::fs::rename(dir.join("new"), dir.join("cwmpd")).unwrap();
        assert!(is_ready(&watch));
        assert_eq!(watch.work(), [BoxChange::Files]);
        assert!(!is_ready(&watch));
        assert_eq!(watch.work(), []);
    }
}
