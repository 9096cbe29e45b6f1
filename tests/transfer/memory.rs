//! What a large file costs.

use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use cwmpd::cwmp::Direction;
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::Reply;

use crate::{Home, order};

/// Set where the test runs in a process of its own.
const ALONE: &str = "CWMPD_TEST_ALONE";
const NAME: &str = "memory::t13_a_file_of_200_mb_takes_the_memory_of_a_small_one";

const PIECE: usize = 100_000;
const FILE_BYTES: u64 = 200 * 1000 * 1000;
const MOST_GROWTH_KB: u64 = 1000;

/// Memory is counted by the process: the test gets one of its own, without the others' memory.
#[test]
fn t13_a_file_of_200_mb_takes_the_memory_of_a_small_one() {
    if env::var_os(ALONE).is_some() {
        return fetch();
    }
    let mut alone = Command::new(env::current_exe().unwrap());
    let ended = alone.args(["--exact", NAME, "--nocapture"]).env(ALONE, "1");
    let ended = ended.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && told.contains("1 passed"),
        "{told}"
    );
}

fn fetch() {
    let home = Home::new("memory");
    let mut server = FileServer::start(ServedFile::default());
    // What comes with the first use is not the file's.
    for times in [2, FILE_BYTES / PIECE as u64] {
        server = server.turn(move |_, _| {
            Reply::new(200)
                .body(vec![7; PIECE])
                .repeated(times, Duration::ZERO)
        });
    }
    let order = order(Direction::Download, &server.url());
    assert_eq!(home.download(&order).unwrap().bytes, 2 * PIECE as u64);
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kb();
    assert_eq!(home.download(&order).unwrap().bytes, FILE_BYTES);
    let growth = peak_kb().saturating_sub(before);
    println!("peak memory grew by {growth} kB");
    assert!(growth < MOST_GROWTH_KB, "{growth} kB");
}

fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().trim_end_matches(" kB");
    peak.parse().unwrap()
}
