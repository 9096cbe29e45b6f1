//! A file that is larger than the box.

use std::fs::{self, File};

use cwmpd_lab::acs::download;

use super::{SOUNDS, Site, succeeded};

const BYTES: u64 = 200 << 20;

/// Memory in kB, by its name in `/proc/PID/status`.
fn memory(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap()
}

#[test]
fn t13_a_download_of_200_mb_takes_no_more_memory_than_a_small_one() {
    let Some(site) = Site::new("t13") else { return };
    let file = File::create(site.served("large.wav")).unwrap();
    file.set_len(BYTES).unwrap();
    let small = site.offer("small.wav", "ding");
    let agent = site.start();
    let mut peaks = [&small, &site.url("large.wav")].map(|url| {
        agent.inform();
        site.acs.session(|s| {
            s.inform();
            s.transfer(download("large", SOUNDS, url));
            s.end();
        });
        let (_, complete) = site.acs.completion();
        succeeded(&complete, "large");
        memory(agent.pid(), "VmHWM")
    });
    let came = fs::metadata(site.folder.join("sounds/large.wav")).unwrap();
    assert_eq!(came.len(), BYTES);
    let [small, large] = &mut peaks;
    assert!(*large - *small < 1024, "{small} kB, then {large} kB");
}
