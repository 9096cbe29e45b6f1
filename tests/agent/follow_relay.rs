//! The agent follows an engine through MMS.

use std::time::{Duration, Instant};

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::luup::{FakeLuup, Mood};
use cwmpd_lab::mms::{FakeMms, MmsRole, PassOn};

use crate::luup_elsewhere::leads_through;

const INTERVAL: &str = "Device.Zwave.Interface.12.WakeUpInterval";

/// How soon a change is to be told; the rest is for a machine under load.
const SOON: Duration = Duration::from_secs(2 + 8);

/// The engine goes first: then the relay waits for it no longer.
struct Rig {
    luup: FakeLuup,
    mms: FakeMms,
    acs: ScriptedAcs,
    home: Home,
}

impl Rig {
    /// A relay that waits so long for the engine.
    fn new(patience: Duration) -> Self {
        let (luup, mms) = (FakeLuup::start(), FakeMms::start());
        let url = luup.url();
        mms.script(|script| script.behind = Some(PassOn { url, patience }));
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_acs(&acs.url());
        home.set_uci("cpe", "periodic_notify_enable", "0");
        leads_through(&mms, &home);
        Self {
            luup,
            mms,
            acs,
            home,
        }
    }

    /// An agent whose ACS wants to be told, and whose engine waits for a change.
    fn start(&self) -> Daemon<'_> {
        let agent = self.home.start();
        self.acs.session(|s| {
            s.inform();
            s.notify(INTERVAL, 2);
            s.end();
        });
        self.wait_for_question();
        agent
    }

    fn wait_for_question(&self) {
        wait_for("a question that waits", || {
            let asked = self.luup.requests();
            let polls = asked.iter().any(|query| query.contains("Timeout="));
            polls.then_some(())
        });
    }

    /// Changes the value, and waits until the ACS is told.
    fn changes(&self, value: &str) {
        self.luup.requests();
        let start = Instant::now();
        self.luup.set(12, "ZWaveDevice1", "WakeupInterval", value);
        let told = self.acs.session(|s| {
            let inform = s.inform();
            s.end();
            let told = inform.parameter_list.into_iter();
            told.filter(|p| p.name == INTERVAL).map(|p| p.value).next()
        });
        println!("told after {:?}", start.elapsed());
        assert_eq!(told.as_deref(), Some(value));
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    }

    /// How often somebody logged in since the last call.
    fn log_ins(&self) -> usize {
        let asked = self.mms.requests();
        let of_auth = asked.iter().filter(|(role, _)| *role == MmsRole::Auth);
        of_auth.count()
    }
}

#[test]
fn z50_a_home_is_followed_through_the_relay_whose_session_ends_meanwhile() {
    let rig = Rig::new(Duration::from_secs(300));
    let agent = rig.start();
    rig.changes("1800");
    assert_eq!(rig.log_ins(), 1);
    rig.wait_for_question();
    // What waits in a session that is over is answered; the next question opens another.
    rig.mms.end_sessions();
    rig.changes("2400");
    rig.changes("3600");
    assert_eq!(rig.log_ins(), 1);
    assert_eq!(agent.get(INTERVAL), "3600");
    agent.stop();
}

#[test]
fn z46_z50_a_relay_that_hangs_up_on_who_waits_costs_neither_the_session_nor_the_news() {
    let rig = Rig::new(Duration::from_secs(1));
    let agent = rig.start();
    for value in ["1800", "2400", "3600"] {
        // Longer than the relay waits.
        std::thread::sleep(Duration::from_secs(2));
        rig.changes(value);
    }
    assert_eq!(rig.log_ins(), 1);
    let status = agent.status();
    assert!(status.contains("Luup:          Up"), "{status}");
    agent.stop();
}

#[test]
fn z46_a_relay_with_less_patience_than_the_engine_is_asked_accordingly() {
    let rig = Rig::new(Duration::from_secs(6));
    let agent = rig.start();
    let mut asked = Vec::new();
    wait_for("two questions that wait less", || {
        asked.extend(rig.luup.requests());
        let short = asked.iter().filter(|query| query.contains("Timeout=4"));
        (short.count() >= 2).then_some(())
    });
    let whole = |query: &&String| !query.contains("DataVersion=");
    assert_eq!(asked.iter().find(whole), None, "what is known stays");
    rig.changes("1800");
    assert_eq!(rig.log_ins(), 1);
    agent.stop();
}

#[test]
fn z46_an_engine_that_is_dead_behind_a_patient_relay_is_found_out() {
    let rig = Rig::new(Duration::from_millis(5500));
    let agent = rig.start();
    rig.luup.mood(Mood::Silent);
    wait_for("word of it", || {
        let is_told = agent.status().contains("Luup:          Error");
        is_told.then_some(())
    });
    agent.stop();
}
