//! Which devices are Z-Wave networks and nodes, and why the others are not.

use std::fmt;
use std::ops::Range;

use crate::base::sort::sort_by_key;
use crate::luup::Snapshot;
use crate::luup::key::FIELDS;
use crate::luup::snapshot::NameId;

/// Part of the type, and of the file, of a device that is a Z-Wave network.
const NETWORK_TYPE: &str = "ZWaveNetwork";

/// The number under which Luup has its only Z-Wave network: counts where no device says that it is
/// one, as in `id=sdata`, which leaves it out, or while an engine starts.
const ONLY_NETWORK: u32 = 1;

/// How many devices are looked at upwards from one, for the node that it is below.
const MAX_LEVELS: usize = 8;

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A Z-Wave network: it has its type, or a home id.
    Network,
    /// A Z-Wave node: it is below a network and has a node number that is not the controller's. Where
    /// Luup does not tell of that, it has capabilities, or had them when it was last seen: a node gets
    /// them once and for all, but an engine that starts tells of devices before it tells of their
    /// variables.
    Node,
    /// Below this device, which is a node or is below one.
    Child(u32),
    /// None of that.
    No(NotZwave),
}

/// Why a device has nothing to do with Z-Wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotZwave {
    /// It stands for the controller itself, by its node number.
    Controller,
    /// It is below a network, but what Luup calls it there is no node number.
    NoNodeNumber,
    /// It is below something else.
    ElsewhereBelow,
    /// It has no capabilities, and Luup does not tell what it is below.
    Untold,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("network"),
            Self::Node => f.write_str("node"),
            Self::Child(parent) => write!(f, "child of {parent}"),
            Self::No(why) => write!(f, "no: {why}"),
        }
    }
}

impl fmt::Display for NotZwave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Controller => "the controller itself",
            Self::NoNodeNumber => "below a network, but its altid is no node number",
            Self::ElsewhereBelow => "not below a Z-Wave network",
            Self::Untold => "neither Capabilities nor what it is below is told",
        })
    }
}

/// `House: 17abfa2 Node 1 Suc 0`: what a network says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HomeId {
    pub home: Option<u32>,
    pub controller: Option<u32>,
    pub suc: Option<u32>,
}

impl HomeId {
    pub(super) fn parse(text: &str) -> Self {
        let behind = |name: &str| {
            let mut words = text.split_whitespace();
            words.find(|word| word.eq_ignore_ascii_case(name))?;
            words.next()
        };
        let number = |name| behind(name)?.parse().ok();
        Self {
            home: behind("House:").and_then(|home| u32::from_str_radix(home, 16).ok()),
            controller: number("Node"),
            suc: number("Suc"),
        }
    }
}

/// A network: its device, and what that says.
pub(super) type Network = (u32, HomeId);

/// The verdicts of all devices, by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdicts {
    /// Ascending.
    all: Vec<(u32, Verdict)>,
    /// Ascending.
    pub networks: Vec<Network>,
}

impl Verdicts {
    pub(super) fn of(snapshot: &Snapshot, before: Option<&Self>) -> Self {
        let judge = Judge::new(snapshot, before);
        let mut all: Vec<(u32, Verdict)> = snapshot
            .devices()
            .map(|device| (device, judge.verdict(device)))
            .collect();
        let nodes: Vec<u32> = numbers(&all, |verdict| verdict == Verdict::Node).collect();
        for (device, verdict) in &mut all {
            if *verdict == Verdict::No(NotZwave::ElsewhereBelow) && judge.is_below(*device, &nodes)
            {
                let parent = judge.number(*device, &judge.parent);
                *verdict = parent.map_or(*verdict, Verdict::Child);
            }
        }
        Self {
            all,
            networks: judge.networks,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Verdict)> + '_ {
        self.all.iter().copied()
    }

    pub(super) fn get(&self, device: u32) -> Option<Verdict> {
        let found = self.all.binary_search_by_key(&device, |(id, _)| *id);
        self.all.get(found.ok()?).map(|(_, verdict)| *verdict)
    }

    /// The nodes, ascending.
    pub(super) fn nodes(&self) -> impl Iterator<Item = u32> + '_ {
        numbers(&self.all, |verdict| verdict == Verdict::Node)
    }

    /// Why there is no node, where there is none: `27 devices, no node: ...`.
    pub(super) fn without_node(&self) -> Option<String> {
        if self.nodes().next().is_some() {
            return None;
        }
        let mut counts: Vec<(Verdict, usize)> = Vec::new();
        for (_, verdict) in &self.all {
            match counts.iter_mut().find(|(known, _)| known == verdict) {
                Some((_, count)) => *count += 1,
                None => counts.push((*verdict, 1)),
            }
        }
        sort_by_key(&mut counts, |(_, count)| std::cmp::Reverse(*count));
        let counts: Vec<String> = counts
            .iter()
            .map(|(verdict, count)| match verdict {
                Verdict::No(why) => format!("{count} {why}"),
                verdict => format!("{count} {verdict}"),
            })
            .collect();
        let total = self.all.len();
        Some(format!("{total} devices, no node: {}", counts.join("; ")))
    }
}

