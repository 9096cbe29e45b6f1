//! The commands of OpenWrt in a box of its own, as far as transfers need them: they do what those of
//! the system do, to the folders of the box, and write down how they were called. So a flash here ends
//! the agent, and leaves of the box what the real one leaves.
//!
//! `openwrt.sh` is the script behind each of them. Written after what OpenWrt's own scripts do
//! (`package/base-files/files/sbin/sysupgrade`), not taken from them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Which OpenWrt it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// 14.07: sysupgrade ends all processes and flashes itself; it reports no failure of a backup.
    V14,
    /// 24.10: sysupgrade hands over to procd and ends with an error; images have metadata.
    V24,
    /// 25.12: as before, and apk.
    V25,
}

/// What can go wrong with a flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// sysupgrade ends with an error before anything is changed.
    Refused,
    /// The box reboots, and nothing was flashed.
    NotFlashed,
    /// The box has a second image, and falls back to what ran before.
    OldAgain,
    /// It never comes so far, and never ends.
    Hangs,
    /// The backup is cut in the middle.
    CutBackup,
    /// It says more than anybody wants to hear.
    Floods,
}

/// The programs that are one script.
const PROGRAMS: [&str; 5] = ["sysupgrade", "logread", "reload_config", "reboot", "gunzip"];

/// The board of the box; images for others are refused.
pub const BOARD: &str = "example,box";

/// What is flashed at first.
pub const FIRST_REVISION: &str = "r1-000001";

/// A box with OpenWrt.
pub struct OpenWrt {
    dir: PathBuf,
}

impl OpenWrt {
    /// Puts the programs into `bin` of the folder of a box, which has `config`, `model` and `run`. What
    /// is in `config` and `model` now is what a fresh flash begins with: its ROM.
    pub fn new(dir: &Path, release: Release) -> Self {
        let bin = dir.join("bin");
        fs::create_dir_all(&bin).expect("a folder for programs");
        let script = bin.join("openwrt.sh");
        fs::write(&script, include_str!("openwrt.sh")).expect("a script");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a script");
        for name in PROGRAMS {
            let _ = fs::remove_file(bin.join(name));
            symlink("openwrt.sh", bin.join(name)).expect("a program");
        }
        let word = match release {
            Release::V14 => "14.07",
            Release::V24 => "24.10",
            Release::V25 => "25.12",
        };
        fs::write(dir.join("openwrt"), word).expect("the release of the box");
        for part in ["config", "model"] {
            fs::create_dir_all(dir.join(part)).expect("a folder of the box");
            fs::create_dir_all(dir.join("rom").join(part)).expect("a folder of the ROM");
            for entry in fs::read_dir(dir.join(part)).expect("a folder of the box") {
                let path = entry.expect("a file of the box").path();
                let name = path.file_name().expect("a name");
                if path.is_file() {
                    fs::copy(&path, dir.join("rom").join(part).join(name)).expect("a copy");
                }
            }
        }
        let system = Self {
            dir: dir.to_owned(),
        };
        system.set_release("1.0", FIRST_REVISION);
        system
    }

    /// The file that tells which firmware runs.
    pub fn release_file(&self) -> PathBuf {
        self.dir.join("openwrt_release")
    }

    fn set_release(&self, version: &str, revision: &str) {
        let text = format!(
            "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='{version}'\nDISTRIB_REVISION='{revision}'\n"
        );
        fs::write(self.release_file(), text).expect("the release file");
    }

    /// What is to go wrong with the next flash or backup.
    pub fn mishap(&self, mishap: Option<Mishap>) {
        let word = match mishap {
            None => "",
            Some(Mishap::Refused) => "refused",
            Some(Mishap::NotFlashed) => "not flashed",
            Some(Mishap::OldAgain) => "old again",
            Some(Mishap::Hangs) => "hangs",
            Some(Mishap::CutBackup) => "cut backup",
            Some(Mishap::Floods) => "floods",
        };
        fs::write(self.dir.join("mishap"), word).expect("a mishap");
    }

    /// Whether a flash that began is not to go on for now.
    pub fn hold(&self, holds: bool) {
        let file = self.dir.join("hold");
        let done = match holds {
            true => fs::write(file, ""),
            false => fs::remove_file(file),
        };
        done.expect("a file of the box");
    }

    /// Whether a flash has taken the box down.
    pub fn is_down(&self) -> bool {
        self.dir.join("went-down").exists()
    }

    /// The revision of the firmware that runs.
    pub fn revision(&self) -> String {
        let text = fs::read_to_string(self.release_file()).expect("the release file");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("DISTRIB_REVISION="));
        line.expect("a revision").trim_matches('\'').to_owned()
    }

    /// How the programs were called, one a line.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.join("commands")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with("SigBlk"));
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    /// Whom a flash ends: the agent.
    pub fn set_agent(&self, pid: u32) {
        fs::write(self.dir.join("agent.pid"), pid.to_string()).expect("the number of a process");
    }
}

/// An image, with metadata as `fwtool` appends it or without, as it was in 14.07.
pub fn image(board: &str, version: &str, revision: &str, has_metadata: bool) -> Vec<u8> {
    let mut image = format!("image\n{board}\n{version}\n{revision}\n").into_bytes();
    image.resize(64 * 1024, 0xff);
    if has_metadata {
        let json = format!(
            "{{\"metadata_version\":\"1.1\",\"supported_devices\":[\"{board}\"],\"version\":\
             {{\"dist\":\"OpenWrt\",\"version\":\"{version}\",\"revision\":\"{revision}\"}}}}"
        );
        let length = u32::try_from(json.len() + 8 + 16).expect("a short text");
        image.extend([0; 8]);
        image.extend(json.as_bytes());
        let crc = crc32(&image);
        image.extend(b"FWx0");
        image.extend(crc.to_be_bytes());
        image.extend([1, 0, 0, 0]);
        image.extend(length.to_be_bytes());
    }
    image
}

/// The checksum of `fwtool`: CRC-32 without the last inversion.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc = (crc >> 1) ^ (0xEDB8_8320 * carry);
        }
    }
    crc
}
