//! The agent on ubus: its object `tr069`, with the methods and answers that scripts and LuCI pages know
//! from icwmp and easycwmp. What a method does is what the command of the same name does (`serve`);
//! who may call it is for the access lists of ubusd to say. And what rows of the data model show of
//! other objects, which are asked over the same connection (`values`).
//!
//! In a build without the feature `ubus` there is never a connection (`absent`), and the loop is the
//! same.

#[cfg(not(feature = "ubus"))]
mod absent;
#[cfg(feature = "ubus")]
mod object;
#[cfg(feature = "ubus")]
mod serve;
#[cfg(feature = "ubus")]
mod status;
#[cfg(feature = "ubus")]
mod values;

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::PollFlags;

use super::parts::Part;
use crate::base::config::Config;
use crate::datamodel::source::Source;
#[cfg(feature = "ubus")]
pub(super) use crate::device::ubus::UbusEvent;
#[cfg(feature = "ubus")]
use crate::device::ubus::UbusLink;
#[cfg(not(feature = "ubus"))]
pub(super) use absent::NoEvent as UbusEvent;
#[cfg(not(feature = "ubus"))]
use absent::{NO_LINK, NoLink as UbusLink, NoValues as AskedValues, open};
#[cfg(feature = "ubus")]
use serve::{NO_LINK, open};
#[cfg(feature = "ubus")]
use values::AskedValues;

/// The connection to ubusd, as a part of the loop.
pub(super) struct UbusPart {
    /// `None` where it is switched off.
    link: Option<UbusLink>,
    /// When the agent began, as uptime.
    #[cfg(feature = "ubus")]
    started: Duration,
    values: AskedValues,
}

impl UbusPart {
    /// The connection that the configuration wants, of an agent that begins `now` (uptime).
    #[cfg_attr(not(feature = "ubus"), allow(unused_variables))]
    pub(super) fn new(config: &Config, now: Duration) -> Self {
        Self {
            link: open(config),
            #[cfg(feature = "ubus")]
            started: now,
            values: AskedValues::default(),
        }
    }

    /// Follows the configuration: another connection only where it says something else of it.
    pub(super) fn configure(&mut self, config: &Config) {
        let sockets = self.link.as_ref().map(UbusLink::sockets);
        if sockets != config.ubus.as_deref() {
            self.link = open(config);
            self.values.forget_calls();
        }
    }

    /// The source `ubus` of the data model.
    pub(super) fn source(&self) -> Box<dyn Source> {
        self.values.source()
    }

    /// What of other objects does not answer, a sentence each.
    pub(super) fn failures(&self) -> Vec<String> {
        self.values.failures()
    }

    /// Does what is ready or due, without waiting.
    pub(super) fn work(&mut self, now: Duration) -> Vec<UbusEvent> {
        let link = self.link.as_mut();
        link.map(|link| link.work(now)).unwrap_or_default()
    }

    /// How it stands, for `cwmpd status`.
    pub(super) fn line(&self) -> &str {
        match &self.link {
            None => NO_LINK,
            Some(link) => link
                .trouble()
                .map_or("the object tr069 is there", |trouble| {
                    trouble.strip_prefix("no ubus: ").unwrap_or(trouble)
                }),
        }
    }
}

impl Part for UbusPart {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let descriptor = self.link.as_ref().and_then(UbusLink::descriptor);
        descriptor.into_iter().collect()
    }

    fn deadline(&self) -> Option<Duration> {
        self.link.as_ref()?.deadline()
    }
}
