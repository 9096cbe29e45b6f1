//! `id=action`: what the services do, and what is answered.

use super::answers::quoted;
use super::engine::Engine;
use super::jobs::{Job, JobState, Work};
use super::query::Query;

/// An action that gives a variable a value: the target at once, the state when the node has done it.
struct Setter {
    service: &'static str,
    action: &'static str,
    argument: &'static str,
    target: &'static str,
    /// Service and variable.
    state: (&'static str, &'static str),
}

macro_rules! setters {
    ($($service:literal $action:literal $argument:literal $target:literal => $of:literal $state:literal)*) => {
        [$(Setter {
            service: $service,
            action: $action,
            argument: $argument,
            target: $target,
            state: ($of, $state),
        }),*]
    };
}

const SETTERS: [Setter; 10] = setters! {
    "SwitchPower1" "SetTarget" "newTargetValue" "Target" => "SwitchPower1" "Status"
    "Dimming1" "SetLoadLevelTarget" "newLoadlevelTarget" "LoadLevelTarget" => "Dimming1" "LoadLevelStatus"
    "SecuritySensor1" "SetArmed" "newArmedValue" "" => "SecuritySensor1" "Armed"
    "DoorLock1" "SetTarget" "newTargetValue" "Target" => "DoorLock1" "Status"
    "HVAC_UserOperatingMode1" "SetModeTarget" "NewModeTarget" "ModeTarget" => "HVAC_UserOperatingMode1" "ModeStatus"
    "HVAC_FanOperatingMode1" "SetMode" "NewMode" "" => "HVAC_FanOperatingMode1" "Mode"
    "TemperatureSetpoint1" "SetCurrentSetpoint" "NewCurrentSetpoint" "" => "TemperatureSetpoint1" "CurrentSetpoint"
    "TemperatureSetpoint1_Heat" "SetCurrentSetpoint" "NewCurrentSetpoint" "" => "TemperatureSetpoint1_Heat" "CurrentSetpoint"
    "TemperatureSetpoint1_Cool" "SetCurrentSetpoint" "NewCurrentSetpoint" "" => "TemperatureSetpoint1_Cool" "CurrentSetpoint"
    "HaDevice1" "SetPollFrequency" "PollFrequency" "" => "ZWaveDevice1" "PollSettings"
};

/// Actions that a node or the network takes a while for, without a value.
const ERRANDS: [(&str, &[&str]); 2] = [
    (
        "ZWaveNetwork1",
        &[
            "AddNodes",
            "BackupDongle",
            "DownloadNetwork",
            "HealNetwork",
            "PollAllNodes",
            "ReconfigureAllNodes",
            "RemoveNodes",
            "ResetNetwork",
            "SendData",
            "SoftReset",
            "UpdateNeighbors",
            "UpdateNetwork",
        ],
    ),
    (
        "HaDevice1",
        &["Poll", "Reconfigure", "Remove", "StressTest", "ToggleState"],
    ),
];

/// What `SetPolling` takes, each of which is a variable.
const POLLING: [&str; 5] = [
    "PollingEnabled",
    "PollDelayInitial",
    "PollDelayDeadTime",
    "PollMinDelay",
    "PollFrequency",
];

impl Engine {
    /// Does what is asked, and answers as a Vera does: `JobID` where something is still to be done, `OK`
    /// else; a refusal is a bare text.
    pub(super) fn action(&mut self, asked: &Query) -> String {
        let service = asked.get("serviceId").unwrap_or_default();
        let action = asked.get("action").unwrap_or_default();
        let short = service.rsplit(':').next().unwrap_or_default();
        let told = match asked.device("DeviceNum") {
            None | Some(0) if short == "HomeAutomationGateway1" => self.of_gateway(action, asked),
            Some(id) if self.device(id).is_some() => match self.has_service(id, service) {
                true => self.of_device(id, short, action, asked),
                false => Err("Invalid Service"),
            },
            _ => Err("Invalid service/action/device"),
        };
        match told {
            Ok(job) => answered(service, action, job, asked.wants_json()),
            Err(refusal) => format!("ERROR: {refusal}"),
        }
    }

    /// How a job goes on.
    pub(super) fn job_goes(&mut self, id: u32, state: JobState, comments: &str) {
        let job = self.jobs.iter_mut().find(|job| job.id == id);
        let job = job.expect("no such job");
        job.state = state;
        comments.clone_into(&mut job.comments);
        let (device, removes) = (job.device, job.removes);
        if state == JobState::Done {
            for (service, variable, value) in std::mem::take(&mut job.outcome) {
                self.set(device, &service, &variable, &value);
            }
            if removes {
                self.remove(device);
            }
        }
        self.touch(device);
    }

    /// One that it has a variable of; and each node can be polled.
    fn has_service(&mut self, id: u32, service: &str) -> bool {
        let device = self.device(id).expect("a device");
        let is_of_zwave = device.parent == 1 || device.id == 1;
        is_of_zwave && service == "urn:micasaverde-com:serviceId:HaDevice1"
            || device.states.iter().any(|state| state.service == service)
    }

