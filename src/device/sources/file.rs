//! `file:/path` and `file:/path:KEY`: a line, or a named value, of a file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::base::file;
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, KeyTemplate, Reading, Slot, Source,
};

/// No more of a file is looked at: a named value stands near its beginning.
pub const MAX_READ_BYTES: usize = 64 * 1024;

/// Below these folders everything is made anew at each boot.
const VOLATILE: [&str; 5] = ["/proc/", "/sys/", "/tmp/", "/var/run/", "/run/"];

/// The source `file`.
///
/// * `file:/path` is the first line of a file, without the white space around it, or the NUL at the end
///   of what `/proc/device-tree` tells.
/// * `file:/path:KEY` is the value of `KEY='value'` (the form of shell variables) or of
///   `KEY:  value kB` (the form of `/proc/meminfo`, without the unit).
///
/// A path may have `:` in it as long as a `/` follows, and `{i}` for instances.
#[derive(Default)]
pub struct FileSource {
    keys: DeclaredKeys<FileKey>,
    /// The files read since the last look.
    texts: BTreeMap<String, Reading<'static>>,
}

/// A key, read.
struct FileKey {
    path: KeyTemplate,
    name: Option<String>,
}

impl FileSource {
    /// A source that has read nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

fn split(key: &str) -> (&str, Option<&str>) {
    match key.rsplit_once(':') {
        Some((path, name)) if !name.contains('/') => (path, Some(name)),
        _ => (key, None),
    }
}

/// At most [`MAX_READ_BYTES`] of a file.
fn open(path: &str) -> io::Result<String> {
    let bytes = file::read_beginning(Path::new(path), MAX_READ_BYTES)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The same, where why there is nothing does not matter.
pub(super) fn read(path: &str) -> Option<String> {
    open(path).ok()
}

/// What a file says now. One that is not there says nothing for good on flash; where everything is
/// made anew at each boot it may still come, and what was known of it stays.
fn look_at(path: &str) -> Reading<'static> {
    match open(path) {
        // Somebody is about to write it.
        Ok(text) if text.is_empty() && is_volatile(path) => Reading::Unknown,
        Ok(text) => Reading::Value(text.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_volatile(path) => {
            Reading::Absent
        }
        Err(_) => Reading::Unknown,
    }
}

fn is_volatile(path: &str) -> bool {
    VOLATILE.iter().any(|folder| path.starts_with(folder))
}

fn first_line(text: &str) -> Option<&str> {
    let line = text.lines().next()?;
    Some(line.trim_end_matches('\0').trim())
}

/// The first value of `name` in a text of `NAME='value'` or `Name:  value kB` lines.
pub(super) fn named<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let rest = line.trim_start().strip_prefix(name)?.trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            return Some(unquoted(value.trim()));
        }
        let value = rest.strip_prefix(':')?.trim();
        Some(value.strip_suffix(" kB").unwrap_or(value))
    })
}

fn unquoted(value: &str) -> &str {
    let within = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    within('\'').or_else(|| within('"')).unwrap_or(value)
}

