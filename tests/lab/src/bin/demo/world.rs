//! What the demo sets up: the box, two ACSs, a Luup engine.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use cwmpd::soap::Inform;
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::luup::FakeLuup;
use cwmpd_lab::openwrt::{OpenWrt, Release};

use crate::narrator::{self, aside, scene};

/// Everything on loopback, on ports that the system chose.
pub struct World<'a> {
    pub acs_a: ScriptedAcs,
    pub acs_b: ScriptedAcs,
    pub luup: FakeLuup,
    pub system: OpenWrt,
    program: String,
    home: &'a Home,
    /// Absent only between two boots.
    daemon: RefCell<Option<Daemon<'a>>>,
    request_url: RefCell<String>,
}

impl<'a> World<'a> {
    /// Sets it up and starts the agent in a box that knows the first ACS only.
    pub fn new(program: &str, home: &'a Home) -> Self {
        let acs = |name| {
            ScriptedAcs::start(AcsOptions {
                observer: Some(narrator::of(name)),
                ..AcsOptions::default()
            })
        };
        let (acs_a, acs_b, luup) = (acs("ACS A"), acs("ACS B"), FakeLuup::start());
        let dir = home.config_dir().with_file_name("");
        let system = OpenWrt::new(&dir, Release::V24);
        home.set_acs(&acs_a.url());
        home.set_caller();
        home.set_uci("cpe", "periodic_notify_interval", "1");
        home.set_uci("luup", "enable", "1");
        home.set_uci("luup", "url", &luup.url());
        let release = system.release_file().display().to_string();
        home.set_uci("transfer", "release_file", &release);
        home.set_uci("transfer", "rollback", "5");
        home.set_uci("acs", "retry_min_wait_interval", "1");
        home.write_config("system", "config system\n\toption hostname 'home'\n");
        scene(0, "What runs, all of it on this machine's loopback");
        aside(&format!(
            "ACS A at {}, ACS B at {}",
            acs_a.url(),
            acs_b.url()
        ));
        aside(&format!(
            "the Z-Wave home behind a Luup engine at {}",
            luup.url()
        ));
        let world = Self {
            acs_a,
            acs_b,
            luup,
            system,
            program: program.to_owned(),
            daemon: RefCell::new(Some(home.start())),
            home,
            request_url: RefCell::default(),
        };
        aside(&format!("the agent: {} run", world.command()));
        world
    }

    fn command(&self) -> String {
        format!(
            "{} -p {} -c {} -r {}",
            self.program,
            self.home.model_dir().display(),
            self.home.config_dir().display(),
            self.home.run_dir().display()
        )
    }

    /// Keeps the connection-request URL that Inform told.
    pub fn remember_request_url(&self, inform: &Inform) {
        let path = "Device.ManagementServer.ConnectionRequestURL";
        let url = inform
            .parameter_list
            .iter()
            .find(|value| value.name == path);
        let Some(url) = url else {
            panic!("expected {path} in Inform; there is none");
        };
        self.request_url.replace(url.value.clone());
    }

    /// Sends a connection request; the status of the answer.
    pub fn call(&self) -> u16 {
        let url = self.request_url.borrow();
        match request_connection(&url, CALLER.0, CALLER.1) {
            Ok(status) => status,
            Err(error) => panic!("expected an answer of the box at {url}; got: {error}"),
        }
    }

    /// Sets an option of the box's configuration file.
    pub fn set_uci(&self, section: &str, option: &str, value: &str) {
        self.home.set_uci(section, option, value);
    }

    /// An option of the box's configuration file, empty where there is none.
    pub fn uci(&self, section: &str, option: &str) -> String {
        self.home.uci(section, option).unwrap_or_default()
    }

    /// The program that is shown.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The folder of the UCI configuration.
    pub fn config_dir(&self) -> PathBuf {
        self.home.config_dir()
    }

    /// The folder of the agent's state.
    pub fn model_dir(&self) -> PathBuf {
        self.home.model_dir()
    }

    /// The process of the agent.
    pub fn pid(&self) -> u32 {
        let daemon = self.daemon.borrow();
        daemon.as_ref().map(Daemon::pid).expect("an agent")
    }

    /// What `cwmpd status` says; nothing while no agent runs.
    pub fn status(&self) -> String {
        self.home.run(&["status"]).out
    }

    /// Whether the host has this name, as the configuration says.
    pub fn is_called(&self, name: &str) -> bool {
        let system = fs::read_to_string(self.config_dir().join("system")).unwrap_or_default();
        system.contains(&format!("'{name}'"))
    }

    /// Waits until a flash has taken the box down; it is to be restarted.
    pub fn wait_for_the_flash(&self) {
        self.system.set_agent(self.pid());
        wait_for("the flash", || self.system.is_down().then_some(()));
    }

    /// Boots the box after a power cut: what lies in memory is gone.
    pub fn restart(&self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
        self.home.power_cycle();
        self.daemon.replace(Some(self.home.start()));
    }

    /// How to poke at what runs.
    pub fn explain(&self) {
        let command = self.command();
        println!("\nEverything stays up. In another terminal:\n");
        for poke in [
            "status",
            "get Device.DeviceInfo.",
            "get Device.Zwave.Interface.",
            "set Device.ManagementServer.PeriodicInformInterval 30",
            "inform",
        ] {
            println!("    {command} {poke}");
        }
        let luup = self.luup.url();
        println!("    curl '{luup}/data_request?id=status&output_format=json'");
        println!("\nSessions with ACS B show here. Enter ends it all.\n");
    }

    /// Stops the agent; it has to end cleanly.
    pub fn end(self) {
        let daemon = self.daemon.into_inner().expect("an agent");
        let status = daemon.stop();
        assert!(
            status.success(),
            "expected the agent to end cleanly; it ended with {status}"
        );
    }
}
