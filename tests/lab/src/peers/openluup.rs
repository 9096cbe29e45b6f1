//! A real openLuup, the engine that stands in for a Vera's on other boxes.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Process;
use crate::Folder;
use crate::shared::{at_hand, skip};
use crate::tools::works;

/// Its port, which clients expect.
const PORT: u16 = 3480;

/// What its lights do when they are told to: it has words for it, but no hands of its own.
const SWITCH: &str = "<implementation><actionList><action>\
    <serviceId>urn:upnp-org:serviceId:SwitchPower1</serviceId><name>SetTarget</name><run>\
    for _, variable in ipairs {\"Target\", \"Status\"} do \
    luup.variable_set(\"urn:upnp-org:serviceId:SwitchPower1\", variable, \
    lul_settings.newTargetValue, lul_device) end\
    </run></action></actionList></implementation>";

/// Its sources, where they are at hand: in the folder that `CWMPD_OPENLUUP` names, or in
/// `../shared/openluup`. They are no part of this project.
fn sources() -> Option<PathBuf> {
    let named = std::env::var_os("CWMPD_OPENLUUP").map(PathBuf::from);
    let found = named.or_else(|| at_hand("openluup"));
    let found = found.filter(|folder| folder.join("openLuup/init.lua").exists());
    if found.is_none() {
        skip("openLuup's sources are neither in $CWMPD_OPENLUUP nor in ../shared/openluup");
    }
    found
}

/// A running openLuup, on its port in the network of the thread that starts it.
pub struct OpenLuup {
    process: Process,
    folder: PathBuf,
}

impl OpenLuup {
    /// Whether it, Lua and the modules of Lua that it wants are here; says so where not.
    pub fn is_at_hand() -> bool {
        let modules = "require 'socket' require 'lfs' require 'ssl' require 'mime'";
        sources().is_some() && works(&["lua5.1", "-e", modules])
    }

    /// Starts it with a home as `id=user_data` tells it, with lights that can be switched. `None` where
    /// it is not there, which is said.
    pub fn start(folder: &Folder, user_data: &str) -> Option<Self> {
        let sources = sources()?;
        // It writes into its own folder.
        copy(&sources.join("openLuup"), &folder.join("openLuup"));
        let light = r#""device_type":"urn:schemas-upnp-org:device:BinaryLight:1""#;
        let switched = format!(r#"{light},"impl_file":"I_Switch.xml""#);
        let user_data = user_data.replace(light, &switched);
        std::fs::write(folder.join("user_data.json"), user_data).expect("a file");
        std::fs::write(folder.join("I_Switch.xml"), SWITCH).expect("a file");
        let folder = folder.join("");
        let process = run(&folder)?;
        Some(Self { process, folder })
    }

    /// The address for `luup.url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{PORT}")
    }

    /// Waits until it ends by itself, as it does for a reload, and starts it again, as the script does
    /// that looks after it.
    pub fn again(&mut self) {
        self.process.wait_for_end();
        self.process = run(&self.folder).expect("it was there before");
    }
}

fn run(folder: &Path) -> Option<Process> {
    let mut command = Command::new("lua5.1");
    command.args(["openLuup/init.lua", "user_data.json"]);
    command.arg(PORT.to_string()).current_dir(folder);
    let mut process = Process::start_with_log(&mut command, folder.join("openluup.log"))?;
    process.wait_until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, PORT)).is_ok());
    Some(process)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a file");
        let to = to.join(entry.file_name());
        match entry.path() {
            folder if folder.is_dir() => copy(&folder, &to),
            file => drop(std::fs::copy(file, to).expect("a copy")),
        }
    }
}
