//! What the box is: the release of its firmware and the name of its board.

use std::path::{Path, PathBuf};

use super::file::{named, read};

/// Reads the identity files of OpenWrt and, where there are none, of any Linux.
pub struct Release {
    root: PathBuf,
}

impl Release {
    /// Reads below `root`, normally `/`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The distribution, e.g. `OpenWrt`.
    pub fn distribution(&self) -> Option<String> {
        self.first(&[
            ("etc/openwrt_release", "DISTRIB_ID"),
            ("etc/os-release", "NAME"),
        ])
    }

    /// Its version, e.g. `14.07`.
    pub fn version(&self) -> Option<String> {
        self.first(&[
            ("etc/openwrt_release", "DISTRIB_RELEASE"),
            ("etc/os-release", "VERSION_ID"),
        ])
    }

    /// The board by its short name, e.g. `rt-n14u`. OpenWrt 14.07 has it nowhere else.
    pub fn board_name(&self) -> Option<String> {
        self.line("tmp/sysinfo/board_name")
    }

    /// The board in words, e.g. `Asus RT-N14U`.
    pub fn model(&self) -> Option<String> {
        self.line("tmp/sysinfo/model")
    }

    fn first(&self, places: &[(&str, &str)]) -> Option<String> {
        places.iter().find_map(|(file, name)| {
            let text = self.text(file)?;
            let value = named(&text, name)?;
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    fn line(&self, file: &str) -> Option<String> {
        let text = self.text(file)?;
        let line = text.lines().next()?.trim();
        (!line.is_empty()).then(|| line.to_owned())
    }

    fn text(&self, file: &str) -> Option<String> {
        read(self.root.join(Path::new(file)).to_str()?)
    }
}
