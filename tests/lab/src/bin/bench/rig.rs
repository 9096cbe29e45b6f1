//! A box, its agent and an ACS that only keeps the conversation going.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use cwmpd::agent::control::{Request, ask};
use cwmpd_lab::acs::{AcsOptions, Auth, CALLER, ScriptedAcs, Session, request_connection};
use cwmpd_lab::home::{Daemon, Home};
use cwmpd_lab::http::ServerTls;

use crate::model;
use crate::process::Process;

/// An ACS gives up after so many connection requests that came to nothing.
const MAX_CALLS: usize = 10;

/// A box that can be started.
pub struct Rig {
    pub home: Home,
    pub acs: ScriptedAcs,
}

impl Rig {
    /// A box with the shipped model and `parameters` generated ones, and its ACS.
    pub fn new(program: &Path, parameters: usize, auth: Auth) -> Self {
        let rig = Self::with(
            program,
            AcsOptions {
                auth,
                ..AcsOptions::default()
            },
        );
        if parameters > 0 {
            model::add_parameters(&rig.home.model_dir(), parameters);
        }
        rig
    }

    /// A box with the shipped model, and its ACS behind TLS, which the box has yet to trust.
    pub fn over_tls(program: &Path, tls: ServerTls) -> Self {
        let options = AcsOptions {
            auth: Auth::Open,
            tls: Some(tls),
            ..AcsOptions::default()
        };
        Self::with(program, options)
    }

    fn with(program: &Path, options: AcsOptions) -> Self {
        let acs = ScriptedAcs::start(AcsOptions {
            strict: false,
            ..options
        });
        let home = Home::new(program);
        home.set_acs(&acs.url());
        home.set_caller();
        home.set_uci("cpe", "log_severity", "WARNING");
        home.write_config("system", "config system\n\toption hostname 'box'\n");
        Self { home, acs }
    }

    /// Starts the agent as after a boot and plays its first session. Also gives the time from the start of the
    /// program to its Inform.
    pub fn start(&self) -> (Running<'_>, Duration) {
        self.start_under(&[])
    }

    /// The same by another program, as [`Home::start_under`].
    pub fn start_under(&self, wrapper: &[&str]) -> (Running<'_>, Duration) {
        self.home.power_cycle();
        let start = Instant::now();
        let daemon = self.home.start_under(wrapper);
        let took = self.acs.session(|s| {
            s.inform();
            let took = start.elapsed();
            s.end();
            took
        });
        let running = Running {
            rig: self,
            process: Process(daemon.pid()),
            daemon,
        };
        running.settle();
        (running, took)
    }
}

/// A box whose agent runs.
pub struct Running<'a> {
    pub rig: &'a Rig,
    pub process: Process,
    daemon: Daemon<'a>,
}

impl Running<'_> {
    /// Waits until the agent has closed the books of the last session, so that what it costs is
    /// counted and its thread is gone.
    pub fn settle(&self) {
        while self.process.threads() > 1 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Ends the agent in order.
    pub fn stop(self) {
        assert!(self.daemon.stop().success(), "the agent has to end cleanly");
    }

    /// One session from the box's own will; gives the wall time from Inform to the last answer.
    pub fn session(&self, play: impl FnMut(&mut Session)) -> Duration {
        let took = self.begin_session(play);
        self.settle();
        took
    }

    /// The same, of which something goes on behind it.
    pub fn begin_session(&self, mut play: impl FnMut(&mut Session)) -> Duration {
        let run_dir = self.rig.home.run_dir();
        let asked = std::thread::spawn(move || ask(&run_dir, &Request::Inform(None)));
        let took = self.rig.acs.session(|s| {
            s.receive_inform();
            let start = Instant::now();
            s.respond(cwmpd::soap::Message::InformResponse { max_envelopes: 1 });
            play(s);
            s.end();
            start.elapsed()
        });
        asked
            .join()
            .expect("a thread")
            .expect("the agent's consent");
        took
    }

    /// CPU of the mean session in ms, and the median wall time in ms.
    pub fn cost(&self, sessions: usize, mut play: impl FnMut(&mut Session)) -> (f64, f64) {
        let mut walls = Vec::with_capacity(sessions);
        let before = self.process.cpu_ms();
        for _ in 0..sessions {
            walls.push(self.session(&mut play).as_secs_f64() * 1e3);
        }
        let cpu = (self.process.cpu_ms() - before) / sessions as f64;
        (cpu, median(walls))
    }

    pub fn connection_request_url(&self) -> String {
        self.daemon.connection_request_url()
    }

    /// A connection request, repeated as an ACS does until it is accepted; how often it had to be.
    pub fn call(&self) -> usize {
        let url = self.connection_request_url();
        let call = || request_connection(&url, CALLER.0, CALLER.1).ok();
        let calls = (0..MAX_CALLS).map(|_| call());
        let refused = calls.take_while(|answer| *answer != Some(200)).count();
        assert!(refused < MAX_CALLS, "the connection request was refused");
        refused
    }

    /// Where requests over UDP go.
    pub fn udp_address(&self) -> SocketAddr {
        self.daemon.udp_address()
    }

    /// From a connection request to its Inform, in ms.
    pub fn connection_request(&self) -> f64 {
        let url = self.daemon.connection_request_url();
        let start = Instant::now();
        let asked = std::thread::spawn(move || request_connection(&url, CALLER.0, CALLER.1));
        let took = self.asked_session(start);
        let status = asked.join().expect("a thread").expect("an answer");
        assert_eq!(status, 200, "the connection request was refused");
        took.as_secs_f64() * 1e3
    }

    /// Plays the session that the ACS asked for at `start`; how long that took until its Inform.
    pub fn asked_session(&self, start: Instant) -> Duration {
        let took = self.rig.acs.session(|s| {
            s.receive_inform();
            let took = start.elapsed();
            s.respond(cwmpd::soap::Message::InformResponse { max_envelopes: 1 });
            s.end();
            took
        });
        self.settle();
        took
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
