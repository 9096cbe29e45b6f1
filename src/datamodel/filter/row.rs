//! `row(Table.)`: the instances of a table that a source calls so.

use super::argument::FilterArgument;

/// The table that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOf {
    /// Its path without the root, with a dot at its end.
    pub table: String,
}

impl RowsOf {
    /// Reads the argument.
    ///
    /// # Errors
    /// It is no table of which there is one.
    pub fn new(arguments: &[FilterArgument<'_>]) -> Result<Self, String> {
        let table = match arguments {
            [table] => table.text()?,
            _ => "",
        };
        match table.ends_with('.') && !table.contains('{') {
            true => Ok(Self {
                table: table.to_owned(),
            }),
            false => Err("wants a table that is in no other, such as IP.Interface.".to_owned()),
        }
    }

    /// The paths of what a text with commas names; `path` knows that of one. What is not there is
    /// left out.
    pub fn paths(&self, names: &str, path: impl Fn(&str) -> Option<String>) -> String {
        let names = names.split(',').map(str::trim);
        let paths: Vec<String> = names.filter_map(path).collect();
        paths.join(",")
    }

    /// What the source calls the instances whose paths a text with commas has; `name` knows that of
    /// one, whose path ends in no dot. `None` where one of them is not there, or is called so only as
    /// long as it is as it is: a name like `@type[~print]` (UCI's sections without one) would soon
    /// mean nothing.
    pub fn names(&self, paths: &str, name: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut names = Vec::new();
        let paths = paths.split(',').map(str::trim);
        for path in paths.filter(|path| !path.is_empty()) {
            let path = path.strip_suffix('.').unwrap_or(path);
            names.push(name(path).filter(|name| !name.starts_with('@'))?);
        }
        Some(names.join(","))
    }
}
