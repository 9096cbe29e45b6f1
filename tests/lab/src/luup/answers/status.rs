//! `id=status`: what the home does, all of it or what changed since a version.

use super::{quoted, states};
use crate::luup::Mood;
use crate::luup::engine::Engine;
use crate::luup::query::Query;
use crate::luup::sample::{Device, State};

/// What stands in each answer, be it about no device: it is not small.
const BESIDE: &str = r#""scenes":[],"startup":{"tasks":[]},"Mode":1,"ZWaveStatus":1,"Using_2G":0"#;

impl Engine {
    /// Removed devices never stand among the changes, and where nothing changed there is no list of
    /// devices. The `LoadTime` of the request is of no interest.
    pub(super) fn status(&mut self, asked: &Query) -> String {
        let only = asked.get("DeviceNum").map(|_| asked.device("DeviceNum"));
        let version = asked.number("DataVersion").unwrap_or(0);
        let mut running = 208;
        let mut devices = Vec::new();
        for device in &self.home {
            let text = self.status_of(device, version, &mut running);
            match only {
                Some(only) if only != Some(device.id) => {}
                _ => devices.extend(text),
            }
        }
        let devices = match only {
            Some(only) => match self.home.iter().find(|device| only == Some(device.id)) {
                Some(device) => {
                    let text = devices.pop();
                    text.map_or(String::new(), |text| {
                        format!(r#""Device_Num_{}":{text},"#, device.id)
                    })
                }
                None => return "Bad Device".to_owned(),
            },
            None if devices.is_empty() && version > 0 => String::new(),
            None => format!(r#""devices":[{}],"#, devices.join(",")),
        };
        let of_configuration = self.user_data_version.map_or(String::new(), |version| {
            format!(r#""UserData_DataVersion":{version},"#)
        });
        let alerts: Vec<String> = self.alerts.iter().map(|alert| alert.json()).collect();
        let time = self.load_time;
        format!(
            r#"{{{devices}"LoadTime":{time},"DataVersion":{},{of_configuration}"TimeStamp":{time},"LocalTime":"2015-10-16 14:53:20 D","alerts":[{}],{BESIDE}}}"#,
            self.data_version,
            alerts.join(","),
        )
    }

    /// A device, where it changed.
    fn status_of(&self, device: &Device, version: u64, running: &mut u32) -> Option<String> {
        let is_shown = |state: &&State| {
            let name = (device.id, state.variable.clone());
            !self.hidden.contains(&name)
        };
        let is_new =
            |state: &&State| self.is_newer(device.id, &state.service, &state.variable, version);
        let shown = device.turned().filter(is_shown).filter(is_new);
        let mut shown: Vec<&State> = shown.collect();
        let jobs: Vec<_> = self
            .jobs
            .iter()
            .filter(|job| job.device == device.id)
            .collect();
        let status = match jobs.last() {
            Some(job) if job.state.is_shown() => job.state as i32,
            _ => device.status,
        };
        if shown.is_empty() && !self.is_touched(device.id, version) && status == -1 {
            return None;
        }
        if self.mood == Mood::Starting {
            shown.clear();
        }
        let pending = jobs.iter().filter(|job| !job.state.is_end()).count();
        let jobs = jobs.iter().map(|job| {
            format!(
                r#"{{"id":"{}","status":{},"type":{},"comments":{}}}"#,
                job.id,
                job.state as i32,
                quoted(&format!("ZWJob_{}", job.action)),
                quoted(&job.comments)
            )
        });
        let jobs: Vec<String> = jobs.collect();
        Some(format!(
            r#"{{"id":{},"states":[{}],"Jobs":[{}],"PendingJobs":{pending},"tooltip":{{"display":0}},"status":{status}}}"#,
            device.id,
            states(shown, running),
            jobs.join(","),
        ))
    }
}
