//! What is written is whole under its own name, whoever else writes and whatever comes in between.

use std::fs;
use std::process::{Command, Output};

use super::Workshop;

/// Has Python run lines that know `package`, and `path`, which is that of a file in a folder of its
/// own.
fn python(workshop: &Workshop, lines: &str) -> Output {
    let begin = "import os, resource, sys\nsys.path.insert(0, sys.argv[1])\nimport package\n\
                 path = sys.argv[2]\n";
    let folder = workshop.folder.join("made");
    fs::create_dir_all(&folder).unwrap();
    let mut python = Command::new("python3");
    python.args(["-B", "-c", &format!("{begin}{lines}")]);
    python.arg(workshop.folder.join("openwrt-package/packing"));
    python.arg(folder.join("file"));
    python.output().unwrap()
}

#[test]
fn b01_a_package_that_could_not_be_written_leaves_nothing() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let on_a_full_disk = "\
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    package.write(path, bytes(9999))
except OSError:
    sys.exit(7)
";
    let output = python(&workshop, on_a_full_disk);
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let left = fs::read_dir(workshop.folder.join("made")).unwrap();
    assert_eq!(left.count(), 0);
}

/// Two runs for one folder: neither has the file that the other is writing.
#[test]
fn b01_two_that_write_one_package_do_not_meet() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let other_comes_in_between = "\
real = os.replace
def between(partial, path):
    os.replace = real
    package.write(path, b'other')
    real(partial, path)
os.replace = between
package.write(path, b'one')
";
    let output = python(&workshop, other_comes_in_between);
    assert!(output.status.success(), "{output:?}");
    let written = fs::read(workshop.folder.join("made/file")).unwrap();
    assert_eq!(written, b"one");
}

/// Keys that were half made are made whole, and no half is put beside a stranger.
#[test]
fn b03_an_interrupted_making_of_keys_is_gone_on_with() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let new_key = || {
        let mut command = workshop.script("index.sh");
        command
            .arg("--new-key")
            .arg(workshop.folder.join("operator"));
        command.output().unwrap()
    };
    assert!(new_key().status.success());
    for ending in ["", ".pem"] {
        let secret = workshop.folder.join(format!("operator{ending}"));
        let public = workshop.folder.join(format!("operator{ending}.pub"));
        let before = fs::read(&public).unwrap();
        fs::remove_file(&public).unwrap();
        let output = new_key();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(fs::read(&public).unwrap(), before, "{ending}");
        let kept = fs::read(&secret).unwrap();
        fs::remove_file(&secret).unwrap();
        let output = new_key();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains("without its secret key"),
            "{said}"
        );
        assert_eq!(fs::read(&public).unwrap(), before, "{ending}");
        assert!(!secret.exists());
        fs::write(secret, kept).unwrap();
    }
}
