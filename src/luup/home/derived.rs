//! What is worked out of more than one value of a home, or of parts of one: see [`Derived`].

use std::borrow::Cow;
use std::ops::Range;

use super::capabilities::{Capabilities, DeviceClass};
use super::depth::{Hearing, depths};
use super::innermost;
use super::parameters;
use super::verdict::{HomeId, Verdict};
use super::view::HomeView;
use crate::base::sort::sort;
use crate::datamodel::source::{Instance, Listed, Reading};
use crate::luup::key::{Derived, FIELDS};
use crate::luup::snapshot::NameId;

/// The service of what a node is and says.
const NODE: &str = "ZWaveDevice1";

/// That of what Luup makes of any device.
const DEVICE: &str = "HaDevice1";

/// What of a home is worked out for all nodes at once.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkedOut {
    /// Devices and their hops, ascending.
    depths: Vec<(u32, u32)>,
}

impl WorkedOut {
    pub(super) fn of(view: &HomeView) -> Self {
        let neighbors = view.snapshot.names(NODE, "Neighbors");
        let mut worked_out = Self::default();
        for (network, home) in &view.tables.verdicts.networks {
            let hearing = |device: u32| {
                let of_it = view.network_of(device) == Some(*network);
                let node = view.field(device, "altid")?.trim().parse().ok()?;
                of_it.then_some(Hearing {
                    device,
                    node,
                    neighbors: view.snapshot.value(device, &neighbors).unwrap_or_default(),
                })
            };
            let nodes: Vec<Hearing<'_>> =
                view.tables.verdicts.nodes().filter_map(hearing).collect();
            if let Some(controller) = home.controller {
                worked_out.depths.extend(depths(&nodes, controller));
            }
        }
        sort(&mut worked_out.depths);
        worked_out
    }

    fn depth(&self, device: u32) -> Option<u32> {
        let found = self.depths.binary_search_by_key(&device, |(id, _)| *id);
        self.depths.get(found.ok()?).map(|(_, depth)| *depth)
    }
}

impl HomeView {
    /// What is worked out for a row, of the innermost of the instances on its path; where it stands in
    /// no table, of the first network.
    pub(super) fn derived(&self, derived: Derived, at: &[Instance<'_>]) -> Reading<'_> {
        let own = innermost(at);
        let value = match derived {
            Derived::Present => Some("1".into()),
            Derived::HomeId | Derived::Controller | Derived::Suc | Derived::FailedNodes => {
                self.of_network(derived, own)
            }
            Derived::ParameterNumber
            | Derived::ParameterText
            | Derived::ParameterSize
            | Derived::ParameterFormat
            | Derived::ParameterValue
            | Derived::ParameterReported => self.of_parameter(derived, at),
            _ => match own.filter(|device| self.snapshot.has(*device)) {
                Some(device) => self.of_device(derived, device),
                None => return Reading::Unknown,
            },
        };
        Reading::of(value)
    }

    fn of_network(&self, derived: Derived, own: Option<u32>) -> Option<Cow<'_, str>> {
        let verdicts = &self.tables.verdicts;
        let device = match own {
            Some(device) => self.network_of(device)?,
            None => verdicts.networks.first()?.0,
        };
        let (_, home): &(u32, HomeId) = verdicts.networks.iter().find(|(of, _)| *of == device)?;
        match derived {
            Derived::HomeId => Some(format!("{:08X}", home.home?).into()),
            Derived::Controller => number(home.controller),
            Derived::Suc => number(home.suc),
            _ => {
                let failed = verdicts.nodes().filter(|node| {
                    self.network_of(*node) == Some(device) && self.has_failed(*node)
                });
                number(Some(failed.count()))
            }
        }
    }

    fn of_device(&self, derived: Derived, device: u32) -> Option<Cow<'_, str>> {
        let variable = |variable| self.variable(device, NODE, variable);
        let capabilities = || variable("Capabilities").map(Capabilities::parse);
        match derived {
            Derived::RoomName => {
                let room = self.field(device, "room")?;
                self.snapshot.room(room).map(Cow::from)
            }
            Derived::Depth => number(self.worked_out.depth(device)),
            Derived::NextWakeUp => {
                let last: u64 = variable("LastWakeup")?.trim().parse().ok()?;
                let interval: u64 = variable("WakeupInterval")?.trim().parse().ok()?;
                // Neither a node that never woke nor one that does not by itself will.
                let next = last.checked_add(interval);
                number(next.filter(|_| last > 0 && interval > 0))
            }
            Derived::Status => Some(self.status(device).into()),
            Derived::PollSuccess => {
                let count = |name| match variable(name) {
                    Some(text) => text.trim().parse::<u64>().ok(),
                    None => Some(0),
                };
                let answered = count("PollOk")?;
                let failed = count("PollNoReply")?.checked_add(count("PollTxFail")?)?;
                let all = answered.checked_add(failed).filter(|all| *all > 0)?;
                // Rounded to the nearest.
                let doubled = answered.checked_mul(200)?.checked_add(all)?;
                number(doubled.checked_div(all.checked_mul(2)?))
            }
            Derived::Children => number(Some(self.tables.children(device).count())),
            Derived::BasicClass => number(capabilities()?.class(DeviceClass::Basic)),
            Derived::GenericClass => number(capabilities()?.class(DeviceClass::Generic)),
            Derived::SpecificClass => number(capabilities()?.class(DeviceClass::Specific)),
            Derived::Listening => truth(capabilities()?.listening()),
            Derived::Routing => truth(capabilities()?.routing()),
            Derived::FrequentListening => truth(capabilities()?.frequent_listening()),
            Derived::Secure => truth(capabilities()?.secure()),
            Derived::BaudRate => number(capabilities()?.baud_rate()),
            Derived::PowerSource => capabilities()?.power_source().map(Cow::from),
            Derived::CommandClasses => {
                let classes = capabilities()?.classes();
                let classes: Vec<String> = classes.map(|class| class.to_string()).collect();
                Some(classes.join(",").into()).filter(|_| !classes.is_empty())
            }
            _ => None,
        }
    }