fn numbers(all: &[(u32, Verdict)], wanted: fn(Verdict) -> bool) -> impl Iterator<Item = u32> + '_ {
    let found = all.iter().filter(move |(_, verdict)| wanted(*verdict));
    found.map(|(device, _)| *device)
}

/// The first Z-Wave network of a home.
pub(in crate::luup) fn first_network(snapshot: &Snapshot) -> Option<u32> {
    let networks = Judge::new(snapshot, None).networks;
    networks.first().map(|(device, _)| *device)
}

/// A snapshot, and where in it the verdicts come from.
struct Judge<'a> {
    snapshot: &'a Snapshot,
    before: Option<&'a Verdicts>,
    capabilities: Range<NameId>,
    parent: Range<NameId>,
    altid: Range<NameId>,
    networks: Vec<Network>,
}

impl<'a> Judge<'a> {
    fn new(snapshot: &'a Snapshot, before: Option<&'a Verdicts>) -> Self {
        let home_id = snapshot.names("ZWaveNetwork1", "HomeID");
        let types = ["device_type", "device_file"].map(|field| snapshot.names(FIELDS, field));
        let mut judge = Self {
            snapshot,
            before,
            capabilities: snapshot.names("ZWaveDevice1", "Capabilities"),
            parent: snapshot.names(FIELDS, "id_parent"),
            altid: snapshot.names(FIELDS, "altid"),
            networks: Vec::new(),
        };
        let network = |device: u32| {
            let home = snapshot.value(device, &home_id);
            let mut types = types.iter().filter_map(|of| snapshot.value(device, of));
            let is_network = home.is_some()
                || types.any(|of| of.contains(NETWORK_TYPE))
                || judge.was(device, Verdict::Network);
            let home = home.map(HomeId::parse).unwrap_or_default();
            is_network.then_some((device, home))
        };
        let networks = snapshot.devices().filter_map(network).collect();
        judge.networks = networks;
        judge
    }

    fn was(&self, device: u32, verdict: Verdict) -> bool {
        let before = self.before.and_then(|before| before.get(device));
        before == Some(verdict)
    }

    fn number(&self, device: u32, names: &Range<NameId>) -> Option<u32> {
        self.snapshot.value(device, names)?.trim().parse().ok()
    }

    /// The node number of a network's controller; `None` for what is no network.
    fn controller(&self, network: u32) -> Option<Option<u32>> {
        let found = self.networks.iter().find(|(device, _)| *device == network);
        match found {
            Some((_, home)) => Some(home.controller),
            None if self.networks.is_empty() && network == ONLY_NETWORK => Some(None),
            None => None,
        }
    }

    /// What it is by itself: what is below nodes is found when they are known.
    fn verdict(&self, device: u32) -> Verdict {
        if self.networks.iter().any(|(network, _)| *network == device) {
            return Verdict::Network;
        }
        let by_capabilities = || {
            let capabilities = self.snapshot.value(device, &self.capabilities);
            match capabilities.is_some() || self.was(device, Verdict::Node) {
                true => Verdict::Node,
                false => Verdict::No(NotZwave::Untold),
            }
        };
        let Some(parent) = self.number(device, &self.parent) else {
            return by_capabilities();
        };
        let Some(controller) = self.controller(parent) else {
            return Verdict::No(NotZwave::ElsewhereBelow);
        };
        if self.snapshot.value(device, &self.altid).is_none() {
            return by_capabilities();
        }
        match self.number(device, &self.altid).filter(|node| *node > 0) {
            None => Verdict::No(NotZwave::NoNodeNumber),
            node if node == controller => Verdict::No(NotZwave::Controller),
            Some(_) => Verdict::Node,
        }
    }

    fn is_below(&self, device: u32, nodes: &[u32]) -> bool {
        let parent = |device: &u32| self.number(*device, &self.parent);
        let mut above = std::iter::successors(parent(&device), parent).take(MAX_LEVELS);
        above.any(|device| nodes.binary_search(&device).is_ok())
    }
}

#[cfg(test)]
mod tests;
