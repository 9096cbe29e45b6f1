//! Values that an older version promised to write to Luup later (z03).

use cwmpd::base::xsd::XsdType::UnsignedInt as Number;
use cwmpd::datamodel::model::{Model, NewAttributes, NewValue, Requester};
use cwmpd::datamodel::source::{
    Declaration, Instance, Listed, Reading, Slot, Source, SourceError, Taking,
};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, free_port, wait_for};
use cwmpd_lab::luup::FakeLuup;

const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeUpInterval";

/// The source as it was: the model keeps what is wanted.
#[derive(Default)]
struct Old {
    keys: Vec<String>,
}

impl Source for Old {
    fn declare(&mut self, _: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.keys.push(key.to_owned());
        Ok(Slot::new(self.keys.len() - 1))
    }

    fn get(&mut self, slot: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        match self.keys.get(slot.index()).map(String::as_str) {
            Some("home.present") => Reading::Value("1".into()),
            Some("ZWaveDevice1/WakeupInterval") => Reading::Value("720".into()),
            _ => Reading::Absent,
        }
    }

    fn list(&mut self, slot: Slot, _: &[Instance<'_>], _: &[&str]) -> Option<Vec<Listed>> {
        let is_nodes = self
            .keys
            .get(slot.index())
            .is_some_and(|key| key == "nodes");
        let node = Listed {
            number: Some(12),
            ..Listed::new("12")
        };
        Some(if is_nodes { vec![node] } else { Vec::new() })
    }

    fn stage(&mut self, _: Slot, _: &[Instance<'_>], _: &str) -> Result<(), SourceError> {
        Ok(())
    }

    fn taking(&self) -> Taking {
        Taking::Later
    }
}

/// A box whose older version was to set the interval to 300, and whose ACS was told so.
fn home(acs: &ScriptedAcs, luup: &FakeLuup) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "port", &free_port().to_string());
    home.set_uci("cpe", "periodic_notify_interval", "1");
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    let sources: Vec<(&str, Box<dyn Source>)> = vec![("luup", Box::new(Old::default()))];
    let mut model = Model::open(&home.model_dir(), "Device.", sources).unwrap();
    model.refresh();
    let notify = NewAttributes {
        name: WAKE_UP,
        notification: Some(2),
        access_list: None,
    };
    model.set_attributes(&[notify]).unwrap();
    let wanted = NewValue {
        name: WAKE_UP,
        value: "300",
        xsi_type: None,
    };
    model.set_values(Requester::Acs, &[wanted], None).unwrap();
    home
}

#[test]
fn z03_what_waits_since_before_an_upgrade_is_carried_out_when_the_engine_is_well() {
    let mut luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    luup.down();
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value(WAKE_UP), "300", "as it was promised");
        s.end();
    });
    luup.up();
    wait_for("the value in Luup", || {
        let value = luup.get(12, "ZWaveDevice1", "WakeupInterval")?;
        (value == "300").then_some(())
    });
    wait_for("the value in the model", || {
        agent.wait_for_log("took the value that waited");
        (agent.get(WAKE_UP) == "300").then_some(())
    });
    // From now on it is Luup's.
    luup.set(12, "ZWaveDevice1", "WakeupInterval", "301");
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(inform.event[0].event_code, "4 VALUE CHANGE");
        assert_eq!(s.value(WAKE_UP), "301");
        s.end();
    });
}

#[test]
fn z03_what_the_engine_refuses_for_good_is_dropped_and_told() {
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    luup.refuse("variableset", "Bad Device");
    let agent = home.start();
    let first = acs.session(|s| {
        s.inform();
        let first = s.value(WAKE_UP);
        s.end();
        first
    });
    agent.wait_for_log("is dropped");
    // Unless it was refused before the ACS asked.
    if first == "300" {
        acs.session(|s| {
            let inform = s.inform();
            assert_eq!(inform.event[0].event_code, "4 VALUE CHANGE");
            assert_eq!(s.value(WAKE_UP), "720");
            s.set_refused(&[(WAKE_UP, Number, "60")], "");
            s.end();
        });
    }
    assert_eq!(agent.get(WAKE_UP), "720");
}
