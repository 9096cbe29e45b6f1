//! A box of OpenWrt as far as shell scripts see it: a folder that is their root, with BusyBox, the
//! real `uci` where it was built, and doubles that write down what they are called with.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cwmpd_lab::{Folder, shared, tools};
use nix::sys::stat::{Mode, SFlag, mknod};
use nix::unistd::geteuid;

/// The project.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes what it is called with to `/tmp/log`, while there is somebody who listens: without, the
/// real one says nothing and succeeds.
const LOGGER: &str = "#!/bin/sh\n[ ! -S /dev/log ] || echo \"$*\" >>/tmp/log\n";

/// Writes what it is called with to `/tmp/ubus`. It knows the one process that `/tmp/pid` names.
const UBUS: &str = "#!/bin/sh\necho \"$*\" >>/tmp/ubus\n\
    [ \"$3\" != list ] || cat /tmp/pid 2>/dev/null\nexit 0\n";

/// Prints what it is given: `ubus` says no more than it is asked for. One of 2026 reads no standard
/// input.
const JSONFILTER: &str = "#!/bin/sh\n[ \"$1\" = -s ] || exit 1\necho \"$2\"\n";

/// A box of its own, which goes with this value.
pub struct LittleBox {
    folder: Folder,
}

impl LittleBox {
    /// None where there is no BusyBox, or no right to another root, which is said.
    pub fn new() -> Option<Self> {
        let busybox = tools::works(&["busybox", "true"]);
        if !busybox || !tools::works(&words_of_root(Path::new("/"), &["true"])) {
            return None;
        }
        let folder = Folder::new("box");
        let new = Self { folder };
        for path in [
            "bin",
            "dev",
            "etc/config",
            "etc/init.d",
            "etc/rc.d",
            "lib/functions",
            "tmp",
            "var/run",
        ] {
            fs::create_dir_all(new.path(path)).unwrap();
        }
        new.write("dev/null", "");
        let everybody = Mode::from_bits_truncate(0o666);
        mknod(&new.path("dev/log"), SFlag::S_IFSOCK, everybody, 0).unwrap();
        let path = Command::new("sh")
            .args(["-c", "command -v busybox"])
            .output();
        let path = String::from_utf8(path.unwrap().stdout).unwrap();
        new.bring(Path::new(path.trim()), "bin/busybox");
        let list = Command::new("busybox").arg("--list").output().unwrap();
        for applet in String::from_utf8(list.stdout).unwrap().lines() {
            let link = new.path("bin").join(applet);
            let _ = std::os::unix::fs::symlink("/bin/busybox", link);
        }
        for (name, text) in [
            ("logger", LOGGER),
            ("ubus", UBUS),
            ("jsonfilter", JSONFILTER),
        ] {
            let _ = fs::remove_file(new.path("bin").join(name));
            new.program(&format!("bin/{name}"), text);
        }
        Some(new)
    }

    /// A box with the real `uci`; none where that was not built, which is said.
    pub fn with_uci() -> Option<Self> {
        let Some(program) = std::env::var_os("CWMPD_UCI_ORACLE") else {
            shared::skip("CWMPD_UCI_ORACLE is not set; tests/uci-oracle.sh builds it");
            return None;
        };
        let new = Self::new()?;
        new.bring(Path::new(&program), "bin/uci");
        Some(new)
    }

    /// A path of the box, as one outside of it sees it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a program.
    pub fn program(&self, path: &str, text: &str) {
        self.write(path, text);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path(path), mode).unwrap();
    }

    /// What a file says; nothing where it is not there.
    pub fn read(&self, path: &str) -> String {
        let bytes = fs::read(self.path(path)).unwrap_or_default();
        String::from_utf8(bytes).unwrap()
    }

    /// Lays the package, with some program in the place of the real one.
    pub fn install(&self) {
        let program = self.folder.file("program", "#!/bin/sh\n");
        let mut install = Command::new("sh");
        install
            .arg(project().join("openwrt-package/install.sh"))
            .arg(program)
            .arg(self.folder.path());
        assert!(install.status().unwrap().success());
    }

    /// Makes it one that boots: what is in `/etc/uci-defaults` runs before logd does.
    pub fn boots(&self) {
        fs::remove_file(self.path("dev/log")).unwrap();
    }

    /// Runs a line of shell in the box.
    pub fn sh(&self, line: &str) -> Output {
        self.command(&["/bin/sh", "-c", line]).output().unwrap()
    }

    /// A command to be run in the box.
    pub fn command(&self, words: &[&str]) -> Command {
        let words = words_of_root(self.folder.path(), words);
        let (program, arguments) = words.split_first().unwrap();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// Runs a line of shell that has to succeed; what it prints.
    pub fn must(&self, line: &str) -> String {
        let output = self.sh(line);
        assert!(output.status.success(), "{line}: {output:?}");
        assert!(output.stderr.is_empty(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Copies a program from outside, with the libraries it is linked to.
    pub fn bring(&self, program: &Path, path: &str) {
        fs::copy(program, self.path(path)).unwrap();
        let libraries = Command::new("ldd").arg(program).output().unwrap();
        let libraries = String::from_utf8(libraries.stdout).unwrap();
        for library in libraries
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            let inside = self.path(library.trim_start_matches('/'));
            fs::create_dir_all(inside.parent().unwrap()).unwrap();
            fs::copy(library, inside).unwrap();
        }
    }
}

/// A command in another root; who is not root is it in a name space of his own.
fn words_of_root<'w>(root: &'w Path, words: &[&'w str]) -> Vec<&'w str> {
    let mut all = match geteuid().is_root() {
        true => vec!["chroot"],
        false => vec!["unshare", "--map-root-user", "chroot"],
    };
    all.push(root.to_str().unwrap());
    all.extend(words);
    all
}
