//! Protocol versions and their XML namespaces (TR-069 §3.7.4).

use std::fmt;

/// A version of CWMP. The order is the order of age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CwmpVersion {
    /// TR-069 Amendment 1.
    #[default]
    V1_0,
    /// TR-069 Amendment 2.
    V1_1,
    /// TR-069 Amendment 3.
    V1_2,
    /// TR-069 Amendment 4.
    V1_3,
    /// TR-069 Amendments 5 and 6.
    V1_4,
}

impl CwmpVersion {
    /// All versions, oldest first.
    pub const ALL: [Self; 5] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V1_4];

    /// The namespace of the version's messages; 1.2, 1.3 and 1.4 share one.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V1_0 => "urn:dslforum-org:cwmp-1-0",
            Self::V1_1 => "urn:dslforum-org:cwmp-1-1",
            Self::V1_2 | Self::V1_3 | Self::V1_4 => "urn:dslforum-org:cwmp-1-2",
        }
    }

    /// The version that a namespace alone tells: `cwmp-1-2` is 1.2 (§3.7.4 cannot tell more). No
    /// later one has a namespace of its own, yet servers write `cwmp-1-3` and `cwmp-1-4`, and mean
    /// the same; nor does the case of a URN's head matter (RFC 8141 §3.1), or a `/` behind it.
    pub fn from_namespace(namespace: &str) -> Option<Self> {
        const STEM: &str = "urn:dslforum-org:cwmp-1-";
        let (stem, minor) = namespace.trim_ascii().split_at_checked(STEM.len())?;
        if !stem.eq_ignore_ascii_case(STEM) {
            return None;
        }
        match minor.trim_end_matches('/') {
            "0" => Some(Self::V1_0),
            "1" => Some(Self::V1_1),
            later => later.parse::<u8>().ok().map(|_| Self::V1_2),
        }
    }

    /// The version written as `1.4`, as in `UseCWMPVersion`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == text.trim())
    }

    /// `1.0` … `1.4`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V1_4 => "1.4",
        }
    }
}

impl fmt::Display for CwmpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
