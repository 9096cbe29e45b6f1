//! Jobs that panic or hang, in a whole agent: the session or fetch that they carried fails, and
//! management goes on.

use std::collections::VecDeque;
use std::hint::black_box;
use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cwmpd::agent::control::{Request, ask};
use cwmpd::agent::{Conditions, Folders, run_under};
use cwmpd::base::xsd::XsdType;
use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, download, request_connection};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::luup::FakeLuup;

/// What happens to the next jobs of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Panic,
    Hang,
    Overflow,
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

/// The faults still to come.
#[derive(Clone, Default)]
struct Faults(Arc<Mutex<VecDeque<(&'static str, Fault)>>>);

impl Faults {
    fn next(&self, kind: &'static str, fault: Fault) {
        self.0.lock().unwrap().push_back((kind, fault));
    }

    fn is_used_up(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }

    fn meet(&self, kind: &'static str) {
        let mut faults = self.0.lock().unwrap();
        let at = faults.iter().position(|(of, _)| *of == kind);
        let fault = at.and_then(|at| faults.remove(at));
        drop(faults);
        match fault {
            Some((_, Fault::Panic)) => panic!("the test wants it"),
            Some((_, Fault::Hang)) => hang(),
            Some((_, Fault::Overflow)) => {
                let _ = black_box(u8::MAX) + black_box(1);
            }
            None => {}
        }
    }
}

/// A box whose agent runs in this process, until the process ends: its jobs meet faults.
fn start(home: &Home, faults: &Faults) {
    home.set_uci("cpe", "log_to_console", "0");
    home.set_caller();
    let folders = Folders {
        model_dir: home.model_dir(),
        config_dir: home.config_dir(),
        run_dir: home.run_dir(),
    };
    let faults = faults.clone();
    let conditions = Conditions {
        before: Arc::new(move |kind| faults.meet(kind)),
        patience: Some(Duration::from_secs(1)),
    };
    std::thread::spawn(move || run_under(folders, conditions));
}

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("acs", "retry_min_wait_interval", "1");
    home
}

fn status(home: &Home) -> String {
    ask(&home.run_dir(), &Request::Status).unwrap_or_default()
}

/// What follows a session that failed: the same events, one try later.
fn is_told(acs: &ScriptedAcs, events: &[&str]) {
    acs.session(|s| {
        let inform = s.inform();
        let codes: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
        assert_eq!(codes, events);
        assert_eq!(inform.retry_count, 1);
        s.end();
    });
}

#[test]
fn t72_a_transfer_that_is_given_up_lets_go_of_its_server() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    start(&home, &Faults::default());
    acs.quiet_session();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/image", silent.local_addr().unwrap());
    assert_eq!(home.run(&["inform"]).code, 0);
    acs.session(|s| {
        s.inform();
        s.transfer(download("key", "1 Firmware Upgrade Image", &url));
        s.end();
    });
    let (mut stream, _) = silent.accept().unwrap();
    let (_, complete) = acs.completion();
    assert_eq!(complete.fault.code, 9002, "{complete:?}");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut request = Vec::new();
    stream.read_to_end(&mut request).unwrap();
    assert!(request.starts_with(b"GET /image"));
}

#[test]
fn f01_a_session_thread_that_panics_or_hangs_is_a_failed_session() {
    for (fault, why) in [
        (Fault::Panic, "the test wants it"),
        (Fault::Hang, "given up"),
    ] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        let faults = Faults::default();
        faults.next("session", fault);
        start(&home, &faults);
        wait_for("the failure", || status(&home).contains(why).then_some(()));
        is_told(&acs, &["0 BOOTSTRAP", "1 BOOT"]);
        wait_for("success", || {
            status(&home).contains(", success").then_some(())
        });
        // It answers connection requests, and informs.
        let url = wait_for("the URL", || {
            let url = "ManagementServer.ConnectionRequestURL".to_owned();
            let url = ask(&home.run_dir(), &Request::Get(url)).ok()?;
            url.starts_with("http").then(|| url.trim_end().to_owned())
        });
        assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
        acs.session(|s| {
            assert_eq!(s.inform().event[0].event_code, "6 CONNECTION REQUEST");
            s.end();
        });
    }
}

