//! Files in and out, from the RPC to its TransferComplete: the real program, over real sockets, with
//! nginx as the file server of the operator.

mod by_hand;
mod configuration;
mod cuts;
mod firmware;
mod large;
mod rpcs;
mod secrets;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use cwmpd::soap::TransferComplete;
use cwmpd_lab::Folder;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::openwrt::{OpenWrt, Release};
use cwmpd_lab::peers::Nginx;

/// The vendor's own type of file that the box takes.
const SOUNDS: &str = "X 00D09E Sounds";

/// How nginx lets everybody read and write.
const OPEN: &str = "; root files; dav_methods PUT; client_max_body_size 0;";

/// A box, its ACS, and the file server that the ACS names.
struct Site {
    acs: ScriptedAcs,
    home: Home,
    system: OpenWrt,
    folder: Folder,
    nginx: Nginx,
}

impl Site {
    /// `None` where nginx is not installed.
    fn new(name: &str) -> Option<Self> {
        let folder = Folder::new(name);
        fs::create_dir_all(folder.join("files")).unwrap();
        for part in ["sounds", "www"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        // nginx's workers are another user.
        for part in ["files", ""] {
            fs::set_permissions(folder.join(part), PermissionsExt::from_mode(0o777)).unwrap();
        }
        let nginx = Nginx::start(&folder, OPEN)?;
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        // As from the factory: that is what a flash leaves.
        let dir = home.config_dir().with_file_name("");
        let system = OpenWrt::new(&dir, Release::V24);
        let release = system.release_file().display().to_string();
        home.set_uci("transfer", "release_file", &release);
        home.set_acs(&acs.url());
        home.set_caller();
        // Another port would be another address, and a change to tell of.
        home.set_uci("cpe", "port", &free_port().to_string());
        let www = folder.join("www").display().to_string();
        home.set_uci("transfer", "web_folder", &www);
        home.add_file_type(SOUNDS, &folder.join("sounds"));
        Some(Self {
            acs,
            home,
            system,
            folder,
            nginx,
        })
    }

    /// Puts a file on the server; its URL.
    fn offer(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.served(name), content).unwrap();
        self.url(name)
    }

    /// Where a file of the server lies.
    fn served(&self, name: &str) -> PathBuf {
        self.folder.join("files").join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.nginx.port())
    }

    /// Starts the agent; the ACS and the box know each other then.
    fn start(&self) -> Daemon<'_> {
        let agent = self.home.start();
        self.system.set_agent(agent.pid());
        assert_eq!(self.acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
        agent
    }

    /// No file of a transfer is left in the run folder.
    fn is_clean(&self) {
        wait_for("no file of a transfer", || {
            let files = fs::read_dir(self.home.run_dir()).unwrap();
            let mut names = files.map(|file| file.unwrap().file_name());
            let left = names.any(|name| name.to_string_lossy().starts_with("transfer-"));
            (!left).then_some(())
        });
    }
}

/// It ended well.
#[track_caller]
fn succeeded(complete: &TransferComplete, key: &str) {
    let TransferComplete {
        command_key,
        fault,
        start_time,
        complete_time,
    } = complete;
    assert_eq!((&**command_key, fault.code, &*fault.string), (key, 0, ""));
    for time in [start_time, complete_time] {
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
    assert!(start_time <= complete_time, "{start_time} {complete_time}");
}
