//! The ACS wakes the box wherever it is: the real program in a world of its own, with a real NAT of
//! each kind between it and the ACS.

mod xmpp;

use cwmpd::soap::Inform;
use cwmpd_lab::acs::{AcsOptions, Auth, CALLER, Caller, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home};
use cwmpd_lab::network::addresses::ACS;
use cwmpd_lab::network::{World, WorldOptions};

/// An ACS outside, and a box at home, which has not met it yet.
struct Site {
    acs: ScriptedAcs,
    home: Home,
    world: World,
}

impl Site {
    /// `None` where there can be no such world, which is said.
    fn new(options: WorldOptions) -> Option<Self> {
        let world = World::new(options)?;
        let acs = world.outside.run(|| {
            ScriptedAcs::start(AcsOptions {
                address: format!("{ACS}:0"),
                auth: Auth::Open,
                ..AcsOptions::default()
            })
        });
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_uci("acs", "url", &acs.url());
        home.set_uci("cpe", "interface", "");
        home.set_uci("cpe", "port", "7547");
        home.set_caller();
        Some(Self { acs, home, world })
    }

    fn start(&self) -> Daemon<'_> {
        let home = &self.home;
        self.world.inside.run(|| home.start())
    }

    /// Plays the session that a connection request opens.
    fn woken(&self) {
        assert_eq!(self.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    }
}

fn caller() -> Caller {
    Caller::new(CALLER.0, CALLER.1)
}

fn events(inform: &Inform) -> Vec<&str> {
    inform.event.iter().map(|e| e.event_code.as_str()).collect()
}

fn value<'a>(inform: &'a Inform, path: &str) -> &'a str {
    let parameter = inform.parameter_list.iter().find(|p| p.name == path);
    let parameter = parameter.unwrap_or_else(|| panic!("{path} in {inform:?}"));
    &parameter.value
}
