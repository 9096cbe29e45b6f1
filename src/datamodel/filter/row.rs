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
}
