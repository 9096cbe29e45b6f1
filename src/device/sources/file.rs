//! `file:/path` and `file:/path:KEY`: a line, or a named value, of a file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::base::file;
use crate::datamodel::source::Source;

/// No more of a file is looked at: a named value stands near its beginning.
pub const MAX_READ_BYTES: usize = 64 * 1024;

/// Below these folders everything is made anew at each boot.
const VOLATILE: [&str; 5] = ["/proc/", "/sys/", "/tmp/", "/var/run/", "/run/"];

/// The source `file`.
///
/// * `file:/path` is the first line of a file, without the white space around it.
/// * `file:/path:KEY` is the value of `KEY='value'` (the form of shell variables) or of
///   `KEY:  value kB` (the form of `/proc/meminfo`, without the unit).
///
/// A path may have `:` in it as long as a `/` follows.
#[derive(Default)]
pub struct FileSource {
    texts: BTreeMap<String, Option<String>>,
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
pub(super) fn read(path: &str) -> Option<String> {
    let bytes = file::read_beginning(Path::new(path), MAX_READ_BYTES).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
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
    fn declare(&mut self, key: &str, _numeric: bool) -> Result<(), String> {
        match split(key) {
            (path, name) if path.starts_with('/') && name != Some("") => Ok(()),
            _ => Err(format!("'{key}' is not /path or /path:KEY")),
        }
    }

    fn refresh(&mut self) {
        self.texts.clear();
    }

    fn get(&mut self, key: &str, _at: &[u32]) -> Option<Cow<'_, str>> {
        let (path, name) = split(key);
        if !self.texts.contains_key(path) {
            self.texts.insert(path.to_owned(), read(path));
        }
        let text = self.texts.get(path)?.as_deref()?;
        let value = match name {
            Some(name) => named(text, name)?,
            None => text.lines().next()?.trim(),
        };
        Some(Cow::Borrowed(value))
    }

    fn volatile(&self, key: &str) -> bool {
        VOLATILE.iter().any(|folder| key.starts_with(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_first_line_is_the_value_of_a_plain_file() {
        let mut source = FileSource::new();
        let osrelease = source.get("/proc/sys/kernel/osrelease", &[]).unwrap();
        assert!(osrelease.starts_with(|c: char| c.is_ascii_digit()) && !osrelease.ends_with('\n'));
        assert!(
            source
                .get("/proc/meminfo:MemTotal", &[])
                .unwrap()
                .parse::<u64>()
                .unwrap()
                > 0
        );
        assert_eq!(source.get("/proc/no such file", &[]), None);
        assert_eq!(source.get("/proc", &[]), None);
    }

    #[test]
    fn keys_are_checked_and_know_what_is_kept() {
        let mut source = FileSource::new();
        for good in ["/a", "/a:B", "/sys/class/leds/a:b:c/brightness"] {
            assert_eq!(source.declare(good, false), Ok(()), "{good}");
        }
        for bad in ["", "a", "a:B", "/a:", ":B"] {
            assert!(source.declare(bad, false).is_err(), "{bad}");
        }
        assert_eq!(split("/sys/leds/a:b/c"), ("/sys/leds/a:b/c", None));
        assert!(source.volatile("/proc/uptime"));
        assert!(source.volatile("/tmp/sysinfo/model"));
        assert!(!source.volatile("/etc/openwrt_release:DISTRIB_RELEASE"));
    }
}
