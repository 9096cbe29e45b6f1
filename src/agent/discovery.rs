//! The ACS that a DHCP server names (TR-069 §3.1), where `acs.dhcp_discovery` lets it.
//!
//! A URL that somebody set stays, be it the ACS, the user of the box or the maker of its firmware: DHCP
//! has a say while there is none, and about the one that it gave itself. What is taken is set as the
//! user of the box would set it, and is there after a reboot, before any lease.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::poll_loop::Agent;
use super::timers::LoopTimer;
use super::ways::NETWORK;
use crate::base::bucket::{Bucket, Rate};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::base::file;
use crate::base::sort::sort;
use crate::base::url;
use crate::device::dhcp::{self, AcsOffer};
use crate::device::sources::uci::UciSource;

/// The folder in the run folder where the scripts of DHCP clients write down what they were told, a file
/// for each device and version of DHCP: `eth0.2.4`, `eth0.2.6`.
pub(super) const FOLDER: &str = "dhcp";

/// More devices with DHCP than that have none.
const MAX_FILES: usize = 16;

/// The durable record of what was taken last: so it is known that the URL is that of DHCP.
const RECORD: &str = "dhcp.offer";

/// How often another offer is taken: each is written to flash, and an ACS hears `0 BOOTSTRAP`.
const RATE: Rate = Rate {
    burst: 4,
    interval: Duration::from_secs(600),
};

/// What is worth a note where DHCP may name the ACS: that no server knows that it is to.
pub(super) fn unasked(config: &Config, uci: &UciSource) -> Option<String> {
    let network = uci.known(NETWORK).and_then(|known| known.document);
    let is_asked = network.is_some_and(dhcp::is_asked_for);
    (config.dhcp_discovery && !is_asked).then(|| {
        "acs.dhcp_discovery: no interface of /etc/config/network asks a DHCP server for the ACS \
         (vendorid 'dslforum.org', reqopts '43 125'; README, The ACS by DHCP)"
            .to_owned()
    })
}

/// What DHCP said of an ACS, and what became of it.
pub(super) struct Discovery {
    folder: PathBuf,
    taken: Bucket,
    /// By what the folder was looked at last; `None` where something else is there since.
    seen: Option<OfferView>,
    /// How it stands, for people.
    standing: String,
}

/// What decides on an offer, besides itself.
#[derive(Clone, PartialEq, Eq)]
struct OfferView {
    url: String,
    device: Option<String>,
}

/// What a server told, and the device and version of DHCP that heard it.
struct LeaseOffer {
    by: String,
    offer: AcsOffer,
}

impl Discovery {
    /// With the folder in this run folder.
    pub(super) fn new(run_dir: &Path) -> Self {
        Self {
            folder: run_dir.join(FOLDER),
            taken: Bucket::default(),
            seen: None,
            standing: String::new(),
        }
    }

    /// The first server that names an ACS, DHCPv4 before DHCPv6 on each device; of `device` alone where
    /// there is one. Else why there is none.
    fn told(&self, device: Option<&str>) -> Result<LeaseOffer, String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let leases = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (of, version) = name.rsplit_once('.').filter(|(of, _)| !of.is_empty())?;
            let is_wanted = device.is_none_or(|device| device == of);
            is_wanted.then(|| (of.to_owned(), version.to_owned()))
        });
        let mut leases: Vec<(String, String)> = leases.collect();
        sort(&mut leases);
        leases.truncate(MAX_FILES);
        let mut unusable = None;
        for (of, version) in leases {
            let told = self.folder.join(format!("{of}.{version}"));
            let told = file::read(&told, dhcp::MAX_TOLD);
            let told = told.map_err(|error| Some(error.to_string()));
            let told = told.and_then(|told| dhcp::read(&String::from_utf8_lossy(&told)));
            let by = format!("DHCPv{version} on {of}");
            match told {
                Ok(offer) => return Ok(LeaseOffer { by, offer }),
                Err(Some(why)) => unusable = unusable.or(Some(format!("{by}: {why}"))),
                Err(None) => {}
            }
        }
        Err(unusable.unwrap_or_else(|| "no server named one yet".to_owned()))
    }

    fn stands(&mut self, standing: String) {
        if self.standing != standing {
            log::info!("ACS by DHCP: {standing}");
            self.standing = standing;
        }
    }
}

impl Agent {
    /// DHCP servers told something, or what they told before may be taken by now.
    pub(super) fn discover_anew(&mut self, now: Now) {
        self.discovery.seen = None;
        self.discover(now);
    }

