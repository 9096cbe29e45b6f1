//! What becomes of files that are transferred: section `transfer`, and one section for each type of
//! file, and for each file, that the box has besides.

use std::path::PathBuf;
use std::time::Duration;

use super::read::OptionReader;
use super::written::{Remark, WrittenConfig, WrittenSection};

/// The sections of which there may be any number, each with a name in option `name`.
pub(super) const REPEATED: [&str; 3] = ["file_type", "config_file", "log_file"];

/// Sections of one of those kinds, at most; of further ones nothing is read.
const MAX_REPEATED: usize = 64;

/// Seconds for which the ACS may be out of reach after a new configuration.
const DEFAULT_ROLLBACK: u64 = 600;

/// Section `transfer` and those of the files. See `etc/config/cwmpd` for each option's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferConfig {
    /// `transfer.keep_settings`: a firmware upgrade keeps all settings; else only the way to the ACS.
    pub keep_settings: bool,
    /// `transfer.keep`: files that such an upgrade keeps nevertheless.
    pub keep: Vec<PathBuf>,
    /// `transfer.rollback`: how long the ACS may be out of reach with a new configuration before the
    /// former one comes back; zero: it never does.
    pub rollback: Duration,
    /// `transfer.web_folder`: where `2 Web Content` goes.
    pub web_folder: PathBuf,
    /// `transfer.release_file`: the file that tells which firmware runs.
    pub release_file: PathBuf,
    /// Sections `file_type`, in order.
    pub types: Vec<TypeFolder>,
}

/// Where files of a vendor's type go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFolder {
    /// FileType of the RPC: `X <OUI> <name>`, or `6 Stored Firmware Image`.
    pub name: String,
    /// An absolute path.
    pub folder: PathBuf,
    /// The service that is reloaded afterwards.
    pub service: Option<String>,
}

impl Default for TransferConfig {
    fn default() -> Self {
        Self {
            keep_settings: true,
            keep: Vec::new(),
            rollback: Duration::from_secs(DEFAULT_ROLLBACK),
            web_folder: PathBuf::from("/www"),
            release_file: PathBuf::from("/etc/openwrt_release"),
            types: Vec::new(),
        }
    }
}

/// What an option says that need not be there.
fn text<'s>(section: &'s WrittenSection, option: &str) -> Option<&'s str> {
    let mut lines = section.options.iter().rev();
    let line = lines.find(|line| line.name == option && !line.value.trim().is_empty());
    line.map(|line| line.value.trim())
}

impl<'w> OptionReader<'w> {
    pub(super) fn transfer(&mut self, config: &mut TransferConfig) {
        self.flag("transfer", "keep_settings", &mut config.keep_settings);
        config.keep = self.files("transfer", "keep");
        self.seconds("transfer", "rollback", 0, &mut config.rollback);
        if let Some(folder) = self.file("transfer", "web_folder") {
            config.web_folder = folder;
        }
        if let Some(file) = self.file("transfer", "release_file") {
            config.release_file = file;
        }
        for (section, name, folder) in self.repeated("file_type", "folder") {
            config.types.push(TypeFolder {
                name,
                folder,
                service: text(section, "service").map(str::to_owned),
            });
        }
        self.looks_for("file_type", "service");
        // Rows of the data model have them, by their numbers.
        self.repeated("config_file", "path");
        self.repeated("log_file", "path");
    }

    /// The sections of a kind that have a name and a path, with both.
    fn repeated(&mut self, kind: &str, option: &str) -> Vec<(&'w WrittenSection, String, PathBuf)> {
        self.looks_for(kind, "name");
        self.looks_for(kind, option);
        let mut usable = Vec::new();
        let written: &'w WrittenConfig = self.written;
        let sections = written.sections.iter();
        for section in sections
            .filter(|section| section.kind == kind)
            .take(MAX_REPEATED)
        {
            match (text(section, "name"), text(section, option)) {
                (None, None) => {}
                (Some(name), Some(path)) if path.starts_with('/') => {
                    usable.push((section, name.to_owned(), PathBuf::from(path)));
                }
                _ => self.remarks.push(Remark {
                    line: Some(section.line),
                    text: format!(
                        "config {kind} needs a name and, in option {option}, an absolute path; it \
                         has no effect"
                    ),
                }),
            }
        }
        usable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::{Config, WrittenOption, review};

    fn section(line: u32, kind: &str, options: &[(&str, &str)]) -> WrittenSection {
        let options = options.iter().map(|(name, value)| WrittenOption {
            line,
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            is_list: *name == "keep",
        });
        WrittenSection {
            line,
            kind: kind.to_owned(),
            name: None,
            options: options.collect(),
        }
    }

    #[test]
    fn t30_types_and_files_are_as_many_as_there_are_sections() {
        let sounds = [
            ("name", "X 001122 Sounds"),
            ("folder", "/sounds"),
            ("service", "bell"),
        ];
        let written = WrittenConfig {
            sections: vec![
                section(
                    1,
                    "transfer",
                    &[
                        ("rollback", "0"),
                        ("keep", "/etc/config/network"),
                        ("keep", "passwd"),
                    ],
                ),
                section(5, "file_type", &sounds),
                section(6, "file_type", &[("name", ""), ("folder", "")]),
                section(
                    7,
                    "file_type",
                    &[("name", "X 001122 Lost"), ("folder", "sounds")],
                ),
                section(
                    8,
                    "log_file",
                    &[("name", "first"), ("path", "/var/log/first")],
                ),
                section(9, "log_file", &[("path", "/var/log/nameless")]),
                section(
                    10,
                    "log_file",
                    &[("name", "second"), ("path", "/var/log/second")],
                ),
            ],
            lost: Vec::new(),
        };
        let reading = Config::read(&written);
        let transfer = reading.config.transfer;
        assert!(transfer.keep_settings && transfer.rollback.is_zero());
        assert_eq!(transfer.keep, [PathBuf::from("/etc/config/network")]);
        let types: Vec<_> = transfer.types.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(types, ["X 001122 Sounds"]);
        assert_eq!(transfer.types[0].service.as_deref(), Some("bell"));
        let lines: Vec<_> = reading.remarks.iter().map(|remark| remark.line).collect();
        assert_eq!(lines, [Some(1), Some(7), Some(9)]);
        assert_eq!(review(&written, &reading.looked_for), Vec::new());
    }
}
