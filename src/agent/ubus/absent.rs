//! In place of a connection, in a build without the feature `ubus`.

use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use nix::poll::PollFlags;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::Config;

/// How it stands where there is no connection.
pub(super) const NO_LINK: &str = "left out of this build (Cargo feature ubus)";

/// A connection that there never is.
pub(super) enum NoLink {}

/// What never happens.
pub(in crate::agent) enum NoEvent {}

pub(super) fn open(_: &Config) -> Option<NoLink> {
    None
}

impl NoLink {
    pub(super) fn sockets(&self) -> &[PathBuf] {
        match *self {}
    }

    pub(super) fn trouble(&self) -> Option<&str> {
        match *self {}
    }

    pub(super) fn descriptor(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match *self {}
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match *self {}
    }

    pub(super) fn work(&mut self, _: Duration) -> Vec<NoEvent> {
        match *self {}
    }
}

impl Agent {
    pub(in crate::agent) fn on_ubus(&mut self, event: NoEvent, _: Now) {
        match event {}
    }
}
