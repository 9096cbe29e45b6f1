//! What a large file costs on its way from nginx to its folder.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cwmpd_lab::Folder;
use cwmpd_lab::acs::{Auth, download};
use cwmpd_lab::peers::Nginx;

use crate::figures::{nothing, print};
use crate::rig::Rig;

/// The length of the file.
const MEGABYTES: u32 = 200;

/// Its type, and where the box puts it.
const FILE_TYPE: &str = "X 00D09E Large";

/// Measures and prints. The memory is what the peak of the transfer is above what the agent had before
/// it.
pub fn figures(program: &Path) {
    let folder = Folder::new("bench-files");
    for name in ["files", "box"] {
        fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    // nginx's workers are another user.
    for name in ["files", ""] {
        let open = PermissionsExt::from_mode(0o777);
        fs::set_permissions(folder.join(name), open).expect("an open folder");
    }
    let file = File::create(folder.join("files/large")).expect("a file");
    file.set_len(u64::from(MEGABYTES) << 20)
        .expect("its length");
    let Some(nginx) = Nginx::start(&folder, "; root files;") else {
        println!("# download_200mb_peak_kb: nginx is not installed");
        return;
    };
    let rig = Rig::new(program, 0, Auth::Open);
    rig.home.add_file_type(FILE_TYPE, &folder.join("box"));
    let (running, _) = rig.start();
    running.session(nothing);
    let process = running.process;
    let (memory, cpu) = (process.rss_kb(), process.cpu_ms());
    process.forget_peak();
    let url = format!("http://127.0.0.1:{}/large", nginx.port());
    running.begin_session(|s| s.transfer(download("large", FILE_TYPE, &url)));
    let (_, complete) = rig.acs.completion();
    assert_eq!(complete.fault.code, 0, "{}", complete.fault.string);
    running.settle();
    let growth = process.peak_kb().saturating_sub(memory);
    print("download_200mb_peak_kb", growth as f64, "kB");
    let cpu = (process.cpu_ms() - cpu) / f64::from(MEGABYTES);
    print("download_cpu_ms_per_mb", cpu, "ms");
}