impl Source for FileSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let (path, name) = match split(key) {
            (path, name) if path.starts_with('/') && name != Some("") => (path, name),
            _ => return Err(format!("'{key}' is not /path or /path:KEY")),
        };
        if row.writable || row.kind.is_none() {
            return Err("a file gives values and takes none".to_owned());
        }
        Ok(self.keys.keep(FileKey {
            path: KeyTemplate::parse(path, row.tables)?,
            name: name.map(str::to_owned),
        }))
    }

    fn refresh(&mut self) -> bool {
        self.texts.clear();
        true
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let Some(key) = self.keys.get(slot) else {
            return Reading::Absent;
        };
        let path = key.path.fill(at);
        if !self.texts.contains_key(&*path) {
            self.texts.insert(path.to_string(), look_at(&path));
        }
        let text = match self.texts.get(&*path) {
            Some(Reading::Value(text)) => text,
            Some(Reading::Unknown) => return Reading::Unknown,
            Some(Reading::Absent) | None => return Reading::Absent,
        };
        Reading::of(match &key.name {
            Some(name) => named(text, name),
            None => first_line(text),
        })
    }

    fn keeps_reports(&self, slot: Slot) -> bool {
        let key = self.keys.get(slot);
        key.is_some_and(|key| !is_volatile(&key.path.fill(&[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::xsd::XsdType;
    use crate::datamodel::types::ParamType;

    fn value(text: &str, name: &str) -> Option<String> {
        named(text, name).map(str::to_owned)
    }

    #[test]
    fn shell_variables_and_proc_lines_are_found_by_name() {
        let release = "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE=\"14.07\"\nBARE=x y\n";
        assert_eq!(value(release, "DISTRIB_ID").as_deref(), Some("OpenWrt"));
        assert_eq!(value(release, "DISTRIB_RELEASE").as_deref(), Some("14.07"));
        assert_eq!(value(release, "BARE").as_deref(), Some("x y"));
        assert_eq!(value(release, "DISTRIB"), None);
        let memory = "MemTotal:         125932 kB\nMemFree:           3000 kB\nHuge: 0\n";
        assert_eq!(value(memory, "MemTotal").as_deref(), Some("125932"));
        assert_eq!(value(memory, "Mem"), None);
        assert_eq!(value(memory, "Huge").as_deref(), Some("0"));
        assert_eq!(
            value("system type\t: MT7620A\n", "system type").as_deref(),
            Some("MT7620A")
        );
    }

    #[test]
    fn f30_what_the_device_tree_tells_ends_before_its_nul() {
        assert_eq!(first_line("10000000abcdef\0"), Some("10000000abcdef"));
        assert_eq!(first_line(" Box 2 \nmore"), Some("Box 2"));
        assert_eq!(first_line(""), None);
    }

    const STRING: ParamType = ParamType::of(XsdType::String);

    fn declared(source: &mut FileSource, key: &str) -> Result<Slot, String> {
        let row = Declaration {
            kind: Some(&STRING),
            filtered: false,
            tables: 1,
            writable: false,
        };
        source.declare(&row, key)
    }

    #[test]
    fn the_first_line_is_the_value_of_a_plain_file() {
        let mut source = FileSource::new();
        let mut get = |key: &str| {
            let slot = declared(&mut source, key).unwrap();
            let at = Instance {
                number: 1,
                identity: Some("kernel"),
            };
            source.get(slot, &[at]).into_owned()
        };
        let release = get("/proc/sys/{i}/osrelease");
        let release = release.value().unwrap();
        assert!(release.starts_with(|c: char| c.is_ascii_digit()) && !release.ends_with('\n'));
        let memory = get("/proc/meminfo:MemTotal");
        assert!(memory.value().unwrap().parse::<u64>().unwrap() > 0);
        assert_eq!(get("/proc/meminfo:NoSuchName"), Reading::Absent);
        assert_eq!(get("/etc/no such file"), Reading::Absent);
        assert_eq!(get("/proc/no such file"), Reading::Unknown, "it may come");
        assert_eq!(get("/etc"), Reading::Unknown, "not a file that can be read");
    }

    #[test]
    fn keys_are_checked_and_know_what_is_kept() {
        let mut source = FileSource::new();
        for good in ["/a", "/a:B", "/sys/class/leds/a:b:c/brightness", "/a/{i}"] {
            declared(&mut source, good).unwrap();
        }
        for bad in ["", "a", "a:B", "/a:", ":B", "/{i}/{i}"] {
            assert!(declared(&mut source, bad).is_err(), "{bad}");
        }
        assert_eq!(split("/sys/leds/a:b/c"), ("/sys/leds/a:b/c", None));
        for (key, kept) in [
            ("/proc/uptime", false),
            ("/tmp/sysinfo/model", false),
            ("/etc/openwrt_release:DISTRIB_RELEASE", true),
        ] {
            let slot = declared(&mut source, key).unwrap();
            assert_eq!(source.keeps_reports(slot), kept, "{key}");
        }
        let table = Declaration {
            kind: None,
            filtered: false,
            tables: 0,
            writable: false,
        };
        assert!(source.declare(&table, "/a").is_err());
    }
}
