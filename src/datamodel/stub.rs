//! The text of a `DeviceInterfaceStubFile`: values of the system as the original agent's test
//! device has them, one `Name "value"` a line.
//!
//! A line that is empty or begins with `#` or a blank is a comment and stays as it is. The name is
//! a path without the root; the value is percent-coded ([`percent`]). A line without quotes names
//! a parameter that has no value.

use crate::base::percent;

/// The lines of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StubFile {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Comment(String),
    Value { name: String, value: Option<String> },
}

impl StubFile {
    /// Reads the whole text; every text is one.
    pub fn parse(text: &str) -> Self {
        Self {
            lines: text
                .lines()
                .map(|line| Line::parse(line.trim_end_matches('\r')))
                .collect(),
        }
    }

    /// The value of exactly this name (the original took the first name that was a part of it).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Value { name: n, value } if n == name => value.as_deref(),
            _ => None,
        })
    }

    /// Names with their values, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.lines.iter().filter_map(|line| match line {
            Line::Value { name, value } => Some((name.as_str(), value.as_deref())),
            Line::Comment(_) => None,
        })
    }

    /// Changes the value of a name, or adds it at the end.
    pub fn set(&mut self, name: &str, value: &str) {
        let new = Line::Value {
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        let named = |line: &&mut Line| matches!(line, Line::Value { name: n, .. } if n == name);
        match self.lines.iter_mut().find(named) {
            Some(line) => *line = new,
            None => self.lines.push(new),
        }
    }

    /// Writes the whole text.
    pub fn format(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            match line {
                Line::Comment(text) => out.push_str(text),
                Line::Value { name, value } => {
                    out.push_str(name);
                    if let Some(value) = value {
                        out.push_str(" \"");
                        out.push_str(&percent::encode(value, percent::in_column));
                        out.push('"');
                    }
                }
            }
            out.push('\n');
        }
        out
    }
}

impl Line {
    fn parse(line: &str) -> Self {
        let blank = |c: char| c.is_ascii_whitespace();
        if line.is_empty() || line.starts_with('#') || line.starts_with(blank) {
            return Self::Comment(line.to_owned());
        }
        let (name, rest) = line.split_once(blank).unwrap_or((line, ""));
        let quoted = rest
            .trim_ascii()
            .strip_prefix('"')
            .and_then(|v| v.strip_suffix('"'));
        Self::Value {
            name: name.to_owned(),
            value: quoted.map(|value| percent::decode(value).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "# the box\n\nDeviceInfo.SerialNumber \"0123\"\nDeviceInfo.Description \
        \"K\u{fc}che %22A%22\"\n  a comment too\nWAN.IPAddress\n";

    #[test]
    fn values_comments_and_names_without_value_are_read() {
        let file = StubFile::parse(FILE);
        assert_eq!(file.get("DeviceInfo.SerialNumber"), Some("0123"));
        assert_eq!(file.get("DeviceInfo.Description"), Some("Küche \"A\""));
        assert_eq!(file.get("WAN.IPAddress"), None);
        assert_eq!(file.iter().count(), 3);
        assert_eq!(file.format(), FILE);
    }

    #[test]
    fn a_set_reaches_its_name_alone_and_keeps_the_comments() {
        let mut file = StubFile::parse(FILE);
        file.set("Serial", "x");
        file.set("DeviceInfo.SerialNumber", "4567");
        assert_eq!(file.get("DeviceInfo.SerialNumber"), Some("4567"));
        let expected = FILE.replace("0123", "4567") + "Serial \"x\"\n";
        assert_eq!(file.format(), expected);
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value in ".*") {
            let mut file = StubFile::default();
            file.set("A.B", &value);
            let read = StubFile::parse(&file.format());
            prop_assert_eq!(read.get("A.B"), Some(value.as_str()));
        }

        #[test]
        fn every_text_is_a_file(text in "(?s).*") {
            let file = StubFile::parse(&text);
            prop_assert_eq!(StubFile::parse(&file.format()), file);
        }
    }
}
