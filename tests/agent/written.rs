//! `b30`: what a change of one value writes on a box with a large state: a line of the journal, and
//! of UCI the one file that it is in, once.

use std::fmt::Write as _;
use std::fs;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{Message, Status};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Home, wait_for};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

const ROWS: usize = 5000;

/// What one change may add to the journal: its rows, ParameterKey, the write to a file, checksums.
const MOST_JOURNAL: u64 = 1200;

/// A box that keeps many values which somebody chose.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.write_config("other", "config place 'place'\n\toption word 'old'\n");
    let (mut rows, mut state) = (String::new(), String::new());
    for number in 0..ROWS {
        writeln!(rows, "X_TEST_Many.V{number};STRING;stored;rw;immediate").unwrap();
        let row = format!("X_TEST_Many.V{number};STRING;0;1;1;0;0;0;Subscriber;chosen {number}");
        writeln!(state, "{row};0;1088;;;").unwrap();
    }
    rows.push_str(
        "X_TEST_Word;STRING;source;rw;immediate;;;;;;;;;;uci:other.place.word\n\
         X_TEST_T.;ANY;stored;rw;immediate\n\
         X_TEST_T.{i}.X;STRING;stored;rw;immediate\n",
    );
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
    fs::write(home.model_dir().join("parameters.data"), state + "**\n").unwrap();
    home
}

/// What is put into the folders that survive a reboot.
struct Written<'h> {
    home: &'h Home,
    files: Inotify,
    journal: u64,
}

impl<'h> Written<'h> {
    fn new(home: &'h Home) -> Self {
        let files = Inotify::init(InitFlags::IN_NONBLOCK).unwrap();
        for folder in [home.model_dir(), home.config_dir()] {
            files
                .add_watch(&folder, AddWatchFlags::IN_MOVED_TO)
                .unwrap();
        }
        Self {
            home,
            files,
            journal: 0,
        }
    }

    /// The files that were put in place since the last call, and how much longer the journal is.
    fn take(&mut self) -> (Vec<String>, u64) {
        let mut placed = Vec::new();
        while let Ok(events) = self.files.read_events() {
            let names = events.into_iter().filter_map(|event| event.name);
            placed.extend(names.map(|name| name.into_string().unwrap()));
        }
        placed.sort_unstable();
        let journal = self.home.model_dir().join("parameters.journal");
        let length = fs::metadata(journal).map_or(0, |journal| journal.len());
        let before = std::mem::replace(&mut self.journal, length);
        (placed, length - before)
    }
}

type Play = fn(&mut Session<'_>);

fn set(session: &mut Session<'_>, name: &str, kind: XsdType, value: &str) {
    session.set(&[(&format!("Device.{name}"), kind, value)], "key");
}

#[test]
fn b30_one_change_writes_a_line_and_no_file_that_it_is_not_in() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let ended = || home.log().matches("session ended: success").count();
    acs.session(|s| {
        s.inform();
        set(s, "X_TEST_Many.V1", XsdType::String, "first");
        s.add("Device.X_TEST_T.", "key");
        s.end();
    });
    wait_for("the end of the session", || (ended() == 1).then_some(()));
    let mut written = Written::new(&home);
    written.take();
    let interval = "ManagementServer.PeriodicInformInterval";
    let plays: [(&str, Play, &[&str]); 8] = [
        ("nothing", |_| {}, &[]),
        (
            "a value",
            |s| set(s, "X_TEST_Many.V7", XsdType::String, "new"),
            &[],
        ),
        (
            "a notification",
            |s| s.notify("Device.X_TEST_Many.V7", 2),
            &[],
        ),
        (
            "an instance",
            |s| assert_eq!(s.add("Device.X_TEST_T.", "another").0, 2),
            &[],
        ),
        (
            "an instance less",
            |s| assert_eq!(s.delete("Device.X_TEST_T.1.", "third"), Status::Applied),
            &[],
        ),
        (
            "a session at a time",
            |s| {
                s.call(Message::ScheduleInform {
                    delay_seconds: 3600,
                    command_key: "later".to_owned(),
                });
            },
            &[],
        ),
        (
            "an option of the box",
            |s| set(s, "X_TEST_Word", XsdType::String, "new"),
            &["other"],
        ),
        (
            "options of the agent",
            |s| {
                let user = "ManagementServer.ConnectionRequestUsername";
                let interval = "ManagementServer.PeriodicInformInterval";
                let number = (&*format!("Device.{interval}"), XsdType::UnsignedInt, "4321");
                let text = (&*format!("Device.{user}"), XsdType::String, "somebody");
                s.set(&[number, text], "key");
            },
            // Beside the file itself its last good text, which is kept once a session.
            &["cwmpd", "cwmpd.good"],
        ),
    ];
    for (nth, (what, play, files)) in plays.into_iter().enumerate() {
        agent.inform();
        acs.session(|s| {
            s.inform();
            play(s);
            s.end();
        });
        wait_for(what, || (ended() == nth + 2).then_some(()));
        // What is done behind a session is done when the next question is answered.
        agent.status();
        let (placed, journal) = written.take();
        assert_eq!(placed, files, "{what}");
        let is_nothing = what == "nothing";
        assert_eq!(journal == 0, is_nothing, "{what}: {journal}");
        assert!(journal < MOST_JOURNAL, "{what}: {journal}");
    }
    agent.set("Device.X_TEST_Many.V9", "by hand");
    let (placed, journal) = written.take();
    assert!(placed.is_empty() && (1..MOST_JOURNAL).contains(&journal));
    assert_eq!(agent.get(&format!("Device.{interval}")).trim(), "4321");
}
