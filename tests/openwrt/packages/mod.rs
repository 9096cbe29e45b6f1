//! Packages as `openwrt-package/package.sh` and `index.sh` make them, without an OpenWrt tree.

mod adb;
mod apk;
mod contents;
mod elf;
mod index;
mod installed;
mod ipk;
mod programs;
mod router;
mod same_bytes;
mod written;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cwmpd_lab::Folder;
use cwmpd_lab::tools;

/// Every architecture that packages are made for.
const ARCHITECTURES: [&str; 6] = [
    "mipsel_24kc",
    "ramips_24kec",
    "mips_24kc",
    "aarch64_cortex-a53",
    "arm_cortex-a7_neon-vfpv4",
    "x86_64",
];

/// That of OpenWrt 14.07.
const OF_1407: &str = "ramips_24kec";

/// The time that packages are made to be of: 2023-11-14 22:13:20 UTC.
const EPOCH: u64 = 1_700_000_000;

/// A copy of all that packages are made of, in which things can be changed.
struct Workshop {
    folder: Folder,
}

impl Workshop {
    /// None where packages cannot be made, which is said.
    fn new() -> Option<Self> {
        if !tools::works(&["python3", "--version"]) {
            return None;
        }
        let folder = Folder::new("packages");
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["openwrt-package", "etc", "Cargo.toml"] {
            let mut copy = Command::new("cp");
            copy.arg("-r").arg(project.join(name)).arg(folder.path());
            assert!(copy.status().unwrap().success(), "{name}");
        }
        Some(Self { folder })
    }

    /// Puts one text in the place of another in a file.
    fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.folder.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{}: {from}", path.display());
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Adds lines to a file.
    fn append(&self, path: &str, lines: &str) {
        let path = self.folder.join(path);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{text}{lines}")).unwrap();
    }

    /// One of the scripts, with a time for what it packs and nothing of this machine's language.
    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("openwrt-package").join(name));
        command.env("SOURCE_DATE_EPOCH", EPOCH.to_string());
        command
    }

    /// Asks for packages with this program in them, below the folder `made`.
    fn pack(&self, architecture: &str, program: &[u8]) -> Output {
        let program = self.folder.file("program", program);
        let mut command = self.script("package.sh");
        command.arg(architecture).arg("--program").arg(program);
        command.arg("--to").arg(self.folder.join("made"));
        command.output().unwrap()
    }

    /// The paths of the packages for an architecture, with a program that would run there.
    fn make(&self, architecture: &str) -> Vec<PathBuf> {
        let output = self.pack(architecture, &elf::fitting(architecture));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{architecture}: {errors}");
        let paths = String::from_utf8(output.stdout).unwrap();
        paths.lines().map(PathBuf::from).collect()
    }

    /// The same, read.
    fn packages(&self, architecture: &str) -> Packages {
        let made = self.make(architecture);
        let name = |ending| Some(fs::read(with_ending(&made, ending)?).unwrap());
        Packages {
            ipk: ipk::Ipk::read(&name("ipk").unwrap()),
            apk: name("apk").map(|apk| apk::Apk::read(&apk)),
            paths: made,
        }
    }
}

/// The packages for an architecture.
struct Packages {
    paths: Vec<PathBuf>,
    ipk: ipk::Ipk,
    /// None for OpenWrt 14.07.
    apk: Option<apk::Apk>,
}

fn with_ending<'a>(paths: &'a [PathBuf], ending: &str) -> Option<&'a PathBuf> {
    let is_it = |path: &&PathBuf| path.extension().is_some_and(|found| found == ending);
    paths.iter().find(is_it)
}

/// What a program makes of these bytes.
fn filter(words: &[&str], input: &[u8]) -> Vec<u8> {
    let folder = Folder::new("filter");
    let input = fs::File::open(folder.file("input", input)).unwrap();
    let mut command = Command::new(words[0]);
    let output = command.args(&words[1..]).stdin(input).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    output.stdout
}
