//! What a list says of a package.

/// A package that is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledPackage {
    /// What its package manager calls it.
    pub name: Box<str>,
    /// As its package manager compares it.
    pub version: Box<str>,
    /// What it needs; of each need the names that fill it, any of them.
    pub needs: Vec<Vec<Box<str>>>,
    /// Names that it fills besides its own.
    pub provides: Vec<Box<str>>,
    /// Somebody asked for it by name; else it came with another.
    pub is_asked_for: bool,
    /// When it was installed, in seconds since 1970, where the list has that.
    pub installed: Option<i64>,
    /// What it is for, in a line.
    pub description: Box<str>,
    /// The services that it brought to `/etc/init.d`.
    pub services: Vec<Box<str>>,
}

/// A package that can come and go: what TR-181 calls a DeploymentUnit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoftwareUnit {
    /// What its list says of it.
    pub package: InstalledPackage,
    /// All that it needs is there.
    pub is_resolved: bool,
    /// The firmware has another version of it, which a removal does not bring back.
    pub is_of_firmware: bool,
}

impl InstalledPackage {
    /// Whether it fills a need of this name.
    pub(super) fn fills(&self, name: &str) -> bool {
        *self.name == *name || self.provides.iter().any(|provided| **provided == *name)
    }
}

/// The name in a dependency such as `libfoo (>= 1.2)`, `libfoo>=1.2` or `libfoo@tag`; `None` of what
/// has to be absent.
pub(super) fn name_of(dependency: &str) -> Option<&str> {
    let dependency = dependency.trim();
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | '<' | '>' | '=' | '~' | '@');
    let name = dependency.split(ends).next()?;
    (!name.is_empty() && !name.starts_with('!')).then_some(name)
}

/// Whether it can be the name of a package: nothing that means something to a program, such as an
/// option, a pattern or a path.
pub(super) fn is_name(name: &str) -> bool {
    let is_usual = |c: u8| c.is_ascii_alphanumeric() || b"+-._".contains(&c);
    let is_first = |c: &u8| c.is_ascii_alphanumeric();
    name.as_bytes().first().is_some_and(is_first) && name.bytes().all(is_usual)
}
