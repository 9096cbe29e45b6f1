//! In place of a connection, in a build without the feature `ubus`.

use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use nix::poll::PollFlags;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::source::Source;
use crate::device::sources::left_out::LeftOutSource;

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

/// Values that nobody asks for.
#[derive(Default)]
pub(super) struct NoValues {}

impl NoValues {
    pub(super) fn source(&self) -> Box<dyn Source> {
        Box::new(LeftOutSource {
            part: "ubus",
            has_others: true,
        })
    }

    pub(super) fn failures(&self) -> Vec<String> {
        Vec::new()
    }

    pub(super) fn forget_calls(&mut self) {}
}

impl Agent {
    pub(in crate::agent) fn ask_ubus(&mut self, _: Now) -> bool {
        false
    }

    pub(in crate::agent) fn is_asking_ubus(&self) -> bool {
        false
    }

    pub(in crate::agent) fn on_ubus(&mut self, event: NoEvent, _: Now) {
        match event {}
    }
}
