//! A whole session over TLS, and one that the ACS asks for, with an agent that is built for another
//! processor and runs under an emulator; then the handshakes of other ACSs: `emulated "qemu-mipsel-static -cpu 24KEc -B 0x10000000000 PROGRAM"`, see
//! `tests/cross.sh`. Prints the guest's memory.

mod handshakes;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::Status;
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::Home;
use cwmpd_lab::http::{Authority, Leaf, ServerTls};
use cwmpd_lab::luup::FakeLuup;

/// Where `-B` puts the guest's address 0. A program of 64 bits that can be loaded anywhere has its
/// memory far above that; the emulator's own is further away.
const GUEST: u64 = 1 << 40;
const GUEST_SIZE: u64 = 1 << 43;

fn main() {
    let runner = std::env::args().nth(1).expect("the command to run");
    let script = Script::new(&runner);
    let home = Home::new(&script.0);
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    let acs = ScriptedAcs::start(AcsOptions {
        tls: Some(ServerTls::new(&identity)),
        ..AcsOptions::default()
    });
    let luup = FakeLuup::start();
    let ca_file = home.config_dir().join("ca.pem");
    fs::write(&ca_file, authority.pem()).expect("a CA file");
    home.set_acs(&acs.url_by_name("localhost"));
    home.set_uci("acs", "ssl_cacert", &ca_file.to_string_lossy());
    home.set_caller();
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());

    let daemon = home.start();
    let start = Instant::now();
    let values = acs.session(|s| {
        let inform = s.inform();
        assert_eq!(inform.event[0].event_code, "0 BOOTSTRAP");
        let names = s.names("Device.", false);
        let values = s.get(&["Device."]);
        assert!(names.len() > values.len());
        let interval = "Device.ManagementServer.PeriodicInformInterval";
        let status = s.set(&[(interval, XsdType::UnsignedInt, "4000000000")], "cross");
        assert_eq!(status, Status::Applied);
        assert_eq!(s.value(interval), "4000000000");
        s.end();
        values.len()
    });
    println!("emulated_session_values {values} values");
    println!("emulated_session_ms {} ms", start.elapsed().as_millis());
    // The port for connection requests is open with every libc.
    let url = daemon.connection_request_url();
    let status = request_connection(&url, CALLER.0, CALLER.1);
    assert_eq!(status.expect("an answer"), 200, "{url}");
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(inform.event[0].event_code, "6 CONNECTION REQUEST");
        s.end();
    });
    std::thread::sleep(Duration::from_secs(1));
    let (rss, private) = guest_memory(daemon.pid());
    println!("emulated_guest_rss_kb {rss} kB");
    println!("emulated_guest_clean_kb {} kB", rss - private);
    println!("emulated_guest_private_kb {private} kB");
    handshakes::go_through(&home, &daemon);
    assert!(daemon.stop().success(), "the agent has to end cleanly");
}

/// Resident kB of the guest's own mappings, and those of them that no file has: all others a box can drop,
/// and share with other programs where the file is a library. `Private_Dirty` would count a file that
/// was just built and is not on the disk yet.
fn guest_memory(pid: u32) -> (u64, u64) {
    let maps = fs::read_to_string(format!("/proc/{pid}/smaps")).expect("smaps");
    let (mut rss, mut private, mut ours) = (0, 0, false);
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        let start = first
            .split_once('-')
            .and_then(|(start, _)| u64::from_str_radix(start, 16).ok());
        if let Some(start) = start {
            ours = (GUEST..GUEST + GUEST_SIZE).contains(&start);
        } else if ours {
            let kb: u64 = words.next().and_then(|kb| kb.parse().ok()).unwrap_or(0);
            match first {
                "Rss:" => rss += kb,
                "Anonymous:" => private += kb,
                _ => {}
            }
        }
    }
    (rss, private)
}

/// A program that runs the command; gone with the value.
struct Script(PathBuf);

impl Script {
    fn new(command: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cwmpd-emulated-{}", std::process::id()));
        fs::write(&path, format!("#!/bin/sh\nexec {command} \"$@\"\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a script");
        Self(path)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
