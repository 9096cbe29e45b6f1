//! `proc:` what the kernel counts: time since boot, memory, load.

use std::path::{Path, PathBuf};

use super::file::{named, read};
use crate::datamodel::source::{Declaration, Instance, Noticed, Reading, Slot, Source};

/// The keys of the source `proc`.
pub const KEYS: [&str; 5] = ["uptime", "memory_total", "memory_free", "cpu_usage", "load"];

/// Two looks at the CPU's counters are compared only if at least this much went by, in ticks of
/// all processors (a tick is 10 ms): less would say little.
const MIN_TICKS: u64 = 100;

/// The source `proc`.
///
/// | key | value |
/// |---|---|
/// | `uptime` | seconds since boot |
/// | `memory_total`, `memory_free` | kB of main memory |
/// | `cpu_usage` | percent of CPU time in use since the previous look (since boot at the first) |
/// | `load` | average number of runnable tasks over the last minute, e.g. `0.25` |
pub struct ProcSource {
    proc: PathBuf,
    ticks: Ticks,
    usage: u64,
}

/// The first line of `/proc/stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ticks {
    all: u64,
    idle: u64,
}

impl Ticks {
    /// `cpu user nice system idle iowait ...`: the time waited for a disk is idle, too. What a
    /// guest uses (the 9th and 10th) is contained in user and nice.
    fn parse(stat: &str) -> Option<Self> {
        let counts = stat.lines().next()?.strip_prefix("cpu ")?;
        let counts: Vec<u64> = counts
            .split_whitespace()
            .take(8)
            .map_while(|count| count.parse().ok())
            .collect();
        Some(Self {
            all: counts
                .iter()
                .fold(0, |sum, count| sum.saturating_add(*count)),
            idle: counts
                .iter()
                .skip(3)
                .take(2)
                .fold(0, |sum, count| sum.saturating_add(*count)),
        })
    }

    /// Percent in use between an earlier look and this; `None` if too little went by.
    fn usage_since(self, earlier: Self) -> Option<u64> {
        let all = self.all.checked_sub(earlier.all)?;
        // The kernel lets the idle count fall back now and then.
        let idle = self.idle.saturating_sub(earlier.idle).min(all);
        (all >= MIN_TICKS).then(|| (all - idle).saturating_mul(100) / all)
    }
}

impl ProcSource {
    /// Reads below `proc`, normally `/proc`.
    pub fn new(proc: impl Into<PathBuf>) -> Self {
        Self {
            proc: proc.into(),
            ticks: Ticks::default(),
            usage: 0,
        }
    }

    fn look_at(&mut self, key: &str) -> Option<String> {
        match key {
            "uptime" => self.read("uptime")?.split('.').next().map(str::to_owned),
            "memory_total" => self.memory("MemTotal"),
            "memory_free" => self.memory("MemFree"),
            "cpu_usage" => self.cpu_usage(),
            _ => self.read("loadavg")?.split(' ').next().map(str::to_owned),
        }
    }

    fn read(&self, name: &str) -> Option<String> {
        read(self.proc.join(Path::new(name)).to_str()?)
    }

    fn memory(&self, name: &str) -> Option<String> {
        named(&self.read("meminfo")?, name).map(str::to_owned)
    }

    fn cpu_usage(&mut self) -> Option<String> {
        let now = Ticks::parse(&self.read("stat")?)?;
        if let Some(usage) = now.usage_since(self.ticks) {
            self.ticks = now;
            self.usage = usage;
        }
        Some(self.usage.to_string())
    }
}

impl Source for ProcSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if row.writable || row.kind.is_none() {
            return Err("the kernel gives values and takes none".to_owned());
        }
        let known = KEYS.iter().position(|known| *known == key);
        known
            .map(Slot::new)
            .ok_or_else(|| format!("'{key}' is none of {}", KEYS.join(", ")))
    }

    fn get(&mut self, slot: Slot, _at: &[Instance<'_>]) -> Reading<'_> {
        let value = KEYS.get(slot.index()).and_then(|key| self.look_at(key));
        value.map_or(Reading::Unknown, |value| Reading::Value(value.into()))
    }

    /// A change of what counts all the time is no news.
    fn noticed(&self, slot: Slot) -> Noticed {
        match KEYS.get(slot.index()) {
            Some(&"uptime") => Noticed::Never,
            _ => Noticed::Polled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::xsd::XsdType;
    use crate::datamodel::types::ParamType;

    fn declared(source: &mut ProcSource, key: &str) -> Result<Slot, String> {
        let row = Declaration {
            kind: Some(&ParamType::of(XsdType::UnsignedInt)),
            filtered: false,
            tables: 0,
            writable: false,
        };
        source.declare(&row, key)
    }

    #[test]
    fn all_keys_have_a_value_on_this_machine() {
        let mut source = ProcSource::new("/proc");
        for key in KEYS {
            let slot = declared(&mut source, key).unwrap();
            let value = source.get(slot, &[]).into_owned();
            assert!(value.value().unwrap().parse::<f64>().is_ok(), "{key}");
            assert!(!source.keeps_reports(slot));
        }
        let uptime = declared(&mut source, "uptime").unwrap();
        assert_eq!(source.noticed(uptime), Noticed::Never);
        assert!(declared(&mut source, "temperature").is_err());
        assert_eq!(
            ProcSource::new("/nowhere").get(uptime, &[]),
            Reading::Unknown
        );
    }

    #[test]
    fn cpu_usage_is_that_between_two_looks() {
        let ticks = |line: &str| Ticks::parse(line).unwrap();
        let first = ticks("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n");
        assert_eq!(
            first,
            Ticks {
                all: 1000,
                idle: 800
            }
        );
        assert_eq!(first.usage_since(Ticks::default()), Some(20));
        let second = ticks("cpu  150 0 125 720 105 0 0 0\n");
        assert_eq!(second.usage_since(first), Some(75));
        let soon = ticks("cpu  101 0 100 700 100 0 0 0\n");
        assert_eq!(soon.usage_since(first), None);
        assert_eq!(first.usage_since(second), None);
        assert_eq!(Ticks::parse("intr 1 2\n"), None);
    }
}
