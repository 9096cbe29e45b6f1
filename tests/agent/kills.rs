//! The program killed within a session: no event that is never discarded is lost, and flash is not
//! written for it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::http::Reply;

/// A box that the ACS knows, with a periodic inform every two seconds.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("acs", "periodic_inform_interval", "2");
    // Another port would be another URL, and so a change.
    home.set_uci("cpe", "port", &cwmpd_lab::home::free_port().to_string());
    home
}

/// The files of the box's flash, each with what changes when it is written.
fn flash(home: &Home) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let folders = [home.model_dir(), home.config_dir()];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|entry| {
        let entry = entry.unwrap();
        let data = entry.metadata().unwrap();
        (entry.path(), (data.ino(), data.mtime(), data.mtime_nsec()))
    });
    files.collect()
}

#[test]
fn f05_periodic_survives_kill_9_at_any_point_of_its_session_without_a_write_to_flash() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let mut agent = home.start();
    acs.quiet_session();
    let codes = |inform: cwmpd::soap::Inform| -> Vec<String> {
        inform.event.into_iter().map(|e| e.event_code).collect()
    };
    let mut before = None;
    // The Inform is under way; and once more.
    for _ in 0..2 {
        acs.session(|s| {
            assert_eq!(codes(s.receive_inform()), ["2 PERIODIC"]);
            before.get_or_insert_with(|| flash(&home));
            agent.signal("KILL");
            agent.wait();
            s.answer(Reply::new(503));
        });
        agent = home.start();
    }
    acs.session(|s| {
        assert_eq!(codes(s.inform()), ["2 PERIODIC"]);
        s.receive_empty();
        // Delivered: whatever comes of the session now.
        agent.signal("KILL");
        agent.wait();
        s.answer(Reply::new(503));
    });
    assert_eq!(before, Some(flash(&home)));
    home.set_uci("acs", "periodic_inform_enable", "0");
    agent = home.start();
    let pending = agent.status();
    assert!(pending.contains("pending:       none"), "{pending}");
}

#[test]
fn f05_a_schedule_inform_that_is_being_told_survives_kill_9_once() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("acs", "periodic_inform_enable", "0");
    let mut agent = home.start();
    acs.session(|s| {
        s.inform();
        s.call(Message::ScheduleInform {
            delay_seconds: 1,
            command_key: "the key".to_owned(),
        });
        s.end();
    });
    let told = |inform: cwmpd::soap::Inform| {
        let events = inform.event.into_iter();
        let events = events.map(|e| (e.event_code, e.command_key));
        let expected = [("3 SCHEDULED", ""), ("M ScheduleInform", "the key")];
        let expected = expected.map(|(code, key)| (code.to_owned(), key.to_owned()));
        assert_eq!(events.collect::<Vec<_>>(), expected);
    };
    acs.session(|s| {
        told(s.receive_inform());
        agent.signal("KILL");
        agent.wait();
        s.answer(Reply::new(503));
    });
    agent = home.start();
    acs.session(|s| {
        told(s.inform());
        s.end();
    });
    wait_for("the end of the session", || {
        agent.status().contains("pending:       none").then_some(())
    });
}