/// As a build of OpenWrt has it: it checks for overflow, and unwinds. `tests/feed-build.sh` tries it in
/// such a build.
#[test]
fn b13_a_session_thread_that_overflows_is_a_failed_session() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let faults = Faults::default();
    faults.next("session", Fault::Overflow);
    start(&home, &faults);
    wait_for("the failure", || {
        status(&home).contains("overflow").then_some(())
    });
    is_told(&acs, &["0 BOOTSTRAP", "1 BOOT"]);
    wait_for("success", || {
        status(&home).contains(", success").then_some(())
    });
}

#[test]
fn f01_a_luup_thread_that_panics_or_hangs_does_not_keep_the_box_from_its_acs() {
    const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeUpInterval";
    for fault in [Fault::Panic, Fault::Hang] {
        let luup = FakeLuup::start();
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        home.set_uci("luup", "enable", "1");
        home.set_uci("luup", "url", &luup.url());
        let faults = Faults::default();
        faults.next("luup-fetch", fault);
        faults.next("luup-write", fault);
        start(&home, &faults);
        // Without the home, and then with it.
        acs.session(|s| {
            s.inform();
            assert!(
                !s.names("Device.", false)
                    .iter()
                    .any(|n| n.name.starts_with("Device.Zwave."))
            );
            s.end();
        });
        let inform = || {
            wait_for("the agent's consent", || {
                ask(&home.run_dir(), &Request::Inform(None)).ok()
            })
        };
        inform();
        acs.session(|s| {
            s.inform();
            let refused = s.set_refused(&[(WAKE_UP, XsdType::UnsignedInt, "3600")], "");
            assert_eq!(refused.code, 9002);
            assert!(faults.is_used_up());
            s.end();
        });
        // The write was lost, and the ACS knows it.
        inform();
        acs.session(|s| {
            s.inform();
            assert_eq!(s.value(WAKE_UP), "720");
            s.set(&[(WAKE_UP, XsdType::UnsignedInt, "3600")], "");
            assert_eq!(s.value(WAKE_UP), "3600");
            s.end();
        });
        let value = luup.get(12, "ZWaveDevice1", "WakeupInterval");
        assert_eq!(value.as_deref(), Some("3600"));
    }
}

#[test]
fn f01_a_command_that_panics_or_hangs_is_told_and_the_box_goes_on() {
    for fault in [Fault::Panic, Fault::Hang] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        let faults = Faults::default();
        faults.next("command", fault);
        start(&home, &faults);
        acs.session(|s| {
            s.inform();
            s.call(Message::Reboot {
                command_key: "k".to_owned(),
            });
            s.end();
        });
        wait_for("the fault", || faults.is_used_up().then_some(()));
        assert_eq!(home.commands(), "");
        assert!(!status(&home).is_empty(), "the agent answers");
    }
}

#[test]
fn f01_threads_that_hang_without_end_end_the_agent_with_an_error() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("acs", "retry_interval_multiplier", "1000");
    home.set_uci("cpe", "log_to_console", "0");
    let conditions = Conditions {
        before: Arc::new(|kind| {
            if kind == "session" {
                hang();
            }
        }),
        patience: Some(Duration::from_millis(50)),
    };
    let folders = Folders {
        model_dir: home.model_dir(),
        config_dir: home.config_dir(),
        run_dir: home.run_dir(),
    };
    let start = Instant::now();
    let error = run_under(folders, conditions).unwrap_err().to_string();
    assert!(error.contains("threads hang"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30));
    assert!(acs.is_left_alone_for(Duration::from_millis(10)));
}
