//! What a large model takes, in a process of its own: memory is counted by the process.

use std::fmt::Write as _;
use std::process::Command;
use std::{env, fs};

use cwmpd::datamodel::model::Model;
use cwmpd_lab::Folder;

/// Set where the test runs in a process of its own.
const ALONE: &str = "CWMPD_TEST_ALONE";

const GROUPS: usize = 200;
const WIDTH: usize = 100;

/// Bytes a row, holes between them included: some more than it is, and much less than when each row
/// had its own name and type.
const MOST_KEPT: usize = 450;

/// The same while the rows are read and linked.
const MOST_WHILE_READ: usize = 680;

/// As the rows of a model are: names that come again and again, few types, some with a default.
fn large() -> String {
    let mut csv = String::new();
    for group in 0..GROUPS {
        for number in 0..WIDTH {
            let kind = ["UINT:1:1000", "STRING:64", "BOOLEAN", "STRING:32:On|Off"][number % 4];
            writeln!(
                csv,
                "Group{group}.Parameter{number};{kind};stored;rw;immediate"
            )
            .unwrap();
        }
    }
    csv
}

fn status(key: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}

#[test]
fn a_large_model_is_small_in_memory() {
    const NAME: &str = "memory::a_large_model_is_small_in_memory";
    if env::var_os(ALONE).is_none() {
        let mut alone = Command::new(env::current_exe().unwrap());
        let ended = alone.args(["--exact", NAME, "--nocapture"]).env(ALONE, "1");
        let ended = ended.output().unwrap();
        let told = String::from_utf8_lossy(&ended.stdout);
        println!("{told}");
        assert!(
            ended.status.success() && told.contains("1 passed"),
            "{told}"
        );
        return;
    }
    let folder = Folder::new("large-model");
    folder.file("rows.csv", large());
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("RssAnon:");
    let mut model = Model::open(folder.path(), "Device.", Vec::new()).unwrap();
    let peak = status("VmHWM:") - status("VmRSS:") + status("RssAnon:") - before;
    let kept = status("RssAnon:") - before;
    let rows = GROUPS * WIDTH;
    let (kept, peak) = (kept * 1024 / rows, peak * 1024 / rows);
    println!("{kept} bytes a row, {peak} while it was read");
    assert!(kept <= MOST_KEPT && peak <= MOST_WHILE_READ);
    let mut count = 0;
    model.values("Device.", &mut |_, _, _| count += 1).unwrap();
    assert_eq!(count, rows);
}
