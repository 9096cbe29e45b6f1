//! What the worst description costs.

use std::fs;
use std::process::Command;
use std::time::Instant;

use cwmpd::base::url::Url;
use cwmpd::connreq::igd::Description;
use cwmpd_lab::rerun;

const NAME: &str = "igd::memory::alone";

/// Nearly twice what is seen, 320 to 620 kilobytes by chance of where the allocator finds room; it is
/// given back at once.
const MOST_GROWTH_KB: u64 = 1200;

/// What a gateway may send, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Memory is counted by the process: the test gets one of its own, without the others' memory.
#[test]
fn r27_the_worst_description_takes_little_memory_and_time() {
    rerun(&mut Command::new("env"), NAME);
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn alone() {
    let location = Url::parse("http://192.168.1.1/d.xml").unwrap();
    let filled = |begin: &str, each: &str, times: usize| {
        let text = format!("{begin}{}", each.repeat(times));
        let rest = MAX_BYTES - text.len();
        format!("{text}{}", "&".repeat(rest.min(8000)))
    };
    let urn = "urn:schemas-upnp-org:service:WANIPConnection:1";
    let service = format!(
        "<service><serviceType>{urn}</serviceType><controlURL>/c?a=1</controlURL></service>"
    );
    let worst = [
        filled("<root>", "<a b=''/>", 2000) + "</root>",
        filled("<root>", "<a>", 2000),
        filled("<root>", "<!---->", 2000) + "</root>",
        filled("<root>", &service, 330) + "</root>",
        filled("<root>", "&amp;", 10_000) + "</root>",
        filled("<x:root>", "<y:a/>", 2000) + "</x:root>",
        filled("<root a='", "&#65;", 10_000) + "'/>",
        "<".repeat(MAX_BYTES),
    ];
    let read = |text: &str| {
        let _ = Description::read(text.as_bytes(), &location);
    };
    read("<root/>");
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kb();
    let begin = Instant::now();
    worst.iter().for_each(|text| read(text));
    let growth = peak_kb().saturating_sub(before);
    println!(
        "{} descriptions in {} µs; peak memory grew by {growth} kB",
        worst.len(),
        begin.elapsed().as_micros()
    );
    assert!(growth < MOST_GROWTH_KB, "{growth} kB");
}

fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().trim_end_matches(" kB");
    peak.parse().unwrap()
}