    /// Follows what DHCP servers told, unless a session runs: then it is done after it.
    pub(super) fn discover(&mut self, now: Now) {
        if self.session.is_some() {
            return;
        }
        if !self.config.dhcp_discovery {
            self.discovery.seen = None;
            return self.discovery.standing.clear();
        }
        let (url, device) = (self.engine.settings().url.clone(), self.interface());
        let seen = Some(OfferView {
            url: url.clone(),
            device: device.clone(),
        });
        if self.discovery.seen == seen {
            return;
        }
        self.discovery.seen = seen;
        self.timers.stop(LoopTimer::Discovery);
        self.watch_offers();
        let before = self.model.record(RECORD).map(AcsOffer::from_record);
        if !url.is_empty() && before.as_ref().is_none_or(|before| before.url != url) {
            if before.is_some() {
                self.model.set_record(RECORD, None);
                self.commit();
            }
            let why = "not asked for, as acs.url was set otherwise";
            return self.discovery.stands(why.to_owned());
        }
        let LeaseOffer { by, offer } = match self.discovery.told(device.as_deref()) {
            Ok(told) => told,
            Err(why) => return self.discovery.stands(why),
        };
        let offer = before.iter().fold(offer, AcsOffer::after);
        if before.as_ref() != Some(&offer) || url != offer.url {
            let wait = self.discovery.taken.wait(RATE, now.uptime);
            if !wait.is_zero() {
                let at = now.uptime.saturating_add(wait);
                self.timers.due_by(LoopTimer::Discovery, at);
                let why = format!("{by} names another one again: it is not taken yet");
                return self.discovery.stands(why);
            }
            self.discovery.taken.take(RATE, now.uptime);
            if let Err(why) = self.take_offer(&offer, &before.unwrap_or_default(), &url, now) {
                let at = now.uptime.saturating_add(RATE.interval);
                self.timers.due_by(LoopTimer::Discovery, at);
                return self
                    .discovery
                    .stands(format!("that of {by} cannot be set: {why}"));
            }
        }
        self.discovery
            .stands(format!("that of {by}: {}", url::shown(&offer.url)));
    }

    /// Sets what is not as it was told before; the URL first, as nothing counts without it.
    fn take_offer(
        &mut self,
        offer: &AcsOffer,
        before: &AcsOffer,
        url: &str,
        now: Now,
    ) -> Result<(), String> {
        let former = self.model.record(RECORD).map(str::to_owned);
        // Durable with the URL, or not at all.
        self.model.set_record(RECORD, Some(&offer.to_record()));
        if url != offer.url {
            let set = self.set_offered("ManagementServer.URL", &offer.url, now);
            if set.is_err() {
                self.model.set_record(RECORD, former.as_deref());
                return set;
            }
        }
        self.commit();
        for (path, told, before) in [
            (
                "DeviceInfo.ProvisioningCode",
                &offer.provisioning_code,
                &before.provisioning_code,
            ),
            (
                "ManagementServer.CWMPRetryMinimumWaitInterval",
                &offer.retry_minimum_wait,
                &before.retry_minimum_wait,
            ),
            (
                "ManagementServer.CWMPRetryIntervalMultiplier",
                &offer.retry_multiplier,
                &before.retry_multiplier,
            ),
        ] {
            if told != before && !told.is_empty() {
                if let Err(why) = self.set_offered(path, told, now) {
                    log::warn!("what DHCP tells cannot be set: {why}");
                }
            }
        }
        Ok(())
    }

    fn set_offered(&mut self, path: &str, value: &str, now: Now) -> Result<(), String> {
        let path = format!("{}{path}", self.model.root());
        self.set_here(&[(path, value.to_owned())], now).map(drop)
    }

    /// Has the kernel tell of what the scripts write.
    fn watch_offers(&mut self) {
        if self.watch.sees_offers() {
            return;
        }
        let folder = &self.discovery.folder;
        let made = fs::DirBuilder::new().mode(0o700).create(folder);
        match made {
            Err(error) if !folder.is_dir() => {
                log::warn!("{} cannot be made: {error}", folder.display());
            }
            _ => self.watch.watch_offers(folder),
        }
    }

    /// How it stands, a line.
    pub(super) fn write_discovery(&self, text: &mut String) {
        if !self.discovery.standing.is_empty() {
            let _ = writeln!(text, "ACS by DHCP:   {}", self.discovery.standing);
        }
    }
}