    fn of_parameter(&self, derived: Derived, at: &[Instance<'_>]) -> Option<Cow<'_, str>> {
        let own = at.last()?.name();
        let (node, own) = own.split_once('/')?;
        let node = node.parse().ok()?;
        let set = self.variable(node, NODE, "VariablesSet")?;
        let own = parameters::named(set, own)?;
        let text = match derived {
            Derived::ParameterNumber => return number(Some(own.number)),
            Derived::ParameterSize => return number(own.size),
            Derived::ParameterFormat => return Some(own.format.to_string().into()),
            Derived::ParameterText => own.text,
            Derived::ParameterValue => own.value,
            _ => parameters::reported(self.variable(node, NODE, "VariablesGet")?, own.number)?,
        };
        Some(text).filter(|text| !text.is_empty()).map(Cow::from)
    }

    /// The configuration parameters of a node. They are called by its number and their own, so that
    /// what a row of theirs names of a device is of the node.
    pub(super) fn parameters(&self, node: u32) -> Vec<Listed> {
        let set = self.variable(node, NODE, "VariablesSet");
        let names = set.map(parameters::names).unwrap_or_default();
        let parameter = |(name, number): (Box<str>, u32)| Listed {
            identity: format!("{node}/{name}").into(),
            number: Some(number),
            was: None,
        };
        names.into_iter().map(parameter).collect()
    }

    /// All devices, or those of a category, ascending.
    pub(super) fn devices(&self, category: Option<u32>) -> impl Iterator<Item = u32> + '_ {
        let names = self.snapshot.names(FIELDS, "category_num");
        let is_wanted = move |device: &u32| {
            let own = self.snapshot.value(*device, &names);
            category.is_none() || own.and_then(|own| own.trim().parse().ok()) == category
        };
        self.snapshot.devices().filter(is_wanted)
    }

    /// The network that a device is, or that it is a node of.
    fn network_of(&self, device: u32) -> Option<u32> {
        let verdicts = &self.tables.verdicts;
        match verdicts.get(device)? {
            Verdict::Network => Some(device),
            Verdict::Node => match self.field(device, "id_parent") {
                Some(parent) => parent.trim().parse().ok(),
                None => verdicts.networks.first().map(|(network, _)| *network),
            },
            Verdict::Child(_) | Verdict::No(_) => None,
        }
    }

    fn has_failed(&self, device: u32) -> bool {
        self.snapshot.failure(device).is_some()
    }

    /// TR-181's words for the status of an interface.
    fn status(&self, device: u32) -> &'static str {
        let is_disabled = self
            .field(device, "disabled")
            .is_some_and(|text| text.trim() == "1");
        let configured = self.variable(device, DEVICE, "Configured");
        // Negative while Luup is at it.
        let is_bare = configured.is_some_and(|text| text.trim() == "0" || text.starts_with('-'));
        if is_disabled {
            return "Down";
        }
        if self.has_failed(device) {
            return "Error";
        }
        if is_bare {
            return "NotPresent";
        }
        let capabilities = self.variable(device, NODE, "Capabilities");
        match capabilities.and_then(|text| Capabilities::parse(text).reachable()) {
            Some(true) => "Up",
            Some(false) => "Dormant",
            None => "Unknown",
        }
    }

    fn field(&self, device: u32, field: &str) -> Option<&str> {
        self.variable(device, FIELDS, field)
    }

    fn variable(&self, device: u32, service: &str, variable: &str) -> Option<&str> {
        let names: Range<NameId> = self.snapshot.names(service, variable);
        self.snapshot.value(device, &names)
    }
}

fn number<'a>(number: Option<impl ToString>) -> Option<Cow<'a, str>> {
    number.map(|number| number.to_string().into())
}

fn truth<'a>(truth: Option<bool>) -> Option<Cow<'a, str>> {
    truth.map(|truth| crate::base::truth::digit(truth).into())
}