    fn of_device(
        &mut self,
        id: u32,
        service: &str,
        action: &str,
        asked: &Query,
    ) -> Result<Option<u32>, &'static str> {
        if (service, action) == ("ZWaveNetwork1", "SetPolling") {
            for variable in POLLING {
                if let Some(value) = asked.get(variable) {
                    self.set(id, service, variable, value);
                }
            }
            return Ok(None);
        }
        let setter = SETTERS
            .iter()
            .find(|setter| (setter.service, setter.action) == (service, action));
        if let Some(setter) = setter {
            let value = asked.get(setter.argument);
            if let (Some(value), false) = (value, setter.target.is_empty()) {
                self.set(id, service, setter.target, value);
            }
            let outcome = value.map_or(Vec::new(), |value| self.outcome(id, setter, value));
            return Ok(Some(self.begin(id, action, outcome)));
        }
        let mut errands = ERRANDS.iter();
        errands
            .find(|(of, actions)| *of == service && actions.contains(&action))
            .ok_or("No implementation")?;
        let outcome = self.errand(id, action);
        Ok(Some(self.begin(id, action, outcome)))
    }

    /// What a value changes: a dimmer that is switched on shines, and the reverse.
    fn outcome(&mut self, id: u32, setter: &Setter, value: &str) -> Vec<(String, String, String)> {
        let device = self.device(id).expect("a device");
        let mut changes = vec![(setter.state, value)];
        let is_on = value.parse().is_ok_and(|level: f64| level > 0.0);
        let beside = match setter.service {
            "SwitchPower1" => Some((
                ("Dimming1", "LoadLevelStatus"),
                if is_on { "100" } else { "0" },
            )),
            "Dimming1" => Some((("SwitchPower1", "Status"), if is_on { "1" } else { "0" })),
            _ => None,
        };
        if let Some(((service, variable), value)) = beside {
            if device.state(service, variable).is_some() {
                changes.push(((service, variable), value));
            }
        }
        let owned = |((service, variable), value): ((&str, &str), &str)| {
            (service.to_owned(), variable.to_owned(), value.to_owned())
        };
        changes.into_iter().map(owned).collect()
    }

    fn errand(&mut self, id: u32, action: &str) -> Vec<(String, String, String)> {
        let now = self.load_time.to_string();
        let device = self.device(id).expect("a device");
        let mut value = |service: &str, variable: &str| {
            let state = device.state(service, variable);
            state.map_or(0, |state| state.value.parse::<u64>().unwrap_or(0))
        };
        let (service, variable, value) = match action {
            "HealNetwork" => ("ZWaveNetwork1", "LastHeal", now),
            "BackupDongle" => ("ZWaveNetwork1", "LastDongleBackup", now),
            "UpdateNetwork" => ("ZWaveNetwork1", "LastUpdate", now),
            "Reconfigure" => ("HaDevice1", "Configured", "1".to_owned()),
            "Poll" => {
                let polls = value("ZWaveDevice1", "PollOk") + 1;
                ("ZWaveDevice1", "PollOk", polls.to_string())
            }
            "ToggleState" => {
                let on = value("SwitchPower1", "Status") == 0;
                ("SwitchPower1", "Status", u8::from(on).to_string())
            }
            _ => return Vec::new(),
        };
        vec![(service.to_owned(), variable.to_owned(), value)]
    }

    fn begin(&mut self, device: u32, action: &str, outcome: Vec<(String, String, String)>) -> u32 {
        let id = self.next_job;
        self.next_job += 1;
        self.jobs.push(Job {
            id,
            device,
            action: action.to_owned(),
            state: JobState::Waiting,
            comments: String::new(),
            outcome,
            removes: action == "Remove",
        });
        match self.work {
            Work::WhenTold => self.touch(device),
            Work::AtOnce => self.job_goes(id, JobState::Done, ""),
            Work::Fails => self.job_goes(id, JobState::Error, "Transmit failed with code: 1"),
        }
        id
    }

    fn of_gateway(&mut self, action: &str, asked: &Query) -> Result<Option<u32>, &'static str> {
        match action {
            "Reload" => self.restart(),
            "SetHouseMode" | "RunScene" | "SceneOff" => {}
            "DeleteDevice" => match asked.device("DeviceNum") {
                Some(id) if self.device(id).is_some() => self.remove(id),
                _ => return Err("Invalid service/action/device"),
            },
            _ => return Err("No implementation"),
        }
        Ok(None)
    }
}

fn answered(service: &str, action: &str, job: Option<u32>, in_json: bool) -> String {
    let (name, value) = match job {
        Some(job) => ("JobID", job.to_string()),
        None => ("OK", "OK".to_owned()),
    };
    if in_json {
        let root = quoted(&format!("u:{action}Response"));
        return format!("{{ {root}: {{ \"{name}\": {} }} }}", quoted(&value));
    }
    format!(
        "<?xml version=\"1.0\"?>\n<u:{action}Response xmlns:u=\"{service}\">\
         <{name}>{value}</{name}></u:{action}Response>"
    )
}
